//! The relay's metrics. No label holds personal data.

use std::collections::HashMap;

use domain::models::outbox_message::QueueFigures;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};

use crate::batch::BatchReport;

#[derive(Clone)]
pub struct RelayMetrics {
    pending: IntGauge,
    oldest_pending_age: Gauge,
    dead: GaugeVec,
    outcomes: IntCounterVec,
    delivery_seconds: Histogram,
    batches: IntCounter,
    rolled_back: IntCounterVec,
    /// How many workers claim nothing because a database is away.
    pub breaker_open: IntGauge,
}

impl RelayMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            pending: IntGauge::new(
                "claimsync_outbox_pending_messages",
                "Messages that are neither processed nor dead",
            )?,
            oldest_pending_age: Gauge::new(
                "claimsync_outbox_oldest_pending_age_seconds",
                "Age of the oldest pending message; 0 if none is pending",
            )?,
            dead: GaugeVec::new(
                Opts::new(
                    "claimsync_outbox_dead_letters",
                    "Dead messages; kind is review (a person must decide) or failed (an alarm)",
                ),
                &["kind"],
            )?,
            outcomes: IntCounterVec::new(
                Opts::new("claimsync_outbox_outcomes_total", "Messages by what became of them"),
                &["outcome"],
            )?,
            delivery_seconds: Histogram::with_opts(
                HistogramOpts::new(
                    "claimsync_outbox_delivery_seconds",
                    "From commit in Postgres to MongoDB's acknowledgement",
                )
                .buckets(vec![
                    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0, 3600.0,
                ]),
            )?,
            batches: IntCounter::new("claimsync_relay_batches_total", "Batches that committed")?,
            rolled_back: IntCounterVec::new(
                Opts::new(
                    "claimsync_relay_rollbacks_total",
                    "Batches that rolled back, by what was away",
                ),
                &["cause"],
            )?,
            breaker_open: IntGauge::new(
                "claimsync_relay_mongodb_breaker_open",
                "Workers that claim nothing while a database is away",
            )?,
        };
        registry.register(Box::new(metrics.pending.clone()))?;
        registry.register(Box::new(metrics.oldest_pending_age.clone()))?;
        registry.register(Box::new(metrics.dead.clone()))?;
        registry.register(Box::new(metrics.outcomes.clone()))?;
        registry.register(Box::new(metrics.delivery_seconds.clone()))?;
        registry.register(Box::new(metrics.batches.clone()))?;
        registry.register(Box::new(metrics.rolled_back.clone()))?;
        registry.register(Box::new(metrics.breaker_open.clone()))?;
        Ok(metrics)
    }

    pub fn record_batch(&self, report: &BatchReport) {
        if report.claimed == 0 {
            return;
        }
        self.batches.inc();
        self.record_outcomes(&report.outcomes);
        for seconds in &report.delivery_seconds {
            self.delivery_seconds.observe(*seconds);
        }
    }

    pub fn record_rollback(&self, cause: &str) {
        self.rolled_back.with_label_values(&[cause]).inc();
    }

    pub fn set_queue(&self, figures: &QueueFigures) {
        self.pending.set(figures.pending);
        self.oldest_pending_age.set(figures.oldest_pending_age_seconds);
        self.dead.with_label_values(&["review"]).set(figures.dead_for_review as f64);
        self.dead.with_label_values(&["failed"]).set(figures.dead_as_failed as f64);
    }

    fn record_outcomes(&self, outcomes: &HashMap<&'static str, u64>) {
        for (outcome, count) in outcomes {
            self.outcomes.with_label_values(&[*outcome]).inc_by(*count);
        }
    }
}
