//! The relay's settings, checked before the first connection.

use std::time::Duration;

use clap::{Args, ValueEnum};
use clients::guard::{Downgrade, GuardSettings};
use clients::store::StoreSettings;
use domain::settings::{
    MongoSettings, PostgresSettings, ServiceSettings, SettingsError, parse_milliseconds,
};

use crate::retry::RetrySchedule;

/// The longest that a message waits for its next try.
const LONGEST_RETRY_WAIT: Duration = Duration::from_secs(3600);

#[derive(Args, Clone, Debug)]
pub struct RelaySettings {
    #[command(flatten)]
    pub service: ServiceSettings,
    #[command(flatten)]
    pub postgres: PostgresSettings,
    #[command(flatten)]
    pub mongo: MongoSettings,
    #[command(flatten)]
    pub delivery: DeliverySettings,
    /// Milliseconds between two looks at the outbox when no notification comes
    #[arg(long, env = "RELAY_POLL_INTERVAL_MS", default_value = "1000", value_name = "MS",
          value_parser = parse_milliseconds)]
    pub poll_interval: Duration,
    /// Batches in flight at once: while one waits for a database, another one is prepared
    #[arg(long, env = "RELAY_WORKERS", default_value = "2", value_name = "N")]
    pub workers: u32,
}

/// How messages are delivered; the reconciler takes the same settings.
#[derive(Args, Clone, Debug)]
pub struct DeliverySettings {
    /// Most messages in one transaction
    #[arg(long, env = "RELAY_BATCH_SIZE", default_value = "500", value_name = "N")]
    pub batch_size: u32,
    /// Milliseconds that reading and writing MongoDB may take while the rows are locked; then the
    /// transaction rolls back and the rows are free for the next try
    #[arg(long, env = "RELAY_WRITE_TIMEOUT_MS", default_value = "2000", value_name = "MS",
          value_parser = parse_milliseconds)]
    pub write_timeout: Duration,
    /// Milliseconds until the first retry of a message whose client is not there yet; each further
    /// wait is four times as long
    #[arg(long, env = "RELAY_RETRY_BASE_MS", default_value = "1000", value_name = "MS",
          value_parser = parse_milliseconds)]
    pub retry_base: Duration,
    /// What to do with an amount below the one already shown as creditor response
    #[arg(long, env = "GUARD_DOWNGRADE", default_value = "review", value_enum)]
    pub guard_downgrade: GuardDowngrade,
    /// An amount of more than this many times the known claim_amount goes to review
    #[arg(long, env = "GUARD_JUMP_FACTOR", default_value = "20", value_name = "N")]
    pub guard_jump_factor: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GuardDowngrade {
    /// A person decides
    Review,
    /// Write it
    Allow,
}

impl DeliverySettings {
    pub fn guard(&self) -> GuardSettings {
        GuardSettings {
            downgrade: match self.guard_downgrade {
                GuardDowngrade::Review => Downgrade::Review,
                GuardDowngrade::Allow => Downgrade::Allow,
            },
            jump_factor: self.guard_jump_factor,
        }
    }

    pub fn store_settings(&self) -> StoreSettings {
        StoreSettings { timeout: self.write_timeout }
    }

    pub fn retry_schedule(&self) -> RetrySchedule {
        RetrySchedule { base: self.retry_base, longest: LONGEST_RETRY_WAIT }
    }

    pub fn validate(&self) -> Result<(), SettingsError> {
        let invalid =
            |name, problem: &str| Err(SettingsError::Invalid { name, problem: problem.to_owned() });
        if !(1..=10_000).contains(&self.batch_size) {
            return invalid("RELAY_BATCH_SIZE", "must be from 1 to 10000");
        }
        if !(50..=60_000).contains(&self.write_timeout.as_millis()) {
            return invalid("RELAY_WRITE_TIMEOUT_MS", "must be from 50 to 60000");
        }
        if self.retry_base.is_zero() {
            return invalid("RELAY_RETRY_BASE_MS", "must be at least 1");
        }
        if self.guard_jump_factor == 0 {
            return invalid("GUARD_JUMP_FACTOR", "must be at least 1");
        }
        Ok(())
    }
}

impl RelaySettings {
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.delivery.validate()?;
        if self.poll_interval < Duration::from_millis(10) {
            return Err(SettingsError::Invalid {
                name: "RELAY_POLL_INTERVAL_MS",
                problem: "must be at least 10".to_owned(),
            });
        }
        if !(1..=16).contains(&self.workers) {
            return Err(SettingsError::Invalid {
                name: "RELAY_WORKERS",
                problem: "must be from 1 to 16".to_owned(),
            });
        }
        self.postgres.required_url()?;
        self.mongo.required_url()?;
        self.mongo.required_database()?;
        Ok(())
    }
}
