//! The fence: which of two messages for one creditor entry is the newer.

use chrono::{DateTime, TimeZone, Utc};

/// `(received_at, email_id)` of what an entry shows or of what a message wants to put there.
///
/// Ordered: a message applies only over a smaller fence. MongoDB keeps dates in milliseconds, so
/// both sides of every comparison are cut to milliseconds here, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    received_at_ms: i64,
    email_id: i64,
}

impl Fence {
    pub fn new(received_at: DateTime<Utc>, email_id: i64) -> Self {
        Self { received_at_ms: received_at.timestamp_millis(), email_id }
    }

    /// The mail's date, in whole milliseconds.
    pub fn received_at(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.received_at_ms)
            .single()
            .expect("the milliseconds came from a date")
    }

    pub fn email_id(self) -> i64 {
        self.email_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_mail_is_greater_and_the_id_breaks_ties() {
        let at = |ms, id| Fence::new(Utc.timestamp_millis_opt(ms).unwrap(), id);
        assert!(at(2, 1) > at(1, 9));
        assert!(at(1, 10) > at(1, 9));
        assert_eq!(at(1, 9), at(1, 9));
    }

    #[test]
    fn microseconds_that_mongodb_cannot_keep_do_not_count() {
        let at = |micros| Fence::new(Utc.timestamp_micros(micros).unwrap(), 1);
        assert_eq!(at(1_000_999), at(1_000_001));
    }
}
