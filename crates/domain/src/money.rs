//! Amounts of money in euro, as integer cents.
//!
//! No float takes part in any decision: a float exists only in the BSON field that the portal
//! reads, and in the JSON numbers of the Python service, which are read by their decimal text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount in euro cents. It may be negative (a balance in the debtor's favour).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an amount in euro with at most two decimals")]
pub struct MoneyError(String);

impl Money {
    pub const ZERO: Money = Money(0);

    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The value for the BSON field, exact to the cent for every amount below 90 trillion euro.
    pub fn to_bson_double(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// Reads a double from the portal's document, rounded to the cent.
    ///
    /// Returns `None` for NaN, infinities and numbers beyond what a double holds to the cent.
    pub fn from_bson_double(value: f64) -> Option<Self> {
        let cents = (value * 100.0).round();
        (cents.abs() < 9.0e15).then_some(Self(cents as i64))
    }

    /// Reads `1234.56`: digits, an optional point with one or two decimals, an optional sign.
    ///
    /// More decimals are accepted only when they are zeros, so that no rounding is ever hidden.
    pub fn parse_plain(text: &str) -> Result<Self, MoneyError> {
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        Self::from_parts(negative, whole, fraction).ok_or_else(|| MoneyError(text.to_owned()))
    }

    /// Reads an amount as people in Germany, Austria and Switzerland write it: `1.234,56`,
    /// `1234,5`, `1 234,56`, `1'234.56`, `1,234.56`, `1.234,-`, `1.234,--`, `1.234`, `2500`.
    ///
    /// The text holds the number alone, without a currency. Groups of thousands must be whole
    /// (`12.34,56` and `1.23` are refused, the second because it could be either kind of point).
    pub fn parse_german(text: &str) -> Result<Self, MoneyError> {
        Self::read_german(text).ok_or_else(|| MoneyError(text.to_owned()))
    }

    fn read_german(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let (negative, body) = match trimmed.strip_prefix(['-', '−', '–']) {
            Some(rest) => (true, rest.trim_start()),
            None => (false, trimmed),
        };
        let body = body
            .strip_suffix(",--")
            .or_else(|| body.strip_suffix(",-"))
            .or_else(|| body.strip_suffix(",—"))
            .or_else(|| body.strip_suffix(",–"))
            .unwrap_or(body);
        let last_mark = body.rfind(['.', ',']);
        let (whole, fraction, decimal_mark) = match last_mark {
            Some(at) => {
                let (mark, tail) = (body.as_bytes()[at] as char, &body[at + 1..]);
                let marks_of_kind = body.matches(mark).count();
                match tail.len() {
                    1 | 2 if marks_of_kind == 1 => (&body[..at], tail, Some(mark)),
                    3 => (body, "", None),
                    _ => return None,
                }
            }
            None => (body, "", None),
        };
        // `1.23` could be a German group cut short or an English amount: only a comma, or a
        // point after some other separator of thousands, is a decimal mark beyond doubt.
        if decimal_mark == Some('.') && !whole.contains([',', '\'', '’', ' ']) && whole.len() > 3
        {
            // Four or more digits without groups: `1234.56` can only be decimal.
        } else if decimal_mark == Some('.') && !whole.contains([',', '\'', '’', ' ']) {
            return None;
        }
        let whole = ungroup(whole, decimal_mark)?;
        Self::from_parts(negative, &whole, fraction)
    }

    fn from_parts(negative: bool, whole: &str, fraction: &str) -> Option<Self> {
        if whole.is_empty() || whole.len() > 13 {
            return None;
        }
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (decimals, rest) = fraction.split_at(fraction.len().min(2));
        if rest.bytes().any(|b| b != b'0') {
            return None;
        }
        let mut cents = whole.parse::<i64>().ok()? * 100;
        cents += match decimals.len() {
            0 => 0,
            1 => decimals.parse::<i64>().ok()? * 10,
            _ => decimals.parse::<i64>().ok()?,
        };
        Some(Self(if negative { -cents } else { cents }))
    }
}

/// Joins groups of thousands: one separator throughout, a first group of one to three digits and
/// all others of three.
fn ungroup(whole: &str, decimal_mark: Option<char>) -> Option<String> {
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    let Some(separator) = separator else {
        return Some(whole.to_owned());
    };
    if !matches!(separator, '.' | ',' | ' ' | '\'' | '’' | '\u{a0}' | '\u{202f}')
        || Some(separator) == decimal_mark
    {
        return None;
    }
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let whole_groups = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    whole_groups.then(|| whole.split(separator).collect())
}

/// Plain form with two decimals: `1234.56`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse_plain(text)
    }
}

/// As a JSON string, `"1234.56"`.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a JSON string `"1234.56"` or a JSON number `1234.56`, the Python service's form.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(serde_json::Number),
            Text(String),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Text(text) => text,
            // The shortest decimal that stands for the double, which is what the writer meant.
            Form::Number(number) => number.to_string(),
        };
        Self::parse_plain(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_forms_of_one_amount_give_the_same_cents() {
        for text in [
            "1.234,56",
            "1234,56",
            "1 234,56",
            "1'234.56",
            "1’234.56",
            "1,234.56",
            "1234.56",
            "1\u{a0}234,56",
            "1\u{202f}234,56",
        ] {
            assert_eq!(Money::parse_german(text), Ok(Money::from_cents(123_456)), "{text}");
        }
        for text in ["1.234,-", "1.234,--", "1.234", "1234", "1 234", "1.234,00", "1,234"] {
            assert_eq!(Money::parse_german(text), Ok(Money::from_cents(123_400)), "{text}");
        }
        assert_eq!(Money::parse_german("0,5"), Ok(Money::from_cents(50)));
        assert_eq!(Money::parse_german("-12,00"), Ok(Money::from_cents(-1_200)));
        assert_eq!(Money::parse_german("1.234.567,89"), Ok(Money::from_cents(123_456_789)));
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for text in [
            "",
            "12.34,56",
            "1.23",
            "1.2.3",
            "1,2,3",
            "1.234,567",
            "1.234.56",
            "12.03.2026",
            "abc",
            "1..234",
            "1 23 456",
            "1e5",
            "٣",
            "--5",
            "1234.567,89",
            "99999999999999",
        ] {
            assert!(Money::parse_german(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plain_form_is_strict_and_round_trips() {
        for text in ["0.00", "899.00", "1234.56", "-3.07"] {
            assert_eq!(Money::parse_plain(text).unwrap().to_string(), text);
        }
        assert_eq!(Money::parse_plain("899.5").unwrap().cents(), 89_950);
        for text in ["1.234,56", "12.345", "1e3", "+1", "", ".5", "NaN"] {
            assert!(Money::parse_plain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn json_takes_strings_and_numbers_and_gives_strings() {
        let of = |json: &str| serde_json::from_str::<Money>(json);
        assert_eq!(of("\"1234.56\"").unwrap().cents(), 123_456);
        assert_eq!(of("899.0").unwrap().cents(), 89_900);
        assert_eq!(of("899").unwrap().cents(), 89_900);
        assert_eq!(of("0.1").unwrap().cents(), 10);
        assert!(of("0.123").is_err() && of("null").is_err() && of("\"\"").is_err());
        assert_eq!(serde_json::to_string(&Money::from_cents(89_900)).unwrap(), "\"899.00\"");
    }

    #[test]
    fn the_double_keeps_every_cent() {
        for cents in [0, 1, 7, 10, 29, 57, 11_399, 50_000_000, -123_456, 89_999_999_999] {
            let money = Money::from_cents(cents);
            assert_eq!(Money::from_bson_double(money.to_bson_double()), Some(money));
        }
        assert_eq!(Money::from_bson_double(f64::NAN), None);
        assert_eq!(Money::from_bson_double(f64::INFINITY), None);
    }
}
