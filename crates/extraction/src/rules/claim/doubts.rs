//! What the amounts of a mail say against the one that was taken for the claim.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::extraction::Doubt;
use domain::money::Money;
use regex::Regex;

use super::{Account, FURTHEST_ITEM, Reading, Role, Strength, is_stated};
use super::{certainty, likely, sentence, sums, tables};
use crate::money::Currency;
use crate::pattern::pattern;
use crate::rules::segments::Segment;
use crate::rules::words::{Sense, words};
use crate::tail::tail;

/// `der gesamte Betrag von EUR ` before an amount, in bytes.
const LONGEST_WHOLE: usize = 40;

/// Shorter numbers behind a word for a contract are a count or a year.
const SHORTEST_CONTRACT_NUMBER: usize = 5;

/// What the words of the best total, and the amounts beside it, leave uncertain.
pub(super) fn doubt_best(
    account: &mut Account,
    best: &Reading,
    in_euro: &[&Reading],
    readings: &[Reading],
    folded: &str,
) {
    if in_euro.iter().any(|r| r.is_credit) {
        account.doubts.insert(Doubt::NegativeAmount);
    }
    // `500,00 EUR, Verzeihung, 520,00 EUR`.
    let follows = |other: &Reading| {
        other.segment == best.segment && other.amount.range.start > best.amount.range.end
    };
    // Amounts that no word explains, and that might be the claim.
    let mut unexplained = readings.iter().filter(|other| {
        other.role == Role::Unknown
            && !other.in_sum
            && other.amount.value != best.amount.value
            && (other.likelihood >= likely::POSSIBLE || follows(other) || other.is_current)
    });
    let contradicts = |other: &Reading| {
        let is_larger = best.role == Role::Claim
            && other.amount.currency != Currency::Other
            && other.amount.value > best.amount.value;
        other.segment == best.segment || !other.is_vague() && (other.is_current || is_larger)
    };
    // A word made it the claim, but nobody speaks of a claim like that.
    let is_unlikely = best.role == Role::Claim
        && best.likelihood < likely::POSSIBLE
        && readings.iter().any(|other| other.likelihood >= likely::SURE);
    // Columns of which nobody knows which one counts.
    let goes_on = |other: &Reading| best.is_row && follows(other) && !other.amount.struck;
    // Items that add up may be those of a part.
    let is_rival = |other: &Reading| {
        // What reads like the claim is no part of an amount that does not.
        let is_part =
            other.in_sum && (other.likelihood < likely::SURE || best.likelihood >= likely::RIVAL);
        let may_be = !is_stated(other.role)
            && !is_part
            && other.is_positive_euro()
            && other.amount.value != best.amount.value;
        may_be
            && match other.role {
                Role::Offer | Role::Unknown if other.likelihood >= likely::RIVAL => true,
                // All that was owed has been paid.
                Role::Paid
                    if best.amount.value == Money::ZERO && other.likelihood < likely::SURE =>
                {
                    false
                }
                Role::Offer | Role::Rate | Role::Paid | Role::Unknown
                    if is_whole(other, folded) =>
                {
                    true
                }
                _ => other.likelihood >= likely::SURE,
            }
    };
    let contradicts_sum = unexplained.clone().any(goes_on) || readings.iter().any(is_rival);
    if contradicts_sum || !best.confirmed && is_unlikely {
        account.doubts.insert(Doubt::Conditional);
    }
    account.is_hedged |= !best.confirmed && unexplained.any(contradicts);
    if best.amount.value < Money::ZERO {
        account.doubts.insert(Doubt::NegativeAmount);
    }
    account.is_hedged |= in_euro.iter().any(|r| r.denied);
    let is_on_top = in_euro.iter().all(|r| r.on_top) && !best.confirmed;
    if is_on_top || in_euro.iter().any(|r| r.vague || r.conditional) {
        account.doubts.insert(Doubt::Conditional);
    }
    if in_euro.iter().all(|r| r.amount.misread) && !best.confirmed {
        account.doubts.insert(Doubt::Illegible);
    }
}

/// `Gesamtforderung von 500 EUR`, `der gesamte Rückstand von 500 EUR`, whatever the sentence does
/// with it. A `Gesamtbetrag` may be that of a plan.
fn is_whole(reading: &Reading, folded: &str) -> bool {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:gesamte|ganze|volle)[nrs]? (?:betrag|summe)(?: (?:von|ueber))? (?:eur |€ ?)?$",
        )
    });
    let start = reading.amount.range.start;
    if WHOLE.is_match(tail(&folded[..start], LONGEST_WHOLE)) {
        return true;
    }
    let name = words(folded, reading.evidence.clone()).into_iter().next();
    let before = folded[..reading.evidence.start].trim_end();
    let ends = ["gesamte", "gesamten", "gesamter", "ganze", "ganzen", "vollen", "volle"];
    name.is_some_and(|name| match name.sense {
        Sense::Total => !sentence::is_general(&folded[name.range]),
        Sense::Claim => ends.iter().any(|whole| before.ends_with(whole)),
        _ => false,
    })
}

/// Doubts a total that its own items or a payment behind it contradict.
pub(super) fn hold_against_parts(
    account: &mut Account,
    readings: &[Reading],
    folded: &str,
    segments: &[Segment],
) {
    let Some(claim) = &account.claim else { return };
    // However well the items add up.
    if sums::is_deducted_twice(readings, claim.value)
        || sums::is_reduced_behind(readings, claim.value)
        || has_exchanged_digits(readings, claim.value)
    {
        account.doubts.insert(Doubt::ContradictingTotals);
    }
    if claim.strength == Strength::Confirmed && is_of_several_contracts(readings, folded, segments)
    {
        account.doubts.insert(Doubt::SeveralClaims);
    }
    if claim.strength == Strength::Confirmed || claim.value == Money::ZERO {
        return;
    }
    let is_claim = |reading: &Reading| {
        (is_stated(reading.role) || Some(reading.segment) == claim.segment)
            && reading.amount.value == claim.value
    };
    let Some(last) = readings.iter().rposition(is_claim) else { return };
    // A payment told after the total, and not said to be in it.
    let is_open_payment = |reading: &&Reading| {
        let is_payment = reading.role == Role::Paid
            || reading.role == Role::Offer
                && !reading.is_vague()
                && folded[reading.evidence.clone()].starts_with("zahlung");
        is_payment
            && reading.amount.value <= claim.value
            && segments
                .get(reading.segment)
                .is_some_and(|segment| !certainty::is_accounted(&folded[segment.range.clone()]))
    };
    let open_payments = readings[last + 1..].iter().filter(is_open_payment);
    account.reservations.extend(open_payments.map(|payment| payment.segment));
    // Parts that are more than the whole, where nothing was taken off.
    let reduces =
        |reading: &Reading| matches!(reading.role, Role::Paid | Role::Former | Role::Offer);
    let first = readings.iter().position(is_claim).unwrap_or(last);
    let near = segments_apart(readings, first, last);
    let parts = || {
        let is_part = |part: &&Reading| part.role == Role::Item && !part.is_vague();
        near.iter().filter(is_part).filter(|part| !is_claim(part))
    };
    let sum: i64 = parts().map(|reading| reading.amount.value.cents()).sum();
    let is_list = parts().count() >= 2 && sum > claim.value.cents();
    let is_larger = parts().any(|reading| reading.amount.value > claim.value);
    let is_contradicted = (is_list || is_larger) && !readings.iter().any(reduces);
    if is_contradicted
        || tables::contradicts(readings, first)
        || tables::foot_contradicts(readings, first)
        || sums::is_added_to(readings, last)
    {
        account.doubts.insert(Doubt::ContradictingTotals);
    }
}

/// Whether the parts of a sum are what is owed on several accounts or contracts, each with a number of its
/// own: `Ratenkredit 3820114476 | 6.287,90`, `Kreditkartenkonto 5399 0412 | 1.933,05`. Invoices have numbers
/// of their own, too, and are of one claim.
pub(super) fn is_of_several_contracts(
    readings: &[Reading],
    folded: &str,
    segments: &[Segment],
) -> bool {
    static CONTRACT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b[a-z-]*(?:kredit|konto|darlehen|karte|vertrag|police|anschluss)(?:s|es|nummer|-nr)?\.?:?(?: nr\.?| nummer)? (?P<number>[a-z]{0,4}[- ]?[0-9](?:[0-9 ./-]*[0-9])?)",
        )
    });
    let mut numbers = BTreeSet::new();
    let mut last = None;
    for part in readings.iter().filter(|reading| reading.in_sum && !is_stated(reading.role)) {
        let Some(segment) = segments.get(part.segment).filter(|_| last != Some(part.segment))
        else {
            continue;
        };
        last = Some(part.segment);
        let before = &folded[segment.range.start..part.amount.range.start];
        if let Some(found) = CONTRACT.captures(before) {
            let digits: String = found["number"].chars().filter(char::is_ascii_digit).collect();
            if digits.len() >= SHORTEST_CONTRACT_NUMBER {
                numbers.insert(digits);
            }
        }
    }
    numbers.len() > 1
}

/// Whether another amount of the mail is the claim with two neighbouring digits exchanged: one of
/// them is a slip of the pen, and nobody knows which.
fn has_exchanged_digits(readings: &[Reading], value: Money) -> bool {
    readings.iter().any(|other| {
        !matches!(other.role, Role::Former | Role::Unrelated)
            && tables::is_exchange(other.amount.value.cents(), value.cents())
    })
}

/// The readings that stand no further from the claim than its list of items would.
fn segments_apart(readings: &[Reading], first: usize, last: usize) -> &[Reading] {
    let (from, to) = (readings[first].segment, readings[last].segment);
    let near = |reading: &Reading| {
        reading.segment != usize::MAX
            && reading.segment + FURTHEST_ITEM >= from
            && reading.segment <= to.saturating_add(FURTHEST_ITEM)
    };
    let start = readings.iter().position(near).unwrap_or(first);
    let end = readings.iter().rposition(near).unwrap_or(last);
    &readings[start..=end.max(start)]
}
