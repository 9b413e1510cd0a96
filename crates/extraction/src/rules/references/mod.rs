//! Case numbers: the office's own (Aktenzeichen) and the creditor's.

mod ours;
mod theirs;

use std::ops::Range;

use super::texts::{Source, Texts};
use ours::Firmness;

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

/// How far before a number the words are read that say whose it is, in bytes.
const LONGEST_APPROACH: usize = 60;

/// Reads all numbers of a mail.
pub(super) fn references(texts: &Texts<'_>) -> References {
    let found = ours::of_mail(texts);
    let in_letter = ours::of_letter(&texts.quote);
    let firmest = found.iter().map(|(firmness, _)| *firmness).max();
    let best: Vec<&Reference> =
        found.iter().filter(|(firmness, _)| Some(*firmness) == firmest).map(|(_, r)| r).collect();
    let mut references = References::default();
    // A number that the quoted letter carries is the office's, whatever stands beside it.
    let in_both = found
        .iter()
        .map(|(_, reference)| reference)
        .find(|reference| in_letter.iter().any(|quoted| key(&quoted.text) == key(&reference.text)));
    if let Some(first) = best.first() {
        references.several_ours = firmest >= Some(Firmness::Labelled)
            && best.iter().any(|other| key(&other.text) != key(&first.text));
        references.several_ours |= firmest == Some(Firmness::Express)
            && in_letter.first().is_some_and(|quoted| key(&quoted.text) != key(&first.text))
            && in_both.is_none();
        references.ours = Some(in_both.unwrap_or(first).clone());
    } else if let Some(quoted) = in_letter.first() {
        references.several_ours =
            in_letter.iter().any(|other| key(&other.text) != key(&quoted.text));
        references.ours = Some(quoted.clone());
        references.only_quoted = true;
    }
    references.all = theirs::all(texts, &references, &found);
    references
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
