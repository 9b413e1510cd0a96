//! From the bytes of a webhook to a mail. Pure; tolerant where nothing is lost by it.

use domain::models::incoming_email::NewIncomingEmail;
use serde_json::{Map, Value, json};

use super::text::{content_hash, fit, fit_identity, without_nul};
use extraction::dates::parse_date;

/// The lengths of the columns, in characters.
const TICKET_ID_LENGTH: usize = 50;
const WEBHOOK_ID_LENGTH: usize = 100;
const ADDRESS_LENGTH: usize = 255;
const SUBJECT_LENGTH: usize = 500;

/// What is kept of the envelope: enough to see who else got the mail, not a second body.
const ENVELOPE_ITEMS: usize = 100;

/// Which field of a webhook is wrong, and how. Quotes no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    /// The field's name, or `body` for the whole.
    pub field: &'static str,
    pub problem: &'static str,
}

/// Reads a webhook's body. All texts fit their columns afterwards.
pub fn parse_webhook(body: &[u8]) -> Result<NewIncomingEmail, FieldError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let json: Value = serde_json::from_slice(body).map_err(|error| unreadable(body, &error))?;
    let Value::Object(fields) = json else {
        return Err(FieldError { field: "body", problem: "is not a JSON object" });
    };
    let fields = Fields(fields);

    let ticket_id = fields.required_id("ticket_id")?;
    let (from_email, name_in_address) = split_address(&fields.required_text("from_email")?);
    let webhook_id = fields.id("webhook_id")?;
    let subject = fields.text("subject")?;
    let body_html = fields.text("body_html")?;
    let body_text = fields.text("body_text")?;
    let received_at = fields.date_text("received_at");
    let content_hash = webhook_id.is_none().then(|| {
        content_hash(&[
            Some(ticket_id.as_str()),
            Some(from_email.as_str()),
            subject.as_deref(),
            body_html.as_deref(),
            body_text.as_deref(),
            received_at.as_deref(),
        ])
    });
    Ok(NewIncomingEmail {
        zendesk_ticket_id: fit(&ticket_id, TICKET_ID_LENGTH),
        zendesk_webhook_id: webhook_id.map(|id| fit_identity(&id, WEBHOOK_ID_LENGTH)),
        content_hash,
        from_email: fit(&from_email, ADDRESS_LENGTH),
        from_name: fields
            .text("from_name")?
            .or(name_in_address)
            .map(|name| fit(&name, ADDRESS_LENGTH)),
        subject: subject.map(|subject| fit(&subject, SUBJECT_LENGTH)),
        raw_body_html: body_html,
        raw_body_text: body_text,
        received_at: received_at.as_deref().and_then(parse_date),
        envelope: fields.envelope()?,
        request_id: None,
    })
}

/// Says what is wrong without serde's message, which may quote the mail.
fn unreadable(body: &[u8], error: &serde_json::Error) -> FieldError {
    let problem = if std::str::from_utf8(body).is_err() {
        "is not valid UTF-8"
    } else if error.to_string().starts_with("recursion limit") {
        "is nested too deeply"
    } else {
        "is not valid JSON"
    };
    FieldError { field: "body", problem }
}

/// `Name <address>` in two; a plain address as it is.
fn split_address(text: &str) -> (String, Option<String>) {
    if let Some((name, rest)) = text.rsplit_once('<')
        && let Some(address) = rest.trim_end().strip_suffix('>')
        && !address.trim().is_empty()
    {
        let name = name.trim().trim_matches('"').trim();
        return (address.trim().to_owned(), (!name.is_empty()).then(|| name.to_owned()));
    }
    (text.to_owned(), None)
}

struct Fields(Map<String, Value>);

impl Fields {
    fn get(&self, field: &str) -> &Value {
        self.0.get(field).unwrap_or(&Value::Null)
    }

    fn required_id(&self, field: &'static str) -> Result<String, FieldError> {
        self.id(field)?.ok_or(FieldError { field, problem: "is missing" })
    }

    /// A string or a whole number; nothing where it is missing, null or blank.
    fn id(&self, field: &'static str) -> Result<Option<String>, FieldError> {
        match self.get(field) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(not_blank(text)),
            Value::Number(number) if !number.is_f64() => Ok(Some(number.to_string())),
            _ => Err(FieldError { field, problem: "must be a string or a whole number" }),
        }
    }

    fn required_text(&self, field: &'static str) -> Result<String, FieldError> {
        match self.get(field) {
            Value::Null => Err(FieldError { field, problem: "is missing" }),
            Value::String(text) => not_blank(text).ok_or(FieldError { field, problem: "is blank" }),
            _ => Err(FieldError { field, problem: "must be a string" }),
        }
    }

    /// An optional text. A number or a boolean is taken as its text: templates of Zendesk's
    /// triggers leave out quotes easily, and nothing is lost.
    fn text(&self, field: &'static str) -> Result<Option<String>, FieldError> {
        match self.get(field) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(without_nul(text.clone()))),
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::Bool(flag) => Ok(Some(flag.to_string())),
            Value::Array(_) | Value::Object(_) => {
                Err(FieldError { field, problem: "must be a string" })
            }
        }
    }

    /// The date as given. What is no text and no number is an unreadable date, and that is no
    /// reason to refuse a mail.
    fn date_text(&self, field: &str) -> Option<String> {
        match self.get(field) {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// To, cc, in-reply-to and the attachments' names, as far as they are there.
    fn envelope(&self) -> Result<Option<Value>, FieldError> {
        let mut envelope = Map::new();
        for field in ["to_addresses", "cc_addresses", "attachments"] {
            let kept = match self.get(field) {
                Value::Null => continue,
                Value::Array(items) => {
                    items.iter().take(ENVELOPE_ITEMS).map(kept_of_item).collect()
                }
                Value::String(_) | Value::Object(_) => vec![kept_of_item(self.get(field))],
                _ => return Err(FieldError { field, problem: "must be a list" }),
            };
            if !kept.is_empty() {
                envelope.insert(field.to_owned(), Value::Array(kept));
            }
        }
        if let Some(in_reply_to) = self.text("in_reply_to")?.filter(|text| !text.is_empty()) {
            envelope.insert("in_reply_to".to_owned(), json!(fit(&in_reply_to, SUBJECT_LENGTH)));
        }
        Ok((!envelope.is_empty()).then_some(Value::Object(envelope)))
    }
}

fn not_blank(text: &str) -> Option<String> {
    let text: String = fit(text, usize::MAX).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// An address or an attachment: its text, or the plain values of an object but for its content.
fn kept_of_item(item: &Value) -> Value {
    const KEPT: [&str; 8] =
        ["name", "file_name", "filename", "content_type", "size", "url", "email", "address"];
    match item {
        Value::String(text) => json!(fit(text, ADDRESS_LENGTH)),
        Value::Object(fields) => KEPT
            .into_iter()
            .filter_map(|key| {
                let value = match fields.get(key)? {
                    Value::String(text) => json!(fit(text, SUBJECT_LENGTH)),
                    Value::Number(number) => Value::Number(number.clone()),
                    _ => return None,
                };
                Some((key.to_owned(), value))
            })
            .collect::<Map<_, _>>()
            .into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(json: Value) -> Result<NewIncomingEmail, FieldError> {
        parse_webhook(json.to_string().as_bytes())
    }

    fn minimal() -> Value {
        json!({"ticket_id": "22549", "from_email": "a@bank.example"})
    }

    fn with(field: &str, value: Value) -> Value {
        let mut json = minimal();
        json[field] = value;
        json
    }

    #[test]
    fn ticket_id_and_sender_are_all_it_takes() {
        let mail = parsed(minimal()).unwrap();
        assert_eq!(mail.zendesk_ticket_id, "22549");
        assert_eq!(mail.from_email, "a@bank.example");
        assert_eq!(mail.zendesk_webhook_id, None);
        assert_eq!(mail.content_hash.map(|hash| hash.len()), Some(64));
        assert_eq!(parsed(with("ticket_id", json!(22549))).unwrap().zendesk_ticket_id, "22549");
    }

    #[test]
    fn what_is_required_is_named_when_it_is_missing_or_of_another_type() {
        for (json, error) in [
            (json!({"from_email": "a@b.example"}), "ticket_id is missing"),
            (json!({"ticket_id": "1"}), "from_email is missing"),
            (with("ticket_id", json!("  ")), "ticket_id is missing"),
            (with("ticket_id", json!("\0")), "ticket_id is missing"),
            (with("from_email", json!(" ")), "from_email is blank"),
            (with("from_email", json!(7)), "from_email must be a string"),
            (with("ticket_id", json!(1.5)), "ticket_id must be a string or a whole number"),
            (with("ticket_id", json!([1])), "ticket_id must be a string or a whole number"),
            (with("webhook_id", json!({})), "webhook_id must be a string or a whole number"),
            (with("subject", json!(["x"])), "subject must be a string"),
            (with("body_html", json!({})), "body_html must be a string"),
            (with("attachments", json!(true)), "attachments must be a list"),
            (json!([]), "body is not a JSON object"),
        ] {
            assert_eq!(parsed(json).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn harmless_types_of_optional_fields_are_taken() {
        let mail = parsed(with("subject", json!(42))).unwrap();
        assert_eq!(mail.subject.as_deref(), Some("42"));
        assert_eq!(parsed(with("subject", Value::Null)).unwrap().subject, None);
        assert_eq!(parsed(with("received_at", json!({}))).unwrap().received_at, None);
        assert!(parsed(with("to_addresses", json!("a@b.example"))).unwrap().envelope.is_some());
        assert!(parsed(with("no_such_field", json!([[[]]]))).is_ok());
    }

    #[test]
    fn what_is_no_json_is_told_apart_without_quoting_it() {
        let problem = |body: &[u8]| parse_webhook(body).unwrap_err().to_string();
        assert_eq!(problem(b"{\"ticket_id\": \"\xff\"}"), "body is not valid UTF-8");
        assert_eq!(problem(b"geheim"), "body is not valid JSON");
        assert_eq!(problem(b""), "body is not valid JSON");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(problem(deep.as_bytes()), "body is nested too deeply");
    }

    #[test]
    fn texts_fit_their_columns() {
        let long = "ä".repeat(2_000);
        let mut json = minimal();
        for field in ["ticket_id", "webhook_id", "from_email", "from_name", "subject"] {
            json[field] = json!(long);
        }
        json["body_text"] = json!("a\0b");
        let mail = parsed(json).unwrap();
        assert_eq!(mail.zendesk_ticket_id.chars().count(), 50);
        assert_eq!(mail.zendesk_webhook_id.unwrap().chars().count(), 100);
        assert_eq!(mail.from_email.chars().count(), 255);
        assert_eq!(mail.from_name.unwrap().chars().count(), 255);
        assert_eq!(mail.subject.unwrap().chars().count(), 500);
        assert_eq!(mail.raw_body_text.as_deref(), Some("ab"));
    }

    #[test]
    fn a_name_in_the_address_is_split_off() {
        let mail = parsed(with("from_email", json!("\"Bank AG\" <a@bank.example> "))).unwrap();
        assert_eq!(mail.from_email, "a@bank.example");
        assert_eq!(mail.from_name.as_deref(), Some("Bank AG"));
    }

    #[test]
    fn each_part_of_the_mail_counts_for_its_hash_and_a_webhook_id_replaces_it() {
        let hash = |json| parsed(json).unwrap().content_hash;
        let plain = hash(minimal());
        assert_eq!(hash(minimal()), plain);
        for field in ["ticket_id", "from_email", "subject", "body_html", "body_text", "received_at"]
        {
            assert_ne!(hash(with(field, json!("anders"))), plain, "{field}");
        }
        assert_eq!(hash(with("webhook_id", json!("wh-1"))), None);
    }

    #[test]
    fn attachments_keep_their_names_and_lose_their_content() {
        let item = json!({"filename": "brief.pdf", "content": "JVBERi0x", "size": 7});
        let mail = parsed(with("attachments", json!([item, "anlage.pdf"]))).unwrap();
        let kept = json!([{"filename": "brief.pdf", "size": 7}, "anlage.pdf"]);
        assert_eq!(mail.envelope.unwrap()["attachments"], kept);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_webhook(&bytes);
        }

        #[test]
        fn no_types_make_it_panic_and_no_nul_passes(values in prop::collection::vec(any_json(), 12)) {
            const NAMES: [&str; 12] = [
                "ticket_id", "from_email", "webhook_id", "subject", "from_name", "body_html",
                "body_text", "received_at", "attachments", "to_addresses", "cc_addresses",
                "in_reply_to",
            ];
            let fields: Map<_, _> =
                NAMES.iter().map(|name| (*name).to_owned()).zip(values).collect();
            if let Ok(mail) = parsed(Value::Object(fields)) {
                let has_nul = format!("{mail:?}").contains("\\0");
                prop_assert!(!has_nul);
            }
        }
    }
}
