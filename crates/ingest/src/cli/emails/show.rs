//! `ingest emails show`: one mail with everything that was read in it and done with it.

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use domain::models::incoming_email::IncomingEmail;
use domain::models::outbox_message::OutboxMessage;
use serde_json::{Value, json};

use super::{print_json, print_line};

pub(super) fn print(mail: &IncomingEmail, messages: &[OutboxMessage], json: bool) -> Result<()> {
    if json {
        return print_json(&json!({
            "email": mail,
            "decision": decision(mail),
            "outbox_messages": messages,
        }));
    }
    print_line(&mail_table(mail).to_string())?;
    if let Some(extracted) = &mail.extracted_data {
        print_line("\nWhat was read")?;
        print_line(&extraction_table(extracted).to_string())?;
    }
    for message in messages {
        print_line(&format!("\nOutbox message {} ({})", message.id, message.operation))?;
        print_line(&message_table(message).to_string())?;
    }
    if let Some(body) = &mail.cleaned_body {
        print_line("\nCleaned body")?;
        print_line(body)?;
    }
    Ok(())
}

/// What ingest decided, in one word or one reason.
fn decision(mail: &IncomingEmail) -> String {
    match (&mail.idempotency_key, &mail.processing_error, mail.processing_status.as_deref()) {
        (Some(_), _, _) => "write".to_owned(),
        (None, Some(reason), _) => reason.clone(),
        (None, None, Some("not_creditor_reply")) => "not_creditor_reply".to_owned(),
        (None, None, status) => format!("none yet ({})", status.unwrap_or("received")),
    }
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

fn mail_table(mail: &IncomingEmail) -> Table {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let mut table = table();
    for (name, value) in [
        ("id", mail.id.to_string()),
        ("ticket", mail.zendesk_ticket_id.clone()),
        ("webhook id", or_dash(&mail.zendesk_webhook_id)),
        ("request id", or_dash(&mail.request_id)),
        ("from", mail.from_email.clone()),
        ("from name", or_dash(&mail.from_name)),
        ("subject", or_dash(&mail.subject)),
        ("received", mail.received_at.to_rfc3339()),
        ("processing", or_dash(&mail.processing_status)),
        ("match", or_dash(&mail.match_status)),
        ("sync", mail.sync_status.clone()),
        ("sync error", or_dash(&mail.sync_error)),
        ("decision", decision(mail)),
        ("attempts", mail.attempts.to_string()),
        ("idempotency key", or_dash(&mail.idempotency_key)),
    ] {
        table.add_row([name, &value]);
    }
    table
}

/// One row per field, with the words of the mail that it was read from.
fn extraction_table(extracted: &Value) -> Table {
    let mut table = table();
    table.set_header(["field", "value", "read in", "words"]);
    let evidence = extracted.get("evidence");
    let fields = extracted.as_object().into_iter().flatten();
    for (field, value) in fields.filter(|(field, _)| *field != "evidence") {
        let seen = evidence.and_then(|evidence| evidence.get(field));
        let part = |name: &str| seen.and_then(|seen| seen.get(name)).map(plain).unwrap_or_default();
        table.add_row([field.clone(), plain(value), part("source"), part("text")]);
    }
    table
}

fn message_table(message: &OutboxMessage) -> Table {
    let mut table = table();
    let time = |time: &Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "–".to_owned(), |time| time.to_rfc3339())
    };
    table.add_row(["key".to_owned(), message.idempotency_key.clone()]);
    table.add_row(["created".to_owned(), message.created_at.to_rfc3339()]);
    table.add_row(["processed".to_owned(), time(&message.processed_at)]);
    table.add_row(["dead".to_owned(), time(&message.dead_at)]);
    table.add_row([
        "retries".to_owned(),
        format!("{}/{}", message.retry_count, message.max_retries),
    ]);
    table.add_row(["note".to_owned(), message.error_message.clone().unwrap_or_default()]);
    for (field, value) in message.payload.0.as_object().into_iter().flatten() {
        // The text is the cleaned body, which stands below.
        if field != "response_text" {
            table.add_row([field.clone(), plain(value)]);
        }
    }
    let reasons = message.match_reasons.as_ref().and_then(Value::as_array);
    for reason in reasons.into_iter().flatten() {
        table.add_row(["match".to_owned(), plain(reason)]);
    }
    table
}

/// A JSON value as a person writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
