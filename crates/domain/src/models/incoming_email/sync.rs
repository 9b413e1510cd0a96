//! What the relay reads of a mail, and what it writes back once MongoDB has answered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text};

use crate::schema::incoming_emails;

/// The mail's part in what the relay does: its date is half of the fence where the payload has
/// none, and its request id belongs into every log line.
#[derive(Clone, Debug, Queryable)]
pub struct MailOfMessage {
    pub id: i32,
    pub received_at: DateTime<Utc>,
    pub request_id: Option<String>,
}

pub fn of_messages(conn: &mut PgConnection, ids: &[i32]) -> QueryResult<Vec<MailOfMessage>> {
    incoming_emails::table
        .filter(incoming_emails::id.eq_any(ids))
        .select((incoming_emails::id, incoming_emails::received_at, incoming_emails::request_id))
        .load(conn)
}

/// What the relay found out about one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncOutcome {
    /// MongoDB has it, or has something newer.
    Synced,
    /// Nothing is decided yet, and no retry was spent.
    Waiting,
    /// To be tried again; the reason is kept.
    Retrying { reason: String },
    /// A person must look.
    Dead { reason: String },
}

/// Writes the relay's outcomes, all in one statement.
pub fn record_sync(conn: &mut PgConnection, outcomes: &[(i32, SyncOutcome)]) -> QueryResult<usize> {
    if outcomes.is_empty() {
        return Ok(0);
    }
    let ids: Vec<i32> = outcomes.iter().map(|(id, _)| *id).collect();
    let kinds: Vec<&str> = outcomes
        .iter()
        .map(|(_, outcome)| match outcome {
            SyncOutcome::Synced => "synced",
            SyncOutcome::Waiting => "waiting",
            SyncOutcome::Retrying { .. } => "retrying",
            SyncOutcome::Dead { .. } => "dead",
        })
        .collect();
    let reasons: Vec<Option<&str>> = outcomes
        .iter()
        .map(|(_, outcome)| match outcome {
            SyncOutcome::Synced | SyncOutcome::Waiting => None,
            SyncOutcome::Retrying { reason } | SyncOutcome::Dead { reason } => {
                Some(reason.as_str())
            }
        })
        .collect();
    diesel::sql_query(
        "UPDATE incoming_emails e
            SET processing_status = CASE WHEN o.kind IN ('synced', 'dead') THEN 'completed'
                                         ELSE e.processing_status END,
                match_status = CASE o.kind WHEN 'synced' THEN 'auto_matched'
                                           WHEN 'dead' THEN 'needs_review'
                                           ELSE e.match_status END,
                matched_at = CASE o.kind WHEN 'synced' THEN now() ELSE e.matched_at END,
                match_confidence = CASE o.kind WHEN 'synced' THEN 100 ELSE e.match_confidence END,
                sync_status = CASE o.kind WHEN 'synced' THEN 'synced'
                                          WHEN 'dead' THEN 'failed' ELSE 'pending' END,
                sync_error = o.reason,
                sync_retry_count = e.sync_retry_count
                                   + CASE o.kind WHEN 'retrying' THEN 1 ELSE 0 END,
                updated_at = now()
           FROM unnest($1::int[], $2::text[], $3::text[]) AS o (id, kind, reason)
          WHERE e.id = o.id",
    )
    .bind::<Array<Integer>, _>(ids)
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<Nullable<Text>>, _>(reasons)
    .execute(conn)
}
