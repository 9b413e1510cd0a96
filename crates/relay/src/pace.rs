//! When the next batch is taken: at once while there is work, else on a notification or a poll; not
//! at all while MongoDB is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::jitter::jittered;
use domain::logging::chain;
use domain::service::Context;
use slog::{Logger, info, o, warn};
use tokio::sync::Notify;

use crate::batch::{BatchError, BatchReport, Delivery};
use crate::metrics::RelayMetrics;

/// Between two probes of a database that is away.
const SHORTEST_PROBE_WAIT: Duration = Duration::from_millis(200);
const LONGEST_PROBE_WAIT: Duration = Duration::from_secs(5);

/// The loop of one of a relay's workers.
///
/// One worker polls, the others wait until they are woken. A notification wakes one, and whoever
/// finds a full batch wakes the next, so that an idle relay costs no more for having several.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) delivery: Delivery,
    pub(crate) metrics: RelayMetrics,
    pub(crate) wake: Arc<Notify>,
    pub(crate) poll_interval: Duration,
    /// Whether it looks at the outbox by itself; without, it waits for a wake-up alone.
    pub(crate) polls: bool,
    pub(crate) largest_batch: u32,
}

impl Worker {
    /// Runs until the context is cancelled; the batch in hand is finished first.
    pub(crate) async fn run(&self, context: &Context) {
        let log = context.log.new(o!("saga_step" => "relay"));
        let mut batch_size = BatchSize::new(self.largest_batch);
        let mut cursor = Cursor::at_start(Instant::now(), self.poll_interval);
        while !context.shutdown.is_cancelled() {
            let (from_id, limit) = (cursor.start_of_claim(Instant::now()), batch_size.current());
            match self.delivery.relay_batch_from(from_id, limit).await {
                Ok(report) => {
                    self.metrics.record_batch(&report);
                    batch_size.grow();
                    if report.claimed == limit as usize {
                        // There is more than one worker's share.
                        self.wake.notify_one();
                    }
                    cursor.advance(&report);
                    if report.claimed == 0 {
                        self.wait_for_work(context).await;
                    }
                }
                Err(error) => {
                    batch_size.shrink();
                    cursor = Cursor::at_start(Instant::now(), self.poll_interval);
                    self.wait_for_recovery(context, &log, &error).await;
                }
            }
        }
    }

    async fn wait_for_work(&self, context: &Context) {
        tokio::select! {
            () = self.wake.notified() => {}
            () = self.poll_is_due() => {}
            () = context.shutdown.cancelled() => {}
        }
    }

    async fn poll_is_due(&self) {
        match self.polls {
            true => tokio::time::sleep(spread(self.poll_interval)).await,
            false => std::future::pending().await,
        }
    }

    /// The breaker: while a database is away nothing is claimed, and one small question at a time
    /// asks whether it is back.
    async fn wait_for_recovery(&self, context: &Context, log: &Logger, error: &BatchError) {
        let cause = match error {
            BatchError::Database(_) => "postgres",
            BatchError::Store(_) => "mongodb",
            BatchError::Timeout(_) => "timeout",
        };
        self.metrics.record_rollback(cause);
        warn!(log, "batch rolled back; no retry was spent"; "cause" => cause, "error" => chain(error));
        self.metrics.breaker_open.inc();
        let mut wait = SHORTEST_PROBE_WAIT;
        loop {
            tokio::select! {
                () = tokio::time::sleep(spread(wait)) => {}
                () = context.shutdown.cancelled() => break,
            }
            if self.is_reachable(error).await {
                info!(log, "back again"; "cause" => cause);
                break;
            }
            wait = (wait * 2).min(LONGEST_PROBE_WAIT);
        }
        self.metrics.breaker_open.dec();
    }

    async fn is_reachable(&self, error: &BatchError) -> bool {
        match error {
            BatchError::Database(_) => self.delivery.database.ping().await.is_ok(),
            BatchError::Store(_) | BatchError::Timeout(_) => {
                self.delivery.store.ping().await.is_ok()
            }
        }
    }
}

/// So that relays that start together do not stay together.
fn spread(wait: Duration) -> Duration {
    jittered(wait, 0.75..=1.25, rand::random())
}

/// Halves after a failure and doubles after a success, so that a slow MongoDB gets batches that it
/// can finish within the write timeout.
#[derive(Debug)]
struct BatchSize {
    current: u32,
    largest: u32,
}

impl BatchSize {
    fn new(largest: u32) -> Self {
        Self { current: largest, largest }
    }

    fn current(&self) -> u32 {
        self.current
    }

    fn shrink(&mut self) {
        self.current = (self.current / 2).max(1);
    }

    fn grow(&mut self) {
        self.current = self.current.saturating_mul(2).min(self.largest);
    }
}

/// Where the next claim begins.
///
/// What was processed leaves dead entries at the left end of the index, and while a long transaction
/// somewhere pins the horizon, nobody can clean them up: a claim from the start would read all of
/// them each time. So claims go on from where the last one ended, and return to the start, where
/// retries wait, once in a poll interval and at least every second; more seldom if that claim has
/// become slow, so that it takes a twentieth of the time at most.
#[derive(Debug)]
struct Cursor {
    from_id: i64,
    at_start: Instant,
    until_start: Duration,
    shortest: Duration,
}

/// A claim goes back by so many ids, because messages become visible in the order of their commits
/// and not of their ids.
const LATE_COMMITS: i64 = 1_000;

/// How many times its own duration a claim from the start is left out.
const REST: u32 = 20;

const WAY_FROM_START: Duration = Duration::from_secs(1);
const LONGEST_WAY_FROM_START: Duration = Duration::from_secs(10);

impl Cursor {
    fn at_start(now: Instant, poll_interval: Duration) -> Self {
        let shortest = poll_interval.min(WAY_FROM_START);
        Self { from_id: 0, at_start: now, until_start: shortest, shortest }
    }

    fn start_of_claim(&mut self, now: Instant) -> i64 {
        if now.duration_since(self.at_start) >= self.until_start {
            self.from_id = 0;
            self.at_start = now;
        }
        self.from_id
    }

    fn advance(&mut self, report: &BatchReport) {
        if self.from_id == 0 {
            let rest = report.claim_time * REST;
            self.until_start = rest.clamp(self.shortest, LONGEST_WAY_FROM_START);
        }
        self.from_id = self.from_id.max(report.last_id - LATE_COMMITS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: Duration = Duration::from_secs(1);

    fn claimed(last_id: i64, claim_time: Duration) -> BatchReport {
        BatchReport { claimed: 500, last_id, claim_time, ..BatchReport::default() }
    }

    #[test]
    fn claims_go_on_from_the_last_and_return_to_the_start_once_in_a_poll_interval() {
        let now = Instant::now();
        let mut cursor = Cursor::at_start(now, POLL);
        assert_eq!(cursor.start_of_claim(now), 0);
        cursor.advance(&claimed(900, Duration::ZERO));
        assert_eq!(cursor.start_of_claim(now), 0, "late commits may still be below");
        cursor.advance(&claimed(5_000, Duration::ZERO));
        assert_eq!(cursor.start_of_claim(now), 4_000);
        cursor.advance(&BatchReport::default());
        assert_eq!(cursor.start_of_claim(now), 4_000, "an empty claim says nothing of the start");
        cursor.advance(&claimed(4_100, Duration::ZERO));
        assert_eq!(cursor.start_of_claim(now), 4_000);
        assert_eq!(cursor.start_of_claim(now + POLL), 0, "retries wait no longer than this");
    }

    #[test]
    fn a_slow_start_is_visited_more_seldom_but_within_ten_seconds() {
        for (claim_time, expected) in [(1, POLL), (100, POLL * 2), (3_000, LONGEST_WAY_FROM_START)]
        {
            let now = Instant::now();
            let mut cursor = Cursor::at_start(now, POLL);
            cursor.advance(&claimed(5_000, Duration::from_millis(claim_time)));
            assert_eq!(cursor.start_of_claim(now + expected - Duration::from_millis(1)), 4_000);
            assert_eq!(cursor.start_of_claim(now + expected), 0);
        }
    }

    #[test]
    fn batches_shrink_to_one_and_grow_back_to_the_largest() {
        let mut size = BatchSize::new(500);
        for _ in 0..20 {
            size.shrink();
        }
        assert_eq!(size.current(), 1);
        for _ in 0..20 {
            size.grow();
        }
        assert_eq!(size.current(), 500);
    }
}
