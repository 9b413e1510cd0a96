//! What names a creditor entry inside its client: never its position, which the portal changes.

use bson::Bson;
use bson::raw::RawBsonRef;

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

    fn of(entry: &IdentityFields<'_>) -> Result<Option<Self>, bson::error::Error> {
        if let Some(id) = entry.id
            && is_usable_id(id)
        {
            return Ok(Some(EntryIdentity::Id(Bson::try_from(id)?)));
        }
        let parts = [entry.email, entry.name, entry.reference].map(present);
        let comparable = parts.iter().flatten().all(|part| is_scalar(*part));
        let named = parts.iter().any(Option::is_some);
        if !comparable || !named {
            return Ok(None);
        }
        let [email, name, reference] =
            parts.map(|part| part.map_or(Ok(Bson::Null), Bson::try_from));
        let sender = SenderIdentity { email: email?, name: name?, reference: reference? };
        Ok(Some(EntryIdentity::Sender(Box::new(sender))))
    }
}

/// The fields of an entry that can name it, as they stand in the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentityFields<'a> {
    pub(crate) id: Option<RawBsonRef<'a>>,
    pub(crate) email: Option<RawBsonRef<'a>>,
    pub(crate) name: Option<RawBsonRef<'a>>,
    pub(crate) reference: Option<RawBsonRef<'a>>,
}

impl IdentityFields<'_> {
    /// Whether the update's filter for this entry would take `other` too.
    fn also_names(&self, other: &IdentityFields<'_>) -> bool {
        match self.id {
            Some(id) if is_usable_id(id) => same(Some(id), other.id),
            _ => {
                same(self.email, other.email)
                    && same(self.name, other.name)
                    && same(self.reference, other.reference)
            }
        }
    }
}

/// The identity of each entry, `None` where it has none or shares it with another.
///
/// An entry with an `id` that another has too is not named by its sender instead: the list was
/// copied or broken, and a person must look.
pub(crate) fn identities(
    entries: &[IdentityFields<'_>],
) -> Result<Vec<Option<EntryIdentity>>, bson::error::Error> {
    entries
        .iter()
        .map(|entry| {
            let holders = entries.iter().filter(|other| entry.also_names(other)).count();
            if holders == 1 { EntryIdentity::of(entry) } else { Ok(None) }
        })
        .collect()
}

/// A text that is equal for equal values of equal type only.
pub(crate) fn bson_key(value: &Bson) -> String {
    value.clone().into_canonical_extjson().to_string()
}

fn is_usable_id(id: RawBsonRef<'_>) -> bool {
    match id {
        RawBsonRef::String(text) => !text.trim().is_empty(),
        other => is_scalar(other),
    }
}

fn is_scalar(value: RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::Double(number) => number.is_finite(),
        RawBsonRef::String(_)
        | RawBsonRef::Symbol(_)
        | RawBsonRef::Int32(_)
        | RawBsonRef::Int64(_)
        | RawBsonRef::Decimal128(_)
        | RawBsonRef::ObjectId(_)
        | RawBsonRef::Binary(_)
        | RawBsonRef::DateTime(_)
        | RawBsonRef::Timestamp(_) => true,
        _ => false,
    }
}

/// What is neither missing nor null.
fn present(value: Option<RawBsonRef<'_>>) -> Option<RawBsonRef<'_>> {
    value.filter(|value| !matches!(value, RawBsonRef::Null | RawBsonRef::Undefined))
}

/// Equality as MongoDB's `$eq` has it: numbers by value, all else by type and value; null is equal
/// to missing.
fn same(left: Option<RawBsonRef<'_>>, right: Option<RawBsonRef<'_>>) -> bool {
    match (present(left), present(right)) {
        (Some(left), Some(right)) => match (number(left), number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
        (left, right) => left.is_none() && right.is_none(),
    }
}

fn number(value: RawBsonRef<'_>) -> Option<f64> {
    match value {
        RawBsonRef::Double(number) => Some(number),
        RawBsonRef::Int32(number) => Some(f64::from(number)),
        RawBsonRef::Int64(number) => Some(number as f64),
        RawBsonRef::Decimal128(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
