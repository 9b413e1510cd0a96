//! The extractor without a model.

use domain::extraction::{Extraction, Intent};

use crate::clean::CleanedMail;

/// The name of this extractor in `extracted_data` and in metrics.
pub const PROVIDER: &str = "rules";

/// Reads a cleaned mail by rules.
pub fn extract(_mail: &CleanedMail) -> Extraction {
    Extraction {
        is_creditor_reply: true,
        intent: Intent::Other,
        client_name: None,
        client_aktenzeichen: None,
        creditor_name: None,
        debt_amount: None,
        reference_numbers: vec![],
        confidence: 0.0,
        summary: String::new(),
        doubts: vec![],
        evidence: Default::default(),
        provider: PROVIDER.to_owned(),
        model: None,
        prompt_version: None,
    }
}
