//! Whether a message may still be applied to an entry.

use domain::fence::Fence;

use crate::document::SyncState;

/// Why a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A creditor's mail. Applies over older versions only.
    Update,
    /// The reconciler's. It may also replace its own version, never a newer one, and never a
    /// value that a person set.
    Repair,
}

/// Where a message stands against what the entry shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Applies,
    /// The entry shows this very mail.
    AlreadyApplied,
    /// The entry shows a newer one.
    Superseded,
    /// The entry was marked, but the mark cannot be read: a person must look.
    Unreadable,
}

/// Compares a message's fence with the entry's.
pub fn standing(shown: &SyncState, message: Fence, operation: Operation) -> Standing {
    let shown = match shown {
        SyncState::Unmarked => return Standing::Applies,
        SyncState::Unreadable => return Standing::Unreadable,
        SyncState::Marked(mark) => mark.fence,
    };
    match (message.cmp(&shown), operation) {
        (std::cmp::Ordering::Greater, _) => Standing::Applies,
        (std::cmp::Ordering::Equal, Operation::Repair) => Standing::Applies,
        (std::cmp::Ordering::Equal, Operation::Update) => Standing::AlreadyApplied,
        (std::cmp::Ordering::Less, _) => Standing::Superseded,
    }
}
