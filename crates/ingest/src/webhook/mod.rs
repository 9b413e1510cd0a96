//! `POST /api/v1/zendesk/webhook`: from bytes to a committed mail.
//!
//! Surprising rule: whatever could succeed later is answered 503 or 429 with Retry-After, also a
//! panic, because Zendesk repeats those and not a 500.

mod parse;
pub(crate) mod problem;
mod signature;
mod text;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;
use domain::models::incoming_email::{Accepted, NewIncomingEmail};
use futures::{FutureExt, StreamExt};
use serde_json::json;
use slog::{Logger, error, info, o};

pub use parse::{FieldError, parse_webhook};
use problem::Problem;
use signature::SignatureHeaders;

use crate::metrics::Metrics;
use crate::settings::WebhookConfig;

/// Zendesk waits 10 to 12 s; an answer that says `later` must come well before.
const ANSWER_LIMIT: Duration = Duration::from_secs(4);

/// A sender who writes slower than this is told to come again.
const BODY_LIMIT: Duration = Duration::from_secs(3);

/// What is read and thrown away of a body that is too large, so that the sender, who is still
/// writing, gets to read the answer.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;

/// `request_id` is a column of this many characters.
const REQUEST_ID_LENGTH: usize = 100;

/// Where accepted mails go.
pub(crate) trait Inbox: Send + Sync {
    /// Keeps the mail. `Ok` is a promise: the mail will be processed.
    fn accept(
        &self,
        mail: NewIncomingEmail,
    ) -> futures::future::BoxFuture<'_, Result<Receipt, Problem>>;
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) email_id: i64,
    pub(crate) is_duplicate: bool,
}

impl From<Accepted> for Receipt {
    fn from(accepted: Accepted) -> Self {
        match accepted {
            Accepted::New(id) => Self { email_id: id.into(), is_duplicate: false },
            Accepted::Duplicate(id) => Self { email_id: id.into(), is_duplicate: true },
        }
    }
}

/// Everything that the handler needs.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) config: Arc<WebhookConfig>,
    pub(crate) inbox: Arc<dyn Inbox>,
    pub(crate) metrics: Metrics,
    pub(crate) log: Logger,
}

/// The handler: answers in time, whatever happens, and counts the answer.
pub(crate) async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    webhook: web::Data<Webhook>,
) -> HttpResponse {
    let began = Instant::now();
    let request_id = request_id(request.headers());
    let log = webhook.log.new(
        o!("operation" => "webhook", "saga_step" => "received", "request_id" => request_id.clone()),
    );
    let answer = AssertUnwindSafe(webhook.accept(&request, payload, request_id)).catch_unwind();
    let result = match tokio::time::timeout(ANSWER_LIMIT, answer).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            error!(log, "the webhook's handler panicked");
            Err(Problem::Unavailable("an internal error"))
        }
        Err(_elapsed) => Err(Problem::Unavailable("Postgres does not answer in time")),
    };
    let response = match &result {
        Ok(receipt) => {
            let word = if receipt.is_duplicate { "duplicate" } else { "accepted" };
            info!(log, "mail {}", word; "email_id" => receipt.email_id);
            receipt.to_response()
        }
        Err(problem) => {
            info!(log, "mail not accepted";
                  "status" => problem.status().as_u16(), "reason" => %problem);
            problem.to_response()
        }
    };
    webhook.metrics.record_webhook(response.status().as_u16(), began.elapsed());
    response
}

impl Webhook {
    async fn accept(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        request_id: Option<String>,
    ) -> Result<Receipt, Problem> {
        let body = read_body(payload, self.config.max_body_bytes).await?;
        if !is_json(request) {
            return Err(Problem::UnsupportedMediaType);
        }
        let headers = signature_headers(request.headers());
        signature::verify(&self.config.signature, headers, &body, Utc::now())?;
        let mail = NewIncomingEmail { request_id, ..parse_webhook(&body)? };
        self.inbox.accept(mail).await
    }
}

impl Receipt {
    fn to_response(self) -> HttpResponse {
        let (status, message) = if self.is_duplicate {
            ("duplicate", "the mail was received before")
        } else {
            ("accepted", "the mail is stored and will be processed")
        };
        HttpResponse::Ok()
            .json(json!({"status": status, "message": message, "email_id": self.email_id}))
    }
}

/// Reads the raw bytes, whatever the headers say about their number.
async fn read_body(mut payload: web::Payload, limit: usize) -> Result<Bytes, Problem> {
    let deadline = tokio::time::Instant::now() + BODY_LIMIT;
    let mut body = web::BytesMut::new();
    let mut received = 0_usize;
    loop {
        let chunk = match tokio::time::timeout_at(deadline, payload.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(None) => break,
            // The sender is gone or speaks no HTTP; nobody reads this answer.
            Ok(Some(Err(_))) => return Err(Problem::Unavailable("the body broke off")),
            Err(_) if received > limit => break,
            Err(_) => return Err(Problem::Unavailable("the body took too long")),
        };
        received = received.saturating_add(chunk.len());
        if received <= limit {
            body.extend_from_slice(&chunk);
        } else if received > limit.saturating_add(DRAINED_BYTES) {
            break;
        } else {
            body.clear();
        }
    }
    if received > limit { Err(Problem::TooLarge { limit }) } else { Ok(body.freeze()) }
}

fn is_json(request: &HttpRequest) -> bool {
    use actix_web::HttpMessage;
    request.content_type().trim().eq_ignore_ascii_case("application/json")
}

fn signature_headers(headers: &HeaderMap) -> SignatureHeaders<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    SignatureHeaders {
        signature: text("x-zendesk-webhook-signature"),
        timestamp: text("x-zendesk-webhook-signature-timestamp"),
    }
}

/// Zendesk's invocation id. The signature does not cover it, so it serves the log alone.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-zendesk-webhook-invocation-id")?.to_str().ok()?;
    let id = text::fit(value.trim(), REQUEST_ID_LENGTH);
    (!id.is_empty()).then_some(id)
}
