//! Regular expressions for folded text.

use regex::Regex;

/// Compiles a pattern with `\b`, `\w` and `\d` in their ASCII sense.
///
/// The Unicode sense makes the engine leave its fast automaton at the first letter outside
/// ASCII, and a German mail has one in every line. For the same reason patterns avoid counted
/// gaps such as `.{0,200}`: each count is a state.
///
/// # Panics
///
/// If the pattern is malformed; all patterns are constants, and a test compiles each.
pub(crate) fn pattern(text: &str) -> Regex {
    let ascii =
        text.replace(r"\b", r"(?-u:\b)").replace(r"\w", "[0-9A-Za-z_]").replace(r"\d", "[0-9]");
    Regex::new(&ascii).expect("the pattern is valid")
}
