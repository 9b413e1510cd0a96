//! Who is meant: the client's name, and the creditor for whom the sender writes.

mod creditor;
mod word;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::pattern::pattern;

use super::references::Source;
use super::segments::is_set_aside;
use crate::clean::CleanedMail;
use crate::fold::fold;
use creditor::creditor;
use word::{follows_article, is_no_name, repair};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) source: Source,
    pub(super) range: Range<usize>,
}

/// A mail in which names are looked for.
struct Text<'a> {
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
fn full_name() -> String {
    format!(
        r"((?:{PARTICLE})?{WORD}(?: {WORD})?, ?{WORD}(?:[ -]{WORD})?|{WORD}(?: (?:\p{{Lu}}\. )?(?:{PARTICLE})?{WORD}){{1,2}})"
    )
}

/// Words that say outright that the name is the debtor's.
static AS_CLIENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        concat!(
            r"(?:(?i:\b(?:mandant(?:in|en|s)?|mandantschaft|klient(?:in|en)?|\p{{L}}*schuldner(?:in|s)?|kund(?:e|in|en)|\p{{L}}*(?:nehmer|inhaber|zahler|mieter|empfänger|empfaenger|partner)(?:in|s)?",
            r"|\p{{L}}*pflichtige[rn]?|mitglied(?:s)?|patient(?:in|en)?|versicherte[rn]?|debtor|your client|name)\b|\./\.|\bgegen\b|\bi\. ?s\.|\bbetreffend\b|\bin sachen\b))",
            r"[ :|]*(?:\n[ ]*)?(?:(?i:herrn?|frau|hr\.|fr\.|mr\.?|mrs\.?|ms\.?|eheleute) )?(?:Dr\. |Prof\. )?{}"
        ),
        full_name()
    ))
});

/// `Herr Max Muster`: a client, or somebody's clerk.
static WITH_TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?i:herrn?|frau|hr\.|fr\.|mr\.?|mrs\.?|ms\.?) (?:Dr\. |Prof\. )?{}",
        full_name()
    ))
});

/// `Max Muster, Ihr Zeichen 1/26` and `Max Muster (1/26)`.
static BESIDE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"{}(?:,| \(| [-/|]) ?(?i:(?:bei|von) (?:ihnen|euch)\b|[il]hre?[mnrs]? (?:az|akten|gesch|zeichen|zahl|ref)|[0-9]{{1,5}}[/_][0-9]{{2}}\b|az\b|aktenzeichen|unser zeichen|your ref|dort|zeichen|eue?r zeichen|[A-Z]{{1,4}}-[0-9]|[0-9]{{3,}})",
        full_name()
    ))
});

/// `AZ-2026-1 (Max Muster)`, `zu 740020, Frau Anna Muster`: the number first.
static BEHIND_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:AZ-[0-9]{{2,4}}-[0-9]{{1,5}}|[0-9]{{1,7}}[_/][0-9]{{2,6}}|[0-9]{{6}})(?: \((?:(?i:herrn?|frau) )?|, (?i:herrn?|frau) ){}",
        full_name()
    ))
});

/// `für Anna Muster`, `zu Anna Muster`, `Betr.: Muster, Anna`: whom it is about, or what.
static SPOKEN_OF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"\b(?i:für|zu|von|betr\.?:?|betreff:?|angelegenheit) {}", full_name()))
});

static NAME_IN_SUBJECT: LazyLock<Regex> = LazyLock::new(|| pattern(&full_name()));

static SURNAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?i:herrn?|frau|mandantin|mandanten|kundin|kunde) ((?:{PARTICLE})?{WORD})"
    ))
});

/// Reads the names in a mail.
pub(super) fn names(mail: &CleanedMail) -> Names {
    let mut names = Names { creditor: creditor(mail), ..Names::default() };
    let mail = &Text { mail, things: things(&mail.body) };
    let mut express = Vec::new();
    for source in [Source::Body, Source::Subject] {
        express.extend(matches(&AS_CLIENT, source, mail));
        express.extend(matches(&BESIDE_NUMBER, source, mail));
        express.extend(matches(&BEHIND_NUMBER, source, mail));
    }
    if let Some(first) = express.first().cloned() {
        names.several = express.iter().any(|other| !may_be_same(&first.text, &other.text));
        names.client = express
            .iter()
            .filter(|other| may_be_same(&first.text, &other.text))
            .max_by_key(|other| {
                (parts(&other.text).len().min(2), std::cmp::Reverse(other.source as u8))
            })
            .cloned();
        return names;
    }
    let titled = matches(&WITH_TITLE, Source::Body, mail);
    let first_titled = titled.first().cloned();
    names.client = only_familiar(titled, mail)
        .or_else(|| only_familiar(matches(&NAME_IN_SUBJECT, Source::Body, mail), mail))
        .or(first_titled)
        .or_else(|| matches(&SPOKEN_OF, Source::Body, mail).into_iter().next())
        .or_else(|| matches(&WITH_TITLE, Source::Subject, mail).into_iter().next())
        .or_else(|| matches(&AS_CLIENT, Source::Quote, mail).into_iter().next())
        .or_else(|| matches(&WITH_TITLE, Source::Quote, mail).into_iter().next())
        .or_else(|| matches(&NAME_IN_SUBJECT, Source::Subject, mail).into_iter().next())
        .or_else(|| matches_of(&SURNAME, Source::Body, 1, mail).into_iter().next());
    names
}

fn matches(pattern: &Regex, source: Source, mail: &Text<'_>) -> Vec<Name> {
    matches_of(pattern, source, 2, mail)
}

/// The first name that shares a word with the subject or the office's letter.
fn only_familiar(names: Vec<Name>, Text { mail, .. }: &Text<'_>) -> Option<Name> {
    let known = fold(&format!("{} {}", mail.subject, mail.quote));
    let known: HashSet<&str> = known.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
    names.into_iter().find(|name| {
        parts(&name.text).iter().any(|part| part.len() > 2 && known.contains(part.as_str()))
    })
}

/// A mail with more names is no answer about one client, and each costs a look around it.
const MOST_NAMES: usize = 1_000;

/// Names of at least `fewest` words.
fn matches_of(pattern: &Regex, source: Source, fewest: usize, mail: &Text<'_>) -> Vec<Name> {
    let text = source.text(mail.mail);
    let mut found = Vec::new();
    for captures in pattern.captures_iter(text).take(MOST_NAMES) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
        if is_addressed(&text[..whole.start()])
            || is_half_of_a_couple(&text[..name.start()])
            || text[name.end()..].trim_start().starts_with("gegen ")
            || is_amount_at(&text[..whole.end()], &text[whole.end()..])
            || is_set_aside(text, name.start())
        {
            continue;
        }
        if let Some(name) = person(text, name.range(), fewest, source, mail) {
            found.push(name);
        }
    }
    found
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
    let tail = before.len().saturating_sub(LONGEST_COUPLE);
    let tail = (tail..=before.len()).find(|at| before.is_char_boundary(*at)).unwrap_or(0);
    COUPLE.is_match(&before[tail..])
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

/// `Sehr geehrte Frau …`, `Bearbeiter: Herr …`: not the client.
fn is_addressed(before: &str) -> bool {
    static ADDRESSED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:geehrter?|hallo|guten tag|guten morgen|liebe[r]?|moin|dear|bearbeiter(?:in)?:?|ansprechpartner(?:in)?:?|durchwahl|kollege|kollegin|zustaendig(?: ist)?:?|vorstand:?|gf:?|geschaeftsfuehrer(?:in)?:?|gez\.|i\. ?a\.|kanzlei|rechtsanwalt|rechtsanwaeltin|unser(?:e|en)? (?:mitarbeiter(?:in)?|kolleg(?:e|in)))(?: (?:frau|herrn?))?(?: (?:dr|prof)\.?)*[ ,:]*$",
        )
    });
    let tail_start = before.len().saturating_sub(40);
    let tail_start =
        (tail_start..=before.len()).find(|at| before.is_char_boundary(*at)).unwrap_or(0);
    ADDRESSED.is_match(&fold(&before[tail_start..]))
}

/// Cuts what follows a name and refuses what is no person.
fn person(
    text: &str,
    range: Range<usize>,
    fewest: usize,
    source: Source,
    mail: &Text<'_>,
) -> Option<Name> {
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
    if parts
        .iter()
        .filter(|part| !is_particle(part))
        .any(|part| is_no_name(part) || is_of_sender(part, mail.mail) || mail.things.contains(part))
        || is_address(text, end)
    {
        return None;
    }
    if text[end..].trim_start().starts_with('&')
        || ["GmbH", "AG", "KG", "e.K.", "eG", "mbH", "UG", "SE", "Ltd", "mbB", "GbR", "OHG"]
            .iter()
            .any(|form| text[end..].trim_start().starts_with(form))
    {
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
        source,
        range: start..end,
    })
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
fn things(body: &str) -> HashSet<String> {
    const ARTICLES: [&str; 7] = ["das", "ein", "im", "beim", "kein", "dieses", "eines"];
    let folded = fold(body);
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
fn may_be_same(one: &str, other: &str) -> bool {
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
            r"(?m)^(?:- |[0-9]\. |\| )?{}[ ,;:|]+\(?((?:AZ-)?[0-9][0-9/_-]{{3,}}[0-9])\b",
            full_name()
        ))
    });
    let mut listed = LISTED.captures_iter(body).filter_map(|found| {
        let name = found.get(1)?.as_str();
        let is_person = parts(name).iter().all(|part| !is_no_name(part));
        is_person.then(|| (name, found.get(2).map_or("", |number| number.as_str())))
    });
    let Some((first, number)) = listed.next() else { return false };
    listed.any(|(name, other)| other != number && !may_be_same(first, name))
}
