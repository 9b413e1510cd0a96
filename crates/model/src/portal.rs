//! People in the portal, and writes that vanish although they were acknowledged.

use crate::protocol::{Action, Protocol};
use crate::scenario::{Drift, Edit};
use crate::state::{Entry, MAX_ENTRIES, NO_AMOUNT, Source, State};

impl Protocol {
    pub(crate) fn portal_interference(&self, state: &State, actions: &mut Vec<Action>) {
        if state.left.edits > 0 {
            for &edit in self.scenario.edits {
                for position in 0..MAX_ENTRIES as u8 {
                    if can_edit(state, edit, usize::from(position)) {
                        actions.push(Action::Edit { edit, position });
                    }
                }
            }
        }
        if state.left.drifts > 0 {
            for (position, entry) in (0..).zip(&state.entries) {
                let ours = entry.is_some_and(|e| e.applied != 0 && !e.edited);
                if ours {
                    let drifts = self.scenario.drifts.iter();
                    actions.extend(drifts.map(|&drift| Action::Drift { drift, position }));
                }
            }
        }
    }

    pub(crate) fn edit(&self, state: &mut State, edit: Edit, position: u8) {
        state.left.edits -= 1;
        let entries = &mut state.entries;
        let count = entries.iter().flatten().count();
        let position = usize::from(position);
        match edit {
            Edit::Reorder => entries[..count].rotate_left(1),
            Edit::Remove => {
                entries[position..].rotate_left(1);
                entries[MAX_ENTRIES - 1] = None;
            }
            Edit::Add => {
                entries.rotate_right(1);
                entries[0] = Some(Entry::new(self.scenario.creditors, NO_AMOUNT));
            }
            Edit::Duplicate => entries[count] = entries[position],
            Edit::ByHand | Edit::Silently | Edit::TakeOver => {
                let entry = entries[position].as_mut().expect("only an entry can be edited");
                entry.edited = true;
                if edit != Edit::TakeOver {
                    entry.shown.set_by_hand();
                }
                if edit != Edit::Silently {
                    entry.shown.source = Source::Person;
                }
            }
        }
    }

    pub(crate) fn drift(&self, state: &mut State, drift: Drift, position: u8) {
        state.left.drifts -= 1;
        let entry = state.entries[usize::from(position)].as_mut().expect("only an entry drifts");
        match drift {
            Drift::Lose => *entry = Entry::new(entry.creditor, NO_AMOUNT),
            Drift::Damage => {
                entry.shown.complete = false;
            }
        }
    }
}

fn can_edit(state: &State, edit: Edit, position: usize) -> bool {
    let count = state.entries.iter().flatten().count();
    match edit {
        Edit::Reorder => position == 0 && count > 1,
        Edit::Add => position == 0 && count < MAX_ENTRIES,
        Edit::Remove => position < count,
        Edit::Duplicate => position < count && count < MAX_ENTRIES,
        Edit::ByHand | Edit::Silently => state.entries[position].is_some_and(|entry| !entry.edited),
        Edit::TakeOver => state.entries[position]
            .is_some_and(|entry| !entry.edited && entry.shown.source == Source::CreditorResponse),
    }
}
