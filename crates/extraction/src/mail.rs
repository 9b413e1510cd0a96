//! A mail as the webhook delivers it.

use std::fmt;

use chrono::{DateTime, Utc};

/// The parts of a mail that the extraction reads. At least one body should be there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mail {
    pub subject: Option<String>,
    pub from_email: String,
    pub from_name: Option<String>,
    pub body_html: Option<String>,
    pub body_text: Option<String>,
    /// When it came; without it no date in it counts as long past.
    pub received_at: Option<DateTime<Utc>>,
}

/// Sizes only: a mail's text belongs in no log.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |part: &Option<String>| part.as_ref().map(String::len);
        f.debug_struct("Mail")
            .field("subject_bytes", &bytes(&self.subject))
            .field("html_bytes", &bytes(&self.body_html))
            .field("text_bytes", &bytes(&self.body_text))
            .finish_non_exhaustive()
    }
}
