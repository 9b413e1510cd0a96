//! What breaks without each guard: the counterexamples that the checker must find.

use crate::guards::Guard;
use crate::properties;
use crate::scenario::{self, Scenario};

/// Where the absence of a guard shows.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    pub scenario: &'static Scenario,
    /// The property that is violated.
    pub property: &'static str,
}

impl Expected {
    pub fn of(guard: Guard) -> Self {
        let (scenario, property) = match guard {
            Guard::AnswerAfterCommit => (&scenario::INGEST, properties::FINISHED),
            Guard::Dedup => (&scenario::INGEST, properties::ONE_ROW),
            Guard::LeaseToken => (&scenario::INGEST, properties::LEASE),
            Guard::LeaseRunsOut => (&scenario::INGEST, properties::FINISHED),
            Guard::OneTransaction => (&scenario::INGEST, properties::TOGETHER),
            Guard::RowLock => (&scenario::RELAYS, properties::ONE_OUTCOME),
            Guard::Fence => (&scenario::RELAYS, properties::NEVER_OLDER),
            Guard::StrictFence => (&scenario::PORTAL, properties::ONCE),
            Guard::IdentityInFilter => (&scenario::PORTAL, properties::RIGHT_ENTRY),
            Guard::OneMatch => (&scenario::PORTAL, properties::UNAMBIGUOUS),
            Guard::SupersedeAfterWrite => (&scenario::AMOUNTS, properties::NEWEST),
            Guard::AmountInFilter => (&scenario::AMOUNTS, properties::NO_DOWNGRADE),
            Guard::SecondRead => (&scenario::SAME_AMOUNT, properties::REAL_DRIFT),
            Guard::RepairFence => (&scenario::SAME_AMOUNT, properties::NEVER_OLDER),
            Guard::ManualKept => (&scenario::SAME_AMOUNT, properties::PERSON_KEPT),
            Guard::AmountCompared => (&scenario::SAME_AMOUNT, properties::PERSON_KEPT),
        };
        Self { scenario, property }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::counterexample;

    const DOCUMENT: &str = include_str!("../../../docs/model.md");

    /// Takes the guard out, expects the shortest violation to have that many steps, and expects
    /// the document to say the same.
    fn breaks_in(guard: Guard, steps: usize) {
        let found = counterexample(guard).expect("the checker finds what the guard prevents");
        assert_eq!(found.steps(), steps);
        let Expected { scenario, property } = Expected::of(guard);
        let row = format!("| `{guard}` | {} | {property} | {steps} |", scenario.name);
        assert!(DOCUMENT.contains(&row), "docs/model.md lacks the row {row}");
    }

    #[test]
    fn an_answer_before_the_commit_loses_a_mail() {
        breaks_in(Guard::AnswerAfterCommit, 2);
    }

    #[test]
    fn looking_first_and_inserting_later_stores_a_mail_twice() {
        breaks_in(Guard::Dedup, 4);
    }

    #[test]
    fn without_the_token_a_worker_finishes_what_another_one_has_claimed() {
        breaks_in(Guard::LeaseToken, 5);
    }

    #[test]
    fn a_lease_that_never_ends_loses_the_mail_of_a_dead_worker() {
        breaks_in(Guard::LeaseRunsOut, 3);
    }

    #[test]
    fn two_transactions_leave_a_mail_without_its_row() {
        breaks_in(Guard::OneTransaction, 3);
    }

    #[test]
    fn without_row_locks_two_relays_settle_one_row() {
        breaks_in(Guard::RowLock, 6);
    }

    #[test]
    fn a_fence_that_is_only_read_lets_an_old_amount_over_a_new_one() {
        breaks_in(Guard::Fence, 6);
    }

    #[test]
    fn a_fence_that_lets_equals_through_applies_a_mail_twice() {
        breaks_in(Guard::StrictFence, 6);
    }

    #[test]
    fn a_position_read_earlier_names_another_creditor_later() {
        breaks_in(Guard::IdentityInFilter, 4);
    }

    #[test]
    fn an_entry_doubled_after_the_read_is_written_all_the_same() {
        breaks_in(Guard::OneMatch, 4);
    }

    #[test]
    fn giving_up_the_older_row_of_a_batch_too_early_shows_neither() {
        breaks_in(Guard::SupersedeAfterWrite, 4);
    }

    #[test]
    fn an_amount_guard_that_is_only_read_lets_a_downgrade_through() {
        breaks_in(Guard::AmountInFilter, 6);
    }

    #[test]
    fn one_read_takes_a_delivery_for_drift() {
        breaks_in(Guard::SecondRead, 7);
    }

    #[test]
    fn a_repair_without_fence_brings_an_older_version_back() {
        breaks_in(Guard::RepairFence, 13);
    }

    #[test]
    fn a_repair_that_ignores_the_source_replaces_a_persons_value() {
        breaks_in(Guard::ManualKept, 11);
    }

    #[test]
    fn a_repair_that_compares_no_amount_replaces_a_silent_edit() {
        breaks_in(Guard::AmountCompared, 11);
    }
}
