//! The secrets of one stack, made once and kept beside its data.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::storage::write_private;

/// Kept out of every log line.
#[derive(Clone)]
pub struct Secrets {
    pub webhook: String,
    pub admin: String,
}

impl Secrets {
    pub fn random() -> Self {
        let random = || uuid::Uuid::new_v4().simple().to_string();
        Self { webhook: random(), admin: random() }
    }

    /// From a file with one secret per line, which is made at the first call.
    pub fn load_or_make(file: &Path) -> Result<Self> {
        if let Ok(text) = fs::read_to_string(file)
            && let [webhook, admin] = text.lines().collect::<Vec<_>>()[..]
        {
            return Ok(Self { webhook: webhook.to_owned(), admin: admin.to_owned() });
        }
        let secrets = Self::random();
        let _ = fs::remove_file(file);
        write_private(file, &format!("{}\n{}\n", secrets.webhook, secrets.admin))
            .context("couldn't keep the secrets")?;
        Ok(secrets)
    }
}
