//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod databases;
mod demo;
mod reset;
mod samples;
mod stop_signal;
mod up;

/// The developer's stack: private databases, and the services over them, on this machine.
///
/// Everything listens on free ports of 127.0.0.1 and keeps its data under `.dev/`, so it runs
/// beside whatever else the machine serves. What it starts ends with it, even when it is killed.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder of the repository; its `.dev/` holds the data
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    root: PathBuf,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples (the recipes of the justfile build everything first):
  ./justw up                     the stack in the foreground; .dev/env says where it is
  RELAYS=3 ./justw up            with three relays
  ./justw demo                   sample mails from webhook to MongoDB, on data of its own
  ./justw test -p relay          tests beside databases of their own
  devstack databases -- COMMAND  any command beside such databases";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run databases, migrations, sample clients and services in the foreground
    ///
    /// Writes `.dev/env` (KEY=value) as soon as all are ready. A process that dies is started
    /// again with a line that says so. Ctrl-C stops all in order and keeps the data; a second one
    /// kills.
    Up(up::Arguments),
    /// Post the sample mails, and show and check what became of each
    ///
    /// Runs on data of its own. Exits 0 when all came out as `samples/` says, else 1. The
    /// services' log lines are in `.dev/demo.log`.
    Demo,
    /// Remove the data of `up`, after asking
    Reset(reset::Arguments),
    /// Run a command beside empty databases of its own, which go when it ends
    ///
    /// The command finds them by TEST_POSTGRES_URL and TEST_MONGODB_URL, and its exit code
    /// becomes that of this program. Example: `devstack databases -- cargo test -p relay`.
    Databases(databases::Arguments),
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Up(arguments) => up::run(&self.root, &arguments).await,
            Command::Demo => demo::run(&self.root).await,
            Command::Reset(arguments) => reset::run(&self.root, &arguments),
            Command::Databases(arguments) => {
                databases::run(&self.root.join(".dev"), &arguments).await
            }
        }
    }
}
