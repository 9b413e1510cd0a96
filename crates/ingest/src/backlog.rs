//! How many mails wait for processing, known without asking Postgres in every request.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use domain::database::Database;
use domain::models::incoming_email;
use domain::service::Context;

use crate::metrics::Metrics;

const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// The last count, and what was accepted since.
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

    /// Counts in Postgres about once a second while webhooks come in, until the service stops.
    pub(crate) async fn keep_counting(
        &self,
        context: &Context,
        database: &Database,
        metrics: &Metrics,
    ) {
        let mut ticks = tokio::time::interval(REFRESH_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = context.shutdown.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if self.is_unasked.swap(true, Ordering::Relaxed) {
                continue;
            }
            match database.query(incoming_email::backlog).await {
                Ok(waiting) => {
                    self.waiting.store(waiting, Ordering::Relaxed);
                    metrics.backlog.set(waiting);
                }
                // The handlers meet the same outage and answer for it.
                Err(_) => self.is_unasked.store(false, Ordering::Relaxed),
            }
        }
    }
}
