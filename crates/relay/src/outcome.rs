//! From what happened at MongoDB to what is written into the row and its mail: pure.

use std::time::Duration;

use clients::plan::{Outcome, OutcomeKind};
use domain::models::incoming_email::SyncOutcome;
use domain::models::outbox_message::MessageEnd;

use crate::retry::RetrySchedule;

/// The note of a message that gave way to a newer one.
pub const SUPERSEDED: &str = "superseded";

/// Until the next try of a message whose entry changed between read and write.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// An entry that still seems to change under every write at this age of the message is no
/// coincidence any more: from then on each try spends a retry, so that a person sees it.
const LONGEST_DEFERRAL: Duration = Duration::from_secs(600);

/// The message's place in its schedule.
#[derive(Clone, Copy, Debug)]
pub struct Attempts {
    /// Retries spent so far.
    pub spent: u32,
    pub allowed: u32,
    /// Since the message was committed.
    pub age: Duration,
    /// Random, 0 to 1.
    pub jitter: f64,
}

/// How the row and its mail end, for now or for good.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub message: MessageEnd,
    pub email: SyncOutcome,
    /// For `claimsync_outbox_outcomes_total`.
    pub label: &'static str,
}

/// Decides how a delivered or refused message ends.
pub fn end_of(outcome: &Outcome, attempts: Attempts, schedule: RetrySchedule) -> End {
    match outcome.kind {
        OutcomeKind::Applied => processed(None, "applied"),
        OutcomeKind::AlreadyApplied => processed(None, "already_applied"),
        OutcomeKind::Superseded => processed(Some(SUPERSEDED), "superseded"),
        OutcomeKind::NotFound(reason) => retry_or_dead(reason, attempts, schedule),
        OutcomeKind::TryAgain(reason) if attempts.age > LONGEST_DEFERRAL => {
            retry_or_dead(reason, attempts, schedule)
        }
        OutcomeKind::TryAgain(reason) => End {
            message: MessageEnd::Defer { after: TRY_AGAIN_AFTER, reason: reason.to_owned() },
            email: SyncOutcome::Waiting,
            label: "deferred",
        },
        OutcomeKind::Review(reason) => dead(format!("review:{reason}"), "dead_review"),
        OutcomeKind::Failed(reason) => dead(format!("failed:{reason}"), "dead_failed"),
    }
}

/// How a message ends that nobody can read: dead at once, for a person. `code` is what follows
/// `failed:`; the detail never quotes the payload.
pub fn unreadable(code: &str, detail: &str) -> End {
    dead(format!("failed:{code}: {detail}"), "dead_failed")
}

fn retry_or_dead(reason: &str, attempts: Attempts, schedule: RetrySchedule) -> End {
    if attempts.spent >= attempts.allowed {
        return dead(format!("review:{reason}"), "dead_review");
    }
    End {
        message: MessageEnd::Retry {
            after: schedule.wait(attempts.spent, attempts.jitter),
            reason: reason.to_owned(),
        },
        email: SyncOutcome::Retrying { reason: reason.to_owned() },
        label: "retry",
    }
}

fn processed(note: Option<&'static str>, label: &'static str) -> End {
    End { message: MessageEnd::Processed { note }, email: SyncOutcome::Synced, label }
}

fn dead(error_message: String, label: &'static str) -> End {
    End {
        email: SyncOutcome::Dead { reason: error_message.clone() },
        message: MessageEnd::Dead { error_message },
        label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: RetrySchedule =
        RetrySchedule { base: Duration::from_secs(1), longest: Duration::from_secs(60) };

    fn end(kind: OutcomeKind, spent: u32) -> End {
        end_at(kind, spent, Duration::ZERO)
    }

    fn end_at(kind: OutcomeKind, spent: u32, age: Duration) -> End {
        let outcome = Outcome { kind, reasons: Vec::new(), target: None };
        end_of(&outcome, Attempts { spent, allowed: 5, age, jitter: 0.5 }, SCHEDULE)
    }

    #[test]
    fn a_client_that_is_not_there_yet_spends_its_retries_and_then_waits_for_a_person() {
        for spent in 0..5 {
            assert!(matches!(
                end(OutcomeKind::NotFound("client_not_found"), spent).message,
                MessageEnd::Retry { .. }
            ));
        }
        assert_eq!(
            end(OutcomeKind::NotFound("client_not_found"), 5).message,
            MessageEnd::Dead { error_message: "review:client_not_found".to_owned() }
        );
    }

    #[test]
    fn what_a_person_must_decide_and_what_broke_are_told_apart_by_their_code() {
        let code = |kind| match end(kind, 0).message {
            MessageEnd::Dead { error_message } => error_message,
            other => panic!("not dead: {other:?}"),
        };
        assert_eq!(code(OutcomeKind::Review("ambiguous")), "review:ambiguous");
        assert_eq!(code(OutcomeKind::Failed("document_too_large")), "failed:document_too_large");
    }

    #[test]
    fn a_superseded_message_is_processed_with_a_note() {
        assert_eq!(
            end(OutcomeKind::Superseded, 0).message,
            MessageEnd::Processed { note: Some("superseded") }
        );
    }

    #[test]
    fn an_entry_that_never_holds_still_ends_with_a_person() {
        let kind = OutcomeKind::TryAgain("entry_changed");
        let late = LONGEST_DEFERRAL + Duration::from_secs(1);
        assert!(matches!(end_at(kind, 0, late).message, MessageEnd::Retry { .. }));
        assert_eq!(
            end_at(kind, 5, late).message,
            MessageEnd::Dead { error_message: "review:entry_changed".to_owned() }
        );
    }

    #[test]
    fn an_entry_that_moved_costs_no_retry() {
        assert!(matches!(
            end(OutcomeKind::TryAgain("entry_changed"), 5).message,
            MessageEnd::Defer { .. }
        ));
    }
}
