//! The webhook and the durable queue behind it: accept, claim with a lease, finish under the token.

use crate::protocol::{Action, Protocol};
use crate::state::{Breach, Email, EmailStatus, Operation, Row, RowStatus, State, Work};

impl Protocol {
    pub(crate) fn ingest_steps(&self, state: &State, actions: &mut Vec<Action>) {
        for (mail, hook) in (0..).zip(&state.hooks) {
            if hook.in_memory > 0 || hook.looked > 0 {
                actions.push(Action::Insert { mail });
            }
        }
        for (email, row) in (0..).zip(&state.emails) {
            match row.map(|row| row.status) {
                Some(EmailStatus::Received | EmailStatus::Extracting { leased: false }) => {
                    for worker in self.idle_workers(state) {
                        actions.push(Action::Claim { worker, email });
                    }
                }
                Some(EmailStatus::Extracting { leased: true })
                    if self.guards.lease_runs_out && !is_held(state, email) =>
                {
                    actions.push(Action::LeaseRunsOut { email });
                }
                _ => {}
            }
        }
        for (worker, work) in (0..).zip(&state.workers) {
            match work {
                Some(Work { row_missing: true, .. }) => {
                    actions.push(Action::WriteMissingRow { worker });
                }
                Some(_) => actions.push(Action::Finish { worker }),
                None => {}
            }
        }
    }

    pub(crate) fn ingest_interference(&self, state: &State, actions: &mut Vec<Action>) {
        for (mail, hook) in (0..).zip(&state.hooks) {
            if hook.deliveries_left > 0 {
                actions.push(Action::Deliver { mail });
            }
        }
        if state.left.crashes > 0 {
            if state.hooks.iter().any(|hook| hook.in_memory > 0 || hook.looked > 0) {
                actions.push(Action::CrashIngest);
            }
            for (worker, work) in (0..).zip(&state.workers) {
                if work.is_some() {
                    actions.push(Action::CrashWorker { worker });
                }
            }
        }
        if state.left.slow_workers > 0 {
            for (email, row) in (0..).zip(&state.emails) {
                let leased = EmailStatus::Extracting { leased: true };
                if row.is_some_and(|row| row.status == leased) && is_held(state, email) {
                    actions.push(Action::LeaseRunsOut { email });
                }
            }
        }
    }

    fn idle_workers(&self, state: &State) -> impl Iterator<Item = u8> {
        (0..self.scenario.workers).filter(|&worker| state.workers[usize::from(worker)].is_none())
    }

    pub(crate) fn deliver(&self, state: &mut State, mail: u8) {
        let known = state.emails.iter().flatten().any(|email| email.mail == mail);
        let hook = &mut state.hooks[usize::from(mail)];
        hook.deliveries_left -= 1;
        if !self.guards.answer_after_commit {
            hook.answered = true;
            hook.in_memory += 1;
        } else if known {
            hook.answered = true;
        } else if self.guards.dedup {
            self.accept(state, mail);
        } else {
            hook.looked += 1;
        }
    }

    pub(crate) fn insert(&self, state: &mut State, mail: u8) {
        let hook = &mut state.hooks[usize::from(mail)];
        if hook.in_memory > 0 {
            hook.in_memory -= 1;
            if self.guards.dedup && state.emails.iter().flatten().any(|email| email.mail == mail) {
                return;
            }
        } else {
            hook.looked -= 1;
        }
        self.accept(state, mail);
    }

    /// Commits the mail and answers 200.
    fn accept(&self, state: &mut State, mail: u8) {
        let id = state.emails.iter().position(Option::is_none).expect("a scenario fits the arrays");
        let status = EmailStatus::Received;
        state.emails[id] = Some(Email { mail, status, token: 0 });
        state.hooks[usize::from(mail)].answered = true;
        if self.scenario.workers == 0 {
            state.email_mut(id as u8).status = EmailStatus::Matching;
            add_row(state, id as u8, Operation::Update);
        }
    }

    pub(crate) fn crash_ingest(&self, state: &mut State) {
        state.left.crashes -= 1;
        for hook in &mut state.hooks {
            hook.in_memory = 0;
            hook.looked = 0;
        }
    }

    pub(crate) fn claim(&self, state: &mut State, worker: u8, email: u8) {
        let row = state.email_mut(email);
        row.status = EmailStatus::Extracting { leased: true };
        row.token += 1;
        let token = row.token;
        state.workers[usize::from(worker)] = Some(Work { email, token, row_missing: false });
    }

    pub(crate) fn finish(&self, state: &mut State, worker: u8) {
        let work = state.workers[usize::from(worker)].take().expect("only a busy worker finishes");
        let row = state.email_mut(work.email);
        let holds = row.token == work.token && matches!(row.status, EmailStatus::Extracting { .. });
        if !holds {
            if self.guards.lease_token {
                return;
            }
            state.record(Breach::FinishedWithoutLease);
        }
        let row = state.email_mut(work.email);
        if !self.scenario.mails[usize::from(row.mail)].is_reply {
            row.status = EmailStatus::NotCreditorReply;
            return;
        }
        row.status = EmailStatus::Matching;
        if self.guards.one_transaction {
            add_row(state, work.email, Operation::Update);
        } else {
            state.workers[usize::from(worker)] = Some(Work { row_missing: true, ..work });
        }
    }

    pub(crate) fn write_missing_row(&self, state: &mut State, worker: u8) {
        let work = state.workers[usize::from(worker)].take().expect("only a busy worker writes");
        add_row(state, work.email, Operation::Update);
    }

    pub(crate) fn run_out(&self, state: &mut State, email: u8) {
        if is_held(state, email) {
            state.left.slow_workers -= 1;
        }
        state.email_mut(email).status = EmailStatus::Extracting { leased: false };
    }

    pub(crate) fn crash_worker(&self, state: &mut State, worker: u8) {
        state.left.crashes -= 1;
        state.workers[usize::from(worker)] = None;
    }
}

/// A living worker has the current claim of this mail.
fn is_held(state: &State, email: u8) -> bool {
    let token = state.email(email).token;
    state.workers.iter().flatten().any(|work| work.email == email && work.token == token)
}

pub(crate) fn add_row(state: &mut State, email: u8, operation: Operation) {
    let free = state.rows.iter_mut().find(|row| row.is_none()).expect("a scenario fits the arrays");
    *free = Some(Row { email, operation, status: RowStatus::Pending });
}
