//! What a message does, and what it does not do.

use std::slice::from_ref;

use bson::doc;
use diesel::connection::SimpleConnection;
use serde_json::json;
use test_support::{TestMongo, TestPostgres};

use crate::support::*;

struct World {
    place: Place,
    _postgres: TestPostgres,
    _mongo: TestMongo,
}

async fn world(clients: usize) -> World {
    let (postgres, mongo) = (TestPostgres::create(), TestMongo::create());
    let place = Place {
        postgres_url: postgres.url(),
        mongodb_url: mongo.url().to_owned(),
        database: mongo.name().to_owned(),
    };
    if clients > 0 {
        place.clients().await.insert_many((0..clients).map(client)).await.unwrap();
    }
    World { place, _postgres: postgres, _mongo: mongo }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_its_entry_and_only_our_fields_change() {
    let World { place, .. } = &world(2).await;
    let mut conn = place.connect();
    let before = entry(place, 0).await;
    let untouched = entry(place, 1).await;
    let (mail, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00.123Z"));
    let relay = RunningRelay::start(place.settings());
    wait_until_delivered(place).await;
    relay.stop().await;

    let mut after = entry(place, 0).await;
    assert_eq!(after.get_f64("current_debt_amount").unwrap(), 1234.56);
    assert_eq!(after.get_f64("creditor_response_amount").unwrap(), 1234.56);
    assert_eq!(after.get_str("amount_source").unwrap(), "creditor_response");
    assert_eq!(after.get_str("contact_status").unwrap(), "responded");
    assert_eq!(after.get_str("creditor_response_text").unwrap(), "Die Forderung beträgt …");
    let sync = after.get_document("sync").unwrap();
    assert_eq!(sync.get("email_id").and_then(bson_i64), Some(i64::from(mail)));
    assert_eq!(sync.get("outbox_id").and_then(bson_i64), Some(id));
    assert_eq!(sync.get_datetime("received_at").unwrap().timestamp_millis(), 1_772_359_200_123);
    assert!(sync.get_datetime("applied_at").is_ok());
    for ours in [
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
    ] {
        assert!(after.remove(ours).is_some(), "{ours} is written");
    }
    let mut before = before;
    before.remove("contact_status");
    assert_eq!(after, before, "claim_amount and the portal's own fields stay as they were");
    assert_eq!(entry(place, 1).await, untouched);

    let row = message(&mut conn, id);
    assert!(row.processed_at.is_some() && row.error_message.is_none() && row.retry_count == 0);
    assert!(row.match_reasons.is_some());
    let expected =
        ("completed".to_owned(), Some("auto_matched".to_owned()), "synced".to_owned(), None);
    assert_eq!(statuses(&mut conn, mail), expected);
}

fn bson_i64(value: &bson::Bson) -> Option<i64> {
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_applied_twice_changes_nothing() {
    let World { place, .. } = &world(1).await;
    let mut conn = place.connect();
    let (_, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    let relay = RunningRelay::start(place.settings());
    wait_until_delivered(place).await;
    let first = entry(place, 0).await;

    conn.batch_execute("UPDATE outbox_messages SET processed_at = NULL").unwrap();
    wait_until_delivered(place).await;
    assert_eq!(entry(place, 0).await, first, "not even applied_at moves");
    wait_until_counted(from_ref(&relay), 2).await;
    assert_eq!((relay.outcomes("applied"), relay.outcomes("already_applied")), (1, 1));
    assert!(message(&mut conn, id).processed_at.is_some());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_mails_for_one_entry_the_newer_stays_in_either_order() {
    for newer_first in [false, true] {
        let World { place, .. } = &world(1).await;
        let mut conn = place.connect();
        let older = payload(0, "1100.00", "2026-03-01T10:00:00Z");
        let newer = payload(0, "1200.00", "2026-03-02T10:00:00Z");
        let relay = RunningRelay::start(place.settings());
        let (first, second) = if newer_first { (&newer, &older) } else { (&older, &newer) };
        let (_, first_id) = enqueue(&mut conn, first);
        wait_until_delivered(place).await;
        let (mail, second_id) = enqueue(&mut conn, second);
        wait_until_delivered(place).await;
        relay.stop().await;

        assert_eq!(amount(place, 0).await, Some(1200.0), "newer first: {newer_first}");
        assert_eq!(message(&mut conn, first_id).error_message, None);
        let note = message(&mut conn, second_id).error_message;
        assert_eq!(note.as_deref(), newer_first.then_some("superseded"));
        assert_eq!(statuses(&mut conn, mail).2, "synced");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_mails_in_one_batch_only_the_newer_is_written() {
    for newer_first in [false, true] {
        let World { place, .. } = &world(1).await;
        let mut conn = place.connect();
        let older = payload(0, "1100.00", "2026-03-01T10:00:00Z");
        let newer = payload(0, "1200.00", "2026-03-02T10:00:00Z");
        let (newer_id, older_id) = if newer_first {
            (enqueue(&mut conn, &newer).1, enqueue(&mut conn, &older).1)
        } else {
            let older_id = enqueue(&mut conn, &older).1;
            (enqueue(&mut conn, &newer).1, older_id)
        };
        let relay = RunningRelay::start(place.settings());
        wait_until_delivered(place).await;
        wait_until_counted(from_ref(&relay), 2).await;
        assert_eq!((relay.outcomes("applied"), relay.outcomes("superseded")), (1, 1));
        relay.stop().await;
        assert_eq!(amount(place, 0).await, Some(1200.0));
        assert_eq!(message(&mut conn, older_id).error_message.as_deref(), Some("superseded"));
        assert_eq!(message(&mut conn, newer_id).error_message, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_mail_that_is_retried_late_does_not_replace_a_newer_amount() {
    let World { place, .. } = &world(0).await;
    let mut conn = place.connect();
    let (_, older) = enqueue(&mut conn, &payload(0, "1100.00", "2026-03-01T10:00:00Z"));
    let relay = RunningRelay::start(place.settings());
    // The client is not there yet: the older one waits for its retry.
    test_support::wait_until(LIMIT, || {
        std::future::ready(message(&mut conn, older).retry_count >= 1)
    })
    .await;
    conn.batch_execute("UPDATE outbox_messages SET next_attempt_at = now() + interval '1 hour'")
        .unwrap();
    place.clients().await.insert_one(client(0)).await.unwrap();
    let (_, newer) = enqueue(&mut conn, &payload(0, "1200.00", "2026-03-02T10:00:00Z"));
    test_support::wait_until(LIMIT, || {
        std::future::ready(message(&mut conn, newer).processed_at.is_some())
    })
    .await;
    conn.batch_execute("UPDATE outbox_messages SET next_attempt_at = now()").unwrap();
    wait_until_delivered(place).await;
    relay.stop().await;
    assert_eq!(amount(place, 0).await, Some(1200.0));
    assert_eq!(message(&mut conn, older).error_message.as_deref(), Some("superseded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_entries_that_look_alike_are_left_to_a_person() {
    let World { place, .. } = &world(0).await;
    let mut conn = place.connect();
    let mut twins = client(0);
    let entries = twins.get_array_mut("final_creditor_list").unwrap();
    let mut twin = entries[0].clone();
    twin.as_document_mut().unwrap().insert("id", "e-twin");
    entries.push(twin);
    place.clients().await.insert_one(&twins).await.unwrap();
    let (mail, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    let relay = RunningRelay::start(place.settings());
    wait_until_delivered(place).await;
    relay.stop().await;

    let row = message(&mut conn, id);
    assert!(row.dead_at.is_some() && row.retry_count == 0, "dead at once");
    assert!(row.error_message.unwrap().starts_with("review:"));
    let (processing, matched, sync, error) = statuses(&mut conn, mail);
    assert_eq!(
        (processing.as_str(), matched.as_deref(), sync.as_str()),
        ("completed", Some("needs_review"), "failed")
    );
    assert!(error.unwrap().starts_with("review:"));
    assert_eq!(entry(place, 0).await.get("sync"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_not_there_yet_is_retried_until_it_comes() {
    let World { place, .. } = &world(0).await;
    let mut conn = place.connect();
    let (mail, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    let relay = RunningRelay::start(place.settings());
    test_support::wait_until(LIMIT, || std::future::ready(message(&mut conn, id).retry_count == 2))
        .await;
    let (processing, _, sync, _) = statuses(&mut conn, mail);
    assert_eq!((processing.as_str(), sync.as_str()), ("matching", "pending"));
    place.clients().await.insert_one(client(0)).await.unwrap();
    wait_until_delivered(place).await;
    relay.stop().await;
    assert_eq!(amount(place, 0).await, Some(1234.56));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_comes_ends_with_a_person_after_all_retries() {
    let World { place, .. } = &world(0).await;
    let mut conn = place.connect();
    let (_, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    diesel::RunQueryDsl::execute(
        diesel::sql_query("UPDATE outbox_messages SET max_retries = 2"),
        &mut conn,
    )
    .unwrap();
    let relay = RunningRelay::start(place.settings());
    wait_until_delivered(place).await;
    relay.stop().await;
    let row = message(&mut conn, id);
    assert_eq!(row.retry_count, 2);
    assert!(row.error_message.unwrap().starts_with("review:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_services_form_is_delivered_under_the_mails_own_date() {
    let World { place, .. } = &world(1).await;
    let mut conn = place.connect();
    let (mail, _) = enqueue(
        &mut conn,
        &json!({
            "client_name": "Erika Muster0", "client_aktenzeichen": "1000_26",
            "creditor_email": "post@bank0.example", "creditor_name": "Bank 0",
            "new_debt_amount": 899.0, "response_text": "…", "reference_numbers": ["1000_26"],
        }),
    );
    let relay = RunningRelay::start(place.settings());
    wait_until_delivered(place).await;
    relay.stop().await;
    let entry = entry(place, 0).await;
    assert_eq!(entry.get_f64("current_debt_amount").unwrap(), 899.0);
    let received =
        domain::models::incoming_email::find(&mut conn, mail).unwrap().unwrap().received_at;
    let fence = entry.get_document("sync").unwrap().get_datetime("received_at").unwrap();
    assert_eq!(fence.timestamp_millis(), received.timestamp_millis());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_is_dead_with_its_reason_and_holds_up_no_other() {
    let World { place, .. } = &world(1).await;
    let mut conn = place.connect();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let mut version_2 = payload(0, "5.00", "2026-03-01T10:00:00Z");
    version_2["version"] = json!(2);
    let mut no_amount = payload(0, "5.00", "2026-03-01T10:00:00Z");
    no_amount["amount"] = no_amount["new_debt_amount"].take();
    let (mail, _) = enqueue(&mut conn, &json!({}));
    let bad = [
        (message_with(&mut conn, mail, &deep), "failed:unreadable_payload"),
        (
            message_with(&mut conn, mail, "{\"new_debt_amount\": 1e999}"),
            "failed:unreadable_payload",
        ),
        (message_with(&mut conn, mail, &version_2.to_string()), "failed:unknown_payload_version"),
        (message_with(&mut conn, mail, &no_amount.to_string()), "failed:unreadable_payload"),
        (enqueue_for(&mut conn, "not a number", &version_2.to_string()), "failed:unknown_email"),
    ];
    let (_, good) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    let relay = RunningRelay::start(place.settings());
    wait_until_delivered(place).await;
    relay.stop().await;
    for (id, code) in bad {
        let row = message(&mut conn, id);
        assert!(row.dead_at.is_some() && row.retry_count == 0);
        let error = row.error_message.unwrap();
        assert!(error.starts_with(code), "{error}");
    }
    assert!(message(&mut conn, good).processed_at.is_some());
    assert_eq!(amount(place, 0).await, Some(1234.56));
}

fn message_with(conn: &mut diesel::PgConnection, mail: i32, payload: &str) -> i64 {
    enqueue_for(conn, &mail.to_string(), payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_and_a_jump_are_held_for_a_person() {
    let World { place, .. } = &world(2).await;
    let mut conn = place.connect();
    let relay = RunningRelay::start(place.settings());
    enqueue(&mut conn, &payload(0, "1200.00", "2026-03-01T10:00:00Z"));
    wait_until_delivered(place).await;
    let (_, fall) = enqueue(&mut conn, &payload(0, "1199.99", "2026-03-02T10:00:00Z"));
    let (_, jump) = enqueue(&mut conn, &payload(1, "20000.01", "2026-03-02T10:00:00Z"));
    wait_until_delivered(place).await;
    relay.stop().await;
    for id in [fall, jump] {
        assert!(message(&mut conn, id).error_message.unwrap().starts_with("review:"));
    }
    assert_eq!((amount(place, 0).await, amount(place, 1).await), (Some(1200.0), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_at_once_deliver_each_of_2000_messages_once() {
    const CLIENTS: usize = 2_000;
    let World { place, .. } = &world(CLIENTS).await;
    let mut conn = place.connect();
    enqueue_many(&mut conn, CLIENTS, 2_000);
    let mut settings = place.settings();
    // Small batches, so that both have their share.
    settings.delivery.batch_size = 50;
    let relays = [RunningRelay::start(settings.clone()), RunningRelay::start(settings)];
    wait_until_delivered(place).await;
    wait_until_counted(&relays, 2_000).await;
    let applied: Vec<u64> = relays.iter().map(|relay| relay.outcomes("applied")).collect();
    let again: u64 = relays.iter().map(|relay| relay.outcomes("already_applied")).sum();
    for relay in relays {
        relay.stop().await;
    }
    assert_eq!((applied.iter().sum::<u64>(), again), (2_000, 0), "{applied:?}");
    let clients = place.clients().await;
    let written = doc! { "final_creditor_list.sync.email_id": { "$exists": true } };
    assert_eq!(clients.count_documents(written).await.unwrap(), 2_000);
    for number in [0, 999, 1_999] {
        assert_eq!(amount(place, number).await, Some(1_000.5 + number as f64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_wakes_the_relay_long_before_its_poll() {
    let World { place, .. } = &world(1).await;
    let mut conn = place.connect();
    let mut settings = place.settings();
    settings.poll_interval = std::time::Duration::from_secs(3_600);
    let relay = RunningRelay::start(settings);
    let listening = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
                      AND application_name = 'claimsync-relay-listen' AND state = 'idle'
                      AND query LIKE 'LISTEN%'";
    test_support::wait_until(LIMIT, || {
        let rows = diesel::RunQueryDsl::execute(diesel::sql_query(listening), &mut conn);
        std::future::ready(rows == Ok(1))
    })
    .await;
    enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    domain::models::outbox_message::notify(&mut conn).unwrap();
    wait_until_delivered(place).await;
    relay.stop().await;
    assert_eq!(amount(place, 0).await, Some(1234.56));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_gets_a_key_of_its_own_also_after_the_clean_up() {
    let World { place, .. } = &world(0).await;
    let mut conn = place.connect();
    let payload = payload(0, "1234.56", "2026-03-01T10:00:00Z");
    let (mail, first) = enqueue(&mut conn, &payload);
    let processed = "UPDATE outbox_messages SET processed_at = now();
                     UPDATE incoming_emails SET sync_status = 'synced'";
    conn.batch_execute(processed).unwrap();
    let repair = |conn: &mut diesel::PgConnection, after| {
        let after = Some(after);
        domain::models::outbox_message::enqueue_repair(conn, mail, after, &payload, "key").unwrap()
    };
    let second = repair(&mut conn, first).expect("nothing of the mail waits");
    assert_eq!(repair(&mut conn, second), None, "one waiting message of a mail is enough");
    conn.batch_execute(processed).unwrap();
    assert_eq!(repair(&mut conn, first), None, "a payload that a newer message replaced");
    conn.batch_execute(&format!("DELETE FROM outbox_messages WHERE id = {first}")).unwrap();
    let third = repair(&mut conn, second).expect("nothing of the mail waits");
    let key = |conn: &mut diesel::PgConnection, id| message(conn, id).idempotency_key;
    assert_ne!(key(&mut conn, second), key(&mut conn, third));
}
