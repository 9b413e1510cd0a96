//! The protocol as a `stateright` model: which steps are possible in a state and where each leads.

use stateright::{Model, Property};

use crate::guards::Guards;
use crate::properties;
use crate::scenario::{Drift, Edit, Scenario};
use crate::state::{Reconciler, State};

/// The system of one scenario under a set of guards.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    pub scenario: &'static Scenario,
    pub guards: Guards,
}

/// One atomic step: a Postgres transaction, a MongoDB operation on one document, or a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Deliver { mail: u8 },
    Insert { mail: u8 },
    CrashIngest,
    Claim { worker: u8, email: u8 },
    Finish { worker: u8 },
    WriteMissingRow { worker: u8 },
    LeaseRunsOut { email: u8 },
    CrashWorker { worker: u8 },
    Plan { relay: u8 },
    Write { relay: u8 },
    ReadBack { relay: u8 },
    Commit { relay: u8 },
    CutTransaction { relay: u8 },
    CrashRelay { relay: u8, write_survives: bool },
    LateWrite { index: u8 },
    ReadEntry { creditor: u8 },
    Compare,
    OrderRepair,
    CrashReconciler,
    Edit { edit: Edit, position: u8 },
    Drift { drift: Drift, position: u8 },
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(self.scenario)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.steps(state, actions);
        self.interference(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        let s = &mut state;
        match action {
            Action::Deliver { mail } => self.deliver(s, mail),
            Action::Insert { mail } => self.insert(s, mail),
            Action::CrashIngest => self.crash_ingest(s),
            Action::Claim { worker, email } => self.claim(s, worker, email),
            Action::Finish { worker } => self.finish(s, worker),
            Action::WriteMissingRow { worker } => self.write_missing_row(s, worker),
            Action::LeaseRunsOut { email } => self.run_out(s, email),
            Action::CrashWorker { worker } => self.crash_worker(s, worker),
            Action::Plan { relay } => self.plan(s, relay),
            Action::Write { relay } => self.write(s, relay),
            Action::ReadBack { relay } => self.read_back(s, relay),
            Action::Commit { relay } => self.commit(s, relay),
            Action::CutTransaction { relay } => self.cut_transaction(s, relay),
            Action::CrashRelay { relay, write_survives } => {
                self.crash_relay(s, relay, write_survives);
            }
            Action::LateWrite { index } => self.late_write(s, index),
            Action::ReadEntry { creditor } => self.read_entry(s, creditor),
            Action::Compare => self.compare(s),
            Action::OrderRepair => self.order_repair(s),
            Action::CrashReconciler => {
                s.left.crashes -= 1;
                s.reconciler = Reconciler::Idle;
            }
            Action::Edit { edit, position } => self.edit(s, edit, position),
            Action::Drift { drift, position } => self.drift(s, drift, position),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self.scenario)
    }
}

impl Protocol {
    /// What the system does by itself sooner or later.
    fn steps(&self, state: &State, actions: &mut Vec<Action>) {
        self.ingest_steps(state, actions);
        self.relay_steps(state, actions);
        self.reconciler_steps(state, actions);
    }

    /// What Zendesk, people and faults may do, as often as the scenario allows.
    fn interference(&self, state: &State, actions: &mut Vec<Action>) {
        self.ingest_interference(state, actions);
        self.relay_interference(state, actions);
        self.reconciler_interference(state, actions);
        self.portal_interference(state, actions);
    }

    /// The system has nothing left to do until somebody interferes.
    pub fn is_at_rest(&self, state: &State) -> bool {
        let somebody_works = state.relays.iter().any(Option::is_some)
            || state.workers.iter().any(Option::is_some)
            || state.late_writes.iter().any(Option::is_some)
            || state.reconciler != Reconciler::Idle;
        if somebody_works {
            return false;
        }
        let mut actions = Vec::new();
        self.steps(state, &mut actions);
        actions.is_empty()
    }
}
