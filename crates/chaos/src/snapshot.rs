//! Both databases as they are when all has settled, read into structs of the checker's own.

use anyhow::{Context, Result};
use mongodb::bson::{Bson, Document, doc};
use serde::Serialize;

use crate::journal::Millis;
use crate::portal::LIST;

/// The fields of an entry that the services may write; all others are the portal's.
const SERVICES_FIELDS: [&str; 10] = [
    "current_debt_amount",
    "creditor_response_amount",
    "amount_source",
    "response_received_at",
    "last_contacted_at",
    "contact_status",
    "creditor_response_text",
    "response_reference_numbers",
    "extraction_confidence",
    "sync",
];
const BY_HAND: &str = "portal_by_hand";

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Snapshot {
    pub(crate) mails: Vec<MailRow>,
    pub(crate) messages: Vec<MessageRow>,
    pub(crate) clients: Vec<ClientDoc>,
}

/// A row of `incoming_emails`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct MailRow {
    pub(crate) id: i64,
    pub(crate) ticket: String,
    pub(crate) processing_status: String,
    pub(crate) match_status: Option<String>,
    pub(crate) sync_status: String,
    pub(crate) sync_retry_count: i32,
    pub(crate) received_at: Millis,
    /// Codes only.
    pub(crate) processing_error: Option<String>,
}

/// A row of `outbox_messages`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct MessageRow {
    pub(crate) id: i64,
    pub(crate) mail_id: i64,
    pub(crate) operation: String,
    pub(crate) retry_count: i32,
    pub(crate) max_retries: i32,
    pub(crate) processed_at: Option<Millis>,
    pub(crate) dead_at: Option<Millis>,
    pub(crate) error_message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct ClientDoc {
    pub(crate) id: String,
    pub(crate) note: Option<String>,
    /// In the order of the list.
    pub(crate) entries: Vec<EntryDoc>,
    /// What the portal has taken out, as it was then.
    pub(crate) removed: Vec<EntryDoc>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct EntryDoc {
    pub(crate) key: String,
    pub(crate) current: AmountField,
    pub(crate) response: AmountField,
    pub(crate) source: Option<String>,
    pub(crate) contact_status: Option<String>,
    pub(crate) response_received_at: Option<Millis>,
    pub(crate) sync: Option<Mark>,
    pub(crate) by_hand: Option<ByHand>,
    /// The portal's own fields.
    pub(crate) rest: Document,
}

/// An amount in cents; a double that is none is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) enum AmountField {
    #[default]
    Absent,
    Cents(i64),
    NoAmount,
}

/// The subdocument `sync`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Mark {
    pub(crate) email_id: i64,
    pub(crate) outbox_id: i64,
    pub(crate) received_at: Millis,
}

/// What a person set, and over which mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ByHand {
    pub(crate) cents: AmountField,
    pub(crate) over_email_id: Option<i64>,
    pub(crate) over_outbox_id: Option<i64>,
}

impl Snapshot {
    pub(crate) async fn read(
        postgres: &tokio_postgres::Client,
        clients: &mongodb::Collection<Document>,
    ) -> Result<Self> {
        let (mails, messages) = rows(postgres).await?;
        Ok(Self { mails, messages, clients: read_clients(clients).await? })
    }
}

impl MailRow {
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.processing_status.as_str(), "completed" | "not_creditor_reply" | "failed")
    }
}

async fn rows(postgres: &tokio_postgres::Client) -> Result<(Vec<MailRow>, Vec<MessageRow>)> {
    let mails = postgres
        .query(
            "SELECT id::bigint, zendesk_ticket_id, coalesce(processing_status, 'NULL'),
                    match_status, sync_status, sync_retry_count,
                    (extract(epoch FROM received_at) * 1000)::bigint, processing_error
               FROM incoming_emails ORDER BY id",
            &[],
        )
        .await
        .context("couldn't read the mails")?;
    let messages = postgres
        .query(
            "SELECT id, aggregate_id, operation, retry_count, max_retries,
                    (extract(epoch FROM processed_at) * 1000)::bigint,
                    (extract(epoch FROM dead_at) * 1000)::bigint, error_message
               FROM outbox_messages ORDER BY id",
            &[],
        )
        .await
        .context("couldn't read the messages")?;
    let mails = mails
        .iter()
        .map(|row| MailRow {
            id: row.get(0),
            ticket: row.get(1),
            processing_status: row.get(2),
            match_status: row.get(3),
            sync_status: row.get(4),
            sync_retry_count: row.get(5),
            received_at: row.get(6),
            processing_error: row.get(7),
        })
        .collect();
    let messages = messages
        .iter()
        .map(|row| MessageRow {
            id: row.get(0),
            mail_id: row.get::<_, String>(1).parse().unwrap_or(-1),
            operation: row.get(2),
            retry_count: row.get(3),
            max_retries: row.get(4),
            processed_at: row.get(5),
            dead_at: row.get(6),
            error_message: row.get(7),
        })
        .collect();
    Ok((mails, messages))
}

/// All clients, in the order of their ids.
pub(crate) async fn read_clients(
    clients: &mongodb::Collection<Document>,
) -> mongodb::error::Result<Vec<ClientDoc>> {
    let mut cursor = clients.find(doc! {}).sort(doc! { "_id": 1 }).await?;
    let mut read = Vec::new();
    while cursor.advance().await? {
        read.push(client(&cursor.deserialize_current()?));
    }
    Ok(read)
}

fn client(document: &Document) -> ClientDoc {
    let entries = |field: &str| {
        let list = document.get_array(field).into_iter().flatten();
        list.filter_map(Bson::as_document).map(entry).collect()
    };
    ClientDoc {
        id: document.get_str("_id").unwrap_or_default().to_owned(),
        note: document.get_str("portal_note").ok().map(str::to_owned),
        entries: entries(LIST),
        removed: entries("portal_removed"),
    }
}

fn entry(document: &Document) -> EntryDoc {
    let text = |field: &str| document.get_str(field).ok().map(str::to_owned);
    let mut rest = document.clone();
    for field in SERVICES_FIELDS.iter().chain(&[BY_HAND]) {
        rest.remove(*field);
    }
    EntryDoc {
        key: text("portal_key").unwrap_or_default(),
        current: amount(document.get("current_debt_amount")),
        response: amount(document.get("creditor_response_amount")),
        source: text("amount_source"),
        contact_status: text("contact_status"),
        response_received_at: date(document, "response_received_at"),
        sync: document.get_document("sync").ok().map(|mark| Mark {
            email_id: whole(mark.get("email_id")).unwrap_or(-1),
            outbox_id: whole(mark.get("outbox_id")).unwrap_or(-1),
            received_at: date(mark, "received_at").unwrap_or(-1),
        }),
        by_hand: document.get_document(BY_HAND).ok().map(|set| ByHand {
            cents: amount(set.get("amount")),
            over_email_id: whole(set.get("over_email_id")),
            over_outbox_id: whole(set.get("over_outbox_id")),
        }),
        rest,
    }
}

fn amount(value: Option<&Bson>) -> AmountField {
    match value {
        None | Some(Bson::Null) => AmountField::Absent,
        Some(Bson::Double(euros)) => {
            let cents = (euros * 100.0).round();
            // The double nearest to so many cents, and no other.
            if cents / 100.0 == *euros {
                AmountField::Cents(cents as i64)
            } else {
                AmountField::NoAmount
            }
        }
        Some(_) => AmountField::NoAmount,
    }
}

fn date(document: &Document, field: &str) -> Option<Millis> {
    document.get_datetime(field).ok().map(|date| date.timestamp_millis())
}

fn whole(value: Option<&Bson>) -> Option<i64> {
    match value? {
        Bson::Int32(number) => Some((*number).into()),
        Bson::Int64(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_to_the_cent_or_none() {
        assert_eq!(amount(Some(&Bson::Double(1284.5))), AmountField::Cents(128_450));
        assert_eq!(amount(Some(&Bson::Double(0.1 + 0.2))), AmountField::NoAmount);
        assert_eq!(amount(Some(&Bson::String("5".to_owned()))), AmountField::NoAmount);
        assert_eq!(amount(None), AmountField::Absent);
    }

    #[test]
    fn what_the_services_may_write_is_kept_apart_from_what_is_the_portals() {
        let read = entry(&doc! {
            "portal_key": "k", "claim_amount": 5.0, "current_debt_amount": 7.25,
            "sync": { "email_id": 3_i32, "outbox_id": 4_i64 },
        });
        assert_eq!(read.rest, doc! { "portal_key": "k", "claim_amount": 5.0 });
        assert_eq!(read.current, AmountField::Cents(725));
        assert_eq!(read.sync.unwrap().email_id, 3);
    }
}
