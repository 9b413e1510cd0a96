//! What must hold: the invariants of the architecture document, and witnesses that the checker
//! reached the situations in which they are at stake.

use stateright::Property;

use crate::protocol::Protocol;
use crate::scenario::{Edit, Scenario};
use crate::state::{Breach, EmailStatus, Entry, Operation, Row, RowStatus, State, Step};

pub(crate) const STORED: &str = "an answered mail is stored";
pub(crate) const FINISHED: &str = "an accepted mail reaches a final status";
pub(crate) const TOGETHER: &str = "mail and outbox row change together";
pub(crate) const ONE_ROW: &str = "at most one mail per webhook and one row per mail";
pub(crate) const LEASE: &str = "only the lease's holder finishes a mail";
pub(crate) const ONE_OUTCOME: &str = "a row gets its outcome once";
pub(crate) const ONCE: &str = "a mail takes effect once";
pub(crate) const NEVER_OLDER: &str = "no entry goes from a newer mail to an older one";
pub(crate) const RIGHT_ENTRY: &str = "no mail is written to another creditor's entry";
pub(crate) const UNAMBIGUOUS: &str = "nothing is written where two entries could be meant";
pub(crate) const NO_DOWNGRADE: &str = "no lower amount is written without a person";
pub(crate) const PERSON_KEPT: &str = "no repair replaces a person's value";
pub(crate) const REAL_DRIFT: &str = "a repair is ordered only after real drift";
pub(crate) const NEWEST: &str =
    "at rest, an entry shows its newest deliverable mail or a person's value";
pub(crate) const REASON: &str = "a mail goes to review only for a reason";

/// The properties of a scenario: all invariants, and its own witnesses.
pub(crate) fn all(scenario: &Scenario) -> Vec<Property<Protocol>> {
    let mut properties = vec![
        Property::always(STORED, |_, state: &State| is_stored(state)),
        Property::always(FINISHED, |protocol: &Protocol, state: &State| {
            is_finished(state) || !protocol.is_at_rest(state)
        }),
        Property::always(TOGETHER, |_, state: &State| changes_together(state)),
        Property::always(ONE_ROW, |_, state: &State| is_unique(state)),
        Property::always(LEASE, |_, state: &State| !state.has(Breach::FinishedWithoutLease)),
        Property::always(ONE_OUTCOME, |_, state: &State| !state.has(Breach::OutcomeSetTwice)),
        Property::always(ONCE, |_, state: &State| !state.has(Breach::AppliedTwice)),
        Property::always(NEVER_OLDER, |_, state: &State| !state.has(Breach::OlderOverNewer)),
        Property::always(RIGHT_ENTRY, |_, state: &State| !state.has(Breach::OtherCreditor)),
        Property::always(UNAMBIGUOUS, |_, state: &State| !state.has(Breach::AmbiguousTarget)),
        Property::always(NO_DOWNGRADE, |_, state: &State| !state.has(Breach::Downgraded)),
        Property::always(PERSON_KEPT, |_, state: &State| !state.has(Breach::RepairedOverPerson)),
        Property::always(REAL_DRIFT, |_, state: &State| !state.has(Breach::FalseRepair)),
        Property::always(NEWEST, |protocol: &Protocol, state: &State| {
            shows_newest(protocol, state) || !protocol.is_at_rest(state)
        }),
        Property::always(REASON, |protocol: &Protocol, state: &State| has_reason(protocol, state)),
    ];
    properties.extend(scenario.witnesses.iter().map(|witness| witness.property()));
    properties
}

fn is_stored(state: &State) -> bool {
    (0..).zip(&state.hooks).all(|(mail, hook)| {
        !hook.answered || state.emails.iter().flatten().any(|email| email.mail == mail)
    })
}

fn is_finished(state: &State) -> bool {
    is_stored(state) && state.emails.iter().flatten().all(|email| email.status.is_final())
}

fn rows_of(state: &State, email: u8) -> usize {
    let rows = state.rows.iter().flatten();
    rows.filter(|row| row.email == email && row.operation == Operation::Update).count()
}

fn changes_together(state: &State) -> bool {
    (0..).zip(&state.emails).all(|(id, email)| {
        let has_row = rows_of(state, id) > 0;
        email.is_none_or(|email| match email.status {
            EmailStatus::Received
            | EmailStatus::Extracting { .. }
            | EmailStatus::NotCreditorReply => !has_row,
            EmailStatus::Matching | EmailStatus::Synced | EmailStatus::Review => has_row,
        })
    })
}

fn is_unique(state: &State) -> bool {
    let emails_of = |mail| state.emails.iter().flatten().filter(|e| e.mail == mail).count();
    (0..).zip(&state.hooks).all(|(mail, _)| emails_of(mail) <= 1)
        && (0..).zip(&state.emails).all(|(id, _)| rows_of(state, id) <= 1)
}

/// The entry shows the newest synced mail. One case beside it: a relay wrote, crashed before its
/// commit, and somebody doubled the entry; then the mail is in review although it is shown.
fn shows_newest(protocol: &Protocol, state: &State) -> bool {
    (0..protocol.scenario.creditors).all(|creditor| {
        let Some(entry) = state.only_entry(creditor).and_then(|at| state.entries[at]) else {
            return true;
        };
        let newest = protocol.newest_synced(state, creditor);
        let untouched = Entry::new(creditor, protocol.scenario.shown_at_first).shown;
        let (fence, amount) = match newest {
            Some(email) => (
                Some(protocol.fence_of_email(state, email)),
                protocol.amount_of_email(state, email),
            ),
            None => (untouched.fence, untouched.amount),
        };
        let shown = entry.shown;
        entry.edited
            || shown.fence == fence && shown.amount == amount
            || shown.fence > fence
                && list_changed(protocol, state)
                && shown
                    .fence
                    .is_some_and(|fence| state.email(fence.email).status == EmailStatus::Review)
    })
}

/// A mail of these scenarios is clear, so only the amount guard or a person who removed or doubled
/// an entry can stop it.
fn has_reason(protocol: &Protocol, state: &State) -> bool {
    protocol.scenario.amount_guard
        || list_changed(protocol, state)
        || state.emails.iter().flatten().all(|email| email.status != EmailStatus::Review)
}

/// A person may have removed or doubled an entry.
fn list_changed(protocol: &Protocol, state: &State) -> bool {
    let scenario = protocol.scenario;
    state.left.edits < scenario.budget.edits
        && scenario.edits.iter().any(|edit| matches!(edit, Edit::Remove | Edit::Duplicate))
}

/// A situation that a scenario must contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A worker goes on working although another one has claimed the mail since.
    OutdatedWorker,
    /// A write of a dead relay is still on its way while another relay has the row.
    LateWrite,
    /// A relay whose transaction was ended is about to write a row that is already finished.
    FrozenRelay,
    BatchForOneEntry,
    Superseded,
    Review,
    Repaired,
    RepairRefused,
    AllFinished,
}

impl Witness {
    fn property(self) -> Property<Protocol> {
        match self {
            Self::OutdatedWorker => {
                Property::sometimes("reached: outdated worker", |_, state: &State| {
                    let mut works = state.workers.iter().flatten();
                    works.any(|work| state.email(work.email).token > work.token)
                })
            }
            Self::LateWrite => Property::sometimes("reached: late write", |_, state: &State| {
                state.late_writes.iter().flatten().any(|late| {
                    state.relays.iter().flatten().any(|batch| batch.rows().any(|r| r == late.row))
                })
            }),
            Self::FrozenRelay => {
                Property::sometimes("reached: frozen relay", |_, state: &State| {
                    state.relays.iter().flatten().filter(|batch| !batch.transaction).any(|batch| {
                        batch
                            .writes()
                            .any(|write| state.row(write.row).status != RowStatus::Pending)
                    })
                })
            }
            Self::BatchForOneEntry => {
                Property::sometimes("reached: batch for one entry", |_, state: &State| {
                    let mut slots =
                        state.relays.iter().flatten().flat_map(|batch| &batch.slots).flatten();
                    slots.any(|slot| slot.step == Step::Rides)
                })
            }
            Self::Superseded => Property::sometimes("reached: superseded", |_, state: &State| {
                has_row(state, |row| row.status == RowStatus::Superseded)
            }),
            Self::Review => Property::sometimes("reached: review", |_, state: &State| {
                has_row(state, |row| row.status == RowStatus::Review)
            }),
            Self::Repaired => Property::sometimes("reached: repaired", |_, state: &State| {
                has_row(state, |row| is_repair(row) && row.status == RowStatus::Applied)
            }),
            Self::RepairRefused => {
                Property::sometimes("reached: repair refused", |_, state: &State| {
                    has_row(state, |row| is_repair(row) && row.status == RowStatus::Review)
                })
            }
            Self::AllFinished => Property::sometimes(
                "reached: all finished",
                |protocol: &Protocol, state: &State| {
                    let hooks = &state.hooks[..protocol.scenario.mails.len()];
                    hooks.iter().all(|hook| hook.answered)
                        && is_finished(state)
                        && protocol.is_at_rest(state)
                },
            ),
        }
    }
}

fn has_row(state: &State, is_wanted: impl Fn(&Row) -> bool) -> bool {
    state.rows.iter().flatten().any(is_wanted)
}

fn is_repair(row: &Row) -> bool {
    matches!(row.operation, Operation::Repair { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guards::Guards;
    use crate::scenario::{PORTAL, RELAYS};
    use crate::state::Email;

    #[test]
    fn a_mail_in_review_needs_somebody_who_changed_the_list() {
        let in_review = |scenario: &'static Scenario| {
            let mut state = State::initial(scenario);
            state.emails[0] = Some(Email { mail: 0, status: EmailStatus::Review, token: 0 });
            (Protocol { scenario, guards: Guards::all() }, state)
        };
        let (calm, state) = in_review(&RELAYS);
        assert!(!has_reason(&calm, &state));
        let (edited, mut state) = in_review(&PORTAL);
        assert!(!has_reason(&edited, &state));
        state.left.edits -= 1;
        assert!(has_reason(&edited, &state));
    }
}
