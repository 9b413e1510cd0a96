//! The outbox payload: what ingest asks the relay to write.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::money::Money;

/// `outbox_messages.aggregate_type` of every message of this system.
pub const AGGREGATE_TYPE: &str = "creditor_debt_update";

/// The version that this build writes.
pub const PAYLOAD_VERSION: u64 = 1;

/// What to write and for whom. Version 1 on the wire; [`DebtUpdate::from_json`] also reads the
/// Python service's form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DebtUpdate {
    pub version: u64,
    pub client_name: Option<String>,
    pub client_aktenzeichen: Option<String>,
    pub creditor_email: String,
    pub creditor_name: Option<String>,
    pub new_debt_amount: Money,
    pub response_text: Option<String>,
    pub reference_numbers: Vec<String>,
    pub extraction_confidence: Option<f64>,
    /// The mail's date, first part of the fence. The older form has none: the e-mail's own counts.
    pub received_at: Option<DateTime<Utc>>,
}

/// Why a payload cannot be read. Its text never quotes the payload.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("version {0} is unknown to this build")]
    UnknownVersion(String),
    #[error("{0}")]
    Unreadable(String),
}

/// Both forms on the wire. Unknown fields are ignored, so that a newer writer may add some.
#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    client_name: Option<String>,
    #[serde(default)]
    client_aktenzeichen: Option<String>,
    creditor_email: String,
    #[serde(default)]
    creditor_name: Option<String>,
    new_debt_amount: Money,
    #[serde(default)]
    response_text: Option<String>,
    #[serde(default)]
    reference_numbers: Option<Vec<String>>,
    #[serde(default)]
    extraction_confidence: Option<f64>,
    #[serde(default)]
    received_at: Option<DateTime<Utc>>,
}

impl DebtUpdate {
    /// Reads version 1 or the Python service's form (no version, amount as a JSON number).
    pub fn from_json(json: &Value) -> Result<Self, PayloadError> {
        match json.get("version") {
            None | Some(Value::Null) => {}
            Some(version) if version.as_u64() == Some(PAYLOAD_VERSION) => {}
            Some(version) => {
                let shown: String = version.to_string().chars().take(20).collect();
                return Err(PayloadError::UnknownVersion(shown));
            }
        }
        let is_version_1 = json.get("version").is_some_and(Value::is_u64);
        let wire = Wire::deserialize(json).map_err(|error| unreadable(json, &error))?;
        if is_version_1 && wire.received_at.is_none() {
            return Err(PayloadError::Unreadable("received_at is missing".to_owned()));
        }
        Ok(Self {
            version: PAYLOAD_VERSION,
            client_name: none_if_blank(wire.client_name),
            client_aktenzeichen: none_if_blank(wire.client_aktenzeichen),
            creditor_email: wire.creditor_email,
            creditor_name: none_if_blank(wire.creditor_name),
            new_debt_amount: wire.new_debt_amount,
            response_text: wire.response_text,
            reference_numbers: wire.reference_numbers.unwrap_or_default(),
            extraction_confidence: wire.extraction_confidence,
            received_at: wire.received_at,
        })
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a payload has string keys and plain values only")
    }
}

fn none_if_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Names the field at fault instead of repeating serde's message, which quotes values.
fn unreadable(json: &Value, error: &serde_json::Error) -> PayloadError {
    let Some(object) = json.as_object() else {
        return PayloadError::Unreadable("it is not a JSON object".to_owned());
    };
    for required in ["creditor_email", "new_debt_amount"] {
        if object.get(required).is_none_or(Value::is_null) {
            return PayloadError::Unreadable(format!("{required} is missing"));
        }
    }
    let faulty = object.iter().find(|(name, value)| !field_is_readable(name, value));
    match faulty {
        Some((name, _)) => PayloadError::Unreadable(format!("{name} has a wrong form")),
        None => PayloadError::Unreadable(format!("{:?} error", error.classify())),
    }
}

fn field_is_readable(name: &str, value: &Value) -> bool {
    match name {
        "client_name" | "client_aktenzeichen" | "creditor_name" | "response_text" => {
            value.is_string() || value.is_null()
        }
        "creditor_email" => value.is_string(),
        "new_debt_amount" => Money::deserialize(value).is_ok(),
        "reference_numbers" => Option::<Vec<String>>::deserialize(value).is_ok(),
        "extraction_confidence" => value.is_number() || value.is_null(),
        "received_at" => Option::<DateTime<Utc>>::deserialize(value).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn version_1() -> Value {
        json!({
            "version": 1, "client_name": "Max Mustermann", "client_aktenzeichen": "1381_25",
            "creditor_email": "inkasso@bank.example", "creditor_name": "Bank",
            "new_debt_amount": "1234.56", "response_text": "…", "reference_numbers": ["A-1"],
            "extraction_confidence": 0.93, "received_at": "2026-03-11T08:14:22Z"
        })
    }

    #[test]
    fn version_1_round_trips() {
        let update = DebtUpdate::from_json(&version_1()).unwrap();
        assert_eq!(update.new_debt_amount, Money::from_cents(123_456));
        assert_eq!(DebtUpdate::from_json(&update.to_json()), Ok(update));
    }

    #[test]
    fn the_python_form_is_read() {
        let update = DebtUpdate::from_json(&json!({
            "client_name": "Anna Beispiel", "client_aktenzeichen": "542900",
            "creditor_email": "inkasso@musterbank.example", "creditor_name": "Musterbank AG",
            "new_debt_amount": 899.0, "response_text": "Gesamtforderung 899,00 EUR",
            "reference_numbers": ["542900"]
        }))
        .unwrap();
        assert_eq!(update.new_debt_amount, Money::from_cents(89_900));
        assert_eq!(update.received_at, None);
    }

    #[test]
    fn no_amount_is_ever_invented() {
        for amount in [json!(null), json!(""), json!("12,50"), json!([]), json!(true)] {
            let mut payload = version_1();
            payload["new_debt_amount"] = amount;
            assert!(DebtUpdate::from_json(&payload).is_err());
        }
        let mut payload = version_1();
        payload.as_object_mut().unwrap().remove("new_debt_amount");
        payload["amount"] = json!(5.0);
        assert_eq!(
            DebtUpdate::from_json(&payload),
            Err(PayloadError::Unreadable("new_debt_amount is missing".to_owned()))
        );
    }

    #[test]
    fn an_unknown_version_says_so_and_an_error_never_quotes_the_payload() {
        let mut payload = version_1();
        payload["version"] = json!(2);
        assert_eq!(
            DebtUpdate::from_json(&payload),
            Err(PayloadError::UnknownVersion("2".to_owned()))
        );
        let mut payload = version_1();
        payload["client_name"] = json!({"secret": "Mustermann"});
        let error = DebtUpdate::from_json(&payload).unwrap_err().to_string();
        assert_eq!(error, "client_name has a wrong form");
    }
}
