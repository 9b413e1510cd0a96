//! Which extractor reads the mails.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use domain::settings::{Secret, SettingsError, parse_seconds, resolve_secret};
use extraction::providers::{Api, ConfigError, ModelConfig, ModelExtractor, WithFallback};
use extraction::{Extractor, RulesExtractor};

/// The extractor, and the account of a model provider where one is asked.
#[derive(Args, Clone, Debug)]
pub struct ProviderSettings {
    /// Who reads the mails: the rules in this process, or a model over HTTP
    #[arg(long, env = "LLM_PROVIDER", default_value = "rules", value_enum)]
    pub llm_provider: LlmProvider,
    /// What happens while the model is away: mails wait, or the rules read them
    #[arg(long, env = "LLM_FALLBACK", default_value = "none", value_enum)]
    pub llm_fallback: LlmFallback,
    /// Seconds that one request to the model may take
    #[arg(long, env = "LLM_TIMEOUT_SECS", default_value = "60", value_name = "SECONDS",
          value_parser = parse_seconds)]
    pub llm_timeout_secs: Duration,
    /// Further tries of a request that failed in passing (408, 409, 429, 5xx)
    #[arg(long, env = "LLM_MAX_RETRIES", default_value_t = 3, value_name = "TIMES",
          value_parser = clap::value_parser!(u32).range(0..=10))]
    pub llm_max_retries: u32,
    /// Mails that the model reads at the same time
    #[arg(long, env = "LLM_CONCURRENCY", default_value_t = 4, value_name = "MAILS",
          value_parser = clap::value_parser!(u32).range(1..=64))]
    pub llm_concurrency: u32,
    /// Tokens, in and out, that one process may spend in a UTC day; 0 sets no limit
    #[arg(long, env = "LLM_DAILY_TOKENS", default_value_t = 2_000_000, value_name = "TOKENS")]
    pub llm_daily_tokens: u64,
    #[command(flatten)]
    pub anthropic: AnthropicSettings,
    #[command(flatten)]
    pub openai: OpenAiSettings,
}

/// For `LLM_PROVIDER=claude`.
#[derive(Args, Clone, Debug)]
pub struct AnthropicSettings {
    /// Key of the Anthropic API
    #[arg(long, env = "ANTHROPIC_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub anthropic_api_key: Option<Secret>,
    /// File that holds ANTHROPIC_API_KEY
    #[arg(long, env = "ANTHROPIC_API_KEY_FILE", value_name = "PATH")]
    pub anthropic_api_key_file: Option<PathBuf>,
    /// Where the Anthropic API is
    #[arg(long, env = "ANTHROPIC_BASE_URL", value_name = "URL",
          default_value = Api::Claude.default_base_url())]
    pub anthropic_base_url: String,
    /// Model of the Anthropic API
    #[arg(long, env = "ANTHROPIC_MODEL", value_name = "MODEL",
          default_value = Api::Claude.default_model())]
    pub anthropic_model: String,
}

/// For `LLM_PROVIDER=openai`.
#[derive(Args, Clone, Debug)]
pub struct OpenAiSettings {
    /// Key of the OpenAI API; a server of one's own may need none
    #[arg(long, env = "OPENAI_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub openai_api_key: Option<Secret>,
    /// File that holds OPENAI_API_KEY
    #[arg(long, env = "OPENAI_API_KEY_FILE", value_name = "PATH")]
    pub openai_api_key_file: Option<PathBuf>,
    /// Where the OpenAI API, or a server that speaks it, is
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL",
          default_value = Api::OpenAi.default_base_url())]
    pub openai_base_url: String,
    /// Model of the OpenAI API
    #[arg(long, env = "OPENAI_MODEL", value_name = "MODEL",
          default_value = Api::OpenAi.default_model())]
    pub openai_model: String,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LlmProvider {
    Rules,
    Claude,
    Openai,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LlmFallback {
    None,
    Rules,
}

/// An extractor that is ready, and how long it may take.
#[derive(Clone)]
pub struct Provider {
    pub extractor: Arc<dyn Extractor>,
    /// For one mail; what takes longer has gone wrong.
    pub longest_extraction: Duration,
    /// Mails that one worker examines at the same time.
    pub concurrency: usize,
}

impl Provider {
    pub fn rules() -> Self {
        Self {
            extractor: Arc::new(RulesExtractor),
            longest_extraction: Duration::from_secs(20),
            concurrency: 2,
        }
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.extractor.name())
    }
}

impl ProviderSettings {
    /// Checks the account and builds the extractor; asks nobody.
    pub fn provider(&self) -> Result<Provider, SettingsError> {
        match self.llm_provider {
            LlmProvider::Rules => Ok(Provider::rules()),
            LlmProvider::Claude => self.model(self.claude_config()?, "ANTHROPIC"),
            LlmProvider::Openai => self.model(self.openai_config()?, "OPENAI"),
        }
    }

    fn claude_config(&self) -> Result<ModelConfig, SettingsError> {
        let AnthropicSettings {
            anthropic_api_key: key,
            anthropic_api_key_file: file,
            anthropic_base_url: base_url,
            anthropic_model: model,
        } = &self.anthropic;
        let key = resolve_secret("ANTHROPIC_API_KEY", key.as_ref(), file.as_deref())?;
        Ok(self.config(Api::Claude, key, base_url, model))
    }

    fn openai_config(&self) -> Result<ModelConfig, SettingsError> {
        let OpenAiSettings {
            openai_api_key: key,
            openai_api_key_file: file,
            openai_base_url: base_url,
            openai_model: model,
        } = &self.openai;
        let key = resolve_secret("OPENAI_API_KEY", key.as_ref(), file.as_deref())?;
        Ok(self.config(Api::OpenAi, key, base_url, model))
    }

    fn config(&self, api: Api, key: Option<Secret>, base_url: &str, model: &str) -> ModelConfig {
        ModelConfig {
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            timeout: self.llm_timeout_secs,
            max_retries: self.llm_max_retries,
            concurrency: self.llm_concurrency as usize,
            daily_token_budget: (self.llm_daily_tokens > 0).then_some(self.llm_daily_tokens),
            ..ModelConfig::new(api, key)
        }
    }

    fn model(&self, config: ModelConfig, prefix: &'static str) -> Result<Provider, SettingsError> {
        let longest_extraction = config.longest_extraction();
        let concurrency = config.concurrency;
        let model = ModelExtractor::new(config).map_err(|error| named(prefix, &error))?;
        let extractor: Arc<dyn Extractor> = match self.llm_fallback {
            LlmFallback::None => Arc::new(model),
            LlmFallback::Rules => Arc::new(WithFallback(model)),
        };
        Ok(Provider { extractor, longest_extraction, concurrency })
    }
}

/// Names the variable at fault, by the provider's prefix.
fn named(prefix: &'static str, error: &ConfigError) -> SettingsError {
    let name = match (prefix, error) {
        ("ANTHROPIC", ConfigError::BaseUrl(_)) => "ANTHROPIC_BASE_URL",
        ("ANTHROPIC", ConfigError::NoKey(_) | ConfigError::Key(_)) => "ANTHROPIC_API_KEY",
        ("OPENAI", ConfigError::BaseUrl(_)) => "OPENAI_BASE_URL",
        ("OPENAI", ConfigError::NoKey(_) | ConfigError::Key(_)) => "OPENAI_API_KEY",
        _ => "LLM_PROVIDER",
    };
    SettingsError::Invalid { name, problem: format!("does not work: {error}") }
}
