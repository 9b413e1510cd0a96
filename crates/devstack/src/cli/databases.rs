//! `devstack databases`: a command beside databases of its own.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::process::{ManagedProcess, Signal};
use devstack::{Lifetime, MongoServer, PostgresServer, RunDir};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The command with its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) async fn run(dev: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let run_dir = RunDir::create(dev, "test")?;
    let (postgres, mongo) = tokio::select! {
        servers = start(&run_dir) => servers?,
        _ = terminate.recv() => return Ok(ended_by(Signal::TERM)),
        _ = interrupt.recv() => return Ok(ended_by(Signal::INT)),
    };
    let environment = [
        ("TEST_POSTGRES_URL", postgres.url("postgres")),
        ("TEST_MONGODB_URL", mongo.url()),
        ("TEST_DATA_DIR", run_dir.path().canonicalize()?.display().to_string()),
    ];
    let mut command = ManagedProcess::run(&arguments.command, &environment)?;
    let status = loop {
        if let Some(status) = command.exit_status() {
            break status;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
            _ = terminate.recv() => command.signal(Signal::TERM),
            // The terminal has sent it to the command as well, which ends in its own way.
            _ = interrupt.recv() => {}
        }
    };
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

async fn start(run_dir: &RunDir) -> Result<(PostgresServer, MongoServer)> {
    let (postgres_dir, mongodb_dir) = (run_dir.postgres(), run_dir.mongodb());
    tokio::try_join!(
        PostgresServer::start(&postgres_dir, None, Lifetime::Throwaway),
        MongoServer::start(&mongodb_dir, None, Lifetime::Throwaway),
    )
    .context("couldn't start the databases")
}

fn ended_by(signal: Signal) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal.as_raw()).unwrap_or(1))
}
