//! The command line.

mod emails;

use clap::{Parser, Subcommand};

use crate::settings::IngestSettings;
pub use emails::EmailsCommand;

/// Takes Zendesk's webhooks and works each mail up to its outbox message.
///
/// Without a command it runs the service. Every flag can be set by the variable in brackets;
/// secrets also by a file, whose path stands in the variable with _FILE at its end.
#[derive(Debug, Parser)]
#[command(name = "ingest", version, about, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(flatten)]
    pub settings: IngestSettings,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at mails, or send them through ingest again
    Emails(EmailsCommand),
}
