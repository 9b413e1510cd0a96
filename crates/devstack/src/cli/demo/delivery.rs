//! Sends one sample into the stack, as Zendesk or the Python service would, and follows it to its
//! end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{SecondsFormat, Utc};
use devstack::Stack;
use devstack::secrets::Secrets;
use devstack::service::Kind;
use devstack::stack::DATABASE;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio_postgres::Client;

use crate::cli::samples::{Input, LegacyEmail, Outcome};

const FINAL_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(25);

pub(super) struct Delivery {
    http: reqwest::Client,
    ingest_url: String,
    webhook_secret: String,
    postgres: Client,
}

/// What became of a mail.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) outcome: Outcome,
    /// Why a person must look, or what broke.
    pub(super) reason: Option<String>,
}

impl Delivery {
    pub(super) async fn new(stack: &Stack, secrets: &Secrets) -> Result<Self> {
        let ingest = stack.services.iter().find(|service| service.kind() == Kind::Ingest);
        Ok(Self {
            http: devstack::http_client_builder().timeout(FINAL_LIMIT).build()?,
            ingest_url: ingest.context("there is no ingest")?.url(),
            webhook_secret: secrets.webhook.clone(),
            postgres: stack.postgres.connect(DATABASE).await?,
        })
    }

    /// Returns when the mail has reached its end.
    pub(super) async fn deliver(&self, input: &Input) -> Result<Fate> {
        match input {
            Input::Webhook(webhook) => {
                let answer = self.post(webhook).await?;
                let email_id = answer["email_id"].as_i64().context("the answer has no email_id")?;
                match answer["status"].as_str() {
                    Some("duplicate") => Ok(Fate { outcome: Outcome::Duplicate, reason: None }),
                    Some("accepted") => {
                        self.wait_final(email_id).await?;
                        self.fate(email_id).await
                    }
                    _ => bail!("the webhook's answer has an unknown status"),
                }
            }
            Input::Legacy { email, payload } => {
                let email_id = self.insert_legacy(email, payload).await?;
                self.wait_delivered(email_id).await?;
                self.fate(email_id).await
            }
        }
    }

    /// Posts with a signature over the very bytes that are sent.
    async fn post(&self, webhook: &Value) -> Result<Value> {
        let body = webhook.to_string();
        let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut signature = Hmac::<Sha256>::new_from_slice(self.webhook_secret.as_bytes())
            .context("the webhook's secret is unusable")?;
        signature.update(timestamp.as_bytes());
        signature.update(body.as_bytes());
        let signature = BASE64_STANDARD.encode(signature.finalize().into_bytes());
        let request = self
            .http
            .post(format!("{}/api/v1/zendesk/webhook", self.ingest_url))
            .header("content-type", "application/json")
            .header("x-zendesk-webhook-signature", signature)
            .header("x-zendesk-webhook-signature-timestamp", timestamp)
            .body(body);
        let answer = request.send().await.context("couldn't reach ingest")?;
        ensure!(answer.status().is_success(), "the webhook was answered {}", answer.status());
        answer.json().await.context("the webhook's answer is not JSON")
    }

    /// Asks the status endpoint, as an operator would.
    async fn wait_final(&self, email_id: i64) -> Result<()> {
        let url = format!("{}/api/v1/zendesk/status/{email_id}", self.ingest_url);
        let deadline = Instant::now() + FINAL_LIMIT;
        loop {
            let answer = self.http.get(&url).send().await.context("couldn't reach ingest")?;
            ensure!(answer.status().is_success(), "the status was answered {}", answer.status());
            let status: Value = answer.json().await.context("the status is not JSON")?;
            let stage = status["processing_status"].as_str().unwrap_or("unknown");
            if matches!(stage, "completed" | "not_creditor_reply" | "failed") {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "mail {email_id} still is {stage}");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// The mail of a legacy message counts as completed from the start: its message tells.
    async fn wait_delivered(&self, email_id: i64) -> Result<()> {
        let deadline = Instant::now() + FINAL_LIMIT;
        let pending = "SELECT FROM outbox_messages
            WHERE aggregate_id = $1 AND processed_at IS NULL AND dead_at IS NULL";
        while !self.postgres.query(pending, &[&email_id.to_string()]).await?.is_empty() {
            ensure!(Instant::now() < deadline, "the message of mail {email_id} is still pending");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    async fn fate(&self, email_id: i64) -> Result<Fate> {
        let query = "SELECT email.processing_status, email.match_status, email.processing_error,
                email.sync_status, message.error_message
            FROM incoming_emails email
            LEFT JOIN outbox_messages message ON message.aggregate_id = email.id::text
            WHERE email.id = $1";
        let row = self.postgres.query_one(query, &[&i32::try_from(email_id)?]).await?;
        let text = |column: usize| row.get::<_, Option<String>>(column);
        Ok(fate_of(text(0), text(1), text(2), text(3), text(4)))
    }

    async fn insert_legacy(&self, email: &LegacyEmail, payload: &Value) -> Result<i64> {
        let insert_email = "INSERT INTO incoming_emails (zendesk_ticket_id, zendesk_webhook_id,
                from_email, subject, raw_body_text, received_at, processing_status, match_status,
                sync_status)
            VALUES ($1, $2, $3, $4, $5, $6::text::timestamptz, 'completed', 'auto_matched',
                'pending')
            RETURNING id";
        let row = self
            .postgres
            .query_one(
                insert_email,
                &[
                    &email.zendesk_ticket_id,
                    &email.zendesk_webhook_id,
                    &email.from_email,
                    &email.subject,
                    &email.raw_body_text,
                    &email.received_at,
                ],
            )
            .await
            .context("couldn't insert the mail of the Python service")?;
        let email_id: i32 = row.get(0);
        let insert_message = "INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation,
                payload, idempotency_key)
            VALUES ('creditor_debt_update', $1, 'UPDATE', $2::text::json, $3)";
        let idempotency_key = format!("creditor_debt_update:{email_id}:0123456789abcdef");
        self.postgres
            .execute(
                insert_message,
                &[&email_id.to_string(), &payload.to_string(), &idempotency_key],
            )
            .await
            .context("couldn't insert the message of the Python service")?;
        Ok(email_id.into())
    }
}

fn fate_of(
    processing_status: Option<String>,
    match_status: Option<String>,
    processing_error: Option<String>,
    sync_status: Option<String>,
    message_note: Option<String>,
) -> Fate {
    let note = message_note.as_deref();
    let outcome = match (processing_status.as_deref(), match_status.as_deref()) {
        (Some("not_creditor_reply"), _) => Outcome::NotCreditorReply,
        (Some("completed"), Some("needs_review")) => Outcome::Review,
        (Some("completed"), _) if note == Some("superseded") => Outcome::Superseded,
        (Some("completed"), Some("auto_matched")) if sync_status.as_deref() == Some("synced") => {
            Outcome::Written
        }
        _ => Outcome::Failed,
    };
    let reason = match outcome {
        Outcome::Review | Outcome::Failed => message_note.or(processing_error),
        _ => None,
    };
    let reason = reason.map(|reason| {
        let code = reason.strip_prefix("review:").unwrap_or(&reason);
        code.replace('_', " ")
    });
    Fate { outcome, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(processing: &str, matching: &str, sync: &str, note: Option<&str>) -> Outcome {
        let some = |text: &str| Some(text.to_owned());
        let note = note.map(str::to_owned);
        fate_of(some(processing), some(matching), None, some(sync), note).outcome
    }

    #[test]
    fn only_a_synced_match_counts_as_written() {
        assert_eq!(outcome("completed", "auto_matched", "synced", None), Outcome::Written);
        assert_eq!(outcome("completed", "auto_matched", "pending", None), Outcome::Failed);
        assert_eq!(outcome("matching", "auto_matched", "synced", None), Outcome::Failed);
        let superseded = outcome("completed", "auto_matched", "synced", Some("superseded"));
        assert_eq!(superseded, Outcome::Superseded);
        let review = outcome("completed", "needs_review", "failed", Some("review:ambiguous"));
        assert_eq!(review, Outcome::Review);
    }
}
