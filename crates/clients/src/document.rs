//! The portal's client documents as this system sees them.
//!
//! The portal owns them: a field may be missing, null or of any type, and nothing here fails on
//! that. What cannot be read as what it should be is told apart from what is absent, because a
//! person may have to look at it.

use bson::raw::{RawBsonRef, RawDocument};
use bson::{Bson, Document, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use domain::fence::Fence;
use domain::money::Money;

pub use crate::identity::{EntryIdentity, SenderIdentity};
use crate::identity::{IdentityFields, identities};

/// `amount_source` of an amount that this system wrote.
pub const CREDITOR_RESPONSE: &str = "creditor_response";

/// The array of creditor entries in a client document.
pub const CREDITOR_LIST: &str = "final_creditor_list";

/// What [`crate::fence`] and [`crate::guard`] look at. A field that they read and this list lacks
/// could change between read and write unseen.
pub(crate) const DECIDING_FIELDS: [&str; 5] =
    ["sync", "amount_source", "current_debt_amount", "creditor_response_amount", "claim_amount"];

/// The values of [`DECIDING_FIELDS`] as they stand in an entry; null where there is none.
pub(crate) type DecidedOn = [Bson; DECIDING_FIELDS.len()];

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
    /// On what fence and guard decide.
    pub(crate) decided_on: DecidedOn,
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
    /// Reads whatever is there; a document without `_id` gets `Bson::Null`.
    ///
    /// # Errors
    ///
    /// The bytes are no BSON. What a field holds is no error.
    pub fn from_raw(document: &RawDocument) -> Result<Self, bson::error::Error> {
        let [id, aktenzeichen, first_name, last_name, list] =
            fields(document, ["_id", "aktenzeichen", "firstName", "lastName", CREDITOR_LIST])?;
        let mut entries = Vec::new();
        if let Some(RawBsonRef::Array(elements)) = list {
            for element in elements {
                if let RawBsonRef::Document(entry) = element? {
                    entries.push(EntryFields::read(entry)?);
                }
            }
        }
        let named: Vec<IdentityFields<'_>> = entries.iter().map(EntryFields::identity).collect();
        let creditors = entries
            .iter()
            .zip(identities(&named)?)
            .map(|(entry, identity)| CreditorEntry::from_fields(entry, identity))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: value(id)?,
            aktenzeichen: text(aktenzeichen),
            first_name: text(first_name),
            last_name: text(last_name),
            creditors,
        })
    }

    /// As [`Self::from_raw`], of a document that was put together here.
    pub fn from_bson(document: &Document) -> Self {
        RawDocumentBuf::try_from(document)
            .and_then(|raw| Self::from_raw(&raw))
            .expect("a document in memory can be encoded and read again")
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

    /// The fields that [`ClientDocument::from_raw`] reads, as a MongoDB projection.
    pub fn projection() -> Document {
        let mut projection = doc! { "aktenzeichen": 1, "firstName": 1, "lastName": 1 };
        projection
            .extend(ENTRY_FIELDS.map(|field| (format!("{CREDITOR_LIST}.{field}"), Bson::Int32(1))));
        projection
    }
}

/// The fields of an entry, found in one pass over its bytes.
struct EntryFields<'a> {
    id: Option<RawBsonRef<'a>>,
    sender_name: Option<RawBsonRef<'a>>,
    sender_email: Option<RawBsonRef<'a>>,
    creditor_name: Option<RawBsonRef<'a>>,
    reference_number: Option<RawBsonRef<'a>>,
    contact_status: Option<RawBsonRef<'a>>,
    response_received_at: Option<RawBsonRef<'a>>,
    last_contacted_at: Option<RawBsonRef<'a>>,
    extraction_confidence: Option<RawBsonRef<'a>>,
    response_reference_numbers: Option<RawBsonRef<'a>>,
    ticket_id: Option<RawBsonRef<'a>>,
    deciding: [Option<RawBsonRef<'a>>; DECIDING_FIELDS.len()],
}

impl<'a> EntryFields<'a> {
    fn read(entry: &'a RawDocument) -> Result<Self, bson::error::Error> {
        let [
            id,
            sender_name,
            sender_email,
            creditor_name,
            reference_number,
            contact_status,
            response_received_at,
            last_contacted_at,
            extraction_confidence,
            response_reference_numbers,
            ticket_id,
            deciding @ ..,
        ] = fields(entry, ENTRY_FIELDS)?;
        Ok(Self {
            id,
            sender_name,
            sender_email,
            creditor_name,
            reference_number,
            contact_status,
            response_received_at,
            last_contacted_at,
            extraction_confidence,
            response_reference_numbers,
            ticket_id,
            deciding,
        })
    }

    fn identity(&self) -> IdentityFields<'a> {
        IdentityFields {
            id: self.id,
            email: self.sender_email,
            name: self.sender_name,
            reference: self.reference_number,
        }
    }
}

/// In the order in which [`EntryFields::read`] takes them.
const ENTRY_FIELDS: [&str; 16] = [
    "id",
    "sender_name",
    "sender_email",
    "creditor_name",
    "reference_number",
    "contact_status",
    "response_received_at",
    "last_contacted_at",
    "extraction_confidence",
    "response_reference_numbers",
    "main_zendesk_ticket_id",
    DECIDING_FIELDS[0],
    DECIDING_FIELDS[1],
    DECIDING_FIELDS[2],
    DECIDING_FIELDS[3],
    DECIDING_FIELDS[4],
];

impl CreditorEntry {
    fn from_fields(
        entry: &EntryFields<'_>,
        identity: Option<EntryIdentity>,
    ) -> Result<Self, bson::error::Error> {
        let [sync, amount_source, current_debt_amount, creditor_response_amount, claim_amount] =
            entry.deciding;
        let mut decided_on = DecidedOn::default();
        for (decided, found) in decided_on.iter_mut().zip(entry.deciding) {
            *decided = value(found)?;
        }
        Ok(Self {
            identity,
            id: entry.id.map(Bson::try_from).transpose()?,
            sender_name: text(entry.sender_name),
            sender_email: text(entry.sender_email),
            creditor_name: text(entry.creditor_name),
            reference_number: text(entry.reference_number),
            claim_amount: Amount::read(claim_amount),
            current_debt_amount: Amount::read(current_debt_amount),
            creditor_response_amount: Amount::read(creditor_response_amount),
            amount_source: text(amount_source),
            contact_status: text(entry.contact_status),
            response_received_at: date(entry.response_received_at),
            response_date: state(entry.response_received_at, is_date),
            last_contact: state(entry.last_contacted_at, is_date),
            confidence: state(entry.extraction_confidence, |value| {
                Amount::read(Some(value)) != Amount::Unreadable
            }),
            references: state(entry.response_reference_numbers, |value| {
                matches!(value, RawBsonRef::Array(_))
            }),
            ticket_id: text(entry.ticket_id),
            sync: SyncState::read(sync)?,
            decided_on,
        })
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

    /// Whether an amount field holds, as a text, an amount other than this one: somebody typed it.
    /// Only a field that the guard decides on is known.
    pub fn says_otherwise(&self, field: &str, amount: Money) -> bool {
        let at = DECIDING_FIELDS.iter().position(|deciding| *deciding == field);
        match at.map(|at| &self.decided_on[at]) {
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
    fn read(value: Option<RawBsonRef<'_>>) -> Self {
        let number = match value {
            None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => return Amount::Absent,
            Some(RawBsonRef::Double(number)) => Some(number),
            Some(RawBsonRef::Int32(number)) => Some(f64::from(number)),
            Some(RawBsonRef::Int64(number)) => Some(number as f64),
            Some(RawBsonRef::Decimal128(number)) => number.to_string().parse().ok(),
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
    fn read(value: Option<RawBsonRef<'_>>) -> Result<Self, bson::error::Error> {
        let mark = match value {
            None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => {
                return Ok(SyncState::Unmarked);
            }
            Some(RawBsonRef::Document(mark)) => mark,
            Some(_) => return Ok(SyncState::Unreadable),
        };
        let [received_at, email_id, outbox_id, applied_at] =
            fields(mark, ["received_at", "email_id", "outbox_id", "applied_at"])?;
        let (Some(received_at), Some(email_id)) = (date(received_at), whole_number(email_id))
        else {
            return Ok(SyncState::Unreadable);
        };
        Ok(SyncState::Marked(SyncMark {
            fence: Fence::new(received_at, email_id),
            outbox_id: whole_number(outbox_id),
            applied_at: date(applied_at),
        }))
    }

    pub fn mark(&self) -> Option<&SyncMark> {
        match self {
            SyncState::Marked(mark) => Some(mark),
            SyncState::Unmarked | SyncState::Unreadable => None,
        }
    }
}

/// The values of these fields, in one pass; the first counts where a name stands twice.
fn fields<'a, const N: usize>(
    document: &'a RawDocument,
    names: [&str; N],
) -> Result<[Option<RawBsonRef<'a>>; N], bson::error::Error> {
    let mut found = [None; N];
    for element in document.iter_elements() {
        let element = element?;
        if let Some(at) = names.iter().position(|name| *name == element.key().as_str())
            && found[at].is_none()
        {
            found[at] = Some(element.value()?);
        }
    }
    Ok(found)
}

fn value(value: Option<RawBsonRef<'_>>) -> Result<Bson, bson::error::Error> {
    value.map_or(Ok(Bson::Null), Bson::try_from)
}

/// A text field, trimmed; a number becomes text, and what is blank or neither is `None`.
fn text(value: Option<RawBsonRef<'_>>) -> Option<String> {
    let text = match value? {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => text.trim().to_owned(),
        RawBsonRef::Int32(number) => number.to_string(),
        RawBsonRef::Int64(number) => number.to_string(),
        // `542900.0`, as a JavaScript program stores 542900.
        RawBsonRef::Double(number) if number.is_finite() => number.to_string(),
        RawBsonRef::Decimal128(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn state(
    value: Option<RawBsonRef<'_>>,
    is_as_written: impl Fn(RawBsonRef<'_>) -> bool,
) -> FieldState {
    match value {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => FieldState::Absent,
        Some(value) if is_as_written(value) => FieldState::AsWritten,
        Some(RawBsonRef::String(_) | RawBsonRef::Symbol(_)) => FieldState::Text,
        Some(_) => FieldState::Other,
    }
}

fn is_date(value: RawBsonRef<'_>) -> bool {
    date(Some(value)).is_some()
}

/// A date, also as the text that a round trip through JSON makes of it.
fn date(value: Option<RawBsonRef<'_>>) -> Option<DateTime<Utc>> {
    match value? {
        // Through the milliseconds: `to_chrono` saturates, which would invent a date.
        RawBsonRef::DateTime(date) => DateTime::from_timestamp_millis(date.timestamp_millis()),
        RawBsonRef::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        _ => None,
    }
}

/// A whole number, also as the double that a JavaScript program makes of it.
fn whole_number(value: Option<RawBsonRef<'_>>) -> Option<i64> {
    match value? {
        RawBsonRef::Int32(number) => Some(i64::from(number)),
        RawBsonRef::Int64(number) => Some(number),
        RawBsonRef::Double(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            Some(number as i64)
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
