//! Clients and messages by the thousand.

use anyhow::Result;
use bson::{Document, doc};
use tokio_postgres::Client;

/// Entries in each client's list, as an office has them.
const ENTRIES: usize = 8;

/// `count` clients with eight creditors each.
pub(crate) async fn insert_clients(
    clients: &mongodb::Collection<Document>,
    count: usize,
) -> Result<()> {
    clients.drop().await?;
    for start in (0..count).step_by(1_000) {
        let end = (start + 1_000).min(count);
        clients.insert_many((start..end).map(client)).await?;
    }
    Ok(())
}

/// Two words of syllables, so that names look like names and none is a letter from another.
pub(crate) fn surname(number: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "bach", "berg", "burg", "dorf", "feld", "furt", "hain", "haus", "heim", "hof", "holz",
        "kamp", "land", "mann", "moor", "rode", "stein", "tal", "wald", "werth",
    ];
    let digit = |place: u32| SYLLABLES[number / 20_usize.pow(place) % 20];
    format!("Ober{}{}{}{}", digit(3), digit(2), digit(1), digit(0))
}

fn client(number: usize) -> Document {
    let entries: Vec<Document> = (0..ENTRIES)
        .map(|entry| {
            doc! {
                "id": format!("e-{number}-{entry}"),
                "sender_name": format!("Gläubiger {entry} GmbH"),
                "sender_email": format!("post@glaeubiger{entry}.example"),
                "reference_number": format!("GL-{number:05}-{entry}"),
                "claim_amount": 1000.0,
                "contact_status": "contacted",
                "main_zendesk_ticket_id": format!("{}", 10_000 + number),
            }
        })
        .collect();
    doc! {
        "aktenzeichen": format!("{}_26", 10_000 + number),
        "firstName": "Erika",
        "lastName": surname(number),
        "email": format!("client{number}@webmail.example"),
        "final_creditor_list": entries,
    }
}

/// Empties the tables.
pub(crate) async fn empty(postgres: &Client) -> Result<()> {
    postgres
        .batch_execute(
            "TRUNCATE incoming_emails, outbox_messages, idempotency_keys RESTART IDENTITY",
        )
        .await?;
    Ok(())
}

/// `count` pending messages with their mails, spread over the clients and their entries; every
/// tenth cites a client that is not there where `undeliverable`.
pub(crate) async fn insert_pending(
    postgres: &Client,
    clients: usize,
    count: usize,
    undeliverable: bool,
) -> Result<()> {
    let names: Vec<String> = (0..clients).map(surname).collect();
    let every_tenth = if undeliverable { 10 } else { i64::MAX };
    postgres
        .execute(
            "WITH mails AS (
               INSERT INTO incoming_emails (zendesk_ticket_id, from_email, processing_status,
                                            received_at)
               SELECT n::text, 'post@glaeubiger' || n / $1 % 8 || '.example', 'matching',
                      timestamptz '2026-01-01 00:00Z' + n * interval '1 second'
                 FROM generate_series(0, $2::bigint - 1) n
               RETURNING id, zendesk_ticket_id::bigint AS n, from_email, received_at
             )
             INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload,
                                          idempotency_key)
             SELECT 'creditor_debt_update', id::text, 'UPDATE', json_build_object(
                      'version', 1,
                      'client_name', 'Erika ' || ($3::text[])[n % $1 + 1]
                        || CASE WHEN n % $4 = $4 - 1 THEN 'gone' ELSE '' END,
                      'client_aktenzeichen',
                        (10000 + n % $1 + CASE WHEN n % $4 = $4 - 1 THEN 500000 ELSE 0 END) || '_26',
                      'creditor_email', from_email,
                      'new_debt_amount', (1000 + n / ($1 * 8)) || '.50',
                      'response_text', repeat('Die Gesamtforderung beträgt. ', 10),
                      'reference_numbers', json_build_array(
                        'GL-' || lpad((n % $1)::text, 5, '0') || '-' || n / $1 % 8),
                      'extraction_confidence', 0.9,
                      'received_at', to_char(received_at AT TIME ZONE 'UTC',
                                             'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')),
                    'bench:' || id
               FROM mails ORDER BY n",
            &[&i64::try_from(clients)?, &i64::try_from(count)?, &names, &every_tenth],
        )
        .await?;
    Ok(())
}

/// `count` processed messages, as they lie around for 30 days.
pub(crate) async fn insert_processed(postgres: &Client, count: usize) -> Result<()> {
    postgres
        .execute(
            "INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload,
                                          idempotency_key, created_at, processed_at)
             SELECT 'creditor_debt_update', (100000000 + n)::text, 'UPDATE',
                    '{\"version\": 1}', 'old:' || n, now() - interval '2 days', now() - interval '1 day'
               FROM generate_series(1, $1::bigint) n",
            &[&i64::try_from(count)?],
        )
        .await?;
    Ok(())
}

/// Leaves nothing of the seeding to be done during the measurement. VACUUM wants to be alone in its
/// message to the server.
pub(crate) async fn settle(postgres: &Client) -> Result<()> {
    for statement in ["VACUUM ANALYZE outbox_messages", "VACUUM ANALYZE incoming_emails"] {
        postgres.batch_execute(statement).await?;
    }
    checkpoint(postgres).await
}

/// So that no measurement waits for the disk because of what the one before it wrote.
pub(crate) async fn checkpoint(postgres: &Client) -> Result<()> {
    Ok(postgres.batch_execute("CHECKPOINT").await?)
}
