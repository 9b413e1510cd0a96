//! What a quiet system costs.

use std::time::Duration;

use anyhow::{Context, Result};
use bson::doc;
use devstack::service::Kind;

use crate::Scale;
use crate::place::Place;
use crate::report::Report;

pub(crate) async fn measure(place: &mut Place, scale: Scale, report: &mut Report) -> Result<()> {
    let seconds = scale.of(60);
    for kind in [Kind::Ingest, Kind::Relay, Kind::Reconciler] {
        place.start(kind, 1).await?;
    }
    // The first look of the reconciler belongs to the start.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let processes: Vec<(String, u32)> = place
        .stack
        .services
        .iter()
        .filter_map(|service| Some((service.name().to_owned(), service.id()?)))
        .collect();
    let before: Vec<f64> = cpu_seconds(&processes)?;
    let (statements, commands) = (statements(place).await?, commands(place).await?);
    tokio::time::sleep(Duration::from_secs(u64::try_from(seconds)?)).await;
    let after = cpu_seconds(&processes)?;
    let per_second = |count: i64| count as f64 / seconds as f64;
    for ((name, id), (before, after)) in processes.iter().zip(before.iter().zip(after)) {
        let share = 100.0 * (after - before) / seconds as f64;
        report.add(format!("idle: CPU of {name}"), share, "% of a core");
        report.add(format!("idle: memory of {name}"), resident_mib(*id)?, "MiB");
    }
    let statements = self::statements(place).await? - statements;
    report.add("idle: transactions on Postgres", per_second(statements), "1/s");
    let commands = self::commands(place).await? - commands;
    report.add("idle: commands on MongoDB", per_second(commands), "1/s");
    let connections: i64 = place
        .postgres()
        .await?
        .query_one(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &[],
        )
        .await?
        .get(0);
    report.add("idle: connections to Postgres", connections as f64, "connections");
    for kind in [Kind::Reconciler, Kind::Relay, Kind::Ingest] {
        place.end(kind).await;
    }
    Ok(())
}

/// User and system time of each process so far. Linux counts in hundredths of a second.
fn cpu_seconds(processes: &[(String, u32)]) -> Result<Vec<f64>> {
    let seconds = |id: u32| -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let (_, fields) = stat.rsplit_once(')').context("no name in the process's stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        let (user, system) = (ticks(11), ticks(12));
        Ok((user.unwrap_or_default() + system.unwrap_or_default()) / 100.0)
    };
    processes.iter().map(|(_, id)| seconds(*id)).collect()
}

fn resident_mib(id: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|text| text.parse().ok())
        .context("no VmRSS")?;
    Ok(kib / 1024.0)
}

async fn statements(place: &Place) -> Result<i64> {
    let postgres = place.postgres().await?;
    let row = postgres
        .query_one(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database
              WHERE datname = current_database()",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

/// Finds, updates, inserts, deletes, getMores and other commands together.
async fn commands(place: &Place) -> Result<i64> {
    let status = place.mongo().await?.run_command(doc! { "serverStatus": 1 }).await?;
    let counters = status.get_document("opcounters")?;
    let number = |value: &bson::Bson| value.as_i64().or(value.as_i32().map(i64::from));
    Ok(counters.iter().filter_map(|(_, value)| number(value)).sum())
}
