//! Zendesk's part: signs and posts each mail, repeats what was not answered, and posts some twice.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use serde_json::Value;
use sha2::Sha256;

use crate::journal::{Answer, Attempt, Recorder, now};
use crate::mail::{Mail, MailKind};
use crate::office::Office;

/// Zendesk waits 10 to 12 s for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(11);

#[derive(Clone)]
pub(crate) struct Sender {
    http: reqwest::Client,
    ingests: Vec<String>,
    secret: String,
    office: Arc<Office>,
    began_secs: i64,
    recorder: Arc<Recorder>,
}

impl Sender {
    pub(crate) fn new(
        ingests: Vec<String>,
        secret: String,
        office: &Office,
        began_secs: i64,
        recorder: &Arc<Recorder>,
    ) -> Result<Self> {
        let http = devstack::http_client_builder().timeout(ANSWER_LIMIT).build()?;
        let (office, recorder) = (Arc::new(office.clone()), recorder.clone());
        Ok(Self { http, ingests, secret, office, began_secs, recorder })
    }

    /// Sends a mail to its end, with its copies.
    pub(crate) async fn send(self, mail: Mail) {
        let body = mail.body(&self.office, self.began_secs);
        let copies = mail.copies_after_ms.iter().enumerate().map(|(copy, after_ms)| {
            let (sender, mail, body) = (self.clone(), mail.clone(), body.clone());
            let after = Duration::from_millis(*after_ms);
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                sender.attempt(&mail, &body, mail.ingest + copy + 1).await;
            })
        });
        let copies: Vec<_> = copies.collect();
        for attempt in 0..mail.tries {
            if self.attempt(&mail, &body, mail.ingest + attempt as usize).await {
                break;
            }
            let pause = 500 * u64::from(attempt.min(5) + 1);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        for copy in copies {
            let _ = copy.await;
        }
    }

    /// Whether the answer is final.
    async fn attempt(&self, mail: &Mail, body: &str, ingest: usize) -> bool {
        let sent = now();
        let answer = self.post(mail, body, ingest).await;
        let is_final = match answer {
            Answer::None => false,
            Answer::Status(status) => status < 500 && status != 429,
            Answer::Accepted { .. } | Answer::Unreadable => true,
        };
        self.recorder.attempt(Attempt { mail: mail.number, sent, ended: now(), answer });
        is_final
    }

    async fn post(&self, mail: &Mail, body: &str, ingest: usize) -> Answer {
        let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let secret = match mail.kind {
            MailKind::BadSignature { .. } => "another secret",
            _ => &self.secret,
        };
        let request = self
            .http
            .post(format!("{}/api/v1/zendesk/webhook", self.ingests[ingest % self.ingests.len()]))
            .header("content-type", "application/json")
            .header("x-zendesk-webhook-signature", signature(secret, &timestamp, body))
            .header("x-zendesk-webhook-signature-timestamp", timestamp)
            .header("x-zendesk-webhook-invocation-id", mail.ticket())
            .body(body.to_owned());
        let Ok(answer) = request.send().await else { return Answer::None };
        let status = answer.status();
        // Where the words break off, the mail may be there all the same.
        let Ok(words) = answer.bytes().await else { return Answer::None };
        match status {
            StatusCode::OK => accepted(&words),
            other => Answer::Status(other.as_u16()),
        }
    }
}

fn accepted(words: &[u8]) -> Answer {
    let words: Value = serde_json::from_slice(words).unwrap_or_default();
    let is_duplicate = match words["status"].as_str() {
        Some("accepted") => false,
        Some("duplicate") => true,
        _ => return Answer::Unreadable,
    };
    match words["email_id"].as_i64() {
        Some(email_id) => Answer::Accepted { email_id, is_duplicate },
        None => Answer::Unreadable,
    }
}

fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let mut code =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length will do");
    code.update(timestamp.as_bytes());
    code.update(body.as_bytes());
    BASE64_STANDARD.encode(code.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_zendesks() {
        let secret = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=";
        let signed = signature(secret, "2021-07-25T10:00:00Z", "{\"say\": \"hello\"}");
        assert_eq!(signed, "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=");
    }

    #[test]
    fn only_the_contracts_words_count_as_accepted() {
        let right = br#"{"status":"duplicate","message":"","email_id":7}"#;
        assert_eq!(accepted(right), Answer::Accepted { email_id: 7, is_duplicate: true });
        assert_eq!(accepted(br#"{"status":"accepted"}"#), Answer::Unreadable);
        assert_eq!(accepted(b"{}"), Answer::Unreadable);
    }
}
