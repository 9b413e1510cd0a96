//! One field's value, of whatever type the portal stored.

use bson::Bson;
use bson::raw::{RawBsonRef, RawDocument};
use chrono::{DateTime, Utc};
use domain::fence::Fence;
use domain::money::Money;

use super::{Amount, FieldState, SyncMark, SyncState};

impl Amount {
    /// A double, int32, int64 or decimal128 is an amount, rounded to the cent; a text is not.
    pub(super) fn read(value: Option<RawBsonRef<'_>>) -> Self {
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
}

impl SyncState {
    pub(super) fn read(value: Option<RawBsonRef<'_>>) -> Result<Self, bson::error::Error> {
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
}

/// The values of these fields, in one pass; the first counts where a name stands twice.
pub(super) fn fields<'a, const N: usize>(
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

pub(super) fn value(value: Option<RawBsonRef<'_>>) -> Result<Bson, bson::error::Error> {
    value.map_or(Ok(Bson::Null), Bson::try_from)
}

/// A text field, trimmed; a number becomes text, and what is blank or neither is `None`.
pub(super) fn text(value: Option<RawBsonRef<'_>>) -> Option<String> {
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

pub(super) fn state(
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

pub(super) fn is_date(value: RawBsonRef<'_>) -> bool {
    date(Some(value)).is_some()
}

/// A date, also as the text that a round trip through JSON makes of it.
pub(super) fn date(value: Option<RawBsonRef<'_>>) -> Option<DateTime<Utc>> {
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
