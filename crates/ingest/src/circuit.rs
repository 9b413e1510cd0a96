//! How near Zendesk's circuit breaker is: it stops sending at 70 % errors or at 1,000 errors
//! within five minutes. Zendesk does not say which answers count, so everything but 200 does.

use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(300);
const BUCKET: Duration = Duration::from_secs(5);
const BUCKETS: usize = (WINDOW.as_secs() / BUCKET.as_secs()) as usize;

const ERROR_LIMIT: f64 = 1_000.0;
const SHARE_LIMIT: f64 = 0.7;

/// Answers of the last five minutes, in buckets of five seconds.
#[derive(Debug)]
pub(crate) struct ErrorWindow {
    start: Instant,
    newest: usize,
    buckets: [Circuit; BUCKETS],
}

/// What Zendesk would have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Circuit {
    pub(crate) answers: u64,
    pub(crate) errors: u64,
}

impl Circuit {
    pub(crate) fn error_share(self) -> f64 {
        if self.answers == 0 { 0.0 } else { self.errors as f64 / self.answers as f64 }
    }

    /// 0 without errors, 1 where Zendesk cuts off.
    pub(crate) fn used(self) -> f64 {
        (self.errors as f64 / ERROR_LIMIT).max(self.error_share() / SHARE_LIMIT)
    }
}

impl ErrorWindow {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, newest: 0, buckets: [Circuit::default(); BUCKETS] }
    }

    pub(crate) fn record(&mut self, now: Instant, is_ok: bool) {
        self.advance(now);
        let bucket = &mut self.buckets[self.newest % BUCKETS];
        bucket.answers += 1;
        bucket.errors += u64::from(!is_ok);
    }

    pub(crate) fn read(&mut self, now: Instant) -> Circuit {
        self.advance(now);
        self.buckets.iter().fold(Circuit::default(), |sum, bucket| Circuit {
            answers: sum.answers + bucket.answers,
            errors: sum.errors + bucket.errors,
        })
    }

    /// Empties the buckets that time has passed over.
    fn advance(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start).as_secs() / BUCKET.as_secs();
        let current = usize::try_from(elapsed).unwrap_or(usize::MAX).max(self.newest);
        for passed in (self.newest + 1..=current).take(BUCKETS) {
            self.buckets[passed % BUCKETS] = Circuit::default();
        }
        if current - self.newest > BUCKETS {
            self.buckets = [Circuit::default(); BUCKETS];
        }
        self.newest = current;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_of_zendesk_count_and_the_nearer_one_is_shown() {
        let start = Instant::now();
        let mut window = ErrorWindow::new(start);
        assert_eq!(window.read(start).used(), 0.0);
        for answer in 0..100 {
            window.record(start, answer >= 35);
        }
        assert_eq!(window.read(start).error_share(), 0.35);
        assert_eq!(window.read(start).used(), 0.5);
        for _ in 0..9_900 {
            window.record(start, true);
        }
        assert_eq!(window.read(start).used(), 0.035);
    }

    #[test]
    fn errors_are_forgotten_after_five_minutes() {
        let start = Instant::now();
        let mut window = ErrorWindow::new(start);
        window.record(start, false);
        assert_eq!(window.read(start + Duration::from_secs(295)).errors, 1);
        assert_eq!(window.read(start + Duration::from_secs(301)).errors, 0);
        window.record(start + Duration::from_secs(400), false);
        assert_eq!(window.read(start + Duration::from_secs(40_000)).errors, 0);
    }
}
