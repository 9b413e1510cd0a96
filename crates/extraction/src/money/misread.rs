//! Amounts in which a scanner took digits for letters.

use std::sync::LazyLock;

use domain::money::Money;
use regex::Regex;

use super::{Amount, Currency};

static MISREAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[ |:\n])([0-9OolIBS]{1,3}(?:\.[0-9OolIBS]{3}){0,3},[0-9OolIBS]{2}) {0,2}(?:EUR|Eur|EURO|€)",
    )
    .expect("the pattern is valid")
});

/// Adds amounts in which a scanner read letters for digits.
pub(super) fn add_misread(text: &str, amounts: &mut Vec<Amount>) {
    for found in MISREAD.captures_iter(text) {
        let Some(number) = found.get(1) else { continue };
        let written = number.as_str();
        let letters = written.bytes().filter(u8::is_ascii_alphabetic).count();
        let digits = written.bytes().filter(u8::is_ascii_digit).count();
        if letters == 0 || letters + 2 > written.len() || digits == 0 {
            continue;
        }
        let repaired = written
            .replace(['O', 'o'], "0")
            .replace(['l', 'I'], "1")
            .replace('B', "8")
            .replace('S', "5");
        if let Ok(value) = Money::parse_german(&repaired) {
            let range = number.range();
            amounts.push(Amount {
                value,
                currency: Currency::Euro,
                range,
                misread: true,
                struck: false,
                in_words: false,
            });
        }
    }
    amounts.sort_by_key(|amount| amount.range.start);
}
