//! How likely the words around an amount make it the claim, by the trained model of
//! [`crate::sentences`].
//!
//! The roles know words; the model has seen thousands of sentences. It is asked where the words
//! name no claim, or name more than one.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use domain::money::Money;
use regex::Regex;

use super::{Claim, FURTHEST_ITEM, MOST_AMOUNTS, Reading, Role, Strength, is_stated};
use crate::pattern::pattern;
use crate::rules::segments::Segment;
use crate::sentences::{Kind, Model};

/// An amount this likely is the claim although no known word says so.
const STATEMENT: f32 = 0.6;

/// Where it is the only amount that can be, less is enough.
const ONLY_STATEMENT: f32 = 0.4;

/// Where the amounts beside it add up to it, hardly anything is needed.
const SUM_STATEMENT: f32 = 0.1;

/// A part by its words takes more, and so does that nothing is owed.
const PART_STATEMENT: f32 = 0.8;
const STATEMENT_OF_NOUGHT: f32 = 0.85;

/// What its words make an offer is the claim only if the model is as good as certain.
const STATEMENT_AGAINST_WORDS: f32 = 0.95;

/// Another amount this likely leaves open which one it is.
pub(super) const RIVAL: f32 = 0.3;

/// `14.866,31 EUR.` and no more.
const LONGEST_BARE_AMOUNT: usize = 24;

/// Below this an amount is not the claim, whatever else it is.
pub(super) const POSSIBLE: f32 = 0.05;

/// From here on the words say as much as a name of the total.
pub(super) const SURE: f32 = 0.9;

/// A stated amount less likely than this is none where another one is sure.
const UNLIKELY_TOTAL: f32 = 0.15;

/// The sentence of a segment: with the line above where that breaks off before an amount in a line
/// of its own.
pub(super) fn sentence_of(text: &str, segments: &[Segment], at: usize) -> Range<usize> {
    let own = segments[at].range.clone();
    let Some(above) = at.checked_sub(1).map(|above| &segments[above]) else { return own };
    let is_bare = own.len() <= LONGEST_BARE_AMOUNT
        && !text[own.clone()].contains(|c: char| c.is_alphabetic() && !"EURuro".contains(c));
    let breaks_off = !above.is_row
        && !segments[at].is_row
        && !text[above.range.clone()].trim_end().ends_with(['.', '!', '?', ';']);
    if is_bare && breaks_off { above.range.start..own.end } else { own }
}

/// The one amount that the words around it make the claim, though none of them is known.
pub(super) fn statement(readings: &[Reading], folded: &str, segments: &[Segment]) -> Option<Claim> {
    let may_be = |reading: &&Reading| may_be_claim(reading) && !is_less(reading, folded, segments);
    let open: Vec<&Reading> = readings.iter().filter(may_be).collect();
    if open.len() > MOST_AMOUNTS {
        return None;
    }
    let likelihood = |reading: &Reading| {
        let is_only = readings.iter().all(|other| {
            other.segment != reading.segment || other.amount.value == reading.amount.value
        });
        let by_sentence =
            segments.get(reading.segment).filter(|_| is_only).map_or(0.0, |segment| {
                Model::embedded().read(&folded[segment.range.clone()]).of(Kind::Statement)
            });
        reading.likelihood.max(by_sentence)
    };
    let found: Vec<(f32, &Reading)> =
        open.into_iter().map(|reading| (likelihood(reading), reading)).collect();
    let likeliest = found.iter().copied().max_by(|one, other| one.0.total_cmp(&other.0))?;
    // `EUR 450,00 Hauptsache` may read like a claim below the total whose part it is.
    let whole = found.iter().copied().find(|(likelihood, reading)| {
        likeliest.0 < SURE
            && *likelihood >= RIVAL
            && reading.amount.value > likeliest.1.amount.value
            && is_sum(readings, reading)
    });
    let (likelihood, best) = whole.unwrap_or(likeliest);
    let is_sum = is_sum(readings, best);
    let is_only = readings
        .iter()
        .all(|other| other.amount.value == best.amount.value || other.likelihood < POSSIBLE);
    let enough = match (best.role, best.amount.value) {
        (Role::Offer, _) => STATEMENT_AGAINST_WORDS,
        (_, Money::ZERO) => STATEMENT_OF_NOUGHT,
        _ if is_sum => SUM_STATEMENT,
        (Role::Item, _) => PART_STATEMENT,
        _ if is_only => ONLY_STATEMENT,
        _ => STATEMENT,
    };
    // `Zu erstatten sind aktuell noch 500 EUR`: less than another amount that was once as much.
    let is_rest = |other: &Reading| {
        best.is_current && !other.is_current && best.amount.value < other.amount.value
    };
    let is_arrears = |reading: &Reading| {
        let until = reading.amount.range.end.min(folded.len());
        let from = segments.get(reading.segment).map_or(until, |segment| segment.range.start);
        let words = &folded[from.min(until)..until];
        words.contains("rueckstaendig") || words.contains("faellig sind")
    };
    if readings.iter().any(|other| other.amount.value != best.amount.value && is_arrears(other)) {
        return None;
    }
    let has_rival = found.iter().any(|(other, reading)| {
        let is_part = is_sum && reading.amount.value < best.amount.value;
        *other >= RIVAL
            && reading.amount.value != best.amount.value
            && !is_part
            && !is_rest(reading)
    });
    // A price struck out beside it makes it an offer.
    let is_reduced =
        readings.iter().any(|other| other.amount.struck && other.amount.value > best.amount.value);
    let is_plain = likelihood >= enough && !has_rival && !is_reduced && best.is_positive_euro();
    is_plain.then(|| Claim {
        value: best.amount.value,
        strength: Strength::Sentence,
        evidence: segments[best.segment].range.clone(),
        is_bare_sum: false,
        is_unnamed: true,
        segment: Some(best.segment),
        likelihood,
    })
}

/// The words beside the amount do not make it something else.
fn may_be_claim(reading: &Reading) -> bool {
    !matches!(reading.role, Role::Rate | Role::Paid | Role::Former | Role::Unrelated)
        && !reading.vague
        && !reading.conditional
        && (!reading.denied || reading.likelihood >= STATEMENT_AGAINST_WORDS)
}

/// Whether the amounts directly before this one, or those directly behind it, add up to it.
fn is_sum(readings: &[Reading], reading: &Reading) -> bool {
    let start = reading.amount.range.start;
    let near = |other: &&Reading| {
        other.segment != usize::MAX
            && other.segment.abs_diff(reading.segment) <= FURTHEST_ITEM
            && !matches!(other.role, Role::Rate | Role::Unrelated | Role::Former)
    };
    let reaches = |others: &mut dyn Iterator<Item = &Reading>| {
        let sums = others.scan(0, |sum: &mut i64, other| {
            *sum = sum.saturating_add(other.amount.value.cents());
            Some(*sum)
        });
        sums.skip(1).any(|sum| sum == reading.amount.value.cents())
    };
    let before = readings.iter().rev().filter(near);
    let behind = readings.iter().filter(near);
    reaches(&mut before.filter(|other| other.amount.range.start < start))
        || reaches(&mut behind.filter(|other| other.amount.range.start > start))
}

/// The sentence says that its amount is not what is owed, but a part of it, what was awarded or
/// registered, what came in, or somebody's means.
fn is_less(reading: &Reading, folded: &str, segments: &[Segment]) -> bool {
    static LESS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\bteilbetr\w+\b|\b(?:tituliert|ausgeurteilt|angemeldet|festgestellt|eingeklagt|anerkannt|zuerkannt|zugesprochen|vorsorglich)\w*\b",
            r"|\b(?:\w*bescheid|urteil|titel|beschluss)\w* (?:\w+ ){0,2}lautete?\b|\binsolvenztabelle\b|\bzu viel\b|\bmehr als\b|\bweniger als\b|\bvermoegen\b|\bplanende\b|\b(?:von|auf) (?:der|die|unserer?) (?:\w+ )?\w*forderung\b",
        ))
    });
    static CAME_IN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:wurden? |sind |ist )?(?:erhalten|vereinnahmt|eingegangen|gezahlt|bezahlt|ueberwiesen|eingezahlt|zurueckgezahlt|gutgeschrieben|erstattet|bekommen|geliehen|ausgezahlt|ausbezahlt|gewaehrt|aufgenommen)\b",
        )
    });
    let Some(segment) = segments.get(reading.segment) else { return true };
    let end = reading.amount.range.end.min(segment.range.end);
    LESS.is_match(&folded[segment.range.clone()].replace("nicht tituliert", ""))
        || CAME_IN.is_match(&folded[end..segment.range.end])
}

/// Of several stated amounts those that a word made one are none if the model knows better.
///
/// What is called a correction stays, however unlikely: it takes the other one back.
pub(super) fn drop_unlikely(readings: &mut [Reading], folded: &str) {
    let is_correction = |reading: &Reading| {
        let name = &folded[reading.evidence.clone()];
        ["korrektur", "korrigiert", "berichtig", "correct"].iter().any(|word| name.contains(word))
    };
    let stated: Vec<usize> = (0..readings.len())
        .filter(|at| is_stated(readings[*at].role) && !readings[*at].in_sum)
        .collect();
    let values: BTreeSet<Money> = stated.iter().map(|at| readings[*at].amount.value).collect();
    if !(2..=MOST_AMOUNTS).contains(&values.len()) {
        return;
    }
    let is_sure = |at: &&usize| {
        let reading = &readings[**at];
        (reading.likelihood >= SURE || reading.confirmed && reading.likelihood >= STATEMENT)
            && !reading.is_vague()
    };
    let Some(sure) = stated.iter().find(is_sure).map(|at| readings[*at].amount.value) else {
        return;
    };
    for at in stated {
        let reading = &mut readings[at];
        let unlikely = if reading.is_general { UNLIKELY_TOTAL } else { POSSIBLE };
        let is_named = reading.role == Role::Total && !reading.is_general;
        let unlikely = if reading.is_vague() { RIVAL } else { unlikely };
        if !is_named
            && !is_correction(reading)
            && !reading.confirmed
            && reading.amount.value != sure
            && reading.likelihood < unlikely
        {
            reading.role = Role::Unrelated;
        }
    }
}
