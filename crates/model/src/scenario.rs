//! What is checked: small systems, each exhaustively, each about one part of the protocol.

use std::fmt::{self, Display, Formatter};

use crate::properties::Witness;
use crate::state::{Budget, NO_AMOUNT};

/// One finite configuration of the model.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub name: &'static str,
    /// In the order in which Zendesk got them; the webhooks arrive in any order.
    pub mails: &'static [Mail],
    /// How often Zendesk sends each webhook.
    pub deliveries: u8,
    /// Ingest workers; with none, an accepted mail has its outbox row at once.
    pub workers: u8,
    pub relays: u8,
    /// `RELAY_BATCH_SIZE`.
    pub batch: u8,
    /// Entries of the client's list.
    pub creditors: u8,
    /// The amount that each entry shows at first.
    pub shown_at_first: u8,
    pub edits: &'static [Edit],
    pub drifts: &'static [Drift],
    pub budget: Budget,
    /// `GUARD_DOWNGRADE=review`.
    pub amount_guard: bool,
    /// What the checker must reach here, so that no property holds for want of anything happening.
    pub witnesses: &'static [Witness],
}

/// A creditor's answer.
#[derive(Clone, Copy, Debug)]
pub struct Mail {
    pub creditor: u8,
    /// Rank of its date; 1 is the oldest.
    pub received_at: u8,
    pub amount: u8,
    /// False: the extraction finds that there is nothing to write.
    pub is_reply: bool,
}

/// What a person can do in the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    /// The first entry moves to the end.
    Reorder,
    Remove,
    /// A creditor that no mail is about comes to the front.
    Add,
    /// A second entry with the same identity.
    Duplicate,
    /// Another amount, marked as a person's.
    ByHand,
    /// Another amount and nothing else.
    Silently,
    /// The same amount, now marked as a person's.
    TakeOver,
}

/// How an acknowledged write can vanish: a restored backup, a whole document saved from an old copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drift {
    /// The entry is as before all mails.
    Lose,
    /// A field beside the amount is gone.
    Damage,
}

pub(crate) const CALM: Budget =
    Budget { crashes: 0, slow_workers: 0, cut_transactions: 0, edits: 0, drifts: 0, runs: 0 };

const fn mail(creditor: u8, received_at: u8, amount: u8) -> Mail {
    Mail { creditor, received_at, amount, is_reply: true }
}

const BASE: Scenario = Scenario {
    name: "",
    mails: &[mail(0, 1, 10), mail(0, 2, 20)],
    deliveries: 1,
    workers: 0,
    relays: 2,
    batch: 1,
    creditors: 1,
    shown_at_first: NO_AMOUNT,
    edits: &[],
    drifts: &[],
    budget: CALM,
    amount_guard: false,
    witnesses: &[],
};

/// Redelivered webhooks, two workers, crashes and late workers; one relay behind them.
pub const INGEST: Scenario = Scenario {
    name: "ingest",
    mails: &[
        mail(0, 1, 10),
        mail(0, 2, 20),
        Mail { creditor: 0, received_at: 3, amount: NO_AMOUNT, is_reply: false },
    ],
    deliveries: 2,
    workers: 2,
    relays: 1,
    budget: Budget { crashes: 2, slow_workers: 2, ..CALM },
    witnesses: &[Witness::OutdatedWorker, Witness::Superseded, Witness::AllFinished],
    ..BASE
};

/// Two relays, batches, crashes, cut transactions and writes that arrive late.
pub const RELAYS: Scenario = Scenario {
    name: "relays",
    mails: &[mail(0, 1, 10), mail(0, 2, 20), mail(0, 2, 30)],
    relays: 3,
    batch: 2,
    budget: Budget { crashes: 2, cut_transactions: 2, ..CALM },
    witnesses: &[
        Witness::LateWrite,
        Witness::FrozenRelay,
        Witness::BatchForOneEntry,
        Witness::Superseded,
        Witness::AllFinished,
    ],
    ..BASE
};

/// Two creditors of one client while the portal changes the list.
pub const PORTAL: Scenario = Scenario {
    name: "portal",
    mails: &[mail(0, 1, 10), mail(1, 1, 20), mail(0, 2, 30)],
    batch: 2,
    creditors: 2,
    edits: &[Edit::Reorder, Edit::Remove, Edit::Add, Edit::Duplicate, Edit::ByHand],
    budget: Budget { cut_transactions: 1, crashes: 1, edits: 2, ..CALM },
    witnesses: &[Witness::FrozenRelay, Witness::Review, Witness::AllFinished],
    ..BASE
};

/// Amounts that fall: the guard against downgrades, alone and inside a batch.
pub const AMOUNTS: Scenario = Scenario {
    name: "amounts",
    mails: &[mail(0, 1, 30), mail(0, 2, 10), mail(0, 3, 25)],
    batch: 2,
    shown_at_first: 20,
    budget: Budget { crashes: 1, cut_transactions: 2, ..CALM },
    amount_guard: true,
    witnesses: &[Witness::Review, Witness::Superseded, Witness::AllFinished],
    ..BASE
};

/// Lost and damaged writes, the reconciler, a person at the same entry, late writes.
pub const REPAIR: Scenario = Scenario {
    name: "repair",
    edits: &[Edit::ByHand, Edit::Silently, Edit::TakeOver, Edit::Remove],
    drifts: &[Drift::Lose, Drift::Damage],
    budget: Budget { crashes: 1, cut_transactions: 1, edits: 1, drifts: 2, runs: 1, ..CALM },
    witnesses: &[
        Witness::Repaired,
        Witness::RepairRefused,
        Witness::LateWrite,
        Witness::AllFinished,
    ],
    ..BASE
};

/// A creditor who answers twice with the same amount, so that the amount alone does not tell an
/// older version from a newer one.
pub const SAME_AMOUNT: Scenario = Scenario {
    name: "same-amount",
    mails: &[mail(0, 1, 10), mail(0, 2, 10)],
    edits: &[Edit::TakeOver, Edit::Silently],
    drifts: &[Drift::Damage],
    budget: Budget { edits: 1, drifts: 1, runs: 1, ..CALM },
    witnesses: &[Witness::Repaired, Witness::RepairRefused, Witness::AllFinished],
    ..BASE
};

/// Everything at once, with one fault of each kind.
pub const WHOLE: Scenario = Scenario {
    name: "whole",
    deliveries: 2,
    batch: 2,
    workers: 2,
    edits: &[Edit::ByHand, Edit::Remove],
    drifts: &[Drift::Lose],
    budget: Budget {
        crashes: 1,
        slow_workers: 1,
        cut_transactions: 1,
        edits: 1,
        drifts: 1,
        runs: 0,
    },
    witnesses: &[Witness::OutdatedWorker, Witness::Repaired, Witness::AllFinished],
    ..BASE
};

pub const ALL: [&Scenario; 7] =
    [&INGEST, &RELAYS, &PORTAL, &AMOUNTS, &REPAIR, &SAME_AMOUNT, &WHOLE];

impl Scenario {
    /// A reconciler watches.
    pub fn reconciles(&self) -> bool {
        self.budget.drifts > 0 || self.budget.runs > 0
    }
}

impl Display for Scenario {
    /// The system and its faults in a line; what is not there is not named.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let count = |count: u8, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let system = [
            count(self.mails.len() as u8, "mail", "mails"),
            (self.deliveries > 1).then(|| format!("{} deliveries each", self.deliveries)),
            count(self.creditors, "entry", "entries"),
            count(self.workers, "worker", "workers"),
            count(self.relays, "relay", "relays"),
            (self.batch > 1).then(|| format!("batch of {}", self.batch)),
            self.amount_guard.then(|| "amount guard".to_owned()),
            self.reconciles().then(|| "reconciler".to_owned()),
        ];
        let budget = &self.budget;
        let faults = [
            count(budget.crashes, "crash", "crashes"),
            count(budget.slow_workers, "outlasted lease", "outlasted leases"),
            count(budget.cut_transactions, "cut transaction", "cut transactions"),
            count(budget.edits, "portal edit", "portal edits"),
            count(budget.drifts, "lost write", "lost writes"),
        ];
        let line = |parts: &[Option<String>]| {
            parts.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        write!(f, "{}; {}", line(&system), line(&faults))
    }
}
