//! Postgres away, frozen, behind, and back.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use domain::models::incoming_email;
use test_support::{PrivatePostgres, TestPostgres, wait_until};

use crate::support::{App, LIMIT, Scripted, config_with, count, mail};

/// Well inside the 10 seconds after which Zendesk gives up waiting.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

async fn assert_unavailable(app: &App, number: usize) {
    let began = Instant::now();
    let answer = app.post(&mail(number)).await;
    assert!(began.elapsed() < ANSWER_LIMIT, "answered after {:?}", began.elapsed());
    answer.assert_problem(503);
}

async fn assert_all_reach_the_outbox(postgres: &PrivatePostgres, mails: i64) {
    let mut connection = PgConnection::establish(&postgres.url()).unwrap();
    let done = "SELECT count(*) FROM incoming_emails WHERE processing_status = 'matching'";
    wait_until(LIMIT, || std::future::ready(count(&mut connection, done) == mails)).await;
    assert_eq!(incoming_email::backlog(&mut connection).unwrap(), 0);
}

#[tokio::test]
async fn while_postgres_is_stopped_senders_are_asked_to_come_again_and_then_served() {
    let mut postgres = PrivatePostgres::start().await;
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    app.accept(&mail(1)).await;

    postgres.server.kill();
    assert_unavailable(&app, 2).await;
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status, ready.json["status"].as_str()), (503, Some("unavailable")));
    app.get("/api/v1/zendesk/status/1").await.assert_problem(503);
    assert_eq!(app.get("/healthz").await.status, 200);

    postgres.server.restart().await.unwrap();
    wait_until(LIMIT, || async { app.post(&mail(2)).await.status == 200 }).await;
    assert_all_reach_the_outbox(&postgres, 2).await;
    app.stop().await.unwrap();
}

#[tokio::test]
async fn while_postgres_is_frozen_the_answer_comes_in_time() {
    let postgres = PrivatePostgres::start().await;
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    app.accept(&mail(1)).await;

    postgres.server.pause();
    for number in 2..6 {
        assert_unavailable(&app, number).await;
    }
    postgres.server.resume();
    // What was answered 503 may have been stored all the same, but never twice.
    for number in 2..6 {
        wait_until(LIMIT, || async { app.post(&mail(number)).await.status == 200 }).await;
    }
    assert_all_reach_the_outbox(&postgres, 5).await;
    app.stop().await.unwrap();
}

#[tokio::test]
async fn it_starts_while_postgres_is_away_and_serves_once_it_is_there() {
    let mut postgres = PrivatePostgres::start().await;
    postgres.server.stop();
    let app = App::start(config_with(&postgres.url(), Scripted::reading(), &[]));
    assert_unavailable(&app, 1).await;
    assert_eq!(app.get("/readyz").await.status, 503);

    postgres.server.restart().await.unwrap();
    app.wait_until_ready().await;
    app.accept(&mail(1)).await;
    assert_all_reach_the_outbox(&postgres, 1).await;
    app.stop().await.unwrap();
}

#[tokio::test]
async fn it_refuses_a_schema_that_is_behind_and_says_what_to_do() {
    let postgres = TestPostgres::create_empty();
    let app = App::start(config_with(&postgres.url(), Scripted::reading(), &[]));
    let error = app.ended().await.unwrap_err().to_string();
    assert!(error.contains("run `migrate up`"), "{error}");
}
