//! A number in the forms in which people write money, and what only looks like one.

use domain::money::Money;

use super::currency::{currency_after, ends_with_currency_word};

pub(super) struct Number {
    pub(super) value: Money,
    pub(super) end: usize,
    /// Two decimals after a comma, or a dash in their place: money even without a currency.
    pub(super) has_cents: bool,
    /// Two decimals after a point: money where a heading names the currency.
    pub(super) has_point_cents: bool,
}

/// No sum of money has more groups of three digits: these are a number of another kind, and each of
/// its groups may begin one.
const MOST_GROUPS: usize = 6;

/// The number that begins at `start`, unless it is part of something else.
pub(super) fn read_number(text: &str, start: usize) -> Option<Number> {
    let bytes = text.as_bytes();
    if !may_begin(text, start) {
        return None;
    }
    let digits =
        |from: usize| bytes[from..].iter().take(16).take_while(|b| b.is_ascii_digit()).count();
    let mut end = start + digits(start);
    let first_group = end - start;
    let mut group_mark: Option<&str> = None;
    let mut groups = 0;
    let mut decimals = 0;
    let mut dash = false;
    loop {
        let rest = &text[end..];
        let Some(mark) = [".", ",", "'", "’", " "].into_iter().find(|mark| rest.starts_with(mark))
        else {
            break;
        };
        let after = end + mark.len();
        let count = digits(after);
        let starts_group = group_mark.is_none() && first_group <= 3 && bytes[start] != b'0';
        if count == 3 && (group_mark == Some(mark) || starts_group) && decimals == 0 {
            group_mark = Some(mark);
            groups += 1;
            if groups > MOST_GROUPS {
                return None;
            }
            end = after + 3;
        } else if (count == 1 || count == 2)
            && matches!(mark, "." | ",")
            && group_mark != Some(mark)
        {
            decimals = count;
            end = after + count;
            break;
        } else {
            if mark == "," {
                let dashes = text[after..].chars().take_while(|c| matches!(c, '-' | '–' | '—'));
                let length: usize = dashes.take(2).map(char::len_utf8).sum();
                dash = length > 0;
                end += if dash { 1 + length } else { 0 };
            }
            break;
        }
    }
    if !may_end(text, end) {
        return None;
    }
    let written = match text[start..end].rfind(',') {
        Some(comma) if dash => &text[start..start + comma],
        _ => &text[start..end],
    };
    let comma_cents = decimals == 2 && text[..end - 2].ends_with(',');
    let point_cents = decimals == 2 && group_mark.is_some_and(|mark| mark != "." && mark != " ");
    let value = Money::parse_german(written)
        .or_else(|error| {
            // `377.45` beside a currency; Money refuses it because it cannot see the currency.
            if decimals == 2 && group_mark.is_none() {
                Money::parse_plain(written)
            } else {
                Err(error)
            }
        })
        .ok()?;
    let has_point_cents = decimals == 2 && text[..end - 2].ends_with('.');
    Some(Number { value, end, has_cents: comma_cents || point_cents || dash, has_point_cents })
}

/// No digit, letter or joining mark may stand directly before a number, except a currency.
pub(super) fn may_begin(text: &str, start: usize) -> bool {
    let before = &text[..start];
    let Some(previous) = before.chars().next_back() else { return true };
    let earlier = || before[..before.len() - previous.len_utf8()].chars().next_back();
    match previous {
        '-' | '−' | '–' | '—' => !earlier().is_some_and(|c| c.is_alphanumeric() || c == '/'),
        '.' | ',' | '\'' | '’' | '_' | '/' | '#' | '§' => false,
        ':' => !earlier().is_some_and(|c| c.is_ascii_digit()),
        ' ' => {
            let words = before.trim_end();
            // `1.341,1 7 EUR`: a number that a line break or a scanner tore apart.
            let is_torn = words.len() + 1 == before.len()
                && words.len() > 2
                && words.as_bytes()[words.len() - 1].is_ascii_digit()
                && words.as_bytes()[words.len() - 2] == b','
                && words.as_bytes()[words.len() - 3].is_ascii_digit();
            !words.ends_with('§') && !is_torn
        }
        _ if previous.is_alphabetic() => ends_with_currency_word(before),
        _ => !previous.is_numeric(),
    }
}

/// A number ends where nothing joins it to what follows.
pub(super) fn may_end(text: &str, end: usize) -> bool {
    let rest = &text[end..];
    let mut after = rest.chars();
    let Some(next) = after.next() else { return true };
    let second = after.next();
    match next {
        '%' | '‰' | '°' => false,
        '.' | ',' | '/' | '_' | ':' | '\'' | '’' => !second.is_some_and(|c| c.is_ascii_digit()),
        '-' | '–' => !second.is_some_and(char::is_alphanumeric),
        ' ' => !is_rate_or_unit(&rest[1..]),
        _ if next.is_alphanumeric() => currency_after(rest).is_some(),
        _ => true,
    }
}

/// Percentages, units of time and the like make a number something else than money.
pub(super) fn is_rate_or_unit(rest: &str) -> bool {
    let word: String = rest.chars().take_while(|c| !c.is_whitespace()).take(16).collect();
    let word = word.trim_end_matches(['.', ',', ';', ')', ':']).to_lowercase();
    word.starts_with('%')
        || matches!(
            word.as_str(),
            "prozent"
                | "prozentpunkte"
                | "prozentpunkten"
                | "percent"
                | "v.h"
                | "vh"
                | "uhr"
                | "monate"
                | "monaten"
                | "tage"
                | "tagen"
                | "wochen"
                | "jahre"
                | "jahren"
                | "kwh"
                | "qm"
                | "km"
                | "stunden"
        )
        || rest.starts_with("v. H")
}

/// `-38,20`, `−38,20`: the start of the sign, and whether there is one.
pub(super) fn sign_before(text: &str, start: usize) -> (usize, bool) {
    let before = &text[..start];
    for sign in ["-", "−", "–"] {
        if let Some(rest) = before.strip_suffix(sign) {
            // A bullet or a dash between words has a space after it; this has none.
            return (rest.len(), true);
        }
    }
    let trimmed = before.trim_end_matches(' ');
    if trimmed.ends_with("./.") {
        return (start, true);
    }
    // `Zahlung  - 38,20`: a column of its own; with single spaces it is a dash between words.
    if trimmed.len() + 1 == before.len() {
        for sign in ["-", "−", "–"] {
            if let Some(rest) = trimmed.strip_suffix(sign)
                && (rest.ends_with("  ") || rest.ends_with("| "))
            {
                return (start, true);
            }
        }
    }
    // `-EUR 5,00`.
    let trimmed = before.trim_end();
    for word in ["EUR", "€"] {
        if let Some(rest) = trimmed.strip_suffix(word)
            && let Some(rest) = rest.strip_suffix('-')
            && !rest.ends_with(char::is_alphanumeric)
        {
            return (start, true);
        }
    }
    (start, false)
}

/// Where the token around a refused digit ends, so that none of its parts is read as an amount.
pub(super) fn end_of_token(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let joins = matches!(byte, b'.' | b',' | b'/' | b'_' | b'-' | b':' | b'\'')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !byte.is_ascii_alphanumeric() && !joins {
            break;
        }
        at += 1;
    }
    at.max(start + 1)
}
