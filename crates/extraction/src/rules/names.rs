//! Who is meant: the client's name, and the creditor for whom the sender writes.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

use super::references::Source;
use crate::clean::CleanedMail;
use crate::fold::fold;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) source: Source,
    pub(super) range: Range<usize>,
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
            r"(?:(?i:\b(?:mandant(?:in|en|s)?|mandantschaft|schuldner(?:in|s)?|kund(?:e|in|en)|leasingnehmer(?:in|s)?|beitragszahler(?:in|s)?|versicherungsnehmer(?:in|s)?",
            r"|mieter(?:in|s)?|mitglied(?:s)?|kontoinhaber(?:in|s)?|darlehensnehmer(?:in|s)?|patient(?:in|en)?|versicherte[rn]?|debtor|your client|kreditnehmer(?:in|s)?|zahlungspflichtige[rn]?",
            r"|vertragspartner(?:in|s)?|name|rechnungsempf(?:ä|ae)nger(?:in|s)?|anschlussinhaber(?:in|s)?|auftraggeber(?:in)?_)\b|\./\.|\bgegen\b|\bi\. ?s\.|\bbetreffend\b|\bin sachen\b))",
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
        r"{}(?:,| \(| [-/|]) ?(?i:[il]hre?[mnrs]? (?:az|akten|gesch|zeichen|ref)|az\b|aktenzeichen|unser zeichen|your ref|dort|zeichen|eue?r zeichen|[A-Z]{{1,4}}-[0-9]|[0-9]{{3,}})",
        full_name()
    ))
});

static NAME_IN_SUBJECT: LazyLock<Regex> = LazyLock::new(|| pattern(&full_name()));

static SURNAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?i:herrn?|frau|mandantin|mandanten|kundin|kunde) ((?:{PARTICLE})?{WORD})"
    ))
});

/// `Muster AG ./. Max Muster`, `Auftraggeber Muster AG`.
static ACTS_FOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:^|\n|[:,;(] ?|[Ii]n Sachen |[Bb]ezug: |Vorgang [A-Z0-9-]+ \()([^\n,;:()]{3,80}?) (?:\./\.|gegen (?:Herrn?|Frau)?)",
        r"|(?:Auftraggeber(?:in)?|Gläubiger(?:in)?|Mandantschaft|Namens und in Vollmacht de[rs]|unsere[rn]? Mandantin|unsere[sn]? Mandanten?|[Oo]ur client|im Auftrag de[rs]|für unsere Auftraggeberin)[ :|]+(?:,? ?(?:der|die|des) )?([^\n,;:|()]{3,80}?)(?:,|\n|\||;|:|\(| (?:gegen|has|aus|steht|wegen|hat)\b|$)"
    ))
});

/// Reads the names in a mail.
pub(super) fn names(mail: &CleanedMail) -> Names {
    let mut names = Names { creditor: creditor(mail), ..Names::default() };
    let mut express = Vec::new();
    for source in [Source::Body, Source::Subject] {
        express.extend(matches(&AS_CLIENT, source, mail));
        express.extend(matches(&BESIDE_NUMBER, source, mail));
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
    names.client = only_familiar(titled, mail)
        .or_else(|| only_familiar(matches(&NAME_IN_SUBJECT, Source::Body, mail), mail))
        .or_else(|| matches(&WITH_TITLE, Source::Body, mail).into_iter().next())
        .or_else(|| matches(&WITH_TITLE, Source::Subject, mail).into_iter().next())
        .or_else(|| matches(&AS_CLIENT, Source::Quote, mail).into_iter().next())
        .or_else(|| matches(&WITH_TITLE, Source::Quote, mail).into_iter().next())
        .or_else(|| matches(&NAME_IN_SUBJECT, Source::Subject, mail).into_iter().next())
        .or_else(|| matches_of(&SURNAME, Source::Body, 1, mail).into_iter().next());
    names
}

fn matches(pattern: &Regex, source: Source, mail: &CleanedMail) -> Vec<Name> {
    matches_of(pattern, source, 2, mail)
}

/// The first name that shares a word with the subject or the office's letter.
fn only_familiar(names: Vec<Name>, mail: &CleanedMail) -> Option<Name> {
    let known = fold(&format!("{} {}", mail.subject, mail.quote));
    let known: HashSet<&str> = known.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
    names.into_iter().find(|name| {
        parts(&name.text).iter().any(|part| part.len() > 2 && known.contains(part.as_str()))
    })
}

/// Names of at least `fewest` words.
fn matches_of(pattern: &Regex, source: Source, fewest: usize, mail: &CleanedMail) -> Vec<Name> {
    let text = source.text(mail);
    let mut found = Vec::new();
    for captures in pattern.captures_iter(text) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
        if is_addressed(&text[..whole.start()]) {
            continue;
        }
        if let Some(name) = person(text, name.range(), fewest, source, mail) {
            found.push(name);
        }
    }
    found
}

/// `Sehr geehrte Frau …`, `Bearbeiter: Herr …`: not the client.
fn is_addressed(before: &str) -> bool {
    static ADDRESSED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:geehrter?|hallo|guten tag|guten morgen|liebe[r]?|moin|dear|bearbeiter(?:in)?:?|ansprechpartner(?:in)?:?|durchwahl|kollege|kollegin|zustaendig(?: ist)?:?|vorstand:?|gf:?|geschaeftsfuehrer(?:in)?:?|gez\.|i\. ?a\.|kanzlei|rechtsanwalt|rechtsanwaeltin|unser(?:e|en)? (?:mitarbeiter(?:in)?|kolleg(?:e|in)))[ ,:]*$",
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
    mail: &CleanedMail,
) -> Option<Name> {
    let mut end = range.end;
    if text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let mut start = range.start;
    while let Some(space) = text[start..end].find([' ', ',']) {
        if !is_no_name(&text[start..start + space]) {
            break;
        }
        start += space;
        start += text[start..end].len() - text[start..end].trim_start_matches([' ', ',']).len();
    }
    loop {
        let name = &text[start..end];
        let last_start = name.rfind([' ', ',']).map_or(0, |at| at + 1);
        if !is_no_name(&name[last_start..]) {
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
        .any(|part| is_no_name(part) || is_of_sender(part, mail))
    {
        return None;
    }
    if text[end..].trim_start().starts_with('&')
        || ["GmbH", "AG", "KG", "e.K.", "eG", "mbH", "UG", "SE", "Ltd", "mbB"]
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
    (parts.len() >= fewest).then_some(Name { text: repaired, source, range: start..end })
}

fn follows_article(before: &str) -> bool {
    let word = before.trim_end().rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    matches!(
        word.to_lowercase().as_str(),
        "der"
            | "die"
            | "das"
            | "dem"
            | "den"
            | "des"
            | "ein"
            | "eine"
            | "einer"
            | "einem"
            | "unsere"
            | "unser"
            | "unserer"
            | "unserem"
            | "ihre"
            | "ihr"
            | "ihrer"
            | "ihrem"
    )
}

/// Scanners read `0` for `o` and `1` for `l` inside words; at the end of one it is a number.
fn repair(name: &str) -> String {
    let next = name.chars().skip(1).map(Some).chain([None]);
    name.chars()
        .zip(next)
        .map(|(c, next)| match c {
            '0' if next.is_some_and(char::is_alphabetic) => 'o',
            '1' if next.is_some_and(char::is_alphabetic) => 'l',
            other => other,
        })
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

/// Capitalised words that stand beside names, not in them.
fn is_no_name(word: &str) -> bool {
    let word = fold(word.trim_matches(['.', ':', '-', ',']));
    let ends = [
        "ung",
        "ungen",
        "nummer",
        "konto",
        "zeichen",
        "vertrag",
        "plan",
        "schaft",
        "forderung",
        "summe",
        "betrag",
        "stand",
        "bank",
        "kasse",
        "werke",
        "versicherung",
        "inkasso",
        "anfrage",
        "schreiben",
        "rechnung",
        "auskunft",
        "gmbh",
        "verfahren",
        "antrag",
        "bescheid",
        "zinsen",
        "kosten",
        "darlehen",
        "heit",
        "nr",
        "nehmer",
        "nehmerin",
        "guthaben",
        "service",
        "abteilung",
        "hoehe",
        "stelle",
        "sache",
        "praxis",
        "keit",
        "tion",
        "ismus",
        "angebot",
        "vergleich",
        "rate",
        "raten",
        "mahnung",
    ];
    word.chars().count() < 2
        || ends.iter().any(|end| word.len() > end.len() && word.ends_with(end) || word == *end)
        || matches!(
            word.as_str(),
            "ihr"
                | "ihnen"
                | "ihres"
                | "betreffend"
                | "familie"
                | "versicherte"
                | "versicherter"
                | "mandanten"
                | "mandantschaft"
                | "durchwahl"
                | "patientin"
                | "patient"
                | "kontoinhaberin"
                | "kontoinhaber"
                | "ein"
                | "eine"
                | "einen"
                | "einer"
                | "name"
                | "dr"
                | "prof"
                | "praxis"
                | "telefonisch"
                | "hier"
                | "sache"
                | "sachen"
                | "ihre"
                | "ihrem"
                | "ihren"
                | "ihrer"
                | "unser"
                | "unsere"
                | "unserem"
                | "az"
                | "aktenzeichen"
                | "herr"
                | "herrn"
                | "frau"
                | "die"
                | "der"
                | "das"
                | "den"
                | "dem"
                | "wir"
                | "sie"
                | "es"
                | "und"
                | "am"
                | "im"
                | "kunde"
                | "kundin"
                | "mandant"
                | "mandantin"
                | "schuldner"
                | "schuldnerin"
                | "aw"
                | "re"
                | "wg"
                | "fwd"
                | "betreff"
                | "vorgang"
                | "fall"
                | "akte"
                | "kd"
                | "nr"
                | "team"
                | "service"
                | "kanzlei"
                | "gmbh"
                | "ag"
                | "kg"
                | "eg"
                | "ltd"
                | "mbh"
                | "finanzamt"
                | "jobcenter"
                | "sparkasse"
                | "volksbank"
                | "amtsgericht"
                | "landgericht"
                | "gericht"
                | "hallo"
                | "guten"
                | "tag"
                | "sehr"
                | "geehrte"
                | "damen"
                | "herren"
                | "eur"
                | "euro"
                | "forderungen"
                | "konten"
                | "insolvenz"
                | "antwort"
                | "saldo"
                | "datum"
                | "januar"
                | "februar"
                | "maerz"
                | "april"
                | "mai"
                | "juni"
                | "juli"
                | "august"
                | "september"
                | "oktober"
                | "november"
                | "dezember"
                | "bezug"
                | "bitte"
                | "zu"
                | "zur"
                | "zum"
                | "in"
                | "mit"
                | "von"
                | "fuer"
                | "mieter"
                | "mieterin"
                | "mitglied"
                | "mitgl"
                | "letzte"
                | "korrektur"
                | "neue"
                | "neuer"
                | "offene"
                | "offener"
                | "status"
                | "info"
                | "telefon"
                | "fax"
                | "schuldnerberatung"
                | "versandhaus"
                | "stadtwerke"
                | "undelivered"
                | "mail"
                | "returned"
                | "sender"
                | "automatische"
                | "abwesenheitsnotiz"
                | "eilt"
                | "wichtig"
                | "danke"
                | "gruss"
                | "gruesse"
                | "beste"
                | "viele"
                | "freundliche"
                | "dear"
                | "sirs"
                | "your"
                | "our"
                | "the"
                | "debtor"
                | "client"
                | "details"
                | "abs"
                | "vor"
                | "nach"
                | "bei"
                | "auf"
                | "an"
                | "aus"
                | "laut"
                | "gegen"
                | "wegen"
                | "kind"
                | "regards"
                | "ratenzahlung"
                | "vollmacht"
                | "adresse"
                | "anschrift"
                | "geburtsdatum"
                | "nachweis"
                | "unterlagen"
                | "rundfunkbeitrag"
                | "strom"
                | "gas"
                | "wohnung"
                | "firma"
                | "rae"
                | "ra"
                | "rechtsanwaelte"
                | "beitrag"
                | "beitraege"
                | "schulden"
                | "dritte"
                | "dritten"
        )
}

fn creditor(mail: &CleanedMail) -> Option<String> {
    for text in [&mail.body, &mail.subject] {
        for captures in ACTS_FOR.captures_iter(text) {
            let Some(name) = captures.get(1).or_else(|| captures.get(2)) else { continue };
            let name =
                name.as_str().trim().trim_start_matches("der ").trim_start_matches("die ").trim();
            if name.starts_with(char::is_uppercase) && name.split(' ').count() <= 8 {
                return Some(name.to_owned());
            }
        }
    }
    mail.from_name.clone().filter(|name| !name.trim().is_empty())
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
