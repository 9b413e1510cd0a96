//! The operators' commands.

mod audit;
mod progress;
mod reports;
mod run;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use tokio_util::sync::CancellationToken;

#[derive(Subcommand)]
pub enum Command {
    /// One run now, as the clock would start it. Exit code 0: completed; 1: completed, but so much
    /// differs that nothing was repaired; 2: failed, or it could not run
    Run(Box<run::RunCommand>),
    /// Compare without changing anything, plan what to do about it, and score it. Exit code 0:
    /// healthy; 1: not; 2: it could not run
    Audit(Box<audit::AuditCommand>),
    /// List the reports of past runs, or show one
    Reports(reports::ReportsCommand),
}

/// Runs one command. Exit code 2: it could not run.
pub fn run(command: Command) -> ExitCode {
    let (name, result) = match command {
        Command::Run(command) => ("run", block_on(|stop| command.execute(stop))),
        Command::Audit(command) => ("audit", block_on(|stop| command.execute(stop))),
        Command::Reports(command) => ("reports", command.execute()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("reconciler {name}: {error:#}");
        ExitCode::from(2)
    })
}

/// Runs a command to its end; SIGTERM and Ctrl-C ask it to stop.
fn block_on<F>(work: impl FnOnce(CancellationToken) -> F) -> Result<ExitCode>
where
    F: Future<Output = Result<ExitCode>>,
{
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let asked = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            asked.cancel();
        });
        work(stop).await
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}
