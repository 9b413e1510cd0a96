//! The closing of a mail apart from its message.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// A closing formula stands alone in its line, with at most a name after it.
const LONGEST_CLOSING: usize = 70;

static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:(?:[a-zäöüß]+\.?,? ){0,4}(?:gru(?:ß|ss)|gr(?:ü|ue)(?:ß|ss)(?:e|en|t))(?:[ ,.!]|$)",
        r"|(?:mit )?(?:freundlichen|besten) empfehlungen\b|mit (?:[a-zäöüß]+ ){0,2}hochachtung|hochachtungsvoll|(?:mfg|lg|vg|bg)(?:[ ,.!]|$)|herzlich(?:st)?,?$",
        r"|(?:kind|best|warm|with kind|with best) regards|regards,?$|(?:with )?best(?: wishes)?,|yours (?:sincerely|faithfully|truly)|sincerely|cheers\b",
        r"|(?:ihre?|eue?re?|deine?) [^.:,;?]{2,50}(?:team|gmbh|ag|kg|eg|e\.? ?v\.|service|kundenservice)$|im auftrag$|i\. ?a\.(?:$| )|gez\. )"
    ))
});

/// Machine lines and disclaimers, by the words that only they use.
static BOILERPLATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?:von meinem? (?:iphone|ipad|smartphone|handy|mobil\w*|android\w*|samsung\w*)\b.*gesendet|^gesendet (?:von|mit|aus)\b|^sent from my\b",
        r"|\b(?:diese|die|der inhalt dieser|this) (?:e-?mail|nachricht|message|mail)\b.*\b(?:vertraulich|confidential|rechtlich gesch)",
        r"|nicht der (?:richtige|vorgesehene|beabsichtigte) (?:adressat|empf)|\bintended (?:solely|only|recipient)",
        r"|bitte (?:pr(?:ü|ue)fen|bedenken|denken) sie.*(?:ausgedruckt|ausdruck|umwelt)|think (?:of|before).*(?:print|environment)",
        r"|diese e-?mail ist ein service von|this email is a service from|powered by zendesk|zugestellt durch zendesk",
        r"|^##-.*-?##$|^\[[A-Z0-9]{6}-[A-Z0-9]{4,6}\]$)"
    ))
});

static POSTSCRIPT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:p\.? ?s\.?\b|nachtrag\b|n\.b\.|anmerkung:|nachsatz)"));

/// What a clerk would read on for, even below the closing.
static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?:gesamt|rest|haupt)?(?:forderung|r(?:ü|ue)ckstand|saldo|betrag|summe|schuld|zinsen|raten?)\w*\b.*",
        r"(?:\d{1,3}(?:[.' ]\d{3})*,(?:\d{2}|-)|\d (?:eur|€))"
    ))
});

/// Figures about the firm itself, which only look like a statement.
static FIRM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?:stamm|grund|gesellschafts|genossenschafts)(?:kapital|einlage)|haftsumme|mindestdeckung|deckungssumme|schriftform|",
        r"einlagensicherung|gegenstandswert|streitwert|unterschrift|grundpreis|erkl(?:ä|ae)rungen|per case|versicherungssumme|",
        r"pr(?:ä|ae)mien?\b|bonus|gutschein|neukunden|empfehlen sie uns|freunde werben"
    ))
});

/// The greeting that begins a letter.
static SALUTATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:sehr (?:geehrte|verehrte)[rs]?|guten (?:tag|morgen|abend)|hallo|dear|liebe[rs]? (?:frau|herr|kolleg|team|damen))",
        r"(?:[ ,!]|$)"
    ))
});

/// The greeting that ends one; letterheads have lines that merely look like a closing.
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)gr(?:u|ü|ue)(?:ß|ss)|mfg|regards|hochachtung|faithfully|sincerely")
});

/// What a firm writes about itself below its letters.
static IMPRINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:HR[AB]|GnR|KvK)[ .:]{0,2}\d|\bFN[ .:]{0,2}\d{5,6} ?[a-z]\b|ust-?id|(?:stamm|grund|gesellschafts)kapital|gr(?:ü|ue)ndungsstock|haftpflichtdeckung",
        r"|(?:amts|register)gericht [a-zäöüß]+,? hr|gesch(?:ä|ae)ftsf(?:ü|ue)hr(?:er|erin|ung): |aufsichtsrat"
    ))
});

/// Words of a debt: a line with one of them is no imprint, whatever else it names.
static DEBT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)forderung|r(?:ü|ue)ckst(?:a|ä|ae)nd|saldo|offen|zahl(?:en|bar)|schuld|betr(?:a|ä|ae)g|summe|gesamt|zeichen",
    )
});

/// A message in its parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) body: String,
    pub(super) signature: String,
    /// A letter of somebody else that follows the closing without any header.
    pub(super) quoted: String,
}

/// Splits a message into its text and its closing.
///
/// A statement below the closing (a table after the greeting, a postscript) stays in the text. A
/// second letter below it is the one that was answered, unless the message `is_forward`: then it is
/// what the sender passes on.
pub(super) fn split(text: &str, is_forward: bool) -> Parts {
    let lines: Vec<&str> = text.lines().collect();
    let letter = if is_forward { None } else { second_letter(&lines) };
    let letter = letter.unwrap_or(lines.len());
    let (lines, quoted) = lines.split_at(letter);
    let (mut body, mut signature) = (Vec::new(), Vec::new());
    let mut in_signature = false;
    // What looks like a closing above the salutation belongs to the letterhead.
    let salutation = lines.iter().rposition(|line| salutes(line.trim())).unwrap_or(0);
    let mut next = 0;
    for paragraph in lines.split(|line| line.trim().is_empty()) {
        let start = next;
        next += paragraph.len() + 1;
        let boilerplate = paragraph.iter().position(|line| BOILERPLATE.is_match(line));
        let (paragraph, machine) = paragraph.split_at(boilerplate.unwrap_or(paragraph.len()));
        push_paragraph(if has_statement(machine) { &mut body } else { &mut signature }, machine);
        if paragraph.is_empty() {
            continue;
        }
        let mut rest = paragraph;
        if !in_signature {
            let closing = paragraph.iter().enumerate();
            let closes_at = closing
                .skip(salutation.saturating_sub(start))
                .find(|(_, line)| closes(line.trim()))
                .map(|(at, _)| at);
            let (before, after) = paragraph.split_at(closes_at.unwrap_or(paragraph.len()));
            push_paragraph(&mut body, before);
            if closes_at.is_none() || !has_words(&body) {
                // A greeting first: nothing has been said yet, so nothing is closed.
                push_paragraph(&mut body, after);
                continue;
            }
            in_signature = true;
            rest = after;
        }
        let returns_at = rest.iter().position(|line| POSTSCRIPT.is_match(line.trim()));
        if has_statement(rest) || returns_at.is_some() {
            let (of_signature, of_body) = rest.split_at(returns_at.unwrap_or(0));
            push_paragraph(&mut signature, of_signature);
            push_paragraph(&mut body, of_body);
        } else {
            push_paragraph(&mut signature, rest);
        }
    }
    let imprint = imprint_of(&body);
    let below = body.split_off(imprint);
    push_paragraph(&mut signature, &below);
    let join = |lines: &[&str]| lines.join("\n").trim().to_owned();
    Parts { body: join(&body), signature: join(&signature), quoted: join(quoted) }
}

/// Where a letter begins that follows the closing of the first.
fn second_letter(lines: &[&str]) -> Option<usize> {
    let closing = lines.iter().enumerate().position(|(at, line)| {
        closes(line.trim()) && GREETING.is_match(line) && has_words(&lines[..at])
    })?;
    let below = closing + 1;
    lines[below..].iter().position(|line| salutes(line.trim())).map(|at| below + at)
}

/// Where the lines about the firm begin that end the body.
fn imprint_of(body: &[&str]) -> usize {
    let paragraph =
        body.iter().rposition(|line| line.trim().is_empty()).map_or(body.len(), |at| at + 1);
    let is_imprint = |line: &&str| IMPRINT.is_match(line) && !DEBT.is_match(line);
    let Some(first) = body[paragraph..].iter().position(is_imprint) else { return body.len() };
    let rest = &body[paragraph + first..];
    if rest.iter().any(|line| DEBT.is_match(line)) { body.len() } else { paragraph + first }
}

fn salutes(line: &str) -> bool {
    line.starts_with(char::is_alphabetic) && SALUTATION.is_match(line)
}

fn closes(line: &str) -> bool {
    line == "--"
        || line == "-- "
        || (line.len() <= LONGEST_CLOSING
            && line.starts_with(char::is_alphabetic)
            && CLOSING.is_match(line))
}

fn has_statement(lines: &[&str]) -> bool {
    lines.iter().any(|line| STATEMENT.is_match(line) && !FIRM.is_match(line))
}

fn has_words(lines: &[&str]) -> bool {
    lines.iter().flat_map(|line| line.chars()).filter(|c| c.is_alphanumeric()).take(20).count()
        >= 20
}

fn push_paragraph<'a>(to: &mut Vec<&'a str>, lines: &[&'a str]) {
    if lines.is_empty() {
        return;
    }
    if !to.is_empty() {
        to.push("");
    }
    to.extend_from_slice(lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_is_known_whatever_the_greeting() {
        for line in [
            "Mit freundlichen Grüßen",
            "Mit freundlichem Gruß",
            "Mit genossenschaftlichem Gruß",
            "Sportliche Grüße",
            "Gruß",
            "Schöne Gruesse aus Koblenz",
            "Freundlich grüßt",
            "Danke und viele Grüße",
            "MIT FREUNDLICHEN GRUESSEN",
            "mit vorzüglicher kollegialer Hochachtung",
            "Best,",
        ] {
            let parts =
                split(&format!("Der Rückstand beträgt 500,00 EUR.\n\n{line}\nA. Kern"), false);
            assert_eq!(parts.body, "Der Rückstand beträgt 500,00 EUR.", "{line}");
        }
        for line in ["Grüß Gott Frau Kern,", "Wir begrüßen Ihren Vorschlag.", "Grußlos ging er."]
        {
            let parts =
                split(&format!("Der Rückstand beträgt 500,00 EUR.\n\n{line}\nA. Kern"), false);
            assert!(parts.body.contains(line), "{line}");
        }
    }

    #[test]
    fn a_letter_below_the_closing_is_quoted() {
        let parts = split(
            "Moin,\n\nes sind 1.058,15 Euro offen.\n\nGruß\nW. Clausen\n\nSehr geehrte Damen und Herren,\nwir vertreten Herrn A.\nEs sollen 1.011,60 EUR sein.",
            false,
        );
        assert_eq!(parts.body, "Moin,\n\nes sind 1.058,15 Euro offen.");
        assert_eq!(parts.signature, "Gruß\nW. Clausen");
        assert!(parts.quoted.starts_with("Sehr geehrte") && parts.quoted.contains("1.011,60"));
    }

    #[test]
    fn a_letter_that_is_passed_on_stays_in_the_text() {
        let text = "Hallo Frau Kern,\n\nsiehe unten von der Buchhaltung.\n\nGruß Frank\n\nHallo Frank,\nkein Titel, es sind 500,00 EUR.\nGruß Moni";
        let parts = split(text, true);
        assert!(parts.body.contains("kein Titel, es sind 500,00 EUR."), "{parts:?}");
        assert_eq!(parts.quoted, "");
    }

    #[test]
    fn a_letterhead_before_the_salutation_quotes_nothing() {
        let text = "Landkreis Muster, Fachdienst Zentrale Finanzen\nIm Auftrag\n\nSehr geehrte Frau Kern,\n\nes sind 500,00 EUR offen.";
        assert_eq!(split(text, false).quoted, "");
        assert!(split(text, false).body.contains("500,00"));
    }

    #[test]
    fn lines_about_the_firm_are_no_text_even_without_a_closing() {
        let parts = split(
            "Es sind 500,00 EUR offen.\n\nMuster Bank AG\nGrundkapital 18.000.000 EUR, HRB 00771",
            false,
        );
        assert_eq!(parts.body, "Es sind 500,00 EUR offen.\n\nMuster Bank AG");
        let one_line = "Gesamtforderung 500,00 EUR. HRB 00771, Stammkapital 25.000 EUR";
        assert_eq!(split(one_line, false).body, one_line);
    }
}
