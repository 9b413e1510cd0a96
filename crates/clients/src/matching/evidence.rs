//! By what an entry was told from the others of its client. Whoever reads stored reasons compares
//! whole sentences: `client by aktenzeichen among the references` says nothing about the entry.

pub(super) const REFERENCE_AGREES: &str = "reference agrees";
pub(super) const TOLD_APART_BY_REFERENCE: &str = "told apart by reference";
pub(super) const TOLD_APART_BY_NAME: &str = "told apart by the creditor's name";

/// What spoke for an entry, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Its sender alone: it was the only one.
    Sender,
    /// The name of the creditor that the sender acts for.
    CreditorName,
    /// The creditor's own number.
    Reference,
}

impl Evidence {
    /// Reads it from the sentences of a match.
    pub fn of<S: AsRef<str>>(reasons: &[S]) -> Self {
        let says = |sentence| reasons.iter().any(|reason| reason.as_ref() == sentence);
        if says(REFERENCE_AGREES) || says(TOLD_APART_BY_REFERENCE) {
            Evidence::Reference
        } else if says(TOLD_APART_BY_NAME) {
            Evidence::CreditorName
        } else {
            Evidence::Sender
        }
    }
}

/// Whether, by the sentences of a match, the sender had several entries, of which this was one.
pub fn was_one_of_several<S: AsRef<str>>(reasons: &[S]) -> bool {
    let sentences = [TOLD_APART_BY_REFERENCE, TOLD_APART_BY_NAME];
    reasons.iter().any(|reason| sentences.contains(&reason.as_ref()))
}
