//! From a payload to one entry of one client, or to the reason why not: pure.
//!
//! Two questions, in this order: which client ([`client`]), which of its entries ([`creditor`]).
//! Then a third: does anything in the mail point elsewhere ([`signals`])? Every doubt ends in
//! review, since a wrong entry is worse than a question to a person.

mod candidates;
mod client;
mod creditor;
mod evidence;
mod organisation;
mod person;
mod reference;
mod sender;
mod signals;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use domain::payload::DebtUpdate;

pub use candidates::Candidates;
pub use evidence::{Evidence, was_one_of_several};
pub(crate) use person::lookup_names;
pub(crate) use reference::{CaseNumber, Cited};
pub use sender::sender_keys;

use crate::document::{ClientDocument, EntryIdentity};

/// Where a payload belongs.
#[derive(Clone, Debug, PartialEq)]
pub enum MatchDecision {
    Matched(Match),
    /// No such client: it may still come.
    NotFound(Refusal),
    /// A person must decide.
    Review(Refusal),
}

/// The one entry of the one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Position among the candidates.
    pub client: usize,
    /// Position in that client's list as it was read; to name the entry use `identity`.
    pub entry: usize,
    pub identity: EntryIdentity,
    /// Such as `client by aktenzeichen exact`, `creditor by domain`, `name agrees`.
    pub reasons: Vec<String>,
}

/// Why there is no match. The code fits behind `review:`; the reasons are for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: &'static str,
    pub reasons: Vec<String>,
}

/// A mail that cites more is a list of many claims.
pub(crate) const MOST_REFERENCES: usize = 50;

/// Matches one payload. For a batch prepare [`Candidates`] once.
pub fn match_update(update: &DebtUpdate, clients: &[ClientDocument]) -> MatchDecision {
    Candidates::new(clients).match_update(update)
}

impl Candidates<'_> {
    /// Matches one payload against these clients and no others.
    pub fn match_update(&self, update: &DebtUpdate) -> MatchDecision {
        let mut reasons = Vec::new();
        if update.reference_numbers.len() > MOST_REFERENCES {
            let code = "too_many_references";
            return MatchDecision::Review(Refusal { code, reasons });
        }
        let mail = Mail::read(update);
        let decided = client::find(self, &mail, &mut reasons).and_then(|found| {
            let entry = creditor::find(self, &mail, found.client, &mut reasons)?;
            signals::check(self, &mail, &found, &entry, &mut reasons)?;
            let document = &self.clients()[found.client].creditors[entry.entry];
            match &document.identity {
                Some(identity) => Ok((found.client, entry.entry, identity.clone())),
                None => Err(Doubt::Review("entry_without_identity")),
            }
        });
        match decided {
            Ok((client, entry, identity)) => {
                MatchDecision::Matched(Match { client, entry, identity, reasons })
            }
            Err(Doubt::NotFound(code)) => MatchDecision::NotFound(Refusal { code, reasons }),
            Err(Doubt::Review(code)) => MatchDecision::Review(Refusal { code, reasons }),
        }
    }
}

/// Why the search ended without a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    NotFound(&'static str),
    Review(&'static str),
}

/// What a payload says, prepared for comparison.
struct Mail<'a> {
    update: &'a DebtUpdate,
    case_number: Option<CaseNumber>,
    person: Option<person::PersonName>,
    sender: Option<sender::Address>,
    /// All references that the mail cites, the office's own and the creditor's, without repeats.
    references: Vec<Cited>,
    /// The creditor's own text in folded words; most mails are matched without it.
    text: OnceLock<Vec<String>>,
}

impl<'a> Mail<'a> {
    fn read(update: &'a DebtUpdate) -> Self {
        let case_number = update.client_aktenzeichen.as_deref().and_then(CaseNumber::read);
        let own = update.client_aktenzeichen.as_deref();
        let mut references: Vec<Cited> = Vec::new();
        for text in update.reference_numbers.iter().map(String::as_str).chain(own) {
            if let Some(cited) = Cited::read(text)
                && !references.iter().any(|known| known.compact == cited.compact)
            {
                references.push(cited);
            }
        }
        Self {
            update,
            case_number,
            person: update.client_name.as_deref().and_then(person::PersonName::read),
            sender: sender::addresses(&update.creditor_email).into_iter().next(),
            references,
            text: OnceLock::new(),
        }
    }

    fn cites(&self, compact: &str) -> bool {
        self.citation_of(compact).is_some()
    }

    fn citation_of(&self, compact: &str) -> Option<&Cited> {
        self.references.iter().find(|cited| cited.compact == compact)
    }

    /// The words of its text.
    fn text(&self) -> &[String] {
        self.text
            .get_or_init(|| person::words(self.update.response_text.as_deref().unwrap_or_default()))
    }

    /// Whether a creditor's number stands in the text, in whatever groups it is written there, and
    /// not only far behind the amount, where it is what a caller is asked to have at hand.
    fn writes_out(&self, compact: &str) -> bool {
        let Some(number) = reference::place_in(compact, self.text()) else { return false };
        self.place_of_amount().is_none_or(|amount| number <= amount + WORDS_BESIDE_AMOUNT)
    }

    /// Whether the text has another number of the make of this one: instead of it, or between it and
    /// the amount, which is then that of both.
    fn writes_rival_of(&self, compact: &str) -> bool {
        let unfolded = self.update.response_text.as_deref().unwrap_or_default();
        if !reference::may_have_rival_in(compact, unfolded) {
            return false;
        }
        let text = self.text();
        let own = reference::place_in(compact, text);
        let amount = self.place_of_amount();
        reference::rivals_in(compact, text).any(|rival| {
            own.is_none_or(|own| own < rival && amount.is_some_and(|amount| rival < amount))
        })
    }

    /// Where the amount begins in the text, if it stands there in digits.
    fn place_of_amount(&self) -> Option<usize> {
        let cents = self.update.new_debt_amount.cents().unsigned_abs();
        reference::place_of(&format!("{}{:02}", cents / 100, cents % 100), self.text())
    }
}

/// A number that follows the amount within so many words is still said of it.
const WORDS_BESIDE_AMOUNT: usize = 12;
