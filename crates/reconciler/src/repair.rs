//! Repairs: for each mail a new outbox row, which the relay's own code path delivers under the same
//! fence. Nothing here writes to MongoDB.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::PgConnection;
use diesel::result::{DatabaseErrorKind, Error};
use domain::idempotency::idempotency_key;
use domain::models::comparison::{self, SyncedMail};
use domain::models::outbox_message::{self, OutboxMessage};
use domain::payload::AGGREGATE_TYPE;
use slog::warn;

use crate::compare::Subject;
use crate::deliver::deliver_due;
use crate::finding::Findings;
use crate::halt::Halt;
use crate::run::{Reconciler, RunError};

/// Rows that are put into the outbox and waited for together.
const BATCH: usize = 200;

/// How long the outcome of a batch is waited for; another relay may be delivering it.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// What became of the repair of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepairOutcome {
    /// The entry shows the mail now.
    Repaired,
    /// The entry shows something newer now, which is as good.
    Superseded,
    /// The row is dead, with its reason.
    Failed(String),
    /// The row still waits; the relay will deliver it.
    Waiting,
    /// No row was made: the mail changed, or a message of it waits already.
    NotNeeded,
    /// The run ended before the mail's turn came.
    NotAttempted,
}

/// What became of the repairs that a run wanted, by mail.
#[derive(Clone, Debug, Default)]
pub struct Repairs(HashMap<i32, RepairOutcome>);

/// Repairs these mails, waits for the outcomes and puts them into `repairs` as they come, so that a
/// repair that ends with an error leaves a true record. The note says why the rest was left.
pub async fn repair(
    reconciler: &Reconciler,
    halt: &Halt,
    email_ids: &[i32],
    repairs: &mut Repairs,
) -> Result<Option<String>, RunError> {
    repairs.0.extend(email_ids.iter().map(|id| (*id, RepairOutcome::NotAttempted)));
    for batch in email_ids.chunks(BATCH) {
        halt.check()?;
        let ids = batch.to_vec();
        let rows = reconciler.database.query(move |conn| enqueue(conn, &ids)).await?;
        repairs.0.extend(batch.iter().map(|id| (*id, RepairOutcome::NotNeeded)));
        repairs.0.extend(rows.failed);
        repairs.0.extend(rows.by_message.values().map(|id| (*id, RepairOutcome::Waiting)));
        let note = wait_for(reconciler, halt, &rows.by_message, repairs).await?;
        if note.is_some() {
            warn!(reconciler.log, "repairs wait for MongoDB; the relay will deliver them");
            return Ok(note);
        }
    }
    Ok(None)
}

impl Repairs {
    pub fn of(&self, email_id: i32) -> Option<&RepairOutcome> {
        self.0.get(&email_id)
    }

    pub fn repaired(&self) -> u64 {
        self.count(|outcome| *outcome == RepairOutcome::Repaired)
    }

    pub fn failed(&self) -> u64 {
        self.count(|outcome| matches!(outcome, RepairOutcome::Failed(_)))
    }

    fn count(&self, is_wanted: fn(&RepairOutcome) -> bool) -> u64 {
        self.0.values().filter(|outcome| is_wanted(outcome)).count() as u64
    }

    /// Writes the outcomes into the listed findings.
    pub fn mark(&self, findings: &mut Findings) {
        for finding in findings.listed.iter_mut().filter(|finding| finding.repairable) {
            let outcome = finding.email_id.and_then(|id| self.of(id));
            finding.repaired = outcome == Some(&RepairOutcome::Repaired);
            finding.repair = outcome.map(RepairOutcome::text);
        }
    }
}

impl RepairOutcome {
    fn text(&self) -> String {
        match self {
            RepairOutcome::Repaired => "repaired".to_owned(),
            RepairOutcome::Superseded => "superseded".to_owned(),
            RepairOutcome::Failed(reason) => reason.clone(),
            RepairOutcome::Waiting => "waiting".to_owned(),
            RepairOutcome::NotNeeded => "not_needed".to_owned(),
            RepairOutcome::NotAttempted => "not_attempted".to_owned(),
        }
    }
}

#[derive(Default)]
struct Enqueued {
    /// Mail by outbox row.
    by_message: HashMap<i64, i32>,
    failed: HashMap<i32, RepairOutcome>,
}

fn enqueue(conn: &mut PgConnection, email_ids: &[i32]) -> diesel::QueryResult<Enqueued> {
    let mut enqueued = Enqueued::default();
    for mail in comparison::synced_by_ids(conn, email_ids)? {
        let Ok(subject) = Subject::read(&mail) else { continue };
        match enqueue_one(conn, &mail, &subject) {
            Ok(Some(id)) => drop(enqueued.by_message.insert(id, mail.id)),
            Ok(None) => {}
            // One mail's keys must not keep the others from being repaired.
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                let reason = "failed:idempotency_key_taken".to_owned();
                enqueued.failed.insert(mail.id, RepairOutcome::Failed(reason));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(enqueued)
}

/// The same payload again, as its newest message has it.
fn enqueue_one(
    conn: &mut PgConnection,
    mail: &SyncedMail,
    subject: &Subject,
) -> diesel::QueryResult<Option<i64>> {
    let update = &subject.update;
    let stored = mail.payload.as_deref().and_then(|payload| serde_json::from_str(payload).ok());
    let payload = stored.unwrap_or_else(|| update.to_json());
    let key = idempotency_key(
        AGGREGATE_TYPE,
        &mail.id.to_string(),
        update.client_name.as_deref(),
        &update.creditor_email,
        update.new_debt_amount,
    );
    outbox_message::enqueue_repair(conn, mail.id, mail.outbox_id, &payload, &key)
}

/// Delivers the rows and waits for those that another relay has taken. Returns the note of a delivery
/// that left them.
async fn wait_for(
    reconciler: &Reconciler,
    halt: &Halt,
    by_message: &HashMap<i64, i32>,
    repairs: &mut Repairs,
) -> Result<Option<String>, RunError> {
    // What was due before is the business of the run's first step, and of the relays.
    let Some(first) = by_message.keys().min().copied() else { return Ok(None) };
    let emails: Vec<i32> = by_message.values().copied().collect();
    let deadline = Instant::now() + LONGEST_WAIT;
    loop {
        let batch_size = reconciler.settings.delivery.batch_size;
        let delivered =
            deliver_due(&reconciler.delivery, first, batch_size, halt, &reconciler.log).await?;
        let ids = emails.clone();
        let messages =
            reconciler.database.query(move |conn| outbox_message::of_emails(conn, &ids)).await?;
        let mut is_open = false;
        for message in &messages {
            let Some(email_id) = by_message.get(&message.id) else { continue };
            let outcome = outcome(message);
            // One that was put off for longer than anybody waits here holds up nothing.
            is_open |= outcome == RepairOutcome::Waiting
                && message.next_attempt_at < Utc::now() + LONGEST_WAIT;
            repairs.0.insert(*email_id, outcome);
        }
        if !is_open || delivered.note.is_some() || Instant::now() > deadline {
            return Ok(delivered.note);
        }
        halt.pause(POLL).await?;
    }
}

fn outcome(message: &OutboxMessage) -> RepairOutcome {
    let note = message.error_message.as_deref();
    match (message.processed_at, message.dead_at) {
        (Some(_), _) if note == Some(relay::outcome::SUPERSEDED) => RepairOutcome::Superseded,
        (Some(_), _) => RepairOutcome::Repaired,
        (None, Some(_)) => RepairOutcome::Failed(note.unwrap_or("failed:unknown").to_owned()),
        (None, None) => RepairOutcome::Waiting,
    }
}
