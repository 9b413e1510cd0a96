//! Every answer of the webhook, and what it leaves in Postgres.

use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::TimeDelta;
use domain::models::incoming_email;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use test_support::{TestPostgres, wait_until};

use crate::support::{
    Act, App, LIMIT, Post, Scripted, config_with, config_with_secrets, count, find, mail,
    parse_utc, run_sql, stamped,
};

const COUNT: &str = "SELECT count(*) FROM incoming_emails";

async fn app(postgres: &TestPostgres, flags: &[&str]) -> App {
    App::ready(config_with(&postgres.url(), Scripted::new(|_| Act::Wait), flags)).await
}

#[tokio::test]
async fn a_mail_answered_200_is_in_postgres_and_a_repeat_is_its_duplicate() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;

    let first = app.post(&mail(1)).await;
    assert_eq!((first.status, first.json["status"].as_str()), (200, Some("accepted")));
    let id = i32::try_from(first.json["email_id"].as_i64().unwrap()).unwrap();
    let stored = find(&postgres, id);
    assert_eq!(stored.zendesk_ticket_id, "20001");
    assert_eq!(stored.zendesk_webhook_id.as_deref(), Some("wh-1"));
    assert_eq!(stored.request_id.as_deref(), Some("01TEST"));

    // Zendesk may send a repeat with another body under the same id.
    let mut repeat = mail(1);
    repeat["subject"] = json!("anders");
    let second = app.post(&repeat).await;
    assert_eq!((second.status, second.json["status"].as_str()), (200, Some("duplicate")));
    assert_eq!(second.json["email_id"], id);
    assert_eq!(count(&mut postgres.connect(), COUNT), 1);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn equal_webhooks_at_once_give_one_accepted_and_one_row() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    for mut same in [mail(1), mail(2)] {
        if same["webhook_id"] == "wh-2" {
            same.as_object_mut().unwrap().remove("webhook_id");
        }
        let answers = join_all((0..20).map(|_| app.post(&same))).await;
        let with = |word: &str| answers.iter().filter(|a| a.json["status"] == word).count();
        assert_eq!((with("accepted"), with("duplicate")), (1, 19));
        let id = &answers[0].json["email_id"];
        assert!(answers.iter().all(|answer| answer.json["email_id"] == *id));
    }
    assert_eq!(count(&mut postgres.connect(), COUNT), 2);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn each_refusal_is_a_problem_document_and_leaves_nothing() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &["--max-body-bytes", "200000"]).await;
    let with = |field: &str, value: serde_json::Value| {
        let mut mail = mail(1);
        mail[field] = value;
        Post::new(mail)
    };
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let cases = [
        (401, Post { secret: None, ..Post::new(mail(1)) }),
        (401, Post { secret: Some("another"), ..Post::new(mail(1)) }),
        (401, Post { timestamp: stamped(TimeDelta::seconds(3_700)), ..Post::new(mail(1)) }),
        (401, Post { timestamp: stamped(TimeDelta::seconds(-400)), ..Post::new(mail(1)) }),
        (401, Post { timestamp: "gestern".to_owned(), ..Post::new(mail(1)) }),
        (415, Post { content_type: "text/plain", ..Post::new(mail(1)) }),
        (413, with("body_text", json!("x".repeat(10_000_000)))),
        (400, Post::raw(b"{\"ticket_id\": \"1\xff\"}".to_vec())),
        (400, Post::raw(b"Vertraulich".to_vec())),
        (400, Post::raw(deep.into_bytes())),
        (400, Post::new(json!({"from_email": "a@b.example"}))),
        (400, with("ticket_id", json!(true))),
        (400, with("from_email", json!(["a@b.example"]))),
        (400, with("body_text", json!({"Vertraulich": 1}))),
    ];
    for (status, post) in cases {
        let answer = app.send(post).await;
        answer.assert_problem(status);
        assert_eq!(answer.json["field"].is_string(), status == 400, "{}", answer.text);
        assert!(!answer.text.contains("Vertraulich"));
    }
    assert_eq!(count(&mut postgres.connect(), COUNT), 0);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn the_field_at_fault_is_named() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let answer = app.post(&json!({"ticket_id": "1", "from_email": 7})).await;
    assert_eq!(answer.json["field"], "from_email");
    assert_eq!(answer.json["detail"], "from_email must be a string");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_body_in_chunks_is_too_large_as_well() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &["--max-body-bytes", "1000"]).await;
    let address = app.address;
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(
                b"POST /api/v1/zendesk/webhook HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
                  content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            )
            .unwrap();
        for _ in 0..20 {
            stream.write_all(format!("64\r\n{}\r\n", "x".repeat(100)).as_bytes()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_webhook_that_zendesk_repeats_half_an_hour_later_is_taken() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let post = Post { timestamp: stamped(TimeDelta::minutes(30)), ..Post::new(mail(1)) };
    assert_eq!(app.send(post).await.status, 200);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn the_signature_of_the_contract_passes_and_only_the_fields_are_missing() {
    let postgres = TestPostgres::create();
    let secret = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=";
    let flags = ["--webhook-tolerance-secs", "4000000000"];
    let config = config_with_secrets(&postgres.url(), secret, &flags);
    let app = App::ready(config).await;
    let send = |body: &'static [u8]| {
        crate::support::http_client()
            .post(app.url("/api/v1/zendesk/webhook"))
            .header("content-type", "application/json")
            .header("x-zendesk-webhook-signature", "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=")
            .header("x-zendesk-webhook-signature-timestamp", "2021-07-25T10:00:00Z")
            .body(body)
            .send()
    };
    assert_eq!(send(b"{\"say\": \"hello\"}").await.unwrap().status().as_u16(), 400);
    assert_eq!(send(b"{\"say\": \"hallo\"}").await.unwrap().status().as_u16(), 401);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn while_secrets_rotate_both_are_good() {
    let postgres = TestPostgres::create();
    let app = App::ready(config_with_secrets(&postgres.url(), "old,new", &[])).await;
    for (number, secret, status) in [(1, "old", 200), (2, "new", 200), (3, "older", 401)] {
        let post = Post { secret: Some(secret), ..Post::new(mail(number)) };
        assert_eq!(app.send(post).await.status, status);
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn nul_is_removed_and_texts_are_cut_to_their_columns() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let long = "ß".repeat(3_000);
    let id = app
        .accept(&json!({
            "ticket_id": long, "webhook_id": long, "from_email": long, "from_name": long,
            "subject": long, "body_text": "a\u{0}b", "in_reply_to": "\u{0}",
            "attachments": ["\u{0}brief.pdf"],
        }))
        .await;
    let stored = find(&postgres, id);
    assert_eq!(stored.zendesk_ticket_id.chars().count(), 50);
    assert_eq!(stored.subject.unwrap().chars().count(), 500);
    let bodies = "SELECT count(*) FROM incoming_emails WHERE raw_body_text = 'ab'";
    assert_eq!(count(&mut postgres.connect(), bodies), 1);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn webhook_ids_that_share_a_long_beginning_are_two_mails() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    for end in ["1", "2"] {
        let mut mail = mail(1);
        mail["webhook_id"] = json!(format!("{}{end}", "x".repeat(100)));
        app.accept(&mail).await;
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_date_is_berlins_and_never_ahead() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let mut received = Vec::new();
    for (number, date) in
        ["15.01.2026, 16:12 Uhr", "2099-01-01T00:00:00Z", "neulich"].into_iter().enumerate()
    {
        let mut mail = mail(number);
        mail["received_at"] = json!(date);
        received.push(find(&postgres, app.accept(&mail).await));
    }
    assert_eq!(received[0].received_at, parse_utc("2026-01-15T15:12:00Z"));
    for mail in &received[1..] {
        assert_eq!(mail.received_at, mail.created_at);
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_sender_that_hangs_up_after_the_last_byte_changes_nothing() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    // The commit is held up until the sender is gone.
    let mut blocking = postgres.connect();
    use diesel::connection::SimpleConnection;
    blocking.batch_execute("BEGIN; LOCK TABLE incoming_emails IN EXCLUSIVE MODE").unwrap();
    let post = Post::new(mail(1));
    let (address, signature) = (app.address, post.signature().unwrap());
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /api/v1/zendesk/webhook HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n\
         x-zendesk-webhook-signature: {signature}\r\n\
         x-zendesk-webhook-signature-timestamp: {}\r\ncontent-length: {}\r\n\r\n",
        post.timestamp,
        post.body.len(),
    )
    .unwrap();
    stream.write_all(&post.body).unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                   AND wait_event_type = 'Lock' AND application_name = 'ingest-accept'";
    wait_until(LIMIT, || async { count(&mut postgres.connect(), waiting) == 1 }).await;
    drop(stream);
    blocking.batch_execute("COMMIT").unwrap();
    wait_until(LIMIT, || async { count(&mut postgres.connect(), COUNT) == 1 }).await;
    app.stop().await.unwrap();
}

/// As after a process was frozen: the connection is old when its first request is read. The pause is
/// what is tried here, so it cannot be awaited: longer than the 5 s after which actix gives up.
#[tokio::test]
async fn a_request_on_a_connection_that_was_silent_for_seconds_is_not_refused() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let post = Post::new(mail(1));
    let (address, signature) = (app.address, post.signature().unwrap());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"POST /api/v1/zendesk/webhook HTTP/1.1\r\nhost: t\r\n").unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    write!(
        stream,
        "content-type: application/json\r\nconnection: close\r\n\
         x-zendesk-webhook-signature: {signature}\r\n\
         x-zendesk-webhook-signature-timestamp: {}\r\ncontent-length: {}\r\n\r\n",
        post.timestamp,
        post.body.len(),
    )
    .unwrap();
    stream.write_all(&post.body).unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = answer.await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn a_mail_that_postgres_refuses_does_not_fail_those_beside_it() {
    let postgres = TestPostgres::create();
    run_sql(
        &postgres,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON incoming_emails FOR EACH ROW
         WHEN (NEW.zendesk_ticket_id = '20007') EXECUTE FUNCTION refuse()",
    );
    let app = app(&postgres, &[]).await;
    let mails: Vec<_> = (0..20).map(mail).collect();
    let answers = join_all(mails.iter().map(|mail| app.post(mail))).await;
    for (number, answer) in answers.iter().enumerate() {
        if number == 7 {
            answer.assert_problem(503);
        } else {
            assert_eq!(answer.json["status"], "accepted");
        }
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn at_the_backlog_limit_senders_are_asked_to_come_again() {
    let postgres = TestPostgres::create();
    let extractor = Scripted::new(|_| Act::Wait);
    let config = config_with(&postgres.url(), extractor.clone(), &["--backlog-limit", "3"]);
    let app = App::ready(config).await;
    for number in 0..3 {
        app.accept(&mail(number)).await;
    }
    app.post(&mail(3)).await.assert_problem(429);
    let mut connection = postgres.connect();
    assert_eq!(incoming_email::backlog(&mut connection).unwrap(), 3);

    extractor.open_gate();
    wait_until(LIMIT, || async { app.post(&mail(3)).await.status == 200 }).await;
    app.stop().await.unwrap();
}

#[tokio::test]
async fn the_status_of_a_mail_shows_no_text_and_no_address() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let id = app.accept(&mail(1)).await;
    let answer = app.get(&format!("/api/v1/zendesk/status/{id}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["email_id"], id);
    assert_eq!(answer.json["sync_status"], "pending");
    for member in ["processing_status", "match_status", "received_at", "processed_at"] {
        assert!(answer.json.get(member).is_some(), "{member} is missing");
    }
    for private in ["bank.example", "899", "Ihre Anfrage"] {
        assert!(!answer.text.contains(private));
    }
    for unknown in ["999999", "0", "-1", "99999999999999", "abc"] {
        app.get(&format!("/api/v1/zendesk/status/{unknown}")).await.assert_problem(404);
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_problem_documents_too() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    for path in ["/", "/api/v1/zendesk", "/api/v1/zendesk/webhook/", "/healthz/x"] {
        app.ask(Method::GET, path).await.assert_problem(404);
        app.ask(Method::POST, path).await.assert_problem(404);
    }
    for (method, path, allowed) in [
        (Method::GET, "/api/v1/zendesk/webhook", "POST"),
        (Method::DELETE, "/api/v1/zendesk/webhook", "POST"),
        (Method::POST, "/api/v1/zendesk/status/1", "GET"),
        (Method::POST, "/healthz", "GET"),
    ] {
        let answer = app.ask(method, path).await;
        answer.assert_problem(405);
        assert_eq!(answer.allow.as_deref(), Some(allowed), "{path}");
    }
    let head = app.ask(Method::HEAD, "/healthz").await;
    assert_eq!((head.status, head.text.as_str()), (405, ""));
    app.stop().await.unwrap();
}

#[tokio::test]
async fn readiness_names_each_dependency_and_metrics_count_the_answers() {
    let postgres = TestPostgres::create();
    let app = app(&postgres, &[]).await;
    let ready = app.get("/readyz").await;
    let names: Vec<_> =
        ready.json["dependencies"].as_array().unwrap().iter().map(|d| d["name"].clone()).collect();
    assert_eq!(
        (ready.json["status"].as_str(), names),
        (Some("ok"), vec![json!("postgres"), json!("schema")])
    );

    app.accept(&mail(1)).await;
    app.accept(&mail(2)).await;
    app.post(&json!({})).await.assert_problem(400);
    assert_eq!(app.metric("claimsync_webhook_responses_total{code=\"200\"}").await, 2.0);
    assert_eq!(app.metric("claimsync_webhook_responses_total{code=\"400\"}").await, 1.0);
    assert_eq!(app.metric("claimsync_zendesk_circuit_errors").await, 1.0);
    let used = app.metric("claimsync_zendesk_circuit_used").await;
    assert!((used - (1.0 / 3.0) / 0.7).abs() < 1e-9, "{used}");
    let metrics = app.metrics().await;
    for name in [
        "claimsync_webhook_seconds_count 3",
        "claimsync_accept_batch_size_count",
        "claimsync_emails{processing_status=\"completed\"} 0",
        "claimsync_lease_lost_total 0",
        "claimsync_ingest_backlog",
    ] {
        assert!(metrics.contains(name), "{name} is missing in\n{metrics}");
    }
    assert!(!metrics.contains("bank.example"));
    app.stop().await.unwrap();
}
