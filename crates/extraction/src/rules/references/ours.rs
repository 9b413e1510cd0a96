//! The office's own numbers, by the words before them, their form and their place.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{LONGEST_APPROACH, MOST_REFERENCES, Reference, is_reply_subject, is_whole, key};
use crate::pattern::pattern;
use crate::rules::texts::{Announced, Source, Text, Texts};
use crate::tail::tail;

/// A number of the office: digits with at most a short prefix, no spaces.
const OUR_NUMBER: &str = r"(?:[A-Za-z]{1,4}[-_])?[0-9][0-9OolI]*(?:[-_/][0-9OolI]+){0,3}";

/// How firmly a label says that the number is the office's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Firmness {
    /// By its form and its place alone.
    Shaped,
    Beside,
    Labelled,
    /// `dortiges Zeichen`: the office's, unless an agency or a court is spoken of.
    There,
    Express,
}

static EXPRESS: LazyLock<Announced> = LazyLock::new(|| {
    our_number_after(concat!(
        r"(?:\b[il]hr(?:e[mnrs]?)?|\beue?r(?:e[mnrs]?)?|\byour|\bdein(?:e[mnrs]?)?) ?",
        r"(?:geschaefts|akten|mandats|fall)?-?(?:zeichen|az|referenz|ref|reference|gz|nummer|zahl)\b(?:-?nr)?|\b(?:bei|von) (?:ihnen|euch)(?: unter| angegeben)?\b|\b(?:[il]hre?|eure?)[rm]? (?:akte|vorgang|mandat)\b",
        r"|\b(?:[il]hr(?:e[mnrs]?)?|eue?r(?:e[mnrs]?)?) (?:schreiben|anfrage|brief|nachricht|e-?mail|mail) vom [0-9. ]{6,12},? (?:az|aktenzeichen|zeichen|gz)\b"
    ))
});

static THERE: LazyLock<Announced> = LazyLock::new(|| {
    our_number_after(concat!(
        r"\bdort(?:iges?|igen|\.)? ?(?:geschaefts|akten|mandats|fall)?-?",
        r"(?:zeichen|az|referenz|ref|reference|gz|nummer)\b(?:-?nr)?"
    ))
});

/// `dort AZ-2026-1`: the number's own letters look like a label.
static JUST_THERE: LazyLock<Announced> = LazyLock::new(|| our_number_after(r"\bdort"));

static LABELLED: LazyLock<Announced> = LazyLock::new(|| {
    our_number_after(
        r"(?:\b(?:aktenzeichen|az|zeichen|mandats-?nr|mandatsnummer|(?:[il]hre[rn]?|zur) (?:anfrage|schreiben|nachricht))\b)",
    )
});

/// `unser Zeichen` in the sender's own text.
static SENDERS: LazyLock<Announced> = LazyLock::new(|| {
    our_number_after(
        r"(?:\b(?:unser(?:e[mnrs]?)? ?|our |hier(?:iges)? ?)(?:geschaefts|akten|mandats|kunden)?-?(?:zeichen|az|referenz|ref|reference|nummer)\b)",
    )
});

static QUOTED: LazyLock<Announced> = LazyLock::new(|| {
    our_number_after(
        r"(?:\b(?:unser(?:e[mnrs]?)? ?|our )?(?:geschaefts|akten|mandats)?-?(?:zeichen|az|referenz|ref|reference)\b)",
    )
});

static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:anfrage|schreiben|mandant(?:in|en|s)?|zeichen|vorgang|brief|nachricht|mail|auskunft|frau|herrn?|fuer|gegen|fall)\b[^\n;()]{{0,60}}\(({OUR_NUMBER})(?:\)|, )"
    ))
});

/// A number in the forms that offices give their cases, without a label.
static SHAPED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:az-[0-9]{2,4}-[0-9]{1,5}|[0-9]{1,7}[_/][0-9]{2,6}|[0-9]{6})\b")
});

fn our_number_after(label: &str) -> Announced {
    let gap = r"(?: ?\([^()\n]{0,40}\))?(?:\.|:|\bnr\b|\bnummer\b|\blautet\b|\bist\b|[ |#*])*";
    Announced::new(&format!("(?:{label}){gap}"), OUR_NUMBER)
}

/// The office's numbers in the sender's own text, each with how firmly it is known.
pub(super) fn of_mail(texts: &Texts<'_>) -> Vec<(Firmness, Reference)> {
    let subject_is_ours = is_reply_subject(texts.subject.text);
    let mut found: Vec<(Firmness, Reference)> = Vec::new();
    for text in [&texts.body, &texts.subject] {
        let is_subject = text.source == Source::Subject;
        collect(text, Firmness::Express, announced(&EXPRESS, text), &mut found);
        if is_subject && subject_is_ours {
            collect(text, Firmness::Express, announced(&QUOTED, text), &mut found);
        }
        if is_subject {
            let shaped = SHAPED.find_iter(&text.folded).map(|found| (found.start(), found.range()));
            collect(text, Firmness::Beside, shaped, &mut found);
        }
        for there in [&*THERE, &*JUST_THERE] {
            collect(text, Firmness::There, announced(there, text), &mut found);
        }
        collect(text, Firmness::Labelled, announced(&LABELLED, text), &mut found);
        let beside = BESIDE
            .captures_iter(&text.folded)
            .filter_map(|captures| Some((captures.get(0)?.start(), captures.get(1)?.range())));
        collect(text, Firmness::Beside, beside, &mut found);
        collect_column(text, &mut found);
        collect_shaped(text, &mut found);
    }
    drop_senders_own(&mut found, &texts.body);
    found
}

/// The office's numbers in its own quoted letter.
pub(super) fn of_letter(quote: &Text<'_>) -> Vec<Reference> {
    let mut found: Vec<(Firmness, Reference)> = Vec::new();
    collect(quote, Firmness::Express, announced(&QUOTED, quote), &mut found);
    if found.is_empty() {
        collect_shaped(quote, &mut found);
    }
    found.into_iter().map(|(_, reference)| reference).collect()
}

/// In the subject of a reply `unser Zeichen` is the office's, unless the sender wrote that subject:
/// then the body names the same number as the sender's, or another number as the office's in a form
/// that this one does not have.
fn drop_senders_own(found: &mut Vec<(Firmness, Reference)>, body: &Text<'_>) {
    let mut theirs = Vec::new();
    collect(body, Firmness::Express, announced(&SENDERS, body), &mut theirs);
    let in_body: Vec<String> = found
        .iter()
        .filter(|(firmness, number)| {
            *firmness == Firmness::Express && number.source == Source::Body
        })
        .map(|(_, number)| make(&number.text))
        .collect();
    found.retain(|(_, number)| {
        let is_theirs = theirs.iter().any(|(_, other)| key(&other.text) == key(&number.text));
        let is_of_other_make = !in_body.is_empty() && !in_body.contains(&make(&number.text));
        number.source != Source::Subject || !(is_theirs || is_of_other_make)
    });
}

/// The form of a number: `9/9` for `23/26`, `A-9-9` for `AZ-2026-17`.
fn make(number: &str) -> String {
    let mut make = String::new();
    for c in number.chars() {
        let class = match c {
            c if c.is_ascii_digit() => '9',
            c if c.is_alphabetic() => 'A',
            '_' => '/',
            other => other,
        };
        if !make.ends_with(class) {
            make.push(class);
        }
    }
    make
}

/// Where the words begin that announce a number of the office, and where it stands.
fn announced<'t>(
    label: &'t Announced,
    text: &'t Text<'_>,
) -> impl Iterator<Item = (usize, Range<usize>)> {
    label.find_iter(&text.folded, &text.folded).map(|(words, number)| (words.start, number))
}

fn collect(
    text: &Text<'_>,
    firmness: Firmness,
    numbers: impl Iterator<Item = (usize, Range<usize>)>,
    found: &mut Vec<(Firmness, Reference)>,
) {
    let folded = &*text.folded;
    for (start, number) in numbers {
        let before = folded[..start].trim_end();
        let theirs =
            ["unser", "unsere", "unserem", "mein", "our"].iter().any(|own| before.ends_with(own));
        if (firmness != Firmness::Express && theirs) || !is_whole(folded, number.clone()) {
            continue;
        }
        let joined_before = folded[..number.start]
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '_' | '.'));
        let written = &folded[number.clone()];
        let digits = written.bytes().filter(u8::is_ascii_digit).count();
        if joined_before || digits < 3 || looks_like_date(written) {
            continue;
        }
        push(text, number, firmness, found);
    }
}

fn push(
    text: &Text<'_>,
    range: Range<usize>,
    firmness: Firmness,
    found: &mut Vec<(Firmness, Reference)>,
) {
    let source = text.source;
    let known =
        found.iter().any(|(_, other)| other.source == source && other.range.start == range.start);
    if !known && found.len() < MOST_REFERENCES {
        let text = text.text[range.clone()].to_owned();
        found.push((firmness, Reference { text, source, range }));
    }
}

/// Numbers in the forms that offices give their cases, where the place says that one is the
/// office's: behind words to the office (`Ihre Anfrage vom 1.2., 2241_25`), or beside a name
/// (`Muster, Max (310/26)`, `zu 720110, Herrn Max Muster`).
fn collect_shaped(in_text: &Text<'_>, found: &mut Vec<(Firmness, Reference)>) {
    static OF_OFFICE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:ihr(?:e[mnrs]?)?|ihnen|eu(?:er|re[mnrs]?|ch)|your|dort\w*|bezug|betreff|in sachen)\b[^;|?!]*$",
        )
    });
    static OF_CREDITOR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:kunden?|konto|vertrags?|rechnungs?|bestell\w*|police\w*|beleg|ticket|kassen|unser\w*|mein|hier)\W*(?:nummer|nr|zeichen|az)?[ .:#]*$",
        )
    });
    static BESIDE_NAME: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\p{L}[ \n]?\($|\p{L}, $|(?:^|\n)$|\b(?:[Zz]u|[Ii]n|[Bb]ezug) $|\((?:Vorgang|Akte|Fall) $",
        )
    });
    let (text, folded) = (in_text.text, &*in_text.folded);
    for number in SHAPED.find_iter(folded) {
        let range = number.range();
        let shape = number.as_str();
        let before = tail(&text[..range.start], LONGEST_APPROACH);
        let line = before.rfind("\n\n").map_or(before, |at| &before[at + 1..]);
        let approach = &folded[range.start - line.len()..range.start];
        let after = &text[range.end..];
        // `MRS 118820`, `26-3402 KS`: letters make it a number of somebody else's.
        let is_prefixed = line.ends_with(' ')
            && line.trim_end().rsplit([' ', '\n', '(']).next().is_some_and(|word| {
                (1..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase())
            });
        let is_suffixed = after.strip_prefix(' ').is_some_and(|rest| {
            rest.bytes().take_while(u8::is_ascii_uppercase).count() >= 2 && !rest.starts_with("EUR")
        });
        let is_named = shape.starts_with("az-");
        let is_joined = folded[..range.start].ends_with(['-', '/', '_', '.']);
        if looks_like_month(shape)
            || is_joined
            || (is_prefixed && !is_named)
            || is_suffixed
            || OF_CREDITOR.is_match(approach)
            || !is_whole(folded, range.clone())
        {
            continue;
        }
        let closes = after.is_empty()
            || after.starts_with([')', ',', ':', ';', '\n'])
            || after.starts_with(" /");
        let is_ours =
            is_named || OF_OFFICE.is_match(approach) || (closes && BESIDE_NAME.is_match(line));
        if is_ours {
            push(in_text, range, Firmness::Shaped, found);
        }
    }
}

/// `06/2024` and `2024/25`: a month or a season, not a case.
fn looks_like_month(number: &str) -> bool {
    number.split_once('/').is_some_and(|(one, other)| {
        let is_year = |text: &str| text.len() == 4 && text.starts_with("20");
        let is_month =
            one.len() == 2 && one.parse().is_ok_and(|month: u8| (1..=12).contains(&month));
        (is_month && (other.len() == 2 || is_year(other))) || (is_year(one) && other.len() == 2)
    })
}

/// A column headed `Ihr Zeichen`.
fn collect_column(in_text: &Text<'_>, found: &mut Vec<(Firmness, Reference)>) {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:[il]hr(?:e|es)? ?)(?:akten|geschaefts)?-?(?:zeichen|az|referenz|ref)\.?:?$|^(?:aktenzeichen|az)\.?:?$",
        )
    });
    let mut column: Option<usize> = None;
    let mut start = 0;
    for line in in_text.folded.split('\n') {
        let is_row = line.contains(" | ");
        let cells: Vec<&str> = if is_row { line.split(" | ").collect() } else { Vec::new() };
        if !is_row {
            column = None;
        } else if let Some(at) = cells.iter().position(|cell| HEAD.is_match(cell.trim())) {
            // A pair of label and value in one row is no column.
            column = (cells.len() > 2).then_some(at);
        } else if let Some(at) = column
            && let Some(cell) = cells.get(at)
        {
            let offset: usize = cells[..at].iter().map(|cell| cell.len() + 3).sum();
            let from = start + offset;
            let value = cell.trim();
            if value.bytes().any(|b| b.is_ascii_digit()) && !value.contains(' ') && value.len() < 24
            {
                let range = from..from + value.len();
                let text = in_text.text[range.clone()].to_owned();
                let reference = Reference { text, source: in_text.source, range };
                found.push((Firmness::Express, reference));
            }
        }
        start += line.len() + 1;
    }
}

fn looks_like_date(number: &str) -> bool {
    let parts: Vec<&str> = number.split(['/', '-']).collect();
    matches!(parts.as_slice(), [d, m, y]
        if d.len() <= 2 && m.len() <= 2 && (y.len() == 4 || y.len() == 2)
            && d.bytes().chain(m.bytes()).all(|b| b.is_ascii_digit()))
}
