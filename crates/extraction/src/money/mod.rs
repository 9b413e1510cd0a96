//! Finds amounts of money in a text, as people in Germany write them.
//!
//! Never an amount: dates, times, phone numbers, account and case numbers, percentages. Without
//! a currency beside it a number counts only in the form of cents (`1.234,56`, `50,-`).

mod currency;
mod declared;
mod misread;
mod number;
mod spelled;

use std::cell::LazyCell;
use std::ops::Range;

use domain::money::Money;

use currency::{belongs_to_next, currency_after, currency_before, currency_over_line_end};
use misread::add_misread;
use number::{end_of_token, read_number, sign_before};

/// An amount and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub value: Money,
    pub currency: Currency,
    /// Byte range of the number with a sign that touches it, without the currency.
    pub range: Range<usize>,
    /// Letters stood for digits (`1.98O,00`), as scanners produce them.
    pub misread: bool,
    /// The text is struck out.
    pub struck: bool,
    /// It is written in words.
    pub in_words: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currency {
    Euro,
    /// None is written beside the number.
    Unstated,
    /// Another currency, or a multiple such as `Mio. EUR`: the value is not one in euro.
    Other,
}

/// All amounts, in the order of the text.
pub fn scan(text: &str) -> Vec<Amount> {
    let mut amounts = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    // A currency after one amount is not the currency before the next.
    let mut currency_used_until = 0;
    let declarations = LazyCell::new(|| declared::Declarations::of(text));
    while let Some(found) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let start = at + found;
        let Some(number) = read_number(text, start) else {
            at = end_of_token(bytes, start);
            continue;
        };
        let (sign_start, negative) = sign_before(text, start);
        let before = currency_before(&text[currency_used_until.min(sign_start)..sign_start])
            .or_else(|| {
                // `-EUR 5,00` and `EUR -5,00` both occur.
                currency_before(&text[currency_used_until.min(start)..start])
            });
        let (currency, end) = match before {
            Some(currency) => {
                let after = currency_after(&text[number.end..]);
                // `EUR 5 Mio.`: the multiple counts whatever stands before.
                let multiple = matches!(after, Some((Currency::Other, 0..=6)));
                (if multiple { Currency::Other } else { currency }, number.end)
            }
            None => match currency_after(&text[number.end..]) {
                Some((_, length))
                    if !number.has_cents && belongs_to_next(&text[number.end + length..]) =>
                {
                    (Currency::Unstated, number.end)
                }
                Some((currency, length)) => (currency, number.end + length),
                None => currency_over_line_end(
                    &text[currency_used_until.min(sign_start)..sign_start],
                    &text[start..number.end],
                    &text[number.end..],
                    number.has_cents,
                )
                .map_or((Currency::Unstated, number.end), |(currency, length)| {
                    (currency, number.end + length)
                }),
            },
        };
        at = number.end.max(start + 1);
        // `612.35` is money where the heading says so, and `01.05.` is a date even there.
        let declared = || {
            number.has_point_cents
                && is_cell(text, sign_start..number.end)
                && declarations.at(start).is_some()
        };
        if currency != Currency::Unstated || number.has_cents || declared() {
            if end > number.end {
                currency_used_until = end;
            }
            let trailing_minus = bytes.get(number.end) == Some(&b'-')
                && !bytes.get(number.end + 1).is_some_and(u8::is_ascii_alphanumeric);
            let rest = if number.has_cents { None } else { cents_after(&text[end..]) };
            let (rest, length) = rest.unwrap_or_default();
            at = if length > 0 { end + length } else { at };
            let cents = number.value.cents().saturating_add(rest);
            let value = if negative || trailing_minus || is_marked_as_credit(&text[end..]) {
                Money::from_cents(-cents)
            } else {
                Money::from_cents(cents)
            };
            let struck = text[..sign_start].ends_with("~~");
            let range = sign_start..number.end;
            amounts.push(Amount {
                value,
                currency,
                range,
                misread: false,
                struck,
                in_words: false,
            });
        }
    }
    for amount in amounts.iter_mut().filter(|amount| amount.currency == Currency::Unstated) {
        if let Some(currency) = declarations.at(amount.range.start) {
            amount.currency = currency;
        }
    }
    add_misread(text, &mut amounts);
    add_spelled(text, &mut amounts);
    amounts
}

/// The cents behind the currency of a whole number, and where in the text they end: `471 Euro und 38 Cent`.
fn cents_after(behind_currency: &str) -> Option<(i64, usize)> {
    let rest = behind_currency.strip_prefix(',').unwrap_or(behind_currency);
    let rest = rest.strip_prefix(' ')?;
    let rest = rest.strip_prefix("und ").or_else(|| rest.strip_prefix("and ")).unwrap_or(rest);
    let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let (number, word) = rest.split_at(digits);
    let word = word.strip_prefix(' ').unwrap_or(word);
    let word: String = word.chars().take_while(|c| c.is_alphanumeric()).take(6).collect();
    let is_cents = matches!(&*word.to_lowercase(), "cent" | "cents" | "ct");
    let end = behind_currency.len() - rest.len() + digits;
    (is_cents && (1..=2).contains(&digits)).then(|| Some((number.parse().ok()?, end)))?
}

/// Whether nothing else stands in this cell of a table.
fn is_cell(text: &str, range: Range<usize>) -> bool {
    let (before, after) = (&text[..range.start], &text[range.end..]);
    (before.is_empty() || ["\n", "  ", "| "].iter().any(|edge| before.ends_with(edge)))
        && (after.is_empty() || ["\n", "  ", " |"].iter().any(|edge| after.starts_with(edge)))
}

/// `186,83 H`, `€ 186,83 Haben`, `9.200,00 EUR -`, `62,14 EUR-`: the row is in the debtor's favour.
fn is_marked_as_credit(after: &str) -> bool {
    if let Some(rest) = after.strip_prefix(['-', '−']) {
        return !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '−'));
    }
    let rest = after.trim_start_matches([' ', '|']);
    if rest.len() == after.len() || after.len() - rest.len() > 4 {
        return false;
    }
    ["Haben", "HABEN", "H", "CR", "-"].iter().any(|mark| {
        rest.strip_prefix(mark).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with(['\n', ')'])
                || *mark != "-" && ["  ", " |", " ("].iter().any(|end| rest.starts_with(end))
        })
    })
}

/// From digits to the words that repeat them, in bytes.
const BESIDE: usize = 30;

/// Adds amounts in words.
fn add_spelled(text: &str, amounts: &mut Vec<Amount>) {
    let before = amounts.len();
    amounts.extend(spelled::spelled(text).into_iter().map(|(value, range)| Amount {
        value,
        currency: Currency::Euro,
        range,
        misread: false,
        struck: false,
        in_words: true,
    }));
    if amounts.len() > before {
        amounts.sort_by_key(|amount| amount.range.start);
        // `1.482,50 EUR (in Worten: eintausendvierhundertzweiundachtzig)` leaves the cents unsaid.
        for at in 1..amounts.len() {
            let (digits, words) = (&amounts[at - 1], &amounts[at]);
            let cents = digits.value.cents();
            let is_beside = words.range.start - digits.range.end.min(words.range.start) <= BESIDE;
            if words.in_words
                && !digits.in_words
                && is_beside
                && cents - cents % 100 == words.value.cents()
            {
                amounts[at].value = digits.value;
            }
        }
        // `siebenhundert Euro und 50 Cent`: the cents are no amount of their own.
        let mut until = 0;
        amounts.retain(|amount| {
            let inside = amount.range.start < until;
            if amount.in_words && !inside {
                until = amount.range.end;
            }
            !inside
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(text: &str) -> Vec<i64> {
        scan(text).iter().map(|amount| amount.value.cents()).collect()
    }

    #[test]
    fn one_amount_in_all_its_forms_gives_the_same_cents() {
        for text in [
            "1.234,56 EUR",
            "EUR 1.234,56",
            "1234,56€",
            "1 234,56 Euro",
            "1'234.56 EUR",
            "EUR 1,234.56",
            "€1.234,56",
            "1.234,56 | EUR",
            "EUR | 1.234,56",
            "EUR1.234,56",
            "1.234,56",
            "(1.234,56 €)",
            "*1.234,56* EUR",
            "EUR: 1.234,56",
            "1.234,56 €.",
            "1.234 Euro und 56 Cent",
            "1.234 €, 56 ct.",
            "EUR 1.234 und 56 Cent",
        ] {
            assert_eq!(cents(text), [123_456], "{text}");
        }
        for text in ["1.234,- €", "1.234,-- EUR", "2.500 Euro und mehr", "1.234 EUR", "EUR 1234"]
        {
            assert_eq!(cents(text).len(), 1, "{text}");
        }
        assert_eq!(cents("1.234,- €"), [123_400]);
        assert_eq!(cents("EUR 377.45"), [37_745]);
        assert_eq!(cents("Saldo -38,20 EUR, Rest 38,20- EUR"), [-3_820, -3_820]);
        assert_eq!(cents("0,00 EUR"), [0]);
        for text in ["5 Euro und 20 Centner", "5 Euro und 200 Cent", "5,00 Euro und 20 Cent je Tag"]
        {
            assert_eq!(cents(text)[0], 500, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_money_is_left_alone() {
        for text in [
            "am 12.03.2026 um 11:05 Uhr",
            "Tel. 040 66969 210",
            "0761 279 1188",
            "+49 30 23125 871",
            "IBAN DE00 5005 0000 0044 1187 02",
            "9,5 %",
            "4,5 v. H.",
            "5 Prozentpunkte",
            "§ 288",
            "1381/25",
            "5.0100.450033.1",
            "318/5077/3316",
            "NL-884213-7",
            "Mo 8.30-12.00",
            "HR 40.771.200-3",
            "77 601 338",
            "4711 0388 902",
            "Fax 55 501-29",
            "3,50% Zinsen",
            "L-2021-0902",
            "25-0098812-0-3",
            "1.2.3",
            "12,34,56",
            "Version 2.10",
        ] {
            assert_eq!(cents(text), [] as [i64; 0], "{text}");
        }
    }

    #[test]
    fn other_currencies_and_multiples_are_not_euro() {
        for text in [
            "CHF 5'912.45",
            "1.000,00 USD",
            "$500.00",
            "5 Mio. EUR",
            "12 T€",
            "99 Cent",
            "15.950,00 kr.",
            "80 Kronen",
        ] {
            let found = scan(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].currency, Currency::Other, "{text}");
        }
    }

    fn only(text: &str) -> Amount {
        let mut found = scan(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn a_currency_is_found_over_a_line_end_a_leader_and_brackets() {
        for text in [
            "hat er heute EUR\n14.866,31 zu zahlen",
            "zu zahlen sind 14.866,31\nEUR, um die Schuld zu tilgen",
            "Gesamtforderung in EUR ............ 14.866,31",
            "Rückstand gesamt (EUR) | 14.866,31",
            "Gesamtforderung EUR;14.866,31",
            "Schlusssaldo  14.866,31 S  (EUR)",
        ] {
            let amount = only(text);
            assert_eq!(
                (amount.value.cents(), amount.currency),
                (1_486_631, Currency::Euro),
                "{text}"
            );
        }
        let found = scan("Zinsen 12,00\nEUR 30,00 Kosten");
        let currencies: Vec<Currency> = found.iter().map(|amount| amount.currency).collect();
        assert_eq!(currencies, [Currency::Unstated, Currency::Euro]);
    }

    #[test]
    fn a_mark_of_the_ledger_tells_a_credit_from_a_debt() {
        for text in [
            "Saldo 186,83 H",
            "Saldo 186,83 € H",
            "Saldo | 186,83 € | H",
            "186,83 Haben\nEnde",
            "Erlös 186,83 EUR -\n",
            "Saldo | 186,83 EUR-",
        ] {
            assert_eq!(only(text).value.cents(), -18_683, "{text}");
        }
        for text in [
            "Saldo 186,83 S",
            "186,83 EUR H. Meier",
            "186,83 EUR Habenzinsen",
            "186,83 EUR - Rest folgt",
            "186,83 EUR-Schein",
            "186,83 EUR--",
        ] {
            assert_eq!(only(text).value.cents(), 18_683, "{text}");
        }
    }

    #[test]
    fn a_minus_in_a_column_of_its_own_is_one_and_a_dash_between_words_is_none() {
        for text in
            ["Verwertungserlös  - 950,00", "| Erlös | - 950,00 |", "Gutschrift ./. 950,00 EUR"]
        {
            assert_eq!(only(text).value.cents(), -95_000, "{text}");
        }
        for text in ["Schlussrechnung – 950,00 EUR", "- 950,00 EUR", "Säumnis  -  950,00"] {
            assert_eq!(only(text).value.cents(), 95_000, "{text}");
        }
    }

    #[test]
    fn a_currency_belongs_to_one_amount_only() {
        let found = scan("Zinsen 12,00 EUR 30,00 Kosten");
        let currencies: Vec<Currency> = found.iter().map(|amount| amount.currency).collect();
        assert_eq!(currencies, [Currency::Euro, Currency::Unstated]);
    }

    #[test]
    fn a_year_does_not_take_the_currency_of_the_amount_behind_it() {
        for text in ["Rechnung Oktober 2024  EUR 1.250,00", "bis 31. Mai 2026 EUR 1250.00"] {
            let found = scan(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].value.cents(), found[0].currency), (125_000, Currency::Euro));
        }
        assert_eq!(cents("2024 EUR, 30,00 EUR"), [202_400, 3_000]);
    }

    #[test]
    fn letters_for_digits_are_repaired_and_marked() {
        let found = scan("Gesarntbetrag  2.lO4,5O EUR");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].value.cents(), 210_450);
        assert!(found[0].misread);
        assert_eq!(cents("Gerichtskosten  6B4,S0 €"), [68_450]);
    }

    #[test]
    fn words_that_leave_the_cents_unsaid_agree_with_the_digits() {
        let said = "1.482,50 EUR (in Worten: eintausendvierhundertzweiundachtzig)";
        assert_eq!(cents(said), [148_250, 148_250]);
        assert_eq!(cents("in Worten: (dreitausend)"), [300_000]);
        assert_eq!(cents(&said.replace("1.482", "1.428")), [142_850, 148_200]);
    }

    #[test]
    fn struck_out_amounts_are_marked() {
        let found = scan("Rückstand: ~~1.512,00 EUR~~ 1.174,30 EUR");
        assert_eq!(found.iter().map(|amount| amount.struck).collect::<Vec<_>>(), [true, false]);
    }
}
