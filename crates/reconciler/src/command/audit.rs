//! `reconciler audit`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use comfy_table::Table;
use domain::settings::{MongoSettings, PostgresSettings};
use domain::status::ReportStatus;
use domain::terminal::{confirm, table};
use relay::settings::DeliverySettings;
use serde_json::{Value, json};
use slog::{Discard, Logger, o};
use tokio_util::sync::CancellationToken;

use super::progress::beside_bar;
use crate::audit::Audit;
use crate::compare::{Progress, Scope};
use crate::finding::MismatchKind;
use crate::guard::{AFTER_AN_AUDIT, admit_repairs};
use crate::halt::Halt;
use crate::run::{Reconciler, RunEnd, RunOptions, Start};
use crate::settings::{CompareSettings, Lookback, WorkSettings};

#[derive(Args)]
pub struct AuditCommand {
    #[command(flatten)]
    postgres: PostgresSettings,
    #[command(flatten)]
    mongo: MongoSettings,
    #[command(flatten)]
    delivery: DeliverySettings,
    #[command(flatten)]
    compare: CompareSettings,
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
    /// Carry out the re-sync actions of the plan, after showing them and asking. More than
    /// --max-repairs, or a fifth of all targets and at least 20, needs --repair-all as well
    #[arg(long)]
    fix: bool,
    /// Fix however much differs; for after a person has looked at it
    #[arg(long, requires = "fix")]
    repair_all: bool,
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
    pub(super) async fn execute(self, stop: CancellationToken) -> Result<ExitCode> {
        let work = self.work();
        work.validate()?;
        let reconciler = Reconciler::new(&work, &Logger::root(Discard, o!())).await?;
        migrate::check_current(&reconciler.database).await?;
        let before = self.audit(&reconciler, &stop).await?;
        if !self.fix || before.plan.resync == 0 {
            self.print(&before, None)?;
            return Ok(exit_code(&before));
        }
        eprintln!("{}", resync_plan(&before));
        if let Err(refusal) =
            admit_repairs(&before.comparison, self.compare.max_repairs, self.repair_all)
        {
            eprintln!("{}", refusal.with_way_out(AFTER_AN_AUDIT));
            self.print(&before, None)?;
            return Ok(ExitCode::FAILURE);
        }
        if !self.yes {
            confirm(&format!("re-sync {} mails", before.plan.resync))?;
        }
        let (report_id, end) = self.carry_out(&reconciler, &before, &stop).await?;
        let after = self.audit(&reconciler, &stop).await?;
        let fix = json!({
            "report_id": report_id,
            "planned": before.plan.resync,
            "auto_repaired": end.auto_repaired,
            "failed_repairs": end.failed_repairs,
        });
        self.print(
            &after,
            Some(&json!({ "fix": fix, "health_score_before": before.health_score })),
        )?;
        let Some(refusal) = end.refusal else { return Ok(exit_code(&after)) };
        eprintln!("{}", refusal.with_way_out(AFTER_AN_AUDIT));
        Ok(ExitCode::FAILURE)
    }

    fn work(&self) -> WorkSettings {
        WorkSettings {
            postgres: self.postgres.clone(),
            mongo: self.mongo.clone(),
            delivery: self.delivery.clone(),
            lookback: Lookback { hours: self.lookback_days * 24 },
            compare: self.compare.clone(),
        }
    }

    /// A run in the name of the person who was asked. It compares anew, since the question may have
    /// stood there for long, and repairs what the plan holds and the run still finds.
    async fn carry_out(
        &self,
        reconciler: &Reconciler,
        before: &Audit,
        stop: &CancellationToken,
    ) -> Result<(i32, RunEnd)> {
        let begun = match reconciler.begin(None).await? {
            Start::Begun(begun) => begun,
            Start::AlreadyRunning | Start::AlreadyDone => {
                bail!("a run is going on; try again later")
            }
        };
        let report_id = begun.report_id;
        let plan = before.comparison.findings.repairable.iter().copied().collect();
        let options = RunOptions {
            repair_all: self.repair_all,
            plan: Some(Arc::new(plan)),
            ..RunOptions::of("audit")
        };
        let end = reconciler.carry_out(begun, options, stop, &Progress::default()).await;
        if end.status != ReportStatus::Completed {
            bail!("the repairing run failed; see `reconciler reports {report_id}`");
        }
        Ok((report_id, end))
    }

    async fn audit(&self, reconciler: &Reconciler, stop: &CancellationToken) -> Result<Audit> {
        let scope = Scope::of_last_hours(self.lookback_days * 24);
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

/// What `--fix` would do, whole, for the question.
fn resync_plan(audit: &Audit) -> String {
    let table = mismatch_table(&audit.to_json(), Some("re-sync"));
    let findings = &audit.comparison.findings;
    let listed: HashSet<i32> = findings
        .listed
        .iter()
        .filter(|finding| finding.repairable)
        .filter_map(|finding| finding.email_id)
        .collect();
    let beyond: Vec<String> = findings
        .repairable
        .iter()
        .filter(|id| !listed.contains(id))
        .map(ToString::to_string)
        .collect();
    if beyond.is_empty() {
        table.to_string()
    } else {
        format!(
            "{table}\nand {} mails that the list has no room for: {}",
            beyond.len(),
            beyond.join(", ")
        )
    }
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
