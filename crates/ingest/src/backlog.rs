//! How many mails wait for processing, known without asking Postgres in every request.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::database::Database;
use domain::models::incoming_email;
use domain::service::Context;

use crate::metrics::Metrics;

/// Between two counts, at least.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// A long backlog takes Postgres long to count, just when it has the most to do. The pause after a
/// count is this many times what it took.
const PAUSES_PER_COUNT: u32 = 50;

/// The last count, with what was accepted and finished here since.
#[derive(Debug)]
pub(crate) struct Backlog {
    limit: i64,
    waiting: AtomicI64,
    /// Nobody has asked since the last count, so there is no need for another.
    is_unasked: AtomicBool,
}

impl Backlog {
    pub(crate) fn new(limit: i64) -> Self {
        Self { limit, waiting: AtomicI64::new(0), is_unasked: AtomicBool::new(false) }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_unasked.store(false, Ordering::Relaxed);
        self.waiting.load(Ordering::Relaxed) >= self.limit
    }

    pub(crate) fn add(&self, mails: usize) {
        self.waiting.fetch_add(i64::try_from(mails).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Takes finished mails off. What other processes did shows at the next count.
    pub(crate) fn remove(&self, mails: usize) {
        self.waiting.fetch_sub(i64::try_from(mails).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Counts in Postgres while webhooks come in, until the service stops.
    pub(crate) async fn keep_counting(
        &self,
        context: &Context,
        database: &Database,
        metrics: &Metrics,
    ) {
        let mut pause = Duration::ZERO;
        loop {
            tokio::select! {
                () = context.shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = REFRESH_INTERVAL;
            if self.is_unasked.swap(true, Ordering::Relaxed) {
                continue;
            }
            let began = Instant::now();
            match database.query(incoming_email::backlog).await {
                Ok(waiting) => {
                    pause = pause.max(began.elapsed() * PAUSES_PER_COUNT);
                    self.waiting.store(waiting, Ordering::Relaxed);
                    metrics.backlog.set(waiting);
                }
                // The handlers meet the same outage and answer for it.
                Err(_) => self.is_unasked.store(false, Ordering::Relaxed),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_counts_what_comes_and_what_is_finished_here_is_known() {
        let backlog = Backlog::new(3);
        backlog.add(3);
        assert!(backlog.is_full());
        backlog.remove(1);
        assert!(!backlog.is_full());
    }
}
