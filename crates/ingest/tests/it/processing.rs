//! The durable queue: every accepted mail reaches an end, and each result is written once.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use domain::models::incoming_email::{self, NewIncomingEmail};
use domain::models::outbox_message;
use serde_json::json;
use test_support::{TestPostgres, wait_until};

use crate::support::{
    Act, App, LIMIT, Scripted, config, config_with, count, find, mail, run_sql, statement,
    wait_for_status,
};

const OUTBOX: &str = "SELECT count(*) FROM outbox_messages";

#[tokio::test]
async fn a_clear_statement_ends_in_the_outbox_with_its_key() {
    let postgres = TestPostgres::create();
    let app = App::ready(config(&postgres.url(), &[])).await;
    let id = app.accept(&statement(1)).await;
    let stored = wait_for_status(&postgres, id, "matching").await;
    assert_eq!((stored.sync_status.as_str(), stored.match_status), ("pending", None));
    let extracted = stored.extracted_data.unwrap();
    assert_eq!(extracted["debt_amount"], json!("1234.56"));

    let messages = outbox_message::of_emails(&mut postgres.connect(), &[id]).unwrap();
    assert_eq!(messages.len(), 1);
    let payload = &messages[0].payload.0;
    assert_eq!(payload["version"], 1);
    assert_eq!(payload["new_debt_amount"], "1234.56");
    assert_eq!(payload["creditor_email"], "inkasso@musterbank.example");
    assert_eq!(payload["received_at"], "2026-03-11T08:14:22Z");
    let key = messages[0].idempotency_key.clone();
    assert!(key.starts_with(&format!("creditor_debt_update:{id}:")));
    assert_eq!(stored.idempotency_key, Some(key.clone()));
    let kept = format!("SELECT count(*) FROM idempotency_keys WHERE key = '{key}'");
    assert_eq!(count(&mut postgres.connect(), &kept), 1);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_clear_statement_reaches_a_person_or_nobody() {
    let postgres = TestPostgres::create();
    let app = App::ready(config(&postgres.url(), &[])).await;
    let mut question = mail(1);
    question["body_text"] = json!("Bitte senden Sie uns die Vollmacht Ihres Mandanten zu.");
    let mut absence = mail(2);
    absence["subject"] = json!("Automatische Antwort: Abwesenheit");
    absence["body_text"] = json!("Ich bin bis zum 3. Mai nicht im Büro.");

    let review = wait_for_status(&postgres, app.accept(&question).await, "completed").await;
    assert_eq!(review.match_status.as_deref(), Some("needs_review"));
    assert_eq!(review.sync_status, "not_applicable");
    assert!(review.processing_error.unwrap().starts_with("review:"));

    let absent = app.accept(&absence).await;
    let absent = wait_for_status(&postgres, absent, "not_creditor_reply").await;
    assert_eq!(absent.match_status.as_deref(), Some("no_match"));
    assert_eq!(absent.sync_status, "not_applicable");
    assert_eq!(count(&mut postgres.connect(), OUTBOX), 0);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_result_and_its_message_are_written_together_or_not_at_all() {
    let postgres = TestPostgres::create();
    run_sql(
        &postgres,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON outbox_messages FOR EACH ROW
         WHEN (NEW.aggregate_id = '1') EXECUTE FUNCTION refuse()",
    );
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    let (refused, beside) = (app.accept(&mail(1)).await, app.accept(&mail(2)).await);
    assert_eq!(refused, 1);
    wait_for_status(&postgres, beside, "matching").await;
    wait_until(LIMIT, || async { find(&postgres, refused).processing_error.is_some() }).await;

    let mail = find(&postgres, refused);
    assert_eq!(mail.processing_status.as_deref(), Some("received"));
    assert_eq!((mail.extracted_data, mail.idempotency_key), (None, None));
    assert_eq!(count(&mut postgres.connect(), OUTBOX), 1);
    assert_eq!(count(&mut postgres.connect(), "SELECT count(*) FROM idempotency_keys"), 1);

    run_sql(&postgres, "DROP TRIGGER refuse ON outbox_messages");
    wait_for_status(&postgres, refused, "matching").await;
    assert_eq!(count(&mut postgres.connect(), OUTBOX), 2);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_worker_whose_lease_ran_out_comes_back_and_must_not_finish() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Wait);
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &[])).await;
    let id = app.accept(&mail(1)).await;
    extractor.wait_until_asked(1).await;

    // Its lease runs out, and another worker takes the mail.
    run_sql(&postgres, "UPDATE incoming_emails SET lease_expires_at = now() - interval '1 s'");
    let lease = Duration::from_secs(60);
    let taken = incoming_email::claim(&mut postgres.connect(), 1, lease).unwrap();
    assert_eq!(taken[0].id, id);

    extractor.open_gate();
    wait_until(LIMIT, || async { app.metric("claimsync_lease_lost_total").await == 1.0 }).await;
    assert_eq!(find(&postgres, id).processing_status.as_deref(), Some("parsing"));
    assert_eq!(count(&mut postgres.connect(), OUTBOX), 0);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_lease_that_ran_out_forbids_the_result_even_where_nobody_took_the_mail() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Wait);
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &[])).await;
    let id = app.accept(&mail(1)).await;
    extractor.wait_until_asked(1).await;
    // Nobody may take it yet: it is due in an hour.
    run_sql(
        &postgres,
        "UPDATE incoming_emails SET lease_expires_at = now() - interval '1 s',
                                    next_attempt_at = now() + interval '1 hour'",
    );
    extractor.open_gate();
    wait_until(LIMIT, || async { app.metric("claimsync_lease_lost_total").await == 1.0 }).await;
    assert_eq!(find(&postgres, id).processing_status.as_deref(), Some("parsing"));
    assert_eq!(count(&mut postgres.connect(), OUTBOX), 0);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_worker_whose_lease_ran_out_lets_go_without_finishing_its_work() {
    let postgres = TestPostgres::create();
    // The gate stays closed: its work never ends by itself.
    let extractor = Scripted::new(|_| Act::Wait);
    let flags = ["--lease-secs", "3"];
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &flags)).await;
    app.accept(&mail(1)).await;
    extractor.wait_until_asked(1).await;
    run_sql(&postgres, "UPDATE incoming_emails SET lease_expires_at = now() - interval '1 s'");
    incoming_email::claim(&mut postgres.connect(), 1, Duration::from_secs(60)).unwrap();
    wait_until(LIMIT, || async { app.metric("claimsync_lease_lost_total").await == 1.0 }).await;
    extractor.open_gate();
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_living_worker_keeps_its_lease_beyond_its_length() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Wait);
    let flags = ["--lease-secs", "3"];
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &flags)).await;
    let id = app.accept(&mail(1)).await;
    extractor.wait_until_asked(1).await;
    // Longer than the lease by the database's own clock.
    let held = "SELECT count(*) FROM incoming_emails WHERE created_at < now() - interval '4 s'";
    wait_until(LIMIT, || async { count(&mut postgres.connect(), held) == 1 }).await;
    extractor.open_gate();
    wait_for_status(&postgres, id, "matching").await;
    assert_eq!(find(&postgres, id).attempts, 1);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_mail_that_breaks_its_examination_is_failed_in_the_end_and_others_go_on() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|mail| match mail.subject.as_str() {
        "Gift" => Act::Panic,
        _ => Act::Read,
    });
    let flags = ["--max-attempts", "2"];
    let app = App::ready(config_with(&postgres.url(), extractor, &flags)).await;
    let mut poison = mail(1);
    poison["subject"] = json!("Gift");
    let (poison, beside) = (app.accept(&poison).await, app.accept(&mail(2)).await);
    wait_for_status(&postgres, beside, "matching").await;
    let failed = wait_for_status(&postgres, poison, "failed").await;
    assert_eq!(failed.attempts, 2);
    assert_eq!(failed.match_status.as_deref(), Some("needs_review"));
    assert_eq!(failed.sync_status, "not_applicable");
    assert_eq!(failed.processing_error.as_deref(), Some("failed:examination_panicked"));
    app.stop().await.unwrap();
}

/// Mails in the state in which a worker that was killed leaves them.
fn left_behind(postgres: &TestPostgres, mails: usize, attempts: i32) -> Vec<i32> {
    let mut connection = postgres.connect();
    let mails: Vec<_> = (0..mails)
        .map(|number| NewIncomingEmail {
            zendesk_ticket_id: number.to_string(),
            zendesk_webhook_id: Some(format!("left-{number}")),
            from_email: "a@b.example".to_owned(),
            ..NewIncomingEmail::default()
        })
        .collect();
    incoming_email::accept(&mut connection, &mails).unwrap();
    diesel::sql_query(format!(
        "UPDATE incoming_emails SET processing_status = 'parsing', attempts = {attempts},
           lease_token = gen_random_uuid(), lease_expires_at = now() - interval '1 s'"
    ))
    .execute(&mut connection)
    .unwrap();
    (1..=i32::try_from(mails.len()).unwrap()).collect()
}

#[tokio::test]
async fn mails_whose_worker_died_are_taken_over() {
    let postgres = TestPostgres::create();
    let ids = left_behind(&postgres, 5, 1);
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    for id in ids {
        assert_eq!(wait_for_status(&postgres, id, "matching").await.attempts, 2);
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn mails_that_may_have_killed_their_worker_are_worked_one_at_a_time() {
    let postgres = TestPostgres::create();
    let ids = left_behind(&postgres, 6, 2);
    let extractor = Scripted::reading();
    let flags = ["--ingest-workers", "1"];
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &flags)).await;
    for id in ids {
        assert_eq!(wait_for_status(&postgres, id, "matching").await.attempts, 3);
    }
    assert_eq!(extractor.most_at_once.load(Ordering::SeqCst), 1);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_mail_that_killed_its_worker_too_often_is_not_read_again() {
    let postgres = TestPostgres::create();
    let ids = left_behind(&postgres, 1, 5);
    let extractor = Scripted::reading();
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &[])).await;
    let failed = wait_for_status(&postgres, ids[0], "failed").await;
    assert_eq!(failed.processing_error.as_deref(), Some("failed:worker_died"));
    assert_eq!(extractor.asked.load(Ordering::SeqCst), 0);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_provider_that_is_away_costs_no_attempt() {
    let postgres = TestPostgres::create();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let extractor = Scripted::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0..8 => Act::Unavailable,
        _ => Act::Read,
    });
    let app = App::ready(config_with(&postgres.url(), extractor, &[])).await;
    let id = app.accept(&mail(1)).await;
    assert_eq!(wait_for_status(&postgres, id, "matching").await.attempts, 1);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn an_unusable_answer_of_a_provider_goes_to_a_person() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Reject);
    let app = App::ready(config_with(&postgres.url(), extractor, &[])).await;
    let review = wait_for_status(&postgres, app.accept(&mail(1)).await, "completed").await;
    assert_eq!(review.match_status.as_deref(), Some("needs_review"));
    assert_eq!(review.processing_error.as_deref(), Some("review:provider_rejected: no JSON"));
    assert!(review.cleaned_body.unwrap().contains("899,00"));
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_service_that_stops_gives_back_at_once_what_it_cannot_finish() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Wait);
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &[])).await;
    let ids = [app.accept(&mail(1)).await, app.accept(&mail(2)).await, app.accept(&mail(3)).await];
    extractor.wait_until_asked(2).await;
    let began = Instant::now();
    app.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let held = "SELECT count(*) FROM incoming_emails WHERE lease_token IS NOT NULL";
    assert_eq!(count(&mut postgres.connect(), held), 0);
    for id in ids {
        let mail = find(&postgres, id);
        assert_eq!((mail.processing_status.as_deref(), mail.attempts), (Some("received"), 0));
    }
}

#[tokio::test]
async fn a_service_that_stops_finishes_what_it_can() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Wait);
    let app = App::ready(config_with(&postgres.url(), extractor.clone(), &[])).await;
    let id = app.accept(&mail(1)).await;
    extractor.wait_until_asked(1).await;
    app.context.shutdown.cancel();
    extractor.open_gate();
    app.stop().await.unwrap();
    assert_eq!(find(&postgres, id).processing_status.as_deref(), Some("matching"));
}

#[tokio::test]
async fn relays_are_woken_after_the_commit() {
    let postgres = TestPostgres::create();
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    let mut listening = postgres.connect();
    diesel::sql_query("LISTEN outbox_messages").execute(&mut listening).unwrap();
    let id = app.accept(&mail(1)).await;
    wait_until(LIMIT, || {
        let came = listening.notifications_iter().next().is_some_and(|n| n.is_ok());
        std::future::ready(came)
    })
    .await;
    assert_eq!(find(&postgres, id).processing_status.as_deref(), Some("matching"));
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_mail_is_in_the_outbox_soon_after_its_webhook() {
    let postgres = TestPostgres::create();
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    for number in 0..20 {
        app.accept(&mail(number)).await;
    }
    let waiting = "SELECT count(*) FROM incoming_emails WHERE processing_status <> 'matching'";
    wait_until(LIMIT, || async { count(&mut postgres.connect(), waiting) == 0 }).await;
    // Woken, not found by the poll of about a second.
    let slow = "SELECT count(*) FROM incoming_emails
                 WHERE processed_at - created_at > interval '700 ms'";
    let slow = count(&mut postgres.connect(), slow);
    assert!(slow <= 5, "{slow} of 20 mails waited for the poll");
    app.stop().await.unwrap();
}
