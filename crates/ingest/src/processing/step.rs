//! From an examination's outcome to what is written. Pure but for the jitter.

use std::time::Duration;

use domain::database::DatabaseError;
use domain::decision::Decision;
use domain::idempotency::idempotency_key;
use domain::jitter::jittered;
use domain::models::incoming_email::{ClaimedEmail, FinishedEmail};
use domain::payload::{AGGREGATE_TYPE, DebtUpdate};
use domain::status::{MatchStatus, ProcessingStatus, SyncStatus};

use super::examine::{Outcome, Reading, Text};

/// Before the second try of a mail that broke its examination; doubled with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// While a provider is away and does not say for how long.
const PROVIDER_RETRY: Duration = Duration::from_secs(10);

/// However long a provider asks to be left alone.
const LONGEST_POSTPONEMENT: Duration = Duration::from_secs(600);

/// What is written for one mail.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Finish {
        finished: Box<FinishedEmail>,
        /// The outbox message and its idempotency key.
        update: Option<(Box<DebtUpdate>, String)>,
    },
    /// The mail is not at fault; no attempt is spent.
    Postpone { delay: Duration, reason: String },
    /// The mail may be at fault; the attempt counts.
    Retry { delay: Duration, reason: String },
    /// It belongs to another worker.
    Abandon,
}

pub(super) fn step(mail: &ClaimedEmail, outcome: Outcome, max_attempts: i32) -> Step {
    match outcome {
        Outcome::Decided(reading) => decided(mail, *reading),
        Outcome::Rejected { reason, text } => Step::Finish {
            finished: Box::new(FinishedEmail {
                processing_error: Some(format!("review:provider_rejected: {reason}")),
                ..with_text(text, ProcessingStatus::Completed, Some(MatchStatus::NeedsReview))
            }),
            update: None,
        },
        Outcome::Unavailable { retry_after, reason } => Step::Postpone {
            delay: spread(retry_after.unwrap_or(PROVIDER_RETRY).min(LONGEST_POSTPONEMENT)),
            reason,
        },
        Outcome::Panicked => again_or_failed(mail.attempts, max_attempts, "examination_panicked"),
        Outcome::TimedOut => again_or_failed(mail.attempts, max_attempts, "examination_timed_out"),
        Outcome::AttemptsExhausted => failed("worker_died"),
        Outcome::LeaseLost => Step::Abandon,
    }
}

/// What follows where Postgres refused the result itself.
pub(super) fn after_refusal(attempts: i32, max_attempts: i32, error: &DatabaseError) -> Step {
    let message = error.to_string();
    // A full or busy server says so about any mail.
    let blames_nobody = ["canceling statement", "deadlock", "could not extend", "out of"]
        .iter()
        .any(|words| message.contains(words));
    if blames_nobody {
        Step::Postpone {
            delay: spread(PROVIDER_RETRY),
            reason: "Postgres could not store the result".to_owned(),
        }
    } else {
        again_or_failed(attempts, max_attempts, "result_refused")
    }
}

fn decided(mail: &ClaimedEmail, reading: Reading) -> Step {
    let Reading { text, extraction, decision } = reading;
    let extracted_data =
        serde_json::to_value(&extraction).expect("an extraction has string keys and plain values");
    let ended = |status, match_status, sync_status, error: Option<String>| {
        Box::new(FinishedEmail {
            extracted_data: Some(extracted_data),
            sync_status,
            processing_error: error,
            ..with_text(text, status, match_status)
        })
    };
    match decision {
        Decision::Write(update) => {
            let key = idempotency_key(
                AGGREGATE_TYPE,
                &mail.id.to_string(),
                update.client_name.as_deref(),
                &update.creditor_email,
                update.new_debt_amount,
            );
            Step::Finish {
                finished: ended(ProcessingStatus::Matching, None, SyncStatus::Pending, None),
                update: Some((update, key)),
            }
        }
        Decision::Review(reason) => Step::Finish {
            finished: ended(
                ProcessingStatus::Completed,
                Some(MatchStatus::NeedsReview),
                SyncStatus::NotApplicable,
                Some(format!("review:{reason}")),
            ),
            update: None,
        },
        Decision::NotCreditorReply => Step::Finish {
            finished: ended(
                ProcessingStatus::NotCreditorReply,
                Some(MatchStatus::NoMatch),
                SyncStatus::NotApplicable,
                None,
            ),
            update: None,
        },
    }
}

fn again_or_failed(attempts: i32, max_attempts: i32, reason: &str) -> Step {
    if attempts >= max_attempts {
        return failed(reason);
    }
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(8);
    Step::Retry {
        delay: spread(FIRST_RETRY * 2_u32.pow(doublings)),
        reason: format!("failed:{reason}"),
    }
}

fn failed(reason: &str) -> Step {
    Step::Finish {
        finished: Box::new(FinishedEmail {
            cleaned_body: None,
            token_count_before: None,
            token_count_after: None,
            extracted_data: None,
            processing_status: ProcessingStatus::Failed,
            processing_error: Some(format!("failed:{reason}")),
            match_status: Some(MatchStatus::NeedsReview),
            sync_status: SyncStatus::NotApplicable,
            idempotency_key: None,
        }),
        update: None,
    }
}

fn with_text(
    text: Text,
    processing_status: ProcessingStatus,
    match_status: Option<MatchStatus>,
) -> FinishedEmail {
    FinishedEmail {
        cleaned_body: Some(text.cleaned_body),
        token_count_before: Some(text.tokens_before),
        token_count_after: Some(text.tokens_after),
        extracted_data: None,
        processing_status,
        processing_error: None,
        match_status,
        sync_status: SyncStatus::NotApplicable,
        // The one function that writes the outbox message fills it in.
        idempotency_key: None,
    }
}

/// Up to a quarter more, so that mails postponed together do not come back together.
fn spread(delay: Duration) -> Duration {
    jittered(delay, 1.0..=1.25, rand::random())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(step: Step) -> (ProcessingStatus, Option<String>) {
        match step {
            Step::Finish { finished, update: None } => {
                assert_eq!(finished.match_status, Some(MatchStatus::NeedsReview));
                assert_eq!(finished.sync_status, SyncStatus::NotApplicable);
                (finished.processing_status, finished.processing_error)
            }
            other => panic!("not finished: {other:?}"),
        }
    }

    #[test]
    fn a_mail_that_breaks_its_examination_is_tried_later_and_later_and_then_failed() {
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
            let Step::Retry { delay, .. } = again_or_failed(attempt, 5, "x") else {
                panic!("not tried again")
            };
            assert_eq!(delay.as_secs().ilog2(), u64::ilog2(seconds));
        }
        let end = (ProcessingStatus::Failed, Some("failed:x".to_owned()));
        assert_eq!(reason_of(again_or_failed(5, 5, "x")), end);
    }

    #[test]
    fn what_postgres_refuses_counts_against_the_mail_unless_postgres_itself_is_in_trouble() {
        let refused = |message: &str| {
            let details: Box<String> = Box::new(message.to_owned());
            let kind = diesel::result::DatabaseErrorKind::Unknown;
            DatabaseError::Query(diesel::result::Error::DatabaseError(kind, details))
        };
        let busy = refused("canceling statement due to statement timeout");
        assert!(matches!(after_refusal(5, 5, &busy), Step::Postpone { .. }));
        let guilty = refused("invalid byte sequence");
        assert!(matches!(after_refusal(4, 5, &guilty), Step::Retry { .. }));
        assert_eq!(reason_of(after_refusal(5, 5, &guilty)).0, ProcessingStatus::Failed);
    }
}
