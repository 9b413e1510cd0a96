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

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;
    use crate::document::SyncMark;

    fn fence(minute: u32, email_id: i64) -> Fence {
        Fence::new(Utc.with_ymd_and_hms(2026, 3, 11, 8, minute, 0).unwrap(), email_id)
    }

    #[test]
    fn only_a_greater_fence_applies_and_a_repair_its_own_too() {
        let mark = SyncMark { fence: fence(5, 7), outbox_id: None, applied_at: None };
        let shown = SyncState::Marked(mark);
        for (message, update, repair) in [
            (fence(6, 1), Standing::Applies, Standing::Applies),
            (fence(5, 8), Standing::Applies, Standing::Applies),
            (fence(5, 7), Standing::AlreadyApplied, Standing::Applies),
            (fence(5, 6), Standing::Superseded, Standing::Superseded),
            (fence(4, 9), Standing::Superseded, Standing::Superseded),
        ] {
            assert_eq!(standing(&shown, message, Operation::Update), update, "{message:?}");
            assert_eq!(standing(&shown, message, Operation::Repair), repair, "{message:?}");
        }
    }

    #[test]
    fn an_unmarked_entry_takes_any_message_and_an_unreadable_mark_none() {
        for operation in [Operation::Update, Operation::Repair] {
            let standing = |shown| standing(&shown, fence(0, 1), operation);
            assert_eq!(standing(SyncState::Unmarked), Standing::Applies);
            assert_eq!(standing(SyncState::Unreadable), Standing::Unreadable);
        }
    }
}
