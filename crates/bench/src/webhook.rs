//! Webhooks as Zendesk sends and signs them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::data::surname;

/// Posts signed webhooks to one ingest.
#[derive(Clone)]
pub(crate) struct Zendesk {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) secret: String,
}

impl Zendesk {
    /// Posts one mail; whether it was accepted.
    pub(crate) async fn post(&self, body: String) -> bool {
        let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("any length will do");
        mac.update(timestamp.as_bytes());
        mac.update(body.as_bytes());
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-zendesk-webhook-signature", STANDARD.encode(mac.finalize().into_bytes()))
            .header("x-zendesk-webhook-signature-timestamp", timestamp)
            .body(body);
        let Ok(response) = request.send().await else { return false };
        let accepted = response.status().is_success();
        accepted && response.bytes().await.is_ok()
    }
}

/// A mail of about 2 KB that the rules read with certainty, for client `number` of
/// [`crate::data::insert_clients`] and its first entry.
pub(crate) fn mail(number: usize, webhook_id: &str, amount: &str) -> String {
    let filler = "Die Akte wird in unserem Hause unter dem genannten Zeichen geführt und liegt der \
                  Sachbearbeitung vor. ";
    json!({
        "ticket_id": 10_000 + number,
        "webhook_id": webhook_id,
        "subject": format!("Ihr Zeichen {}_26, unser Zeichen GL-{number:05}-0", 10_000 + number),
        "from_email": "post@glaeubiger0.example",
        "from_name": "Gläubiger 0 GmbH",
        "body_text": format!(
            "Sehr geehrte Damen und Herren,\n\nin der Sache Erika {}, Ihr Zeichen: {}_26, unser \
             Zeichen: GL-{number:05}-0, teilen wir Ihnen mit:\n\nDie Gesamtforderung beträgt \
             {amount} EUR.\n\n{}\n\nMit freundlichen Grüßen\nGläubiger 0 GmbH",
            surname(number), 10_000 + number, filler.repeat(13)),
    })
    .to_string()
}
