//! `reconciler reports`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use domain::models::reconciliation_report::{self, ReconciliationReport};
use domain::settings::PostgresSettings;
use domain::terminal::{connect, table};
use serde_json::Value;

#[derive(Args)]
pub struct ReportsCommand {
    #[command(flatten)]
    postgres: PostgresSettings,
    /// Show this report, with all that it lists
    id: Option<i32>,
    /// List at most this many, newest first
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl ReportsCommand {
    pub(super) fn execute(self) -> Result<ExitCode> {
        let mut conn = connect(&self.postgres)?;
        let Some(id) = self.id else {
            print_list(
                &reconciliation_report::list(&mut conn, self.limit.into(), None)?,
                self.json,
            )?;
            return Ok(ExitCode::SUCCESS);
        };
        match reconciliation_report::find(&mut conn, id)? {
            Some(report) => {
                print_one(&report, self.json)?;
                Ok(ExitCode::SUCCESS)
            }
            None => {
                eprintln!("reconciler reports: there is no report {id}");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

fn print_list(reports: &[ReconciliationReport], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(reports)?);
        return Ok(());
    }
    if reports.is_empty() {
        println!("no reports");
        return Ok(());
    }
    let mut table = table();
    table.set_header(["id", "began", "status", "checked", "differ", "repaired", "failed", "note"]);
    for report in reports {
        table.add_row([
            report.id.to_string(),
            report.run_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            report.status.clone(),
            report.records_checked.to_string(),
            report.mismatches_found.to_string(),
            report.auto_repaired.to_string(),
            report.failed_repairs.to_string(),
            report.error_message.clone().unwrap_or_default(),
        ]);
    }
    println!("{table}");
    Ok(())
}

pub(super) fn print_one(report: &ReconciliationReport, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    print_list(std::slice::from_ref(report), false)?;
    let listed = report.details.as_ref().and_then(|details| details["mismatches"].as_array());
    print_mismatches(listed.map(Vec::as_slice).unwrap_or_default(), report.mismatches_found);
    Ok(())
}

/// The listed ones as a table; `total` says how many there are.
pub(super) fn print_mismatches(listed: &[Value], total: i32) {
    if listed.is_empty() {
        return;
    }
    let mut table = table();
    table.set_header(["type", "mail", "client", "entry", "field", "expected", "found", "repaired"]);
    for finding in listed {
        table.add_row(
            ["type", "email_id", "client_id", "entry", "field", "expected", "found", "repaired"]
                .map(|name| cell(&finding[name])),
        );
    }
    println!("{table}");
    if usize::try_from(total).is_ok_and(|total| total > listed.len()) {
        println!("{} of {total} are listed", listed.len());
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
