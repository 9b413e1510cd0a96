//! `ingest emails list|show|reprocess`.

mod show;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use diesel::PgConnection;
use domain::database::{Database, DatabaseError, PoolSettings};
use domain::models::incoming_email::{self, EmailFilter, IncomingEmail};
use domain::models::outbox_message::{self, Reprocess};
use domain::settings::PostgresSettings;
use domain::status::{MatchStatus, ProcessingStatus, SyncStatus};
use serde_json::json;

/// Look at mails, or send them through ingest again
#[derive(Args, Debug)]
pub struct EmailsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List mails, newest first
    List {
        /// Only mails in this processing status
        #[arg(long, value_name = "STATUS")]
        status: Option<ProcessingStatus>,
        /// Only mails in this match status
        #[arg(long, value_name = "STATUS")]
        match_status: Option<MatchStatus>,
        /// Only mails in this sync status
        #[arg(long, value_name = "STATUS")]
        sync_status: Option<SyncStatus>,
        /// Only mails of this Zendesk ticket
        #[arg(long, value_name = "ID")]
        ticket: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "MAILS",
              value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known about a mail: its fields with their evidence, the decision, its
    /// outbox messages and why they matched
    Show {
        id: i32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send mails through ingest again. A dead outbox message of theirs is discarded, because the
    /// new result takes its place
    Reprocess {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i32>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl EmailsCommand {
    /// Runs the command. Exit code 1: not all mails could be reprocessed; 2: it could not run.
    pub fn run(self, postgres: &PostgresSettings) -> ExitCode {
        match self.try_run(postgres) {
            Ok(code) => code,
            Err(error) => {
                eprintln!("ingest: {error:#}");
                ExitCode::from(2)
            }
        }
    }

    fn try_run(self, postgres: &PostgresSettings) -> Result<ExitCode> {
        let database =
            Database::new(&postgres.required_url()?, &PoolSettings::new("ingest-emails", 1));
        match self.action {
            Action::List { status, match_status, sync_status, ticket, limit, json } => {
                let filter = EmailFilter {
                    processing_status: status,
                    match_status,
                    sync_status,
                    ticket_id: ticket,
                };
                let mails = query(&database, |conn| incoming_email::list(conn, &filter, limit))?;
                list(&mails, json)?;
                Ok(ExitCode::SUCCESS)
            }
            Action::Show { id, json } => {
                let mail = query(&database, |conn| incoming_email::find(conn, id))?
                    .with_context(|| format!("there is no e-mail {id}"))?;
                let messages = query(&database, |conn| outbox_message::of_emails(conn, &[id]))?;
                show::print(&mail, &messages, json)?;
                Ok(ExitCode::SUCCESS)
            }
            Action::Reprocess { ids, yes, json } => {
                confirm(&ids, yes)?;
                reprocess(&database, &ids, json)
            }
        }
    }
}

fn query<T>(
    database: &Database,
    ask: impl FnOnce(&mut PgConnection) -> diesel::QueryResult<T>,
) -> Result<T> {
    database
        .run_blocking(|conn| ask(conn).map_err(DatabaseError::from))
        .context("couldn't ask Postgres; check DATABASE_URL and `migrate status`")
}

fn list(mails: &[IncomingEmail], json: bool) -> Result<()> {
    if json {
        return print_json(&mails.iter().map(summary).collect::<Vec<_>>());
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["id", "ticket", "received", "from", "processing", "match", "sync", "reason"]);
    for mail in mails {
        table.add_row([
            mail.id.to_string(),
            mail.zendesk_ticket_id.clone(),
            mail.received_at.format("%Y-%m-%d %H:%M").to_string(),
            mail.from_email.clone(),
            mail.processing_status.clone().unwrap_or_else(|| "received".to_owned()),
            mail.match_status.clone().unwrap_or_default(),
            mail.sync_status.clone(),
            mail.processing_error.clone().or_else(|| mail.sync_error.clone()).unwrap_or_default(),
        ]);
    }
    print_line(&table.to_string())
}

/// What a list needs of a mail, without its text.
fn summary(mail: &IncomingEmail) -> serde_json::Value {
    json!({
        "id": mail.id,
        "zendesk_ticket_id": mail.zendesk_ticket_id,
        "from_email": mail.from_email,
        "subject": mail.subject,
        "received_at": mail.received_at,
        "processing_status": mail.processing_status,
        "processing_error": mail.processing_error,
        "match_status": mail.match_status,
        "sync_status": mail.sync_status,
        "sync_error": mail.sync_error,
        "attempts": mail.attempts,
    })
}

fn confirm(ids: &[i32], yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("reprocessing may write to clients' files; give --yes to do it without a question");
    }
    print!("Send {} mail(s) through ingest again? [y/N] ", ids.len());
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !answer.trim().eq_ignore_ascii_case("y") {
        bail!("nothing was reprocessed");
    }
    Ok(())
}

fn reprocess(database: &Database, ids: &[i32], json: bool) -> Result<ExitCode> {
    let mut results = Vec::with_capacity(ids.len());
    for &id in ids {
        let result = match query(database, |conn| outbox_message::reprocess(conn, id))? {
            Reprocess::Reset => (id, true, "waits for a worker".to_owned()),
            Reprocess::NoSuchEmail => (id, false, "there is no such e-mail".to_owned()),
            Reprocess::MessageWaits(message) => {
                (id, false, format!("outbox message {message} still waits for delivery"))
            }
        };
        results.push(result);
    }
    let all = results.iter().all(|(_, reset, _)| *reset);
    if json {
        let rows: Vec<_> = results
            .iter()
            .map(|(id, reset, detail)| json!({"id": id, "reprocessed": reset, "detail": detail}))
            .collect();
        print_json(&rows)?;
    } else {
        for (id, _, detail) in &results {
            print_line(&format!("{id}: {detail}"))?;
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print_line(&serde_json::to_string_pretty(value)?)
}

/// A reader that has seen enough (`| head`) is no error.
fn print_line(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
