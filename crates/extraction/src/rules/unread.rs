//! Mails that no clerk need read, by the trained model: what machines answer, and what is advertised.

use crate::fold::fold;
use crate::sentences::{Model, Tally, Unread, features};

/// The words of a subject weigh apart from the same words in the text.
const SUBJECT: u32 = 0x2_AAAA;

/// A subject as the model of such mails sees it.
pub(super) fn features_of_subject(subject: &str) -> Vec<u32> {
    features(&fold(subject)).into_iter().map(|word| word ^ SUBJECT).collect()
}

/// How likely a mail is one of them, by its subject and what its sentences weigh.
pub(super) fn read(subject: &str, mut tally: Tally) -> Unread {
    let model = Model::embedded();
    model.count(&mut tally, &features_of_subject(subject));
    model.read_unread(tally)
}
