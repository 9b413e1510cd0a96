//! `ingest`: the service, and the operators' commands on its mails.

use std::process::ExitCode;

use clap::Parser;
use ingest::cli::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => serve(&arguments),
        Some(Command::Emails(command)) => command.run(&arguments.settings.postgres),
    }
}

fn serve(arguments: &Arguments) -> ExitCode {
    let settings = &arguments.settings;
    let config = match settings.validate() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("ingest: {error}");
            return ExitCode::from(2);
        }
    };
    domain::service::run("ingest", &settings.service, |context| async {
        ingest::Service::bind(config)?.run(context).await
    })
}
