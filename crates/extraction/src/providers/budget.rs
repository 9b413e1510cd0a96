//! How many tokens may be spent in one UTC day; the clock is passed in.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// Counts what the answers report; a request is charged an estimate until its answer is there, so
/// that requests under way cannot overspend together, and a lost answer is not free.
#[derive(Debug)]
pub(super) struct TokenBudget {
    limit: Option<u64>,
    day: Mutex<Day>,
}

#[derive(Debug, Default)]
struct Day {
    date: NaiveDate,
    spent: u64,
}

/// An estimate that was charged. Dropped, it stays charged.
#[derive(Debug)]
#[must_use]
pub(super) struct Charge {
    date: NaiveDate,
    estimate: u64,
}

impl TokenBudget {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit, day: Mutex::default() }
    }

    /// Charges an estimate, or says how long it is until midnight UTC.
    pub(super) fn charge(&self, estimate: u64, now: DateTime<Utc>) -> Result<Charge, Duration> {
        let mut day = self.locked();
        let date = now.date_naive();
        if date > day.date {
            *day = Day { date, spent: 0 };
        }
        if self.limit.is_some_and(|limit| day.spent >= limit) {
            return Err(until_midnight(now));
        }
        day.spent += estimate;
        Ok(Charge { date: day.date, estimate })
    }

    /// Replaces the estimate by what the request really took.
    pub(super) fn settle(&self, charge: Charge, tokens: u64) {
        let mut day = self.locked();
        // Yesterday's request changes nothing of today's count.
        if charge.date == day.date {
            day.spent = (day.spent + tokens).saturating_sub(charge.estimate);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Day> {
        // Whatever panicked elsewhere, the count itself is whole.
        self.day.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn until_midnight(now: DateTime<Utc>) -> Duration {
    let tomorrow = now.date_naive().checked_add_days(Days::new(1));
    tomorrow
        .map(|date| date.and_time(NaiveTime::MIN).and_utc() - now)
        .and_then(|left| left.to_std().ok())
        .unwrap_or(Duration::from_secs(3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_spent_budget_refuses_until_midnight_and_then_begins_anew() {
        let budget = TokenBudget::new(Some(1000));
        let evening = at("2026-03-04T23:00:00Z");
        let charge = budget.charge(10, evening).unwrap();
        budget.settle(charge, 1000);
        assert_eq!(budget.charge(10, evening).unwrap_err(), Duration::from_secs(3600));
        assert!(budget.charge(10, at("2026-03-05T00:00:00Z")).is_ok());
    }

    #[test]
    fn requests_under_way_count_with_their_estimate() {
        let budget = TokenBudget::new(Some(1000));
        let now = at("2026-03-04T12:00:00Z");
        let first = budget.charge(600, now).unwrap();
        let second = budget.charge(600, now).unwrap();
        assert!(budget.charge(1, now).is_err());
        budget.settle(first, 0);
        assert!(budget.charge(1, now).is_ok(), "what cost nothing is given back");
        drop(second);
    }

    #[test]
    fn an_answer_after_midnight_is_yesterdays() {
        let budget = TokenBudget::new(Some(1000));
        let charge = budget.charge(10, at("2026-03-04T23:59:59Z")).unwrap();
        let _today = budget.charge(10, at("2026-03-05T00:00:01Z")).unwrap();
        budget.settle(charge, 5000);
        assert!(budget.charge(10, at("2026-03-05T00:00:02Z")).is_ok());
    }

    #[test]
    fn without_a_limit_nothing_is_refused() {
        let budget = TokenBudget::new(None);
        let now = at("2026-03-04T12:00:00Z");
        for _ in 0..3 {
            let charge = budget.charge(u64::from(u32::MAX), now).unwrap();
            budget.settle(charge, u64::from(u32::MAX));
        }
    }
}
