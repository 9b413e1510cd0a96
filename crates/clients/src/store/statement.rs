//! One statement of the `update` command.
//!
//! The filter wants exactly one entry of the identity, and that its fence lets this message
//! through. The update then changes that entry if identity, fence and guard all hold at that
//! moment. No position takes part.
//!
//! The update is a pipeline: unlike `arrayFilters` it can compare inside an entry (an amount with
//! a multiple of another) and convert what the portal may have stored as another type. The
//! document is still replaced atomically, and entries that do not match pass through unchanged.

use bson::{Bson, Document, RawDocumentBuf, doc};

use crate::document::{CREDITOR_LIST, CREDITOR_RESPONSE, EntryIdentity};
use crate::fence::Operation;
use crate::guard::Downgrade;
use crate::plan::PlannedWrite;

/// `{q, u, collation}` as the `update` command takes it, encoded.
///
/// A statement that is refused by its guard matches and modifies nothing.
pub(super) fn statement(write: &PlannedWrite) -> Result<RawDocumentBuf, bson::error::Error> {
    let identity = identity(&write.target.identity);
    let fence = fence(write);
    let fenced = doc! { "$and": [identity.clone(), fence.clone()] };
    let writable = doc! { "$and": [identity.clone(), fence, guard(write)] };
    let statement = doc! {
        "q": {
            "_id": { "$eq": write.target.client_id.clone() },
            "$expr": { "$and": [exactly_one(identity), exactly_one(fenced)] },
        },
        "u": [{ "$set": { CREDITOR_LIST: {
            "$map": {
                "input": format!("${CREDITOR_LIST}"),
                "as": "entry",
                "in": { "$cond": [
                    writable,
                    { "$mergeObjects": ["$$entry", fields(write)] },
                    "$$entry",
                ] },
            },
        } } }],
        // Identities are compared byte for byte, whatever the collection's own collation.
        "collation": { "locale": "simple" },
    };
    RawDocumentBuf::try_from(statement)
}

fn exactly_one(condition: Document) -> Document {
    let list = format!("${CREDITOR_LIST}");
    let holders = doc! {
        "$filter": {
            "input": { "$cond": [{ "$isArray": &list }, &list, []] },
            "as": "entry",
            "cond": condition,
        },
    };
    doc! { "$eq": [{ "$size": holders }, 1] }
}

/// The fields of a creditor's response, and no other.
fn fields(write: &PlannedWrite) -> Document {
    let amount = write.amount.to_bson_double();
    let received_at = bson::DateTime::from_chrono(write.fence.received_at());
    // Literal, since a text that begins with `$` would be read as a path.
    let text = doc! { "$literal": write.response_text.clone() };
    let references = doc! { "$literal": write.reference_numbers.clone() };
    doc! {
        "current_debt_amount": amount,
        "creditor_response_amount": amount,
        "amount_source": CREDITOR_RESPONSE,
        "response_received_at": received_at,
        "last_contacted_at": "$$NOW",
        "contact_status": "responded",
        "creditor_response_text": text,
        "response_reference_numbers": references,
        "extraction_confidence": write.extraction_confidence,
        "sync": {
            "email_id": write.fence.email_id(),
            "outbox_id": write.outbox_id,
            "received_at": received_at,
            "applied_at": "$$NOW",
        },
    }
}

fn identity(identity: &EntryIdentity) -> Document {
    let equals = |field: &str, value: &Bson| {
        let stored = doc! { "$ifNull": [format!("$$entry.{field}"), Bson::Null] };
        doc! { "$eq": [stored, { "$literal": value.clone() }] }
    };
    match identity {
        EntryIdentity::Id(id) => equals("id", id),
        EntryIdentity::Sender(sender) => doc! { "$and": [
            equals("sender_email", &sender.email),
            equals("sender_name", &sender.name),
            equals("reference_number", &sender.reference),
        ] },
    }
}

/// Unmarked, or marked with a smaller fence (a repair: with its own).
fn fence(write: &PlannedWrite) -> Document {
    let received_at = bson::DateTime::from_chrono(write.fence.received_at());
    let id_order = match write.operation {
        Operation::Update => "$lt",
        Operation::Repair => "$lte",
    };
    let marked_older = doc! { "$let": {
        "vars": { "shown": shown_received_at() },
        "in": { "$and": [
            { "$ne": ["$$shown", Bson::Null] },
            { "$isNumber": "$$entry.sync.email_id" },
            { "$or": [
                { "$lt": ["$$shown", received_at] },
                { "$and": [
                    { "$eq": ["$$shown", received_at] },
                    { id_order: ["$$entry.sync.email_id", write.fence.email_id()] },
                ] },
            ] },
        ] },
    } };
    doc! { "$or": [is_null("$$entry.sync"), marked_older] }
}

/// The date of the mark, also from the text that a round trip through JSON makes of it.
fn shown_received_at() -> Document {
    doc! { "$convert": {
        "input": "$$entry.sync.received_at",
        "to": "date",
        "onError": Bson::Null,
        "onNull": Bson::Null,
    } }
}

fn guard(write: &PlannedWrite) -> Document {
    let amount = write.amount.to_bson_double();
    let mut conditions = Vec::new();
    if write.guard.downgrade == Downgrade::Review {
        conditions.push(doc! { "$or": [
            { "$ne": ["$$entry.amount_source", CREDITOR_RESPONSE] },
            own_version(write),
            { "$and": [
                not_above("$$entry.current_debt_amount", amount),
                not_above("$$entry.creditor_response_amount", amount),
                { "$or": [
                    { "$isNumber": "$$entry.current_debt_amount" },
                    { "$isNumber": "$$entry.creditor_response_amount" },
                    { "$and": [
                        is_null("$$entry.current_debt_amount"),
                        is_null("$$entry.creditor_response_amount"),
                    ] },
                ] },
            ] },
        ] });
    }
    let claim = cents_exact("$$entry.claim_amount");
    let limit = doc! { "$multiply": [claim.clone(), f64::from(write.guard.jump_factor)] };
    conditions.push(doc! { "$not": [{ "$and": [
        { "$isNumber": "$$entry.claim_amount" },
        { "$gt": [claim, 0] },
        { "$gt": [amount, { "$round": [limit, 2] }] },
    ] }] });
    if write.operation == Operation::Repair {
        conditions.push(doc! { "$or": [
            is_null("$$entry.amount_source"),
            { "$eq": ["$$entry.amount_source", CREDITOR_RESPONSE] },
        ] });
        conditions.push(replaceable(amount));
    }
    doc! { "$and": conditions }
}

/// What [`crate::guard::is_replaceable`] says: a repair leaves alone what a person wrote.
fn replaceable(amount: f64) -> Document {
    // What `Money::from_bson_double` reads; NaN is below every number.
    const LIMIT: f64 = 9.0e13;
    let (current, response) = ("$$entry.current_debt_amount", "$$entry.creditor_response_amount");
    let is_amount = doc! { "$and": [
        { "$isNumber": current },
        { "$gt": [cents_exact(current), -LIMIT] },
        { "$lt": [cents_exact(current), LIMIT] },
    ] };
    let is_as_written = doc! { "$and": [
        { "$isNumber": "$$entry.sync.email_id" },
        { "$isNumber": response },
        { "$eq": [cents_exact(current), cents_exact(response)] },
    ] };
    doc! { "$or": [
        { "$not": [is_amount] },
        { "$eq": [cents_exact(current), amount] },
        is_as_written,
    ] }
}

/// Whether the entry shows this very mail, so that its amount is no earlier answer.
fn own_version(write: &PlannedWrite) -> Document {
    let received_at = bson::DateTime::from_chrono(write.fence.received_at());
    doc! { "$and": [
        { "$eq": [shown_received_at(), received_at] },
        { "$eq": ["$$entry.sync.email_id", write.fence.email_id()] },
    ] }
}

fn not_above(field: &str, amount: f64) -> Document {
    doc! { "$or": [
        { "$not": [{ "$isNumber": field }] },
        { "$lte": [cents_exact(field), amount] },
    ] }
}

/// The double nearest to a number's cents, so that a decimal128 compares like a double. What no
/// double can hold counts as infinite, which the guard refuses.
fn cents_exact(field: &str) -> Document {
    doc! { "$round": [
        { "$convert": {
            "input": { "$cond": [{ "$isNumber": field }, field, Bson::Null] },
            "to": "double",
            "onError": f64::INFINITY,
            "onNull": Bson::Null,
        } },
        2,
    ] }
}

/// Missing or null.
fn is_null(field: &str) -> Document {
    doc! { "$eq": [{ "$ifNull": [field, Bson::Null] }, Bson::Null] }
}
