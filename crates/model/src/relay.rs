//! The relay: claim and read, write, read back, commit; and what is left of it when it is cut off.

use crate::protocol::{Action, Protocol};
use crate::state::{
    Batch, Breach, EmailStatus, LateWrite, MAX_BATCH, Operation, Phase, Row, RowStatus, Slot,
    State, Step,
};

impl Protocol {
    pub(crate) fn relay_steps(&self, state: &State, actions: &mut Vec<Action>) {
        for relay in 0..self.scenario.relays {
            match state.relays[usize::from(relay)].map(|batch| batch.phase) {
                None => {
                    if self.claimable(state).next().is_some() {
                        actions.push(Action::Plan { relay });
                    }
                }
                Some(Phase::Writing) => actions.push(Action::Write { relay }),
                Some(Phase::ReadingBack) => actions.push(Action::ReadBack { relay }),
                Some(Phase::Deciding) => actions.push(Action::Commit { relay }),
            }
        }
        for (index, late) in (0..).zip(&state.late_writes) {
            if late.is_some() {
                actions.push(Action::LateWrite { index });
            }
        }
    }

    pub(crate) fn relay_interference(&self, state: &State, actions: &mut Vec<Action>) {
        let room = state.late_writes.iter().filter(|late| late.is_none()).count();
        for (relay, batch) in (0..).zip(&state.relays) {
            let Some(batch) = batch else { continue };
            if state.left.cut_transactions > 0 && batch.transaction {
                actions.push(Action::CutTransaction { relay });
            }
            if state.left.crashes > 0 {
                actions.push(Action::CrashRelay { relay, write_survives: false });
                let unwritten = batch.writes().count();
                if unwritten > 0 && unwritten <= room {
                    actions.push(Action::CrashRelay { relay, write_survives: true });
                }
            }
        }
    }

    /// Pending rows in the order of their ids, without those that another relay has locked.
    fn claimable(&self, state: &State) -> impl Iterator<Item = u8> {
        let is_locked = |row: u8| {
            let mut locking = state.relays.iter().flatten().filter(|batch| batch.transaction);
            self.guards.row_lock && locking.any(|batch| batch.rows().any(|held| held == row))
        };
        let is_pending = |row: &Option<Row>| row.is_some_and(|it| it.status == RowStatus::Pending);
        (0..)
            .zip(&state.rows)
            .filter(move |&(id, row)| is_pending(row) && !is_locked(id))
            .map(|(id, _)| id)
    }

    /// Claims rows, reads the client and settles what to write.
    ///
    /// One step, because between the two nothing is decided: a claim that is lost in between
    /// is a claim that never was.
    pub(crate) fn plan(&self, state: &mut State, relay: u8) {
        let mut slots = [None; MAX_BATCH];
        let rows = self.claimable(state).take(usize::from(self.scenario.batch));
        for (slot, row) in slots.iter_mut().zip(rows) {
            *slot = Some(Slot { row, step: self.judge(state, row) });
        }
        if let [Some(first), Some(second)] = &mut slots
            && self.creditor_of(state, first.row) == self.creditor_of(state, second.row)
        {
            let second_is_newer =
                self.fence_of(state, second.row) > self.fence_of(state, first.row);
            let (older, newer) = if second_is_newer { (first, second) } else { (second, first) };
            if !self.guards.supersede_after_write {
                older.step = Step::Ends(RowStatus::Superseded);
            } else if older.step.is_write() && newer.step.is_write() {
                older.step = Step::Rides;
            }
        }
        let mut batch = Batch { phase: Phase::Writing, transaction: true, slots };
        if batch.writes().next().is_none() {
            batch.phase = Phase::Deciding;
        }
        state.relays[usize::from(relay)] = Some(batch);
    }

    /// What a relay that reads the client now thinks of a row.
    fn judge(&self, state: &State, row: u8) -> Step {
        let creditor = self.creditor_of(state, row);
        let Some(position) = state.only_entry(creditor) else {
            return Step::Ends(RowStatus::Review);
        };
        let shown = state.entries[position].expect("the position was just found").shown;
        let (own, amount) = (self.fence_of(state, row), self.amount_of(state, row));
        if shown.fence > Some(own) {
            return Step::Ends(RowStatus::Superseded);
        }
        let ends = match state.row(row).operation {
            Operation::Update if shown.fence == Some(own) && self.guards.strict_fence => {
                Some(RowStatus::Applied)
            }
            Operation::Update if self.is_downgrade(shown, amount) => Some(RowStatus::Review),
            Operation::Update => None,
            Operation::Repair { seen_amount } => {
                let is_as_seen = shown.amount == seen_amount;
                let is_done = shown.fence == Some(own) && shown.complete && shown.amount == amount;
                if shown.is_set_by_person() || !is_as_seen && !is_done {
                    Some(RowStatus::Review)
                } else {
                    is_done.then_some(RowStatus::Applied)
                }
            }
        };
        ends.map_or(Step::Write { position: position as u8 }, Step::Ends)
    }

    /// MongoDB executes the next statement of the relay's command.
    pub(crate) fn write(&self, state: &mut State, relay: u8) {
        let mut batch = state.relays[usize::from(relay)].expect("only a busy relay writes");
        let next = batch.slots.iter_mut().flatten().find(|slot| slot.step.is_write());
        let slot = next.expect("a relay in this phase has a write left");
        let Step::Write { position } = slot.step else { unreachable!("found as a write") };
        let hit = self.apply(state, slot.row, position);
        slot.step = if hit { Step::Hit } else { Step::Missed };
        if batch.writes().next().is_none() {
            let missed = batch.slots.iter().flatten().any(|slot| slot.step == Step::Missed);
            if missed {
                batch.phase = Phase::ReadingBack;
            } else {
                batch.settle(|_| RowStatus::Applied);
            }
        }
        state.relays[usize::from(relay)] = Some(batch);
    }

    /// The reply told only how many statements matched, so each row is judged by what stands there.
    pub(crate) fn read_back(&self, state: &mut State, relay: u8) {
        let mut batch = state.relays[usize::from(relay)].expect("only a busy relay reads back");
        batch.settle(|row| match (self.judge(state, row), state.row(row).operation) {
            (Step::Ends(outcome), _) => outcome,
            (_, Operation::Update) => RowStatus::Pending,
            // The next run of the reconciler looks again.
            (_, Operation::Repair { .. }) => RowStatus::Superseded,
        });
        state.relays[usize::from(relay)] = Some(batch);
    }

    /// Outcomes and mails in the claim's transaction; if that is gone, nothing happens.
    pub(crate) fn commit(&self, state: &mut State, relay: u8) {
        let batch = state.relays[usize::from(relay)].take().expect("only a busy relay commits");
        if !batch.transaction {
            return;
        }
        for slot in batch.slots.iter().flatten() {
            let Step::Ends(outcome) = slot.step else { continue };
            if outcome == RowStatus::Pending {
                continue;
            }
            let mut row = state.row(slot.row);
            if row.status != RowStatus::Pending {
                state.record(Breach::OutcomeSetTwice);
            }
            row.status = outcome;
            state.rows[usize::from(slot.row)] = Some(row);
            if row.operation == Operation::Update {
                state.email_mut(row.email).status = match outcome {
                    RowStatus::Review => EmailStatus::Review,
                    _ => EmailStatus::Synced,
                };
            }
        }
    }

    pub(crate) fn cut_transaction(&self, state: &mut State, relay: u8) {
        state.left.cut_transactions -= 1;
        let batch = state.relays[usize::from(relay)].as_mut();
        batch.expect("only a busy relay has a transaction").transaction = false;
    }

    pub(crate) fn crash_relay(&self, state: &mut State, relay: u8, write_survives: bool) {
        state.left.crashes -= 1;
        let batch = state.relays[usize::from(relay)].take().expect("only a busy relay crashes");
        if write_survives {
            let mut free = state.late_writes.iter_mut().filter(|late| late.is_none());
            for late in batch.writes() {
                *free.next().expect("asked for only while there is room") = Some(late);
            }
        }
    }

    pub(crate) fn late_write(&self, state: &mut State, index: u8) {
        let late = state.late_writes[usize::from(index)].take().expect("only a sent write arrives");
        self.apply(state, late.row, late.position);
    }
}

impl Batch {
    pub(crate) fn rows(&self) -> impl Iterator<Item = u8> {
        self.slots.iter().flatten().map(|slot| slot.row)
    }

    /// The statements that MongoDB has not executed yet.
    pub(crate) fn writes(&self) -> impl Iterator<Item = LateWrite> {
        self.slots.iter().flatten().filter_map(|&Slot { row, step }| match step {
            Step::Write { position } => Some(LateWrite { row, position }),
            _ => None,
        })
    }

    /// Turns what happened to the statements into outcomes, and lets older rows follow.
    fn settle(&mut self, outcome_of: impl Fn(u8) -> RowStatus) {
        self.phase = Phase::Deciding;
        for slot in self.slots.iter_mut().flatten() {
            if matches!(slot.step, Step::Hit | Step::Missed) {
                slot.step = Step::Ends(outcome_of(slot.row));
            }
        }
        let newer_is_shown = self.slots.iter().flatten().any(|slot| {
            matches!(slot.step, Step::Ends(RowStatus::Applied | RowStatus::Superseded))
        });
        for slot in self.slots.iter_mut().flatten() {
            if slot.step == Step::Rides {
                slot.step = Step::Ends(match newer_is_shown {
                    true => RowStatus::Superseded,
                    false => RowStatus::Pending,
                });
            }
        }
    }
}

impl Step {
    fn is_write(self) -> bool {
        matches!(self, Self::Write { .. })
    }
}
