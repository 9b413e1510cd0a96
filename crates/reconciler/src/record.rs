//! What a run did, and the report that is made of it.

use domain::models::reconciliation_report::RunFigures;
use serde_json::{Value, json};

use crate::cleanup::CleanedUp;
use crate::compare::Comparison;
use crate::deliver::Delivered;
use crate::guard::Refusal;
use crate::repair::Repairs;
use crate::run::RunOptions;
use crate::settings::CompareSettings;

/// Filled while the run goes on, so that a run that fails reports how far it came.
#[derive(Clone, Debug)]
pub struct RunRecord {
    trigger: &'static str,
    repair_all: bool,
    lookback_hours: u32,
    pub delivered: Delivered,
    pub comparison: Comparison,
    pub repairs: Repairs,
    pub cleaned_up: CleanedUp,
    repairs_refused: Option<String>,
    notes: Vec<String>,
}

impl RunRecord {
    pub fn new(options: RunOptions, settings: &CompareSettings) -> Self {
        Self {
            trigger: options.trigger,
            repair_all: options.repair_all,
            lookback_hours: settings.lookback_hours,
            delivered: Delivered::default(),
            comparison: Comparison::default(),
            repairs: Repairs::default(),
            cleaned_up: CleanedUp::default(),
            repairs_refused: None,
            notes: Vec::new(),
        }
    }

    pub fn note(&mut self, note: Option<String>) {
        self.notes.extend(note);
    }

    pub fn notes_as_text(&self) -> Option<String> {
        (!self.notes.is_empty()).then(|| self.notes.join("; "))
    }

    /// So much differs that a person must look before anything is repaired.
    pub fn refuse_repairs(&mut self, refusal: Refusal) {
        let reason = format!("{refusal}; look at them, then `reconciler run --repair-all --yes`");
        self.note(Some(reason.clone()));
        self.repairs_refused = Some(reason);
    }

    /// The columns of the report. `message` is the note of a completed run, the error of a failed
    /// one.
    pub fn figures(&self, message: Option<String>) -> RunFigures {
        let column = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
        RunFigures {
            records_checked: column(self.comparison.counts.mails),
            mismatches_found: column(self.comparison.findings.total()),
            auto_repaired: column(self.repairs.repaired()),
            failed_repairs: column(self.repairs.failed()),
            details: Some(self.details()),
            error_message: message,
        }
    }

    fn details(&self) -> Value {
        let mut findings = self.comparison.findings.clone();
        self.repairs.mark(&mut findings);
        let mut details = findings.to_json();
        let about_the_run = json!({
            "trigger": self.trigger,
            "repair_all": self.repair_all,
            "lookback_hours": self.lookback_hours,
            "delivered": self.delivered,
            "checked": self.comparison.counts,
            "repairs_refused": self.repairs_refused,
            "cleaned_up": self.cleaned_up,
            "notes": self.notes,
        });
        if let Value::Object(about_the_run) = about_the_run {
            details.extend(about_the_run);
        }
        Value::Object(details)
    }
}
