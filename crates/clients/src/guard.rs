//! The guard: amounts that are credible enough to be written without a person.

use domain::money::Money;

use crate::document::{Amount, CREDITOR_RESPONSE, CreditorEntry};

/// How strict the guard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardSettings {
    pub downgrade: Downgrade,
    /// An amount of more than this many times a known claim is held.
    pub jump_factor: u32,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self { downgrade: Downgrade::Review, jump_factor: 20 }
    }
}

/// What to do with an amount below the one shown as the creditor's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downgrade {
    Review,
    Allow,
}

/// Why an amount is held for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardRefusal {
    /// Below what the creditor said before.
    Downgrade,
    /// Out of all proportion to the claim.
    Jump,
    /// What the entry shows as the creditor's answer is no number to compare with.
    Unreadable,
}

impl GuardRefusal {
    /// The reason as in `review:<reason>`.
    pub const fn code(self) -> &'static str {
        match self {
            GuardRefusal::Downgrade => "downgrade",
            GuardRefusal::Jump => "jump",
            GuardRefusal::Unreadable => "shown_amount_unreadable",
        }
    }
}

/// Holds an amount against what the entry shows and against the original claim.
pub fn check(
    entry: &CreditorEntry,
    amount: Money,
    settings: GuardSettings,
) -> Result<(), GuardRefusal> {
    if settings.downgrade == Downgrade::Review {
        check_downgrade(entry, amount)?;
    }
    check_jump(entry, amount, settings)
}

/// As [`check`], for a message that replaces its own version: what the entry shows is then no
/// earlier answer to compare with.
pub fn check_own_version(
    entry: &CreditorEntry,
    amount: Money,
    settings: GuardSettings,
) -> Result<(), GuardRefusal> {
    check_jump(entry, amount, settings)
}

/// Whether a person chose the amount: a repair must not touch it.
pub fn is_set_by_a_person(entry: &CreditorEntry) -> bool {
    entry.amount_source.as_deref().is_some_and(|source| source != CREDITOR_RESPONSE)
}

fn check_downgrade(entry: &CreditorEntry, amount: Money) -> Result<(), GuardRefusal> {
    match entry.shown_response() {
        Amount::Known(shown) if amount < shown => Err(GuardRefusal::Downgrade),
        Amount::Unreadable => Err(GuardRefusal::Unreadable),
        Amount::Known(_) | Amount::Absent => Ok(()),
    }
}

fn check_jump(
    entry: &CreditorEntry,
    amount: Money,
    settings: GuardSettings,
) -> Result<(), GuardRefusal> {
    let Some(claim) = entry.claim_amount.money().filter(|claim| *claim > Money::ZERO) else {
        return Ok(());
    };
    let highest = i128::from(claim.cents()) * i128::from(settings.jump_factor);
    if i128::from(amount.cents()) > highest { Err(GuardRefusal::Jump) } else { Ok(()) }
}
