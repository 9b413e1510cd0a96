//! What a provider has to know before its first request.

use std::time::Duration;

use domain::settings::Secret;
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::breaker::BreakerConfig;

/// The two wire formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Anthropic Messages, `POST {base}/v1/messages`.
    Claude,
    /// OpenAI chat completions, `POST {base}/v1/chat/completions`, which many servers speak.
    OpenAi,
}

impl Api {
    /// The value of `LLM_PROVIDER`, and the extractor's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Api::Claude => "claude",
            Api::OpenAi => "openai",
        }
    }

    pub const fn default_base_url(self) -> &'static str {
        match self {
            Api::Claude => "https://api.anthropic.com",
            Api::OpenAi => "https://api.openai.com/v1",
        }
    }

    pub const fn default_model(self) -> &'static str {
        match self {
            Api::Claude => "claude-sonnet-4-5",
            Api::OpenAi => "gpt-4.1-mini",
        }
    }
}

/// Everything about one provider. [`ModelConfig::new`] gives the defaults.
#[derive(Clone, Debug)]
pub struct ModelConfig {
    pub api: Api,
    /// With or without `/v1` at its end; both mean the same.
    pub base_url: String,
    /// May be absent for a server of one's own that asks for none.
    pub api_key: Option<Secret>,
    pub model: String,
    /// For one request, from connecting to the last byte of the answer. 60 s by default.
    pub timeout: Duration,
    /// Further attempts after a request that failed in passing. 3 by default.
    pub max_retries: u32,
    /// Mails under way at once. 4 by default.
    pub concurrency: usize,
    /// Tokens, in and out, of one UTC day; `None` sets no limit. 2,000,000 by default, which is
    /// some 500 ordinary mails.
    pub daily_token_budget: Option<u64>,
    pub backoff: Backoff,
    pub breaker: BreakerConfig,
}

/// Pauses between the attempts of one request: exponential, with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Before the first retry. 500 ms by default.
    pub first: Duration,
    /// The longest pause, and the longest `Retry-After` that is waited for in place: a server
    /// that asks for more makes the mail go back to its queue. 20 s by default.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(20) }
    }
}

/// A configuration that cannot work. The messages hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "the base URL of the {0} provider must be an http or https URL without user name, query and fragment"
    )]
    BaseUrl(&'static str),
    #[error("the {0} provider has no API key")]
    NoKey(&'static str),
    #[error("the API key of the {0} provider holds characters that no HTTP header may hold")]
    Key(&'static str),
    #[error("the {0} provider's {1} must not be empty or zero")]
    Empty(&'static str, &'static str),
    #[error("the HTTP client of the {0} provider couldn't be set up")]
    Client(&'static str),
}

impl ModelConfig {
    pub fn new(api: Api, api_key: Option<Secret>) -> Self {
        Self {
            api,
            base_url: api.default_base_url().to_owned(),
            api_key,
            model: api.default_model().to_owned(),
            timeout: Duration::from_secs(60),
            max_retries: 3,
            concurrency: 4,
            daily_token_budget: Some(2_000_000),
            backoff: Backoff::default(),
            breaker: BreakerConfig::default(),
        }
    }

    /// An upper bound for one extraction: a place in the queue, two rounds (the second one to
    /// mend an unusable answer), each with all its attempts and pauses. A lease must be longer.
    pub fn longest_extraction(&self) -> Duration {
        // Jitter at most doubles a pause.
        let pauses = self.backoff.longest * 2 * self.max_retries;
        let round = self.timeout * (self.max_retries + 1) + pauses;
        self.timeout + round * 2
    }

    /// The address that requests go to, and the header values that hold the key.
    pub(super) fn checked(&self) -> Result<(Url, Option<HeaderValue>), ConfigError> {
        let name = self.api.as_str();
        for (field, empty) in [
            ("model", self.model.trim().is_empty()),
            ("concurrency", self.concurrency == 0),
            ("timeout", self.timeout.is_zero()),
        ] {
            if empty {
                return Err(ConfigError::Empty(name, field));
            }
        }
        let key_needed =
            self.api == Api::Claude || self.base_url.trim().is_empty() || self.is_default_host();
        if key_needed && self.api_key.is_none() {
            return Err(ConfigError::NoKey(name));
        }
        Ok((self.endpoint()?, self.key_header()?))
    }

    fn is_default_host(&self) -> bool {
        let host =
            |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host(&self.base_url) == host(self.api.default_base_url())
    }

    fn endpoint(&self) -> Result<Url, ConfigError> {
        let refused = || ConfigError::BaseUrl(self.api.as_str());
        let base = self.base_url.trim().trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        let path = match self.api {
            Api::Claude => "/v1/messages",
            Api::OpenAi => "/v1/chat/completions",
        };
        let url = Url::parse(&format!("{base}{path}")).map_err(|_| refused())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && !base.contains(['?', '#']);
        plain.then_some(url).ok_or_else(refused)
    }

    fn key_header(&self) -> Result<Option<HeaderValue>, ConfigError> {
        let Some(key) = &self.api_key else { return Ok(None) };
        let text = match self.api {
            Api::Claude => key.expose().to_owned(),
            Api::OpenAi => format!("Bearer {}", key.expose()),
        };
        let mut value =
            HeaderValue::from_str(&text).map_err(|_| ConfigError::Key(self.api.as_str()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(api: Api, base_url: &str) -> ModelConfig {
        ModelConfig { base_url: base_url.to_owned(), ..ModelConfig::new(api, Some("k".into())) }
    }

    #[test]
    fn the_base_url_may_end_in_v1_or_not() {
        for base in ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"] {
            let endpoint = |api| config(api, base).checked().unwrap().0.to_string();
            assert_eq!(endpoint(Api::OpenAi), "http://h:1/v1/chat/completions");
            assert_eq!(endpoint(Api::Claude), "http://h:1/v1/messages");
        }
        let nested = config(Api::OpenAi, "https://h/openai/v1").checked().unwrap().0;
        assert_eq!(nested.path(), "/openai/v1/chat/completions");
    }

    #[test]
    fn a_base_url_with_a_secret_or_another_scheme_is_refused() {
        for base in
            ["ftp://h", "h:80", "", "https://user:pw@h", "https://h/v1?key=1", "https://h#x"]
        {
            assert!(config(Api::OpenAi, base).checked().is_err(), "{base}");
        }
    }

    #[test]
    fn the_key_is_asked_for_where_the_service_needs_one() {
        let without = |api, base_url: &str| {
            ModelConfig { api_key: None, ..config(api, base_url) }.checked().err()
        };
        assert_eq!(without(Api::Claude, "http://h"), Some(ConfigError::NoKey("claude")));
        let public = Api::OpenAi.default_base_url();
        assert_eq!(without(Api::OpenAi, public), Some(ConfigError::NoKey("openai")));
        assert_eq!(without(Api::OpenAi, "http://localhost:8000"), None);
    }

    #[test]
    fn the_key_shows_in_no_debug_output_and_in_no_error() {
        let config = ModelConfig::new(Api::OpenAi, Some("sk-geheim".into()));
        let (url, header) = config.checked().unwrap();
        assert!(!format!("{config:?} {url:?} {header:?}").contains("geheim"));
        let broken = ModelConfig::new(Api::OpenAi, Some("sk-geheim\n".into()));
        let error = broken.checked().unwrap_err();
        assert_eq!(error, ConfigError::Key("openai"));
        assert!(!error.to_string().contains("geheim"));
    }
}
