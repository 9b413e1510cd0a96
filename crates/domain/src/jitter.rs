//! Waits that are moved by chance, so that those who fail or start together do not return together.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The wait times a factor from `range`: its start where `random` is 0, its end where it is 1.
///
/// A range that starts at 1 never shortens the wait; that is for waits that somebody else asked for.
pub fn jittered(wait: Duration, range: RangeInclusive<f64>, random: f64) -> Duration {
    let (least, most) = range.into_inner();
    wait.mul_f64(least + (most - least) * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_number_moves_the_wait_from_one_end_of_the_range_to_the_other() {
        let wait = Duration::from_secs(4);
        for (random, millis) in [(0.0, 3_000), (0.25, 3_500), (0.5, 4_000), (1.0, 5_000)] {
            assert_eq!(jittered(wait, 0.75..=1.25, random), Duration::from_millis(millis));
        }
        assert_eq!(jittered(wait, 1.0..=1.25, 0.0), wait, "not a moment earlier");
        assert_eq!(jittered(Duration::ZERO, 0.75..=1.25, 1.0), Duration::ZERO);
    }

    #[test]
    fn no_number_leaves_the_range() {
        let wait = Duration::from_secs(4);
        assert_eq!(jittered(wait, 0.75..=1.25, -7.0), Duration::from_secs(3));
        assert_eq!(jittered(wait, 0.75..=1.25, 7.0), Duration::from_secs(5));
    }
}
