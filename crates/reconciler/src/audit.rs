//! The audit: a comparison, judged. What is the matter, how bad is it, what is to be done?

use chrono::{DateTime, Utc};
use domain::models::comparison;
use domain::models::outbox_message::{self, QueueFigures};
use serde::Serialize;
use serde_json::{Value, json};

use crate::compare::{Comparison, Progress, Scope, compare};
use crate::finding::{Finding, Findings, MismatchKind};
use crate::halt::Halt;
use crate::run::{Reconciler, RunError};

/// From this score on the state is healthy.
pub const HEALTHY: f64 = 0.95;

/// How bad a mismatch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The portal shows a wrong amount, or none.
    High,
    /// Something is stuck, or stands there without a reason.
    Medium,
    /// A person wanted it so.
    Info,
}

/// What is to be done about a mismatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Action {
    /// Deliver the mail's message again: safe, and `--fix` does it.
    #[serde(rename = "re-sync")]
    Resync,
    /// A person must look.
    #[serde(rename = "manual_review")]
    ManualReview,
    /// Look at the service that holds the mail.
    #[serde(rename = "stalled")]
    Stalled,
    #[serde(rename = "no_action")]
    NoAction,
}

/// How many mismatches ask for which action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecoveryPlan {
    #[serde(rename = "re-sync")]
    pub resync: u64,
    pub manual_review: u64,
    pub stalled: u64,
    pub no_action: u64,
}

/// How many mails stand where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    pub processing_status: String,
    pub sync_status: String,
    pub mails: i64,
}

/// What an audit says.
#[derive(Clone, Debug)]
pub struct Audit {
    pub since: DateTime<Utc>,
    pub statuses: Vec<StatusCount>,
    pub outbox: QueueFigures,
    pub comparison: Comparison,
    pub plan: RecoveryPlan,
    pub health_score: f64,
}

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{0}")]
    CutShort(String),
}

impl Audit {
    /// Compares and judges; changes nothing.
    pub async fn conduct(
        reconciler: &Reconciler,
        scope: Scope,
        halt: &Halt,
        progress: &Progress,
    ) -> Result<Self, AuditError> {
        let since = scope.since;
        let comparison = compare(reconciler, scope, halt, progress).await?;
        if let Some(reason) = comparison.cut_short {
            return Err(AuditError::CutShort(reason));
        }
        let (statuses, outbox) = reconciler
            .database
            .query(move |conn| {
                let statuses = comparison::count_by_status(conn, since)?;
                Ok((statuses, outbox_message::figures(conn)?))
            })
            .await
            .map_err(RunError::from)?;
        let statuses = statuses
            .into_iter()
            .map(|(processing_status, sync_status, mails)| StatusCount {
                processing_status,
                sync_status,
                mails,
            })
            .collect();
        let plan = RecoveryPlan::of(&comparison.findings);
        let shown = comparison.counts.in_sync + comparison.counts.unconfirmed;
        let health_score = health_score(shown, &comparison.findings);
        Ok(Self { since, statuses, outbox, comparison, plan, health_score })
    }

    pub fn is_healthy(&self) -> bool {
        self.health_score >= HEALTHY
    }

    pub fn to_json(&self) -> Value {
        let findings = &self.comparison.findings;
        let mismatches: Vec<Value> = findings
            .listed
            .iter()
            .map(|finding| {
                let mut json = json!(finding);
                json["severity"] = json!(severity(finding.kind));
                json["action"] = json!(action(finding));
                json
            })
            .collect();
        json!({
            "since": self.since,
            "health_score": self.health_score,
            "healthy": self.is_healthy(),
            "statuses": self.statuses,
            "outbox": {
                "pending": self.outbox.pending,
                "dead_for_review": self.outbox.dead_for_review,
                "dead_as_failed": self.outbox.dead_as_failed,
            },
            "checked": self.comparison.counts,
            "by_type": findings.to_json()["by_type"],
            "mismatches_total": findings.total(),
            "mismatches_listed": mismatches.len(),
            "mismatches": mismatches,
            "recovery_plan": self.plan,
        })
    }
}

impl RecoveryPlan {
    fn of(findings: &Findings) -> Self {
        let resync = findings.repairable.len() as u64;
        let differing = findings.count(MismatchKind::DataMismatch);
        Self {
            resync,
            manual_review: findings.count(MismatchKind::MissingInMongo)
                + findings.count(MismatchKind::ExtraInMongo)
                + differing.saturating_sub(resync),
            stalled: findings.count(MismatchKind::Stalled),
            no_action: findings.count(MismatchKind::ManualOverride),
        }
    }
}

pub const fn severity(kind: MismatchKind) -> Severity {
    match kind {
        MismatchKind::MissingInMongo | MismatchKind::DataMismatch => Severity::High,
        MismatchKind::ExtraInMongo | MismatchKind::Stalled => Severity::Medium,
        MismatchKind::ManualOverride => Severity::Info,
    }
}

pub fn action(finding: &Finding) -> Action {
    match finding.kind {
        _ if finding.repairable => Action::Resync,
        MismatchKind::Stalled => Action::Stalled,
        MismatchKind::ManualOverride => Action::NoAction,
        MismatchKind::MissingInMongo | MismatchKind::DataMismatch | MismatchKind::ExtraInMongo => {
            Action::ManualReview
        }
    }
}

/// From 1 (all is as it should be) down to 0.
///
/// The share of what is not as it should be, where a mismatch of high severity weighs double, one of
/// medium severity once and one that a person wanted nothing. The whole is every target that shows a
/// mail or should, every entry without a mail, and every stalled mail; of several mails for one
/// target only the newest counts. Nothing at all is healthy.
///
/// So 0.95 is passed with up to 2.5 % of wrong targets.
pub fn health_score(shown: u64, findings: &Findings) -> f64 {
    let weight = |kind| match severity(kind) {
        Severity::High => 2,
        Severity::Medium => 1,
        Severity::Info => 0,
    };
    let bad: u64 =
        MismatchKind::ALL.into_iter().map(|kind| weight(kind) * findings.count(kind)).sum();
    let whole = shown + findings.total();
    if bad == 0 { 1.0 } else { (1.0 - bad as f64 / whole as f64).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(shown: u64, counts: &[(MismatchKind, u64)]) -> f64 {
        let findings =
            Findings { by_kind: counts.iter().copied().collect(), ..Findings::default() };
        health_score(shown, &findings)
    }

    #[test]
    fn nothing_at_all_and_nothing_wrong_are_both_healthy() {
        assert_eq!(score(0, &[]), 1.0);
        assert_eq!(score(1_000, &[]), 1.0);
        assert_eq!(score(0, &[(MismatchKind::ManualOverride, 3)]), 1.0);
    }

    #[test]
    fn one_wrong_target_in_forty_is_the_limit() {
        assert!(score(975, &[(MismatchKind::DataMismatch, 25)]) >= HEALTHY);
        assert!(score(974, &[(MismatchKind::DataMismatch, 26)]) < HEALTHY);
        assert!(score(950, &[(MismatchKind::Stalled, 50)]) >= HEALTHY);
    }

    #[test]
    fn the_score_never_falls_below_zero() {
        assert_eq!(score(0, &[(MismatchKind::MissingInMongo, 7)]), 0.0);
    }
}
