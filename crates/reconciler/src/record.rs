//! What a run did, and the report that is made of it.

use domain::models::reconciliation_report::RunFigures;
use serde_json::{Value, json};

use crate::cleanup::CleanedUp;
use crate::compare::Comparison;
use crate::deliver::Delivered;
use crate::guard::{AFTER_A_RUN, AFTER_AN_AUDIT, Refusal};
use crate::repair::Repairs;
use crate::run::RunOptions;

/// Filled while the run goes on, so that a run that fails reports how far it came.
#[derive(Clone, Debug)]
pub struct RunRecord {
    trigger: &'static str,
    repair_all: bool,
    planned: Option<usize>,
    lookback_hours: u32,
    pub delivered: Delivered,
    pub comparison: Comparison,
    pub repairs: Repairs,
    pub cleaned_up: CleanedUp,
    pub refusal: Option<Refusal>,
    notes: Vec<String>,
}

impl RunRecord {
    pub fn new(options: &RunOptions, lookback_hours: u32) -> Self {
        Self {
            trigger: options.trigger,
            repair_all: options.repair_all,
            planned: options.plan.as_ref().map(|plan| plan.len()),
            lookback_hours,
            delivered: Delivered::default(),
            comparison: Comparison::default(),
            repairs: Repairs::default(),
            cleaned_up: CleanedUp::default(),
            refusal: None,
            notes: Vec::new(),
        }
    }

    pub fn note(&mut self, note: Option<String>) {
        self.notes.extend(note);
    }

    pub fn notes_as_text(&self) -> Option<String> {
        (!self.notes.is_empty()).then(|| self.notes.join("; "))
    }

    /// A person must look before anything is repaired, if there is anything.
    pub fn refuse_repairs(&mut self, refusal: Refusal) {
        if refusal == Refusal::CutShort && self.comparison.findings.repairable.is_empty() {
            return;
        }
        self.refusal = Some(refusal);
        let way_out = if self.planned.is_some() { AFTER_AN_AUDIT } else { AFTER_A_RUN };
        self.note(Some(refusal.with_way_out(way_out)));
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
        let too_much = self.refusal.filter(|refusal| *refusal != Refusal::CutShort);
        let about_the_run = json!({
            "trigger": self.trigger,
            "repair_all": self.repair_all,
            "lookback_hours": self.lookback_hours,
            "delivered": self.delivered,
            "checked": self.comparison.counts,
            "cut_short": self.comparison.cut_short,
            "repairs_refused": too_much.map(|refusal| refusal.to_string()),
            "planned": self.planned,
            "cleaned_up": self.cleaned_up,
            "notes": self.notes,
        });
        if let Value::Object(about_the_run) = about_the_run {
            details.extend(about_the_run);
        }
        Value::Object(details)
    }
}
