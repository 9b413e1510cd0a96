//! When the next run is due: pure.
//!
//! Runs are aligned to the office's clock: at each multiple of the interval since local midnight.
//! Surprising rule: in the hour that autumn repeats an hourly run comes twice, and in the hour that
//! spring leaves out it comes with the hour after, so that hourly runs stay an hour apart. A longer
//! interval keeps to the local hours instead, and is an hour longer in that autumn night.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Europe::Berlin;
use chrono_tz::Tz;

/// The longest that the first run after a start waits, so that replicas that start together do not
/// all ask at once.
const FIRST_RUN_WITHIN: Duration = Duration::from_secs(60);

/// Clocks of replicas and databases differ: a run that began this much before a slot is that
/// slot's run.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// A run that ought to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub at: DateTime<Utc>,
    /// A run of any replica that began at this time or later makes this one unnecessary.
    pub unless_since: DateTime<Utc>,
}

/// A success that is older than this is not waited for until the next slot, which may be a day away.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// Until a slot is tried again whose run failed, or that found another run going on. Longer than most
/// runs take, and so short that an hour does not pass without one.
const TRY_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(2);

/// The first run after a start: soon, if the last success is more than an hour old. `jitter` is a
/// random number from 0 to 1.
pub fn first_run(
    last_success: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    interval: Duration,
    jitter: f64,
) -> Due {
    let an_hour_ago = now - FRESH;
    if last_success.is_some_and(|at| at > an_hour_ago) {
        return next_run(now, interval);
    }
    let within = FIRST_RUN_WITHIN.min(interval);
    Due { at: now + within.mul_f64(jitter.clamp(0.0, 1.0)), unless_since: an_hour_ago }
}

/// The first slot after `now`.
pub fn next_run(now: DateTime<Utc>, interval: Duration) -> Due {
    let at = next_slot(now, interval);
    // Never so much that the slot before would do for this one.
    let half = TimeDelta::from_std(interval / 2).unwrap_or(CLOCK_TOLERANCE);
    Due { at, unless_since: at - CLOCK_TOLERANCE.min(half) }
}

/// What comes after a slot that is still open: the same again soon, or the next if that is sooner.
pub fn try_again(open: Due, now: DateTime<Utc>, interval: Duration) -> Due {
    let next = next_run(now.max(open.at), interval);
    let soon = now + TRY_AGAIN_AFTER;
    if soon < next.at { Due { at: soon, ..open } } else { next }
}

fn next_slot(now: DateTime<Utc>, interval: Duration) -> DateTime<Utc> {
    let interval = i64::try_from(interval.as_secs()).unwrap_or(i64::MAX).max(1);
    let by_this_offset = now + until_slot(now, interval);
    match change_of_clocks(now, by_this_offset) {
        None => by_this_offset,
        // The clock shows another time from here on; this may be a slot itself.
        Some(change) if seconds_of_day(change) % interval == 0 => change,
        Some(change) => change + until_slot(change, interval),
    }
}

/// From a moment to the next multiple of the interval or to midnight, as far as the local clock
/// runs on.
fn until_slot(from: DateTime<Utc>, interval: i64) -> TimeDelta {
    const DAY: i64 = 86_400;
    let second = seconds_of_day(from);
    let slot = ((second / interval + 1) * interval).min(DAY);
    TimeDelta::seconds(slot - second) - TimeDelta::nanoseconds(i64::from(from.nanosecond()))
}

fn seconds_of_day(at: DateTime<Utc>) -> i64 {
    i64::from(local(at).num_seconds_from_midnight())
}

fn local(at: DateTime<Utc>) -> DateTime<Tz> {
    at.with_timezone(&Berlin)
}

/// The second after `from` and up to `to` at which the local clock is set to another offset.
fn change_of_clocks(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let offset = |at: i64| {
        DateTime::from_timestamp(at, 0).map(|at| local(at).naive_local() - at.naive_utc())
    };
    let (mut before, mut after) = (from.timestamp(), to.timestamp());
    if offset(before) == offset(after) {
        return None;
    }
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset(middle) == offset(before) {
            before = middle;
        } else {
            after = middle;
        }
    }
    DateTime::from_timestamp(after, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn slots(from: &str, interval: Duration, count: usize) -> Vec<String> {
        let mut now = utc(from);
        (0..count)
            .map(|_| {
                now = next_run(now, interval).at;
                local(now).format("%d. %H:%M %Z").to_string()
            })
            .collect()
    }

    #[test]
    fn an_hourly_run_comes_at_the_full_hour_and_a_slot_is_never_its_own_successor() {
        let slot = next_run(utc("2026-07-01T10:17:03.5Z"), HOUR).at;
        assert_eq!(slot, utc("2026-07-01T11:00:00Z"));
        assert_eq!(next_run(slot, HOUR).at, utc("2026-07-01T12:00:00Z"));
        assert_eq!(next_run(utc("2026-07-01T10:59:59.999Z"), HOUR).at, slot);
    }

    #[test]
    fn in_autumn_the_repeated_hour_has_two_runs() {
        assert_eq!(
            slots("2026-10-24T23:30:00Z", HOUR, 4),
            ["25. 02:00 CEST", "25. 02:00 CET", "25. 03:00 CET", "25. 04:00 CET"]
        );
    }

    #[test]
    fn in_spring_the_hour_that_is_left_out_has_no_run_and_no_gap() {
        assert_eq!(
            slots("2026-03-28T23:30:00Z", HOUR, 4),
            ["29. 01:00 CET", "29. 03:00 CEST", "29. 04:00 CEST", "29. 05:00 CEST"]
        );
    }

    #[test]
    fn longer_intervals_keep_to_the_local_hours_over_both_changes() {
        let six_hours = HOUR * 6;
        assert_eq!(
            slots("2026-10-24T21:00:00Z", six_hours, 3),
            ["25. 00:00 CEST", "25. 06:00 CET", "25. 12:00 CET"]
        );
        assert_eq!(
            slots("2026-03-28T22:00:00Z", six_hours, 3),
            ["29. 00:00 CET", "29. 06:00 CEST", "29. 12:00 CEST"]
        );
        assert_eq!(
            slots("2026-10-24T10:00:00Z", HOUR * 24, 2),
            ["25. 00:00 CEST", "26. 00:00 CET"]
        );
    }

    #[test]
    fn an_interval_that_does_not_fit_the_day_starts_anew_at_midnight() {
        assert_eq!(
            slots("2026-07-01T18:00:00Z", HOUR * 5, 2),
            ["02. 00:00 CEST", "02. 05:00 CEST"]
        );
    }

    #[test]
    fn over_two_years_no_two_hourly_runs_are_anything_but_an_hour_apart() {
        let mut now = utc("2026-01-01T00:00:00Z");
        let mut at = next_run(now, HOUR).at;
        while at < utc("2028-01-01T00:00:00Z") {
            assert_eq!(at - now, TimeDelta::hours(1), "{now}");
            (now, at) = (at, next_run(at, HOUR).at);
        }
    }

    #[test]
    fn a_slot_without_a_run_is_tried_again_within_minutes_and_gives_way_to_the_next() {
        let open = next_run(utc("2026-07-01T09:30:00Z"), HOUR);
        let again = try_again(open, utc("2026-07-01T10:04:00Z"), HOUR);
        assert_eq!(again, Due { at: utc("2026-07-01T10:06:00Z"), ..open });
        assert_eq!(again.unless_since, utc("2026-07-01T09:59:55Z"), "a run since would do");
        let late = try_again(again, utc("2026-07-01T10:59:00Z"), HOUR);
        assert_eq!(late, next_run(utc("2026-07-01T10:59:00Z"), HOUR));
        let often = Duration::from_secs(10);
        let open = next_run(utc("2026-07-01T10:00:01Z"), often);
        let next = try_again(open, open.at, often);
        assert_eq!(next.at, utc("2026-07-01T10:00:20Z"));
    }

    #[test]
    fn the_run_of_one_slot_never_does_for_the_next() {
        for seconds in [1, 2, 5, 9, 3_600] {
            let interval = Duration::from_secs(seconds);
            let slot = next_run(utc("2026-07-01T10:00:00Z"), interval);
            assert!(next_run(slot.at, interval).unless_since > slot.at, "{seconds} s");
        }
    }

    #[test]
    fn after_a_start_the_first_run_waits_for_its_slot_only_if_the_last_success_is_fresh() {
        let now = utc("2026-07-01T10:17:00Z");
        let fresh = first_run(Some(utc("2026-07-01T10:00:05Z")), now, HOUR, 0.5);
        assert_eq!(fresh.at, utc("2026-07-01T11:00:00Z"));
        for last in [None, Some(utc("2026-07-01T09:16:59Z"))] {
            let due = first_run(last, now, HOUR, 0.5);
            assert_eq!(due.at, now + TimeDelta::seconds(30));
            assert_eq!(due.unless_since, utc("2026-07-01T09:17:00Z"));
        }
        let two_hours_ago = Some(utc("2026-07-01T08:17:00Z"));
        let due = first_run(two_hours_ago, now, HOUR * 24, 0.5);
        assert_eq!(due.at, now + TimeDelta::seconds(30), "an hour is old, whatever the interval");
        let half_an_hour_ago = Some(utc("2026-07-01T09:47:00Z"));
        let due = first_run(half_an_hour_ago, now, Duration::from_secs(300), 0.5);
        assert_eq!(due.at, utc("2026-07-01T10:20:00Z"));
        assert_eq!(
            first_run(None, now, Duration::from_secs(2), 1.0).at,
            now + TimeDelta::seconds(2)
        );
    }
}
