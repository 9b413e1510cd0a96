//! One step of the relay: one batch in one transaction.
//!
//! Surprising rule: the row locks are held over the MongoDB write. A crash then frees the rows at
//! once, and each row is updated only once; the price, a pinned xmin horizon, is bounded by the
//! write timeout, after which everything rolls back. `docs/adr/0001-locks-over-the-write.md` weighs
//! it against a committed lease.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clients::fence::Operation;
use clients::guard::GuardSettings;
use clients::plan::{Message, Outcome};
use clients::store::{ClientStore, StoreError};
use diesel::{Connection, PgConnection};
use domain::database::{Database, DatabaseError};
use domain::fence::Fence;
use domain::models::incoming_email::{self, MailOfMessage, SyncOutcome};
use domain::models::outbox_message::{self, ClaimedMessage, MessageEnd, MessageOutcome};
use domain::payload::{AGGREGATE_TYPE, DebtUpdate, PayloadError};
use slog::{Logger, debug, info, warn};
use tokio::runtime::Handle;

use crate::outcome::{self, Attempts, End};
use crate::retry::RetrySchedule;
use crate::settings::DeliverySettings;

/// What one step needs. Clones share pool and client.
#[derive(Clone)]
pub struct Delivery {
    pub database: Database,
    pub store: ClientStore,
    pub write_timeout: Duration,
    pub guard: GuardSettings,
    pub schedule: RetrySchedule,
    pub log: Logger,
}

/// What one batch did.
#[derive(Clone, Debug, Default)]
pub struct BatchReport {
    pub claimed: usize,
    /// The last claimed message's id; 0 where nothing was claimed.
    pub last_id: i64,
    /// How long the claim itself took.
    pub claim_time: Duration,
    /// By label of `claimsync_outbox_outcomes_total`.
    pub outcomes: HashMap<&'static str, u64>,
    /// Seconds from commit in Postgres to MongoDB's acknowledgement, for each message applied.
    pub delivery_seconds: Vec<f64>,
}

/// Why a batch was rolled back. No row was changed and no retry spent.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading and writing took longer than the rows may be locked.
    #[error("MongoDB did not finish within {} ms", .0.as_millis())]
    Timeout(Duration),
}

impl From<diesel::result::Error> for BatchError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Delivery {
    pub fn new(
        database: Database,
        store: ClientStore,
        settings: &DeliverySettings,
        log: Logger,
    ) -> Self {
        Self {
            database,
            store,
            write_timeout: settings.write_timeout,
            guard: settings.guard(),
            schedule: settings.retry_schedule(),
            log,
        }
    }

    /// Delivers up to `limit` due messages and returns when their outcomes are committed.
    pub async fn relay_batch(&self, limit: u32) -> Result<BatchReport, BatchError> {
        self.relay_batch_from(0, limit).await
    }

    /// As [`Self::relay_batch`], for messages with this id or a higher one.
    pub async fn relay_batch_from(
        &self,
        from_id: i64,
        limit: u32,
    ) -> Result<BatchReport, BatchError> {
        let delivery = self.clone();
        let runtime = Handle::current();
        self.database
            .run(move |conn| {
                conn.transaction(|conn| {
                    let began = Instant::now();
                    let claimed = outbox_message::claim_due(conn, from_id, i64::from(limit))?;
                    let claim_time = began.elapsed();
                    let report = delivery.relay_claimed(conn, &claimed, &runtime)?;
                    Ok(BatchReport { claim_time, ..report })
                })
            })
            .await
    }

    fn relay_claimed(
        &self,
        conn: &mut PgConnection,
        claimed: &[ClaimedMessage],
        runtime: &Handle,
    ) -> Result<BatchReport, BatchError> {
        let Some(last) = claimed.last() else { return Ok(BatchReport::default()) };
        let started = Instant::now();
        let mails = mails_of(conn, claimed)?;
        let read: Vec<Result<Letter, End>> =
            claimed.iter().map(|message| read(message, &mails)).collect();
        let letters: Vec<&Letter> = read.iter().flatten().collect();
        let mut outcomes = runtime.block_on(self.deliver(&letters))?.into_iter();

        let mut report =
            BatchReport { claimed: claimed.len(), last_id: last.id, ..BatchReport::default() };
        let mut message_outcomes = Vec::with_capacity(claimed.len());
        let mut email_outcomes: HashMap<i32, SyncOutcome> = HashMap::new();
        for (message, letter) in claimed.iter().zip(&read) {
            let (end, reasons) = match letter {
                Err(end) => (end.clone(), None),
                Ok(_) => {
                    let outcome = outcomes.next().expect("one outcome for each letter");
                    let end = outcome::end_of(&outcome, attempts(message), self.schedule);
                    (end, Some(outcome.reasons))
                }
            };
            if end.label == "applied" {
                report.delivery_seconds.push(message.age_seconds + started.elapsed().as_secs_f64());
            }
            *report.outcomes.entry(end.label).or_default() += 1;
            if let Some(email_id) = email_id(message) {
                self.log_outcome(message, email_id, mails.get(&email_id), &end);
                // The newest message of a mail speaks for it, whatever became of older ones.
                email_outcomes.insert(email_id, end.email);
            }
            message_outcomes.push(MessageOutcome {
                id: message.id,
                end: end.message,
                match_reasons: reasons,
            });
        }
        outbox_message::record_outcomes(conn, &message_outcomes)?;
        let email_outcomes: Vec<(i32, SyncOutcome)> = email_outcomes.into_iter().collect();
        incoming_email::record_sync(conn, &email_outcomes)?;
        Ok(report)
    }

    /// Matches, guards and writes: everything of a batch that touches MongoDB, within the limit.
    async fn deliver(&self, letters: &[&Letter]) -> Result<Vec<Outcome>, BatchError> {
        if letters.is_empty() {
            return Ok(Vec::new());
        }
        let messages: Vec<Message<'_>> = letters
            .iter()
            .map(|letter| Message {
                outbox_id: letter.outbox_id,
                fence: letter.fence,
                operation: letter.operation,
                update: &letter.update,
            })
            .collect();
        let work = self.store.deliver(&messages, self.guard);
        match tokio::time::timeout(self.write_timeout, work).await {
            Ok(outcomes) => Ok(outcomes?),
            Err(_) => Err(BatchError::Timeout(self.write_timeout)),
        }
    }

    fn log_outcome(
        &self,
        message: &ClaimedMessage,
        email_id: i32,
        mail: Option<&MailOfMessage>,
        end: &End,
    ) {
        let log = self.log.new(slog::o!(
            "outbox_id" => message.id,
            "email_id" => email_id,
            "idempotency_key" => message.idempotency_key.clone(),
            "operation" => message.operation.clone(),
            "request_id" => mail.and_then(|mail| mail.request_id.clone()),
            "saga_step" => "deliver",
            "outcome" => end.label,
        ));
        match &end.message {
            MessageEnd::Processed { .. } => debug!(log, "message processed"),
            MessageEnd::Retry { after, reason } => {
                info!(log, "message will be tried again"; "reason" => reason, "after_ms" => after.as_millis());
            }
            MessageEnd::Defer { reason, .. } => debug!(log, "message deferred"; "reason" => reason),
            MessageEnd::Dead { error_message } => {
                warn!(log, "message is dead"; "error_message" => error_message);
            }
        }
    }
}

/// A message whose payload could be read.
struct Letter {
    outbox_id: i64,
    fence: Fence,
    operation: Operation,
    update: DebtUpdate,
}

fn read(message: &ClaimedMessage, mails: &HashMap<i32, MailOfMessage>) -> Result<Letter, End> {
    if message.aggregate_type != AGGREGATE_TYPE {
        return Err(outcome::unreadable(
            "unknown_aggregate_type",
            "this build delivers no such messages",
        ));
    }
    let operation = match message.operation.parse() {
        Ok(domain::status::Operation::Update) => Operation::Update,
        Ok(domain::status::Operation::Repair) => Operation::Repair,
        Err(_) => {
            return Err(outcome::unreadable(
                "unknown_operation",
                "this build knows UPDATE and REPAIR",
            ));
        }
    };
    let Some(mail) = email_id(message).and_then(|id| mails.get(&id)) else {
        return Err(outcome::unreadable("unknown_email", "aggregate_id names no mail"));
    };
    let json = serde_json::from_str(&message.payload).map_err(|_| {
        outcome::unreadable("unreadable_payload", "it is not JSON that can be read")
    })?;
    let update = DebtUpdate::from_json(&json).map_err(|error| match error {
        PayloadError::UnknownVersion(_) => {
            outcome::unreadable("unknown_payload_version", &error.to_string())
        }
        PayloadError::Unreadable(_) => {
            outcome::unreadable("unreadable_payload", &error.to_string())
        }
    })?;
    let received_at: DateTime<Utc> = update.received_at.unwrap_or(mail.received_at);
    let fence = Fence::new(received_at, i64::from(mail.id));
    Ok(Letter { outbox_id: message.id, fence, operation, update })
}

fn mails_of(
    conn: &mut PgConnection,
    claimed: &[ClaimedMessage],
) -> diesel::QueryResult<HashMap<i32, MailOfMessage>> {
    let ids: Vec<i32> = claimed.iter().filter_map(email_id).collect();
    let mails = incoming_email::of_messages(conn, &ids)?;
    Ok(mails.into_iter().map(|mail| (mail.id, mail)).collect())
}

fn email_id(message: &ClaimedMessage) -> Option<i32> {
    message.aggregate_id.parse().ok()
}

fn attempts(message: &ClaimedMessage) -> Attempts {
    Attempts {
        spent: message.retry_count.try_into().unwrap_or(0),
        allowed: message.max_retries.try_into().unwrap_or(0),
        age: Duration::from_secs_f64(message.age_seconds.max(0.0)),
        jitter: rand::random(),
    }
}
