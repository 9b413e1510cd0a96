//! A sentence as a linear model sees it: numbers of its words, pairs of words and parts of words.

use std::ops::Range;

/// How many weights a kind has. Features share them by hash: with a quarter of these, several of the
/// corpus's fell on each, and mails that the model had not seen were read worse.
pub const BUCKETS: usize = 1 << 18;

/// Later words of a longer sentence are not looked at.
const MOST_WORDS: usize = 80;

/// Shorter words are taken whole only.
const SHORTEST_CUT_WORD: usize = 5;

/// Parts of words have these lengths in bytes: they see stems through inflection and compounds.
const PART_LENGTHS: [usize; 2] = [4, 5];

/// The features of a sentence whose letters are folded. Repeats count.
pub fn features(folded: &str) -> Vec<u32> {
    let mut found = Vec::with_capacity(folded.len() * 2 + 16);
    let mut before_last = Token::Start;
    let mut last = Token::Start;
    let tokens = tokens(folded);
    for token in tokens.iter().map(|placed| placed.token).chain([Token::End]) {
        if token != Token::End {
            found.push(bucket(&[b"1", token.bytes()]));
        }
        found.push(bucket(&[b"2", last.bytes(), b" ", token.bytes()]));
        if last != Token::Start {
            found.push(bucket(&[b"s", before_last.bytes(), b" ", token.bytes()]));
        }
        if let Token::Word(word) = token {
            push_parts(b"c", word, &mut found);
        }
        before_last = last;
        last = token;
    }
    found
}

/// So many words before and behind an amount speak of it.
const WORDS_BEFORE: usize = 9;
const WORDS_BEHIND: usize = 7;

/// The place of each amount in a sentence, with the features of the words around it.
pub fn amounts(folded: &str) -> Vec<(Range<usize>, Vec<u32>)> {
    let tokens = tokens(folded);
    let is_amount = |token: Token<'_>| matches!(token, Token::Amount | Token::Nought);
    let places = (0..tokens.len()).filter(|at| is_amount(tokens[*at].token));
    let count = places.clone().count();
    places
        .enumerate()
        .map(|(nth, at)| {
            let position = [
                if nth == 0 { b'f' } else { b'm' },
                if nth + 1 == count { b'l' } else { b'm' },
                b'0' + count.min(4) as u8,
            ];
            let own = tokens[at].token;
            let mut found = vec![bucket(&[b"p", &position]), bucket(&[b"o", own.bytes()])];
            let before = tokens[..at].iter().rev().map(|placed| placed.token);
            push_side(b"L", own, before.chain([Token::Start]).take(WORDS_BEFORE), &mut found);
            let behind = tokens[at + 1..].iter().map(|placed| placed.token);
            push_side(b"R", own, behind.chain([Token::End]).take(WORDS_BEHIND), &mut found);
            (tokens[at].range.clone(), found)
        })
        .collect()
}

/// The last words of a text, seen from what stands behind it.
pub(crate) fn push_words_before(kind: &[u8], folded: &str, most: usize, found: &mut Vec<u32>) {
    let tokens = tokens(folded);
    let words = tokens.iter().rev().take(most).map(|placed| placed.token);
    push_side(kind, Token::End, words, found);
}

/// The words on one side of an amount, the nearest first.
fn push_side<'a>(
    side: &[u8],
    own: Token<'a>,
    tokens: impl Iterator<Item = Token<'a>>,
    found: &mut Vec<u32>,
) {
    let mut nearer = own;
    let mut passed = false;
    for (distance, token) in tokens.enumerate() {
        let near = if distance < 3 { [b'0' + distance as u8] } else { [b'9'] };
        // Behind another amount the words speak of that one first.
        let across: &[u8] = if passed { b"x" } else { b"" };
        found.push(bucket(&[side, across, b"1", token.bytes()]));
        found.push(bucket(&[side, across, b"n", &near, token.bytes()]));
        found.push(bucket(&[side, across, b"2", nearer.bytes(), b" ", token.bytes()]));
        if let Token::Word(word) = token {
            push_parts(&[side, across].concat(), word, found);
        }
        passed |= matches!(token, Token::Amount | Token::Nought);
        nearer = token;
    }
}

fn push_parts(kind: &[u8], word: &str, found: &mut Vec<u32>) {
    if word.len() < SHORTEST_CUT_WORD {
        return;
    }
    let bounded: Vec<u8> = [b"^", word.as_bytes(), b"$"].concat();
    let of_kind = Hash::new().with(kind);
    for length in PART_LENGTHS {
        found.extend(bounded.windows(length).map(|part| of_kind.with(part).bucket()));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Start,
    Word(&'a str),
    /// A sum of money, whatever its height, but for nought.
    Amount,
    Nought,
    /// Any other number.
    Number,
    Mark(&'a str),
    End,
}

impl<'a> Token<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Token::Start => b"<",
            Token::Word(word) => word.as_bytes(),
            Token::Amount => b"#",
            Token::Nought => b"#0",
            Token::Number => b"0",
            Token::Mark(mark) => mark.as_bytes(),
            Token::End => b">",
        }
    }
}

struct Placed<'a> {
    token: Token<'a>,
    range: Range<usize>,
}

fn tokens(folded: &str) -> Vec<Placed<'_>> {
    let mut tokens = Vec::new();
    let mut rest = folded;
    let mut currency_before = false;
    while let Some(first) = rest.chars().next()
        && tokens.len() < MOST_WORDS
    {
        let (token, length) = if first.is_ascii_digit() {
            number(rest, currency_before)
        } else if first.is_alphabetic() {
            let length = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            let word = &rest[..length];
            (if is_currency(word) { None } else { Some(Token::Word(word)) }, length)
        } else {
            let mark = &rest[..first.len_utf8()];
            (matches!(mark, "?" | "!" | "%" | ":").then_some(Token::Mark(mark)), mark.len())
        };
        let taken = &rest[..length];
        // `EUR 5,00`, `€ 5`, `EUR: 5`
        currency_before = is_currency(taken) || currency_before && matches!(taken, " " | ":");
        let start = folded.len() - rest.len();
        tokens.extend(token.map(|token| Placed { token, range: start..start + length }));
        rest = &rest[length..];
    }
    tokens
}

fn is_currency(word: &str) -> bool {
    matches!(word, "eur" | "euro" | "euros" | "€")
}

/// Takes a number and a currency behind it.
fn number(rest: &str, currency_before: bool) -> (Option<Token<'_>>, usize) {
    let bytes = rest.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let joins = matches!(bytes[end], b'.' | b',' | b'\'')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
            || bytes[end] == b' ' && end <= 3 && is_grouped_amount(&rest[end + 1..]);
        if !bytes[end].is_ascii_digit() && !joins {
            break;
        }
        end += 1;
    }
    let digits = &rest[..end];
    let cents = digits.len() > 3 && digits.as_bytes()[end - 3] == b',';
    let dash = rest[end..].starts_with(",-");
    let after = rest[end..].trim_start_matches([',', '-', '–', ' ', '|']);
    let currency = ["euro", "eur", "€"].iter().find(|word| after.starts_with(**word));
    let length = match currency {
        Some(word) => rest.len() - after.len() + word.len(),
        None => end,
    };
    let is_amount = cents || dash || currency.is_some() || currency_before;
    let is_nought = !digits.contains(|c: char| matches!(c, '1'..='9'));
    let token = match (is_amount, is_nought) {
        (true, true) => Token::Nought,
        (true, false) => Token::Amount,
        (false, _) => Token::Number,
    };
    (Some(token), length)
}

/// `234,56` behind `1 `.
fn is_grouped_amount(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.len() >= 6
        && bytes[..3].iter().all(u8::is_ascii_digit)
        && bytes[3] == b','
        && bytes[4..6].iter().all(u8::is_ascii_digit)
}

/// The bucket of a feature that is written in these parts.
pub(crate) fn bucket(parts: &[&[u8]]) -> u32 {
    parts.iter().fold(Hash::new(), |hash, part| hash.with(part)).bucket()
}

/// FNV-1a, folded to the number of buckets: the weights are stored by it, so it never changes.
#[derive(Clone, Copy)]
struct Hash(u32);

impl Hash {
    fn new() -> Self {
        Self(0x811c_9dc5)
    }

    fn with(self, bytes: &[u8]) -> Self {
        let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        Self(bytes.iter().fold(self.0, step))
    }

    fn bucket(self) -> u32 {
        (self.0 ^ (self.0 >> 16)) & (BUCKETS as u32 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn read(text: &str) -> String {
        let folded = fold(text);
        let tokens = tokens(&folded);
        let texts = tokens.iter().map(|placed| String::from_utf8_lossy(placed.token.bytes()));
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn amounts_are_alike_in_every_form_and_other_numbers_are_not() {
        for amount in ["1.234,56 EUR", "EUR 1.234,56", "€ 1234,56", "1.234,- €", "1 234,56 €"]
        {
            assert_eq!(read(&format!("offen sind {amount}.")), "offen sind #", "{amount}");
        }
        assert_eq!(read("Nr. 4711 vom 02.04.2026"), "nr 0 vom 0");
        assert_eq!(read("Saldo: 0,00 EUR"), "saldo : #0");
        assert_eq!(read("5 % Zinsen?"), "0 % zinsen ?");
    }

    #[test]
    fn the_place_of_an_amount_is_where_it_stands() {
        let folded = fold("Zinsen 12,00 EUR, zusammen EUR 500,00");
        let found: Vec<&str> =
            amounts(&folded).into_iter().map(|(range, _)| &folded[range]).collect();
        assert_eq!(found, ["12,00 eur", "500,00"]);
    }

    #[test]
    fn a_sentence_without_end_costs_no_more_than_its_first_words() {
        let long = "wort ".repeat(100_000);
        assert_eq!(features(&long).len(), features(&long[..600]).len());
    }
}
