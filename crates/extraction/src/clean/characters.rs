//! Unicode brought to one form, and the characters gone that a reader does not see.

use unicode_normalization::{UnicodeNormalization, is_nfkc};

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
    let composed: std::borrow::Cow<'_, str> =
        if is_nfkc(text) { text.into() } else { text.nfkc().collect::<String>().into() };
    let mut out = String::with_capacity(composed.len());
    let (mut spaces, mut breaks) = (0_usize, 0_usize);
    let mut characters = composed.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    breaks += 1;
                }
                spaces = 0;
            }
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{c}' | '\u{b}' => {
                breaks += 1;
                spaces = 0;
            }
            '\t' => spaces += 2,
            '\u{202b}' | '\u{202d}' | '\u{202e}' | '\u{2067}' => plain.reverses_direction = true,
            _ if is_invisible(c) => {}
            _ if c.is_whitespace() => spaces += 1,
            _ => {
                if breaks > 0 && !out.is_empty() {
                    out.push_str(if breaks == 1 { "\n" } else { "\n\n" });
                } else if spaces > 0 && !out.is_empty() {
                    out.push_str(if spaces == 1 { " " } else { "  " });
                }
                (spaces, breaks) = (0, 0);
                out.push(c);
            }
        }
    }
    plain.text = out;
    plain
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
    use super::*;

    #[test]
    fn invisible_characters_vanish_and_odd_spaces_become_plain() {
        let plain = to_plain("1.\u{200b}156\u{2060},50\u{a0}EUR 3\u{202f}846,02 so\u{ad}fort");
        assert_eq!(plain.text, "1.156,50 EUR 3 846,02 sofort");
        assert!(!plain.reverses_direction);
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
