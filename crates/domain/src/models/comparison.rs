//! What the reconciler reads of mails and their messages to compare them with MongoDB. Nothing here
//! writes.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz, VarChar,
};

/// A mail that counts as synced, beside its newest message.
#[derive(Clone, Debug, QueryableByName)]
pub struct SyncedMail {
    #[diesel(sql_type = Integer)]
    pub id: i32,
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    /// When the newest message was delivered.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub matched_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = VarChar)]
    pub from_email: String,
    /// None for a mail that was adopted without messages, and for one whose messages are cleaned up.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub outbox_id: Option<i64>,
    /// As text: a payload that no parser takes must not fail the whole page.
    #[diesel(sql_type = Nullable<Text>)]
    pub payload: Option<String>,
    /// Why the newest message found its target, as the matching library said it then.
    #[diesel(sql_type = Nullable<Text>)]
    pub match_reasons: Option<String>,
    /// Only where there is no message.
    #[diesel(sql_type = Nullable<Text>)]
    pub extracted_data: Option<String>,
    /// Only where there is no message.
    #[diesel(sql_type = Nullable<Text>)]
    pub cleaned_body: Option<String>,
    /// The size of payload, extracted data and cleaned body, whether they were read or not.
    #[diesel(sql_type = BigInt)]
    pub text_bytes: i64,
    /// Some message of the mail is neither processed nor dead.
    #[diesel(sql_type = Bool)]
    pub is_in_flight: bool,
    /// The newest message is dead.
    #[diesel(sql_type = Bool)]
    pub is_dead: bool,
}

/// A mail with more text than this is listed without it, so that the memory of a page does not
/// depend on what creditors write. Most mails are far shorter.
pub const LONGEST_LISTED_TEXT: i64 = 8 * 1024;

impl SyncedMail {
    /// The mail is listed without its texts; [`synced_by_ids`] reads them.
    pub fn is_without_texts(&self) -> bool {
        self.text_bytes > LONGEST_LISTED_TEXT
            && self.payload.is_none()
            && self.extracted_data.is_none()
            && self.cleaned_body.is_none()
    }
}

/// The columns of [`SyncedMail`] from `e`, a selection of mails.
fn with_newest_message(longest_text: i64) -> String {
    format!(
        "SELECT e.id, e.received_at, e.matched_at, e.from_email, m.id AS outbox_id,
                CASE WHEN size.bytes <= {longest_text} THEN t.payload END AS payload,
                m.match_reasons::text AS match_reasons,
                CASE WHEN size.bytes <= {longest_text} THEN a.extracted_data END AS extracted_data,
                CASE WHEN size.bytes <= {longest_text} THEN a.cleaned_body END AS cleaned_body,
                size.bytes AS text_bytes,
                coalesce(m.waits, false) AS is_in_flight,
                coalesce(m.dead_at IS NOT NULL, false) AS is_dead
           FROM e
           LEFT JOIN LATERAL (
             SELECT id, payload, match_reasons, dead_at,
                    bool_or(processed_at IS NULL AND dead_at IS NULL) OVER () AS waits
               FROM outbox_messages
              WHERE aggregate_id = e.id::text AND aggregate_type = 'creditor_debt_update'
              ORDER BY id DESC LIMIT 1) m ON true
           LEFT JOIN LATERAL (
             SELECT extracted_data::text AS extracted_data, cleaned_body FROM incoming_emails
              WHERE m.id IS NULL AND id = e.id LIMIT 1) a ON true
           -- OFFSET keeps the cast from being done for size and text each.
           LEFT JOIN LATERAL (SELECT m.payload::text AS payload OFFSET 0) t ON true
           LEFT JOIN LATERAL (
             SELECT coalesce(octet_length(t.payload), 0)::bigint
                    + coalesce(octet_length(a.extracted_data), 0)
                    + coalesce(octet_length(a.cleaned_body), 0) AS bytes OFFSET 0) size ON true"
    )
}

/// A mail whose way from its receipt to its delivery took longer is late. Of a mail that was not, its
/// receipt says well enough when it was delivered.
///
/// The index of late mails has the same number in its condition.
pub const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);

const IS_LATE: &str = "sync_status = 'synced' AND matched_at - received_at > interval '5 minutes'";

/// Late mails in the order of `(matched_at, id)`, after the given key, not delivered later than
/// `until` and received before `received_before`: an outage or a replay brought them.
pub fn late_page(
    conn: &mut PgConnection,
    after: (DateTime<Utc>, i32),
    until: DateTime<Utc>,
    received_before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<SyncedMail>> {
    diesel::sql_query(format!(
        "WITH e AS MATERIALIZED (
           SELECT id, received_at, matched_at, from_email FROM incoming_emails
            WHERE {IS_LATE} AND (matched_at, id) > ($1, $2) AND matched_at <= $3
              -- So written, it tempts nobody to walk over all older mails by their receipt.
              AND (received_at < $4) IS TRUE
            ORDER BY matched_at, id LIMIT $5)
         {} ORDER BY e.matched_at, e.id",
        with_newest_message(LONGEST_LISTED_TEXT)
    ))
    .bind::<Timestamptz, _>(after.0)
    .bind::<Integer, _>(after.1)
    .bind::<Timestamptz, _>(until)
    .bind::<Timestamptz, _>(received_before)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// Synced mails in the order of `(received_at, id)`, after the given key and not received later
/// than `until`.
pub fn synced_page(
    conn: &mut PgConnection,
    after: (DateTime<Utc>, i32),
    until: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<SyncedMail>> {
    diesel::sql_query(format!(
        "WITH e AS MATERIALIZED (
           SELECT id, received_at, matched_at, from_email FROM incoming_emails
            WHERE sync_status = 'synced' AND (received_at, id) > ($1, $2) AND received_at <= $3
            ORDER BY received_at, id LIMIT $4)
         {} ORDER BY e.received_at, e.id",
        with_newest_message(LONGEST_LISTED_TEXT)
    ))
    .bind::<Timestamptz, _>(after.0)
    .bind::<Integer, _>(after.1)
    .bind::<Timestamptz, _>(until)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// Those of the given mails that still count as synced, listed as in a page.
pub fn synced_listed_by_ids(conn: &mut PgConnection, ids: &[i32]) -> QueryResult<Vec<SyncedMail>> {
    by_ids(conn, ids, LONGEST_LISTED_TEXT)
}

/// Those of the given mails that still count as synced, with their texts.
pub fn synced_by_ids(conn: &mut PgConnection, ids: &[i32]) -> QueryResult<Vec<SyncedMail>> {
    by_ids(conn, ids, i64::MAX)
}

fn by_ids(conn: &mut PgConnection, ids: &[i32], longest_text: i64) -> QueryResult<Vec<SyncedMail>> {
    diesel::sql_query(format!(
        "WITH e AS MATERIALIZED (
           SELECT id, received_at, matched_at, from_email FROM incoming_emails
            WHERE sync_status = 'synced' AND id = ANY($1))
         {} ORDER BY e.received_at, e.id",
        with_newest_message(longest_text)
    ))
    .bind::<Array<Integer>, _>(ids)
    .load(conn)
}

/// How many synced mails were received since the one time, or delivered late since the other.
pub fn count_synced(
    conn: &mut PgConnection,
    received_since: DateTime<Utc>,
    delivered_since: DateTime<Utc>,
) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    diesel::sql_query(format!(
        "SELECT (SELECT count(*) FROM incoming_emails
                  WHERE sync_status = 'synced' AND received_at >= $1)
                + (SELECT count(*) FROM incoming_emails
                    WHERE {IS_LATE} AND matched_at >= $2 AND received_at < $1) AS count"
    ))
    .bind::<Timestamptz, _>(received_since)
    .bind::<Timestamptz, _>(delivered_since)
    .get_result::<Row>(conn)
    .map(|row| row.count)
}

/// Those of the given ids that are mails.
pub fn existing(conn: &mut PgConnection, email_ids: &[i32]) -> QueryResult<Vec<i32>> {
    diesel::sql_query("SELECT id FROM incoming_emails WHERE id = ANY($1)")
        .bind::<Array<Integer>, _>(email_ids)
        .load::<Id>(conn)
        .map(ids)
}

/// Those of the given addresses from which some mail ever came, as the mail spelt them.
///
/// Whatever became of the mail: one that was adopted without a saga has never been synced by
/// anybody's word.
pub fn senders_with_mail(conn: &mut PgConnection, senders: &[String]) -> QueryResult<Vec<String>> {
    diesel::sql_query(
        "SELECT s.sender FROM unnest($1::text[]) AS s (sender)
          WHERE EXISTS (SELECT 1 FROM incoming_emails e WHERE e.from_email = s.sender)",
    )
    .bind::<Array<Text>, _>(senders)
    .load::<Sender>(conn)
    .map(|rows| rows.into_iter().map(|row| row.sender).collect())
}

/// Addresses from which some mail came, each once, in their order after the given one. Costs as much
/// as there are addresses, however many mails they sent.
pub fn senders_after(conn: &mut PgConnection, after: &str, limit: i64) -> QueryResult<Vec<String>> {
    diesel::sql_query(
        "WITH RECURSIVE senders (sender) AS (
           SELECT min(from_email) FROM incoming_emails WHERE from_email > $1
           UNION ALL
           SELECT (SELECT min(e.from_email) FROM incoming_emails e WHERE e.from_email > s.sender)
             FROM senders s WHERE s.sender IS NOT NULL)
         SELECT sender::text FROM senders WHERE sender IS NOT NULL LIMIT $2",
    )
    .bind::<Text, _>(after)
    .bind::<BigInt, _>(limit)
    .load::<Sender>(conn)
    .map(|rows| rows.into_iter().map(|row| row.sender).collect())
}

#[derive(QueryableByName)]
struct Sender {
    #[diesel(sql_type = Text)]
    sender: String,
}

/// A mail that nothing moves.
#[derive(Clone, Debug, QueryableByName)]
pub struct StalledMail {
    #[diesel(sql_type = Integer)]
    pub id: i32,
    #[diesel(sql_type = Text)]
    pub processing_status: String,
    #[diesel(sql_type = Text)]
    pub sync_status: String,
    /// How many there are in all.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// The moment so long ago.
pub fn moment_before(conn: &mut PgConnection, seconds: f64) -> QueryResult<DateTime<Utc>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        moment: DateTime<Utc>,
    }
    diesel::sql_query("SELECT now() - make_interval(secs => $1) AS moment")
        .bind::<Double, _>(seconds)
        .get_result::<Row>(conn)
        .map(|row| row.moment)
}

/// Mails that have stood between two statuses since before the given moment while no message of
/// theirs waits for delivery, and mails that wait for a delivery although no message is there.
///
/// The latter, however old, if they ever had a message, and else only if they changed since `since`:
/// a mail that was adopted without a saga is pending by default and waits for nothing.
pub fn stalled(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    since: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<StalledMail>> {
    diesel::sql_query(
        "WITH silent AS (
           SELECT id, processing_status, sync_status FROM incoming_emails
            WHERE processing_status NOT IN ('completed', 'not_creditor_reply', 'failed')
              AND (updated_at < $1 OR (updated_at IS NULL AND created_at < $1))
           UNION
           SELECT id, coalesce(processing_status, 'received'), sync_status FROM incoming_emails
            WHERE coalesce(processing_status, 'received')
                    IN ('received', 'parsing', 'parsed', 'extracting', 'extracted')
              AND processing_status IS NULL AND coalesce(updated_at, created_at) < $1
           UNION
           SELECT id, processing_status, sync_status FROM incoming_emails
            WHERE sync_status = 'pending' AND processing_status = 'completed'
              AND idempotency_key IS NOT NULL AND coalesce(updated_at, created_at) < $1
           UNION
           SELECT id, processing_status, sync_status FROM incoming_emails
            WHERE sync_status = 'pending' AND processing_status = 'completed'
              AND updated_at < $1 AND updated_at >= $2)
         SELECT s.id, s.processing_status, s.sync_status, count(*) OVER () AS total
           FROM silent s
          WHERE NOT EXISTS (
            SELECT 1 FROM outbox_messages m
             WHERE m.aggregate_id = s.id::text AND m.aggregate_type = 'creditor_debt_update'
               AND m.processed_at IS NULL AND m.dead_at IS NULL)
          ORDER BY s.id LIMIT $3",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// How many mails received since the given time stand in each pair of processing and sync status.
pub fn count_by_status(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<(String, String, i64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        processing_status: String,
        #[diesel(sql_type = Text)]
        sync_status: String,
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    diesel::sql_query(
        "SELECT coalesce(processing_status, 'received') AS processing_status, sync_status,
                count(*) AS count
           FROM incoming_emails WHERE received_at >= $1 GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .bind::<Timestamptz, _>(since)
    .load::<Row>(conn)
    .map(|rows| {
        rows.into_iter().map(|row| (row.processing_status, row.sync_status, row.count)).collect()
    })
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Integer)]
    id: i32,
}

fn ids(rows: Vec<Id>) -> Vec<i32> {
    rows.into_iter().map(|row| row.id).collect()
}
