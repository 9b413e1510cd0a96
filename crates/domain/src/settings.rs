//! Settings that several services share: typed, documented where they are declared, checked before
//! the first connection. Every secret can also come from a file, by `NAME_FILE`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

/// A value that no log line, `Debug` output or help page shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

/// What is wrong with the configuration. Each message names the variable and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{name} is not set; set it, or {name}_FILE to a file that holds it")]
    Missing { name: &'static str },
    #[error("both {name} and {name}_FILE are set; unset one of them")]
    Both { name: &'static str },
    #[error("couldn't read {path} (from {name}_FILE): {source}")]
    File { name: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{name} {problem}")]
    Invalid { name: &'static str, problem: String },
}

/// The secret from its variable or from the file that its `_FILE` variable names; `None` where
/// neither is set or the value is blank.
pub fn resolve_secret(
    name: &'static str,
    value: Option<&Secret>,
    file: Option<&Path>,
) -> Result<Option<Secret>, SettingsError> {
    let value = value.filter(|secret| !secret.expose().trim().is_empty());
    match (value, file) {
        (Some(_), Some(_)) => Err(SettingsError::Both { name }),
        (Some(secret), None) => Ok(Some(secret.clone())),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
                name,
                path: path.to_owned(),
                source,
            })?;
            // Editors and `kubectl create secret` differ on the last newline; no secret ends in one.
            let text = text.trim_end_matches(['\r', '\n']);
            Ok((!text.is_empty()).then(|| Secret::new(text)))
        }
        (None, None) => Ok(None),
    }
}

/// Which Postgres, and how long to wait for it.
#[derive(Args, Clone, Debug)]
pub struct PostgresSettings {
    /// Postgres, the source of truth: postgres://user:password@host:port/database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<Secret>,
    /// File that holds DATABASE_URL
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "PATH")]
    pub database_url_file: Option<PathBuf>,
}

impl PostgresSettings {
    pub fn url(&self) -> Result<Option<Secret>, SettingsError> {
        resolve_secret(
            "DATABASE_URL",
            self.database_url.as_ref(),
            self.database_url_file.as_deref(),
        )
    }

    pub fn required_url(&self) -> Result<Secret, SettingsError> {
        self.url()?.ok_or(SettingsError::Missing { name: "DATABASE_URL" })
    }
}

/// Which MongoDB, the portal's.
#[derive(Args, Clone, Debug)]
pub struct MongoSettings {
    /// MongoDB of the portal: mongodb://host:port/?replicaSet=…
    #[arg(long, env = "MONGODB_URL", hide_env_values = true, value_name = "URL")]
    pub mongodb_url: Option<Secret>,
    /// File that holds MONGODB_URL
    #[arg(long, env = "MONGODB_URL_FILE", value_name = "PATH")]
    pub mongodb_url_file: Option<PathBuf>,
    /// Database that holds the collection `clients`
    #[arg(long, env = "MONGODB_DATABASE", value_name = "NAME")]
    pub mongodb_database: Option<String>,
}

impl MongoSettings {
    pub fn required_url(&self) -> Result<Secret, SettingsError> {
        resolve_secret("MONGODB_URL", self.mongodb_url.as_ref(), self.mongodb_url_file.as_deref())?
            .ok_or(SettingsError::Missing { name: "MONGODB_URL" })
    }

    pub fn required_database(&self) -> Result<String, SettingsError> {
        self.mongodb_database.clone().filter(|name| !name.trim().is_empty()).ok_or_else(|| {
            SettingsError::Invalid {
                name: "MONGODB_DATABASE",
                problem: "is not set; set it to the portal's database".to_owned(),
            }
        })
    }
}

/// What every service takes: where it listens and how it logs.
#[derive(Args, Clone, Debug)]
pub struct ServiceSettings {
    /// Address and port for HTTP; port 0 takes a free one
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:0", value_name = "HOST:PORT")]
    pub listen_addr: SocketAddr,
    #[command(flatten)]
    pub log: LogSettings,
}

/// How a service logs. It logs to standard error.
#[derive(Args, Clone, Debug)]
pub struct LogSettings {
    /// json for machines, terminal for people; auto is terminal on a terminal
    #[arg(long, env = "LOG_FORMAT", default_value = "auto", value_enum)]
    pub log_format: LogFormat,
    /// Lowest level that is logged
    #[arg(long, env = "LOG_LEVEL", default_value = "info", value_enum, ignore_case = true)]
    pub log_level: LogLevel,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Auto,
    Json,
    Terminal,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    #[value(alias = "warn")]
    Warning,
    Error,
}

/// Reads a number of milliseconds, for variables whose name ends in `_MS`.
pub fn parse_milliseconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_millis).map_err(|_| "not a number of milliseconds".to_owned())
}

/// Reads a number of seconds, for variables whose name ends in `_SECS`.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "not a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_its_variable_or_its_file_but_not_from_both() {
        let file = std::env::temp_dir().join(format!("claimsync-secret-{}", std::process::id()));
        std::fs::write(&file, "from file\n").unwrap();
        let value = Secret::new("from variable");

        let resolve = |value, file| resolve_secret("WEBHOOK_SECRET", value, file);
        assert_eq!(resolve(Some(&value), None).unwrap(), Some(value.clone()));
        assert_eq!(resolve(None, Some(file.as_path())).unwrap(), Some(Secret::new("from file")));
        assert_eq!(resolve(None, None).unwrap(), None);
        assert_eq!(
            resolve(Some(&value), Some(file.as_path())).unwrap_err().to_string(),
            "both WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are set; unset one of them"
        );
        std::fs::remove_file(&file).unwrap();
        assert!(resolve(None, Some(file.as_path())).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
