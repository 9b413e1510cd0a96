//! The model providers against a server that speaks each API's wire format. Pauses are a few
//! milliseconds long, so that the whole file takes seconds.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod answers;
mod availability;
mod limits;
mod server;
mod trust;

use std::time::Duration;

use domain::settings::Secret;
use extraction::Mail;
use extraction::clean::{CleanedMail, clean};
use extraction::providers::{Api, Backoff, BreakerConfig, ModelConfig, ModelExtractor};
use serde_json::{Value, json};
use server::Server;

const APIS: [Api; 2] = [Api::Claude, Api::OpenAi];
const KEY: &str = "sk-test-sehr-geheim";

/// Defaults for tests: quick pauses, a breaker that stays out of the way, no budget.
fn config(api: Api, server: &Server) -> ModelConfig {
    ModelConfig {
        base_url: server.url(),
        timeout: Duration::from_secs(5),
        max_retries: 2,
        daily_token_budget: None,
        backoff: Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(20) },
        breaker: BreakerConfig { failures: 1000, open_for: Duration::from_secs(60) },
        ..ModelConfig::new(api, Some(Secret::new(KEY)))
    }
}

fn extractor(config: ModelConfig) -> ModelExtractor {
    ModelExtractor::new(config).expect("the configuration is sound")
}

fn mail() -> CleanedMail {
    mail_with("die Gesamtforderung beträgt heute 1.234,56 EUR.")
}

fn mail_with(statement: &str) -> CleanedMail {
    clean(&Mail {
        subject: Some("Ihr Zeichen 4711/26".to_owned()),
        from_email: "akten@habicht-forderung.example".to_owned(),
        from_name: Some("Habicht Forderungsservice".to_owned()),
        body_html: None,
        body_text: Some(format!(
            "Guten Tag,\n\nin Sachen Jörg Groß (Ihr Zeichen 4711/26, unser Zeichen HF 1-22) \
             teilen wir mit: {statement}\n\nMit freundlichen Grüßen\nHabicht"
        )),
        received_at: None,
    })
}

/// The record that a good model gives for [`mail`].
fn record() -> Value {
    json!({
        "is_creditor_reply": true,
        "intent": "debt_statement",
        "client_name": "Jörg Groß",
        "client_aktenzeichen": "4711/26",
        "creditor_name": "Habicht Forderungsservice",
        "debt_amount": "1234.56",
        "reference_numbers": ["4711/26", "HF 1-22"],
        "confidence": 0.93,
        "doubts": [],
        "summary": "States the total claim.",
    })
}

fn record_with(field: &str, value: Value) -> Value {
    let mut record = record();
    record[field] = value;
    record
}
