//! The creditor for whom the sender writes.

use std::sync::LazyLock;

use regex::Regex;

use crate::clean::CleanedMail;
use crate::pattern::pattern;

/// `Muster AG ./. Max Muster`, `Auftraggeber Muster AG`.
static ACTS_FOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:^|\n|[:,;(] ?|[Ii]n Sachen |[Bb]ezug: |Vorgang [A-Z0-9-]+ \()([^\n,;:()]{3,80}?) (?:\./\.|gegen (?:Herrn?|Frau)?)",
        r"|(?:Auftraggeber(?:in)?|Gläubiger(?:in)?|Mandantschaft|Namens und in Vollmacht de[rs]|unsere[rn]? Mandantin|unsere[sn]? Mandanten?|[Oo]ur client|im Auftrag de[rs]|für unsere Auftraggeberin)[ :|]+(?:,? ?(?:der|die|des) )?([^\n,;:|()]{3,80}?)(?:,|\n|\||;|:|\(| (?:gegen|has|aus|steht|wegen|hat)\b|$)"
    ))
});

pub(super) fn creditor(mail: &CleanedMail) -> Option<String> {
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
