//! `outbox_messages`: every statement of the queue between ingest and MongoDB.
//!
//! Surprising rule: outside this module nothing writes to the table, and a mail's result is only
//! ever written together with its message ([`finish_email`], [`enqueue_repair`], [`reprocess`]).

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Json, Nullable, Text};
use serde::Serialize;
use serde_json::{Value, json};

use super::idempotency_key;
use super::incoming_email::{self, FinishedEmail, Lease};
use crate::payload::{AGGREGATE_TYPE, DebtUpdate};
use crate::schema::{incoming_emails, outbox_messages};
use crate::status::Operation;

/// The channel that wakes the relays. Sent after the commit, never inside the transaction: a
/// NOTIFY inside would make all commits of a database queue up behind one lock.
pub const CHANNEL: &str = "outbox_messages";

/// A message that this transaction has locked.
#[derive(Clone, Debug, QueryableByName)]
pub struct ClaimedMessage {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub aggregate_type: String,
    #[diesel(sql_type = Text)]
    pub aggregate_id: String,
    #[diesel(sql_type = Text)]
    pub operation: String,
    /// As text: one payload that no parser takes must not make the whole claim fail.
    #[diesel(sql_type = Text)]
    pub payload: String,
    #[diesel(sql_type = Text)]
    pub idempotency_key: String,
    #[diesel(sql_type = Integer)]
    pub retry_count: i32,
    #[diesel(sql_type = Integer)]
    pub max_retries: i32,
    /// Seconds since the message was committed, by the database's clock.
    #[diesel(sql_type = Double)]
    pub age_seconds: f64,
}

/// Locks up to `limit` due messages in the order of delivery, skipping what other relays hold.
///
/// `from_id` is where to begin; 0 sees all. The locks last until the caller's transaction ends.
pub fn claim_due(
    conn: &mut PgConnection,
    from_id: i64,
    limit: i64,
) -> QueryResult<Vec<ClaimedMessage>> {
    diesel::sql_query(
        "SELECT id, aggregate_type, aggregate_id, operation, payload::text AS payload,
                idempotency_key, retry_count, max_retries,
                extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_seconds
           FROM outbox_messages
          WHERE processed_at IS NULL AND dead_at IS NULL AND next_attempt_at <= now()
            AND id >= $1
          ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED",
    )
    .bind::<BigInt, _>(from_id)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// What became of one claimed message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageOutcome {
    pub id: i64,
    pub end: MessageEnd,
    /// The matching library's sentences; `None` keeps what is there.
    pub match_reasons: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MessageEnd {
    /// MongoDB has it, or has something newer; the note says `superseded` in that case.
    Processed { note: Option<&'static str> },
    /// Spends one retry.
    Retry { after: Duration, reason: String },
    /// Comes again without spending one: its entry changed under the write.
    Defer { after: Duration, reason: String },
    /// `error_message` begins with `review:` or `failed:`.
    Dead { error_message: String },
}

/// Writes all outcomes of a batch in one statement.
pub fn record_outcomes(conn: &mut PgConnection, outcomes: &[MessageOutcome]) -> QueryResult<usize> {
    if outcomes.is_empty() {
        return Ok(0);
    }
    let mut ids = Vec::with_capacity(outcomes.len());
    let mut ends = Vec::with_capacity(outcomes.len());
    let mut delays = Vec::with_capacity(outcomes.len());
    let mut notes: Vec<Option<&str>> = Vec::with_capacity(outcomes.len());
    let mut reasons = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let (end, delay, note) = match &outcome.end {
            MessageEnd::Processed { note } => ("processed", 0.0, *note),
            MessageEnd::Retry { after, reason } => {
                ("retry", after.as_secs_f64(), Some(reason.as_str()))
            }
            MessageEnd::Defer { after, reason } => {
                ("defer", after.as_secs_f64(), Some(reason.as_str()))
            }
            MessageEnd::Dead { error_message } => ("dead", 0.0, Some(error_message.as_str())),
        };
        ids.push(outcome.id);
        ends.push(end);
        delays.push(delay);
        notes.push(note);
        reasons.push(outcome.match_reasons.as_ref().map(|reasons| json!(reasons)));
    }
    diesel::sql_query(
        "UPDATE outbox_messages m
            SET processed_at = CASE o.ending WHEN 'processed' THEN now() END,
                dead_at = CASE o.ending WHEN 'dead' THEN now() END,
                retry_count = m.retry_count + CASE o.ending WHEN 'retry' THEN 1 ELSE 0 END,
                next_attempt_at = now() + make_interval(secs => o.delay),
                error_message = o.note,
                match_reasons = coalesce(o.reasons, m.match_reasons)
           FROM unnest($1::bigint[], $2::text[], $3::float8[], $4::text[], $5::json[])
                  AS o (id, ending, delay, note, reasons)
          WHERE m.id = o.id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(ends)
    .bind::<Array<Double>, _>(delays)
    .bind::<Array<Nullable<Text>>, _>(notes)
    .bind::<Array<Nullable<Json>>, _>(reasons)
    .execute(conn)
}

/// Whether a worker could still finish its mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Committed; the key of the outbox message where there is one.
    Finished { idempotency_key: Option<String> },
    /// The lease ran out and the mail belongs to somebody else: nothing was written.
    LeaseLost,
}

/// Ends a mail's way through ingest: its result, its outbox message and its idempotency key commit
/// together or not at all.
///
/// `key` is the idempotency key of `update`. Where the mail has an older message (it was
/// reprocessed), the new one is a repair under a key of its own, so that it may replace what the
/// older one wrote.
pub fn finish_email(
    conn: &mut PgConnection,
    lease: Lease,
    finished: &FinishedEmail,
    update: Option<(&DebtUpdate, &str)>,
) -> QueryResult<Finish> {
    conn.transaction(|conn| {
        let aggregate_id = lease.email_id.to_string();
        let message = match update {
            None => None,
            Some((update, key)) => {
                let earlier = newest_message(conn, &aggregate_id)?;
                // A message that was delivered long ago may have been cleaned up since.
                let is_first = earlier.is_none() && !was_delivered(conn, lease.email_id)?;
                let operation = if is_first { Operation::Update } else { Operation::Repair };
                Some((operation, key_after(key, earlier), update.to_json()))
            }
        };
        let idempotency_key = message.as_ref().map(|(_, key, _)| key.clone());
        let finished =
            FinishedEmail { idempotency_key: idempotency_key.clone(), ..finished.clone() };
        if !incoming_email::finish(conn, lease, &finished)? {
            return Ok(Finish::LeaseLost);
        }
        if let Some((operation, key, payload)) = &message {
            let id = insert(conn, &aggregate_id, *operation, payload, key)?;
            idempotency_key::store(
                conn,
                key,
                &json!({ "outbox_id": id }),
                idempotency_key::DEFAULT_TTL,
            )?;
        }
        Ok(Finish::Finished { idempotency_key })
    })
}

/// Puts a mail's update into the outbox once more, as a repair. The mail counts as pending until the
/// relay has delivered it.
///
/// `after` is the mail's newest message, from which the payload was read. Returns the new message's
/// id, or `None` where the mail is no longer synced or has a newer message: whatever happened to it
/// since knows more than this payload.
pub fn enqueue_repair(
    conn: &mut PgConnection,
    email_id: i32,
    after: Option<i64>,
    payload: &Value,
    key: &str,
) -> QueryResult<Option<i64>> {
    conn.transaction(|conn| {
        let aggregate_id = email_id.to_string();
        if !lock_synced_email(conn, email_id)?
            || waiting_message(conn, &aggregate_id)?.is_some()
            || newest_message(conn, &aggregate_id)? != after
        {
            return Ok(None);
        }
        let key = key_after(key, after);
        let id = insert(conn, &aggregate_id, Operation::Repair, payload, &key)?;
        diesel::sql_query(
            "UPDATE incoming_emails SET sync_status = 'pending', updated_at = now() WHERE id = $1",
        )
        .bind::<Integer, _>(email_id)
        .execute(conn)?;
        Ok(Some(id))
    })
}

/// Why a mail cannot be sent through ingest again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reprocess {
    Reset,
    NoSuchEmail,
    /// This message of the mail still waits for delivery.
    MessageWaits(i64),
}

/// Sends a mail through ingest again. A dead message of it is discarded, because the new result
/// takes its place.
pub fn reprocess(conn: &mut PgConnection, email_id: i32) -> QueryResult<Reprocess> {
    conn.transaction(|conn| {
        let aggregate_id = email_id.to_string();
        lock_email(conn, email_id)?;
        if let Some(id) = waiting_message(conn, &aggregate_id)? {
            return Ok(Reprocess::MessageWaits(id));
        }
        diesel::sql_query(
            "UPDATE outbox_messages
                SET processed_at = now(), dead_at = NULL,
                    error_message = 'discarded: reprocessed; was ' || error_message
              WHERE aggregate_type = $1 AND aggregate_id = $2 AND dead_at IS NOT NULL",
        )
        .bind::<Text, _>(AGGREGATE_TYPE)
        .bind::<Text, _>(&aggregate_id)
        .execute(conn)?;
        let reset = incoming_email::reset_for_reprocessing(conn, email_id)?;
        Ok(if reset { Reprocess::Reset } else { Reprocess::NoSuchEmail })
    })
}

/// Wakes the relays. Call it after the commit, on its own.
pub fn notify(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(&format!("NOTIFY {CHANNEL}"))
}

fn insert(
    conn: &mut PgConnection,
    aggregate_id: &str,
    operation: Operation,
    payload: &Value,
    key: &str,
) -> QueryResult<i64> {
    diesel::insert_into(outbox_messages::table)
        .values((
            outbox_messages::aggregate_type.eq(AGGREGATE_TYPE),
            outbox_messages::aggregate_id.eq(aggregate_id),
            outbox_messages::operation.eq(operation.as_str()),
            outbox_messages::payload.eq(payload),
            outbox_messages::idempotency_key.eq(key),
        ))
        .returning(outbox_messages::id)
        .get_result(conn)
}

/// The first message of a mail has the plain key; a later one adds the id of the one before it,
/// which no other message has before it.
fn key_after(key: &str, earlier: Option<i64>) -> String {
    earlier.map_or_else(|| key.to_owned(), |earlier| format!("{key}:{earlier}"))
}

/// Serialises everything that puts a message of one mail into the outbox.
fn lock_email(conn: &mut PgConnection, email_id: i32) -> QueryResult<()> {
    diesel::sql_query("SELECT 1 FROM incoming_emails WHERE id = $1 FOR UPDATE")
        .bind::<Integer, _>(email_id)
        .execute(conn)
        .map(drop)
}

/// As [`lock_email`]; whether the mail counts as synced, asked under the lock.
fn lock_synced_email(conn: &mut PgConnection, email_id: i32) -> QueryResult<bool> {
    diesel::sql_query(
        "SELECT 1 FROM incoming_emails WHERE id = $1 AND sync_status = 'synced' FOR UPDATE",
    )
    .bind::<Integer, _>(email_id)
    .execute(conn)
    .map(|rows| rows == 1)
}

fn newest_message(conn: &mut PgConnection, aggregate_id: &str) -> QueryResult<Option<i64>> {
    outbox_messages::table
        .filter(outbox_messages::aggregate_type.eq(AGGREGATE_TYPE))
        .filter(outbox_messages::aggregate_id.eq(aggregate_id))
        .select(diesel::dsl::max(outbox_messages::id))
        .first(conn)
}

fn was_delivered(conn: &mut PgConnection, email_id: i32) -> QueryResult<bool> {
    incoming_emails::table
        .find(email_id)
        .select(incoming_emails::matched_at.is_not_null())
        .first(conn)
}

fn waiting_message(conn: &mut PgConnection, aggregate_id: &str) -> QueryResult<Option<i64>> {
    outbox_messages::table
        .filter(outbox_messages::aggregate_type.eq(AGGREGATE_TYPE))
        .filter(outbox_messages::aggregate_id.eq(aggregate_id))
        .filter(outbox_messages::processed_at.is_null())
        .filter(outbox_messages::dead_at.is_null())
        .select(outbox_messages::id)
        .first(conn)
        .optional()
}

/// A row as the operators' commands and the reconciler see it.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = outbox_messages, check_for_backend(Pg))]
pub struct OutboxMessage {
    pub id: i64,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub operation: String,
    pub payload: StoredPayload,
    pub idempotency_key: String,
    pub created_at: DateTime<Utc>,
    pub processed_at: Option<DateTime<Utc>>,
    pub retry_count: i32,
    pub max_retries: i32,
    pub error_message: Option<String>,
    pub next_attempt_at: DateTime<Utc>,
    pub dead_at: Option<DateTime<Utc>>,
    pub match_reasons: Option<Value>,
}

/// A payload as it stands in the table. What Postgres takes for JSON and serde does not (too deep, a
/// number beyond a double) becomes its own text, so that a person can still look at it.
#[derive(Clone, Debug, PartialEq, Serialize, FromSqlRow)]
#[serde(transparent)]
pub struct StoredPayload(pub Value);

impl FromSql<Json, Pg> for StoredPayload {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let text = String::from_utf8_lossy(bytes.as_bytes());
        Ok(Self(serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))))
    }
}

/// All messages of the given mails, oldest first.
pub fn of_emails(conn: &mut PgConnection, email_ids: &[i32]) -> QueryResult<Vec<OutboxMessage>> {
    let aggregate_ids: Vec<String> = email_ids.iter().map(ToString::to_string).collect();
    outbox_messages::table
        .filter(outbox_messages::aggregate_type.eq(AGGREGATE_TYPE))
        .filter(outbox_messages::aggregate_id.eq_any(aggregate_ids))
        .select(OutboxMessage::as_select())
        .order(outbox_messages::id)
        .load(conn)
}

/// Dead messages, newest first; `code` is the beginning of `error_message`, such as `review:`.
pub fn list_dead(
    conn: &mut PgConnection,
    code: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<OutboxMessage>> {
    let mut query = outbox_messages::table
        .filter(outbox_messages::dead_at.is_not_null())
        .select(OutboxMessage::as_select())
        .into_boxed();
    if let Some(code) = code {
        let pattern = format!("{}%", code.replace(['%', '_', '\\'], ""));
        query = query.filter(outbox_messages::error_message.like(pattern));
    }
    query.order(outbox_messages::id.desc()).limit(limit).load(conn)
}

pub fn find(conn: &mut PgConnection, id: i64) -> QueryResult<Option<OutboxMessage>> {
    outbox_messages::table.find(id).select(OutboxMessage::as_select()).first(conn).optional()
}

/// Gives dead messages back to the relay with all their retries; their mails wait again. Returns
/// the ids that were dead.
pub fn retry_dead(conn: &mut PgConnection, ids: &[i64]) -> QueryResult<Vec<i64>> {
    conn.transaction(|conn| {
        let revived: Vec<(i64, String)> = diesel::update(
            outbox_messages::table
                .filter(outbox_messages::id.eq_any(ids))
                .filter(outbox_messages::dead_at.is_not_null()),
        )
        .set((
            outbox_messages::dead_at.eq(None::<DateTime<Utc>>),
            outbox_messages::error_message.eq(None::<String>),
            outbox_messages::retry_count.eq(0),
            outbox_messages::next_attempt_at.eq(diesel::dsl::now),
        ))
        .returning((outbox_messages::id, outbox_messages::aggregate_id))
        .get_results(conn)?;
        let emails: Vec<i32> = revived.iter().filter_map(|(_, id)| id.parse().ok()).collect();
        diesel::sql_query(
            "UPDATE incoming_emails
                SET processing_status = 'matching', match_status = NULL, sync_status = 'pending',
                    sync_error = NULL, updated_at = now()
              WHERE id = ANY($1)",
        )
        .bind::<Array<Integer>, _>(emails)
        .execute(conn)?;
        Ok(revived.into_iter().map(|(id, _)| id).collect())
    })
}

/// Closes dead messages for good, because a person has dealt with them. The row stays, with its
/// reason, until the clean-up. Returns the ids that were dead.
pub fn discard_dead(conn: &mut PgConnection, ids: &[i64]) -> QueryResult<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    diesel::sql_query(
        "UPDATE outbox_messages
            SET processed_at = now(), dead_at = NULL,
                error_message = 'discarded: was ' || error_message
          WHERE id = ANY($1) AND dead_at IS NOT NULL
         RETURNING id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .get_results::<Row>(conn)
    .map(|rows| rows.into_iter().map(|row| row.id).collect())
}

/// Figures for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, QueryableByName)]
pub struct QueueFigures {
    #[diesel(sql_type = BigInt)]
    pub pending: i64,
    /// Of the oldest pending message, in seconds; 0 where nothing is pending.
    #[diesel(sql_type = Double)]
    pub oldest_pending_age_seconds: f64,
    /// Dead because a person must decide.
    #[diesel(sql_type = BigInt)]
    pub dead_for_review: i64,
    /// Dead because something broke.
    #[diesel(sql_type = BigInt)]
    pub dead_as_failed: i64,
}

pub fn figures(conn: &mut PgConnection) -> QueryResult<QueueFigures> {
    diesel::sql_query(
        "SELECT p.pending, p.oldest_pending_age_seconds, d.dead_for_review, d.dead_as_failed
           FROM (SELECT count(*) AS pending,
                        coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
                          AS oldest_pending_age_seconds
                   FROM outbox_messages WHERE processed_at IS NULL AND dead_at IS NULL) p,
                (SELECT count(*) FILTER (WHERE error_message LIKE 'review:%') AS dead_for_review,
                        count(*) FILTER (WHERE error_message NOT LIKE 'review:%') AS dead_as_failed
                   FROM outbox_messages WHERE dead_at IS NOT NULL) d",
    )
    .get_result(conn)
}

/// Deletes at most `limit` messages that were processed more than 30 days ago, and returns how
/// many. Dead ones stay.
pub fn delete_old_processed(conn: &mut PgConnection, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM outbox_messages WHERE id IN
         (SELECT id FROM outbox_messages WHERE processed_at < now() - interval '30 days'
           ORDER BY processed_at LIMIT $1)",
    )
    .bind::<BigInt, _>(limit)
    .execute(conn)
}
