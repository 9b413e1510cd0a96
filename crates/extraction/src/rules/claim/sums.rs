//! Which amounts are the sum of those beside them.
//!
//! A sum that comes out to the cent is the best evidence a mail can give: it confirms the total and
//! shows that the other amounts are parts of it, whatever the words beside them.

use std::collections::BTreeSet;

use domain::money::Money;

use super::{Reading, Role, is_stated, likely, tables};
use crate::money::Currency;

/// Sums of more items than this are not checked.
const LONGEST_SUM: usize = 60;

/// Up to so many items one may have been taken off without a word that says so. Among more, some
/// sign that fits is found by chance.
const LONGEST_WITH_DEDUCTION: usize = 6;

/// In prose the amounts before a total are more often of something else.
const LONGEST_WITH_DEDUCTION_IN_PROSE: usize = 4;

/// So many amounts are added to one that is not the last word.
const MOST_ADDED: usize = 4;

/// Sums of sums of sums; more are zeros in a row.
const DEEPEST_SUM: usize = 8;

/// Finds totals that the amounts beside them add up to.
pub(super) fn check_sums(readings: &mut [Reading]) {
    let mut sums: Vec<Option<Vec<usize>>> = vec![None; readings.len()];
    for at in 1..readings.len() {
        let is_sure = readings[at].likelihood >= likely::SURE;
        let is_unnamed = match readings[at].role {
            Role::Unknown => {
                readings[at].is_alone
                    || readings[at].likelihood >= likely::RIVAL
                    || ends_table(readings, at)
            }
            // An offer of all that the parts come to is none.
            Role::Offer => is_sure,
            _ => false,
        };
        let is_stated = is_stated(readings[at].role) || is_unnamed;
        let Some(members) = before(readings, &sums, at, is_stated) else { continue };
        let is_sum = |member: &usize| sums[*member].is_some();
        let is_part = |member: &&usize| {
            matches!(readings[**member].role, Role::Item | Role::Basis) || is_sum(member)
        };
        let is_plain = !is_unnamed
            || readings[at].is_alone
            || (members.iter().filter(is_part).count() >= 2
                && (is_sure || ends_table(readings, at) || members.iter().all(is_sum)));
        let is_plan = members.iter().all(|m| matches!(readings[*m].role, Role::Rate | Role::Offer));
        if !is_stated || !is_plain {
            // A sum on the way to the total; what it is called does not matter.
            if !is_plan && matches!(readings[at].role, Role::Item | Role::Basis | Role::Unknown) {
                sums[at] = Some(members);
            }
            continue;
        }
        if is_plan {
            readings[at].role = Role::Rate;
            continue;
        }
        if is_unnamed {
            readings[at].role = Role::Sum;
        }
        confirm(readings, at, &members, &sums);
        sums[at] = Some(members);
    }
    for at in 0..readings.len() {
        if is_stated(readings[at].role)
            && !readings[at].confirmed
            && let Some(column) = tables::column_of(readings, at)
        {
            confirm(readings, at, &column, &[]);
        }
    }
    tables::confirm_feet(readings);
    for at in 0..readings.len() {
        if readings[at].confirmed {
            join_sums_of_rows(readings, at);
        }
    }
    for at in 0..readings.len() {
        if is_stated(readings[at].role)
            && !readings[at].confirmed
            && let Some(members) = after(readings, at)
        {
            confirm(readings, at, &members, &[]);
        }
    }
    join_repeated_parts(readings);
}

/// `Router 129,00 EUR` in a list that adds up, and `bei Rückgabe erstatten wir 129,00 EUR` below it.
fn join_repeated_parts(readings: &mut [Reading]) {
    let parts: BTreeSet<Money> = readings
        .iter()
        .filter(|reading| reading.in_sum && !is_stated(reading.role))
        .map(|reading| reading.amount.value)
        .collect();
    for reading in readings.iter_mut().filter(|reading| is_stated(reading.role)) {
        let is_repeated = !reading.confirmed
            && reading.likelihood < likely::RIVAL
            && parts.contains(&reading.amount.value);
        reading.in_sum |= is_repeated;
    }
}

/// In a table with a sum at the end of each row, the last row's sum is also that of the others.
fn join_sums_of_rows(readings: &mut [Reading], at: usize) {
    let is_row_sum =
        |row: &Reading| is_stated(row.role) && row.confirmed && row.is_row && !row.in_sum;
    if !readings[at].is_row {
        return;
    }
    let rows: Vec<usize> =
        (0..at).rev().take(LONGEST_SUM).filter(|row| is_row_sum(&readings[*row])).collect();
    let sum = rows.iter().map(|row| cents(&readings[*row])).fold(0, i64::saturating_add);
    if rows.len() >= 2 && sum == readings[at].amount.value.cents() {
        for row in rows {
            readings[row].in_sum = true;
        }
    }
}

/// Whether this is the last row of a table with one column of amounts: there the total stands,
/// however it is called.
fn ends_table(readings: &[Reading], at: usize) -> bool {
    let row = &readings[at];
    let goes_on = |next: &Reading| next.is_row && next.segment <= row.segment + 1;
    let has_columns = |row: &Reading, other: &Reading| row.segment == other.segment;
    row.is_row
        && !readings.get(at + 1).is_some_and(goes_on)
        && !readings[..=at].windows(2).any(|pair| pair[0].is_row && has_columns(&pair[0], &pair[1]))
}

fn confirm(readings: &mut [Reading], at: usize, members: &[usize], sums: &[Option<Vec<usize>>]) {
    readings[at].confirmed = true;
    let mut parts = members.to_vec();
    while let Some(part) = parts.pop() {
        // What is marked had its own parts marked with it; looking again would be quadratic.
        if std::mem::replace(&mut readings[part].in_sum, true) {
            continue;
        }
        // Each sum lies before its own, so this ends.
        parts.extend(sums.get(part).and_then(Option::as_deref).unwrap_or_default());
    }
}

/// Where the parts of the sum at `at` begin.
fn start_of(at: usize, sums: &[Option<Vec<usize>>]) -> Option<usize> {
    let mut first = *sums[at].as_ref()?.last()?;
    for _ in 0..DEEPEST_SUM {
        match sums[first].as_ref().and_then(|members| members.last()) {
            Some(earlier) => first = *earlier,
            None => break,
        }
    }
    Some(first)
}

fn may_be_added(reading: &Reading) -> bool {
    reading.role != Role::Unrelated && reading.amount.currency != Currency::Other
}

fn cents(reading: &Reading) -> i64 {
    let cents = reading.amount.value.cents();
    if reading.role == Role::Paid { -cents.abs() } else { cents }
}

/// The readings directly before `at` that add up to it: sums among them counted once, and the price
/// of a unit (`12 Wochen zu 25 EUR`, `2 x 5,00 | 10,00`) not at all.
fn before(
    readings: &[Reading],
    sums: &[Option<Vec<usize>>],
    at: usize,
    is_stated: bool,
) -> Option<Vec<usize>> {
    let target = readings[at].amount.value.cents();
    let is_unit_price = |here: usize| {
        let reading = &readings[here];
        let goes_on = readings.get(here + 1).is_some_and(|next| next.segment == reading.segment);
        reading.role == Role::Rate || reading.is_row && goes_on
    };
    for (counts_sums, skips_units) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut sum = 0_i64;
        let mut members = Vec::new();
        let mut next = at;
        for _ in 0..LONGEST_SUM {
            let Some(here) = next.checked_sub(1) else { break };
            next = here;
            if !may_be_added(&readings[here]) || skips_units && is_unit_price(here) {
                continue;
            }
            if let Some(start) = start_of(here, sums) {
                if counts_sums {
                    next = start;
                } else {
                    continue;
                }
            }
            sum = sum.saturating_add(cents(&readings[here]));
            members.push(here);
            if members.len() >= 2
                && (sum == target || is_stated && has_deduction(readings, &members, sum, target))
            {
                return Some(members);
            }
        }
    }
    None
}

/// One of the items may be taken off without a word that is known for it.
fn has_deduction(readings: &[Reading], members: &[usize], sum: i64, target: i64) -> bool {
    let deducted = |member: &usize| {
        let reading = &readings[*member];
        matches!(reading.role, Role::Unknown | Role::Item | Role::Basis | Role::Offer | Role::Sum)
            && sum.saturating_sub(cents(reading).saturating_mul(2)) == target
    };
    let is_table = members.iter().all(|member| readings[*member].is_row);
    let longest = if is_table { LONGEST_WITH_DEDUCTION } else { LONGEST_WITH_DEDUCTION_IN_PROSE };
    members.len() <= longest && members.iter().any(deducted)
}

/// Whether the text goes on adding to this amount: `macht 4.930 EUR, dazu Mahnkosten 12 EUR, am Ende
/// 4.942 EUR`.
pub(super) fn is_added_to(readings: &[Reading], at: usize) -> bool {
    let mut sum = readings[at].amount.value.cents();
    let behind = readings[at + 1..].iter().take(MOST_ADDED + 1);
    for (added, reading) in behind.enumerate() {
        let is_part = matches!(reading.role, Role::Item | Role::Basis | Role::Unknown);
        let value = reading.amount.value.cents();
        if added >= 1 && value == sum && (is_part || is_stated(reading.role)) {
            return true;
        }
        if !is_part {
            return false;
        }
        sum = sum.saturating_add(value);
    }
    false
}

/// Whether the claim is a total that is told before it, less an amount that this total has taken off
/// already: `Zahlung -200 EUR, Forderung 790 EUR. Zieht man die 200 EUR ab, sind es 590 EUR.`
pub(super) fn is_deducted_twice(readings: &[Reading], claim: Money) -> bool {
    readings.iter().enumerate().any(|(at, total)| {
        let deducted = total.amount.value.cents().saturating_sub(claim.cents());
        let is_it = |reading: &Reading| reading.amount.value.cents().abs() == deducted;
        total.confirmed
            && deducted > 0
            && readings[..at].iter().any(|part| part.in_sum && is_it(part))
            && readings[at + 1..].iter().any(is_it)
    })
}

/// Whether the text goes on taking off from this amount: `8.939 EUR, Teilzahlung 500 EUR, 8.439 EUR`.
pub(super) fn is_reduced_behind(readings: &[Reading], claim: Money) -> bool {
    readings.windows(3).any(|three| {
        let [total, deducted, rest] = three else { return false };
        total.amount.value == claim
            && !rest.is_vague()
            && !rest.in_sum
            && matches!(rest.role, Role::Unknown | Role::Sum | Role::Claim | Role::Total)
            && !deducted.in_sum
            && !matches!(deducted.role, Role::Item | Role::Basis)
            && deducted.amount.value > Money::ZERO
            && claim.cents().checked_sub(deducted.amount.value.cents())
                == Some(rest.amount.value.cents())
    })
}

/// The parts that follow a total: `500 EUR, davon 450 EUR Hauptforderung und 50 EUR Zinsen`.
fn after(readings: &[Reading], at: usize) -> Option<Vec<usize>> {
    let target = readings[at].amount.value.cents();
    let mut sum = 0_i64;
    let mut members = Vec::new();
    let following = readings.iter().enumerate().skip(at + 1).take(LONGEST_SUM);
    for (here, reading) in following.filter(|(_, reading)| may_be_added(reading)) {
        let is_part = matches!(reading.role, Role::Item | Role::Basis | Role::Unknown | Role::Paid)
            || reading.role == Role::Claim && !reading.confirmed;
        // Beside the total of a table stand its other columns.
        let is_column = readings[at].is_row && reading.segment == readings[at].segment;
        if !is_part || is_column || reading.in_sum {
            return None;
        }
        sum = sum.saturating_add(cents(reading));
        members.push(here);
        if sum == target && members.len() >= 2 {
            return Some(members);
        }
    }
    None
}
