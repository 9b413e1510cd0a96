//! `reconciler audit`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use comfy_table::Table;
use domain::status::ReportStatus;
use domain::terminal::{confirm, table};
use serde_json::{Value, json};
use slog::{Discard, Logger, o};
use tokio_util::sync::CancellationToken;

use super::progress::beside_bar;
use crate::audit::Audit;
use crate::compare::{Progress, Scope};
use crate::finding::MismatchKind;
use crate::halt::Halt;
use crate::run::{Reconciler, RunOptions, Start};
use crate::settings::WorkSettings;

#[derive(Args)]
pub struct AuditCommand {
    #[command(flatten)]
    work: WorkSettings,
    /// Days back from now whose synced mails are compared, from 1 to 366
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=366))]
    lookback_days: u32,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The same as --format json
    #[arg(long)]
    json: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Carry out the re-sync actions of the plan, after showing them and asking
    #[arg(long)]
    fix: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

impl AuditCommand {
    pub(super) async fn execute(mut self, stop: CancellationToken) -> Result<ExitCode> {
        self.work.compare.lookback_hours = self.lookback_days * 24;
        self.work.validate()?;
        let reconciler = Reconciler::new(&self.work, &Logger::root(Discard, o!())).await?;
        migrate::check_current(&reconciler.database).await?;
        let before = self.audit(&reconciler, &stop).await?;
        if !self.fix || before.plan.resync == 0 {
            self.print(&before, None)?;
            return Ok(exit_code(&before));
        }
        eprintln!("{}", resync_table(&before));
        if !self.yes {
            confirm(&format!("re-sync {} mails", before.plan.resync))?;
        }
        let fixed = fix(&reconciler, &stop).await?;
        let after = self.audit(&reconciler, &stop).await?;
        let fixed = json!({ "fix": fixed, "health_score_before": before.health_score });
        self.print(&after, Some(&fixed))?;
        Ok(exit_code(&after))
    }

    async fn audit(&self, reconciler: &Reconciler, stop: &CancellationToken) -> Result<Audit> {
        let scope = Scope::of_last_hours(self.work.compare.lookback_hours);
        let (progress, halt) = (Progress::default(), Halt::on(stop));
        let work = Audit::conduct(reconciler, scope, &halt, &progress);
        Ok(beside_bar(reconciler, scope, &progress, work).await?)
    }

    fn print(&self, audit: &Audit, fixed: Option<&Value>) -> Result<()> {
        let text = if self.json || self.format == Format::Json {
            let mut json = audit.to_json();
            if let (Some(json), Some(Value::Object(fixed))) = (json.as_object_mut(), fixed) {
                json.extend(fixed.clone());
            }
            serde_json::to_string_pretty(&json)?
        } else {
            tables(audit, fixed)
        };
        match &self.output {
            Some(path) => std::fs::write(path, text + "\n")
                .with_context(|| format!("couldn't write {}", path.display())),
            None => {
                println!("{text}");
                Ok(())
            }
        }
    }
}

/// A run in the name of the person who was asked, so that no limit holds it back.
async fn fix(reconciler: &Reconciler, stop: &CancellationToken) -> Result<Value> {
    let begun = match reconciler.begin(None).await? {
        Start::Begun(begun) => begun,
        Start::AlreadyRunning | Start::AlreadyDone => bail!("a run is going on; try again later"),
    };
    let report_id = begun.report_id;
    let options = RunOptions { trigger: "audit", repair_all: true };
    let end = reconciler.carry_out(begun, options, stop, &Progress::default()).await;
    if end.status != ReportStatus::Completed {
        bail!("the repairing run failed; see `reconciler reports {report_id}`");
    }
    Ok(json!({
        "report_id": report_id,
        "auto_repaired": end.auto_repaired,
        "failed_repairs": end.failed_repairs,
    }))
}

fn exit_code(audit: &Audit) -> ExitCode {
    if audit.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tables(audit: &Audit, fixed: Option<&Value>) -> String {
    let json = audit.to_json();
    let mut statuses = table();
    statuses.set_header(["processing", "sync", "mails"]);
    for status in &audit.statuses {
        let mails = status.mails.to_string();
        statuses.add_row([status.processing_status.clone(), status.sync_status.clone(), mails]);
    }
    let mut types = table();
    types.set_header(["mismatch", "severity", "count"]);
    for kind in MismatchKind::ALL {
        let severity = json!(crate::audit::severity(kind));
        let count = audit.comparison.findings.count(kind).to_string();
        types.add_row([kind.as_str().to_owned(), cell(&severity), count]);
    }
    let mut plan = table();
    plan.set_header(["action", "mismatches"]);
    for action in ["re-sync", "manual_review", "stalled", "no_action"] {
        plan.add_row([action.to_owned(), cell(&json["recovery_plan"][action])]);
    }
    let mut summary = table();
    summary.add_row(["mails compared".to_owned(), audit.comparison.counts.mails.to_string()]);
    summary.add_row(["dead for review".to_owned(), audit.outbox.dead_for_review.to_string()]);
    summary.add_row(["dead as failed".to_owned(), audit.outbox.dead_as_failed.to_string()]);
    if let Some(fixed) = fixed {
        summary.add_row(["repaired".to_owned(), cell(&fixed["fix"]["auto_repaired"])]);
        summary.add_row(["failed repairs".to_owned(), cell(&fixed["fix"]["failed_repairs"])]);
    }
    let verdict = if audit.is_healthy() { "healthy" } else { "NOT healthy" };
    summary.add_row(["health score".to_owned(), format!("{:.4} ({verdict})", audit.health_score)]);
    let mut parts = vec![statuses, types];
    if !audit.comparison.findings.listed.is_empty() {
        parts.push(mismatch_table(&json, None));
    }
    parts.extend([plan, summary]);
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What `--fix` would do, for the question.
fn resync_table(audit: &Audit) -> Table {
    mismatch_table(&audit.to_json(), Some("re-sync"))
}

fn mismatch_table(audit: &Value, action: Option<&str>) -> Table {
    let mut table = table();
    let columns =
        ["type", "email_id", "client_id", "entry", "field", "expected", "found", "action"];
    table.set_header(["type", "mail", "client", "entry", "field", "expected", "found", "action"]);
    let listed = audit["mismatches"].as_array().map_or(&[][..], Vec::as_slice);
    for finding in listed.iter().filter(|f| action.is_none_or(|action| f["action"] == action)) {
        table.add_row(columns.map(|column| cell(&finding[column])));
    }
    table
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
