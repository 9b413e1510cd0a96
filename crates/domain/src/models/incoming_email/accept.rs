//! How mails come in: all of a group commit in one statement, and each of them once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Json, Nullable, Text, Timestamptz};
use serde_json::Value;

use crate::schema::incoming_emails;

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
