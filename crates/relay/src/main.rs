//! `relay`: the service, or with `dead` the operators' commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use relay::dead::{self, DeadCommand};
use relay::service::RelayService;
use relay::settings::RelaySettings;

/// Delivers the outbox to MongoDB: each amount into the right creditor's entry, its effect exactly
/// once. Any number of relays run side by side.
#[derive(Parser)]
#[command(version, about, subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    settings: RelaySettings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Messages that were given up on: look at them, try them again, or close them
    #[command(subcommand)]
    Dead(DeadCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Dead(command)) => dead::run(command),
        None => serve(arguments.settings),
    }
}

fn serve(settings: RelaySettings) -> ExitCode {
    let common = settings.service.clone();
    match RelayService::bind(settings) {
        Ok(service) => domain::service::run("relay", &common, |context| service.run(context)),
        Err(error) => {
            eprintln!("relay: {error:#}");
            ExitCode::from(2)
        }
    }
}
