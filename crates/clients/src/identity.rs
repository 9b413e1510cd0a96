//! What names a creditor entry inside its client: never its position, which the portal changes.

use bson::{Bson, Document};

/// The identity of an entry: its `id`, else sender e-mail and name and reference together.
///
/// The values are kept as they stand in the document, type and spelling included, because the
/// update compares them inside MongoDB.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryIdentity {
    Id(Bson),
    Sender(Box<SenderIdentity>),
}

/// The identity of an entry without `id`. `Null` stands for a field that is missing or null.
#[derive(Clone, Debug, PartialEq)]
pub struct SenderIdentity {
    pub email: Bson,
    pub name: Bson,
    pub reference: Bson,
}

impl EntryIdentity {
    /// A text that is equal for equal identities only; for map keys and for `reasons`.
    pub fn key(&self) -> String {
        match self {
            EntryIdentity::Id(id) => format!("id {}", bson_key(id)),
            EntryIdentity::Sender(sender) => {
                let SenderIdentity { email, name, reference } = sender.as_ref();
                format!("sender {} {} {}", bson_key(email), bson_key(name), bson_key(reference))
            }
        }
    }

    fn of(entry: &Document) -> Option<Self> {
        let field = |name| match entry.get(name) {
            None | Some(Bson::Undefined) => Bson::Null,
            Some(value) => value.clone(),
        };
        let id = field("id");
        if is_usable_id(&id) {
            return Some(EntryIdentity::Id(id));
        }
        let (email, name, reference) =
            (field("sender_email"), field("sender_name"), field("reference_number"));
        let parts = [&email, &name, &reference];
        let comparable = parts.iter().all(|part| is_scalar(part) || **part == Bson::Null);
        let named = parts.iter().any(|part| is_scalar(part));
        (comparable && named)
            .then(|| EntryIdentity::Sender(Box::new(SenderIdentity { email, name, reference })))
    }

    /// Whether the update's filter would take `entry` for this one.
    fn names(&self, entry: &Document) -> bool {
        let equals = |field: &str, value: &Bson| match entry.get(field) {
            None | Some(Bson::Undefined) => *value == Bson::Null,
            Some(other) => same(other, value),
        };
        match self {
            EntryIdentity::Id(id) => equals("id", id),
            EntryIdentity::Sender(sender) => {
                equals("sender_email", &sender.email)
                    && equals("sender_name", &sender.name)
                    && equals("reference_number", &sender.reference)
            }
        }
    }
}

/// The identity of each element, `None` where it has none or shares it with another.
///
/// An entry with an `id` that another has too is not named by its sender instead: the list was
/// copied or broken, and a person must look.
pub(crate) fn identities(elements: &[Bson]) -> Vec<Option<EntryIdentity>> {
    let entries = || elements.iter().filter_map(Bson::as_document);
    elements
        .iter()
        .map(|element| {
            let identity = EntryIdentity::of(element.as_document()?)?;
            let holders = entries().filter(|entry| identity.names(entry)).count();
            (holders == 1).then_some(identity)
        })
        .collect()
}

/// A text that is equal for equal values of equal type only.
pub(crate) fn bson_key(value: &Bson) -> String {
    value.clone().into_canonical_extjson().to_string()
}

fn is_usable_id(id: &Bson) -> bool {
    match id {
        Bson::String(text) => !text.trim().is_empty(),
        other => is_scalar(other),
    }
}

fn is_scalar(value: &Bson) -> bool {
    match value {
        Bson::Double(number) => number.is_finite(),
        Bson::String(_)
        | Bson::Symbol(_)
        | Bson::Int32(_)
        | Bson::Int64(_)
        | Bson::Decimal128(_)
        | Bson::ObjectId(_)
        | Bson::Binary(_)
        | Bson::DateTime(_)
        | Bson::Timestamp(_) => true,
        _ => false,
    }
}

/// Equality as MongoDB's `$eq` has it: numbers by value, all else by type and value.
fn same(left: &Bson, right: &Bson) -> bool {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Double(number) => Some(*number),
        Bson::Int32(number) => Some(f64::from(*number)),
        Bson::Int64(number) => Some(*number as f64),
        Bson::Decimal128(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
