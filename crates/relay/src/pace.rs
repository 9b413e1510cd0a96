//! When the next batch is taken: at once while there is work, else on a notification or a poll; not
//! at all while MongoDB is away.

use std::sync::Arc;
use std::time::Duration;

use domain::logging::chain;
use domain::service::Context;
use slog::{Logger, info, o, warn};
use tokio::sync::Notify;

use crate::batch::{BatchError, Delivery};
use crate::metrics::RelayMetrics;

/// Between two probes of a database that is away.
const SHORTEST_PROBE_WAIT: Duration = Duration::from_millis(200);
const LONGEST_PROBE_WAIT: Duration = Duration::from_secs(5);

/// The loop of one relay.
pub(crate) struct Pace {
    pub(crate) delivery: Delivery,
    pub(crate) metrics: RelayMetrics,
    pub(crate) wake: Arc<Notify>,
    pub(crate) poll_interval: Duration,
    pub(crate) largest_batch: u32,
}

impl Pace {
    /// Runs until the context is cancelled; the batch in hand is finished first.
    pub(crate) async fn run(&self, context: &Context) {
        let log = context.log.new(o!("saga_step" => "relay"));
        let mut batch_size = BatchSize::new(self.largest_batch);
        while !context.shutdown.is_cancelled() {
            match self.delivery.relay_batch(batch_size.current()).await {
                Ok(report) => {
                    self.metrics.record_batch(&report);
                    batch_size.grow();
                    if report.claimed == 0 {
                        self.wait_for_work(context).await;
                    }
                }
                Err(error) => {
                    batch_size.shrink();
                    self.wait_for_recovery(context, &log, &error).await;
                }
            }
        }
    }

    async fn wait_for_work(&self, context: &Context) {
        tokio::select! {
            () = self.wake.notified() => {}
            () = tokio::time::sleep(jittered(self.poll_interval)) => {}
            () = context.shutdown.cancelled() => {}
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
        self.metrics.breaker_open.set(1);
        let mut wait = SHORTEST_PROBE_WAIT;
        loop {
            tokio::select! {
                () = tokio::time::sleep(jittered(wait)) => {}
                () = context.shutdown.cancelled() => break,
            }
            if self.is_reachable(error).await {
                info!(log, "back again"; "cause" => cause);
                break;
            }
            wait = (wait * 2).min(LONGEST_PROBE_WAIT);
        }
        self.metrics.breaker_open.set(0);
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

/// 75 % to 125 %, so that relays that start together do not stay together.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.75 + 0.5 * rand::random::<f64>())
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

#[cfg(test)]
mod tests {
    use super::*;

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
