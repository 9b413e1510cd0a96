//! One statement of the `update` command.
//!
//! The filter demands that exactly one entry has the identity; the array filter picks that entry,
//! and only while it still holds every value on which fence and guard were decided. So the decision
//! is made in one place, by pure functions, and MongoDB only confirms that it still rests on what is
//! there. A write by anybody in between modifies nothing, and is read back and decided anew. No
//! position takes part.

use bson::error::Error;
use bson::raw::{CString, RawBson};
use bson::{Bson, RawArrayBuf, RawDocumentBuf, rawdoc};

use crate::document::{CREDITOR_LIST, CREDITOR_RESPONSE, DECIDING_FIELDS, EntryIdentity};
use crate::plan::PlannedWrite;

/// `{q, u, arrayFilters, collation, hint}` as the `update` command takes it, encoded.
pub(super) fn statement(write: &PlannedWrite) -> Result<RawDocumentBuf, Error> {
    let identity = &write.target.identity;
    // A path looks into arrays, so that an array of entries among the entries would fit too.
    let mut entry = rawdoc! { "entry": { "$not": { "$type": "array" } } };
    conditions(&mut entry, parts(identity))?;
    // Null stands for missing too, as it did when it was read.
    conditions(&mut entry, DECIDING_FIELDS.into_iter().zip(&write.target.decided_on))?;
    let client_id = RawBson::try_from(write.target.client_id.clone())?;
    Ok(rawdoc! {
        "q": {
            "_id": { "$eq": client_id },
            "$expr": exactly_one(identity)?,
        },
        "u": { "$set": fields(write)? },
        "arrayFilters": [entry],
        // Identities are compared byte for byte, whatever the collection's own collation.
        "collation": { "locale": "simple" },
        // One document is fetched in any case; without the hint each statement is planned over all
        // indexes.
        "hint": { "_id": 1 },
    })
}

/// The entry holds these values.
fn conditions<'a>(
    conditions: &mut RawDocumentBuf,
    values: impl Iterator<Item = (&'static str, &'a Bson)>,
) -> Result<(), Error> {
    for (field, value) in values {
        let value = RawBson::try_from(value.clone())?;
        conditions.append(CString::try_from(format!("entry.{field}"))?, rawdoc! { "$eq": value });
    }
    Ok(())
}

/// No second entry has the identity. A list that has become something else has none.
fn exactly_one(identity: &EntryIdentity) -> Result<RawDocumentBuf, Error> {
    let mut same = RawArrayBuf::new();
    for (field, value) in parts(identity) {
        let path = format!("$$entry.{field}");
        let equal = match RawBson::try_from(value.clone())? {
            RawBson::Null => {
                rawdoc! { "$eq": [{ "$ifNull": [path, RawBson::Null] }, RawBson::Null] }
            }
            value => rawdoc! { "$eq": [path, { "$literal": value }] },
        };
        same.push(equal);
    }
    let list = format!("${CREDITOR_LIST}");
    let is_array = rawdoc! { "$isArray": list.as_str() };
    let holders = rawdoc! {
        "$filter": {
            "input": { "$cond": [is_array, list.as_str(), []] },
            "as": "entry",
            "cond": { "$and": same },
        },
    };
    Ok(rawdoc! { "$eq": [{ "$size": holders }, 1] })
}

fn parts(identity: &EntryIdentity) -> impl Iterator<Item = (&'static str, &Bson)> {
    let (by_id, by_sender) = match identity {
        EntryIdentity::Id(id) => (Some(("id", id)), None),
        EntryIdentity::Sender(sender) => {
            let parts = [
                ("sender_email", &sender.email),
                ("sender_name", &sender.name),
                ("reference_number", &sender.reference),
            ];
            (None, Some(parts))
        }
    };
    by_id.into_iter().chain(by_sender.into_iter().flatten())
}

/// The fields of a creditor's response, and no other.
fn fields(write: &PlannedWrite) -> Result<RawDocumentBuf, Error> {
    let amount = write.amount.to_bson_double();
    let received_at = bson::DateTime::from_chrono(write.fence.received_at());
    let now = bson::DateTime::now();
    let numbers: RawArrayBuf = write.reference_numbers.iter().map(String::as_str).collect();
    let sync = rawdoc! {
        "email_id": write.fence.email_id(),
        "outbox_id": write.outbox_id,
        "received_at": received_at,
        "applied_at": now,
    };
    let text = write.response_text.clone().map_or(RawBson::Null, RawBson::String);
    let confidence = write.extraction_confidence.map_or(RawBson::Null, RawBson::Double);
    let values: [(&str, RawBson); 10] = [
        ("current_debt_amount", amount.into()),
        ("creditor_response_amount", amount.into()),
        ("amount_source", CREDITOR_RESPONSE.into()),
        ("response_received_at", received_at.into()),
        ("last_contacted_at", now.into()),
        ("contact_status", "responded".into()),
        ("creditor_response_text", text),
        ("response_reference_numbers", numbers.into()),
        ("extraction_confidence", confidence),
        ("sync", sync.into()),
    ];
    let mut fields = rawdoc! {};
    for (field, value) in values {
        fields.append(CString::try_from(format!("{CREDITOR_LIST}.$[entry].{field}"))?, value);
    }
    Ok(fields)
}
