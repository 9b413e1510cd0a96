//! `relay dead list | show | retry | discard`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use diesel::PgConnection;
use domain::models::outbox_message::{self, OutboxMessage};
use domain::settings::PostgresSettings;
use domain::terminal::{confirm, connect, table};

#[derive(Subcommand)]
pub enum DeadCommand {
    /// List dead messages, newest first
    List {
        #[command(flatten)]
        common: Common,
        /// Only those that wait for a person's decision, or only those where something broke
        #[arg(long, value_enum)]
        kind: Option<Kind>,
        /// At most this many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one message: what it would write, why it died, how its target was looked for
    Show {
        #[command(flatten)]
        common: Common,
        /// The message's id, as `list` shows it
        id: i64,
    },
    /// Give messages back to the relay, with all their retries
    Retry {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        which: Which,
    },
    /// Close messages for good, because a person has dealt with them; the rows stay for 30 days
    Discard {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Args)]
pub struct Common {
    #[command(flatten)]
    postgres: PostgresSettings,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Which {
    /// Ids of messages, as `list` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<i64>,
    /// All dead messages
    #[arg(long)]
    all: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    Review,
    Failed,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Kind::Review => "review:",
            Kind::Failed => "failed:",
        }
    }
}

/// Runs one command. Exit code 1: there is no such dead message; 2: it could not run.
pub fn run(command: DeadCommand) -> ExitCode {
    match try_run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("relay dead: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn try_run(command: DeadCommand) -> Result<ExitCode> {
    match command {
        DeadCommand::List { common, kind, limit } => {
            let mut conn = connect(&common.postgres)?;
            let messages =
                outbox_message::list_dead(&mut conn, kind.map(Kind::code), i64::from(limit))?;
            print_list(&messages, common.json)?;
            Ok(ExitCode::SUCCESS)
        }
        DeadCommand::Show { common, id } => {
            let mut conn = connect(&common.postgres)?;
            match outbox_message::find(&mut conn, id)? {
                Some(message) => {
                    print_message(&message, common.json)?;
                    Ok(ExitCode::SUCCESS)
                }
                None => Ok(none_found(&format!("there is no message {id}"))),
            }
        }
        DeadCommand::Retry { common, which } => {
            act(&common, &which, "retry", outbox_message::retry_dead)
        }
        DeadCommand::Discard { common, which } => {
            act(&common, &which, "discard", outbox_message::discard_dead)
        }
    }
}

type Action = fn(&mut PgConnection, &[i64]) -> diesel::QueryResult<Vec<i64>>;

fn act(common: &Common, which: &Which, verb: &str, action: Action) -> Result<ExitCode> {
    let mut conn = connect(&common.postgres)?;
    let ids = if which.all {
        outbox_message::list_dead(&mut conn, None, i64::MAX)?.iter().map(|m| m.id).collect()
    } else {
        which.ids.clone()
    };
    // One message named by its id and given back is no risk; all at once, or closed for good, is.
    let risky = which.all || verb == "discard";
    if risky && !ids.is_empty() && !which.yes {
        confirm(&format!("{verb} {} messages", ids.len()))?;
    }
    let done = action(&mut conn, &ids)?;
    if verb == "retry" && !done.is_empty() {
        outbox_message::notify(&mut conn)?;
    }
    let missing: Vec<i64> = ids.iter().copied().filter(|id| !done.contains(id)).collect();
    if common.json {
        println!("{}", serde_json::json!({ verb: done, "not_dead": missing }));
    } else {
        println!("{verb}: {} of {} messages", done.len(), ids.len());
    }
    if missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    Ok(none_found(&format!("not dead: {}", missing.join(", "))))
}

fn none_found(problem: &str) -> ExitCode {
    eprintln!("relay dead: {problem}");
    ExitCode::FAILURE
}

fn print_list(messages: &[OutboxMessage], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(messages)?);
        return Ok(());
    }
    if messages.is_empty() {
        println!("no dead messages");
        return Ok(());
    }
    let mut table = table();
    table.set_header(["id", "mail", "operation", "died", "retries", "reason"]);
    for message in messages {
        table.add_row([
            message.id.to_string(),
            message.aggregate_id.clone(),
            message.operation.clone(),
            message
                .dead_at
                .map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string())
                .unwrap_or_default(),
            message.retry_count.to_string(),
            message.error_message.clone().unwrap_or_default(),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn print_message(message: &OutboxMessage, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(message)?);
        return Ok(());
    }
    let field = |name: &str| match &message.payload.0[name] {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let mut table = table();
    table.add_row(["message", &message.id.to_string()]);
    table.add_row(["mail", &message.aggregate_id]);
    table.add_row(["operation", &message.operation]);
    table.add_row(["idempotency key", &message.idempotency_key]);
    table.add_row(["state", state(message)]);
    table.add_row(["reason", message.error_message.as_deref().unwrap_or("-")]);
    table.add_row(["retries", &format!("{} of {}", message.retry_count, message.max_retries)]);
    for name in [
        "client_name",
        "client_aktenzeichen",
        "creditor_email",
        "creditor_name",
        "new_debt_amount",
        "reference_numbers",
        "extraction_confidence",
        "received_at",
    ] {
        table.add_row([name, &field(name)]);
    }
    let reasons = message.match_reasons.as_ref().and_then(|reasons| reasons.as_array());
    for reason in reasons.into_iter().flatten().filter_map(|reason| reason.as_str()) {
        table.add_row(["matching", reason]);
    }
    println!("{table}");
    Ok(())
}

fn state(message: &OutboxMessage) -> &'static str {
    match (message.dead_at, message.processed_at) {
        (Some(_), _) => "dead",
        (None, Some(_)) => "processed",
        (None, None) => "pending",
    }
}
