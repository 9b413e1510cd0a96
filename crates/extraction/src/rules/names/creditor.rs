//! The creditor for whom the sender writes.

use std::sync::LazyLock;

use regex::Regex;

use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::pattern::pattern;

/// `Muster AG ./. Max Muster`, `Auftraggeber Muster AG`.
static ACTS_FOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:^|\n|[:,;(] ?|[Ii]n [Ss]achen? |[Bb]ezug: |Vorgang [A-Z0-9-]+ \()([^\n,;:()]{3,80}?) (?:\./\.|gegen (?:Herrn?|Frau)?)",
        r"|(?:Auftraggeber(?:in)?|Gläubiger(?:in)?|Mandantschaft|Namens und in Vollmacht de[rs]|unsere[rn]? Mandantin|unsere[sn]? Mandanten?|[Oo]ur client|im Auftrag de[rs]|für unsere Auftraggeberin)[ :|]+(?:,? ?(?:der|die|des) )?([^\n,;:|()]{3,80}?)(?:,|\n|\||;|:|\(| (?:gegen|has|aus|steht|wegen|hat)\b|$)"
    ))
});

/// One of these stands in whatever [`ACTS_FOR`] matches; looking for them first is ten times faster.
const SIGNS: [&str; 9] = [
    "./.",
    "gegen ",
    "uftraggeber",
    "läubiger",
    "andantschaft",
    "ollmacht de",
    "andant",
    " client",
    "uftrag de",
];

pub(super) fn creditor(mail: &CleanedMail) -> Option<String> {
    let has_sign = |text: &&&String| SIGNS.iter().any(|sign| text.contains(sign));
    for text in [&mail.body, &mail.subject].iter().filter(has_sign) {
        for captures in ACTS_FOR.captures_iter(text) {
            let Some(name) = captures.get(1).or_else(|| captures.get(2)) else { continue };
            let name =
                name.as_str().trim().trim_start_matches("der ").trim_start_matches("die ").trim();
            let name = ["In Sachen ", "In Sache ", "in Sachen ", "in Sache ", "in sache "]
                .iter()
                .find_map(|opening| name.strip_prefix(opening))
                .unwrap_or(name);
            let is_ours = captures.get(2).is_some_and(|_| {
                let before = captures.get(0).map_or("", |whole| &text[..whole.start()]);
                // `Ihre Mandantschaft` is the debtor.
                {
                    let word = before.trim_end().rsplit(char::is_whitespace).next();
                    matches!(word, Some("Ihre" | "Ihrer" | "ihre" | "ihrer"))
                }
            });
            if name.starts_with(char::is_uppercase)
                && name.split(' ').count() <= 8
                && !is_ours
                && !is_no_creditor(name)
            {
                return Some(name.to_owned());
            }
        }
    }
    mail.from_name.clone().filter(|name| !name.trim().is_empty())
}

/// `Die Forderung gegen Herrn …`: what is claimed, not who claims it; a person is the debtor.
fn is_no_creditor(name: &str) -> bool {
    let folded = fold(name);
    let first = folded.split(' ').next().unwrap_or_default();
    matches!(
        first,
        "frau" | "herr" | "herrn" | "unser" | "unsere" | "ihr" | "ihre" | "eine" | "ein"
    ) || ["forderung", "anspruch", "ansprueche", "titel", "bescheid", "urteil", "sache", "klage"]
        .iter()
        .any(|claim| folded.split(' ').any(|word| word.ends_with(claim)))
}
