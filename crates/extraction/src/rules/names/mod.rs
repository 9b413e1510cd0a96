//! Who is meant: the client's name, and the creditor for whom the sender writes.

mod creditor;
mod word;

use std::cell::LazyCell;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::texts::{Announced, Source, Text, Texts};
use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::pattern::pattern;
use crate::tail::tail;
use creditor::creditor;
use word::{follows_article, is_no_name, repair};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) source: Source,
    pub(super) range: Range<usize>,
}

/// What a mail says about words that might be names.
struct Known<'a> {
    mail: &'a CleanedMail,
    /// Words that are no names in it, folded.
    things: HashSet<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) client: Option<Name>,
    /// Two different persons are named as clients.
    pub(super) several: bool,
    pub(super) creditor: Option<String>,
}

const WORD: &str = r"\p{Lu}[\p{L}\d'’]+(?:-\p{L}[\p{L}\d'’]+)*";
/// Small words inside names.
const PARTICLES: [&str; 22] = [
    "von", "der", "dem", "den", "van", "de", "la", "del", "della", "di", "da", "dos", "el", "al",
    "zu", "zur", "ter", "ten", "bin", "ibn", "vom", "und",
];

const PARTICLE: &str = r"(?:(?i:von der|von dem|von den|von|van der|van den|van de|van|de la|de|del|della|di|da|dos|el|al|ter|ten|bin|ibn|vom) )";

/// `Vorname Nachname` or `Nachname, Vorname`.
static FULL_NAME: LazyLock<String> = LazyLock::new(|| {
    format!(
        r"(?:(?:{PARTICLE})?{WORD}(?: {WORD})?, ?{WORD}(?:[ -]{WORD})?|{WORD}(?: (?:\p{{Lu}}\. )?(?:{PARTICLE})?{WORD}){{1,2}})"
    )
});

/// Words that say outright that the name is the debtor's.
static AS_CLIENT: LazyLock<Announced> = LazyLock::new(|| {
    full_name_after(concat!(
        r"(?:(?:\b(?:mandant(?:in|en|s)?|mandantschaft|klient(?:in|en)?|kund(?:e|in|en)|mitglied(?:s)?|patient(?:in|en)?|versicherte[rn]?|debtor|your client|name)",
        r"|schuldner(?:in|s)?|(?:nehmer|inhaber|zahler|mieter|empfaenger|partner)(?:in|s)?|pflichtige[rn]?)\b|\./\.|\bgegen\b|\bi\. ?s\.|\bbetreffend\b|\bin sachen\b)",
        r"[ :|]*(?:\n[ ]*)?(?:(?:herrn?|frau|hr\.|fr\.|mr\.?|mrs\.?|ms\.?|eheleute) )?(?:dr\. |prof\. )?"
    ))
});

/// `Herr Max Muster`: a client, or somebody's clerk.
static WITH_TITLE: LazyLock<Announced> = LazyLock::new(|| {
    full_name_after(r"\b(?:herrn?|frau|hr\.|fr\.|mr\.?|mrs\.?|ms\.?) (?:dr\. |prof\. )?")
});

/// `AZ-2026-1 (Max Muster)`, `zu 740020, Frau Anna Muster`: the number first.
static BEHIND_NUMBER: LazyLock<Announced> = LazyLock::new(|| {
    full_name_after(
        r"\b(?:az-[0-9]{2,4}-[0-9]{1,5}|[0-9]{1,7}[_/][0-9]{2,6}|[0-9]{6})(?: \((?:(?:herrn?|frau) )?|, (?:herrn?|frau) )",
    )
});

/// `für Anna Muster`, `zu Anna Muster`, `Betr.: Muster, Anna`: whom it is about, or what.
static SPOKEN_OF: LazyLock<Announced> =
    LazyLock::new(|| full_name_after(r"\b(?:fuer|zu|von|betr\.?:?|betreff:?|angelegenheit) "));

static SURNAME: LazyLock<Announced> = LazyLock::new(|| {
    Announced::new(
        r"\b(?:herrn?|frau|mandantin|mandanten|kundin|kunde) ",
        &format!("(?:{PARTICLE})?{WORD}"),
    )
});

/// What stands behind the name in `Max Muster, Ihr Zeichen 1/26` and `Max Muster (1/26)`.
static NUMBER_BESIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:,| \(| [-/|]) ?(?:(?:bei|von) (?:ihnen|euch)\b|[il]hre?[mnrs]? (?:az|akten|gesch|zeichen|zahl|ref)|[0-9]{1,5}[/_][0-9]{2}\b|az\b|aktenzeichen|unser zeichen|your ref|dort|zeichen|eue?r zeichen|[a-z]{1,4}-[0-9]|[0-9]{3,})",
    )
});

static LAST_NAME_BEFORE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("{}$", *FULL_NAME)));

static ANY_NAME: LazyLock<Regex> = LazyLock::new(|| pattern(&FULL_NAME));

fn full_name_after(words: &str) -> Announced {
    Announced::new(words, &FULL_NAME)
}

/// Where what makes a name one begins and ends, and the name in it.
struct Place {
    whole: Range<usize>,
    name: Range<usize>,
}

/// The names behind such words.
fn behind<'t>(words: &'t Announced, text: &'t Text<'_>) -> impl Iterator<Item = Place> {
    words.find_iter(&text.folded, text.text).map(|(words, name)| {
        // `Kontoinhaber` is announced by its last part.
        let start = text.text[..words.start].trim_end_matches(char::is_alphabetic).len();
        Place { whole: start..name.end, name }
    })
}

/// The names with a number or a sign behind them.
fn beside_number(text: &Text<'_>) -> impl Iterator<Item = Place> {
    NUMBER_BESIDE.find_iter(&text.folded).filter_map(|number| {
        let name = LAST_NAME_BEFORE.find(&text.text[..number.start()])?;
        Some(Place { whole: name.start()..number.end(), name: name.range() })
    })
}

fn anywhere(text: &Text<'_>) -> impl Iterator<Item = Place> {
    ANY_NAME.find_iter(text.text).map(|name| Place { whole: name.range(), name: name.range() })
}

/// Reads the names in a mail.
pub(super) fn names(texts: &Texts<'_>) -> Names {
    let Texts { mail, subject, body, quote } = texts;
    let mut names = Names { creditor: creditor(mail), ..Names::default() };
    let known = &Known { mail, things: things(&body.folded) };
    let mut express = Vec::new();
    for text in [body, subject] {
        express.extend(persons(text, behind(&AS_CLIENT, text), known));
        express.extend(persons(text, beside_number(text), known));
        express.extend(persons(text, behind(&BEHIND_NUMBER, text), known));
    }
    if let Some(first) = express.first() {
        let is_first: Vec<bool> =
            express.iter().map(|other| may_be_same(&first.text, &other.text)).collect();
        names.several = is_first.contains(&false);
        names.client = express
            .iter()
            .zip(is_first)
            .filter(|(_, is_first)| *is_first)
            .map(|(name, _)| name)
            .max_by_key(|other| {
                (parts(&other.text).len().min(2), std::cmp::Reverse(other.source as u8))
            })
            .cloned();
        return names;
    }
    let titled: Vec<Name> = persons(body, behind(&WITH_TITLE, body), known).collect();
    let first_titled = titled.first().cloned();
    names.client = only_familiar(titled, texts)
        .or_else(|| only_familiar(persons(body, anywhere(body), known), texts))
        .or(first_titled)
        .or_else(|| persons(body, behind(&SPOKEN_OF, body), known).next())
        .or_else(|| persons(subject, behind(&WITH_TITLE, subject), known).next())
        .or_else(|| persons(quote, behind(&AS_CLIENT, quote), known).next())
        .or_else(|| persons(quote, behind(&WITH_TITLE, quote), known).next())
        .or_else(|| persons(subject, anywhere(subject), known).next())
        .or_else(|| of_persons(1, body, behind(&SURNAME, body), known).next());
    names
}

/// The first name that shares a word with the subject or the office's letter.
fn only_familiar<'t>(names: impl IntoIterator<Item = Name>, texts: &'t Texts<'_>) -> Option<Name> {
    let known = LazyCell::new(|| -> HashSet<&str> {
        let words = |text: &'t str| text.split(|c: char| !c.is_alphanumeric() && c != '-');
        words(&texts.subject.folded).chain(words(&texts.quote.folded)).collect()
    });
    names.into_iter().find(|name| {
        parts(&name.text).iter().any(|part| part.len() > 2 && known.contains(part.as_str()))
    })
}

/// A mail with more names is no answer about one client, and each costs a look around it.
const MOST_NAMES: usize = 1_000;

/// The names of at least two words among these places.
fn persons<'t>(
    text: &'t Text<'_>,
    places: impl Iterator<Item = Place> + 't,
    known: &'t Known<'_>,
) -> impl Iterator<Item = Name> + 't {
    of_persons(2, text, places, known)
}

/// The names of at least `fewest` words among these places.
fn of_persons<'t>(
    fewest: usize,
    in_text: &'t Text<'_>,
    places: impl Iterator<Item = Place> + 't,
    known: &'t Known<'_>,
) -> impl Iterator<Item = Name> + 't {
    let text = in_text.text;
    places.take(MOST_NAMES).filter_map(move |Place { whole, name }| {
        let found = person(in_text, name.clone(), fewest, known)?;
        let is_of_another = is_addressed(&text[..whole.start])
            || is_half_of_a_couple(&text[..name.start])
            || is_creditor(&text[name.end..])
            || is_amount_at(&text[..whole.end], &text[whole.end..])
            || in_text.is_set_aside(name.start);
        (!is_of_another).then_some(found)
    })
}

/// `Muster AG gegen …`, `Muster ./. …`: whoever stands before the sign has the claim.
fn is_creditor(after: &str) -> bool {
    let after = after.trim_start();
    after.starts_with("./.")
        || after.strip_prefix("gegen").is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// From `Eheleute` to the second name, in bytes.
const LONGEST_COUPLE: usize = 80;

/// `Eheleute Anna und Max Muster`: one of them is meant, and this does not say which.
fn is_half_of_a_couple(before: &str) -> bool {
    static COUPLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i:eheleuten?|ehepaar|herrn? und frau|familie) (?:\p{Lu}[\p{L}-]+ )?(?:und|u\.|&) $",
        )
    });
    COUPLE.is_match(tail(before, LONGEST_COUPLE))
}

/// `Ablöse Endgerät | 349,00 EUR`: the number beside the words is an amount.
fn is_amount_at(number: &str, after: &str) -> bool {
    if !number.ends_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    if let Some(cents) = rest.strip_prefix([',', '.']) {
        return cents.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    }
    ["€", "EUR", "Euro", "| EUR", "| €"]
        .iter()
        .any(|currency| rest.trim_start().starts_with(currency))
}

/// `unser Geschäftsführer Herr Prof. Dr. `, in bytes.
const LONGEST_ADDRESS: usize = 40;

/// `Sehr geehrte Frau …`, `Bearbeiter: Herr …`: not the client.
fn is_addressed(before: &str) -> bool {
    static ADDRESSED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:geehrter?|hallo|guten tag|guten morgen|liebe[r]?|moin|dear|bearbeiter(?:in)?:?|ansprechpartner(?:in)?:?|durchwahl|kollege|kollegin|zustaendig(?: ist)?:?|vorstand:?|gf:?|geschaeftsfuehrer(?:in)?:?|gez\.|i\. ?a\.|kanzlei|rechtsanwalt|rechtsanwaeltin|unser(?:e|en)? (?:mitarbeiter(?:in)?|kolleg(?:e|in)))(?: (?:frau|herrn?))?(?: (?:dr|prof)\.?)*[ ,:]*$",
        )
    });
    ADDRESSED.is_match(&fold(tail(before, LONGEST_ADDRESS)))
}

/// Cuts what follows a name and refuses what is no person.
fn person(
    in_text: &Text<'_>,
    range: Range<usize>,
    fewest: usize,
    known: &Known<'_>,
) -> Option<Name> {
    let text = in_text.text;
    let mut end = range.end;
    if text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let mut start = range.start;
    // `Max Muster, Kfz-Vertrag`: what follows the comma is no first name.
    if let Some((before, after)) = text[start..end].split_once(',')
        && before.contains(' ')
        && after.split(' ').any(|word| !word.is_empty() && is_no_name(word))
    {
        end = start + before.len();
    }
    let is_left_out = |word: &str| is_no_name(word) || is_abbreviation(word, &text[range.clone()]);
    while let Some(space) = text[start..end].find([' ', ',']) {
        if !is_left_out(&text[start..start + space]) {
            break;
        }
        start += space;
        start += text[start..end].len() - text[start..end].trim_start_matches([' ', ',']).len();
    }
    loop {
        let name = &text[start..end];
        let last_start = name.rfind([' ', ',']).map_or(0, |at| at + 1);
        if !is_left_out(&name[last_start..]) {
            break;
        }
        let kept = name[..last_start].trim_end_matches([' ', ',']).len();
        if kept == 0 {
            return None;
        }
        end = start + kept;
    }
    let name = &text[start..end];
    let parts = parts(name);
    let is_particle = |part: &&String| PARTICLES.contains(&part.as_str());
    if parts.iter().filter(|part| !is_particle(part)).any(|part| {
        is_no_name(part) || is_of_sender(part, known.mail) || known.things.contains(part)
    }) || is_address(text, end)
    {
        return None;
    }
    // `Brüggemann ./. Fonaxo Mobil`: the text says what the subject leaves out.
    let is_firm_elsewhere = || {
        let texts = [&known.mail.body, &known.mail.signature];
        let mut places = texts.into_iter().flat_map(|text| {
            text.match_indices(name).map(move |(at, name)| &text[at + name.len()..])
        });
        in_text.source == Source::Subject && places.any(goes_on_as_firm)
    };
    if goes_on_as_firm(&text[end..]) || is_firm_elsewhere() {
        return None;
    }
    // `das Fahrzeug von Max Muster`, `die Mutter Anna Muster`: a noun, then the name.
    if parts.len() > 2 && follows_article(&text[..start]) {
        let mut words = name.split(' ');
        let noun = words.next().map_or(0, |word| word.len() + 1);
        let particle = name[noun..].starts_with("von ");
        start += noun + if particle { 4 } else { 0 };
    }
    let name = &text[start..end];
    let repaired = repair(name);
    (name.split([' ', ',']).filter(|part| !part.is_empty()).count() >= fewest).then_some(Name {
        text: repaired,
        source: in_text.source,
        range: start..end,
    })
}

/// `Muster & Sohn`, `Muster GmbH`, `Muster Versicherung AG`.
fn goes_on_as_firm(after: &str) -> bool {
    const FORMS: [&str; 12] =
        ["GmbH", "AG", "KG", "e.K.", "eG", "mbH", "UG", "SE", "Ltd", "mbB", "GbR", "OHG"];
    let rest = after.trim_start();
    let is_form = |text: &str| FORMS.iter().any(|form| text.starts_with(form));
    let second = rest.split_once(' ').filter(|(first, _)| {
        first.starts_with(char::is_uppercase) && first.chars().all(char::is_alphanumeric)
    });
    rest.starts_with('&')
        || is_form(rest)
        || after.starts_with(' ') && second.is_some_and(|(_, second)| is_form(second))
}

/// `HK` in `Muster HK`: capitals beside words that have small letters are no name.
fn is_abbreviation(word: &str, all: &str) -> bool {
    let is_short = (2..=4).contains(&word.chars().count());
    is_short && word.chars().all(char::is_uppercase) && all.contains(char::is_lowercase)
}

/// `Lerchenfeld 8`: a house.
fn is_address(text: &str, end: usize) -> bool {
    let Some(number) = text[end..].strip_prefix(' ') else { return false };
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let after = number.as_bytes().get(digits);
    (1..=3).contains(&digits) && !after.is_some_and(|c| matches!(c, b'/' | b'_' | b'-'))
}

/// The words that the mail uses with an article that people do not bear: `das Obligo`.
fn things(folded: &str) -> HashSet<String> {
    const ARTICLES: [&str; 7] = ["das", "ein", "im", "beim", "kein", "dieses", "eines"];
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
    words
        .windows(2)
        .filter(|pair| ARTICLES.contains(&pair[0]))
        .map(|pair| pair[1].to_owned())
        .collect()
}

fn parts(name: &str) -> Vec<String> {
    name.split([' ', ',']).filter(|part| !part.is_empty()).map(fold).collect()
}

/// Whether two spellings can mean one person: one has all the words of the other.
pub(super) fn may_be_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let fold_all = |name: &str| -> Vec<String> {
        parts(name)
            .iter()
            .map(|part| part.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>())
            .map(|part| part.replace("ue", "u").replace("oe", "o").replace("ae", "a"))
            .collect()
    };
    let (one, other) = (fold_all(one), fold_all(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short.iter().all(|part| long.contains(part))
}

fn is_of_sender(part: &str, mail: &CleanedMail) -> bool {
    part.chars().count() > 3
        && mail.from_name.as_deref().is_some_and(|name| {
            fold(name).split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == part)
        })
}

/// A list of persons, each with a number: `Anna Muster (12/26)  500,00 EUR`.
pub(super) fn lists_several(body: &str) -> bool {
    static LISTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"^(?:- |[0-9]\. |\| )?({})[ ,;:|]+\(?((?:AZ-)?[0-9][0-9/_-]{{3,}}[0-9])\b",
            *FULL_NAME
        ))
    });
    let has_number = |line: &&str| line.bytes().filter(u8::is_ascii_digit).nth(1).is_some();
    let mut listed = body.split('\n').filter(has_number).filter_map(|line| {
        let found = LISTED.captures(line)?;
        let name = found.get(1)?.as_str();
        let is_person = parts(name).iter().all(|part| !is_no_name(part));
        is_person.then(|| (name, found.get(2).map_or("", |number| number.as_str())))
    });
    let Some((first, number)) = listed.next() else { return false };
    listed.any(|(name, other)| other != number && !may_be_same(first, name))
}
