//! The wire format of OpenAI's chat completions: the record as strict JSON in the message.

use serde_json::{Value, json};

use super::http::{Outcome, Reply};
use super::{answer, prompt};

pub(super) const KEY_HEADER: &str = "authorization";

pub(super) fn request(model: &str, message: &str, max_tokens: u32) -> Value {
    json!({
        "model": model,
        "max_completion_tokens": max_tokens,
        "messages": [
            {"role": "system", "content": prompt::INSTRUCTIONS},
            {"role": "user", "content": message},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "extraction", "strict": true, "schema": answer::schema()},
        },
    })
}

/// Reads a body of status 200; `None` if it is not a chat completion at all.
pub(super) fn read(body: &Value) -> Option<Reply> {
    let choice = body["choices"].as_array()?.first()?;
    let message = &choice["message"];
    let refused = message["refusal"].as_str().is_some_and(|text| !text.is_empty());
    let outcome = match choice["finish_reason"].as_str() {
        Some("content_filter") => Outcome::Refused,
        _ if refused => Outcome::Refused,
        Some("length") => Outcome::CutOff,
        _ => message["content"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .map_or(Outcome::NoRecord, Outcome::Record),
    };
    let usage = &body["usage"];
    let sum = || Some(usage["prompt_tokens"].as_u64()? + usage["completion_tokens"].as_u64()?);
    let tokens = usage["total_tokens"].as_u64().or_else(sum);
    Some(Reply { outcome, tokens, model: body["model"].as_str().map(str::to_owned) })
}
