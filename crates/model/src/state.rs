//! The state of the whole system: both databases, every process, what is under way between them,
//! and how many faults may still happen.

use crate::scenario::Scenario;

pub(crate) const MAX_MAILS: usize = 3;
pub(crate) const MAX_EMAILS: usize = 6;
pub(crate) const MAX_RELAYS: usize = 3;
pub(crate) const MAX_ROWS: usize = 8;
pub(crate) const MAX_ENTRIES: usize = 3;
pub(crate) const MAX_BATCH: usize = 2;

/// One state of the model. Small and `Copy`, because millions of them are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// What Zendesk has sent and heard, by mail of the scenario.
    pub hooks: [Hook; MAX_MAILS],
    /// `incoming_emails`; the index is the email's id.
    pub emails: [Option<Email>; MAX_EMAILS],
    /// `outbox_messages`; the index is the row's id.
    pub rows: [Option<Row>; MAX_ROWS],
    pub workers: [Option<Work>; 2],
    pub relays: [Option<Batch>; MAX_RELAYS],
    /// Writes whose relay is gone, still on their way to MongoDB.
    pub late_writes: [Option<LateWrite>; 2],
    /// The client's `final_creditor_list`; filled from the front.
    pub entries: [Option<Entry>; MAX_ENTRIES],
    pub reconciler: Reconciler,
    pub left: Budget,
    /// Bits of [`Breach`]: invariants about a transition that some step has broken.
    pub breaches: u16,
}

/// Zendesk's side of one mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hook {
    pub deliveries_left: u8,
    /// Zendesk has heard a 200.
    pub answered: bool,
    /// Answered and not yet stored (without [`crate::Guard::AnswerAfterCommit`]).
    pub in_memory: u8,
    /// Requests that found no such mail and have not inserted it yet (without [`crate::Guard::Dedup`]).
    pub looked: u8,
}

/// A row of `incoming_emails`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Email {
    pub mail: u8,
    pub status: EmailStatus,
    /// Grows with each claim.
    pub token: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EmailStatus {
    Received,
    /// Claimed by a worker.
    Extracting {
        leased: bool,
    },
    /// The outbox row waits.
    Matching,
    /// Final: shown, or a newer mail is.
    Synced,
    /// Final: a person decides.
    Review,
    /// Final: nothing to write.
    NotCreditorReply,
}

impl EmailStatus {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Synced | Self::Review | Self::NotCreditorReply)
    }
}

/// What an ingest worker believes it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work {
    pub email: u8,
    pub token: u8,
    /// Has changed the mail and not yet written its row (without [`crate::Guard::OneTransaction`]).
    pub row_missing: bool,
}

/// A row of `outbox_messages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub email: u8,
    pub operation: Operation,
    pub status: RowStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Update,
    /// Carries the amount that the reconciler saw in the entry.
    Repair {
        seen_amount: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowStatus {
    Pending,
    Applied,
    Superseded,
    Review,
}

/// The rows that a relay works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch {
    pub phase: Phase,
    /// The transaction, and with it the row locks, is still alive on the server.
    pub transaction: bool,
    pub slots: [Option<Slot>; MAX_BATCH],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The update command is on its way or being executed.
    Writing,
    /// The reply counted fewer matches than statements: the relay must read what happened.
    ReadingBack,
    /// The outcomes are known and wait for their commit.
    Deciding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    pub row: u8,
    pub step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// To be written; `position` is where the entry stood when it was read.
    Write {
        position: u8,
    },
    /// Older than another row of the batch for the same entry: shares that one's fate.
    Rides,
    Hit,
    Missed,
    /// Known outcome; `Pending` leaves the row for another round.
    Ends(RowStatus),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LateWrite {
    pub row: u8,
    pub position: u8,
}

/// An entry of the client's creditor list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub creditor: u8,
    pub shown: Shown,
    /// For the properties only: a person's value stands here.
    pub edited: bool,
    /// For the properties only: bits of the mails that were applied here since the entry was whole.
    pub applied: u8,
}

/// What a reader of the entry sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// [`NO_AMOUNT`], a mail's amount, or [`AMOUNT_BY_HAND`].
    pub amount: u8,
    pub source: Source,
    /// `sync`.
    pub fence: Option<Fence>,
    /// None of the written fields beside the amount is damaged.
    pub complete: bool,
}

pub(crate) const NO_AMOUNT: u8 = 0;
pub(crate) const AMOUNT_BY_HAND: u8 = 77;

/// `amount_source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Absent,
    CreditorResponse,
    Person,
}

/// `(received_at, email_id)`, ordered as the services order it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    pub received_at: u8,
    pub email: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reconciler {
    Idle,
    /// Has read the entry.
    Saw {
        creditor: u8,
        shown: Shown,
    },
    /// Has compared with Postgres: the entry should show this email.
    Suspects {
        creditor: u8,
        email: u8,
        shown: Shown,
    },
}

/// How often the environment may still interfere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// A process is killed.
    pub crashes: u8,
    /// A living worker outlasts its lease.
    pub slow_workers: u8,
    /// Postgres ends a transaction of a living relay.
    pub cut_transactions: u8,
    /// A person edits in the portal.
    pub edits: u8,
    /// A write that was acknowledged is lost or damaged.
    pub drifts: u8,
    /// A reconciler's run beyond those that drift makes necessary.
    pub runs: u8,
}

/// An invariant about a step, broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    FinishedWithoutLease,
    OutcomeSetTwice,
    OtherCreditor,
    AmbiguousTarget,
    OlderOverNewer,
    AppliedTwice,
    RepairedOverPerson,
    Downgraded,
    FalseRepair,
}

impl State {
    pub fn initial(scenario: &Scenario) -> Self {
        let mut state = Self {
            hooks: Default::default(),
            emails: [None; MAX_EMAILS],
            rows: [None; MAX_ROWS],
            workers: [None; 2],
            relays: [None; MAX_RELAYS],
            late_writes: [None; 2],
            entries: [None; MAX_ENTRIES],
            reconciler: Reconciler::Idle,
            left: scenario.budget,
            breaches: 0,
        };
        for hook in state.hooks.iter_mut().take(scenario.mails.len()) {
            hook.deliveries_left = scenario.deliveries;
        }
        for (creditor, entry) in (0..scenario.creditors).zip(&mut state.entries) {
            *entry = Some(Entry::new(creditor, scenario.shown_at_first));
        }
        state
    }

    pub fn record(&mut self, breach: Breach) {
        self.breaches |= 1 << breach as u16;
    }

    pub fn has(&self, breach: Breach) -> bool {
        self.breaches & (1 << breach as u16) != 0
    }

    pub fn email(&self, id: u8) -> Email {
        self.emails[usize::from(id)].expect("an id is only known once the row exists")
    }

    pub fn email_mut(&mut self, id: u8) -> &mut Email {
        self.emails[usize::from(id)].as_mut().expect("an id is only known once the row exists")
    }

    pub fn row(&self, id: u8) -> Row {
        self.rows[usize::from(id)].expect("an id is only known once the row exists")
    }

    /// The position of the creditor's entry, if there is exactly one.
    pub fn only_entry(&self, creditor: u8) -> Option<usize> {
        let mut positions = self.positions(creditor);
        positions.next().filter(|_| positions.next().is_none())
    }

    pub fn positions(&self, creditor: u8) -> impl Iterator<Item = usize> {
        let is_of = move |entry: &Option<Entry>| entry.is_some_and(|e| e.creditor == creditor);
        (0..MAX_ENTRIES).filter(move |&position| is_of(&self.entries[position]))
    }

    /// The state with interchangeable processes in a fixed order: of states that differ only in
    /// which of two equal processes does what, one is enough.
    pub fn representative(&self) -> Self {
        let mut state = *self;
        state.workers.sort_unstable();
        state.relays.sort_unstable();
        state.late_writes.sort_unstable();
        state
    }
}

impl Entry {
    /// An entry that shows nothing of ours, or the amount of a mail long finished.
    pub fn new(creditor: u8, amount: u8) -> Self {
        let ours = amount != NO_AMOUNT;
        Self {
            creditor,
            shown: Shown {
                amount,
                source: if ours { Source::CreditorResponse } else { Source::Absent },
                fence: ours.then_some(Fence { received_at: 0, email: 0 }),
                complete: true,
            },
            edited: false,
            applied: 0,
        }
    }
}
