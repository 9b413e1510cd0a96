//! `incoming_emails`: every mail that a webhook was answered 200 for, and the durable queue that
//! ingest's workers take it from.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Double, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::schema::incoming_emails;
use crate::status::{MatchStatus, ProcessingStatus, SyncStatus};

/// A mail as the webhook gave it, cut to its columns.
#[derive(Clone, Debug, Default)]
pub struct NewIncomingEmail {
    pub zendesk_ticket_id: String,
    pub zendesk_webhook_id: Option<String>,
    /// Set where there is no webhook id.
    pub content_hash: Option<String>,
    pub from_email: String,
    pub from_name: Option<String>,
    pub subject: Option<String>,
    pub raw_body_html: Option<String>,
    pub raw_body_text: Option<String>,
    /// None or in the future: the database's now.
    pub received_at: Option<DateTime<Utc>>,
    pub envelope: Option<Value>,
    pub request_id: Option<String>,
}

/// What became of one inserted mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New(i32),
    /// The same webhook or the same content was here before.
    Duplicate(i32),
}

/// Inserts mails in one statement and says of each whether it is new. The unique indexes decide,
/// so two equal mails at once give one new and one duplicate.
pub fn accept(conn: &mut PgConnection, mails: &[NewIncomingEmail]) -> QueryResult<Vec<Accepted>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        position: i64,
        #[diesel(sql_type = Integer)]
        id: i32,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "WITH mails AS (
           SELECT * FROM unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[],
                                $5::varchar[], $6::varchar[], $7::text[], $8::text[],
                                $9::timestamptz[], $10::json[], $11::varchar[])
             WITH ORDINALITY AS m (ticket_id, webhook_id, content_hash, from_email, from_name,
                                   subject, html, body, received_at, envelope, request_id, position)
         ), inserted AS (
           INSERT INTO incoming_emails
             (zendesk_ticket_id, zendesk_webhook_id, content_hash, from_email, from_name, subject,
              raw_body_html, raw_body_text, received_at, envelope, request_id, processing_status)
           SELECT ticket_id, webhook_id, content_hash, from_email, from_name, subject,
                  html, body, least(coalesce(received_at, now()), now()), envelope, request_id,
                  'received'
             FROM mails ORDER BY position
           ON CONFLICT DO NOTHING
           RETURNING id, zendesk_webhook_id, content_hash
         )
         SELECT DISTINCT ON (i.id) m.position, i.id
           FROM inserted i JOIN mails m
             ON m.webhook_id = i.zendesk_webhook_id
             OR (m.webhook_id IS NULL AND m.content_hash = i.content_hash)
          ORDER BY i.id, m.position",
    )
    .bind::<Array<Text>, _>(column(mails, |m| m.zendesk_ticket_id.as_str()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.zendesk_webhook_id.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.content_hash.as_deref()))
    .bind::<Array<Text>, _>(column(mails, |m| m.from_email.as_str()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.from_name.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.subject.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.raw_body_html.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.raw_body_text.as_deref()))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(mails, |m| m.received_at))
    .bind::<Array<Nullable<Json>>, _>(column(mails, |m| m.envelope.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(column(mails, |m| m.request_id.as_deref()))
    .get_results(conn)?;

    let mut accepted: Vec<Option<Accepted>> = vec![None; mails.len()];
    for row in rows {
        if let Some(slot) =
            usize::try_from(row.position - 1).ok().and_then(|at| accepted.get_mut(at))
        {
            *slot = Some(Accepted::New(row.id));
        }
    }
    mails
        .iter()
        .zip(accepted)
        .map(|(mail, accepted)| match accepted {
            Some(accepted) => Ok(accepted),
            None => find_duplicate(conn, mail).map(Accepted::Duplicate),
        })
        .collect()
}

fn column<'a, T>(
    mails: &'a [NewIncomingEmail],
    field: impl Fn(&'a NewIncomingEmail) -> T,
) -> Vec<T> {
    mails.iter().map(field).collect()
}

/// The row that kept a mail out. A statement of its own, so that it sees what others committed.
fn find_duplicate(conn: &mut PgConnection, mail: &NewIncomingEmail) -> QueryResult<i32> {
    let query = incoming_emails::table.select(incoming_emails::id).into_boxed();
    match (&mail.zendesk_webhook_id, &mail.content_hash) {
        (Some(webhook_id), _) => {
            query.filter(incoming_emails::zendesk_webhook_id.eq(webhook_id)).first(conn)
        }
        (None, Some(hash)) => query.filter(incoming_emails::content_hash.eq(hash)).first(conn),
        (None, None) => Err(diesel::result::Error::NotFound),
    }
}

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
    lease: std::time::Duration,
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
    delay: std::time::Duration,
    reason: &str,
) -> QueryResult<bool> {
    diesel::sql_query(
        "UPDATE incoming_emails
            SET processing_status = 'received', lease_token = NULL, lease_expires_at = NULL,
                attempts = greatest(attempts - 1, 0), processing_error = $3,
                next_attempt_at = now() + make_interval(secs => $4), updated_at = now()
          WHERE id = $1 AND lease_token = $2",
    )
    .bind::<Integer, _>(lease.email_id)
    .bind::<SqlUuid, _>(lease.token)
    .bind::<Text, _>(reason)
    .bind::<Double, _>(delay.as_secs_f64())
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Gives a mail back after its processing broke, to be tried again after `delay`; the attempt
/// counts. `false`: the lease is lost.
pub fn retry_later(
    conn: &mut PgConnection,
    lease: Lease,
    delay: std::time::Duration,
    reason: &str,
) -> QueryResult<bool> {
    diesel::sql_query(
        "UPDATE incoming_emails
            SET processing_status = 'received', lease_token = NULL, lease_expires_at = NULL,
                processing_error = $3, next_attempt_at = now() + make_interval(secs => $4),
                updated_at = now()
          WHERE id = $1 AND lease_token = $2",
    )
    .bind::<Integer, _>(lease.email_id)
    .bind::<SqlUuid, _>(lease.token)
    .bind::<Text, _>(reason)
    .bind::<Double, _>(delay.as_secs_f64())
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Holds what is left of a claim for another `lease` from now. Returns how many mails are still
/// held; one whose lease ran out is not taken back.
pub fn renew(
    conn: &mut PgConnection,
    token: Uuid,
    lease: std::time::Duration,
) -> QueryResult<usize> {
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
/// [`outbox_message::finish_email`](super::outbox_message::finish_email) together.
pub(super) fn finish(
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

/// A whole row, for the operators' commands.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = incoming_emails, check_for_backend(diesel::pg::Pg))]
pub struct IncomingEmail {
    pub id: i32,
    pub zendesk_ticket_id: String,
    pub zendesk_webhook_id: Option<String>,
    pub from_email: String,
    pub from_name: Option<String>,
    pub subject: Option<String>,
    pub cleaned_body: Option<String>,
    pub extracted_data: Option<Value>,
    pub processing_status: Option<String>,
    pub processing_error: Option<String>,
    pub match_status: Option<String>,
    pub sync_status: String,
    pub sync_error: Option<String>,
    pub sync_retry_count: i32,
    pub attempts: i32,
    pub idempotency_key: Option<String>,
    pub request_id: Option<String>,
    pub received_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub processed_at: Option<DateTime<Utc>>,
    pub matched_at: Option<DateTime<Utc>>,
}

pub fn find(conn: &mut PgConnection, id: i32) -> QueryResult<Option<IncomingEmail>> {
    incoming_emails::table.find(id).select(IncomingEmail::as_select()).first(conn).optional()
}

/// Which mails to list.
#[derive(Clone, Debug, Default)]
pub struct EmailFilter {
    pub processing_status: Option<ProcessingStatus>,
    pub match_status: Option<MatchStatus>,
    pub sync_status: Option<SyncStatus>,
    pub ticket_id: Option<String>,
}

/// Mails, newest first.
pub fn list(
    conn: &mut PgConnection,
    filter: &EmailFilter,
    limit: i64,
) -> QueryResult<Vec<IncomingEmail>> {
    let mut query = incoming_emails::table.select(IncomingEmail::as_select()).into_boxed();
    if let Some(status) = filter.processing_status {
        query = query.filter(incoming_emails::processing_status.eq(status.as_str()));
    }
    if let Some(status) = filter.match_status {
        query = query.filter(incoming_emails::match_status.eq(status.as_str()));
    }
    if let Some(status) = filter.sync_status {
        query = query.filter(incoming_emails::sync_status.eq(status.as_str()));
    }
    if let Some(ticket) = &filter.ticket_id {
        query = query.filter(incoming_emails::zendesk_ticket_id.eq(ticket));
    }
    query.order(incoming_emails::id.desc()).limit(limit).load(conn)
}

/// Sends a mail through ingest again, as if it had just been received. The caller has made sure
/// that no outbox row of it waits.
pub(super) fn reset_for_reprocessing(conn: &mut PgConnection, id: i32) -> QueryResult<bool> {
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

/// How many mails stand in each processing status; a NULL of the Python service counts as received.
pub fn count_by_status(conn: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        status: String,
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    diesel::sql_query(
        "SELECT coalesce(processing_status, 'received') AS status, count(*) AS count
           FROM incoming_emails GROUP BY 1 ORDER BY 1",
    )
    .load::<Row>(conn)
    .map(|rows| rows.into_iter().map(|row| (row.status, row.count)).collect())
}
