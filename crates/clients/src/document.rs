//! The portal's client documents as this system sees them.
//!
//! The portal owns them: a field may be missing, null or of any type, and nothing here fails on
//! that. What cannot be read as what it should be is told apart from what is absent, because a
//! person may have to look at it.

use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use domain::fence::Fence;
use domain::money::Money;

use crate::identity::identities;
pub use crate::identity::{EntryIdentity, SenderIdentity};

/// `amount_source` of an amount that this system wrote.
pub const CREDITOR_RESPONSE: &str = "creditor_response";

/// The array of creditor entries in a client document.
pub const CREDITOR_LIST: &str = "final_creditor_list";

/// What [`crate::fence`] and [`crate::guard`] look at. A field that they read and this list lacks
/// could change between read and write unseen.
const DECIDING_FIELDS: [&str; 5] =
    ["sync", "amount_source", "current_debt_amount", "creditor_response_amount", "claim_amount"];

/// One document of the collection `clients`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientDocument {
    /// `_id`, of whatever type the portal chose.
    pub id: Bson,
    /// The office's case number; a number in the document becomes text.
    pub aktenzeichen: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// `final_creditor_list` in its order of the moment. Empty if it is no array.
    pub creditors: Vec<CreditorEntry>,
}

/// One entry of `final_creditor_list`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreditorEntry {
    /// What names this entry and no other of its client; `None` if nothing does.
    pub identity: Option<EntryIdentity>,
    /// The field `id`, of whatever type.
    pub id: Option<Bson>,
    /// Who writes to the office.
    pub sender_name: Option<String>,
    pub sender_email: Option<String>,
    /// For whom the sender acts, if it is an agency.
    pub creditor_name: Option<String>,
    /// The creditor's own number of the claim.
    pub reference_number: Option<String>,
    /// The original claim. Never written.
    pub claim_amount: Amount,
    pub current_debt_amount: Amount,
    pub creditor_response_amount: Amount,
    pub amount_source: Option<String>,
    pub contact_status: Option<String>,
    /// The date of the mail that the entry shows; `None` also for what is no date.
    pub response_received_at: Option<DateTime<Utc>>,
    pub response_date: FieldState,
    pub last_contact: FieldState,
    pub confidence: FieldState,
    pub references: FieldState,
    /// The ticket of the office's letter.
    pub ticket_id: Option<String>,
    /// Which message the entry shows.
    pub sync: SyncState,
    /// The values as they stand in the document on which fence and guard decide; null where there
    /// is none.
    pub(crate) decided_on: Document,
}

/// What a field holds of which nothing but its type counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldState {
    /// Missing or null.
    Absent,
    /// What a write puts there, whatever its value.
    AsWritten,
    /// A text in the place of something else.
    Text,
    Other,
}

/// An amount field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Missing or null.
    Absent,
    Known(Money),
    /// Something is there, but it is no number: a text, a NaN, an array.
    Unreadable,
}

/// The subdocument `sync` of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum SyncState {
    /// Missing or null: no message has been applied.
    Unmarked,
    Marked(SyncMark),
    /// Something is there, but no fence can be read from it.
    Unreadable,
}

/// What a write leaves behind in the entry.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncMark {
    pub fence: Fence,
    pub outbox_id: Option<i64>,
    pub applied_at: Option<DateTime<Utc>>,
}

impl ClientDocument {
    /// Reads whatever is there. Never fails: a document without `_id` gets `Bson::Null`.
    pub fn from_bson(document: &Document) -> Self {
        let elements: &[Bson] = match document.get(CREDITOR_LIST) {
            Some(Bson::Array(elements)) => elements,
            _ => &[],
        };
        let creditors = elements
            .iter()
            .zip(identities(elements))
            .filter_map(|(element, identity)| {
                element.as_document().map(|entry| CreditorEntry::from_bson(entry, identity))
            })
            .collect();
        Self {
            id: document.get("_id").cloned().unwrap_or(Bson::Null),
            aktenzeichen: text(document, "aktenzeichen"),
            first_name: text(document, "firstName"),
            last_name: text(document, "lastName"),
            creditors,
        }
    }

    /// Reads a document of a JSON file; extended JSON such as `{"$oid": …}` is understood.
    /// Returns `None` for anything but an object.
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        match Bson::try_from(json.clone()) {
            Ok(Bson::Document(document)) => Some(Self::from_bson(&document)),
            _ => None,
        }
    }

    /// First and last name, as far as they are known.
    pub fn full_name(&self) -> String {
        let names = [self.first_name.as_deref(), self.last_name.as_deref()];
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The entry with this identity, if exactly one has it.
    pub fn entry(&self, identity: &EntryIdentity) -> Option<&CreditorEntry> {
        self.creditors.iter().find(|entry| entry.identity.as_ref() == Some(identity))
    }

    /// The fields that [`ClientDocument::from_bson`] reads, as a MongoDB projection.
    pub fn projection() -> Document {
        let mut projection = doc! { "aktenzeichen": 1, "firstName": 1, "lastName": 1 };
        for field in [
            "id",
            "sender_name",
            "sender_email",
            "creditor_name",
            "reference_number",
            "claim_amount",
            "current_debt_amount",
            "creditor_response_amount",
            "amount_source",
            "contact_status",
            "response_received_at",
            "last_contacted_at",
            "extraction_confidence",
            "response_reference_numbers",
            "main_zendesk_ticket_id",
            "sync",
        ] {
            projection.insert(format!("{CREDITOR_LIST}.{field}"), 1);
        }
        projection
    }
}

impl CreditorEntry {
    fn from_bson(entry: &Document, identity: Option<EntryIdentity>) -> Self {
        Self {
            identity,
            id: entry.get("id").cloned(),
            sender_name: text(entry, "sender_name"),
            sender_email: text(entry, "sender_email"),
            creditor_name: text(entry, "creditor_name"),
            reference_number: text(entry, "reference_number"),
            claim_amount: Amount::from_bson(entry.get("claim_amount")),
            current_debt_amount: Amount::from_bson(entry.get("current_debt_amount")),
            creditor_response_amount: Amount::from_bson(entry.get("creditor_response_amount")),
            amount_source: text(entry, "amount_source"),
            contact_status: text(entry, "contact_status"),
            response_received_at: date(entry.get("response_received_at")),
            response_date: state(entry, "response_received_at", is_date),
            last_contact: state(entry, "last_contacted_at", is_date),
            confidence: state(entry, "extraction_confidence", |value| {
                !matches!(Amount::from_bson(Some(value)), Amount::Unreadable)
            }),
            references: state(entry, "response_reference_numbers", |value| {
                matches!(value, Bson::Array(_))
            }),
            ticket_id: text(entry, "main_zendesk_ticket_id"),
            sync: SyncState::from_bson(entry.get("sync")),
            decided_on: DECIDING_FIELDS
                .into_iter()
                .map(|field| (field.to_owned(), entry.get(field).cloned().unwrap_or(Bson::Null)))
                .collect(),
        }
    }

    /// What the portal shows as the creditor's answer, or `Absent` if it shows none.
    ///
    /// The two amount fields are written together; if somebody changed one, the higher counts,
    /// which is the careful reading for the guard against a fall.
    pub fn shown_response(&self) -> Amount {
        if self.amount_source.as_deref() != Some(CREDITOR_RESPONSE) {
            return Amount::Absent;
        }
        match (self.current_debt_amount, self.creditor_response_amount) {
            (Amount::Known(current), Amount::Known(response)) => {
                Amount::Known(current.max(response))
            }
            (Amount::Known(amount), _) | (_, Amount::Known(amount)) => Amount::Known(amount),
            (Amount::Absent, Amount::Absent) => Amount::Absent,
            _ => Amount::Unreadable,
        }
    }
}

impl CreditorEntry {
    /// Whether an amount field holds, as a text, an amount other than this one: somebody typed it.
    /// Only a field that the guard decides on is known.
    pub fn says_otherwise(&self, field: &str, amount: Money) -> bool {
        match self.decided_on.get(field) {
            Some(Bson::String(text) | Bson::Symbol(text)) => says_otherwise(text, amount),
            _ => false,
        }
    }
}

/// A text that can be read in two ways, `1.000` in German and in English, says the amount if one of
/// them is it.
fn says_otherwise(text: &str, amount: Money) -> bool {
    let is_currency = |c: char| c == '€' || c.is_whitespace();
    let number = text.trim_matches(is_currency);
    let number =
        number.strip_prefix("EUR").or_else(|| number.strip_suffix("EUR")).unwrap_or(number);
    let number = number.trim_matches(is_currency);
    let readings = [Money::parse_german(number), Money::parse_plain(number)];
    let mut readings = readings.into_iter().flatten().peekable();
    readings.peek().is_some() && readings.all(|reading| reading != amount)
}

impl Amount {
    /// A double, int32, int64 or decimal128 is an amount, rounded to the cent; a text is not.
    pub fn from_bson(value: Option<&Bson>) -> Self {
        let number = match value {
            None | Some(Bson::Null | Bson::Undefined) => return Amount::Absent,
            Some(Bson::Double(number)) => Some(*number),
            Some(Bson::Int32(number)) => Some(f64::from(*number)),
            Some(Bson::Int64(number)) => Some(*number as f64),
            Some(Bson::Decimal128(number)) => number.to_string().parse().ok(),
            Some(_) => None,
        };
        number.and_then(Money::from_bson_double).map_or(Amount::Unreadable, Amount::Known)
    }

    pub fn money(self) -> Option<Money> {
        match self {
            Amount::Known(money) => Some(money),
            Amount::Absent | Amount::Unreadable => None,
        }
    }
}

impl SyncState {
    fn from_bson(value: Option<&Bson>) -> Self {
        let mark = match value {
            None | Some(Bson::Null | Bson::Undefined) => return SyncState::Unmarked,
            Some(Bson::Document(mark)) => mark,
            Some(_) => return SyncState::Unreadable,
        };
        let received_at = date(mark.get("received_at"));
        let email_id = whole_number(mark.get("email_id"));
        let (Some(received_at), Some(email_id)) = (received_at, email_id) else {
            return SyncState::Unreadable;
        };
        SyncState::Marked(SyncMark {
            fence: Fence::new(received_at, email_id),
            outbox_id: whole_number(mark.get("outbox_id")),
            applied_at: date(mark.get("applied_at")),
        })
    }

    pub fn mark(&self) -> Option<&SyncMark> {
        match self {
            SyncState::Marked(mark) => Some(mark),
            SyncState::Unmarked | SyncState::Unreadable => None,
        }
    }
}

/// A text field, trimmed; a number becomes text, and what is blank or neither is `None`.
fn text(document: &Document, field: &str) -> Option<String> {
    let text = match document.get(field)? {
        Bson::String(text) | Bson::Symbol(text) => text.trim().to_owned(),
        Bson::Int32(number) => number.to_string(),
        Bson::Int64(number) => number.to_string(),
        // `542900.0`, as a JavaScript program stores 542900.
        Bson::Double(number) if number.is_finite() => number.to_string(),
        Bson::Decimal128(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn state(entry: &Document, field: &str, is_as_written: impl Fn(&Bson) -> bool) -> FieldState {
    match entry.get(field) {
        None | Some(Bson::Null | Bson::Undefined) => FieldState::Absent,
        Some(value) if is_as_written(value) => FieldState::AsWritten,
        Some(Bson::String(_) | Bson::Symbol(_)) => FieldState::Text,
        Some(_) => FieldState::Other,
    }
}

fn is_date(value: &Bson) -> bool {
    date(Some(value)).is_some()
}

/// A date, also as the text that a round trip through JSON makes of it.
fn date(value: Option<&Bson>) -> Option<DateTime<Utc>> {
    match value? {
        // Through the milliseconds: `to_chrono` saturates, which would invent a date.
        Bson::DateTime(date) => DateTime::from_timestamp_millis(date.timestamp_millis()),
        Bson::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        _ => None,
    }
}

/// A whole number, also as the double that a JavaScript program makes of it.
fn whole_number(value: Option<&Bson>) -> Option<i64> {
    match value? {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            Some(*number as i64)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(fields: Document) -> CreditorEntry {
        ClientDocument::from_bson(&doc! { CREDITOR_LIST: [fields] }).creditors.remove(0)
    }

    #[test]
    fn a_number_of_any_type_is_an_amount_and_a_text_is_none() {
        let amount = |value: Bson| entry(doc! { "claim_amount": value }).claim_amount;
        let known = Amount::Known(Money::from_cents(128_450));
        assert_eq!(amount(Bson::Double(1284.5)), known);
        assert_eq!(amount(Bson::Decimal128("1284.50".parse().unwrap())), known);
        assert_eq!(amount(Bson::Int32(3)), Amount::Known(Money::from_cents(300)));
        assert_eq!(amount(Bson::Int64(-3)), Amount::Known(Money::from_cents(-300)));
        assert_eq!(amount(Bson::Null), Amount::Absent);
        assert_eq!(entry(doc! {}).claim_amount, Amount::Absent);
        for value in [Bson::from("1284.50"), Bson::Double(f64::NAN), Bson::Int64(i64::MAX)] {
            assert_eq!(amount(value), Amount::Unreadable);
        }
    }

    #[test]
    fn a_text_says_another_amount_only_where_it_can_be_read_as_one() {
        let says_otherwise = |value: Bson| {
            let entry = entry(doc! { "current_debt_amount": value });
            entry.says_otherwise("current_debt_amount", Money::from_cents(100_000))
        };
        for another in ["950,00", "950.00", " 1.000,01 € ", "EUR 950", "950 EUR", "-1000", "0"] {
            assert!(says_otherwise(another.into()), "{another}");
        }
        for same in ["1.000,00", "1000.00", "1000", "1.000 €", "1.000", "1,000.00"] {
            assert!(!says_otherwise(same.into()), "{same}");
        }
        for none in [Bson::from("offen"), "".into(), "€".into(), Bson::Null, 950.0.into()] {
            assert!(!says_otherwise(none.clone()), "{none}");
        }
    }

    #[test]
    fn numbers_stand_for_text_where_text_belongs() {
        let client = ClientDocument::from_bson(&doc! {
            "aktenzeichen": 542_900.0, "firstName": "  ", "lastName": 7, CREDITOR_LIST: "?",
        });
        assert_eq!(client.aktenzeichen.as_deref(), Some("542900"));
        assert_eq!((client.first_name, client.last_name.as_deref()), (None, Some("7")));
        assert_eq!((client.id, client.creditors), (Bson::Null, vec![]));
    }

    #[test]
    fn a_mark_is_read_also_after_a_round_trip_through_json() {
        let written = entry(doc! { "sync": {
            "email_id": 7_i64, "outbox_id": 1_007_i64,
            "received_at": bson::DateTime::from_millis(1_773_216_300_123),
            "applied_at": bson::DateTime::from_millis(1_773_216_301_000),
        } });
        let returned = entry(doc! { "sync": {
            "email_id": 7.0, "outbox_id": 1_007, "received_at": "2026-03-11T08:05:00.123Z",
            "applied_at": "2026-03-11T08:05:01.000Z",
        } });
        assert!(written.sync.mark().is_some());
        assert_eq!(written.sync, returned.sync);
    }

    #[test]
    fn identity_is_the_id_else_the_sender_and_never_shared() {
        let identities = |entries: Vec<Document>| -> Vec<Option<String>> {
            let client = ClientDocument::from_bson(&doc! { CREDITOR_LIST: entries });
            client.creditors.iter().map(|e| e.identity.as_ref().map(EntryIdentity::key)).collect()
        };
        let sender = doc! { "sender_email": "a@b.example", "reference_number": 5 };
        let mut with_id = sender.clone();
        with_id.insert("id", "x");
        let found = identities(vec![with_id.clone(), doc! { "id": " ", "sender_name": "N" }]);
        assert!(found[0].as_deref().is_some_and(|key| key.starts_with("id ")));
        assert!(found[1].as_deref().is_some_and(|key| key.starts_with("sender ")));
        assert_eq!(identities(vec![with_id.clone(), with_id]), [None, None]);
        assert_eq!(identities(vec![sender.clone(), sender]), [None, None]);
        // As MongoDB compares them.
        assert_eq!(identities(vec![doc! { "id": 1 }, doc! { "id": 1.0 }]), [None, None]);
        let of_type = identities(vec![doc! { "id": 1 }, doc! { "id": "1" }]);
        assert!(of_type.iter().all(Option::is_some) && of_type[0] != of_type[1]);
        assert_eq!(identities(vec![doc! {}, doc! { "id": { "a": 1 } }]), [None, None]);
    }

    #[test]
    fn of_the_other_fields_of_a_response_the_type_is_known() {
        let states = |value: fn(&str) -> Option<Bson>| {
            let mut fields = Document::new();
            for field in [
                "response_received_at",
                "last_contacted_at",
                "extraction_confidence",
                "response_reference_numbers",
            ] {
                fields.extend(value(field).map(|value| (field.to_owned(), value)));
            }
            let entry = entry(fields);
            [entry.response_date, entry.last_contact, entry.confidence, entry.references]
        };
        let written = |field: &str| {
            Some(match field {
                "extraction_confidence" => 0.9.into(),
                "response_reference_numbers" => Bson::Array(Vec::new()),
                "last_contacted_at" => "2026-03-11T08:05:00Z".into(),
                _ => bson::DateTime::from_millis(0).into(),
            })
        };
        assert_eq!(states(written), [FieldState::AsWritten; 4]);
        assert_eq!(states(|_| None), [FieldState::Absent; 4]);
        assert_eq!(states(|_| Some(Bson::Null)), [FieldState::Absent; 4]);
        assert_eq!(states(|_| Some("11.03.2026".into())), [FieldState::Text; 4]);
        assert_eq!(states(|_| Some(true.into())), [FieldState::Other; 4]);
    }

    #[test]
    fn json_files_are_read_like_the_collection() {
        let json = serde_json::json!({
            "_id": { "$oid": "65f000000000000000000001" }, "aktenzeichen": "1381_25",
            CREDITOR_LIST: [{ "id": "a", "claim_amount": 12.5, "main_zendesk_ticket_id": 48102 }],
        });
        let client = ClientDocument::from_json(&json).unwrap();
        assert!(matches!(client.id, Bson::ObjectId(_)));
        assert_eq!(client.creditors[0].ticket_id.as_deref(), Some("48102"));
        assert_eq!(ClientDocument::from_json(&serde_json::json!([])), None);
    }
}
