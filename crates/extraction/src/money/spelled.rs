//! Amounts in words: `siebenhundertneunzig Euro und fünfzig Cent`.

use std::ops::Range;

use domain::money::Money;

use crate::fold::fold;
use crate::tail::tail;

/// No number in words is longer, in bytes.
const LONGEST: usize = 120;

/// Words that make a number a vague one.
const VAGUE: [&str; 4] = ["paar", "mehrere", "einige", "viele"];

const UNITS: [(&str, i64); 21] = [
    ("siebzehn", 17),
    ("sechzehn", 16),
    ("dreizehn", 13),
    ("vierzehn", 14),
    ("fuenfzehn", 15),
    ("achtzehn", 18),
    ("neunzehn", 19),
    ("zwoelf", 12),
    ("sieben", 7),
    ("zehn", 10),
    ("eins", 1),
    ("eine", 1),
    ("zwei", 2),
    ("drei", 3),
    ("vier", 4),
    ("fuenf", 5),
    ("sechs", 6),
    ("acht", 8),
    ("neun", 9),
    ("elf", 11),
    ("ein", 1),
];

const TENS: [(&str, i64); 8] = [
    ("zwanzig", 20),
    ("dreissig", 30),
    ("vierzig", 40),
    ("fuenfzig", 50),
    ("sechzig", 60),
    ("siebzig", 70),
    ("achtzig", 80),
    ("neunzig", 90),
];

/// All amounts in words and where they stand.
pub(super) fn spelled(text: &str) -> Vec<(Money, Range<usize>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("uro").chain(text.match_indices("URO")) {
        let Some(start) = at.checked_sub(1) else { continue };
        if !matches!(text.as_bytes()[start], b'e' | b'E') {
            continue;
        }
        let end = start + 4;
        if text[end..].starts_with(char::is_alphanumeric) {
            continue;
        }
        if let Some((euros, from)) = number_before(text, start) {
            let (cents, to) = cents_after(text, end).unwrap_or((0, end));
            let value = Money::from_cents(euros.saturating_mul(100).saturating_add(cents));
            // An amount stands in one line, even if its currency does not.
            let number_end = text[..start].trim_end().len();
            let to = if text[number_end..start].contains('\n') { number_end } else { to };
            found.push((value, from..to));
        }
    }
    found.extend(without_currency(text));
    found
}

/// `3.450,00 Euro (in Worten: dreitausendvierhundertfünfzig)`, `(dreitausend)`: the currency stands
/// beside the digits.
fn without_currency(text: &str) -> impl Iterator<Item = (Money, Range<usize>)> {
    let said = text.match_indices("orten").map(|(at, word)| (at + word.len(), false));
    let opened = text.match_indices('(').map(|(at, bracket)| (at + bracket.len(), true));
    said.chain(opened).filter_map(|(at, in_brackets)| {
        let is_mark = |c: char| matches!(c, ' ' | ':' | '"' | '„' | '(' | '*');
        let marks = text[at..].chars().take(4).take_while(|c| is_mark(*c));
        let start = at + marks.map(char::len_utf8).sum::<usize>();
        let rest = &text[start..];
        let letters = |c: char| c.is_alphabetic() || c == ' ' || c == '-';
        let longest = rest.char_indices().take(LONGEST).take_while(|(_, c)| letters(*c));
        let length = longest.last().map_or(0, |(at, c)| at + c.len_utf8());
        let words = rest[..length].trim_end_matches([' ', '-']);
        let joined: String = fold(words).split([' ', '-']).collect();
        let value = number(&joined)?;
        let closes = rest[words.len()..].trim_start().starts_with(')');
        // `(zwei)` counts something else, and `(drei Raten)` is no number.
        let end = start + words.len();
        let (cents, end) = cents_after(text, end).unwrap_or((0, end));
        (!in_brackets || closes && value >= 100).then(|| {
            let value = value.saturating_mul(100).saturating_add(cents);
            (Money::from_cents(value), start..end)
        })
    })
}

/// The number that ends before `end`, in one word or up to four, and where it begins.
fn number_before(text: &str, end: usize) -> Option<(i64, usize)> {
    let tail = fold(tail(&text[..end], LONGEST));
    let tail_start = end - tail.len();
    let mut best = None;
    let mut joined = String::new();
    let mut start = tail.trim_end().len();
    for _ in 0..4 {
        let from = tail[..start]
            .rfind(|c: char| !c.is_ascii_alphabetic())
            .map_or(0, |at| at + tail[at..].chars().next().map_or(1, char::len_utf8));
        if from == start {
            break;
        }
        joined.insert_str(0, &tail[from..start]);
        if VAGUE.contains(&&tail[from..start]) {
            return None;
        }
        match number(&joined) {
            Some(value) => best = Some((value, tail_start + from)),
            None if !joined.is_empty() && best.is_some() => break,
            None => {}
        }
        // One number stands in one line, its words parted by single spaces.
        let Some(before) = tail[..from].strip_suffix(' ') else { break };
        start = before.len();
    }
    best
}

/// `und fünfzig Cent`, `50 Cent`, `50/100`.
fn cents_after(text: &str, start: usize) -> Option<(i64, usize)> {
    let head = fold(&text[start..text.floor_char_boundary(start + LONGEST)]);
    let words = head.trim_start_matches([' ', ',']);
    let words = words.strip_prefix("und ").unwrap_or(words).trim_start_matches(' ');
    let skipped = head.len() - words.len();
    let length = words.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(words.len());
    let value = words[..length].parse().ok().or_else(|| number(&words[..length]))?;
    let rest = &words[length..];
    if !(0..100).contains(&value) {
        return None;
    }
    let unit = if rest.starts_with(" cent") {
        " cent".len()
    } else if rest.starts_with("/100") {
        "/100".len()
    } else {
        return None;
    };
    Some((value, start + skipped + length + unit))
}

/// A whole number below a million, in one word.
fn number(word: &str) -> Option<i64> {
    if word.is_empty() {
        return None;
    }
    let (thousands, rest) = match word.split_once("tausend") {
        Some(("", rest)) => (1, rest),
        Some((before, rest)) => (below_thousand(before)?, rest),
        None => (0, word),
    };
    let rest = if thousands > 0 { rest.strip_prefix("und").unwrap_or(rest) } else { rest };
    let below = if rest.is_empty() { 0 } else { below_thousand(rest)? };
    (thousands > 0 || !rest.is_empty()).then_some(thousands * 1_000 + below)
}

fn below_thousand(word: &str) -> Option<i64> {
    let (hundreds, rest) = match word.split_once("hundert") {
        Some(("", rest)) => (1, rest),
        Some((before, rest)) => (unit(before)?, rest),
        None => (0, word),
    };
    let rest = if hundreds > 0 { rest.strip_prefix("und").unwrap_or(rest) } else { rest };
    let below = match rest {
        "" if hundreds > 0 => 0,
        rest => below_hundred(rest)?,
    };
    Some(hundreds * 100 + below)
}

fn below_hundred(word: &str) -> Option<i64> {
    if let Some(value) = unit(word) {
        return Some(value);
    }
    let (name, ten) = TENS.iter().find(|(name, _)| word.ends_with(name))?;
    let before = &word[..word.len() - name.len()];
    if before.is_empty() {
        return Some(*ten);
    }
    let one = unit(before.strip_suffix("und")?)?;
    (one < 10).then_some(ten + one)
}

fn unit(word: &str) -> Option<i64> {
    UNITS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(text: &str) -> Vec<i64> {
        spelled(text).iter().map(|(value, _)| value.cents()).collect()
    }

    #[test]
    fn numbers_in_words_are_read() {
        for (text, expected) in [
            ("siebenhundertneunzig Euro und fünfzig Cent", 79_050),
            ("zweitausenddreihunderteinundvierzig Euro und siebzehn Cent", 234_117),
            ("eintausend Euro", 100_000),
            ("(in Worten: tausendundzwölf Euro, 5 Cent)", 101_205),
            ("Einhundertsechzehntausendvierhundertzwei EURO", 11_640_200),
            ("zwei tausend drei hundert Euro", 230_000),
            ("dreißig Euro", 3_000),
            ("vierundachtzig Euro 07/100", 8_407),
        ] {
            assert_eq!(cents(text), [expected], "{text}");
        }
    }

    #[test]
    fn numbers_in_words_need_no_currency_where_they_repeat_digits() {
        for (text, expected) in [
            ("3.450,00 Euro (in Worten: dreitausendfünfhundertvierzig) schuldet", 354_000),
            ("3.450,00 Euro, in Worten dreitausend fünfhundert vierzig.", 354_000),
            ("3.450,00 Euro (dreitausendfünfhundertvierzig)", 354_000),
            ("3.450,50 Euro (in Worten: dreitausendvierhundertfünfzig 50/100)", 345_050),
        ] {
            assert_eq!(cents(text), [expected], "{text}");
        }
        for text in ["in drei (drei) Raten", "mit anderen Worten: eine Zumutung", "(Sohn)"] {
            assert_eq!(cents(text), [] as [i64; 0], "{text}");
        }
    }

    #[test]
    fn a_number_begins_where_its_words_do() {
        let found = spelled("Guten Tag,\n\nzwanzig Euro und zwei Cent");
        assert_eq!(found, [(Money::from_cents(2_002), 12..38)]);
        assert_eq!(spelled("dreitausend\nEuro"), [(Money::from_cents(300_000), 0..11)]);
    }

    #[test]
    fn other_words_before_a_currency_are_no_number() {
        for text in
            ["ein paar hundert Euro", "mehrere tausend Euro", "der Euro", "in Euro", "500 Euro"]
        {
            assert_eq!(cents(text), [] as [i64; 0], "{text}");
        }
    }
}
