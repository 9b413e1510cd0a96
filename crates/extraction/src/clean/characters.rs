//! Unicode brought to one form, and the characters gone that a reader does not see.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A text in NFKC with plain spaces and line ends.
#[derive(Debug, Default)]
pub(super) struct Plain {
    pub(super) text: String,
    /// It held characters that turn the direction of writing around: what a reader saw is not
    /// what stands there.
    pub(super) reverses_direction: bool,
}

/// Normalises a text. Wide gaps (tabs, runs of spaces) become two spaces, several blank lines
/// one, and trailing spaces vanish.
pub(super) fn to_plain(text: &str) -> Plain {
    let mut plain = Plain::default();
    let composed = composed(text);
    let mut lines = Lines { text: String::with_capacity(composed.len()), spaces: 0, breaks: 0 };
    let mut rest = &*composed;
    while let Some(c) = rest.chars().next() {
        let word = rest.bytes().take_while(u8::is_ascii_graphic).count();
        let (taken, behind) = rest.split_at(word.max(c.len_utf8()));
        match c {
            _ if word > 0 => lines.push(taken),
            '\r' if behind.starts_with('\n') => lines.spaces = 0,
            '\r' | '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{c}' | '\u{b}' => {
                lines.breaks += 1;
                lines.spaces = 0;
            }
            '\t' => lines.spaces += 2,
            '\u{202b}' | '\u{202d}' | '\u{202e}' | '\u{2067}' => plain.reverses_direction = true,
            _ if is_invisible(c) => {}
            _ if c.is_whitespace() => lines.spaces += 1,
            _ => lines.push(taken),
        }
        rest = behind;
    }
    let text = lines.text;
    plain.text = if has_single_letter(&text) { with_spaced_words_joined(&text) } else { text };
    plain
}

/// Text in which a gap is written once more text follows it, so that none is left over at the ends.
struct Lines {
    text: String,
    spaces: usize,
    breaks: usize,
}

impl Lines {
    fn push(&mut self, visible: &str) {
        if !self.text.is_empty() {
            self.text.push_str(match (self.breaks, self.spaces) {
                (0, 0) => "",
                (0, 1) => " ",
                (0, _) => "  ",
                (1, _) => "\n",
                (_, _) => "\n\n",
            });
        }
        (self.spaces, self.breaks) = (0, 0);
        self.text.push_str(visible);
    }
}

/// A text in NFKC. Only what is not [`is_composed`] is looked up, with the letter before it, which
/// it may join.
fn composed(text: &str) -> Cow<'_, str> {
    let (mut composed, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(|c| !is_composed(c)) {
        let start = rest.floor_char_boundary(at.saturating_sub(1));
        let end = rest[at..].find(is_composed).map_or(rest.len(), |end| at + end);
        composed.push_str(&rest[..start]);
        composed.extend(rest[start..end].nfkc());
        rest = &rest[end..];
    }
    if rest.len() == text.len() {
        return text.into();
    }
    composed.push_str(rest);
    composed.into()
}

/// Whether a character is alike in every form of Unicode, and never joins the one before it. Nearly
/// all of a mail are.
fn is_composed(c: char) -> bool {
    c < '\u{a0}'
        || ('\u{c0}'..='\u{131}').contains(&c)
        || matches!(c, '€' | '–' | '—' | '‘' | '’' | '‚' | '“' | '”' | '„' | '•')
}

/// Whether a single character stands between two spaces: without one no word is set apart.
fn has_single_letter(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices(' ').any(|(space, _)| {
        let width = match bytes.get(space + 1) {
            Some(b' ') | None => return false,
            Some(..0x80) => 1,
            Some(..0xe0) => 2,
            Some(..0xf0) => 3,
            Some(_) => 4,
        };
        bytes.get(space + 1 + width) == Some(&b' ')
    })
}

/// `E U R  1.041,88` and `k e i n e n`: letters set apart for emphasis are one word.
fn with_spaced_words_joined(text: &str) -> String {
    const SHORTEST: usize = 3;
    let mut joined = String::with_capacity(text.len());
    let mut letters: Vec<&str> = Vec::new();
    let mut flush = |letters: &mut Vec<&str>, next: &str| {
        if letters.len() >= SHORTEST
            && let Some((last, others)) = letters.split_last()
        {
            others.iter().for_each(|letter| joined.push_str(letter.trim_end()));
            joined.push_str(last);
        } else {
            letters.iter().for_each(|letter| joined.push_str(letter));
        }
        letters.clear();
        joined.push_str(next);
    };
    for token in text.split_inclusive([' ', '\n']) {
        let word = token.trim_end_matches([' ', '\n']);
        let mut characters = word.chars();
        let is_letter = characters.next().is_some_and(char::is_alphabetic);
        let tail = characters.as_str();
        let ends_word = tail.chars().all(|c| c.is_ascii_punctuation()) && tail.len() <= 1;
        if is_letter && tail.is_empty() && token.ends_with(' ') {
            letters.push(token);
        } else if is_letter && ends_word {
            letters.push(token);
            flush(&mut letters, "");
        } else {
            flush(&mut letters, token);
        }
    }
    flush(&mut letters, "");
    joined
}

/// Undoes quoted-printable that a mail system left in the text: `EUR=20`, `=C3=BC`, lines that end
/// in `=`.
pub(super) fn without_quoted_printable(text: &str) -> Cow<'_, str> {
    const FEWEST_MARKS: usize = 2;
    let is_marked = |line: &&str| {
        let line = line.trim_end_matches('\r');
        line.ends_with("=20") || line.ends_with('=') && !line.ends_with("==")
    };
    if text.lines().filter(is_marked).count() < FEWEST_MARKS {
        return text.into();
    }
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, &bytes[at..]) {
            (b'=', [b'\r', b'\n', ..]) => at += 2,
            (b'=', [b'\n', ..]) => at += 1,
            (b'=', [one, other, ..]) => match (hex(*one), hex(*other)) {
                (Some(one), Some(other)) => {
                    decoded.push(one * 16 + other);
                    at += 2;
                }
                _ => decoded.push(byte),
            },
            _ => decoded.push(byte),
        }
    }
    match String::from_utf8(decoded) {
        Ok(decoded) => decoded.into(),
        // In another encoding than the mail was taken for: better left as it stands.
        Err(_) => text.into(),
    }
}

/// Controls, zero-width characters, soft hyphens, direction marks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    ) || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn invisible_characters_vanish_and_odd_spaces_become_plain() {
        let plain = to_plain("1.\u{200b}156\u{2060},50\u{a0}EUR 3\u{202f}846,02 so\u{ad}fort");
        assert_eq!(plain.text, "1.156,50 EUR 3 846,02 sofort");
        assert!(!plain.reverses_direction);
    }

    #[test]
    fn what_is_taken_for_composed_is() {
        for c in (char::MIN..=char::MAX).filter(|c| is_composed(*c)) {
            assert!(unicode_normalization::is_nfkc(&format!("A{c}")), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_composed_as_unicode_says(
            text in "([a-zäß 0-9]|[€½²ﬁ\\u{a0}\\u{300}-\\u{36f}\\u{1100}-\\u{11ff}\\u{ff00}-\\u{ffef}]|\\PC){0,40}"
        ) {
            prop_assert_eq!(composed(&text), text.nfkc().collect::<String>());
        }
    }

    #[test]
    fn letters_set_apart_are_one_word_and_initials_stay() {
        for (text, expected) in [
            ("E U R  1.041,88", "EUR  1.041,88"),
            ("hat  k e i n e n  Titel", "hat  keinen  Titel"),
            ("S U M M E: 5,00", "SUMME: 5,00"),
            ("i. A. B. Meier, z. B. in a) und b)", "i. A. B. Meier, z. B. in a) und b)"),
            ("Variante A B", "Variante A B"),
        ] {
            assert_eq!(to_plain(text).text, expected);
        }
    }

    #[test]
    fn quoted_printable_that_was_left_in_a_text_is_undone() {
        let text =
            "Der R=C3=BCckstand betr=C3=A4gt=20\n1.530,00 EUR, davon=20\r\n12,00 EUR Zin=\nsen";
        let plain = without_quoted_printable(text);
        assert_eq!(plain, "Der Rückstand beträgt \n1.530,00 EUR, davon \r\n12,00 EUR Zinsen");
        for text in ["1 + 1 =\n2", "=20 ist kein Betrag", "=====\n=====\nSumme =20"] {
            assert_eq!(without_quoted_printable(text), text);
        }
    }

    #[test]
    fn turned_writing_is_reported() {
        let plain = to_plain("\u{202e}05,731.1\u{202c} EUR");
        assert_eq!(plain.text, "05,731.1 EUR");
        assert!(plain.reverses_direction);
    }

    #[test]
    fn gaps_and_blank_lines_are_kept_small() {
        let plain = to_plain("a\t\t\tb   c d  \r\n\r\n\r\n   e\rf");
        assert_eq!(plain.text, "a  b  c d\n\ne\nf");
    }
}
