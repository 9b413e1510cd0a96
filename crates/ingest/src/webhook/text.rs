//! Text as its column can hold it: without NUL, cut at a character boundary, and identities that
//! stay different when cut.

use sha2::{Digest, Sha256};

/// Without NUL, which Postgres cannot store, and at most `characters` long.
pub(crate) fn fit(text: &str, characters: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(characters).collect()
}

/// Without NUL, of any length.
pub(crate) fn without_nul(mut text: String) -> String {
    text.retain(|c| c != '\0');
    text
}

/// An identity in at most `characters` characters. A longer one keeps its beginning and gets the
/// hash of all of it, because two that share a beginning must not look like one mail.
pub(crate) fn fit_identity(text: &str, characters: usize) -> String {
    let text = fit(text, usize::MAX);
    if text.chars().count() <= characters {
        return text;
    }
    let hash = hex(&Sha256::digest(text.as_bytes()));
    let beginning: String = text.chars().take(characters - hash.len() - 1).collect();
    format!("{beginning}:{hash}")
}

/// SHA-256 over parts that cannot run into each other: each is preceded by its length, and a
/// missing part differs from an empty one.
pub(crate) fn content_hash(parts: &[Option<&str>]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        match part {
            Some(text) => {
                hash.update(b"+");
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update(b"-"),
        }
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_loses_nul() {
        assert_eq!(fit("äöü", 2), "äö");
        assert_eq!(fit("a\0b", 5), "ab");
        assert_eq!(without_nul("\0a\0".to_owned()), "a");
    }

    #[test]
    fn long_identities_with_one_beginning_stay_different() {
        let (one, two) = (format!("{}1", "x".repeat(120)), format!("{}2", "x".repeat(120)));
        assert_eq!(fit_identity(&one, 100).chars().count(), 100);
        assert_ne!(fit_identity(&one, 100), fit_identity(&two, 100));
        assert_eq!(fit_identity("wh-1", 100), "wh-1");
    }

    #[test]
    fn parts_of_a_hash_do_not_run_into_each_other() {
        assert_ne!(content_hash(&[Some("ab"), Some("c")]), content_hash(&[Some("a"), Some("bc")]));
        assert_ne!(content_hash(&[None]), content_hash(&[Some("")]));
        assert_eq!(content_hash(&[Some("a")]).len(), 64);
    }
}
