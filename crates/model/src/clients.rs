//! The MongoDB side: one atomic update of one entry, with everything its filter demands.

use crate::protocol::Protocol;
use crate::state::{AMOUNT_BY_HAND, Breach, Fence, NO_AMOUNT, Operation, Shown, Source, State};

impl Protocol {
    /// Executes the update for a row; `position` is where its entry stood when it was read.
    /// Returns whether the filter matched.
    pub(crate) fn apply(&self, state: &mut State, row: u8, position: u8) -> bool {
        let creditor = self.creditor_of(state, row);
        let exactly_one = state.only_entry(creditor);
        let found = if !self.guards.identity_in_filter {
            Some(usize::from(position))
        } else if self.guards.one_match {
            exactly_one
        } else {
            state.positions(creditor).next()
        };
        let Some((position, mut entry)) =
            found.and_then(|position| Some((position, state.entries[position]?)))
        else {
            return false;
        };
        let (own, amount) = (self.fence_of(state, row), self.amount_of(state, row));
        let operation = state.row(row).operation;
        let shown = entry.shown;
        if !self.filter_matches(operation, shown, own, amount) {
            return false;
        }

        if entry.creditor != creditor {
            state.record(Breach::OtherCreditor);
        } else if exactly_one.is_none() {
            state.record(Breach::AmbiguousTarget);
        }
        if shown.fence > Some(own) {
            state.record(Breach::OlderOverNewer);
        }
        let mail = 1 << state.email(state.row(row).email).mail;
        match operation {
            Operation::Update => {
                if entry.applied & mail != 0 {
                    state.record(Breach::AppliedTwice);
                }
                if self.is_downgrade(shown, amount) {
                    state.record(Breach::Downgraded);
                }
            }
            Operation::Repair { .. } if entry.edited => state.record(Breach::RepairedOverPerson),
            Operation::Repair { .. } => {}
        }

        entry.shown =
            Shown { amount, source: Source::CreditorResponse, fence: Some(own), complete: true };
        entry.edited = false;
        entry.applied |= mail;
        state.entries[position] = Some(entry);
        true
    }

    fn filter_matches(&self, operation: Operation, shown: Shown, own: Fence, amount: u8) -> bool {
        let guards = &self.guards;
        match operation {
            Operation::Update => {
                let fence = !guards.fence
                    || shown.fence < Some(own)
                    || !guards.strict_fence && shown.fence == Some(own);
                fence && !(guards.amount_in_filter && self.is_downgrade(shown, amount))
            }
            Operation::Repair { seen_amount } => {
                (!guards.repair_fence || shown.fence <= Some(own))
                    && (!guards.manual_kept || !shown.is_set_by_person())
                    && (!guards.amount_compared || shown.amount == seen_amount)
            }
        }
    }

    pub(crate) fn is_downgrade(&self, shown: Shown, amount: u8) -> bool {
        self.scenario.amount_guard
            && shown.source == Source::CreditorResponse
            && amount < shown.amount
    }

    pub(crate) fn creditor_of(&self, state: &State, row: u8) -> u8 {
        self.creditor_of_email(state, state.row(row).email)
    }

    pub(crate) fn fence_of(&self, state: &State, row: u8) -> Fence {
        self.fence_of_email(state, state.row(row).email)
    }

    pub(crate) fn amount_of(&self, state: &State, row: u8) -> u8 {
        self.amount_of_email(state, state.row(row).email)
    }

    pub(crate) fn creditor_of_email(&self, state: &State, email: u8) -> u8 {
        self.scenario.mails[usize::from(state.email(email).mail)].creditor
    }

    pub(crate) fn fence_of_email(&self, state: &State, email: u8) -> Fence {
        let mail = self.scenario.mails[usize::from(state.email(email).mail)];
        Fence { received_at: mail.received_at, email }
    }

    pub(crate) fn amount_of_email(&self, state: &State, email: u8) -> u8 {
        self.scenario.mails[usize::from(state.email(email).mail)].amount
    }
}

impl Shown {
    /// `amount_source` names a person.
    pub(crate) fn is_set_by_person(self) -> bool {
        self.source == Source::Person
    }

    /// The amount is a person's, as far as the entry and the mail behind its fence can tell.
    pub(crate) fn differs_from(self, amount_behind_fence: Option<u8>) -> bool {
        self.is_set_by_person()
            || self.amount != NO_AMOUNT && Some(self.amount) != amount_behind_fence
    }

    pub(crate) fn set_by_hand(&mut self) {
        self.amount = AMOUNT_BY_HAND;
    }
}
