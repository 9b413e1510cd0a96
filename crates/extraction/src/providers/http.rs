//! One request to a provider, and what its failure means.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde_json::Value;

use super::config::{Api, ConfigError, ModelConfig};
use super::{claude, openai};

/// The longest answer that is read. A record takes a few kilobytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// A server that asks for a longer pause is asked again after a day all the same.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(86_400);

/// Tokens that an answer may take.
const MAX_TOKENS: u32 = 2048;

/// What came back with status 200.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    /// In and out together, where the server reports them.
    pub(super) tokens: Option<u64>,
    /// The model that answered, as the server names it.
    pub(super) model: Option<String>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Record(Value),
    /// Neither a refusal nor a record: prose, or JSON that is none.
    NoRecord,
    /// The answer ended at the limit of its length.
    CutOff,
    Refused,
}

/// Why there is no reply. `what` is a fixed text or a status, never words of the server's.
#[derive(Debug)]
pub(super) struct CallError {
    pub(super) kind: Kind,
    pub(super) what: String,
    pub(super) retry_after: Option<Duration>,
    /// The server may have done the work, so that its tokens count.
    pub(super) may_have_cost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may pass: try again at once, with pauses.
    Passing,
    /// The service turns us away (key, funds, model): trying again at once is of no use, but no
    /// mail is to blame.
    TurnedAway,
    /// This request will never be taken.
    BadRequest,
}

/// Speaks to one provider.
#[derive(Debug)]
pub(super) struct Caller {
    api: Api,
    client: Client,
    endpoint: Url,
    model: String,
}

impl Caller {
    pub(super) fn new(config: &ModelConfig) -> Result<Self, ConfigError> {
        let (endpoint, key) = config.checked()?;
        let mut headers = HeaderMap::new();
        let key_header = match config.api {
            Api::Claude => {
                let (name, value) = claude::VERSION_HEADER;
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
                claude::KEY_HEADER
            }
            Api::OpenAi => openai::KEY_HEADER,
        };
        if let Some(key) = key {
            headers.insert(HeaderName::from_static(key_header), key);
        }
        // The first provider in the process installs ring; that another did so before is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .default_headers(headers)
            .timeout(config.timeout)
            .connect_timeout(config.timeout.min(Duration::from_secs(10)))
            // A redirect would carry the key and the mail to an address that nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|_| ConfigError::Client(config.api.as_str()))?;
        Ok(Self { api: config.api, client, endpoint, model: config.model.clone() })
    }

    pub(super) fn request(&self, message: &str) -> Value {
        match self.api {
            Api::Claude => claude::request(&self.model, message, MAX_TOKENS),
            Api::OpenAi => openai::request(&self.model, message, MAX_TOKENS),
        }
    }

    pub(super) async fn call(&self, request: &Value) -> Result<Reply, CallError> {
        let sent = self.client.post(self.endpoint.clone()).json(request).send().await;
        let response = sent.map_err(|error| lost(&error))?;
        let status = response.status();
        let retry_after = retry_after(response.headers(), Utc::now());
        let body = read_body(response).await;
        if status != StatusCode::OK {
            return Err(refused(status, retry_after, &body.unwrap_or_default()));
        }
        let reply = match (serde_json::from_slice(&body?), self.api) {
            (Ok(body), Api::Claude) => claude::read(&body),
            (Ok(body), Api::OpenAi) => openai::read(&body),
            (Err(_), _) => None,
        };
        reply.ok_or_else(|| CallError::passing("the answer is not of this API", true))
    }
}

impl CallError {
    fn passing(what: &str, may_have_cost: bool) -> Self {
        Self { kind: Kind::Passing, what: what.to_owned(), retry_after: None, may_have_cost }
    }
}

/// No answer, or not all of it. The error's own text is left out: it can hold addresses.
fn lost(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        CallError::passing("no connection", false)
    } else if error.is_timeout() {
        CallError::passing("no answer in time", true)
    } else {
        CallError::passing("the connection broke", true)
    }
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(CallError::passing("the answer is too long", true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refused(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> CallError {
    let kind = match status.as_u16() {
        _ if out_of_funds(body) => Kind::TurnedAway,
        408 | 409 | 429 | 500..=599 => Kind::Passing,
        400 | 413 | 422 => Kind::BadRequest,
        _ => Kind::TurnedAway,
    };
    let what = format!("status {}", status.as_u16());
    CallError { kind, what, retry_after, may_have_cost: false }
}

/// Both services say with an ordinary 400 or 429 that the account has no money left.
fn out_of_funds(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let error = &body["error"];
    error["code"] == "insufficient_quota"
        || error["type"] == "billing_error"
        || error["message"].as_str().is_some_and(|text| text.contains("credit balance"))
}

/// The header's value: seconds, or an HTTP date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = DateTime::parse_from_rfc2822(value).ok()?;
            (date.to_utc() - now).to_std().unwrap_or_default()
        }
    };
    Some(pause.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = "2026-03-04T10:00:00Z".parse().unwrap();
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            retry_after(&headers, now)
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("Wed, 04 Mar 2026 10:01:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(read("Wed, 04 Mar 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("18446744073709551615"), Some(LONGEST_RETRY_AFTER));
        for unreadable in ["", "soon", "-5", "1.5", "99999999999999999999999"] {
            assert_eq!(read(unreadable), None, "{unreadable}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_status_says_whether_to_try_again_to_wait_or_to_give_up() {
        let kind = |status: u16, body: &str| {
            refused(StatusCode::from_u16(status).unwrap(), None, body.as_bytes()).kind
        };
        for status in [408, 409, 429, 500, 502, 503, 504, 529] {
            assert_eq!(kind(status, ""), Kind::Passing, "{status}");
        }
        for status in [301, 401, 402, 403, 404] {
            assert_eq!(kind(status, ""), Kind::TurnedAway, "{status}");
        }
        for status in [400, 413, 422] {
            assert_eq!(kind(status, "{}"), Kind::BadRequest, "{status}");
        }
        assert_eq!(kind(429, r#"{"error":{"code":"insufficient_quota"}}"#), Kind::TurnedAway);
        let broke = r#"{"error":{"message":"Your credit balance is too low"}}"#;
        assert_eq!(kind(400, broke), Kind::TurnedAway);
    }
}
