//! `reconciler`: the service, or the operators' commands.

use std::process::ExitCode;

use clap::Parser;
use reconciler::command::{self, Command};
use reconciler::service::ReconcilerService;
use reconciler::settings::ReconcilerSettings;

/// Compares Postgres with MongoDB every hour, repairs what is safe, and reports the rest. Any number
/// of replicas run it once.
#[derive(Parser)]
#[command(version, about, subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    settings: ReconcilerSettings,
    #[command(subcommand)]
    command: Option<Command>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(command) => command::run(command),
        None => serve(arguments.settings),
    }
}

fn serve(settings: ReconcilerSettings) -> ExitCode {
    let common = settings.service.clone();
    match ReconcilerService::bind(settings) {
        Ok(service) => domain::service::run("reconciler", &common, |context| service.run(context)),
        Err(error) => {
            eprintln!("reconciler: {error:#}");
            ExitCode::from(2)
        }
    }
}
