//! Repairs: for each mail a new outbox row, which the relay's own code path delivers under the same
//! fence. Nothing here writes to MongoDB.

use std::collections::HashMap;
use std::time::{Duration, Instant};

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
}

/// Repairs these mails and waits for the outcomes.
pub async fn repair(
    reconciler: &Reconciler,
    halt: &Halt,
    email_ids: &[i32],
) -> Result<HashMap<i32, RepairOutcome>, RunError> {
    let mut outcomes = HashMap::new();
    for ids in email_ids.chunks(BATCH) {
        halt.check()?;
        let ids = ids.to_vec();
        let rows = reconciler.database.query(move |conn| enqueue(conn, &ids)).await?;
        outcomes.extend(rows.failed);
        let delivered = wait_for(reconciler, halt, &rows.by_email).await?;
        let goes_on = !delivered.values().any(|outcome| *outcome == RepairOutcome::Waiting);
        outcomes.extend(delivered);
        if !goes_on {
            warn!(reconciler.log, "repairs wait for MongoDB; the relay will deliver them");
            break;
        }
    }
    for id in email_ids {
        outcomes.entry(*id).or_insert(RepairOutcome::NotNeeded);
    }
    Ok(outcomes)
}

/// Writes the outcomes into the listed findings; returns how many were repaired and how many
/// failed.
pub fn mark(findings: &mut Findings, outcomes: &HashMap<i32, RepairOutcome>) -> (u64, u64) {
    let listed = findings.listed.iter_mut().filter(|finding| finding.repairable);
    for finding in listed {
        let outcome = finding.email_id.and_then(|id| outcomes.get(&id));
        finding.repaired = outcome == Some(&RepairOutcome::Repaired);
        finding.repair = outcome.map(RepairOutcome::text);
    }
    let count = |wanted: fn(&RepairOutcome) -> bool| {
        outcomes.values().filter(|outcome| wanted(outcome)).count() as u64
    };
    (
        count(|outcome| *outcome == RepairOutcome::Repaired),
        count(|outcome| matches!(outcome, RepairOutcome::Failed(_))),
    )
}

impl RepairOutcome {
    fn text(&self) -> String {
        match self {
            RepairOutcome::Repaired => "repaired".to_owned(),
            RepairOutcome::Superseded => "superseded".to_owned(),
            RepairOutcome::Failed(reason) => reason.clone(),
            RepairOutcome::Waiting => "waiting".to_owned(),
            RepairOutcome::NotNeeded => "not_needed".to_owned(),
        }
    }
}

#[derive(Default)]
struct Enqueued {
    /// Mail by outbox row.
    by_email: HashMap<i64, i32>,
    failed: HashMap<i32, RepairOutcome>,
}

fn enqueue(conn: &mut PgConnection, email_ids: &[i32]) -> diesel::QueryResult<Enqueued> {
    let mut enqueued = Enqueued::default();
    for mail in comparison::synced_by_ids(conn, email_ids)? {
        let Ok(subject) = Subject::read(&mail) else { continue };
        match enqueue_one(conn, &mail, &subject) {
            Ok(Some(id)) => drop(enqueued.by_email.insert(id, mail.id)),
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
    outbox_message::enqueue_repair(conn, mail.id, &payload, &key)
}

async fn wait_for(
    reconciler: &Reconciler,
    halt: &Halt,
    by_email: &HashMap<i64, i32>,
) -> Result<HashMap<i32, RepairOutcome>, RunError> {
    let emails: Vec<i32> = by_email.values().copied().collect();
    let deadline = Instant::now() + LONGEST_WAIT;
    loop {
        let batch_size = reconciler.settings.delivery.batch_size;
        let delivered =
            deliver_due(&reconciler.delivery, batch_size, halt, &reconciler.log).await?;
        let ids = emails.clone();
        let messages =
            reconciler.database.query(move |conn| outbox_message::of_emails(conn, &ids)).await?;
        let outcomes: HashMap<i32, RepairOutcome> = messages
            .iter()
            .filter_map(|message| Some((*by_email.get(&message.id)?, outcome(message))))
            .collect();
        let is_open = outcomes.values().any(|outcome| *outcome == RepairOutcome::Waiting);
        if !is_open || delivered.note.is_some() || Instant::now() > deadline {
            return Ok(outcomes);
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
