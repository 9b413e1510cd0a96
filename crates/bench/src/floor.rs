//! The floor of the relay: only the database work that cannot be avoided, as plainly as possible.
//!
//! Per batch: claim, one find, one update command, two bulk updates, commit. No matching, no
//! guard, no fence, no look at the answer.

use anyhow::Result;
use bson::{Bson, Document, doc};
use mongodb::Database;
use serde_json::Value;
use tokio_postgres::{Client, Row, Transaction};

const BATCH: i64 = 500;

/// What keeps other workers from a batch while it is written to MongoDB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The row locks of the open transaction, as the relay does it.
    Locks,
    /// A lease that is committed first.
    Lease,
}

/// Delivers everything that is pending, one batch after the other.
pub(crate) async fn deliver(postgres: &mut Client, mongo: &Database, hold: Hold) -> Result<()> {
    while deliver_batch(postgres, mongo, hold).await? > 0 {}
    Ok(())
}

/// Locks a batch.
pub(crate) async fn claim(transaction: &Transaction<'_>) -> Result<Vec<Row>> {
    let claim = "SELECT id, aggregate_id::int, payload::text FROM outbox_messages
                  WHERE processed_at IS NULL AND dead_at IS NULL AND next_attempt_at <= now()
                  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED";
    Ok(transaction.query(claim, &[&BATCH]).await?)
}

/// Puts a batch off for longer than it takes; a message comes back by itself if its worker dies.
async fn lease(transaction: &Transaction<'_>) -> Result<Vec<Row>> {
    let lease = "UPDATE outbox_messages SET next_attempt_at = now() + interval '30 seconds'
                  WHERE id IN (SELECT id FROM outbox_messages
                                WHERE processed_at IS NULL AND dead_at IS NULL
                                  AND next_attempt_at <= now()
                                ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
              RETURNING id, aggregate_id::int, payload::text";
    Ok(transaction.query(lease, &[&BATCH]).await?)
}

async fn deliver_batch(postgres: &mut Client, mongo: &Database, hold: Hold) -> Result<usize> {
    let mut transaction = postgres.transaction().await?;
    let rows = match hold {
        Hold::Locks => claim(&transaction).await?,
        Hold::Lease => lease(&transaction).await?,
    };
    if rows.is_empty() {
        return Ok(0);
    }
    if hold == Hold::Lease {
        transaction.commit().await?;
        transaction = postgres.transaction().await?;
    }
    let messages: Vec<(i64, i32, Value)> = rows
        .iter()
        .map(|row| Ok((row.get(0), row.get(1), serde_json::from_str(row.get(2))?)))
        .collect::<Result<_>>()?;
    let numbers: Vec<Bson> = messages
        .iter()
        .map(|(_, _, payload)| Bson::from(text(payload, "client_aktenzeichen")))
        .collect();
    let clients = mongo.collection::<Document>("clients");
    let mut found = clients
        .find(doc! { "aktenzeichen": { "$in": numbers } })
        .projection(doc! { "aktenzeichen": 1, "final_creditor_list": 1 })
        .await?;
    let mut ids = std::collections::HashMap::new();
    while found.advance().await? {
        let client = found.deserialize_current()?;
        ids.insert(client.get_str("aktenzeichen")?.to_owned(), client.get("_id").cloned());
    }
    let updates: Vec<Document> = messages
        .iter()
        .map(|(id, email, payload)| {
            let amount: f64 = text(payload, "new_debt_amount").parse().unwrap_or_default();
            let now = bson::DateTime::now();
            doc! {
                "q": {
                    "_id": ids.get(text(payload, "client_aktenzeichen")).cloned().flatten(),
                    "final_creditor_list.sender_email": text(payload, "creditor_email"),
                },
                "u": { "$set": {
                    "final_creditor_list.$.current_debt_amount": amount,
                    "final_creditor_list.$.creditor_response_amount": amount,
                    "final_creditor_list.$.amount_source": "creditor_response",
                    "final_creditor_list.$.response_received_at": now,
                    "final_creditor_list.$.last_contacted_at": now,
                    "final_creditor_list.$.contact_status": "responded",
                    "final_creditor_list.$.creditor_response_text": text(payload, "response_text"),
                    "final_creditor_list.$.response_reference_numbers": [],
                    "final_creditor_list.$.extraction_confidence": 0.9,
                    "final_creditor_list.$.sync":
                        { "email_id": email, "outbox_id": id, "received_at": now, "applied_at": now },
                } },
            }
        })
        .collect();
    let command = doc! {
        "update": "clients", "updates": updates, "ordered": false, "writeConcern": { "w": "majority" },
    };
    mongo.run_command(command).await?;
    let outbox_ids: Vec<i64> = messages.iter().map(|(id, ..)| *id).collect();
    let email_ids: Vec<i32> = messages.iter().map(|(_, email, _)| *email).collect();
    transaction
        .execute(
            "UPDATE outbox_messages SET processed_at = now() WHERE id = ANY($1)",
            &[&outbox_ids],
        )
        .await?;
    transaction
        .execute(
            "UPDATE incoming_emails SET processing_status = 'completed', sync_status = 'synced',
                    match_status = 'auto_matched', matched_at = now() WHERE id = ANY($1)",
            &[&email_ids],
        )
        .await?;
    transaction.commit().await?;
    Ok(messages.len())
}

fn text<'a>(payload: &'a Value, field: &str) -> &'a str {
    payload[field].as_str().unwrap_or_default()
}
