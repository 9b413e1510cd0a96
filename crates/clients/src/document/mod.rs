//! The portal's client documents as this system sees them.
//!
//! The portal owns them: a field may be missing, null or of any type, and nothing here fails on
//! that. What cannot be read as what it should be is told apart from what is absent, because a
//! person may have to look at it. `read` takes a document apart, `value` one field.

mod read;
mod value;

use bson::Bson;
use chrono::{DateTime, Utc};
use domain::fence::Fence;
use domain::money::Money;

pub use crate::identity::{EntryIdentity, SenderIdentity};

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
    /// First and last name, as far as they are known.
    pub fn full_name(&self) -> String {
        let names = [self.first_name.as_deref(), self.last_name.as_deref()];
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The entry with this identity, if exactly one has it.
    pub fn entry(&self, identity: &EntryIdentity) -> Option<&CreditorEntry> {
        self.creditors.iter().find(|entry| entry.identity.as_ref() == Some(identity))
    }
}

impl CreditorEntry {
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
    pub fn money(self) -> Option<Money> {
        match self {
            Amount::Known(money) => Some(money),
            Amount::Absent | Amount::Unreadable => None,
        }
    }
}

impl SyncState {
    pub fn mark(&self) -> Option<&SyncMark> {
        match self {
            SyncState::Marked(mark) => Some(mark),
            SyncState::Unmarked | SyncState::Unreadable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn a_text_says_another_amount_only_where_it_can_be_read_as_one() {
        let says_otherwise = |value: Bson| {
            let document = doc! { CREDITOR_LIST: [{ "current_debt_amount": value }] };
            let client = ClientDocument::from_bson(&document);
            client.creditors[0].says_otherwise("current_debt_amount", Money::from_cents(100_000))
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
}
