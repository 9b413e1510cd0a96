//! One mail's way from its bodies to a decision, without a transaction.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use domain::decision::{Decision, MailFacts, decide};
use domain::extraction::Extraction;
use domain::models::incoming_email::{self, ClaimedEmail};
use extraction::clean::{CleanedMail, approximate_tokens, clean};
use extraction::{ExtractError, Extractor, Mail};
use futures::FutureExt;

use super::Processing;

/// A mail and what its examination came to.
pub(super) struct Examined {
    pub(super) mail: ClaimedEmail,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Decided(Box<Reading>),
    /// The provider answered nothing usable; the cleaned body is kept for the person who looks.
    Rejected {
        reason: String,
        text: Text,
    },
    /// The provider is away, which is not the mail's fault.
    Unavailable {
        retry_after: Option<Duration>,
        reason: String,
    },
    /// The examination panicked.
    Panicked,
    /// It took longer than any mail should.
    TimedOut,
    /// It was taken too often already, so it is not examined again.
    AttemptsExhausted,
    /// The lease was lost before the provider was asked.
    LeaseLost,
}

/// What was read in a mail and what follows from it.
pub(super) struct Reading {
    pub(super) text: Text,
    pub(super) extraction: Extraction,
    pub(super) decision: Decision,
}

/// The cleaned body, and its size before and after in a model's tokens.
pub(super) struct Text {
    pub(super) cleaned_body: String,
    pub(super) tokens_before: i32,
    pub(super) tokens_after: i32,
}

/// Never fails and never panics: everything that can happen is an outcome.
pub(super) async fn examine(processing: &Processing, mail: ClaimedEmail) -> Examined {
    // A mail that killed its worker has no outcome; its attempts tell.
    if mail.attempts > processing.limits.max_attempts {
        return Examined { mail, outcome: Outcome::AttemptsExhausted };
    }
    let began = Instant::now();
    let read = AssertUnwindSafe(read(processing, &mail)).catch_unwind();
    let outcome = match tokio::time::timeout(processing.limits.examination, read).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => Outcome::Panicked,
        Err(_elapsed) => Outcome::TimedOut,
    };
    processing
        .metrics
        .extraction_seconds
        .with_label_values(&[processing.extractor.name()])
        .observe(began.elapsed().as_secs_f64());
    Examined { mail, outcome }
}

async fn read(processing: &Processing, mail: &ClaimedEmail) -> Outcome {
    let parts = Mail {
        subject: mail.subject.clone(),
        from_email: mail.from_email.clone(),
        from_name: mail.from_name.clone(),
        body_html: mail.raw_body_html.clone(),
        body_text: mail.raw_body_text.clone(),
        received_at: Some(mail.received_at),
    };
    let raw = parts.body_html.as_deref().or(parts.body_text.as_deref()).unwrap_or_default();
    let tokens_before = approximate_tokens(raw);
    // On a thread of its own: a large mail takes long enough to hold up what else runs here.
    let Ok(cleaned) = tokio::task::spawn_blocking(move || clean(&parts)).await else {
        return Outcome::Panicked;
    };
    let text = Text {
        tokens_before,
        tokens_after: approximate_tokens(&cleaned.body),
        cleaned_body: cleaned.body.clone(),
    };
    let extractor = processing.extractor.as_ref();
    if waits_for_a_provider(extractor) {
        let lease = mail.lease();
        let marked =
            processing.database.query(move |conn| incoming_email::mark_extracting(conn, lease));
        match marked.await {
            Ok(true) => {}
            Ok(false) => return Outcome::LeaseLost,
            Err(error) => {
                return Outcome::Unavailable { retry_after: None, reason: error.to_string() };
            }
        }
    }
    match extractor.extract(&cleaned).await {
        Ok(extraction) => decided(mail, text, extraction, &cleaned),
        Err(ExtractError::Rejected { reason }) => Outcome::Rejected { reason, text },
        Err(ExtractError::Unavailable { retry_after, reason }) => {
            Outcome::Unavailable { retry_after, reason }
        }
    }
}

/// The rules answer at once; a model's answer is worth showing as a status of its own.
fn waits_for_a_provider(extractor: &dyn Extractor) -> bool {
    extractor.name() != extraction::rules::PROVIDER
}

fn decided(
    mail: &ClaimedEmail,
    text: Text,
    extraction: Extraction,
    cleaned: &CleanedMail,
) -> Outcome {
    let facts = MailFacts {
        from_email: &mail.from_email,
        received_at: mail.received_at,
        cleaned_body: &cleaned.body,
    };
    let decision = decide(&extraction, facts);
    Outcome::Decided(Box::new(Reading { text, extraction, decision }))
}
