//! The currency before or behind a number.

use super::Currency;
use super::number::read_number;
use crate::tail::tail;

/// The currency of a number that a line break parts from it, and how many bytes after the number
/// there are up to its end.
pub(super) fn currency_over_line_end(
    before: &str,
    number: &str,
    after: &str,
    has_cents: bool,
) -> Option<(Currency, usize)> {
    let above = before.trim_end_matches([' ', '*']).strip_suffix('\n');
    if has_cents && let Some(currency) = above.and_then(currency_before) {
        return Some((currency, 0));
    }
    let is_amount = has_cents || number.contains(['.', '\'']);
    let below = after.trim_start_matches(' ');
    let below = below.strip_prefix('\n').filter(|_| is_amount)?;
    let (currency, length) = currency_after(below)?;
    let follows = below[length..].trim_start_matches([' ', ':', '|']);
    let is_of_next = follows.starts_with(|c: char| c.is_ascii_digit());
    (!is_of_next).then_some((currency, after.len() - below.len() + length))
}

/// `Oktober 2024 EUR 1.250,00`: the currency stands before an amount in cents that has no other.
pub(super) fn belongs_to_next(after_currency: &str) -> bool {
    let rest = after_currency.trim_start_matches([' ', '*', '|']);
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let Some(next) = read_number(rest, 0) else { return false };
    let has_cents =
        next.has_cents || rest[..next.end].rfind('.') == Some(next.end.saturating_sub(3));
    has_cents && currency_after(&rest[next.end..]).is_none()
}

/// Words for currencies. Longer ones first, so that none hides another.
pub(super) const CURRENCIES: [(&str, Currency); 42] = [
    ("teuro", Currency::Other),
    ("teur", Currency::Other),
    ("t€", Currency::Other),
    ("k€", Currency::Other),
    ("mio", Currency::Other),
    ("mrd", Currency::Other),
    ("tsd", Currency::Other),
    ("tausend", Currency::Other),
    ("cent", Currency::Other),
    ("ct", Currency::Other),
    ("euro", Currency::Euro),
    ("eur", Currency::Euro),
    ("€", Currency::Euro),
    ("chf", Currency::Other),
    ("sfr.", Currency::Other),
    ("sfr", Currency::Other),
    ("franken", Currency::Other),
    ("fr.", Currency::Other),
    ("us-dollar", Currency::Other),
    ("us$", Currency::Other),
    ("usd", Currency::Other),
    ("dollar", Currency::Other),
    ("$", Currency::Other),
    ("gbp", Currency::Other),
    ("pfund", Currency::Other),
    ("£", Currency::Other),
    ("pln", Currency::Other),
    ("zł", Currency::Other),
    ("dkk", Currency::Other),
    ("sek", Currency::Other),
    ("nok", Currency::Other),
    ("czk", Currency::Other),
    ("kč", Currency::Other),
    ("kronen", Currency::Other),
    ("kroner", Currency::Other),
    ("crowns", Currency::Other),
    ("kr", Currency::Other),
    ("huf", Currency::Other),
    ("forint", Currency::Other),
    ("ron", Currency::Other),
    ("dm", Currency::Other),
    ("try", Currency::Other),
];

/// The longest currency word in bytes.
const LONGEST_CURRENCY: usize = 9;

pub(super) fn currency_before(before: &str) -> Option<Currency> {
    let trimmed = before.trim_end_matches([' ', '*']);
    let without_leader = trimmed.trim_end_matches('.');
    let (before, trimmed) = if trimmed.len() - without_leader.len() >= 3 {
        (without_leader, without_leader.trim_end_matches(' '))
    } else {
        (before, trimmed)
    };
    let trimmed = trimmed.strip_suffix([':', ';']).unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix('|').unwrap_or(trimmed).trim_end_matches(' ');
    let trimmed = trimmed.strip_suffix('-').unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix([')', ']']).unwrap_or(trimmed);
    if before.len() - trimmed.len() > 5 {
        return None;
    }
    let tail = tail(trimmed, LONGEST_CURRENCY).to_lowercase();
    // Most words end otherwise than every currency; one byte tells.
    let last = tail.bytes().last();
    let mut ending = CURRENCIES.iter().filter(|(word, _)| word.bytes().last() == last);
    ending.find_map(|(word, currency)| {
        let rest = tail.strip_suffix(word)?;
        let stands_alone = !rest.ends_with(char::is_alphanumeric);
        // `§ 5 Fr.` and `dem` end like currencies; only whole words count.
        (stands_alone && !matches!(*word, "mio" | "mrd" | "tsd" | "tausend" | "cent" | "ct"))
            .then_some(*currency)
    })
}

pub(super) fn ends_with_currency_word(before: &str) -> bool {
    currency_before(before).is_some()
}

/// The currency after a number, and how many bytes there are up to its end.
pub(super) fn currency_after(rest: &str) -> Option<(Currency, usize)> {
    let head = &rest[..rest.floor_char_boundary(LONGEST_CURRENCY + 6)];
    let trimmed = head.trim_start_matches([' ', '*']);
    let trimmed = trimmed.strip_prefix('|').unwrap_or(trimmed).trim_start_matches(' ');
    let skipped = head.len() - trimmed.len();
    if skipped > 4 {
        return None;
    }
    // `31.877,10 S  (EUR)`
    let in_brackets = trimmed.strip_prefix(['S', 'H']).unwrap_or(trimmed).trim_start_matches(' ');
    let (trimmed, skipped) = match in_brackets.strip_prefix('(') {
        Some(inner) => (inner, head.len() - inner.len()),
        None => (trimmed, skipped),
    };
    let lower = trimmed.to_lowercase();
    let first = lower.bytes().next();
    let mut beginning = CURRENCIES.iter().filter(|(word, _)| word.bytes().next() == first);
    beginning.find_map(|(word, currency)| {
        let tail = lower.strip_prefix(word)?;
        let whole =
            !tail.starts_with(char::is_alphanumeric) || !word.ends_with(char::is_alphanumeric);
        // In `5 Fr. Meier` and `12 Mio Händler` the word is what it seems; `dm` may be a shop.
        whole.then_some((*currency, skipped + word.len()))
    })
}
