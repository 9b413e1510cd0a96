//! `ingest emails` and `ingest --help`.

use std::process::{Command, Output};

use serde_json::{Value, json};
use test_support::TestPostgres;

use crate::support::{App, Scripted, config_with, find, mail, wait_for_status};

fn ingest(postgres: &TestPostgres, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ingest"))
        .args(arguments)
        .env("DATABASE_URL", postgres.url())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Two mails in the outbox.
async fn with_mails() -> TestPostgres {
    let postgres = TestPostgres::create();
    let app = App::ready(config_with(&postgres.url(), Scripted::reading(), &[])).await;
    for number in [1, 2] {
        let id = app.accept(&mail(number)).await;
        wait_for_status(&postgres, id, "matching").await;
    }
    app.stop().await.unwrap();
    postgres
}

#[tokio::test]
async fn mails_are_listed_newest_first_and_filtered() {
    let postgres = with_mails().await;
    let ids = |arguments: &[&str]| {
        let output = ingest(&postgres, &[&["emails", "list", "--json"], arguments].concat());
        assert!(output.status.success());
        json_of(&output).as_array().unwrap().iter().map(|m| m["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), [json!(2), json!(1)]);
    assert_eq!(ids(&["--ticket", "20001"]), [json!(1)]);
    assert_eq!(ids(&["--status", "matching", "--limit", "1"]), [json!(2)]);
    assert!(ids(&["--status", "failed"]).is_empty());

    let table = stdout(&ingest(&postgres, &["emails", "list"]));
    assert!(table.contains("20002") && table.contains("matching"), "{table}");
    let unknown = ingest(&postgres, &["emails", "list", "--status", "done"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[tokio::test]
async fn show_tells_what_was_read_decided_and_sent() {
    let postgres = with_mails().await;
    let shown = json_of(&ingest(&postgres, &["emails", "show", "1", "--json"]));
    assert_eq!(shown["decision"], "write");
    assert_eq!(shown["email"]["extracted_data"]["client_name"], "Anna Beispiel");
    assert_eq!(shown["outbox_messages"][0]["operation"], "UPDATE");
    let text = stdout(&ingest(&postgres, &["emails", "show", "1"]));
    for part in ["Anna Beispiel", "new_debt_amount", "Outbox message 1", "Cleaned body"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(ingest(&postgres, &["emails", "show", "99"]).status.code(), Some(2));
}

#[tokio::test]
async fn reprocessing_asks_first_and_refuses_while_a_message_waits() {
    let postgres = with_mails().await;
    let unconfirmed = ingest(&postgres, &["emails", "reprocess", "1"]);
    assert_eq!(unconfirmed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unconfirmed.stderr).contains("--yes"));

    let waiting = ingest(&postgres, &["emails", "reprocess", "1", "--yes"]);
    assert_eq!(waiting.status.code(), Some(1));
    assert!(stdout(&waiting).contains("still waits"), "{}", stdout(&waiting));
    assert_eq!(find(&postgres, 1).processing_status.as_deref(), Some("matching"));

    crate::support::run_sql(
        &postgres,
        "UPDATE outbox_messages SET dead_at = now(), error_message = 'review:ambiguous'",
    );
    let done = ingest(&postgres, &["emails", "reprocess", "1", "2", "--yes", "--json"]);
    assert!(done.status.success());
    assert_eq!(json_of(&done)[1]["reprocessed"], true);
    assert_eq!(find(&postgres, 1).processing_status.as_deref(), Some("received"));
}

#[test]
fn help_names_every_variable_and_shows_no_value_of_a_secret() {
    let output = Command::new(env!("CARGO_BIN_EXE_ingest"))
        .arg("--help")
        .env("WEBHOOK_SECRET", "hunter2")
        .env("DATABASE_URL", "postgres://u:hunter2@h/d")
        .env("OPENAI_API_KEY", "hunter2")
        .output()
        .unwrap();
    let help = stdout(&output);
    assert!(output.status.success() && !help.contains("hunter2"), "{help}");
    for variable in [
        "DATABASE_URL",
        "DATABASE_URL_FILE",
        "MONGODB_URL",
        "MONGODB_DATABASE",
        "WEBHOOK_SECRET",
        "WEBHOOK_SECRET_FILE",
        "WEBHOOK_TOLERANCE_SECS",
        "MAX_BODY_BYTES",
        "BACKLOG_LIMIT",
        "LEASE_SECS",
        "MAX_ATTEMPTS",
        "INGEST_WORKERS",
        "LLM_PROVIDER",
        "LLM_FALLBACK",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_MODEL",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "LISTEN_ADDR",
        "LOG_FORMAT",
        "LOG_LEVEL",
    ] {
        assert!(help.contains(&format!("[env: {variable}")), "{variable} is missing in\n{help}");
    }
    for flag in ["--insecure-skip-signature", "--allow-test-secret", "emails"] {
        assert!(help.contains(flag), "{flag} is missing in\n{help}");
    }
}
