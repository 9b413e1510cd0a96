//! The record that a model is asked for: its JSON schema, and the check of what comes back.
//!
//! The check does not lean on the server having enforced the schema. Its complaints are fixed
//! texts that quote nothing, since they end in error messages.

use domain::extraction::{Doubt, Extraction, Intent};
use domain::money::Money;
use serde_json::{Map, Value, json};

/// The doubts that a model can have. The others are found by comparing, not by reading.
const DOUBTS: [Doubt; 10] = [
    Doubt::ContradictingTotals,
    Doubt::ForeignCurrency,
    Doubt::SeveralClients,
    Doubt::Manipulation,
    Doubt::NegativeAmount,
    Doubt::NoTotal,
    Doubt::Conditional,
    Doubt::NotTheirClaim,
    Doubt::ThirdParty,
    Doubt::Illegible,
];

const FIELDS: [&str; 10] = [
    "is_creditor_reply",
    "intent",
    "client_name",
    "client_aktenzeichen",
    "creditor_name",
    "debt_amount",
    "reference_numbers",
    "confidence",
    "doubts",
    "summary",
];

const LONGEST_NAME: usize = 300;
const LONGEST_REFERENCE: usize = 100;
const MOST_REFERENCES: usize = 50;
const LONGEST_SUMMARY: usize = 500;

/// Why an answer cannot be used.
pub(super) type Complaint = &'static str;

/// The schema, in the subset that strict modes take: every field required, none besides.
pub(super) fn schema() -> Value {
    let optional = json!({"type": ["string", "null"]});
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": FIELDS,
        "properties": {
            "is_creditor_reply": {"type": "boolean"},
            "intent": {"type": "string", "enum": Intent::ALL.map(Intent::as_str)},
            "client_name": optional,
            "client_aktenzeichen": optional,
            "creditor_name": optional,
            "debt_amount": {
                "type": ["string", "null"],
                "description": "The current total in euro, as \"1234.56\"; null if there is none.",
            },
            "reference_numbers": {"type": "array", "items": {"type": "string"}},
            "confidence": {"type": "number", "description": "0 to 1"},
            "doubts": {
                "type": "array",
                "items": {"type": "string", "enum": DOUBTS.map(Doubt::as_str)},
            },
            "summary": {"type": "string"},
        },
    })
}

/// Reads an answer, or says what is wrong with it.
pub(super) fn read(answer: &Value) -> Result<Extraction, Complaint> {
    let fields = answer.as_object().ok_or("the record must be a JSON object")?;
    if FIELDS.iter().any(|field| !fields.contains_key(*field)) {
        return Err("a field of the schema is missing");
    }
    if fields.len() != FIELDS.len() {
        return Err("a field is not in the schema");
    }
    Ok(Extraction {
        is_creditor_reply: fields["is_creditor_reply"]
            .as_bool()
            .ok_or("is_creditor_reply must be true or false")?,
        intent: intent(&fields["intent"])?,
        client_name: text(fields, "client_name", "client_name must be a short string or null")?,
        client_aktenzeichen: text(
            fields,
            "client_aktenzeichen",
            "client_aktenzeichen must be a short string or null",
        )?,
        creditor_name: text(
            fields,
            "creditor_name",
            "creditor_name must be a short string or null",
        )?,
        debt_amount: amount(&fields["debt_amount"])?,
        reference_numbers: references(&fields["reference_numbers"])?,
        confidence: fields["confidence"]
            .as_f64()
            .filter(|value| (0.0..=1.0).contains(value))
            .ok_or("confidence must be a number from 0 to 1")?,
        summary: fields["summary"]
            .as_str()
            .ok_or("summary must be a string")?
            .chars()
            .take(LONGEST_SUMMARY)
            .collect(),
        doubts: doubts(&fields["doubts"])?,
        evidence: Default::default(),
        provider: String::new(),
        model: None,
        prompt_version: None,
    })
}

/// Every intent and doubt as the schema spells it.
#[cfg(test)]
pub(super) fn closed_words() -> impl Iterator<Item = &'static str> {
    Intent::ALL.into_iter().map(Intent::as_str).chain(DOUBTS.into_iter().map(Doubt::as_str))
}

fn intent(value: &Value) -> Result<Intent, Complaint> {
    let name = value.as_str().unwrap_or_default();
    let known = Intent::ALL.into_iter().find(|intent| intent.as_str() == name);
    known.ok_or("intent must be one of the listed words")
}

fn text(
    fields: &Map<String, Value>,
    field: &str,
    complaint: Complaint,
) -> Result<Option<String>, Complaint> {
    match &fields[field] {
        Value::Null => Ok(None),
        Value::String(text) if text.chars().count() <= LONGEST_NAME => {
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        _ => Err(complaint),
    }
}

/// Exactly two decimals, so that a German `1.230` is never read as one euro twenty-three.
fn amount(value: &Value) -> Result<Option<Money>, Complaint> {
    let complaint = "debt_amount must be null or a string with a point and two decimals";
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.split_once('.').is_some_and(|(_, cents)| cents.len() == 2) => {
            Money::parse_plain(text).map(Some).map_err(|_| complaint)
        }
        _ => Err(complaint),
    }
}

fn references(value: &Value) -> Result<Vec<String>, Complaint> {
    let complaint = "reference_numbers must be a list of short strings";
    let listed = value.as_array().filter(|list| list.len() <= MOST_REFERENCES).ok_or(complaint)?;
    let mut references = Vec::new();
    for item in listed {
        let text = item.as_str().filter(|text| text.chars().count() <= LONGEST_REFERENCE);
        let text = text.ok_or(complaint)?.trim();
        if !text.is_empty() && !references.iter().any(|known| known == text) {
            references.push(text.to_owned());
        }
    }
    Ok(references)
}

fn doubts(value: &Value) -> Result<Vec<Doubt>, Complaint> {
    let complaint = "doubts must be a list of the listed words";
    let mut doubts = Vec::new();
    for item in value.as_array().ok_or(complaint)? {
        let name = item.as_str().unwrap_or_default();
        let doubt = DOUBTS.into_iter().find(|doubt| doubt.as_str() == name).ok_or(complaint)?;
        if !doubts.contains(&doubt) {
            doubts.push(doubt);
        }
    }
    Ok(doubts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Value {
        json!({
            "is_creditor_reply": true,
            "intent": "debt_statement",
            "client_name": "Jörg Groß",
            "client_aktenzeichen": null,
            "creditor_name": " ",
            "debt_amount": "1234.56",
            "reference_numbers": ["A-1", "A-1", " B 2 "],
            "confidence": 0.9,
            "doubts": ["no_total", "no_total"],
            "summary": "States the claim.",
        })
    }

    #[test]
    fn a_good_answer_is_read_field_by_field() {
        let read = read(&good()).unwrap();
        assert_eq!(read.debt_amount, Some(Money::from_cents(123_456)));
        assert_eq!(read.client_name.as_deref(), Some("Jörg Groß"));
        assert_eq!(read.creditor_name, None);
        assert_eq!(read.reference_numbers, ["A-1", "B 2"]);
        assert_eq!(read.doubts, [Doubt::NoTotal]);
    }

    #[test]
    fn each_breach_of_the_schema_is_refused() {
        let cases = [
            ("is_creditor_reply", json!("yes")),
            ("intent", json!("Forderungsaufstellung")),
            ("intent", json!(null)),
            ("client_name", json!(["x"])),
            ("client_aktenzeichen", json!(12)),
            ("creditor_name", json!("x".repeat(LONGEST_NAME + 1))),
            ("debt_amount", json!(1234.56)),
            ("debt_amount", json!("1.234,56")),
            ("debt_amount", json!("1.230")),
            ("debt_amount", json!("1230")),
            ("debt_amount", json!("1234.56 EUR")),
            ("debt_amount", json!("NaN.00")),
            ("reference_numbers", json!("A-1")),
            ("reference_numbers", json!([1])),
            ("reference_numbers", json!(vec!["x"; MOST_REFERENCES + 1])),
            ("confidence", json!("0.9")),
            ("confidence", json!(1.01)),
            ("confidence", json!(-0.1)),
            ("doubts", json!(["unsure"])),
            ("doubts", json!(["ungrounded"])),
            ("summary", json!(null)),
        ];
        for (field, value) in cases {
            let mut answer = good();
            answer[field] = value.clone();
            assert!(read(&answer).is_err(), "{field} {value}");
        }
    }

    #[test]
    fn a_missing_field_and_one_too_many_are_refused() {
        for field in FIELDS {
            let mut answer = good();
            answer.as_object_mut().unwrap().remove(field);
            assert!(read(&answer).is_err(), "{field}");
        }
        let mut answer = good();
        answer["note"] = json!("x");
        assert!(read(&answer).is_err());
        assert!(read(&json!([])).is_err() && read(&json!("x")).is_err());
    }

    #[test]
    fn the_schema_requires_what_the_check_requires() {
        let schema = schema();
        let properties = schema["properties"].as_object().unwrap();
        let mut named: Vec<&str> = properties.keys().map(String::as_str).collect();
        let mut required = FIELDS.to_vec();
        named.sort_unstable();
        required.sort_unstable();
        assert_eq!(named, required);
    }
}
