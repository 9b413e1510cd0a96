//! The creditor for whom the sender writes.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use regex::Regex;

use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::pattern::pattern;

/// What parts the creditor from the debtor: `Muster AG ./. Max Muster`, `Muster AG gegen Herrn Muster`.
static AGAINST: LazyLock<Regex> = LazyLock::new(|| pattern(r" (?:\./\.|gegen )"));

/// `Auftraggeber Muster AG`.
static ACTS_FOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:Auftraggeber(?:in)?|Gläubiger(?:in)?|Mandantschaft|Namens und in Vollmacht de[rs]|unsere[rn]? Mandantin|unsere[sn]? Mandanten?|[Oo]ur client|im Auftrag de[rs]|für unsere Auftraggeberin)[ :|]+(?:,? ?(?:der|die|des) )?([^\n,;:|()]{3,80}?)(?:,|\n|\||;|:|\(| (?:gegen|has|aus|steht|wegen|hat)\b|$)",
    )
});

/// How long the name of a creditor is, in characters.
const LENGTHS: RangeInclusive<usize> = 3..=80;

/// No longer name is looked for, in bytes.
const LONGEST_BYTES: usize = 4 * 80;

pub(super) fn creditor(mail: &CleanedMail) -> Option<String> {
    let named = [&mail.body, &mail.subject].into_iter().find_map(|text| {
        let mut found: Vec<(usize, &str)> = against(text).chain(acts_for(text)).collect();
        found.sort_unstable_by_key(|(start, _)| *start);
        found.into_iter().map(|(_, name)| name).find(|name| {
            name.starts_with(char::is_uppercase)
                && name.split(' ').count() <= 8
                && !is_no_creditor(name)
        })
    });
    named
        .map(str::to_owned)
        .or_else(|| mail.from_name.clone().filter(|name| !name.trim().is_empty()))
}

/// The words before the sign in their line and sentence, with where they begin.
fn against(text: &str) -> impl Iterator<Item = (usize, &str)> {
    AGAINST.find_iter(text).filter_map(|sign| {
        let floor = text.ceil_char_boundary(sign.start().saturating_sub(LONGEST_BYTES));
        let before = &text[floor..sign.start()];
        let start = before.rfind(['\n', ',', ';', ':', '(']).map_or(0, |mark| mark + 1);
        let (start, name) = (floor + start, &before[start..]);
        let is_name = !name.contains(')') && LENGTHS.contains(&name.chars().count());
        is_name.then(|| (start, without_openings(name)))
    })
}

fn acts_for(text: &str) -> impl Iterator<Item = (usize, &str)> {
    ACTS_FOR.captures_iter(text).filter_map(|found| {
        let (whole, name) = (found.get(0)?, found.get(1)?);
        // `Ihre Mandantschaft` is the debtor.
        let word = text[..whole.start()].trim_end().rsplit(char::is_whitespace).next();
        let is_debtor = matches!(word, Some("Ihre" | "Ihrer" | "ihre" | "ihrer"));
        (!is_debtor).then(|| (whole.start(), without_openings(name.as_str())))
    })
}

fn without_openings(name: &str) -> &str {
    let name = name.trim().trim_start_matches("der ").trim_start_matches("die ").trim();
    ["In Sachen ", "In Sache ", "in Sachen ", "in Sache ", "in sache "]
        .iter()
        .find_map(|opening| name.strip_prefix(opening))
        .unwrap_or(name)
}

/// `Die Forderung gegen Herrn …`: what is claimed, not who claims it; a person is the debtor.
fn is_no_creditor(name: &str) -> bool {
    let folded = fold(name);
    let first = folded.split(' ').next().unwrap_or_default();
    matches!(
        first,
        "frau" | "herr" | "herrn" | "unser" | "unsere" | "ihr" | "ihre" | "eine" | "ein" | "sie"
    ) || [
        "forderung",
        "anspruch",
        "ansprueche",
        "titel",
        "bescheid",
        "urteil",
        "sache",
        "klage",
        "widerspruch",
    ]
    .iter()
    .any(|claim| folded.split(' ').any(|word| word.ends_with(claim)))
}
