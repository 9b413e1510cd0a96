//! Which of a mail's amounts is the claim as it stands now.

mod certainty;
pub(super) mod correction;
mod doubts;
mod label;
mod likely;
mod part;
mod reader;
mod sentence;
mod standing;
mod sums;
mod tables;

use std::cell::{LazyCell, OnceCell};
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;

use domain::extraction::Doubt;
use domain::money::Money;
use regex::Regex;

use super::as_of;
use super::second_look::SecondLook;
use super::segments::{Segment, segments};
use super::words::words;
use crate::fold::fold;
use crate::money::{Amount, Currency, scan};
use crate::pattern::pattern;
use crate::sentences::Model;
use certainty::{reservations, settled_in_words};
use doubts::{doubt_best, hold_against_parts};
use reader::Reader;
use sentence::Sentence;
use sums::check_sums;

/// A sentence with more amounts says nothing that could be told apart.
pub(super) const MOST_AMOUNTS: usize = 40;

/// So many rates make a plan.
const RATES_OF_A_PLAN: RangeInclusive<i64> = 2..=240;

/// The items of a total stand within so many rows or sentences of it.
const FURTHEST_ITEM: usize = 6;

/// What inflection leaves of a word, in bytes: `Rückstand`, `Rückstands`, `Rückstände`.
const LONGEST_STEM: usize = 9;

/// A shorter stem is shared by words that have nothing to do with each other.
const SHORTEST_STEM: usize = 6;

/// Between an amount in digits and the same in words stands no more than `EUR (in Worten: `.
const LONGEST_REPETITION_MARK: usize = 24;

/// What an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The claim by an express name of the total.
    Total,
    /// The sum of the amounts above it.
    Sum,
    /// A claim, not expressly a total.
    Claim,
    /// A part of the claim that may also be all of it.
    Basis,
    Item,
    Rate,
    Offer,
    Paid,
    Former,
    Unrelated,
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) amount: Amount,
    pub(super) role: Role,
    /// From the label to the amount.
    pub(super) evidence: Range<usize>,
    segment: usize,
    /// Nothing but the amount stands in its line.
    is_alone: bool,
    /// It stands in a row of a table.
    is_row: bool,
    /// A sum that the sentence says is owed.
    is_owed: bool,
    /// Its name, such as `Restbetrag`, may be that of any total.
    is_general: bool,
    vague: bool,
    /// Its sentence has a word such as `nicht` or `keine`, which may deny something else.
    denied: bool,
    /// How likely the words around it make it the claim, by the trained model.
    likelihood: f32,
    /// Its sentence reads like a condition, a guess or somebody else's words.
    conditional: bool,
    /// Words such as `jetzt` or `noch` say that it is so today.
    is_current: bool,
    is_credit: bool,
    on_top: bool,
    /// It stands in a column of balances that begins there: the last one is the current.
    running: Option<usize>,
    /// The amounts before it add up to it.
    confirmed: bool,
    /// It is an addend of a confirmed sum.
    in_sum: bool,
}

impl Reading {
    pub(super) fn is_positive_euro(&self) -> bool {
        self.amount.currency != Currency::Other && self.amount.value >= Money::ZERO
    }

    /// Not plainly said.
    pub(super) fn is_vague(&self) -> bool {
        self.vague || self.denied || self.conditional
    }

    fn unread(amount: Amount) -> Reading {
        Reading {
            evidence: amount.range.clone(),
            amount,
            role: Role::Unknown,
            segment: usize::MAX,
            is_alone: false,
            is_row: false,
            is_owed: false,
            is_general: false,
            vague: false,
            denied: false,
            conditional: false,
            likelihood: 0.0,
            is_current: false,
            is_credit: false,
            on_top: false,
            running: None,
            confirmed: false,
            in_sum: false,
        }
    }
}

/// How sure the claim is by the way in which it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// An amount stands there, but nothing says what it is.
    Bare,
    /// The words say that nothing is owed any more, without an amount.
    SettledInWords,
    /// The second reader takes it for the claim, though the rules see none.
    Chosen,
    /// The sentence as a whole states it, though no word beside the amount is known.
    Sentence,
    Claim,
    Total,
    /// A total that the items add up to.
    Confirmed,
}

#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) value: Money,
    pub(super) strength: Strength,
    pub(super) evidence: Range<usize>,
    /// Only a word such as `insgesamt` makes it a total: in a plan it may be the plan's.
    pub(super) is_bare_sum: bool,
    /// No name of a debt says that it is one: in a plan it may be the plan's price.
    pub(super) is_unnamed: bool,
    /// The segment in which it stands.
    pub(super) segment: Option<usize>,
    /// How likely the words around it make it the claim, by the trained model.
    pub(super) likelihood: f32,
}

/// What the amounts of a text say.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) claim: Option<Claim>,
    pub(super) doubts: BTreeSet<Doubt>,
    /// The segments whose words take something back from the claim.
    pub(super) reservations: BTreeSet<usize>,
    /// The claim's own words, or amounts beside it that none explains, make it uncertain.
    pub(super) is_hedged: bool,
    pub(super) readings: Vec<Reading>,
    pub(super) segments: Vec<Segment>,
    /// The sender puts the claim in the place of an earlier figure.
    pub(super) is_correction: bool,
    /// The second reader chooses the claim, too, if there is one.
    pub(super) is_agreed: bool,
    look: OnceCell<SecondLook>,
}

impl Account {
    /// The second look at the segments of `folded`, the text that was read.
    pub(super) fn look(&self, folded: &str) -> &SecondLook {
        self.look.get_or_init(|| SecondLook::new(folded, &self.segments))
    }

    /// A segment of `folded`, the text that was read; nothing where there is none.
    pub(super) fn sentence<'t>(&self, segment: usize, folded: &'t str) -> &'t str {
        self.segments.get(segment).map_or("", |segment| &folded[segment.range.clone()])
    }

    pub(super) fn has(&self, role: Role) -> bool {
        self.readings.iter().any(|reading| reading.role == role)
    }

    /// Whether the mail speaks of rates, and an amount and a number in it come to this one: the price
    /// of a plan, perhaps, and not the claim.
    pub(super) fn is_sum_of_rates(&self, value: Money, folded: &str) -> bool {
        let words = ["rate", "gleichen teilen", "teilbetr", "monatlich", "je monat"];
        if !words.iter().any(|word| folded.contains(word)) {
            return false;
        }
        let counts = self.readings.iter().filter_map(|reading| {
            let rate = reading.amount.value.cents();
            (rate > 0 && value.cents() % rate == 0).then(|| value.cents() / rate)
        });
        let counts: BTreeSet<String> = counts
            .filter(|count| RATES_OF_A_PLAN.contains(count))
            .map(|count| count.to_string())
            .collect();
        folded.split(|c: char| !c.is_ascii_digit()).any(|number| counts.contains(number))
    }

    /// At every place the words beside this amount make it something else than the claim.
    pub(super) fn denies(&self, value: Money) -> bool {
        let mut places = self.readings.iter().filter(|reading| reading.amount.value == value);
        let first = places.next();
        first.into_iter().chain(places).all(|reading| {
            let claim =
                matches!(reading.role, Role::Total | Role::Sum | Role::Claim | Role::Unknown);
            reading.is_vague() || !claim
        }) && first.is_some()
    }
}

/// A text in its parts, with the amounts in them.
struct Scanned {
    folded: String,
    segments: Vec<Segment>,
    amounts: Vec<Amount>,
    /// Amounts in digits and their repetitions in words are the same.
    words_agree: bool,
}

impl Scanned {
    fn of(text: &str) -> Self {
        let (folded, mut amounts) = (fold(text), scan(text));
        let words_agree = drop_repetitions_in_words(&mut amounts, &folded);
        Self { folded, segments: segments(text), amounts, words_agree }
    }

    fn reader<'a>(&'a self, model: &Model, text: &'a str) -> Reader<'a> {
        Reader::new(model, text, &self.folded, &self.segments, &self.amounts)
    }
}

/// The amounts of `text`, each with what the second reader is to know of it.
pub(super) fn choices(model: &Model, text: &str) -> Vec<(Money, Vec<u32>)> {
    let scanned = Scanned::of(text);
    let features = scanned.reader(model, text).features();
    scanned.amounts.into_iter().map(|amount| amount.value).zip(features).collect()
}

/// Reads all amounts of `text`.
pub(super) fn account(text: &str) -> Account {
    let scanned = Scanned::of(text);
    let (folded, segments) = (&*scanned.folded, &*scanned.segments);
    let mut account = Account::default();
    if !scanned.words_agree {
        account.doubts.insert(Doubt::ContradictingTotals);
    }
    let model = Model::embedded();
    let reader = scanned.reader(model, text);
    // Most mails are read without one of these, and a subject or a second body without both.
    let choice = LazyCell::new(|| reader.choose(model));
    let look = OnceCell::new();
    let is_plain = || look.get_or_init(|| SecondLook::new(folded, segments)).is_plain();
    let mut readings = read(&reader);
    keep_last_balance(&mut readings);
    follow_rates(&mut readings);
    follow_days(&mut readings, folded, segments);
    account.is_correction = correction::follow_corrections(&mut readings, folded, segments);
    check_sums(&mut readings);
    drop_included(&mut readings, folded, segments);
    likely::drop_unlikely(&mut readings, folded);
    decide(&mut account, &readings, folded);
    if account.claim.as_ref().is_none_or(|claim| claim.strength == Strength::Bare)
        && account.doubts.is_empty()
        && !account.is_hedged
        && let Some(claim) = likely::statement(&readings, folded, segments)
            .or_else(|| is_plain().then(|| choice.claim(&readings))?)
    {
        account.claim = Some(claim);
    }
    hold_against_parts(&mut account, &readings, folded, segments);
    let states_claim =
        |at: usize| readings.iter().any(|reading| reading.segment == at && is_stated(reading.role));
    if account.claim.is_some() {
        account.reservations.extend(reservations(folded, segments, states_claim));
        if account.is_correction {
            let speaks_of_earlier =
                |at: &usize| correction::speaks_of_earlier(&folded[segments[*at].range.clone()]);
            account.reservations.retain(|at| !speaks_of_earlier(at));
        }
    }
    if account.claim.as_ref().is_none_or(|claim| claim.value == Money::ZERO)
        && let Some(evidence) = settled_in_words(folded, segments)
        && !account.has_open_amount(&readings)
        && account.claim.is_none()
        && account.doubts.is_empty()
    {
        let strength = Strength::SettledInWords;
        let segment = segments.iter().position(|segment| segment.range == evidence);
        account.claim = Some(Claim {
            value: Money::ZERO,
            strength,
            evidence,
            is_bare_sum: false,
            is_unnamed: false,
            segment,
            likelihood: 0.0,
        });
    }
    if account.claim.as_ref().is_some_and(|claim| claim.value == Money::ZERO)
        && certainty::is_kept_up(folded)
    {
        account.doubts.insert(Doubt::Conditional);
    }
    account.is_agreed = account.claim.as_ref().is_none_or(|claim| {
        claim.strength == Strength::SettledInWords || reader.has_one_value() || choice.agrees(claim)
    });
    // The second reader knows no amounts in words, and a sum to the cent speaks for itself.
    let in_digits = |claim: &&Claim| {
        let mut places = readings.iter().filter(|reading| reading.amount.value == claim.value);
        claim.strength < Strength::Confirmed && places.all(|reading| !reading.amount.in_words)
    };
    if account.doubts.is_empty()
        && account.claim.as_ref().filter(in_digits).is_some_and(|claim| !choice.allows(claim))
        && !look.get_or_init(|| SecondLook::new(folded, segments)).is_short()
    {
        account.doubts.insert(Doubt::NoTotal);
    }
    account.readings = readings;
    account.look = look;
    account.segments = scanned.segments;
    account
}

impl Account {
    fn has_open_amount(&self, readings: &[Reading]) -> bool {
        readings.iter().any(|reading| {
            matches!(reading.role, Role::Total | Role::Sum | Role::Claim)
                && reading.amount.value != Money::ZERO
        })
    }
}

fn read(reader: &Reader<'_>) -> Vec<Reading> {
    let Reader { text, folded, segments, amounts, ref counts, ref seen } = *reader;
    let mut readings: Vec<Reading> = Vec::with_capacity(amounts.len());
    let citations = part::citations(text);
    let mut next = 0;
    for (position, segment) in segments.iter().enumerate() {
        let first = next;
        while next < amounts.len() && amounts[next].range.start < segment.range.end {
            next += 1;
        }
        let within = &amounts[first..next];
        if within.is_empty() {
            continue;
        }
        if within.len() > MOST_AMOUNTS {
            readings.extend(within.iter().cloned().map(Reading::unread));
            continue;
        }
        let sentence = Sentence {
            text,
            folded,
            segment,
            words: words(folded, segment.range.clone()),
            position,
            segments,
            amounts: within,
            counts,
            previous: readings.last().map(|reading| reading.role),
        };
        for at in 0..within.len() {
            let mut reading = sentence.read(at, &readings[readings.len() - at..]);
            let start = reading.amount.range.start;
            reading.likelihood = seen[first + at].likelihood;
            let is_borrowed = reading.evidence.start < segment.range.start && !segment.is_row;
            if is_borrowed && reading.likelihood >= likely::SURE && !is_stated(reading.role) {
                // A label from an earlier line, and the amount's own sentence states the claim.
                reading.role = Role::Unknown;
                reading.evidence = reading.amount.range.clone();
            }
            if citations.iter().any(|citation| citation.contains(&start)) {
                reading.role = Role::Unrelated;
            }
            readings.push(reading);
        }
    }
    readings
}

/// `500,00 EUR (in Worten: fünfhundert Euro)` is one amount. Whether all agree.
fn drop_repetitions_in_words(amounts: &mut Vec<Amount>, folded: &str) -> bool {
    let repeats = |one: &Amount, other: &Amount| {
        let between = folded[one.range.end..other.range.start].trim_end_matches([' ', ':', '(']);
        let marks = &folded[one.range.end..other.range.start];
        one.in_words != other.in_words
            && between.len() <= LONGEST_REPETITION_MARK
            && (marks.contains('(') || between.ends_with("worten") || between.ends_with("ziffern"))
    };
    let mut agree = true;
    let mut at = 1;
    while at < amounts.len() {
        if repeats(&amounts[at - 1], &amounts[at]) {
            agree &= amounts[at - 1].value == amounts[at].value;
            let words = if amounts[at].in_words { at } else { at - 1 };
            amounts.remove(words);
        } else {
            at += 1;
        }
    }
    agree
}

/// `Der Rückstand von 500 EUR …; einschließlich des Rückstands haben wir 900 EUR zu fordern.`
fn drop_included(readings: &mut [Reading], folded: &str, segments: &[Segment]) {
    static INCLUDES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\b(?:inkl\w*|einschl\w*|nebst|samt|including|zuzueglich|zzgl|mitsamt)\b")
    });
    let stated: Vec<(Range<usize>, Money)> = readings
        .iter()
        .filter(|reading| is_stated(reading.role) && reading.segment < segments.len())
        .map(|reading| {
            let from = segments[reading.segment].range.start;
            (from..reading.amount.range.start, reading.amount.value)
        })
        .collect();
    if !(2..=MOST_AMOUNTS).contains(&stated.len()) {
        return;
    }
    for reading in readings.iter_mut().filter(|reading| reading.role == Role::Claim) {
        let evidence = &folded[reading.evidence.clone()];
        let label = evidence.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let stem = &label[..label.len().min(LONGEST_STEM)];
        reading.in_sum |= stem.len() >= SHORTEST_STEM
            && stated.iter().any(|(before, value)| {
                let words = &folded[before.clone()];
                *value > reading.amount.value
                    && INCLUDES
                        .find(words)
                        .is_some_and(|included| words[included.end()..].contains(stem))
            });
    }
}

/// In a column of balances all but the last are former ones.
fn keep_last_balance(readings: &mut [Reading]) {
    let mut column = None;
    for reading in readings.iter_mut().rev() {
        if reading.running.is_some() {
            if reading.running == column {
                reading.role = Role::Former;
            }
            column = reading.running;
        }
    }
}

/// `zehn Raten zu 20,00 EUR und einer letzten zu 3,50 EUR`: what follows a rate and is no more is one.
fn follow_rates(readings: &mut [Reading]) {
    for at in 1..readings.len() {
        let (before, reading) = (&readings[at - 1], &readings[at]);
        if before.role == Role::Rate
            && reading.role == Role::Unknown
            && reading.segment == before.segment
            && reading.amount.value <= before.amount.value
        {
            readings[at].role = Role::Rate;
        }
    }
}

/// Of rows that give the state of one day each, the last day's counts.
fn follow_days(readings: &mut [Reading], folded: &str, segments: &[Segment]) {
    let day = |reading: &Reading| {
        let segment = segments.get(reading.segment).filter(|segment| segment.is_row)?;
        as_of::row_day(&folded[segment.range.clone()])
    };
    for at in 1..readings.len() {
        let (earlier, later) = (&readings[at - 1], &readings[at]);
        let may_be = |reading: &Reading| is_stated(reading.role) || reading.role == Role::Unknown;
        let is_next = earlier.segment.checked_add(1) == Some(later.segment);
        let follow = is_next && may_be(earlier) && may_be(later);
        if follow
            && let (Some(one), Some(other)) = (day(earlier), day(later))
            && one < other
        {
            if is_stated(earlier.role) && later.role == Role::Unknown {
                readings[at].role = earlier.role;
            }
            readings[at - 1].role = Role::Former;
        }
    }
}

fn decide(account: &mut Account, readings: &[Reading], folded: &str) {
    let stated: Vec<&Reading> =
        readings.iter().filter(|r| is_stated(r.role) && !r.in_sum).collect();
    if readings.iter().any(|r| {
        r.amount.currency == Currency::Other
            && (is_stated(r.role)
                || (matches!(r.role, Role::Item | Role::Basis) && stated.is_empty()))
    }) {
        account.doubts.insert(Doubt::ForeignCurrency);
    }
    let in_euro: Vec<&Reading> =
        stated.iter().copied().filter(|r| r.amount.currency != Currency::Other).collect();
    let values: BTreeSet<Money> = in_euro.iter().map(|r| r.amount.value).collect();
    if values.len() > 1 {
        account.doubts.insert(Doubt::ContradictingTotals);
        return;
    }
    let best =
        in_euro.iter().max_by_key(|r| (r.confirmed, r.role == Role::Total, r.role == Role::Sum));
    let Some(best) = best else { return };
    doubt_best(account, best, &in_euro, readings, folded);
    let strength = match best.role {
        _ if best.confirmed => Strength::Confirmed,
        Role::Sum if !in_euro.iter().any(|r| r.is_owed || r.role != Role::Sum) => {
            if best.likelihood >= likely::SURE { Strength::Sentence } else { Strength::Bare }
        }
        Role::Total | Role::Sum => Strength::Total,
        _ => Strength::Claim,
    };
    account.claim = Some(Claim {
        value: best.amount.value,
        strength,
        evidence: best.evidence.clone(),
        is_bare_sum: best.role == Role::Sum && !best.confirmed,
        is_unnamed: best.is_general
            || strength == Strength::Sentence
            || best.role == Role::Claim && !names_debt(&folded[best.evidence.clone()]),
        segment: Some(best.segment),
        likelihood: best.likelihood,
    });
}

/// Whether a claim is called one: `zu zahlen` may also be the price of a plan.
fn names_debt(evidence: &str) -> bool {
    ["forderung", "rueckst", "schuld", "offen", "saldo", "ausstehend", "arrears", "outstanding"]
        .iter()
        .any(|name| evidence.contains(name))
}

fn is_stated(role: Role) -> bool {
    matches!(role, Role::Total | Role::Sum | Role::Claim)
}

#[cfg(test)]
mod tests;
