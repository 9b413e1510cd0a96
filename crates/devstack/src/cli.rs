//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod databases;

/// The developer's stack: private databases, and the services over them, on this machine.
///
/// Everything listens on free ports of 127.0.0.1 and keeps its data under `.dev/`, so it runs
/// beside whatever else the machine serves. What it starts ends with it, even when it is killed.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The folder of the repository; its `.dev/` holds the data.
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    root: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a command beside empty databases of its own, which go when it ends.
    ///
    /// The command finds them by TEST_POSTGRES_URL and TEST_MONGODB_URL, and its exit code
    /// becomes that of this program. Example: `devstack databases -- cargo test -p relay`.
    Databases(databases::Arguments),
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let dev = self.root.join(".dev");
        match self.command {
            Command::Databases(arguments) => databases::run(&dev, &arguments).await,
        }
    }
}
