//! When a message is tried again: exponential back-off with jitter, as data.

use std::time::Duration;

use domain::jitter::jittered;

/// The schedule for a client that is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// The wait after the first failure.
    pub base: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

/// Each wait is this many times the one before.
const FACTOR: u32 = 4;

impl RetrySchedule {
    /// The wait after `failures` earlier ones. `jitter` is a random number from 0 to 1; the wait is
    /// between 75 % and 125 % of the schedule, so that what failed together does not return together.
    pub fn wait(&self, failures: u32, jitter: f64) -> Duration {
        let factor = FACTOR.saturating_pow(failures);
        let wait = self.base.saturating_mul(factor).min(self.longest);
        jittered(wait, 0.75..=1.25, jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: RetrySchedule =
        RetrySchedule { base: Duration::from_secs(1), longest: Duration::from_secs(3600) };

    #[test]
    fn waits_grow_fourfold_up_to_the_longest() {
        let waits: Vec<u64> =
            [0, 1, 2, 3, 4, 9, 40].map(|failures| SCHEDULE.wait(failures, 0.5).as_secs()).to_vec();
        assert_eq!(waits, [1, 4, 16, 64, 256, 3600, 3600]);
    }

    #[test]
    fn jitter_spreads_by_a_quarter_to_either_side() {
        assert_eq!(SCHEDULE.wait(1, 0.0), Duration::from_secs(3));
        assert_eq!(SCHEDULE.wait(1, 1.0), Duration::from_secs(5));
    }
}
