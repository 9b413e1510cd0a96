//! Where and with what a figure was measured.

use std::fmt;

use anyhow::{Context, Result};
use bson::doc;
use serde::Serialize;

use crate::place::Place;

#[derive(Serialize)]
pub(crate) struct Machine {
    date: String,
    command: String,
    processor: String,
    cores: usize,
    memory_gib: f64,
    kernel: String,
    postgres: String,
    mongodb: String,
}

impl Machine {
    pub(crate) async fn of(place: &Place) -> Result<Self> {
        let postgres = place.postgres().await?.query_one("SHOW server_version", &[]).await?;
        let mongodb = place.mongo().await?.run_command(doc! { "buildInfo": 1 }).await?;
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let memory_kib: f64 = line_of("/proc/meminfo", "MemTotal:")?
            .split_whitespace()
            .next()
            .and_then(|text| text.parse().ok())
            .context("no MemTotal")?;
        Ok(Self {
            date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
            command: format!("./justw bench {}", arguments.join(" ")).trim_end().to_owned(),
            processor: line_of("/proc/cpuinfo", "model name")?
                .trim_start_matches([':', ' ', '\t'])
                .to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: (memory_kib / 1024.0 / 1024.0).round(),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            postgres: postgres.get(0),
            mongodb: mongodb.get_str("version")?.to_owned(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, `{}`: {} cores of {}, {} GiB, Linux {}, PostgreSQL {}, MongoDB {}, release builds",
            self.date,
            self.command,
            self.cores,
            self.processor,
            self.memory_gib,
            self.kernel,
            self.postgres,
            self.mongodb
        )
    }
}

/// What follows the key in the first line that begins with it.
fn line_of(file: &str, key: &str) -> Result<String> {
    let text = std::fs::read_to_string(file)?;
    let rest = text.lines().find_map(|line| line.strip_prefix(key));
    Ok(rest.with_context(|| format!("no {key} in {file}"))?.trim().to_owned())
}
