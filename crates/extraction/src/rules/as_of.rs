//! Of which day an amount is.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;

use super::intent::speaks_of_today;
use crate::dates::parse_date;
use crate::pattern::pattern;

/// An amount of a day longer ago than a quarter is not the claim as it stands. Of the labelled mails that
/// a clerk entered none names such a day for its total; of those that a clerk did not, 19 do.
const LONGEST_AGO: TimeDelta = TimeDelta::days(92);

/// `31.12.2025`, `31. 12. 25` or `31. dezember 2025`.
const DAY: &str = r"\d{1,2}\. ?(?:\d{1,2}\. ?(?:20)?\d\d|[a-z]+ 20\d\d)";

/// Whether a sentence in folded letters says of its amount that it is of a day long before the mail came:
/// `Zum 31.12.2024 betrug die Forderung 500 EUR`.
///
/// A newer day beside it, or a word such as `heute`, says of which day the amount really is.
pub(super) fn is_long_past(sentence: &str, received_at: DateTime<Utc>) -> bool {
    static AS_OF: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"\b(?:zum|per|stand|stichtag|valuta|as (?:of|at))(?: (?:vom|zum|per|stichtag|datum|den|dem))*[ :(]*(?P<day>{DAY})\b(?P<then>[ )]*[a-z]*)"
        ))
    });
    // `ist zum 31.03.2026 ausgezogen`: what happened on that day is not the amount.
    static HAPPENED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^[ )]*(?:(?:aus|ab|um|ein|still|auf|zurueck)?ge(?:zogen|kuendigt|endet|strichen|loest|schieden|stellt|legt|meldet|hoben|schlossen)|beendet|ausgelaufen|erloschen|deaktiviert|ueber(?:gegangen|geben|tragen)|veraeussert|verkauft|storniert)$",
        )
    });
    let mut days = AS_OF
        .captures_iter(sentence)
        .filter(|found| !HAPPENED.is_match(&found["then"]))
        .filter_map(|found| day(&found["day"]))
        .peekable();
    days.peek().is_some()
        && days.all(|day| received_at.signed_duration_since(day) > LONGEST_AGO)
        && !speaks_of_today(sentence)
}

/// A [`DAY`] that there is.
fn day(written: &str) -> Option<DateTime<Utc>> {
    parse_date(&written.replace(". ", ".")).or_else(|| parse_date(written))
}

/// Of which day the amounts of a column are, if its head in folded letters says nothing else: `Stand
/// 31.12.2025`; `heute` or `neu` is after every other day, `bisher` before.
pub(super) fn head_day(head: &str) -> Option<DateTime<Utc>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"^[ (]*(?:(?:stand|saldo|forderung|rueckstand|offen|betrag|per|zum|am|vom|in eur|eur)[ :(]*)*(?:(?P<before>alt|bisher|bisherig|vorher|frueher)\b|(?P<now>heute|aktuell|jetzt|neu)\b[ (.,\d]*(?:ab [\d.]+)?|(?P<day>{DAY}))[ ()]*(?:in )?(?:eur|euro|€)?[ )]*$"
        ))
    });
    let found = HEAD.captures(head)?;
    match found.name("day") {
        Some(written) => day(written.as_str()),
        None if found.name("before").is_some() => Some(DateTime::<Utc>::MIN_UTC),
        None => Some(DateTime::<Utc>::MAX_UTC),
    }
}

/// The day with which a row in folded letters begins: `per 31.12.2025 (Saldenbestätigung) | 500,00`.
pub(super) fn row_day(row: &str) -> Option<DateTime<Utc>> {
    static ROW: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"^(?:- )?(?:stand|saldo|forderung|rueckstand)?(?: ?(?:per|zum|am|vom))?[ :]*(?P<day>{DAY})(?: ?\([^()]*\))?[ :|]"
        ))
    });
    static NAMED: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:- )?(?:stand|saldo|forderung|rueckstand|per|zum)\b"));
    // A date alone begins the rows of a list of invoices or payments, too.
    NAMED.is_match(row).then(|| day(&ROW.captures(row)?["day"]))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn is_past(sentence: &str) -> bool {
        let received_at = parse_date("2026-08-10T09:00:00Z").expect("a date");
        is_long_past(&fold(sentence), received_at)
    }

    #[test]
    fn an_amount_of_a_day_long_past_is_not_that_of_today() {
        for sentence in [
            "Der letzte Kontoauszug weist zum 31.12.2024 einen Gesamtsaldo von 6.412,90 EUR aus.",
            "Gesamtforderung per 30.06.2025: 500,00 EUR",
            "Offener Saldo 3.150,00 EUR, Stand 31.12.2025.",
            "Offener Saldo 3.150,00 EUR (Stand: 31. März 2026)",
            "Zum 1.2.26 betrug die Forderung 500,00 EUR.",
            "Balance as of 31 Dec 2025 and per 31.12.2025: EUR 500.00",
        ] {
            assert!(is_past(sentence), "{sentence}");
        }
    }

    #[test]
    fn a_newer_day_or_a_word_of_today_says_of_which_day_the_amount_is() {
        for sentence in [
            "Die Gesamtforderung beträgt per 10.08.2026 500,00 EUR.",
            "Zum 15.05.2026 beträgt die Gesamtforderung 500,00 EUR.",
            "Zum 31.12.2025 waren 400,00 EUR offen, zum 31.07.2026 sind es 500,00 EUR.",
            "Der Rückstand aus dem zum 31.12.2024 beendeten Vertrag beträgt heute 500,00 EUR.",
            "Frau Muster ist zum 31.03.2026 ausgezogen und schuldet uns noch 500,00 EUR.",
            "Die Gesamtforderung beträgt zum 31.12.2026 500,00 EUR.",
            "Die Rechnung vom 31.12.2024 über 500,00 EUR ist offen.",
            "Die Gesamtforderung zum 99.99.2024 beträgt 500,00 EUR.",
        ] {
            assert!(!is_past(sentence), "{sentence}");
        }
    }

    #[test]
    fn the_head_of_a_column_tells_the_day_of_its_amounts() {
        let earlier =
            ["Stand 31.12.2025", "02.03.2026", "Saldo per 1. April 2026", "vom 30.06.26 (EUR)"];
        let days: Vec<_> = earlier.iter().map(|head| head_day(&fold(head))).collect();
        assert!(days.iter().all(Option::is_some) && days.is_sorted(), "{days:?}");
        assert_eq!(head_day(&fold("bisher")), Some(DateTime::<Utc>::MIN_UTC));
        for head in ["Stand heute (11.06.2026)", "heute", "aktuell EUR", "neu ab 01.07.2026"] {
            assert_eq!(head_day(&fold(head)), Some(DateTime::<Utc>::MAX_UTC), "{head}");
        }
        for head in [
            "Rechnung vom 31.12.2025",
            "fällig am 02.03.2026",
            "Betrag",
            "31.12.2025 bis 30.06.2026",
        ] {
            assert_eq!(head_day(&fold(head)), None, "{head}");
        }
    }
}
