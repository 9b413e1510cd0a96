//! A circuit breaker as a pure state machine; the clock is passed in.
//!
//! ```text
//!           `failures` in a row                   `open_for` is over
//!  Closed ─────────────────────▶ Open(until) ─────────────────────▶ HalfOpen (one probe)
//!    ▲  any success                 ▲  the probe fails, or nobody       │
//!    └──────────────────────────────┼─ waits for it any longer ◀────────┤
//!                                   │                                   │
//!    ◀──────────────────────────────┴──────── the probe succeeds ───────┘
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct BreakerConfig {
    /// Failed requests in a row, over all mails. 5 by default.
    pub failures: u32,
    /// Until one request may try again. 30 s by default.
    pub open_for: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_secs(30) }
    }
}

/// How long others wait while the probe is under way.
const PROBE_WAIT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen,
}

#[derive(Debug)]
pub(super) struct Breaker {
    config: BreakerConfig,
    state: State,
}

impl Breaker {
    pub(super) fn new(config: BreakerConfig) -> Self {
        Self { config, state: State::Closed { failures: 0 } }
    }

    /// Lets a request pass, or says how long to wait before asking again.
    fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if now < until => Err(until - now),
            State::Open { .. } => {
                self.state = State::HalfOpen;
                Ok(())
            }
            // The probe tells soon; its own failure opens the breaker for the full time.
            State::HalfOpen => Err(PROBE_WAIT.min(self.config.open_for)),
        }
    }

    fn succeed(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    fn fail(&mut self, now: Instant) {
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < self.config.failures => {
                State::Closed { failures: failures + 1 }
            }
            // A request that began before the breaker opened prolongs nothing.
            State::Open { until } => State::Open { until },
            State::Closed { .. } | State::HalfOpen => {
                State::Open { until: now + self.config.open_for }
            }
        };
    }

    /// Nobody waits for the request any longer. A probe gives its turn to the next one.
    fn abandon(&mut self, now: Instant) {
        if self.state == State::HalfOpen {
            self.state = State::Open { until: now };
        }
    }
}

/// One request that the breaker let pass. Dropped without a verdict, it counts as abandoned.
pub(super) struct Pass {
    breaker: Arc<Mutex<Breaker>>,
    told: bool,
}

impl Pass {
    pub(super) fn ask(breaker: &Arc<Mutex<Breaker>>) -> Result<Self, Duration> {
        locked(breaker).admit(Instant::now())?;
        Ok(Self { breaker: Arc::clone(breaker), told: false })
    }

    pub(super) fn succeeded(mut self) {
        self.told = true;
        locked(&self.breaker).succeed();
    }

    pub(super) fn failed(mut self) {
        self.told = true;
        locked(&self.breaker).fail(Instant::now());
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.told {
            locked(&self.breaker).abandon(Instant::now());
        }
    }
}

fn locked(breaker: &Mutex<Breaker>) -> std::sync::MutexGuard<'_, Breaker> {
    // Every transition is a single assignment, so a panic elsewhere left nothing half done.
    breaker.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(30);

    fn broken(at: Instant) -> Breaker {
        let mut breaker = Breaker::new(BreakerConfig { failures: 3, open_for: OPEN_FOR });
        for _ in 0..3 {
            assert_eq!(breaker.admit(at), Ok(()));
            breaker.fail(at);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let now = Instant::now();
        assert_eq!(broken(now).admit(now), Err(OPEN_FOR));

        let mut breaker = Breaker::new(BreakerConfig { failures: 3, open_for: OPEN_FOR });
        for _ in 0..4 {
            breaker.fail(now);
            breaker.fail(now);
            breaker.succeed();
        }
        assert_eq!(breaker.admit(now), Ok(()));
    }

    #[test]
    fn after_its_time_one_probe_passes_and_its_success_closes_it() {
        let now = Instant::now();
        let mut breaker = broken(now);
        let later = now + OPEN_FOR;
        assert_eq!(breaker.admit(later - Duration::from_secs(1)), Err(Duration::from_secs(1)));
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(
            breaker.admit(later),
            Err(PROBE_WAIT),
            "only one probe, and the others come soon"
        );
        breaker.succeed();
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Ok(()));
    }

    #[test]
    fn a_failed_probe_opens_it_for_the_full_time_again() {
        let now = Instant::now();
        let mut breaker = broken(now);
        let later = now + OPEN_FOR;
        assert_eq!(breaker.admit(later), Ok(()));
        breaker.fail(later);
        assert_eq!(breaker.admit(later), Err(OPEN_FOR));
    }

    #[test]
    fn an_abandoned_probe_gives_its_turn_to_the_next() {
        let now = Instant::now();
        let breaker = Arc::new(Mutex::new(broken(now - OPEN_FOR)));
        let probe = Pass::ask(&breaker).expect("the time is over");
        assert!(Pass::ask(&breaker).is_err());
        drop(probe);
        assert!(Pass::ask(&breaker).is_ok());
    }

    #[test]
    fn late_failures_prolong_nothing() {
        let now = Instant::now();
        let mut breaker = broken(now);
        breaker.fail(now + Duration::from_secs(10));
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(()));
    }
}
