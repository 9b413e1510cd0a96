//! Whatever an extractor says counts only if it stands in the mail.

use domain::extraction::{Doubt, Extraction};
use domain::money::Money;

use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::money;

/// Every field that was dropped takes this factor off the confidence.
const PER_DROPPED_FIELD: f64 = 0.8;

/// Drops the amount, the client's name, the Aktenzeichen and references that do not stand in the
/// visible text, and lowers the confidence for each. Without its amount an extraction is in
/// doubt: [`Doubt::Ungrounded`].
pub fn ground(mut extraction: Extraction, mail: &CleanedMail) -> Extraction {
    let text = mail.visible_text();
    let words = letters_and_digits(&text);
    let mut dropped = 0;

    if let Some(amount) = extraction.debt_amount
        && !stands_in(amount, mail)
    {
        extraction.debt_amount = None;
        extraction.evidence.remove("debt_amount");
        if !extraction.doubts.contains(&Doubt::Ungrounded) {
            extraction.doubts.push(Doubt::Ungrounded);
        }
        dropped += 1;
    }
    if extraction.client_name.as_deref().is_some_and(|name| !name_stands_in(name, &words)) {
        extraction.client_name = None;
        extraction.evidence.remove("client_name");
        dropped += 1;
    }
    if extraction
        .client_aktenzeichen
        .as_deref()
        .is_some_and(|number| !number_stands_in(number, &text))
    {
        extraction.client_aktenzeichen = None;
        extraction.evidence.remove("client_aktenzeichen");
        dropped += 1;
    }
    let before = extraction.reference_numbers.len();
    extraction.reference_numbers.retain(|number| number_stands_in(number, &text));
    if extraction.reference_numbers.len() < before {
        dropped += 1;
    }
    for _ in 0..dropped {
        extraction.confidence *= PER_DROPPED_FIELD;
    }
    extraction
}

/// The creditor's own words must carry the amount: the quoted letter does not count, and the
/// subject only beside a body.
fn stands_in(amount: Money, mail: &CleanedMail) -> bool {
    let found = [&mail.subject, &mail.body, &mail.signature]
        .iter()
        .any(|text| money::scan(text).iter().any(|found| found.value == amount));
    found || (amount == Money::ZERO && says_settled(&mail.body))
}

/// A claim of nothing may be stated in words.
fn says_settled(body: &str) -> bool {
    let folded = fold(body);
    [
        "ausgeglichen",
        "beglichen",
        "getilgt",
        "bezahlt",
        "erledigt",
        "storniert",
        "keine forderung",
        "keine offene",
        "keine weiteren",
        "paid in full",
        "no outstanding",
    ]
    .iter()
    .any(|word| folded.contains(word))
}

/// Words in folded form, parted by single spaces; what scanners misread is one letter.
fn letters_and_digits(text: &str) -> String {
    let folded = fold(text);
    let mut words = String::with_capacity(folded.len() + 2);
    words.push(' ');
    for c in folded.chars() {
        match c {
            '0' => words.push('o'),
            '1' => words.push('l'),
            _ if c.is_alphanumeric() => words.push(c),
            _ if words.ends_with(' ') => {}
            _ => words.push(' '),
        }
    }
    words.push(' ');
    words
}

fn name_stands_in(name: &str, words: &str) -> bool {
    let name = letters_and_digits(name);
    let mut parts = name.split(' ').filter(|part| !part.is_empty()).peekable();
    parts.peek().is_some() && parts.all(|part| words.contains(&format!(" {part} ")))
}

/// The number with the same joints or others, not as a part of a longer one.
fn number_stands_in(number: &str, text: &str) -> bool {
    let wanted = joined(number);
    if wanted.is_empty() {
        return false;
    }
    let wanted: Vec<char> = wanted.chars().collect();
    let characters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let starts = at == 0 || !characters[at - 1].is_alphanumeric();
        if starts && characters[at].is_alphanumeric() && matches_at(&characters, at, &wanted) {
            return true;
        }
        at += 1;
    }
    false
}

fn matches_at(text: &[char], mut at: usize, wanted: &[char]) -> bool {
    let mut matched = 0;
    let mut joints = 0;
    while let Some(&c) = text.get(at) {
        if matched == wanted.len() {
            return !c.is_alphanumeric();
        }
        if c.is_alphanumeric() {
            if !c.to_uppercase().eq(wanted[matched].to_uppercase()) {
                return false;
            }
            matched += 1;
            joints = 0;
        } else {
            joints += 1;
            if joints > 2 {
                return false;
            }
        }
        at += 1;
    }
    matched == wanted.len()
}

fn joined(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).collect()
}
