//! The end of a text, so that a look back costs the same whatever stands before it.

/// The last `most` bytes of a text, or a few less where a character begins before them.
pub(crate) fn tail(text: &str, most: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(most))..]
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn no_character_is_cut() {
        assert_eq!(tail("Größe", 3), "ße");
        assert_eq!(tail("Größe", 2), "e");
        assert_eq!(tail("Größe", 99), "Größe");
        assert_eq!(tail("", 1), "");
    }
}
