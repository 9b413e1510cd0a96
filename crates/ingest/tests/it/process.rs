//! Ingest as a process: killed, asked to stop, and what it logs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use test_support::{TestPostgres, wait_until};

use crate::support::{LIMIT, Post, SECRET, count, find, http_client, mail, statement};

/// A running `ingest`; killed with this value.
struct Process {
    child: Child,
    url: String,
    log: mpsc::Receiver<String>,
    http: reqwest::Client,
}

impl Process {
    async fn start(postgres: &TestPostgres, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ingest"))
            .env("DATABASE_URL", postgres.url())
            .env("WEBHOOK_SECRET", SECRET)
            .env("LOG_FORMAT", "json")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = mpsc::channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        let address = loop {
            let line = log.recv_timeout(LIMIT).expect("it says where it listens");
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["msg"] == "listening" {
                break line["address"].as_str().unwrap().to_owned();
            }
        };
        let http = http_client();
        let process = Self { child, url: format!("http://{address}"), log, http };
        let ready = format!("{}/readyz", process.url);
        wait_until(LIMIT, || async {
            process.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        process
    }

    async fn post(&self, mail: &Value) -> reqwest::Result<reqwest::Response> {
        let post = Post::new(mail.clone());
        self.http
            .post(format!("{}/api/v1/zendesk/webhook", self.url))
            .header("content-type", "application/json")
            .header("x-zendesk-webhook-invocation-id", "01TEST")
            .header("x-zendesk-webhook-signature", post.signature().unwrap())
            .header("x-zendesk-webhook-signature-timestamp", &post.timestamp)
            .body(post.body)
            .send()
            .await
    }

    async fn accept(&self, mail: &Value) -> i32 {
        let answer = self.post(mail).await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        i32::try_from(answer["email_id"].as_i64().unwrap()).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; returns the exit code and the log that was not read yet.
    fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.log.iter().collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_mail_accepted_before_a_kill_reaches_its_end_after_a_restart() {
    let postgres = TestPostgres::create();
    let process = Process::start(&postgres, &[("LEASE_SECS", "3")]).await;
    // No worker can finish while this lock is held.
    let mut blocking = postgres.connect();
    blocking.batch_execute("BEGIN; LOCK TABLE idempotency_keys, outbox_messages").unwrap();
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(process.accept(&statement(number)).await);
    }
    let claimed = "SELECT count(*) FROM incoming_emails WHERE lease_token IS NOT NULL";
    wait_until(LIMIT, || async { count(&mut postgres.connect(), claimed) > 0 }).await;
    process.signal(Signal::KILL);
    process.ended();
    blocking.batch_execute("ROLLBACK").unwrap();

    let _again = Process::start(&postgres, &[("LEASE_SECS", "3")]).await;
    for id in ids {
        wait_until(LIMIT, || async {
            find(&postgres, id).processing_status.as_deref() == Some("matching")
        })
        .await;
    }
}

#[tokio::test]
async fn sigterm_ends_it_with_exit_code_0_and_every_200_is_kept() {
    let postgres = TestPostgres::create();
    let process = Process::start(&postgres, &[]).await;
    process.accept(&mail(0)).await;
    let mails: Vec<_> = (1..200).map(mail).collect();
    let posting = futures::future::join_all(mails.iter().map(|mail| process.post(mail)));
    let stopping = async {
        let some = "SELECT count(*) FROM incoming_emails";
        wait_until(LIMIT, || async { count(&mut postgres.connect(), some) > 1 }).await;
        process.signal(Signal::TERM);
        Instant::now()
    };
    let (answers, began) = tokio::join!(posting, stopping);
    let accepted = 1 + answers
        .iter()
        .filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status() == 200))
        .count();
    let (code, log) = process.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let stored = count(&mut postgres.connect(), "SELECT count(*) FROM incoming_emails");
    assert!(stored >= i64::try_from(accepted).unwrap(), "{stored} of {accepted} are stored");
    let held = "SELECT count(*) FROM incoming_emails WHERE lease_token IS NOT NULL";
    assert_eq!(count(&mut postgres.connect(), held), 0);
}

#[tokio::test]
async fn no_secret_and_no_mail_text_is_logged_but_the_request_id_is() {
    let postgres = TestPostgres::create();
    let process = Process::start(&postgres, &[("LOG_LEVEL", "trace")]).await;
    let id = process
        .accept(&json!({
            "ticket_id": "20001", "from_email": "absender@bank.example",
            "from_name": "Vorname Nachname", "subject": "Betreffzeile",
            "body_text": "Vertraulich: 899,00 EUR",
        }))
        .await;
    process.post(&json!({"ticket_id": "1", "from_email": ["Vertraulich"]})).await.unwrap();
    wait_until(LIMIT, || async { find(&postgres, id).processed_at.is_some() }).await;
    process.signal(Signal::TERM);
    let (_, log) = process.ended();
    assert!(log.contains("\"email_id\":1") && log.contains("01TEST"), "{log}");
    for private in
        [SECRET, "absender@", "Nachname", "Betreffzeile", "Vertraulich", "899,00", "postgres://"]
    {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}

#[test]
fn it_does_not_start_with_a_configuration_that_cannot_work() {
    let refusal = |environment: &[(&str, &str)]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ingest"))
            .env_clear()
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + LIMIT;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        (child.wait().unwrap().code(), message)
    };
    let url = ("DATABASE_URL", "postgres://u:geheim@h/d");
    let test_secret = ("WEBHOOK_SECRET", ingest::settings::PUBLIC_TEST_SECRET);
    for (environment, words) in [
        (vec![url], "WEBHOOK_SECRET is not set"),
        (vec![url, test_secret], "--allow-test-secret"),
        (vec![("WEBHOOK_SECRET", "s")], "DATABASE_URL is not set"),
        (vec![url, ("WEBHOOK_SECRET", "s"), ("LLM_PROVIDER", "claude")], "ANTHROPIC_API_KEY"),
        (vec![url, ("WEBHOOK_SECRET", "s"), ("MAX_BODY_BYTES", "viel")], "--max-body-bytes"),
    ] {
        let (code, message) = refusal(&environment);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(words), "{message}");
        assert!(!message.contains("geheim"), "{message}");
    }
}
