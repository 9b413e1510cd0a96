//! What a sentence of a creditor's mail does, by a linear model over its words.
//!
//! The model is small on purpose: it is a file of weights in this folder, made from the labelled
//! sentences of the corpus by `just train`, and reads a mail in microseconds. It knows no grammar.
//! What it says is evidence beside the rules, never a decision.

mod features;
mod model;

pub use crate::fold::fold;
pub use features::{BUCKETS, amounts, features};
pub(crate) use features::{bucket, push_words_before};
pub use model::{FullWeights, Kinds, Model, Tally, Unread, likelihood, softmax};

/// What a sentence of a creditor's mail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A greeting, a reference, a row of a table: nothing by itself.
    Fragment,
    /// Says nothing against entering the total that another sentence states.
    Harmless,
    /// States how much is owed now.
    Statement,
    /// Takes something back from the amount: not final, not current, only a part, disputed.
    Reservation,
    /// Speaks of another person or another claim.
    Elsewhere,
    /// Refuses or accepts a plan or a settlement.
    Decision,
    /// Offers terms beside the claim.
    Offer,
    /// Asks the office, or puts it off.
    Question,
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Fragment,
        Kind::Harmless,
        Kind::Statement,
        Kind::Reservation,
        Kind::Elsewhere,
        Kind::Decision,
        Kind::Offer,
        Kind::Question,
    ];

    /// The letter in the file of labelled sentences.
    pub const fn code(self) -> char {
        match self {
            Kind::Fragment => 'T',
            Kind::Harmless => 'B',
            Kind::Statement => 'S',
            Kind::Reservation => 'R',
            Kind::Elsewhere => 'P',
            Kind::Decision => 'N',
            Kind::Offer => 'O',
            Kind::Question => 'Q',
        }
    }
}
