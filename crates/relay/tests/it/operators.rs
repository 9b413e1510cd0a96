//! The operators' commands and endpoints.

use std::process::{Command, Output};

use diesel::RunQueryDsl;
use serde_json::Value;
use test_support::{TestMongo, TestPostgres};

use crate::support::*;

fn relay(place: &Place, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(arguments).env("DATABASE_URL", &place.postgres_url).output().unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A message that is dead for review, with its mail.
fn dead_message(place: &Place) -> (i32, i64) {
    let mut conn = place.connect();
    let (mail, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    diesel::sql_query(
        "UPDATE outbox_messages SET dead_at = now(), error_message = 'review:downgrade', retry_count = 5",
    )
    .execute(&mut conn)
    .unwrap();
    diesel::sql_query(
        "UPDATE incoming_emails SET processing_status = 'completed', match_status = 'needs_review',
                                    sync_status = 'failed', sync_error = 'review:downgrade'",
    )
    .execute(&mut conn)
    .unwrap();
    (mail, id)
}

fn postgres_only() -> (TestPostgres, Place) {
    let postgres = TestPostgres::create();
    let place = Place {
        postgres_url: postgres.url(),
        mongodb_url: "mongodb://127.0.0.1:1/".to_owned(),
        database: "none".to_owned(),
    };
    (postgres, place)
}

#[test]
fn a_dead_message_is_listed_shown_and_given_back_with_all_its_retries() {
    let (_postgres, place) = postgres_only();
    let (mail, id) = dead_message(&place);
    let listed = json_of(&relay(&place, &["dead", "list", "--json"]));
    assert_eq!(listed[0]["id"], id);
    assert_eq!(
        json_of(&relay(&place, &["dead", "list", "--kind", "failed", "--json"])),
        serde_json::json!([])
    );
    let id_text = id.to_string();
    let shown = relay(&place, &["dead", "show", &id_text]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("review:downgrade") && shown.contains("1234.56"), "{shown}");

    let retried = relay(&place, &["dead", "retry", &id_text, "--json"]);
    assert!(retried.status.success());
    assert_eq!(json_of(&retried)["retry"], serde_json::json!([id]));
    let mut conn = place.connect();
    let row = message(&mut conn, id);
    assert!(row.dead_at.is_none() && row.error_message.is_none() && row.retry_count == 0);
    assert_eq!(
        statuses(&mut conn, mail),
        ("matching".to_owned(), None, "pending".to_owned(), None)
    );
    assert_eq!(relay(&place, &["dead", "retry", &id_text]).status.code(), Some(1));
}

#[test]
fn discarding_asks_first_and_keeps_the_row_with_its_reason() {
    let (_postgres, place) = postgres_only();
    let (_, id) = dead_message(&place);
    let id_text = id.to_string();
    let refused = relay(&place, &["dead", "discard", &id_text]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--yes"));
    assert!(message(&mut place.connect(), id).dead_at.is_some());

    assert!(relay(&place, &["dead", "discard", &id_text, "--yes"]).status.success());
    let row = message(&mut place.connect(), id);
    assert!(row.dead_at.is_none() && row.processed_at.is_some());
    assert_eq!(row.error_message.as_deref(), Some("discarded: was review:downgrade"));
}

#[test]
fn a_missing_setting_and_a_missing_database_get_one_clear_line() {
    let unset =
        Command::new(env!("CARGO_BIN_EXE_relay")).env_remove("DATABASE_URL").output().unwrap();
    assert_eq!(unset.status.code(), Some(2));
    let error = String::from_utf8(unset.stderr).unwrap();
    assert_eq!(
        error,
        "relay: DATABASE_URL is not set; set it, or DATABASE_URL_FILE to a file that holds it\n"
    );

    let away = Command::new(env!("CARGO_BIN_EXE_relay"))
        .args(["dead", "list", "--database-url", "postgres://nobody@127.0.0.1:1/none"])
        .output()
        .unwrap();
    assert_eq!(away.status.code(), Some(2));
    let error = String::from_utf8(away.stderr).unwrap();
    assert!(error.starts_with("relay dead: couldn't connect to Postgres; check DATABASE_URL"));
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_behind_is_refused() {
    let postgres = TestPostgres::create_empty();
    let output = Command::new(env!("CARGO_BIN_EXE_relay"))
        .env("DATABASE_URL", postgres.url())
        .env("MONGODB_URL", "mongodb://127.0.0.1:1/")
        .env("MONGODB_DATABASE", "none")
        .env("LOG_FORMAT", "json")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("run `migrate up`"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_each_dependency_and_metrics_count_what_was_delivered() {
    let (postgres, mongo) = (TestPostgres::create(), TestMongo::create());
    let place = Place {
        postgres_url: postgres.url(),
        mongodb_url: mongo.url().to_owned(),
        database: mongo.name().to_owned(),
    };
    place.clients().await.insert_one(client(0)).await.unwrap();
    let relay = RunningRelay::start(place.settings());
    enqueue(&mut place.connect(), &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    wait_until_delivered(&place).await;

    let get = async |path: &str| test_support::http_get(relay.address, path).await;
    assert_eq!(get("/healthz").await.0, 200);
    let (status, ready) = get("/readyz").await;
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!((status, &ready["status"]), (200, &Value::from("ok")));
    let names: Vec<&str> = ready["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["postgres", "schema", "mongodb"]);
    let (_, metrics) = get("/metrics").await;
    for line in [
        "claimsync_outbox_pending_messages 0",
        "claimsync_outbox_oldest_pending_age_seconds 0",
        "claimsync_outbox_outcomes_total{outcome=\"applied\"} 1",
        "claimsync_outbox_delivery_seconds_count 1",
        "claimsync_outbox_dead_letters{kind=\"review\"} 0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is missing in\n{metrics}");
    }
    relay.stop().await;
}
