//! What Prometheus may know. Labels are statuses and providers, never anything of a mail.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::status::ProcessingStatus;
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use crate::circuit::ErrorWindow;

/// Every metric of ingest. Clones share the values.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) webhook_responses: IntCounterVec,
    pub(crate) webhook_seconds: Histogram,
    pub(crate) accept_batch_size: Histogram,
    pub(crate) backlog: IntGauge,
    pub(crate) emails: IntGaugeVec,
    pub(crate) extraction_seconds: HistogramVec,
    pub(crate) processed: IntCounterVec,
    pub(crate) lease_lost: IntCounter,
    circuit_used: Gauge,
    circuit_errors: IntGauge,
    circuit_error_share: Gauge,
    window: Arc<Mutex<ErrorWindow>>,
}

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self> {
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
        };
        let metrics = Self {
            webhook_responses: IntCounterVec::new(
                Opts::new("claimsync_webhook_responses_total", "Webhook answers by HTTP status"),
                &["code"],
            )?,
            webhook_seconds: histogram(
                "claimsync_webhook_seconds",
                "From a webhook's last header to its answer",
                &SECONDS,
            )?,
            accept_batch_size: histogram(
                "claimsync_accept_batch_size",
                "Mails that one commit accepted",
                &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
            )?,
            backlog: IntGauge::new(
                "claimsync_ingest_backlog",
                "Mails accepted and not yet processed, as last counted",
            )?,
            emails: IntGaugeVec::new(
                Opts::new("claimsync_emails", "Mails by processing status"),
                &["processing_status"],
            )?,
            extraction_seconds: HistogramVec::new(
                HistogramOpts::new(
                    "claimsync_extraction_seconds",
                    "Time to clean and read one mail",
                )
                .buckets([&SECONDS[..], &[10.0, 30.0, 60.0]].concat()),
                &["provider"],
            )?,
            processed: IntCounterVec::new(
                Opts::new("claimsync_ingest_outcomes_total", "Mails worked on, by what came of it"),
                &["outcome"],
            )?,
            lease_lost: IntCounter::new(
                "claimsync_lease_lost_total",
                "Results thrown away because another worker had taken the mail over",
            )?,
            circuit_used: Gauge::new(
                "claimsync_zendesk_circuit_used",
                "How near Zendesk is to cutting this webhook off: 1 is the limit of 70 % or of \
                 1,000 errors within 5 minutes, whichever is nearer",
            )?,
            circuit_errors: IntGauge::new(
                "claimsync_zendesk_circuit_errors",
                "Webhooks of the last 5 minutes not answered 200",
            )?,
            circuit_error_share: Gauge::new(
                "claimsync_zendesk_circuit_error_share",
                "Their share of all webhooks of the last 5 minutes",
            )?,
            window: Arc::new(Mutex::new(ErrorWindow::new(Instant::now()))),
        };
        let collectors: [Box<dyn prometheus::core::Collector>; 11] = [
            Box::new(metrics.webhook_responses.clone()),
            Box::new(metrics.webhook_seconds.clone()),
            Box::new(metrics.accept_batch_size.clone()),
            Box::new(metrics.backlog.clone()),
            Box::new(metrics.emails.clone()),
            Box::new(metrics.extraction_seconds.clone()),
            Box::new(metrics.processed.clone()),
            Box::new(metrics.lease_lost.clone()),
            Box::new(metrics.circuit_used.clone()),
            Box::new(metrics.circuit_errors.clone()),
            Box::new(metrics.circuit_error_share.clone()),
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// Counts one answer to a webhook.
    pub(crate) fn record_webhook(&self, status: u16, took: Duration) {
        self.webhook_responses.with_label_values(&[status.to_string()]).inc();
        self.webhook_seconds.observe(took.as_secs_f64());
        if let Ok(mut window) = self.window.lock() {
            window.record(Instant::now(), status == 200);
        }
    }

    /// Mails by processing status, read from Postgres. A status that nobody has is 0, not absent.
    pub(crate) fn set_emails(&self, counts: &[(String, i64)]) {
        for status in ProcessingStatus::ALL {
            let count = counts.iter().find(|(name, _)| name == status.as_str());
            self.emails
                .with_label_values(&[status.as_str()])
                .set(count.map_or(0, |(_, count)| *count));
        }
    }

    /// Brings the gauges of Zendesk's circuit breaker up to date, right before a scrape.
    pub(crate) fn refresh_circuit(&self) {
        if let Ok(mut window) = self.window.lock() {
            let circuit = window.read(Instant::now());
            self.circuit_used.set(circuit.used());
            self.circuit_errors.set(i64::try_from(circuit.errors).unwrap_or(i64::MAX));
            self.circuit_error_share.set(circuit.error_share());
        }
    }
}
