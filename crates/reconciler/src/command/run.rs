//! `reconciler run`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use domain::models::reconciliation_report;
use domain::status::ReportStatus;
use domain::terminal::{confirm, table};
use slog::{Discard, Logger, o};
use tokio_util::sync::CancellationToken;

use super::progress::beside_bar;
use super::reports::{self, print_mismatches};
use crate::compare::{Progress, Scope, compare};
use crate::halt::Halt;
use crate::run::{Reconciler, RunOptions, Start};
use crate::settings::WorkSettings;

#[derive(Args)]
pub struct RunCommand {
    #[command(flatten)]
    work: WorkSettings,
    /// Only compare: deliver, repair, delete and report nothing
    #[arg(long)]
    dry_run: bool,
    /// Repair however much differs; for after a person has looked at it
    #[arg(long, conflicts_with = "dry_run")]
    repair_all: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl RunCommand {
    pub(super) async fn execute(self, stop: CancellationToken) -> Result<ExitCode> {
        self.work.validate()?;
        if self.repair_all && !self.yes {
            confirm("repair however much differs")?;
        }
        let reconciler = Reconciler::new(&self.work, &Logger::root(Discard, o!())).await?;
        migrate::check_current(&reconciler.database).await?;
        if self.dry_run {
            self.compare_only(&reconciler, &stop).await
        } else {
            self.run(&reconciler, &stop).await
        }
    }

    async fn run(&self, reconciler: &Reconciler, stop: &CancellationToken) -> Result<ExitCode> {
        let begun = match reconciler.begin(None).await? {
            Start::Begun(begun) => begun,
            Start::AlreadyRunning | Start::AlreadyDone => bail!("a run is going on already"),
        };
        let report_id = begun.report_id;
        let options = RunOptions { repair_all: self.repair_all, ..RunOptions::of("command") };
        let progress = Progress::default();
        let work = reconciler.carry_out(begun, options, stop, &progress);
        let end = beside_bar(reconciler, self.scope(), &progress, work).await;
        let find = move |conn: &mut _| reconciliation_report::find(conn, report_id);
        if let Some(report) = reconciler.database.query(find).await? {
            reports::print_one(&report, self.json)?;
        }
        Ok(match end.status {
            // The note in the report says why, and what a person may do.
            ReportStatus::Completed if end.refusal.is_some() => ExitCode::FAILURE,
            ReportStatus::Completed => ExitCode::SUCCESS,
            ReportStatus::Running | ReportStatus::Failed => ExitCode::from(2),
        })
    }

    async fn compare_only(
        &self,
        reconciler: &Reconciler,
        stop: &CancellationToken,
    ) -> Result<ExitCode> {
        let progress = Progress::default();
        let (scope, halt) = (self.scope(), Halt::on(stop));
        let work = compare(reconciler, scope, &halt, &progress);
        let comparison = beside_bar(reconciler, scope, &progress, work).await?;
        let mut found = comparison.findings.to_json();
        if self.json {
            found.insert("checked".to_owned(), serde_json::to_value(comparison.counts)?);
            println!("{}", serde_json::to_string_pretty(&found)?);
        } else {
            let mut summary = table();
            summary.add_row(["mails compared".to_owned(), comparison.counts.mails.to_string()]);
            summary.add_row(["mismatches".to_owned(), comparison.findings.total().to_string()]);
            println!("{summary}");
            let total = i32::try_from(comparison.findings.total()).unwrap_or(i32::MAX);
            print_mismatches(found["mismatches"].as_array().map_or(&[], Vec::as_slice), total);
        }
        match comparison.cut_short {
            Some(reason) => bail!(reason),
            None => Ok(ExitCode::SUCCESS),
        }
    }

    fn scope(&self) -> Scope {
        Scope::of_last_hours(self.work.lookback.hours)
    }
}
