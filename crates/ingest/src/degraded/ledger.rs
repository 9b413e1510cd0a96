//! The mails of the last hours, for duplicates and for the status endpoint.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use domain::status::{MatchStatus, ProcessingStatus, SyncStatus};
use serde_json::{Value, json};
use slog::{Logger, info, warn};

/// Beyond it the oldest are forgotten. A redelivery of a forgotten mail is worked on again, and
/// changes nothing at the fence.
const REMEMBERED: usize = 10_000;

/// Where a mail stands, in the words of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) processing_status: ProcessingStatus,
    pub(super) match_status: Option<MatchStatus>,
    pub(super) sync_status: SyncStatus,
    pub(super) reason: Option<String>,
}

impl Standing {
    fn received() -> Self {
        Self {
            processing_status: ProcessingStatus::Received,
            match_status: None,
            sync_status: SyncStatus::Pending,
            reason: None,
        }
    }

    pub(super) fn failed(reason: &str) -> Self {
        Self {
            processing_status: ProcessingStatus::Failed,
            match_status: Some(MatchStatus::NeedsReview),
            sync_status: SyncStatus::NotApplicable,
            reason: Some(reason.to_owned()),
        }
    }

    /// The log is the only place where a mail for a person shows in this mode.
    pub(super) fn report(&self, log: &Logger) {
        let (step, sync) = (self.processing_status.as_str(), self.sync_status.as_str());
        let reason = self.reason.clone();
        if self.match_status == Some(MatchStatus::NeedsReview) {
            warn!(log, "a person must look at this mail"; "saga_step" => step,
                  "sync_status" => sync, "reason" => reason);
        } else {
            info!(log, "mail processed"; "saga_step" => step, "sync_status" => sync,
                  "reason" => reason);
        }
    }

    pub(super) fn to_json(&self, email_id: i64) -> Value {
        json!({
            "email_id": email_id,
            "processing_status": self.processing_status.as_str(),
            "match_status": self.match_status.map(MatchStatus::as_str),
            "sync_status": self.sync_status.as_str(),
            "processing_error": self.reason,
            "mode": "degraded",
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    standings: HashMap<i64, Standing>,
    oldest_first: VecDeque<i64>,
}

impl Ledger {
    /// `false`: the mail was here before.
    pub(super) fn enter(&self, email_id: i64) -> bool {
        let mut entries = self.lock();
        if entries.standings.contains_key(&email_id) {
            return false;
        }
        entries.standings.insert(email_id, Standing::received());
        entries.oldest_first.push_back(email_id);
        if entries.oldest_first.len() > REMEMBERED
            && let Some(oldest) = entries.oldest_first.pop_front()
        {
            entries.standings.remove(&oldest);
        }
        true
    }

    pub(super) fn set(&self, email_id: i64, standing: Standing) {
        if let Some(entry) = self.lock().standings.get_mut(&email_id) {
            *entry = standing;
        }
    }

    pub(super) fn get(&self, email_id: i64) -> Option<(i64, Standing)> {
        self.lock().standings.get(&email_id).cloned().map(|standing| (email_id, standing))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        // Each change is complete in itself, so a panic elsewhere leaves no half of one.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_enters_once_and_the_oldest_are_forgotten() {
        let ledger = Ledger::default();
        assert!(ledger.enter(-1));
        assert!(!ledger.enter(-1));
        for id in 2..=REMEMBERED as i64 + 1 {
            assert!(ledger.enter(-id));
        }
        assert_eq!(ledger.get(-1), None);
        assert!(ledger.get(-2).is_some());
    }
}
