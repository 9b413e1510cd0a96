//! The reconciler: read the entry, compare with Postgres, look again, order a repair.
//!
//! It reads MongoDB first and Postgres after it, the order in which a delivery in between looks
//! like drift.

use crate::ingest::add_row;
use crate::protocol::{Action, Protocol};
use crate::state::{Breach, EmailStatus, Operation, Reconciler, RowStatus, Shown, State};

impl Protocol {
    pub(crate) fn reconciler_steps(&self, state: &State, actions: &mut Vec<Action>) {
        match state.reconciler {
            // A run is due within the hour; here, as soon as it would find something.
            Reconciler::Idle if self.scenario.reconciles() => {
                for creditor in 0..self.scenario.creditors {
                    if self.has_drifted(state, creditor) {
                        actions.push(Action::ReadEntry { creditor });
                    }
                }
            }
            Reconciler::Idle => {}
            Reconciler::Saw { .. } => actions.push(Action::Compare),
            Reconciler::Suspects { .. } => actions.push(Action::OrderRepair),
        }
    }

    pub(crate) fn reconciler_interference(&self, state: &State, actions: &mut Vec<Action>) {
        if state.reconciler != Reconciler::Idle {
            if state.left.crashes > 0 {
                actions.push(Action::CrashReconciler);
            }
        } else if state.left.runs > 0 {
            for creditor in 0..self.scenario.creditors {
                if !self.has_drifted(state, creditor) && state.only_entry(creditor).is_some() {
                    actions.push(Action::ReadEntry { creditor });
                }
            }
        }
    }

    pub(crate) fn read_entry(&self, state: &mut State, creditor: u8) {
        if !self.has_drifted(state, creditor) {
            state.left.runs -= 1;
        }
        let shown = self.shown(state, creditor).expect("a run starts on an entry that is there");
        state.reconciler = Reconciler::Saw { creditor, shown };
    }

    pub(crate) fn compare(&self, state: &mut State) {
        let Reconciler::Saw { creditor, shown } = state.reconciler else {
            unreachable!("a comparison follows a reading");
        };
        state.reconciler = match self.email_to_repair(state, creditor, shown) {
            Some(email) => Reconciler::Suspects { creditor, email, shown },
            None => Reconciler::Idle,
        };
    }

    /// The second read, and a row for the relay if it shows the same difference.
    pub(crate) fn order_repair(&self, state: &mut State) {
        let Reconciler::Suspects { creditor, email, shown } = state.reconciler else {
            unreachable!("a repair follows a comparison");
        };
        state.reconciler = Reconciler::Idle;
        let confirmed = if self.guards.second_read {
            self.shown(state, creditor).filter(|&shown| self.lacks(state, shown, email))
        } else {
            Some(shown)
        };
        if let Some(shown) = confirmed {
            if state.left.drifts == self.scenario.budget.drifts {
                state.record(Breach::FalseRepair);
            }
            add_row(state, email, Operation::Repair { seen_amount: shown.amount });
        }
    }

    /// The entry lacks its newest synced mail, and nothing is on its way that would bring it.
    pub(crate) fn has_drifted(&self, state: &State, creditor: u8) -> bool {
        self.shown(state, creditor)
            .is_some_and(|shown| self.email_to_repair(state, creditor, shown).is_some())
    }

    fn shown(&self, state: &State, creditor: u8) -> Option<Shown> {
        let position = state.only_entry(creditor)?;
        state.entries[position].map(|entry| entry.shown)
    }

    /// The mail that an entry which was read like this should show and does not.
    fn email_to_repair(&self, state: &State, creditor: u8, shown: Shown) -> Option<u8> {
        let in_flight = state.rows.iter().flatten().any(|row| {
            row.status == RowStatus::Pending && self.creditor_of_email(state, row.email) == creditor
        });
        if in_flight {
            return None;
        }
        let newest = self.newest_synced(state, creditor)?;
        self.lacks(state, shown, newest).then_some(newest)
    }

    /// Of all mails of a creditor that ended synced, the one with the greatest fence.
    pub(crate) fn newest_synced(&self, state: &State, creditor: u8) -> Option<u8> {
        (0..)
            .zip(&state.emails)
            .filter(|(_, email)| email.is_some_and(|e| e.status == EmailStatus::Synced))
            .map(|(id, _)| id)
            .filter(|&id| self.creditor_of_email(state, id) == creditor)
            .max_by_key(|&id| self.fence_of_email(state, id))
    }

    fn lacks(&self, state: &State, shown: Shown, email: u8) -> bool {
        let own = self.fence_of_email(state, email);
        let behind_fence = shown.fence.map(|fence| self.amount_of_email(state, fence.email));
        !shown.differs_from(behind_fence)
            && (shown.fence < Some(own) || shown.fence == Some(own) && !shown.complete)
    }
}
