//! What ingest can be told by flag or variable, and the checked form that the service runs on.

mod provider;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use domain::settings::{
    MongoSettings, PostgresSettings, Secret, ServiceSettings, SettingsError, parse_seconds,
    resolve_secret,
};

pub use provider::{LlmFallback, LlmProvider, Provider, ProviderSettings};

/// Zendesk's documentation prints this secret for tests, so everybody can sign with it.
pub const PUBLIC_TEST_SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/// All flags of the service.
#[derive(Args, Clone, Debug)]
pub struct IngestSettings {
    #[command(flatten)]
    pub service: ServiceSettings,
    #[command(flatten)]
    pub postgres: PostgresSettings,
    #[command(flatten)]
    pub mongo: MongoSettings,
    #[command(flatten)]
    pub webhook: WebhookSettings,
    #[command(flatten)]
    pub queue: QueueSettings,
    #[command(flatten)]
    pub provider: ProviderSettings,
}

/// Who may post mails, and how large they may be.
#[derive(Args, Clone, Debug)]
pub struct WebhookSettings {
    /// Zendesk's signing secret; several, separated by commas, while it is being changed
    #[arg(long, env = "WEBHOOK_SECRET", hide_env_values = true, value_name = "SECRET[,SECRET]")]
    pub webhook_secret: Option<Secret>,
    /// File that holds WEBHOOK_SECRET
    #[arg(long, env = "WEBHOOK_SECRET_FILE", value_name = "PATH")]
    pub webhook_secret_file: Option<PathBuf>,
    /// Seconds after which a signature's timestamp is too old
    #[arg(long, env = "WEBHOOK_TOLERANCE_SECS", default_value = "3600", value_name = "SECONDS",
          value_parser = parse_seconds)]
    pub webhook_tolerance_secs: Duration,
    /// Largest webhook body in bytes; a larger one is answered 413
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 2 * 1024 * 1024, value_name = "BYTES")]
    pub max_body_bytes: usize,
    /// Take webhooks without any signature; for experiments only, anybody can then post mails
    #[arg(long)]
    pub insecure_skip_signature: bool,
    /// Take Zendesk's published test secret as WEBHOOK_SECRET; for experiments only
    #[arg(long)]
    pub allow_test_secret: bool,
}

/// The queue between the webhook and the outbox.
#[derive(Args, Clone, Debug)]
pub struct QueueSettings {
    /// Mails waiting for processing at which webhooks are answered 429
    #[arg(long, env = "BACKLOG_LIMIT", default_value_t = 100_000, value_name = "MAILS",
          value_parser = clap::value_parser!(i64).range(1..))]
    pub backlog_limit: i64,
    /// Seconds after which a mail whose worker died is taken over; a living worker renews its
    /// lease as long as it needs
    #[arg(long, env = "LEASE_SECS", default_value = "30", value_name = "SECONDS",
          value_parser = parse_seconds)]
    pub lease_secs: Duration,
    /// How often a mail is tried whose processing breaks, before it is failed
    #[arg(long, env = "MAX_ATTEMPTS", default_value_t = 5, value_name = "TIMES",
          value_parser = clap::value_parser!(i32).range(1..))]
    pub max_attempts: i32,
    /// Workers that process mails side by side
    #[arg(long, env = "INGEST_WORKERS", default_value_t = 2, value_name = "WORKERS",
          value_parser = clap::value_parser!(u32).range(1..=64))]
    pub ingest_workers: u32,
}

/// Settings after every check that needs no connection.
#[derive(Clone, Debug)]
pub struct Config {
    pub service: ServiceSettings,
    pub store: StoreConfig,
    pub webhook: WebhookConfig,
    pub queue: QueueConfig,
    pub provider: Provider,
}

/// Where mails go.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    Postgres {
        url: Secret,
    },
    /// Degraded: no DATABASE_URL, mails go straight to MongoDB.
    MongoOnly {
        url: Secret,
        database: String,
    },
}

#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub signature: SignaturePolicy,
    pub max_body_bytes: usize,
}

/// How a webhook proves that it is Zendesk's.
#[derive(Clone, Debug)]
pub enum SignaturePolicy {
    Required { secrets: Vec<Secret>, tolerance: Duration },
    Skipped,
}

#[derive(Clone, Debug)]
pub struct QueueConfig {
    pub backlog_limit: i64,
    pub lease: Duration,
    pub max_attempts: i32,
    pub workers: u32,
}

impl IngestSettings {
    /// Checks everything that can be checked without a connection.
    pub fn validate(&self) -> Result<Config, SettingsError> {
        Ok(Config {
            service: self.service.clone(),
            store: self.store()?,
            webhook: self.webhook.validate()?,
            queue: self.queue.validate()?,
            provider: self.provider.provider()?,
        })
    }

    fn store(&self) -> Result<StoreConfig, SettingsError> {
        if let Some(url) = self.postgres.url()? {
            return Ok(StoreConfig::Postgres { url });
        }
        let without_both = |error| match error {
            SettingsError::Missing { .. } => SettingsError::Invalid {
                name: "DATABASE_URL",
                problem: "is not set; set it to Postgres, or set MONGODB_URL and \
                          MONGODB_DATABASE to run degraded without Postgres"
                    .to_owned(),
            },
            other => other,
        };
        Ok(StoreConfig::MongoOnly {
            url: self.mongo.required_url().map_err(without_both)?,
            database: self.mongo.required_database()?,
        })
    }
}

impl WebhookSettings {
    fn validate(&self) -> Result<WebhookConfig, SettingsError> {
        if self.max_body_bytes == 0 {
            return Err(invalid("MAX_BODY_BYTES", "is 0; no mail would fit"));
        }
        Ok(WebhookConfig { signature: self.signature()?, max_body_bytes: self.max_body_bytes })
    }

    fn signature(&self) -> Result<SignaturePolicy, SettingsError> {
        let given = resolve_secret(
            "WEBHOOK_SECRET",
            self.webhook_secret.as_ref(),
            self.webhook_secret_file.as_deref(),
        )?;
        if self.insecure_skip_signature {
            return Ok(SignaturePolicy::Skipped);
        }
        let Some(given) = given else {
            return Err(invalid(
                "WEBHOOK_SECRET",
                "is not set; set it, or WEBHOOK_SECRET_FILE, to the signing secret of the webhook \
                 in Zendesk (or give --insecure-skip-signature for an experiment)",
            ));
        };
        let secrets: Vec<Secret> = given
            .expose()
            .split(',')
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
            .map(Secret::new)
            .collect();
        if secrets.is_empty() {
            return Err(invalid("WEBHOOK_SECRET", "holds no secret, only commas"));
        }
        let is_public = |secret: &Secret| secret.expose() == PUBLIC_TEST_SECRET;
        if !self.allow_test_secret && secrets.iter().any(is_public) {
            return Err(invalid(
                "WEBHOOK_SECRET",
                "is the test secret that Zendesk publishes; take the webhook's own one (or give \
                 --allow-test-secret for an experiment)",
            ));
        }
        Ok(SignaturePolicy::Required { secrets, tolerance: self.webhook_tolerance_secs })
    }
}

impl QueueSettings {
    fn validate(&self) -> Result<QueueConfig, SettingsError> {
        const SHORTEST_LEASE: Duration = Duration::from_secs(3);
        if self.lease_secs < SHORTEST_LEASE {
            return Err(invalid("LEASE_SECS", "is below 3; a busy worker would lose its mails"));
        }
        Ok(QueueConfig {
            backlog_limit: self.backlog_limit,
            lease: self.lease_secs,
            max_attempts: self.max_attempts,
            workers: self.ingest_workers,
        })
    }
}

fn invalid(name: &'static str, problem: &str) -> SettingsError {
    SettingsError::Invalid { name, problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: IngestSettings,
    }

    fn validated(flags: &[&str]) -> Result<Config, String> {
        let program = ["ingest", "--database-url", "postgres://h/d"];
        Program::try_parse_from(program.iter().chain(flags))
            .map_err(|error| error.to_string())?
            .settings
            .validate()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn several_secrets_are_told_apart_by_commas() {
        let config = validated(&["--webhook-secret", "old, new,"]).unwrap();
        let SignaturePolicy::Required { secrets, tolerance } = config.webhook.signature else {
            panic!("the signature is skipped")
        };
        assert_eq!(secrets, [Secret::new("old"), Secret::new("new")]);
        assert_eq!(tolerance, Duration::from_secs(3600));
    }

    #[test]
    fn without_a_secret_it_starts_only_when_told_to_skip_signatures() {
        assert!(validated(&[]).unwrap_err().starts_with("WEBHOOK_SECRET is not set"));
        assert!(validated(&["--webhook-secret", " , "]).is_err());
        let config = validated(&["--insecure-skip-signature"]).unwrap();
        assert!(matches!(config.webhook.signature, SignaturePolicy::Skipped));
    }

    #[test]
    fn the_public_test_secret_is_refused_unless_allowed_also_beside_another() {
        let secrets = format!("mine,{PUBLIC_TEST_SECRET}");
        let refused = validated(&["--webhook-secret", &secrets]).unwrap_err();
        assert!(refused.contains("--allow-test-secret"));
        assert!(!refused.contains(PUBLIC_TEST_SECRET));
        assert!(validated(&["--webhook-secret", &secrets, "--allow-test-secret"]).is_ok());
    }

    #[test]
    fn values_out_of_range_are_named() {
        for flags in [
            ["--lease-secs", "2"],
            ["--max-attempts", "0"],
            ["--max-body-bytes", "0"],
            ["--backlog-limit", "0"],
            ["--llm-provider", "claude"],
        ] {
            let refused = validated(&["--webhook-secret", "s", flags[0], flags[1]]).unwrap_err();
            let variable = match flags[0] {
                "--llm-provider" => "ANTHROPIC_API_KEY".to_owned(),
                flag => flag.trim_start_matches("--").replace('-', "_").to_uppercase(),
            };
            assert!(refused.contains(flags[0]) || refused.contains(&variable), "{refused}");
        }
    }
}
