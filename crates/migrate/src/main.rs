//! `migrate up | down | status`.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use diesel::PgConnection;
use domain::settings::PostgresSettings;
use domain::terminal::{confirm, connect};

/// Brings claimsync's Postgres database to this build's schema, and back.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(flatten)]
    postgres: PostgresSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run what is missing. Adopts the tables of the Python service; loses no row.
    Up,
    /// Revert the newest migration. Asks first; without a terminal it refuses where undelivered
    /// messages would be lost.
    Down {
        /// Do not ask, and revert even where undelivered messages are lost.
        #[arg(long)]
        yes: bool,
    },
    /// Show what has run. Exit code 1 if anything is missing.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("migrate: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut conn = connect(&arguments.postgres)?;
    match arguments.command {
        Command::Up => {
            let ran = migrate::run_up(&mut conn).context("couldn't migrate up")?;
            for name in &ran {
                println!("ran {name}");
            }
            if ran.is_empty() {
                println!("nothing to do: the schema is up to date");
            }
        }
        Command::Down { yes } => {
            confirm_down(&mut conn, yes)?;
            println!("reverted {}", migrate::run_down(&mut conn).context("couldn't migrate down")?);
        }
        Command::Status { json } => return status(&mut conn, json),
    }
    Ok(ExitCode::SUCCESS)
}

fn confirm_down(conn: &mut PgConnection, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    let undelivered = migrate::undelivered_messages(conn)?;
    if undelivered == 0 && !std::io::stdin().is_terminal() {
        return Ok(());
    }
    confirm(&format!("revert the newest migration and lose {undelivered} undelivered messages"))
}

fn status(conn: &mut PgConnection, json: bool) -> Result<ExitCode> {
    let rows = migrate::status(conn)?;
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, ran)| serde_json::json!({"migration": name, "ran": ran}))
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        for (name, ran) in &rows {
            println!("{}  {name}", if *ran { "ran    " } else { "missing" });
        }
    }
    let complete = rows.iter().all(|(_, ran)| *ran);
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
