//! The verdict: plan, journal and both databases held against each other. Pure.
//!
//! Shares no code with the services; what is right follows from the plan alone.

mod conduct;
mod entries;
mod mails;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::Serialize;

use crate::journal::{Journal, Millis};
use crate::mail::Mail;
use crate::plan::Plan;
use crate::snapshot::{MailRow, MessageRow, Snapshot};

pub(crate) use conduct::{Watch, watch};

/// All that the verdict rests on.
pub(crate) struct Evidence<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) journal: &'a Journal,
    pub(crate) snapshot: &'a Snapshot,
    /// The begin of the run, in seconds since 1970, which the mails' dates count from.
    pub(crate) began_secs: i64,
    /// How long a relay may take for MongoDB with rows locked.
    pub(crate) write_timeout: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Class {
    /// Accepted and not there, or without an end.
    Lost,
    /// There more than once.
    Duplicated,
    /// An older amount stands where a newer one belongs.
    Stale,
    /// Anything that should not be as it is.
    Wrong,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Violation {
    pub(crate) class: Class,
    pub(crate) what: String,
    /// When it came about, as far as that can be told.
    pub(crate) span: Option<(Millis, Millis)>,
}

/// Everything that went against the contract; empty if nothing did.
pub(crate) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let facts = Facts::new(evidence);
    let mut violations = Vec::new();
    mails::check(&facts, &mut violations);
    entries::check(&facts, &mut violations);
    conduct::check(&facts, &mut violations);
    violations
}

/// The evidence, indexed.
struct Facts<'a> {
    evidence: &'a Evidence<'a>,
    rows: HashMap<&'a str, Vec<&'a MailRow>>,
    messages: HashMap<i64, Vec<&'a MessageRow>>,
}

impl<'a> Facts<'a> {
    fn new(evidence: &'a Evidence<'a>) -> Self {
        let mut rows: HashMap<&str, Vec<&MailRow>> = HashMap::new();
        for row in &evidence.snapshot.mails {
            rows.entry(&row.ticket).or_default().push(row);
        }
        let mut messages: HashMap<i64, Vec<&MessageRow>> = HashMap::new();
        for message in &evidence.snapshot.messages {
            messages.entry(message.mail_id).or_default().push(message);
        }
        Self { evidence, rows, messages }
    }

    fn rows_of(&self, mail: &Mail) -> &[&'a MailRow] {
        self.rows.get(mail.ticket().as_str()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The messages of a mail, oldest first.
    fn messages_of(&self, row: &MailRow) -> &[&'a MessageRow] {
        self.messages.get(&row.id).map(Vec::as_slice).unwrap_or_default()
    }

    /// From the first time that a mail was sent to the last thing known of it.
    fn span_of(&self, mail: &Mail) -> Option<(Millis, Millis)> {
        let attempts = self.evidence.journal.attempts.iter().filter(|a| a.mail == mail.number);
        let (mut first, mut last) = (None, None);
        for attempt in attempts {
            first = Some(first.unwrap_or(attempt.sent).min(attempt.sent));
            last = Some(last.unwrap_or(attempt.ended).max(attempt.ended));
        }
        for message in self.rows_of(mail).iter().flat_map(|row| self.messages_of(row)) {
            last = last.max(message.processed_at).max(message.dead_at);
        }
        first.zip(last)
    }
}
