//! Without Postgres: the same webhook, straight to a real MongoDB.

use bson::{Document, doc};
use clap::Parser;
use ingest::cli::Arguments;
use ingest::settings::{Config, Provider};
use serde_json::{Value, json};
use test_support::{TestMongo, wait_until};

use crate::support::{Act, App, LIMIT, SECRET, Scripted};

fn config(mongo: &TestMongo) -> Config {
    let flags = [
        "ingest",
        "--webhook-secret",
        SECRET,
        "--mongodb-url",
        mongo.url(),
        "--mongodb-database",
        mongo.name(),
    ];
    let mut config = Arguments::try_parse_from(flags).unwrap().settings.validate().unwrap();
    config.provider = Provider { extractor: Scripted::new(|_| Act::Read), ..config.provider };
    config
}

async fn with_client(mongo: &TestMongo) -> mongodb::Collection<Document> {
    let clients = mongo.database().await.collection("clients");
    clients
        .insert_one(doc! {
            "aktenzeichen": "542900", "firstName": "Anna", "lastName": "Beispiel",
            "final_creditor_list": [{
                "id": "c-1", "sender_name": "Musterbank AG",
                "sender_email": "inkasso@musterbank.example", "claim_amount": 950.0,
                "contact_status": "contacted",
            }],
        })
        .await
        .unwrap();
    clients
}

async fn entry(clients: &mongodb::Collection<Document>) -> Document {
    let client = clients.find_one(doc! {}).await.unwrap().unwrap();
    client.get_array("final_creditor_list").unwrap()[0].as_document().unwrap().clone()
}

fn mail(webhook_id: &str, received_at: &str) -> Value {
    json!({
        "ticket_id": "22549", "webhook_id": webhook_id, "received_at": received_at,
        "from_email": "inkasso@musterbank.example", "body_text": "899,00 EUR",
    })
}

#[tokio::test]
async fn a_mail_is_written_fenced_and_a_repeat_changes_nothing() {
    let mongo = TestMongo::create();
    let clients = with_client(&mongo).await;
    let app = App::ready(config(&mongo)).await;
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status, ready.json["status"].as_str()), (200, Some("degraded")));

    let first = app.post(&mail("wh-2", "2026-03-11T10:00:00Z")).await;
    assert_eq!((first.status, first.json["status"].as_str()), (200, Some("accepted")));
    let id = first.json["email_id"].as_i64().unwrap();
    assert!(id < 0);
    let status = format!("/api/v1/zendesk/status/{id}");
    wait_until(LIMIT, || async { app.get(&status).await.json["sync_status"] == "synced" }).await;
    let written = entry(&clients).await;
    assert_eq!(written.get_f64("current_debt_amount").unwrap(), 899.0);
    assert_eq!(written.get_f64("claim_amount").unwrap(), 950.0);
    assert_eq!(written.get_str("amount_source").unwrap(), "creditor_response");

    let repeat = app.post(&mail("wh-2", "2026-03-11T10:00:00Z")).await;
    assert_eq!(repeat.json["status"], "duplicate");
    assert_eq!(repeat.json["email_id"], id);

    // An older mail that comes late does not put its amount over the newer one.
    let older = app.post(&mail("wh-1", "2026-03-10T10:00:00Z")).await;
    let older = format!("/api/v1/zendesk/status/{}", older.json["email_id"]);
    wait_until(LIMIT, || async { app.get(&older).await.json["processing_error"] == "superseded" })
        .await;
    assert_eq!(entry(&clients).await, written);
    app.post(&json!({"ticket_id": "1"})).await.assert_problem(400);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_mail_of_postgres_wins_over_one_without_a_row_of_the_same_moment() {
    let mongo = TestMongo::create();
    let clients = with_client(&mongo).await;
    let at = bson::DateTime::parse_rfc3339_str("2026-03-11T10:00:00Z").unwrap();
    clients
        .update_one(
            doc! {},
            doc! { "$set": {
                "final_creditor_list.0.amount_source": "creditor_response",
                "final_creditor_list.0.current_debt_amount": 1.0,
                "final_creditor_list.0.creditor_response_amount": 1.0,
                "final_creditor_list.0.sync":
                    { "email_id": 1_i64, "outbox_id": 1_i64, "received_at": at, "applied_at": at },
            }},
        )
        .await
        .unwrap();
    let before = entry(&clients).await;
    let app = App::ready(config(&mongo)).await;
    let answer = app.post(&mail("wh-1", "2026-03-11T10:00:00Z")).await;
    let status = format!("/api/v1/zendesk/status/{}", answer.json["email_id"]);
    wait_until(LIMIT, || async { app.get(&status).await.json["processing_status"] == "completed" })
        .await;
    assert_eq!(app.get(&status).await.json["processing_error"], "superseded");
    assert_eq!(entry(&clients).await, before);
    app.stop().await.unwrap();
}
