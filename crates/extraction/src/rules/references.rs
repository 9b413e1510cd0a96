//! Case numbers: the office's own (Aktenzeichen) and the creditor's.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::texts::{Announced, Source, Text, Texts};
use crate::fold::fold;
use crate::pattern::pattern;
use crate::tail::tail;

/// A number and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) text: String,
    pub(super) source: Source,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct References {
    /// The office's number; `None` where there is none or several contradict each other.
    pub(super) ours: Option<Reference>,
    /// The mail names several numbers of the office.
    pub(super) several_ours: bool,
    /// Read in the office's own quoted letter only.
    pub(super) only_quoted: bool,
    /// All numbers as spelled, the office's first.
    pub(super) all: Vec<Reference>,
}

/// More are a list that no single claim is about; matching refuses it.
const MOST_REFERENCES: usize = 64;

/// A number of the office: digits with at most a short prefix, no spaces.
const OUR_NUMBER: &str = r"(?:[A-Za-z]{1,4}[-_])?[0-9][0-9OolI]*(?:[-_/][0-9OolI]+){0,3}";

/// How firmly a label says that the number is the office's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Firmness {
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

/// Reads all numbers of a mail.
pub(super) fn references(texts: &Texts<'_>) -> References {
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
    let mut in_letter: Vec<(Firmness, Reference)> = Vec::new();
    collect(&texts.quote, Firmness::Express, announced(&QUOTED, &texts.quote), &mut in_letter);
    if in_letter.is_empty() {
        collect_shaped(&texts.quote, &mut in_letter);
    }
    drop_senders_own(&mut found, &texts.body);
    let firmest = found.iter().map(|(firmness, _)| *firmness).max();
    let best: Vec<&Reference> =
        found.iter().filter(|(firmness, _)| Some(*firmness) == firmest).map(|(_, r)| r).collect();
    let mut references = References::default();
    // A number that the quoted letter carries is the office's, whatever stands beside it.
    let in_both = found.iter().map(|(_, reference)| reference).find(|reference| {
        in_letter.iter().any(|(_, quoted)| key(&quoted.text) == key(&reference.text))
    });
    if let Some(first) = best.first() {
        references.several_ours = firmest >= Some(Firmness::Labelled)
            && best.iter().any(|other| key(&other.text) != key(&first.text));
        references.several_ours |= firmest == Some(Firmness::Express)
            && in_letter.first().is_some_and(|(_, quoted)| key(&quoted.text) != key(&first.text))
            && in_both.is_none();
        references.ours = Some(in_both.unwrap_or(first).clone());
    } else if let Some((_, quoted)) = in_letter.first() {
        references.several_ours =
            in_letter.iter().any(|(_, other)| key(&other.text) != key(&quoted.text));
        references.ours = Some(quoted.clone());
        references.only_quoted = true;
    }
    references.all = all(texts, &references, &found);
    references
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

/// How far before a number the words are read that say whose it is, in bytes.
const LONGEST_APPROACH: usize = 60;

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

/// Nothing joins the number to what stands around it (`1381/25` is not in `11381/25`).
fn is_whole(text: &str, range: Range<usize>) -> bool {
    let mut after = text[range.end..].chars();
    match after.next() {
        None => true,
        Some(c) if c.is_alphanumeric() || c == '_' => false,
        Some('/') => !after.find(|c| *c != '/').is_some_and(char::is_alphanumeric),
        Some('-' | '.' | ',') => !after.next().is_some_and(char::is_alphanumeric),
        Some(_) => true,
    }
}

fn looks_like_date(number: &str) -> bool {
    let parts: Vec<&str> = number.split(['/', '-']).collect();
    matches!(parts.as_slice(), [d, m, y]
        if d.len() <= 2 && m.len() <= 2 && (y.len() == 4 || y.len() == 2)
            && d.bytes().chain(m.bytes()).all(|b| b.is_ascii_digit()))
}

/// `AW:` and the like: the subject is the office's own.
pub(super) fn is_reply_subject(subject: &str) -> bool {
    let lower = subject.trim_start().to_lowercase();
    ["aw:", "re:", "antw:", "antwort:", "sv:", "aw :", "re :"]
        .iter()
        .any(|mark| lower.starts_with(mark))
}

/// Letters and digits only, in upper case: what two spellings of one number share.
pub(super) fn key(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

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

fn all(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mail;
    use crate::clean::clean;

    fn read(subject: &str, body: &str) -> References {
        references(&Texts::of(&clean(&Mail {
            subject: Some(subject.to_owned()),
            from_email: "inkasso@bank.example".to_owned(),
            body_text: Some(body.to_owned()),
            ..Mail::default()
        })))
    }

    fn ours(body: &str) -> Option<String> {
        read("Auskunft", body).ours.map(|reference| reference.text)
    }

    #[test]
    fn the_offices_number_is_known_by_its_place() {
        for (body, number) in [
            ("Anna Muster (bei euch 740020) schuldet uns 5,00 EUR.", "740020"),
            ("Auf Ihre Anfrage vom 22.09.2026, AZ-2026-140, teilen wir mit:", "AZ-2026-140"),
            ("Bezug: Ihr Schreiben vom 14.09.2026, 2241_25", "2241_25"),
            ("in der Angelegenheit Max Muster (310/26) berichten wir.", "310/26"),
            ("zu 720110, Herrn Max Muster, liegt nichts vor.", "720110"),
            ("in Sachen Hafen AG ./. Muster (35/26 / ML-30-60117)", "35/26"),
            ("Ihre Akte : 750008", "750008"),
            ("Deine Referenz: 202/26", "202/26"),
            ("Zur Anfrage 207/26, Kostenschuldnerin Anna Muster:", "207/26"),
            ("zu Anna Muster (Vorgang 207/26, Konto HKV 77120443) ist überholt.", "207/26"),
        ] {
            assert_eq!(ours(body).as_deref(), Some(number), "{body}");
        }
    }

    #[test]
    fn a_number_that_only_looks_like_the_offices_is_left_alone() {
        for body in [
            "die Liquidation MRS 118820 ist storniert.",
            "Ihre Kundennummer: 740020",
            "Ihr Beitrag, 06/2024",
            "Muster, Max (26-3402 KS)",
            "Sauerbier ./. Muster (0077/26 KU)",
            "Ihr Ticket, 88-204471",
            "Ihr Semester, 2024/25",
        ] {
            assert_eq!(ours(body), None, "{body}");
        }
    }

    #[test]
    fn another_agencys_number_is_no_second_one_of_the_office() {
        let read =
            read("", "Ihr Zeichen 2308_26. Vorher war Lüders befasst (dortiges Zeichen 77-3301).");
        assert_eq!(read.ours.map(|number| number.text).as_deref(), Some("2308_26"));
        assert!(!read.several_ours);
    }

    #[test]
    fn numbers_in_groups_are_read_and_those_of_relatives_are_not() {
        let read = read(
            "",
            "Zum Engagement 0044 812 663:\n56 440 117  Kredit  5,00 EUR\nDer Ehemann (Mitglied EW-20419) zahlt.",
        );
        let all: Vec<&str> = read.all.iter().map(|number| number.text.as_str()).collect();
        assert_eq!(all, ["0044 812 663", "56 440 117"]);
    }

    #[test]
    fn the_forms_of_offices_that_label_nothing_are_read_whole() {
        for number in [
            "00533-26/th",
            "0077-26 uh",
            "1187/25 TK04",
            "DR II 0417/26",
            "HZA-V 2210/26",
            "V 3140/26-B 0288",
            "51.3-UV-4471",
            "ME 0714.03.11",
            "12.004.17",
            "HV 3.004.771",
            "L 5533810",
            "Q 4418 2290",
            "V 880 1142 73",
            "SPL-91C00317",
            "4917-22-800613",
        ] {
            let read = read("", &format!("wir schreiben zu {number}\nund bitten um Geduld."));
            let all: Vec<&str> = read.all.iter().map(|found| found.text.as_str()).collect();
            assert_eq!(all, [number]);
        }
        for text in [
            "seit dem 01.07.2026",
            "AZ 217/26",
            "Rechnung 2025-41 an Frau Muster",
            "von 1.234.567,00 EUR",
        ] {
            let read = read("", &format!("wir schreiben {text} und bitten um Geduld."));
            assert!(
                read.all
                    .iter()
                    .all(|found| !found.text.contains("AZ ") && !found.text.contains(" an")),
                "{read:?}"
            );
            assert!(read.all.len() <= 1, "{read:?}");
        }
    }
}
