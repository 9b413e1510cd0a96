//! The creditor's numbers, and those of the mail that are of something else.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::ours::Firmness;
use super::{LONGEST_APPROACH, MOST_REFERENCES, Reference, References, is_whole, key};
use crate::fold::fold;
use crate::pattern::pattern;
use crate::rules::texts::{Announced, Text, Texts};
use crate::tail::tail;

/// A number of the creditor after a word for it, spaces inside it allowed.
static THEIRS: LazyLock<Announced> = LazyLock::new(|| {
    Announced::new(
        concat!(
            r"(?:\bunser(?:e[mnrs]?)? (?:\p{L}+-?)?(?:zeichen|az|aktenzeichen|referenz|ref|gz)|\bour ref(?:erence)?|\b(?:geschaefts|kassen|akten|buchungs)-?zeichen|\baz",
            r"|(?:nummer|nr|konto|karte|leasing|vertrag|vorgang|darlehen|kredit|rechnung|police|akte|engagement)(?:e?s)?|\b(?:kd|mitgl(?:ied)?|forderung|account|contract|invoice|case))\b",
            r"(?:\.|:|\bnr\b|\bno\b|[ |#*])*"
        ),
        r"#?(?:[A-Z]{1,4}[0-9]?[ .-]?)?[0-9][0-9A-Z]*(?:[-_/.]{1,2}[0-9A-Z]+)*(?: [0-9]{2,}(?:[-/.][0-9]+)*){0,3}(?: [0-9])?(?: [A-Z]{1,2}\b)?",
    )
});

/// A number whose form alone says that it is one: letters, then digits with joints.
static BY_FORM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        // Lawyers' files, and those of customs offices and maintenance offices.
        r"#?\b(?:[0-9]{3,5}[-/][0-9]{2}/[A-Za-z]{1,3}|[0-9]{4}-[0-9]{2} [a-z]{2}(?m:$)|[0-9]{1,5}/[0-9]{2} [A-Z]{1,2}[0-9]{2}|DR II [0-9]{2,4}/[0-9]{2}",
        r"|(?:[A-Z]{2,3}-)?[A-Z]{1,2} (?:[0-9]{4}-)?[0-9]{3,4}/[0-9]{2,5}(?:-[A-Z][0-9]?(?: [0-9]{1,4})?)?|[0-9]{2}\.[0-9]-[A-Z]{2}-[0-9]+(?:/[0-9]+)?",
        // Flats, policies and cards.
        r"|(?:[A-Z]{2} )?[0-9]{2,4}\.[0-9]{3,4}\.[0-9]{2,4}|(?:[A-Z]{2} )?[0-9]{4}\.[0-9]{2}\.[0-9]{2,4}|[A-Z]{1,3} [0-9]{1,3}(?:\.[0-9]{3}){2}|[A-Z] [0-9]{7,8}|[A-Z] [0-9]{4} [0-9]{4}|[A-Z] [0-9]{3} [0-9]{4} [0-9]{2}",
        r"|[A-Z]{2,4}-[0-9]{2}[A-Z][0-9]{4,}|[A-Z][0-9]{3,4}-[0-9]{6,}|[0-9]{4}-[0-9]{2}-[0-9]{6}|[0-9]{2}-[0-9]{6,8}-[0-9]",
        r"|[A-Z]{1,5}[0-9]?(?:[-/][A-Z]{1,4})*[-/.][0-9]{2,}(?:[-/.][0-9A-Z]+)*",
        r"|[A-Z]{1,4} [0-9]{2}[.-][0-9]{3,}(?:[.-][0-9]+)*|[A-Z]{1,3} [0-9]{3} [0-9]{3} [0-9]{3}|[A-Z]{1,3} [0-9]{4,6}/[0-9]{2}|[A-Z]{2,3} [0-9]{4} [0-9]{4}(?: [0-9]{2,4})?|[A-Z]{1,3} [0-9]{2}[/-][0-9]{4,}(?:-[0-9A-Z]+)?|[A-Z]{1,2} [0-9]{4}-[0-9]{4,}(?:-[0-9]+)?",
        r"|[0-9]{3,}[A-Z]{2}[0-9]{4,}|[0-9]{2,4}/[0-9]{3,5}/[0-9]{3,5}|[0-9]{1,5}/[0-9]{2} [A-Z]{2}",
        r"|[A-Z]{2,4} [0-9]{2} [0-9]{2} [0-9]{4,6} [0-9]|[A-Z]{2} [0-9]{4}[-/][0-9]{2,}|[A-Z]{2} [0-9]{5,}",
        r"|[A-Z]{1,3}[0-9]{7,12}|[A-Z]{1,3}[0-9]{2}[/-][0-9]{4,}(?:-[0-9A-Z]+)?|[0-9]{1,5}/[0-9]{2}-[A-Z](?:/[a-z]{1,3})?",
        r"|[0-9]{2}\.[0-9]{3}\.[0-9]{2}|[0-9]{4}-[0-9]{3}-[0-9]{2}|[0-9]{7}-[0-9]{2}-[0-9]|[0-9]\.[0-9]{4}\.[0-9]{5,6}\.[0-9]|[0-9]{2}\.[0-9]{4}\.[0-9]{6}|[A-Z]{2,4} [0-9]{2} [0-9]{6}|WE [0-9]{1,4}|[0-9]{1,6}_[0-9]{2,6})\b"
    ))
});

/// A row that begins with a number in groups: `56 440 117  Ratenkredit`.
static LEADS_ROW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?m)^(?:[a-z0-9]\) |- )?([0-9]{2,4}(?: [0-9]{2,4}){2,3})(?:  |,| \||:)")
});

/// In a subject any long number is a reference.
static IN_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:[A-Z]{1,4}[ -])?#?\b[0-9][0-9./-]*[0-9](?: [0-9]{2,}(?:-[0-9]+)?){0,3}\b")
});

pub(super) fn all(
    texts: &Texts<'_>,
    references: &References,
    ours: &[(Firmness, Reference)],
) -> Vec<Reference> {
    let mut all: Vec<Reference> = Vec::new();
    if let Some(first) = &references.ours {
        all.push(first.clone());
    }
    for (firmness, reference) in ours {
        if *firmness >= Firmness::Labelled {
            add(&mut all, reference.clone());
        }
    }
    for text in [&texts.subject, &texts.body] {
        let announced = THEIRS.find_iter(&text.folded, text.text).map(|(_, number)| number);
        add_all(&mut all, text, announced);
        add_all(&mut all, text, by_form(text));
        let leading = LEADS_ROW.captures_iter(text.text);
        add_all(&mut all, text, leading.filter_map(|found| Some(found.get(1)?.range())));
    }
    let subject = &texts.subject;
    add_all(&mut all, subject, IN_SUBJECT.find_iter(subject.text).map(|found| found.range()));
    let has_theirs = all.len() > usize::from(references.ours.is_some());
    if !has_theirs {
        add_all(&mut all, &texts.quote, by_form(&texts.quote));
    }
    all
}

fn by_form<'t>(text: &Text<'t>) -> impl Iterator<Item = Range<usize>> + use<'t> {
    BY_FORM.find_iter(text.text).map(|found| found.range())
}

fn add_all(
    all: &mut Vec<Reference>,
    in_text: &Text<'_>,
    numbers: impl Iterator<Item = Range<usize>>,
) {
    let text = in_text.text;
    for number in numbers {
        let trimmed = text[number.clone()].trim_end_matches([' ', '.', '-', '/']);
        let range = number.start..number.start + trimmed.len();
        if is_creditors_number(text, trimmed, &range)
            && !in_text.is_set_aside(range.start)
            && !is_of_relative(&text[..range.start])
        {
            add(all, Reference { text: trimmed.to_owned(), source: in_text.source, range });
        }
    }
}

/// `Ihr Freund (Mitglied EW-20419)`: a number of somebody near the client.
fn is_of_relative(before: &str) -> bool {
    static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:ehe(?:mann|frau|partner\w*|gatt\w*)|(?:lebens)?(?:partner|gefaehrt)\w*|freund(?:in|es)?|sohn(?:e?s)?|tochter|schwester|bruder|mutter|vater)\b[^.\n]{0,24}$",
        )
    });
    RELATIVE.is_match(&fold(tail(before, LONGEST_APPROACH)))
}

/// A word that makes a number something else, and the marks behind it, in bytes.
const LONGEST_FOREIGN: usize = 24;

fn is_creditors_number(text: &str, number: &str, range: &Range<usize>) -> bool {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let is_labelled = number.starts_with("AZ ");
    // `Wohnung WE 14`.
    let fewest = if number.starts_with("WE ") { 2 } else { 4 };
    if !(fewest..=20).contains(&digits)
        || is_labelled
        || looks_like_german_date(number)
        || !is_whole(text, range.clone())
    {
        return false;
    }
    let before = fold(tail(&text[..range.start], LONGEST_FOREIGN));
    let foreign = [
        "hrb",
        "hra",
        "gnr",
        "iban",
        "bic",
        "telefon",
        "tel",
        "fax",
        "telefax",
        "mobil",
        "handy",
        "ust-id",
        "durchwahl",
        "eur",
        "€",
        "hotline",
        "plz",
        "rdg",
        "glaeubiger-id",
        "ik",
        "§",
        "rufnummer",
        "z. b.",
    ];
    if foreign.iter().any(|word| before.trim_end_matches([' ', ':', '.']).ends_with(word)) {
        return false;
    }
    let is_iban = number.len() > 4
        && number.as_bytes()[..2].iter().all(u8::is_ascii_uppercase)
        && number.as_bytes()[2..4].iter().all(u8::is_ascii_digit)
        && number.contains(' ')
        && digits >= 12;
    let is_tax_id = number.starts_with("DE") && digits == 9 && key(number).len() == 11;
    let is_year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    let after = text[range.end..].trim_start();
    let is_amount = after.starts_with("EUR")
        || after.starts_with('€')
        || after.starts_with("Euro")
        || text[range.end..]
            .strip_prefix(',')
            .is_some_and(|cents| cents.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
    !(is_iban || is_tax_id || is_year || is_amount)
}

fn looks_like_german_date(number: &str) -> bool {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{2}|[0-9]{4})$|^[0-9]{1,2}/(?:19|20)[0-9]{2}$|^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[^0-9]|$)|^[0-9]{2}\.[0-9]{4}$",
        )
    });
    DATE.is_match(number)
}

/// Adds a number unless it, or one that contains it, is there.
fn add(all: &mut Vec<Reference>, reference: Reference) {
    if all.len() >= MOST_REFERENCES {
        return;
    }
    let new_key = key(&reference.text);
    if all
        .iter()
        .any(|known| key(&known.text).ends_with(&new_key) || key(&known.text).starts_with(&new_key))
    {
        return;
    }
    // `K 555 340 902` after `555 340 902`: the fuller spelling wins.
    all.retain(|known| {
        let known_key = key(&known.text);
        !(new_key.ends_with(&known_key) || new_key.starts_with(&known_key))
            || known.source != reference.source
    });
    all.push(reference);
}
