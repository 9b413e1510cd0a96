//! Case numbers of the office and references of creditors, in comparable forms.

use unicode_normalization::UnicodeNormalization;

use super::person::words;

/// Words before a number that are no part of it.
const LABELS: [&str; 8] =
    ["AZ", "AKTZ", "AKTENZEICHEN", "ZEICHEN", "IHR", "IHRE", "UNSER", "MANDATSNUMMER"];

/// An Aktenzeichen of the office. `1381/25`, `1381_25` and `1381 - 25` are one; `381_25` is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaseNumber {
    /// Upper case, parts joined by `_`.
    pub(crate) exact: String,
    /// Without a label such as `AZ`.
    pub(crate) bare: String,
    /// Without leading zeros in each part either.
    pub(crate) stripped: String,
}

impl CaseNumber {
    /// Returns `None` for a text without a digit or too long to be a number.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let parts = parts(text);
        let has_digit = parts.iter().any(|part| part.contains(|c: char| c.is_ascii_digit()));
        if !has_digit || text.len() > 4 * LONGEST_REFERENCE {
            return None;
        }
        let labels = parts.iter().take_while(|part| LABELS.contains(&part.as_str())).count();
        let bare = &parts[labels..];
        let stripped: Vec<&str> = bare.iter().map(|part| strip_zeros(part)).collect();
        Some(Self { exact: parts.join("_"), bare: bare.join("_"), stripped: stripped.join("_") })
    }

    /// With the letters that a scanner reads for digits turned back: `16O3_25` is `1603_25`.
    pub(crate) fn as_scanned(&self) -> String {
        let digit = |c| match c {
            'O' | 'Q' => '0',
            'I' | 'L' => '1',
            'Z' => '2',
            'S' => '5',
            'B' => '8',
            other => other,
        };
        self.bare.chars().map(digit).collect()
    }
}

/// A reference that a mail cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cited {
    pub(crate) compact: String,
    pub(crate) case_number: Option<CaseNumber>,
}

/// Shorter ones, such as a year or a floor, name nothing.
const SHORTEST_REFERENCE: usize = 4;

/// Longer ones are sentences, or an attempt to make the query expensive.
const LONGEST_REFERENCE: usize = 64;

impl Cited {
    /// Returns `None` for what is too short or has no digit.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let compact = compact(text)?;
        Some(Self { compact, case_number: CaseNumber::read(text) })
    }

    /// Whether both are of one make in each of their parts, `7120 443 118` and `7120 443 550`.
    pub(crate) fn is_spelled_like(&self, other: &Cited) -> bool {
        let parts = self.case_number.as_ref().zip(other.case_number.as_ref());
        parts.is_some_and(|(one, other)| same_make(&one.exact, &other.exact))
    }
}

/// Upper case letters and digits alone, so that `3300 118 204` is `3300118204`; `None` if that is
/// no reference.
pub(crate) fn compact(text: &str) -> Option<String> {
    let compact = parts(text).concat();
    let fits = (SHORTEST_REFERENCE..=LONGEST_REFERENCE).contains(&compact.chars().count());
    (fits && compact.contains(|c: char| c.is_ascii_digit())).then_some(compact)
}

/// Shorter ones without a letter may be an amount, a date or a house number in a text.
const SHORTEST_IN_TEXT: usize = 6;

/// Where a compact reference begins in a text of folded words, in which it is one word or several
/// in a row (`VK 30 330 118`).
pub(crate) fn place_in(compact: &str, text: &[String]) -> Option<usize> {
    let wanted = words(compact).concat();
    let has_letter = wanted.contains(char::is_alphabetic);
    if wanted.len() < SHORTEST_IN_TEXT - usize::from(has_letter) {
        return None;
    }
    place_of(&wanted, text)
}

/// Where consecutive words give exactly the wanted letters and digits.
pub(crate) fn place_of(wanted: &str, text: &[String]) -> Option<usize> {
    (0..text.len()).find(|start| {
        let mut rest = wanted;
        for word in &text[*start..] {
            match rest.strip_prefix(word.as_str()) {
                Some("") => return true,
                Some(left) => rest = left,
                None => return false,
            }
        }
        false
    })
}

/// Numbers of digits alone are of one make if they are at least so long and begin with so many that
/// are the same: they may be anything, a telephone or an account at a bank.
const SHORTEST_OF_DIGITS: usize = 7;
const SAME_DIGITS: usize = 3;

/// Where other numbers with the same letters and as many digits begin in a text of folded words.
pub(crate) fn rivals_in(compact: &str, text: &[String]) -> impl Iterator<Item = usize> {
    let wanted = words(compact).concat();
    let has_letters = wanted.starts_with(char::is_alphabetic);
    let (shortest, same) =
        if has_letters { (SHORTEST_IN_TEXT, 0) } else { (SHORTEST_OF_DIGITS, SAME_DIGITS) };
    let starts = if wanted.len() < shortest { 0 } else { text.len() };
    (0..starts).filter(move |start| {
        let (mut read, mut is_own) = (0, true);
        for word in &text[*start..] {
            let Some(own) = wanted.as_bytes().get(read..read + word.len()) else { return false };
            let is_like = own.iter().zip(word.bytes()).enumerate().all(|(at, (own, other))| {
                let may_differ = read + at >= same && own.is_ascii_digit();
                *own == other || may_differ && other.is_ascii_digit()
            });
            if !is_like {
                return false;
            }
            is_own &= own == word.as_bytes();
            read += word.len();
            if read == wanted.len() {
                return !is_own;
            }
        }
        false
    })
}

/// Whether [`rivals_in`] may find one in the words of a text: folding them costs a hundred times more.
pub(crate) fn may_have_rival_in(compact: &str, text: &str) -> bool {
    let (Some(first), bytes) = (compact.bytes().next(), text.as_bytes()) else { return false };
    !compact.is_ascii()
        || (0..bytes.len()).any(|start| {
            let begins = bytes[start].eq_ignore_ascii_case(&first)
                && (start == 0 || !bytes[start - 1].is_ascii_alphanumeric());
            let mut others = bytes[start..].iter().filter(|byte| byte.is_ascii_alphanumeric());
            let mut is_own = true;
            let mut is_like = |own: u8, other: u8| {
                let is_same = own.eq_ignore_ascii_case(&other);
                is_own &= is_same;
                is_same || own.is_ascii_digit() && other.is_ascii_digit()
            };
            begins
                && compact.bytes().all(|own| others.next().is_some_and(|it| is_like(own, *it)))
                && !is_own
        })
}

/// Whether two references are of one make: the same letters before the same number of digits. A
/// creditor that cites `NL-999999-9` does not mean its `NL-884213-7`.
pub(crate) fn same_make(left: &str, right: &str) -> bool {
    let make = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
    };
    make(left) == make(right)
}

fn parts(text: &str) -> Vec<String> {
    let upper = if text.is_ascii() {
        text.to_ascii_uppercase()
    } else {
        text.nfkc().collect::<String>().to_uppercase()
    };
    upper
        .split(|c: char| !c.is_alphanumeric())
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect()
}

fn strip_zeros(part: &str) -> &str {
    match part.trim_start_matches('0') {
        "" => "0",
        stripped => stripped,
    }
}
