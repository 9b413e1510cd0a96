//! What the sender puts in the place of an earlier figure of its own: `Dort stand ein Saldo von 744,70 EUR,
//! die Ziffern waren vertauscht. Richtig sind 474,70 EUR.`

use std::sync::LazyLock;

use regex::Regex;

use super::{Reading, Role, is_stated};
use crate::pattern::pattern;
use crate::rules::segments::Segment;
use crate::tail::tail;

/// `richtig ist vielmehr eine Gesamtforderung von EUR ` before an amount, in bytes.
const LONGEST_APPROACH: usize = 80;

/// `EUR und nicht ` between two amounts, in bytes.
const LONGEST_CONTRAST: usize = 24;

/// Whether a sentence speaks of what the sender wrote before, such as `bitte die erste Mail vernichten`.
pub(in crate::rules) fn speaks_of_earlier(sentence: &str) -> bool {
    static EARLIER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:erste|frueher|alt|vorig|gestrig|falsch|fehlerhaft|damalig)(?:e[mnrs]?|n)? (?:e-?mail|mail|nachricht|schreiben|auskunft|mitteilung|betrag|wert|zahl|stand|aufstellung)\b",
            r"|\b(?:e-?mail|mail|nachricht|schreiben|auskunft|mitteilung) (?:von|vom) (?:gestern|vorgestern|heute (?:frueh|morgen|vormittag)|(?:letzt|vergangen|vorig)\w*|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|[0-9])",
        ))
    });
    EARLIER.is_match(sentence)
}

/// Takes for a former figure whatever the one right figure of a correction replaces. Whether there is a
/// correction.
pub(super) fn follow_corrections(
    readings: &mut [Reading],
    folded: &str,
    segments: &[Segment],
) -> bool {
    static MISTAKE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:zahlendreher|dreher|tippfehler|schreibfehler|rechenfehler|fehlerteufel|fehler|vertippt|verschrieben|vertauscht|versehen|versehentlich|irrtuemlich|faelschlich\w*|falsch)\b",
        )
    });
    static RIGHT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(?:richtig|korrekt|zutreffend)\b[^.;?0-9]*$"));
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^ ?(?:eur|euro|€)?,? (?:und )?(?:nicht|statt|anstatt|anstelle)\b")
    });
    let is_right = |reading: &Reading| {
        is_stated(reading.role)
            && segments.get(reading.segment).is_some_and(|segment| {
                let before = &folded[segment.range.start..reading.amount.range.start];
                RIGHT.is_match(tail(before, LONGEST_APPROACH))
            })
    };
    let Some(right) = readings.iter().position(is_right) else { return false };
    let (value, place) = (readings[right].amount.value, readings[right].segment);
    if readings.iter().any(|other| is_right(other) && other.amount.value != value) {
        return false;
    }
    let is_mistake = |segment: &Segment| MISTAKE.is_match(&folded[segment.range.clone()]);
    let Some(mistake) = segments[..=place].iter().position(is_mistake) else {
        return false;
    };
    let end = readings[right].amount.range.end;
    for at in 0..readings.len() {
        let other = &readings[at];
        let may_be = is_stated(other.role) || other.role == Role::Unknown;
        let is_replaced = if at < right {
            (mistake..=place).contains(&other.segment)
        } else {
            at == right + 1
                && other.segment == place
                && other.amount.range.start - end <= LONGEST_CONTRAST
                && NOT.is_match(&folded[end..other.amount.range.start])
        };
        if may_be && is_replaced && other.amount.value != value {
            // The denial is of this one.
            readings[right].denied &= at < right;
            readings[right].vague &= at < right;
            readings[at].role = Role::Former;
        }
    }
    true
}
