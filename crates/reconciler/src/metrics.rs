//! The reconciler's metrics. No label holds personal data.
//!
//! The gauges say what the reports in Postgres say, so that every replica shows the same, whichever
//! of them did the run.

use chrono::{DateTime, Utc};
use domain::models::reconciliation_report::ReconciliationReport;
use domain::status::ReportStatus;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry,
};

use crate::finding::MismatchKind;
use crate::run::RunEnd;

#[derive(Clone)]
pub(crate) struct ReconcilerMetrics {
    mismatches: GaugeVec,
    last_success: Gauge,
    last_compared: Gauge,
    checked: IntGauge,
    repairs_refused: IntGauge,
    runs: IntCounterVec,
    repairs: IntCounterVec,
    duration: Histogram,
}

impl ReconcilerMetrics {
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            mismatches: GaugeVec::new(
                Opts::new(
                    "claimsync_reconcile_mismatches",
                    "Mismatches of the last whole comparison, by type",
                ),
                &["type"],
            )?,
            last_success: Gauge::new(
                "claimsync_reconcile_last_success_timestamp_seconds",
                "When the last run completed; 0 if none ever has",
            )?,
            last_compared: Gauge::new(
                "claimsync_reconcile_last_compared_timestamp_seconds",
                "When the last run completed whose comparison got to its end; 0 if none ever has. A run \
                 without MongoDB completes and compares nothing",
            )?,
            checked: IntGauge::new(
                "claimsync_reconcile_checked_mails",
                "Mails in the last whole comparison",
            )?,
            repairs_refused: IntGauge::new(
                "claimsync_reconcile_repairs_refused",
                "1 if so much differed in the last whole comparison that nothing was repaired: a person must \
                 look",
            )?,
            runs: IntCounterVec::new(
                Opts::new("claimsync_reconcile_runs_total", "Runs of this process, by their end"),
                &["status"],
            )?,
            repairs: IntCounterVec::new(
                Opts::new("claimsync_reconcile_repairs_total", "Repairs of this process"),
                &["outcome"],
            )?,
            duration: Histogram::with_opts(
                HistogramOpts::new("claimsync_reconcile_duration_seconds", "How long a run took")
                    .buckets(vec![0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0]),
            )?,
        };
        registry.register(Box::new(metrics.mismatches.clone()))?;
        registry.register(Box::new(metrics.last_success.clone()))?;
        registry.register(Box::new(metrics.last_compared.clone()))?;
        registry.register(Box::new(metrics.checked.clone()))?;
        registry.register(Box::new(metrics.repairs_refused.clone()))?;
        registry.register(Box::new(metrics.runs.clone()))?;
        registry.register(Box::new(metrics.repairs.clone()))?;
        registry.register(Box::new(metrics.duration.clone()))?;
        for kind in MismatchKind::ALL {
            metrics.mismatches.with_label_values(&[kind.as_str()]).set(0.0);
        }
        for status in [ReportStatus::Completed, ReportStatus::Failed] {
            metrics.runs.with_label_values(&[status.as_str()]);
        }
        for outcome in ["repaired", "failed"] {
            metrics.repairs.with_label_values(&[outcome]);
        }
        Ok(metrics)
    }

    /// Shows what the newest whole comparison found. A run that could not compare leaves it standing:
    /// an alarm must not end because nobody can look.
    pub(crate) fn show(
        &self,
        last_compared: Option<&ReconciliationReport>,
        last_success: Option<DateTime<Utc>>,
    ) {
        let seconds = |at: Option<DateTime<Utc>>| at.map_or(0.0, |at| at.timestamp() as f64);
        self.last_success.set(seconds(last_success));
        let Some(last) = last_compared else { return };
        self.last_compared.set(seconds(last.completed_at));
        self.checked.set(i64::from(last.records_checked));
        let details = last.details.as_ref();
        for kind in MismatchKind::ALL {
            let count = details.and_then(|details| details["by_type"][kind.as_str()].as_f64());
            self.mismatches.with_label_values(&[kind.as_str()]).set(count.unwrap_or_default());
        }
        let refused = details.is_some_and(|details| !details["repairs_refused"].is_null());
        self.repairs_refused.set(i64::from(refused));
    }

    pub(crate) fn record_run(&self, end: &RunEnd) {
        self.runs.with_label_values(&[end.status.as_str()]).inc();
        self.duration.observe(end.took.as_secs_f64());
        self.repairs.with_label_values(&["repaired"]).inc_by(end.auto_repaired);
        self.repairs.with_label_values(&["failed"]).inc_by(end.failed_repairs);
    }
}
