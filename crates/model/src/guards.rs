//! The guards of the protocol, each with a switch, so that the checker can show what each is for.

use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;

/// One protective measure of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Guard {
    /// The webhook is answered after the commit, not before.
    AnswerAfterCommit,
    /// A unique index refuses the second copy of a mail; without it a request looks first and inserts later.
    Dedup,
    /// A worker finishes only while its claim token is still the mail's.
    LeaseToken,
    /// A lease runs out, so that the mail of a dead worker is claimed again.
    LeaseRunsOut,
    /// The mail's new status and its outbox row are one transaction.
    OneTransaction,
    /// A relay holds its rows locked until their outcome is committed.
    RowLock,
    /// The write's filter lets only a newer mail over what the entry shows.
    Fence,
    /// The fence is strict: the very mail that an entry shows is not applied again.
    StrictFence,
    /// The write names the entry by identity, not by the position that was read.
    IdentityInFilter,
    /// The write happens only while exactly one entry has that identity.
    OneMatch,
    /// The older of two rows for one entry is given up only once the newer one was applied.
    SupersedeAfterWrite,
    /// The amount guard is part of the write's filter, not only of the reading before it.
    AmountInFilter,
    /// The reconciler believes a difference only when a second read shows it too.
    SecondRead,
    /// A repair replaces its own version or an older one, never a newer one.
    RepairFence,
    /// A repair leaves an entry alone whose `amount_source` a person has set.
    ManualKept,
    /// A repair leaves an entry alone whose amount is no longer the one the reconciler saw.
    AmountCompared,
}

impl Guard {
    pub fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// What it does, in a sentence.
    pub fn purpose(self) -> String {
        let value = self.to_possible_value();
        value
            .as_ref()
            .and_then(|value| value.get_help())
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

impl Display for Guard {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("no guard is hidden from the command line");
        f.write_str(value.get_name())
    }
}

/// Which guards are in place. [`Guards::all`] is the protocol as it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    pub answer_after_commit: bool,
    pub dedup: bool,
    pub lease_token: bool,
    pub lease_runs_out: bool,
    pub one_transaction: bool,
    pub row_lock: bool,
    pub fence: bool,
    pub strict_fence: bool,
    pub identity_in_filter: bool,
    pub one_match: bool,
    pub supersede_after_write: bool,
    pub amount_in_filter: bool,
    pub second_read: bool,
    pub repair_fence: bool,
    pub manual_kept: bool,
    pub amount_compared: bool,
}

impl Guards {
    pub const fn all() -> Self {
        Self {
            answer_after_commit: true,
            dedup: true,
            lease_token: true,
            lease_runs_out: true,
            one_transaction: true,
            row_lock: true,
            fence: true,
            strict_fence: true,
            identity_in_filter: true,
            one_match: true,
            supersede_after_write: true,
            amount_in_filter: true,
            second_read: true,
            repair_fence: true,
            manual_kept: true,
            amount_compared: true,
        }
    }

    /// All guards but one.
    pub const fn without(guard: Guard) -> Self {
        let mut guards = Self::all();
        *guards.switch(guard) = false;
        guards
    }

    const fn switch(&mut self, guard: Guard) -> &mut bool {
        match guard {
            Guard::AnswerAfterCommit => &mut self.answer_after_commit,
            Guard::Dedup => &mut self.dedup,
            Guard::LeaseToken => &mut self.lease_token,
            Guard::LeaseRunsOut => &mut self.lease_runs_out,
            Guard::OneTransaction => &mut self.one_transaction,
            Guard::RowLock => &mut self.row_lock,
            Guard::Fence => &mut self.fence,
            Guard::StrictFence => &mut self.strict_fence,
            Guard::IdentityInFilter => &mut self.identity_in_filter,
            Guard::OneMatch => &mut self.one_match,
            Guard::SupersedeAfterWrite => &mut self.supersede_after_write,
            Guard::AmountInFilter => &mut self.amount_in_filter,
            Guard::SecondRead => &mut self.second_read,
            Guard::RepairFence => &mut self.repair_fence,
            Guard::ManualKept => &mut self.manual_kept,
            Guard::AmountCompared => &mut self.amount_compared,
        }
    }
}
