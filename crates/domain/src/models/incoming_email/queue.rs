//! The durable queue that ingest's workers take mails from: all of its statements.
//!
//! Who works on a mail holds a lease with a token. Whatever a worker writes names the token, so that
//! one whose lease ran out, and whose mail another has, writes nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Double, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde_json::Value;
use uuid::Uuid;

use crate::status::{MatchStatus, ProcessingStatus, SyncStatus};

/// The right to work on one mail until the lease ends. Whoever finishes must still hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub email_id: i32,
    pub token: Uuid,
}

/// A mail that a worker holds.
#[derive(Clone, Debug, QueryableByName)]
pub struct ClaimedEmail {
    #[diesel(sql_type = Integer)]
    pub id: i32,
    #[diesel(sql_type = SqlUuid)]
    pub lease_token: Uuid,
    /// How often a worker has taken this mail, this time included.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Text)]
    pub from_email: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub from_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub raw_body_html: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub raw_body_text: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub request_id: Option<String>,
}

impl ClaimedEmail {
    pub fn lease(&self) -> Lease {
        Lease { email_id: self.id, token: self.lease_token }
    }
}

/// Takes up to `limit` mails that wait, or whose worker's lease ran out, oldest first. One token
/// covers the whole claim.
pub fn claim(
    conn: &mut PgConnection,
    limit: i64,
    lease: Duration,
) -> QueryResult<Vec<ClaimedEmail>> {
    let mut claimed: Vec<ClaimedEmail> = diesel::sql_query(
        "UPDATE incoming_emails
            SET processing_status = 'parsing', lease_token = $1,
                lease_expires_at = now() + make_interval(secs => $2),
                attempts = attempts + 1, updated_at = now()
          WHERE id IN (
            SELECT id FROM incoming_emails
             WHERE coalesce(processing_status, 'received')
                     IN ('received', 'parsing', 'parsed', 'extracting', 'extracted')
               AND (lease_expires_at IS NULL OR lease_expires_at <= now())
               AND next_attempt_at <= now()
             ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING id, lease_token, attempts, from_email, from_name, subject, raw_body_html,
                   raw_body_text, received_at, request_id",
    )
    .bind::<SqlUuid, _>(Uuid::new_v4())
    .bind::<Double, _>(lease.as_secs_f64())
    .bind::<BigInt, _>(limit)
    .get_results(conn)?;
    claimed.sort_by_key(|mail| mail.id);
    Ok(claimed)
}

/// Shows that a mail waits for a model provider. `false`: the lease is lost.
pub fn mark_extracting(conn: &mut PgConnection, lease: Lease) -> QueryResult<bool> {
    diesel::sql_query(
        "UPDATE incoming_emails SET processing_status = 'extracting', updated_at = now()
          WHERE id = $1 AND lease_token = $2 AND lease_expires_at > now()",
    )
    .bind::<Integer, _>(lease.email_id)
    .bind::<SqlUuid, _>(lease.token)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Gives a mail back, to be tried again after `delay`; the attempt does not count, because what
/// failed was not the mail. `false`: the lease is lost.
pub fn postpone(
    conn: &mut PgConnection,
    lease: Lease,
    delay: Duration,
    reason: &str,
) -> QueryResult<bool> {
    give_back(conn, lease, Attempt::TakenBack, delay, reason)
}

/// Gives a mail back after its processing broke, to be tried again after `delay`; the attempt
/// counts. `false`: the lease is lost.
pub fn retry_later(
    conn: &mut PgConnection,
    lease: Lease,
    delay: Duration,
    reason: &str,
) -> QueryResult<bool> {
    give_back(conn, lease, Attempt::Counted, delay, reason)
}

/// What becomes of the attempt that [`claim`] counted.
#[derive(Clone, Copy)]
enum Attempt {
    Counted,
    TakenBack,
}

fn give_back(
    conn: &mut PgConnection,
    lease: Lease,
    attempt: Attempt,
    delay: Duration,
    reason: &str,
) -> QueryResult<bool> {
    let taken_back = match attempt {
        Attempt::Counted => 0,
        Attempt::TakenBack => 1,
    };
    diesel::sql_query(
        "UPDATE incoming_emails
            SET processing_status = 'received', lease_token = NULL, lease_expires_at = NULL,
                attempts = greatest(attempts - $5, 0), processing_error = $3,
                next_attempt_at = now() + make_interval(secs => $4), updated_at = now()
          WHERE id = $1 AND lease_token = $2",
    )
    .bind::<Integer, _>(lease.email_id)
    .bind::<SqlUuid, _>(lease.token)
    .bind::<Text, _>(reason)
    .bind::<Double, _>(delay.as_secs_f64())
    .bind::<Integer, _>(taken_back)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Holds what is left of a claim for another `lease` from now. Returns how many mails are still
/// held; one whose lease ran out is not taken back.
pub fn renew(conn: &mut PgConnection, token: Uuid, lease: Duration) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE incoming_emails
            SET lease_expires_at = now() + make_interval(secs => $2), updated_at = now()
          WHERE lease_token = $1 AND lease_expires_at > now()",
    )
    .bind::<SqlUuid, _>(token)
    .bind::<Double, _>(lease.as_secs_f64())
    .execute(conn)
}

/// Gives mails of one claim back untouched, to be taken by anybody at once; the attempt does not
/// count. Returns how many were still held.
pub fn release(conn: &mut PgConnection, token: Uuid, email_ids: &[i32]) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE incoming_emails
            SET processing_status = 'received', lease_token = NULL, lease_expires_at = NULL,
                attempts = greatest(attempts - 1, 0), updated_at = now()
          WHERE lease_token = $1 AND id = ANY($2)",
    )
    .bind::<SqlUuid, _>(token)
    .bind::<Array<Integer>, _>(email_ids)
    .execute(conn)
}

/// How a mail leaves ingest.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedEmail {
    pub cleaned_body: Option<String>,
    pub token_count_before: Option<i32>,
    pub token_count_after: Option<i32>,
    pub extracted_data: Option<Value>,
    pub processing_status: ProcessingStatus,
    pub processing_error: Option<String>,
    pub match_status: Option<MatchStatus>,
    pub sync_status: SyncStatus,
    pub idempotency_key: Option<String>,
}

/// Writes the result, if the lease is still held. `false`: it is not, and nothing was written.
///
/// Crate-private: outside, a result and its outbox row go through
/// [`outbox_message::finish_email`](crate::models::outbox_message::finish_email) together.
pub(in crate::models) fn finish(
    conn: &mut PgConnection,
    lease: Lease,
    finished: &FinishedEmail,
) -> QueryResult<bool> {
    diesel::sql_query(
        "UPDATE incoming_emails
            SET cleaned_body = $3, token_count_before = $4, token_count_after = $5,
                extracted_data = $6, processing_status = $7, processing_error = $8,
                match_status = $9, sync_status = $10, idempotency_key = $11,
                processed_at = now(), updated_at = now(),
                lease_token = NULL, lease_expires_at = NULL
          WHERE id = $1 AND lease_token = $2 AND lease_expires_at > now()",
    )
    .bind::<Integer, _>(lease.email_id)
    .bind::<SqlUuid, _>(lease.token)
    .bind::<Nullable<Text>, _>(&finished.cleaned_body)
    .bind::<Nullable<Integer>, _>(finished.token_count_before)
    .bind::<Nullable<Integer>, _>(finished.token_count_after)
    .bind::<Nullable<Json>, _>(&finished.extracted_data)
    .bind::<Text, _>(finished.processing_status)
    .bind::<Nullable<Text>, _>(&finished.processing_error)
    .bind::<Nullable<Text>, _>(finished.match_status)
    .bind::<Text, _>(finished.sync_status)
    .bind::<Nullable<Text>, _>(&finished.idempotency_key)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Sends a mail through ingest again, as if it had just been received. The caller has made sure
/// that no outbox row of it waits.
pub(in crate::models) fn reset_for_reprocessing(
    conn: &mut PgConnection,
    id: i32,
) -> QueryResult<bool> {
    diesel::sql_query(
        "UPDATE incoming_emails
            SET processing_status = 'received', processing_error = NULL, match_status = NULL,
                sync_status = 'pending', sync_error = NULL, sync_retry_count = 0,
                idempotency_key = NULL, lease_token = NULL, lease_expires_at = NULL, attempts = 0,
                next_attempt_at = now(), updated_at = now()
          WHERE id = $1",
    )
    .bind::<Integer, _>(id)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Mails that ingest has still to work on.
pub fn backlog(conn: &mut PgConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    diesel::sql_query(
        "SELECT count(*) AS count FROM incoming_emails
          WHERE coalesce(processing_status, 'received')
                  IN ('received', 'parsing', 'parsed', 'extracting', 'extracted')",
    )
    .get_result::<Row>(conn)
    .map(|row| row.count)
}
