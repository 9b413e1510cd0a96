//! `reconciler run`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use domain::models::reconciliation_report;
use domain::status::ReportStatus;
use domain::terminal::confirm;
use slog::{Discard, Logger, o};
use tokio_util::sync::CancellationToken;

use super::reports;
use crate::run::{Reconciler, RunOptions, Start};
use crate::settings::WorkSettings;

#[derive(Args)]
pub struct RunCommand {
    #[command(flatten)]
    work: WorkSettings,
    /// Repair however much differs; for after a person has looked at the reports
    #[arg(long)]
    repair_all: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl RunCommand {
    pub(super) async fn execute(self, stop: CancellationToken) -> Result<ExitCode> {
        self.work.validate()?;
        if self.repair_all && !self.yes {
            confirm("repair however much differs")?;
        }
        let log = Logger::root(Discard, o!());
        let reconciler = Reconciler::new(&self.work, &log).await?;
        migrate::check_current(&reconciler.database).await?;
        let begun = match reconciler.begin(None).await? {
            Start::Begun(begun) => begun,
            Start::AlreadyRunning | Start::AlreadyDone => bail!("a run is going on already"),
        };
        let report_id = begun.report_id;
        let options = RunOptions { trigger: "command", repair_all: self.repair_all };
        let status = reconciler.carry_out(begun, options, None, &stop).await;
        let report =
            reconciler.database.query(move |conn| reconciliation_report::find(conn, report_id));
        if let Some(report) = report.await? {
            reports::print_one(&report, self.json)?;
        }
        Ok(match status {
            ReportStatus::Completed => ExitCode::SUCCESS,
            ReportStatus::Running | ReportStatus::Failed => ExitCode::from(2),
        })
    }
}
