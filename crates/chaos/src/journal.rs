//! What the run did and saw, by its own clock: the checker's witness.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use chrono::Utc;
use serde::Serialize;

use crate::fault::FaultKind;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

pub(crate) fn now() -> Millis {
    Utc::now().timestamp_millis()
}

/// One webhook as it was sent and answered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attempt {
    pub(crate) mail: usize,
    pub(crate) sent: Millis,
    pub(crate) ended: Millis,
    pub(crate) answer: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Answer {
    /// 200; `is_duplicate` is what the answer says.
    Accepted { email_id: i64, is_duplicate: bool },
    /// Another status.
    Status(u16),
    /// 200 with a body that is none of the contract's.
    Unreadable,
    /// Refused, cut or too late.
    None,
}

/// One fault as it was carried out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Injected {
    pub(crate) kind: FaultKind,
    /// Which service, by number; `None` is all, or none in particular.
    pub(crate) service: Option<usize>,
    pub(crate) began: Millis,
    /// When what was broken was given back: thawed, healed, started again.
    pub(crate) ended: Millis,
    /// What went against the contract in the act itself.
    pub(crate) violation: Option<String>,
}

/// One edit that MongoDB has acknowledged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Edited {
    /// By place in the plan.
    pub(crate) edit: usize,
    /// The client's order of entries afterwards, by key.
    pub(crate) order: Vec<String>,
    pub(crate) began: Millis,
    pub(crate) ended: Millis,
}

/// A relay's transaction that was seen open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Transaction {
    pub(crate) pid: i32,
    pub(crate) began: Millis,
    /// Where it was seen last.
    pub(crate) seen: Millis,
}

/// Everything, in the order of its end.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Journal {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) injected: Vec<Injected>,
    pub(crate) edited: Vec<Edited>,
    pub(crate) transactions: Vec<Transaction>,
    /// What the watcher saw go wrong while the run was on.
    pub(crate) sightings: Vec<Sighting>,
}

/// Something that may never be seen, at any moment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sighting {
    pub(crate) at: Millis,
    pub(crate) what: String,
}

/// Keeps the journal in memory, and line by line in a file for whom the run does not survive.
pub(crate) struct Recorder {
    kept: Mutex<(Journal, BufWriter<File>)>,
}

impl Recorder {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("couldn't write {}", path.display()))?;
        Ok(Self { kept: Mutex::new((Journal::default(), BufWriter::new(file))) })
    }

    pub(crate) fn attempt(&self, attempt: Attempt) {
        self.record("attempt", attempt, |journal| &mut journal.attempts);
    }

    pub(crate) fn injected(&self, injected: Injected) {
        self.record("fault", injected, |journal| &mut journal.injected);
    }

    pub(crate) fn edited(&self, edited: Edited) {
        self.record("edit", edited, |journal| &mut journal.edited);
    }

    pub(crate) fn transaction(&self, transaction: Transaction) {
        self.record("transaction", transaction, |journal| &mut journal.transactions);
    }

    pub(crate) fn sighting(&self, sighting: Sighting) {
        self.record("sighting", sighting, |journal| &mut journal.sightings);
    }

    /// A copy of all so far.
    pub(crate) fn journal(&self) -> Journal {
        let kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.0.clone()
    }

    fn record<T: Serialize>(
        &self,
        what: &str,
        event: T,
        list: impl FnOnce(&mut Journal) -> &mut Vec<T>,
    ) {
        let line = serde_json::json!({ what: &event });
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        list(&mut kept.0).push(event);
        // The copy in memory is what is checked; the file only helps a person.
        let _ = writeln!(kept.1, "{line}").and_then(|()| kept.1.flush());
    }
}
