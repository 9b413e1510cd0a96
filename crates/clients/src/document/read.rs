//! From a document's bytes to what it says, in one pass.

use bson::raw::{RawBsonRef, RawDocument};
use bson::{Bson, Document, RawDocumentBuf, doc};

use super::value::{date, fields, is_date, state, text, value};
use super::{
    Amount, CREDITOR_LIST, ClientDocument, CreditorEntry, DECIDING_FIELDS, DecidedOn, SyncState,
};
use crate::identity::{EntryIdentity, IdentityFields, identities};

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
}

#[cfg(test)]
mod tests {
    use domain::money::Money;

    use super::*;
    use crate::document::FieldState;

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
