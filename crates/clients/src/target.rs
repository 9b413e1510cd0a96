//! One call from a payload to the entry that it may be written to: match, then guard. For callers
//! that decide about one message without writing it.

use domain::payload::DebtUpdate;

use crate::document::ClientDocument;
use crate::guard::{self, GuardSettings};
use crate::matching::{Candidates, MatchDecision, Refusal};
use crate::plan::Target;

/// Where a payload belongs, or why nobody may write it.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetDecision {
    Write {
        target: Box<Target>,
        reasons: Vec<String>,
    },
    /// The client is not there (yet).
    NotFound(Refusal),
    Review(Refusal),
}

/// Matches and guards one payload against all that `clients` holds.
pub fn decide_target(
    update: &DebtUpdate,
    clients: &[ClientDocument],
    guard: GuardSettings,
) -> TargetDecision {
    decide_among(update, &Candidates::new(clients), guard)
}

/// As [`decide_target`], over candidates that were prepared once for many payloads.
pub fn decide_among(
    update: &DebtUpdate,
    candidates: &Candidates<'_>,
    guard: GuardSettings,
) -> TargetDecision {
    let found = match candidates.match_update(update) {
        MatchDecision::Matched(found) => found,
        MatchDecision::NotFound(refusal) => return TargetDecision::NotFound(refusal),
        MatchDecision::Review(refusal) => return TargetDecision::Review(refusal),
    };
    let client = &candidates.clients()[found.client];
    let entry = &client.creditors[found.entry];
    match guard::check(entry, update.new_debt_amount, guard) {
        Ok(()) => TargetDecision::Write {
            target: Box::new(Target::new(client, entry, found.identity)),
            reasons: found.reasons,
        },
        Err(refusal) => {
            TargetDecision::Review(Refusal { code: refusal.code(), reasons: found.reasons })
        }
    }
}
