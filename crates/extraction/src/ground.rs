//! Whatever an extractor says counts only if it stands in the mail.

use domain::extraction::{Doubt, Extraction};
use domain::money::Money;

use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::{money, rules};

/// Every field that was dropped takes this factor off the confidence.
const PER_DROPPED_FIELD: f64 = 0.8;

/// Drops the amount, the client's name, the Aktenzeichen and references that do not stand in the
/// visible text, and lowers the confidence for each. Without its amount an extraction is in
/// doubt: [`Doubt::Ungrounded`].
pub fn ground(mut extraction: Extraction, mail: &CleanedMail) -> Extraction {
    let text = mail.visible_text();
    let words = letters_and_digits(&text);
    let characters: Vec<char> = text.chars().collect();
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
        .is_some_and(|number| !number_stands_in(number, &characters))
    {
        extraction.client_aktenzeichen = None;
        extraction.evidence.remove("client_aktenzeichen");
        dropped += 1;
    }
    let before = extraction.reference_numbers.len();
    extraction.reference_numbers.retain(|number| number_stands_in(number, &characters));
    if extraction.reference_numbers.len() < before {
        dropped += 1;
    }
    for _ in 0..dropped {
        extraction.confidence *= PER_DROPPED_FIELD;
    }
    extraction
}

/// The creditor's own words must carry the amount: neither the quoted letter counts nor the
/// signature, where share capitals and liability limits stand, and the subject only beside a body.
/// That nothing is owed may be said in words, but then as a statement.
fn stands_in(amount: Money, mail: &CleanedMail) -> bool {
    let found = [&mail.body, &mail.subject]
        .iter()
        .any(|text| money::scan(text).iter().any(|found| found.value == amount));
    found || (amount == Money::ZERO && rules::states_nothing_owed(mail))
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
fn number_stands_in(number: &str, characters: &[char]) -> bool {
    let wanted: Vec<char> = number.chars().filter(|c| c.is_alphanumeric()).collect();
    if wanted.is_empty() {
        return false;
    }
    let mut at = 0;
    while at < characters.len() {
        let starts = at == 0 || !characters[at - 1].is_alphanumeric();
        if starts && characters[at].is_alphanumeric() && matches_at(characters, at, &wanted) {
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
            if !is_same_letter(c, wanted[matched]) {
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

fn is_same_letter(one: char, other: char) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(&other);
    }
    one.to_uppercase().eq(other.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mail;
    use crate::clean::clean;

    fn grounded(amount: i64, body: &str) -> bool {
        let mail = clean(&Mail {
            from_email: "inkasso@bank.example".to_owned(),
            body_text: Some(body.to_owned()),
            ..Mail::default()
        });
        let extraction =
            Extraction { debt_amount: Some(Money::from_cents(amount)), ..rules::extract(&mail) };
        ground(extraction, &mail).debt_amount.is_some()
    }

    #[test]
    fn figures_of_the_signature_are_no_ground_for_a_claim() {
        let body = "Die Forderung beträgt 500,00 EUR.\n\nMit freundlichen Grüßen\nBank AG\n\n\
                    Stammkapital 25.000,00 EUR";
        assert!(grounded(50_000, body));
        assert!(!grounded(2_500_000, body));
    }

    #[test]
    fn nothing_is_owed_only_where_it_is_said() {
        for body in ["Die Forderung ist vollständig ausgeglichen.", "Offen: 0,00 EUR"] {
            assert!(grounded(0, body), "{body}");
        }
        for body in [
            "Die Rechnung ist noch nicht bezahlt.",
            "Sobald die Forderung bezahlt ist, melden wir uns.",
            "Die erste Rate wurde bezahlt.",
            "Nach Zahlung ist die Sache erledigt.",
        ] {
            assert!(!grounded(0, body), "{body}");
        }
    }
}
