//! What a run did, and the report that is made of it.

use domain::models::reconciliation_report::RunFigures;
use serde_json::{Value, json};

use crate::cleanup::CleanedUp;
use crate::deliver::Delivered;
use crate::finding::{Findings, MismatchKind};
use crate::run::RunOptions;
use crate::settings::CompareSettings;

/// Filled while the run goes on, so that a run that fails reports how far it came.
#[derive(Clone, Debug)]
pub struct RunRecord {
    trigger: &'static str,
    repair_all: bool,
    lookback_hours: u32,
    pub delivered: Delivered,
    pub findings: Findings,
    pub auto_repaired: u64,
    pub failed_repairs: u64,
    pub cleaned_up: CleanedUp,
    notes: Vec<String>,
}

impl RunRecord {
    pub fn new(options: RunOptions, settings: &CompareSettings) -> Self {
        Self {
            trigger: options.trigger,
            repair_all: options.repair_all,
            lookback_hours: settings.lookback_hours,
            delivered: Delivered::default(),
            findings: Findings::default(),
            auto_repaired: 0,
            failed_repairs: 0,
            cleaned_up: CleanedUp::default(),
            notes: Vec::new(),
        }
    }

    pub fn note(&mut self, note: Option<String>) {
        self.notes.extend(note);
    }

    pub fn notes_as_text(&self) -> Option<String> {
        (!self.notes.is_empty()).then(|| self.notes.join("; "))
    }

    /// Mails that were compared.
    pub fn checked(&self) -> u64 {
        0
    }

    pub fn mismatches(&self) -> u64 {
        self.findings.total()
    }

    /// The columns of the report. `message` is the note of a completed run, the error of a failed
    /// one.
    pub fn figures(&self, message: Option<String>) -> RunFigures {
        let column = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
        RunFigures {
            records_checked: column(self.checked()),
            mismatches_found: column(self.mismatches()),
            auto_repaired: column(self.auto_repaired),
            failed_repairs: column(self.failed_repairs),
            details: Some(self.details()),
            error_message: message,
        }
    }

    fn details(&self) -> Value {
        let by_type: serde_json::Map<String, Value> = MismatchKind::ALL
            .into_iter()
            .map(|kind| (kind.as_str().to_owned(), json!(self.findings.count(kind))))
            .collect();
        json!({
            "trigger": self.trigger,
            "repair_all": self.repair_all,
            "lookback_hours": self.lookback_hours,
            "delivered": self.delivered,
            "by_type": by_type,
            "mismatches_total": self.findings.total(),
            "mismatches_listed": self.findings.listed.len(),
            "mismatches": self.findings.listed,
            "cleaned_up": self.cleaned_up,
            "notes": self.notes,
        })
    }
}
