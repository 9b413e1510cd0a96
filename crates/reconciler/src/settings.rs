//! The reconciler's settings, checked before the first connection.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use domain::settings::{
    MongoSettings, PostgresSettings, Secret, ServiceSettings, SettingsError, parse_milliseconds,
    parse_seconds, resolve_secret,
};
use relay::settings::DeliverySettings;

/// What the service takes.
#[derive(Args, Clone, Debug)]
pub struct ReconcilerSettings {
    #[command(flatten)]
    pub service: ServiceSettings,
    #[command(flatten)]
    pub work: WorkSettings,
    /// Seconds between two runs, from 1 to 86400; runs are aligned to the clock in Europe/Berlin
    #[arg(long, env = "RECONCILE_INTERVAL_SECS", default_value = "3600", value_name = "SECONDS",
          value_parser = parse_seconds)]
    pub interval: Duration,
    /// Bearer token of the admin API
    #[arg(long, env = "ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub admin_token: Option<Secret>,
    /// File that holds ADMIN_TOKEN
    #[arg(long, env = "ADMIN_TOKEN_FILE", value_name = "PATH")]
    pub admin_token_file: Option<PathBuf>,
}

/// What a run takes, of the service or of a command.
#[derive(Args, Clone, Debug)]
pub struct WorkSettings {
    #[command(flatten)]
    pub postgres: PostgresSettings,
    #[command(flatten)]
    pub mongo: MongoSettings,
    #[command(flatten)]
    pub delivery: DeliverySettings,
    #[command(flatten)]
    pub lookback: Lookback,
    #[command(flatten)]
    pub compare: CompareSettings,
}

/// Which mails are compared. Apart from the rest, because an audit asks for it in days.
#[derive(Args, Clone, Copy, Debug)]
pub struct Lookback {
    /// Hours back from now in which a synced mail was received or delivered to be compared
    #[arg(
        long = "lookback-hours",
        env = "RECONCILE_LOOKBACK_HOURS",
        default_value = "48",
        value_name = "HOURS"
    )]
    pub hours: u32,
}

/// How mails are compared, and how much is repaired.
#[derive(Args, Clone, Debug)]
pub struct CompareSettings {
    /// Milliseconds between the first look at a difference and the second, which confirms it
    #[arg(long, env = "RECONCILE_CONFIRM_DELAY_MS", default_value = "2000", value_name = "MS",
          value_parser = parse_milliseconds)]
    pub confirm_delay: Duration,
    /// If more targets than this differ, or a fifth of all and at least 20, nothing is repaired
    #[arg(long, env = "RECONCILE_MAX_REPAIRS", default_value = "200", value_name = "N")]
    pub max_repairs: u64,
}

impl ReconcilerSettings {
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.work.validate()?;
        if !(1..=86_400).contains(&self.interval.as_secs()) {
            return Err(SettingsError::Invalid {
                name: "RECONCILE_INTERVAL_SECS",
                problem: "must be from 1 to 86400".to_owned(),
            });
        }
        self.required_admin_token().map(drop)
    }

    /// The service refuses to start without a token: a trigger that answers 401 to everybody would
    /// only be noticed on the day that somebody needs it.
    pub fn required_admin_token(&self) -> Result<Secret, SettingsError> {
        resolve_secret("ADMIN_TOKEN", self.admin_token.as_ref(), self.admin_token_file.as_deref())?
            .ok_or(SettingsError::Missing { name: "ADMIN_TOKEN" })
    }
}

impl WorkSettings {
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.delivery.validate()?;
        if !(1..=24 * 366).contains(&self.lookback.hours) {
            return Err(SettingsError::Invalid {
                name: "RECONCILE_LOOKBACK_HOURS",
                problem: "must be from 1 to 8784".to_owned(),
            });
        }
        if self.compare.confirm_delay > Duration::from_secs(600) {
            return Err(SettingsError::Invalid {
                name: "RECONCILE_CONFIRM_DELAY_MS",
                problem: "must be at most 600000".to_owned(),
            });
        }
        self.postgres.required_url()?;
        self.mongo.required_url()?;
        self.mongo.required_database()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn an_interval_is_a_second_at_least_and_a_day_at_most() {
        #[derive(Parser)]
        struct Arguments {
            #[command(flatten)]
            settings: ReconcilerSettings,
        }
        let is_valid = |interval| {
            let arguments = [
                "reconciler",
                "--database-url=postgres://localhost/claimsync",
                "--mongodb-url=mongodb://localhost",
                "--mongodb-database=claimsync",
                "--admin-token=token",
                interval,
            ];
            Arguments::try_parse_from(arguments).unwrap().settings.validate().is_ok()
        };
        assert!(is_valid("--interval=1") && is_valid("--interval=86400"));
        assert!(!is_valid("--interval=0") && !is_valid("--interval=86401"));
    }
}
