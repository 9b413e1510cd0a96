//! One statement of the `update` command.
//!
//! The filter names the entry by identity, demands that exactly one has it, and demands that the
//! entry still holds every value on which fence and guard were decided. So the decision is made in
//! one place, by pure functions, and MongoDB only confirms that it still rests on what is there. A
//! write by anybody in between matches nothing, and is read back and decided anew. No position
//! takes part.

use bson::{Bson, Document, RawDocumentBuf, doc};

use crate::document::{CREDITOR_LIST, CREDITOR_RESPONSE, EntryIdentity};
use crate::plan::PlannedWrite;

/// `{q, u, arrayFilters, collation}` as the `update` command takes it, encoded.
pub(super) fn statement(write: &PlannedWrite) -> Result<RawDocumentBuf, bson::error::Error> {
    let identity = &write.target.identity;
    let mut entry = conditions(identity, "");
    entry.extend(unchanged(write, ""));
    let mut element = conditions(identity, "entry.");
    element.extend(unchanged(write, "entry."));
    let statement = doc! {
        "q": {
            "_id": { "$eq": write.target.client_id.clone() },
            CREDITOR_LIST: { "$elemMatch": entry },
            "$expr": exactly_one(identity),
        },
        "u": { "$set": fields(write) },
        "arrayFilters": [element],
        // Identities are compared byte for byte, whatever the collection's own collation.
        "collation": { "locale": "simple" },
    };
    RawDocumentBuf::try_from(statement)
}

/// The entry has this identity.
fn conditions(identity: &EntryIdentity, prefix: &str) -> Document {
    let mut conditions = Document::new();
    for (field, value) in parts(identity) {
        conditions.insert(format!("{prefix}{field}"), doc! { "$eq": value.clone() });
    }
    conditions
}

/// The entry holds what was read: its mark, which is the fence, and all that the guard weighs.
fn unchanged(write: &PlannedWrite, prefix: &str) -> Document {
    let mut conditions = Document::new();
    for (field, value) in &write.target.decided_on {
        // Null stands for missing too, as it did when it was read.
        conditions.insert(format!("{prefix}{field}"), doc! { "$eq": value.clone() });
    }
    conditions
}

/// No second entry has the identity. A list that has become something else has none.
fn exactly_one(identity: &EntryIdentity) -> Document {
    let list = format!("${CREDITOR_LIST}");
    let equal = |(field, value): (&str, &Bson)| {
        let stored = doc! { "$ifNull": [format!("$$entry.{field}"), Bson::Null] };
        doc! { "$eq": [stored, { "$literal": value.clone() }] }
    };
    let same: Vec<Document> = parts(identity).into_iter().map(equal).collect();
    let holders = doc! {
        "$filter": {
            "input": { "$cond": [{ "$isArray": &list }, &list, []] },
            "as": "entry",
            "cond": { "$and": same },
        },
    };
    doc! { "$eq": [{ "$size": holders }, 1] }
}

fn parts(identity: &EntryIdentity) -> Vec<(&'static str, &Bson)> {
    match identity {
        EntryIdentity::Id(id) => vec![("id", id)],
        EntryIdentity::Sender(sender) => vec![
            ("sender_email", &sender.email),
            ("sender_name", &sender.name),
            ("reference_number", &sender.reference),
        ],
    }
}

/// The fields of a creditor's response, and no other.
fn fields(write: &PlannedWrite) -> Document {
    let amount = write.amount.to_bson_double();
    let received_at = bson::DateTime::from_chrono(write.fence.received_at());
    let now = bson::DateTime::now();
    let response = doc! {
        "current_debt_amount": amount,
        "creditor_response_amount": amount,
        "amount_source": CREDITOR_RESPONSE,
        "response_received_at": received_at,
        "last_contacted_at": now,
        "contact_status": "responded",
        "creditor_response_text": write.response_text.clone(),
        "response_reference_numbers": write.reference_numbers.clone(),
        "extraction_confidence": write.extraction_confidence,
        "sync": {
            "email_id": write.fence.email_id(),
            "outbox_id": write.outbox_id,
            "received_at": received_at,
            "applied_at": now,
        },
    };
    response
        .into_iter()
        .map(|(field, value)| (format!("{CREDITOR_LIST}.$[entry].{field}"), value))
        .collect()
}
