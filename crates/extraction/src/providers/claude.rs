//! The wire format of Anthropic's Messages API: one forced tool whose input is the record.

use serde_json::{Value, json};

use super::http::{Outcome, Reply};
use super::{answer, prompt};

pub(super) const KEY_HEADER: &str = "x-api-key";
pub(super) const VERSION_HEADER: (&str, &str) = ("anthropic-version", "2023-06-01");

const TOOL: &str = "record_extraction";

pub(super) fn request(model: &str, message: &str, max_tokens: u32) -> Value {
    json!({
        "model": model,
        "max_tokens": max_tokens,
        "system": prompt::INSTRUCTIONS,
        "messages": [{"role": "user", "content": message}],
        "tools": [{
            "name": TOOL,
            "description": "Records what the mail says.",
            "input_schema": answer::schema(),
        }],
        "tool_choice": {"type": "tool", "name": TOOL},
    })
}

/// Reads a body of status 200; `None` if it is not a Messages answer at all.
pub(super) fn read(body: &Value) -> Option<Reply> {
    let content = body["content"].as_array()?;
    let outcome = match body["stop_reason"].as_str() {
        Some("refusal") => Outcome::Refused,
        Some("max_tokens" | "model_context_window_exceeded") => Outcome::CutOff,
        _ => content
            .iter()
            .find(|block| block["type"] == "tool_use" && block["name"] == TOOL)
            .map_or(Outcome::NoRecord, |block| Outcome::Record(block["input"].clone())),
    };
    let tokens = body["usage"].as_object().map(|usage| {
        ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
            .iter()
            .filter_map(|field| usage.get(*field)?.as_u64())
            .sum()
    });
    Some(Reply { outcome, tokens, model: body["model"].as_str().map(str::to_owned) })
}
