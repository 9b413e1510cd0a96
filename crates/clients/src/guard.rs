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
    /// The claim but for the place of the comma.
    CommaSlip,
    /// What the entry shows as the creditor's answer is no number to compare with.
    Unreadable,
}

impl GuardRefusal {
    /// The reason as in `review:<reason>`.
    pub const fn code(self) -> &'static str {
        match self {
            GuardRefusal::Downgrade => "downgrade",
            GuardRefusal::Jump => "jump",
            GuardRefusal::CommaSlip => "comma_slip",
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
    check_proportion(entry, amount, settings)
}

/// As [`check`], for a message that replaces its own version: what the entry shows is then no
/// earlier answer to compare with.
pub fn check_own_version(
    entry: &CreditorEntry,
    amount: Money,
    settings: GuardSettings,
) -> Result<(), GuardRefusal> {
    check_proportion(entry, amount, settings)
}

/// Whether a person chose the amount: a repair must not touch it.
pub fn is_set_by_a_person(entry: &CreditorEntry) -> bool {
    entry.amount_source.as_deref().is_some_and(|source| source != CREDITOR_RESPONSE)
}

/// Whether a repair may replace the amounts that an entry shows: the current one is no number, or
/// the repair's own amount, or what a message wrote and nobody has changed since, so that both
/// amounts still agree. A text that reads as another amount is what somebody typed.
pub fn is_replaceable(entry: &CreditorEntry, amount: Money) -> bool {
    let fields = ["current_debt_amount", "creditor_response_amount"];
    if fields.iter().any(|field| entry.says_otherwise(field, amount)) {
        return false;
    }
    match entry.current_debt_amount {
        Amount::Absent | Amount::Unreadable => true,
        Amount::Known(shown) => {
            let is_as_written = entry.sync.mark().is_some()
                && entry.creditor_response_amount == Amount::Known(shown);
            shown == amount || is_as_written
        }
    }
}

fn check_downgrade(entry: &CreditorEntry, amount: Money) -> Result<(), GuardRefusal> {
    match entry.shown_response() {
        Amount::Known(shown) if amount < shown => Err(GuardRefusal::Downgrade),
        Amount::Unreadable => Err(GuardRefusal::Unreadable),
        Amount::Known(_) | Amount::Absent => Ok(()),
    }
}

fn check_proportion(
    entry: &CreditorEntry,
    amount: Money,
    settings: GuardSettings,
) -> Result<(), GuardRefusal> {
    let Some(claim) = entry.claim_amount.money().filter(|claim| *claim > Money::ZERO) else {
        return Ok(());
    };
    let (amount, claim) = (i128::from(amount.cents()), i128::from(claim.cents()));
    if amount > claim * i128::from(settings.jump_factor) {
        Err(GuardRefusal::Jump)
    } else if is_comma_slip(amount, claim) {
        Err(GuardRefusal::CommaSlip)
    } else {
        Ok(())
    }
}

/// Whether a comma that stands two places too far left would explain an amount so much below the
/// claim: it is exactly a hundredth, or a small rest such as `20,91` for `2.091,00`. For the rest what
/// has been added to the claim since is allowed for, a seventh at most; a whole number of euros that is
/// no exact hundredth has no comma in a wrong place.
///
/// One place too far right is as likely, `40.860,00` for `4.086,00`; a small claim may grow tenfold by
/// its costs alone.
fn is_comma_slip(amount: i128, claim: i128) -> bool {
    let is_near = |meant: i128, claim: i128| meant * 20 >= claim * 19 && meant * 7 <= claim * 8;
    let below = amount * 100;
    below == claim
        || amount % 100 != 0 && is_near(below, claim)
        || claim >= SMALLEST_TENFOLD && is_near(amount, claim * 10)
}

/// A claim of fewer cents may be costs of a reminder and a debt below them.
const SMALLEST_TENFOLD: i128 = 20_000;

#[cfg(test)]
mod tests {
    use bson::{Bson, Document, doc};

    use super::*;
    use crate::document::{CREDITOR_LIST, ClientDocument};

    fn entry(fields: Document) -> CreditorEntry {
        let client = doc! { CREDITOR_LIST: [fields] };
        ClientDocument::from_bson(&client).creditors.remove(0)
    }

    fn held(fields: Document, cents: i64) -> Option<GuardRefusal> {
        check(&entry(fields), Money::from_cents(cents), GuardSettings::default()).err()
    }

    #[test]
    fn only_an_amount_shown_as_the_creditors_response_guards_against_a_fall() {
        let shown = |source: &str| doc! { "amount_source": source, "current_debt_amount": 100.0 };
        assert_eq!(held(shown("creditor_response"), 9_999), Some(GuardRefusal::Downgrade));
        assert_eq!(held(shown("creditor_response"), 10_000), None);
        assert_eq!(held(shown("manual"), 1), None);
        assert_eq!(held(doc! { "current_debt_amount": 100.0 }, 1), None);
        assert_eq!(held(doc! { "claim_amount": 100.0 }, 0), None);
    }

    #[test]
    fn of_two_amounts_shown_the_higher_counts_and_none_that_can_be_read_is_a_doubt() {
        let shown = |current: Bson, response: Bson| {
            doc! {
                "amount_source": "creditor_response",
                "current_debt_amount": current, "creditor_response_amount": response,
            }
        };
        assert_eq!(held(shown(10.into(), 20.into()), 1_999), Some(GuardRefusal::Downgrade));
        assert_eq!(held(shown("x".into(), 20.into()), 1_999), Some(GuardRefusal::Downgrade));
        assert_eq!(held(shown("x".into(), 20.into()), 2_000), None);
        assert_eq!(held(shown("x".into(), Bson::Null), 2_000), Some(GuardRefusal::Unreadable));
        assert_eq!(held(shown(Bson::Null, Bson::Null), 2_000), None);
    }

    #[test]
    fn a_repair_replaces_no_amount_that_somebody_typed_as_a_text() {
        let is_replaceable =
            |fields: Document| is_replaceable(&entry(fields), Money::from_cents(100_000));
        assert!(is_replaceable(doc! { "current_debt_amount": "1.000,00 €" }));
        assert!(is_replaceable(doc! { "current_debt_amount": "?" }));
        assert!(!is_replaceable(doc! { "current_debt_amount": "950,00" }));
        assert!(!is_replaceable(doc! { "creditor_response_amount": "950.00" }));
    }

    #[test]
    fn the_claim_with_its_comma_in_another_place_is_held() {
        let claim = |cents| doc! { "claim_amount": f64::from(cents) / 100.0 };
        for (claimed, cents) in [
            (204_400, 2_091),
            (204_400, 2_044),
            (9_500, 101),
            (560_000, 5_600),
            (401_000, 4_086_000),
            (20_000, 200_000),
        ] {
            assert_eq!(held(claim(claimed), cents), Some(GuardRefusal::CommaSlip), "{cents}");
        }
        for (claimed, cents) in [
            (204_400, 2_400),
            (204_400, 1_900),
            (204_400, 20_440),
            (8_900, 0),
            (9_500, 100),
            (19_999, 200_000),
            (401_000, 4_600_000),
        ] {
            assert_eq!(held(claim(claimed), cents), None, "{cents}");
        }
        assert_eq!(held(doc! { "claim_amount": Bson::Null }, 2_091), None);
    }

    #[test]
    fn twenty_times_a_known_claim_is_the_limit() {
        assert_eq!(held(doc! { "claim_amount": 0.07 }, 140), None);
        assert_eq!(held(doc! { "claim_amount": 0.07 }, 141), Some(GuardRefusal::Jump));
        for unknown in [Bson::Null, 0.into(), (-5).into(), "100".into(), f64::NAN.into()] {
            assert_eq!(held(doc! { "claim_amount": unknown }, i64::MAX), None);
        }
    }

    #[test]
    fn a_fall_may_be_allowed_and_a_jump_never() {
        let settings = GuardSettings { downgrade: Downgrade::Allow, jump_factor: 20 };
        let entry = entry(doc! {
            "amount_source": "creditor_response", "current_debt_amount": 100, "claim_amount": 1,
        });
        assert_eq!(check(&entry, Money::from_cents(2), settings), Ok(()));
        assert_eq!(check(&entry, Money::from_cents(2_001), settings), Err(GuardRefusal::Jump));
    }
}
