//! The closing of a mail apart from its message.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// A closing formula stands alone in its line, with at most a name after it.
const LONGEST_CLOSING: usize = 70;

static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:(?:mit )?(?:freundliche[nmr]?|vielen|viele|beste[nr]?|liebe[nr]?|herzliche[nr]?|sch(?:ö|oe)ne[nr]?|nette[nr]?|sonnige[nr]?|kollegiale[nr]?|freundl\.)",
        r"(?: (?:kollegialen?|freundlichen?|sonnigen?|vielen|besten|herzlichen))? (?:gr(?:ü|ue)(?:ß|ss)e?n?|gru(?:ß|ss)|empfehlungen)\b",
        r"|mit (?:vorz(?:ü|ue)glicher )?hochachtung|hochachtungsvoll|gru(?:ß|ss)\b|gr(?:ü|ue)(?:ß|ss)e\b|mfg\b|lg\b|vg\b|bg\b",
        r"|(?:kind|best|warm|with kind|with best) regards|regards,|yours (?:sincerely|faithfully|truly)|sincerely|cheers,",
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
        r"einlagensicherung|gegenstandswert|streitwert|unterschrift|grundpreis|erkl(?:ä|ae)rungen|per case|versicherungssumme"
    ))
});

/// Splits a message into its text and its closing.
///
/// A statement below the closing (a table after the greeting, a postscript) stays in the text.
pub(super) fn split(text: &str) -> (String, String) {
    let (mut body, mut signature) = (Vec::new(), Vec::new());
    let mut in_signature = false;
    let lines: Vec<&str> = text.lines().collect();
    for paragraph in lines.split(|line| line.trim().is_empty()) {
        let boilerplate = paragraph.iter().position(|line| BOILERPLATE.is_match(line));
        let (paragraph, machine) = paragraph.split_at(boilerplate.unwrap_or(paragraph.len()));
        push_paragraph(if has_statement(machine) { &mut body } else { &mut signature }, machine);
        if paragraph.is_empty() {
            continue;
        }
        let mut rest = paragraph;
        if !in_signature {
            let closes_at = paragraph.iter().position(|line| closes(line.trim()));
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
    (body.join("\n").trim().to_owned(), signature.join("\n").trim().to_owned())
}

fn closes(line: &str) -> bool {
    line == "--" || line == "-- " || (line.len() <= LONGEST_CLOSING && CLOSING.is_match(line))
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
