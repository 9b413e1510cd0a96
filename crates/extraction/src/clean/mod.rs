//! From a mail to the text that a person would read.

use std::fmt;

use crate::Mail;

/// The readable text of a mail, its parts kept apart.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanedMail {
    pub subject: String,
    pub from_email: String,
    pub from_name: Option<String>,
    /// What the sender newly wrote.
    pub body: String,
    /// What was quoted from earlier messages, the office's own letter among it.
    pub quote: String,
    /// Closing, contact data, disclaimers: a source for the creditor's name only.
    pub signature: String,
    /// The HTML part and the text part name different amounts.
    pub html_text_disagrees: bool,
    /// The HTML held text that a reader does not see; it is gone.
    pub hidden_text_removed: bool,
}

impl CleanedMail {
    /// Everything a reader sees, subject first.
    pub fn visible_text(&self) -> String {
        [&*self.subject, &*self.body, &*self.signature, &*self.quote].join("\n")
    }
}

impl fmt::Debug for CleanedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CleanedMail")
            .field("body_bytes", &self.body.len())
            .field("quote_bytes", &self.quote.len())
            .field("signature_bytes", &self.signature.len())
            .field("html_text_disagrees", &self.html_text_disagrees)
            .field("hidden_text_removed", &self.hidden_text_removed)
            .finish_non_exhaustive()
    }
}

/// Cleans a mail. Never fails and never panics; linear in the size of the mail.
pub fn clean(mail: &Mail) -> CleanedMail {
    CleanedMail {
        subject: mail.subject.clone().unwrap_or_default(),
        from_email: mail.from_email.clone(),
        from_name: mail.from_name.clone(),
        body: mail.body_text.clone().or_else(|| mail.body_html.clone()).unwrap_or_default(),
        ..CleanedMail::default()
    }
}

/// How many tokens of a language model a text takes, to within a fifth or so for German.
pub fn approximate_tokens(text: &str) -> i32 {
    i32::try_from(text.chars().count().div_ceil(4)).unwrap_or(i32::MAX)
}
