//! `incoming_emails`: every mail that a webhook was answered 200 for.
//!
//! [`accept()`] lets mails in, `queue` is how ingest's workers take them and give them back, `sync` is
//! the relay's part. Here is the row as people look at it.

mod accept;
mod queue;
mod sync;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;
use serde_json::Value;

pub use accept::{Accepted, NewIncomingEmail, accept};
pub use queue::{
    ClaimedEmail, FinishedEmail, Lease, backlog, claim, mark_extracting, postpone, release, renew,
    retry_later,
};
pub(super) use queue::{finish, reset_for_reprocessing};
pub use sync::{MailOfMessage, SyncOutcome, of_messages, record_sync};

use crate::schema::incoming_emails;
use crate::status::{MatchStatus, ProcessingStatus, SyncStatus};

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
