//! A second look at what the words beside the amounts gave: each sentence, and the mail as a whole,
//! by the trained model of [`crate::sentences`].
//!
//! The first look knows words and how they stand to an amount; it misses what it has no word for,
//! and takes fright at words that mean no harm. The second one knows no grammar but has seen
//! thousands of sentences and mails. A write needs both.

use std::ops::Range;
use std::sync::LazyLock;

use domain::money::Money;
use regex::Regex;

use super::claim::{Account, Claim};
use super::segments::Segment;
use crate::pattern::pattern;
use crate::sentences::{Kind, Kinds, Model, Tally, features};

/// A sentence this likely to give a clerk reason to hesitate goes to one. Chosen on labelled mails
/// that the model had not seen: lower values hold back more clear mails than they catch wrong ones.
const HESITATION: f32 = 0.65;

/// In a mail that as a whole is this unlikely to state a claim as it stands, less is reason enough.
const UNLIKELY_MAIL: f32 = 0.3;
const HESITATION_IN_UNLIKELY_MAIL: f32 = 0.5;

/// From here on a mail as a whole is so like those that state a claim that one sentence in which the
/// model alone sees a reason does not hold it back: of 116 labelled mails like that, which the model
/// had not seen, 114 were clear.
const PLAIN_MAIL: f32 = 0.95;

/// Fewer words are no mail of which the whole could be told.
const SHORTEST_MAIL: usize = 30;

/// How much of a reason a question is beside a claim that is stated: creditors ask for the plan or
/// for patience in the politest words. What the office must answer first is for the intent to tell.
const QUESTION: f32 = 0.6;

/// A sentence that the first look takes for a reservation is none if the model sees less of one.
const NO_RESERVATION: f32 = 0.1;

/// From here on the words around an amount outweigh a `nicht` or another amount in its sentence, if
/// the sentence as a whole is this likely a statement and this unlikely anything else.
const CERTAIN: f32 = 0.9;
const STATED: f32 = 0.8;
const UNALARMED: f32 = 0.1;

/// Shorter sentences are fragments.
const SHORTEST_SENTENCE: usize = 12;

/// What the model makes of a text and each of its segments.
#[derive(Clone, Debug, Default)]
pub(super) struct SecondLook {
    kinds: Vec<Kinds>,
    /// How likely the text as a whole states a claim as it stands.
    whole: f32,
    /// What its sentences weigh for the mails that no clerk need read.
    tally: Tally,
    /// The text is too short to be told by its words as a whole.
    is_short: bool,
}

impl SecondLook {
    pub(super) fn new(folded: &str, segments: &[Segment]) -> Self {
        let model = Model::embedded();
        let found: Vec<Vec<u32>> =
            segments.iter().map(|segment| features(&folded[segment.range.clone()])).collect();
        let mut tally = Tally::default();
        found.iter().for_each(|sentence| model.count(&mut tally, sentence));
        Self {
            tally,
            kinds: found.iter().map(|found| model.read_features(found)).collect(),
            whole: model.read_mail(found.iter().map(Vec::as_slice)),
            is_short: folded.split_whitespace().take(SHORTEST_MAIL).count() < SHORTEST_MAIL,
        }
    }

    /// Whether the text as a whole states a claim as it stands beyond doubt.
    pub(super) fn is_plain(&self) -> bool {
        self.whole >= PLAIN_MAIL && !self.is_short
    }

    /// Whether the text is too short to be told by its words as a whole.
    pub(super) fn is_short(&self) -> bool {
        self.is_short
    }

    /// What the sentences weigh for the mails that no clerk need read.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// What the model makes of a segment.
    pub(super) fn kinds(&self, segment: usize) -> Option<&Kinds> {
        self.kinds.get(segment)
    }

    /// Whether the model agrees that the sentence takes something back.
    pub(super) fn confirms_reservation(&self, segment: usize) -> bool {
        self.kinds.get(segment).is_none_or(|kinds| kinds.alarm() >= NO_RESERVATION)
    }

    /// Whether the model has no doubt that the claim is stated as it is, whatever single words say.
    pub(super) fn is_sure_of(&self, claim: &Claim) -> bool {
        let kinds = claim.segment.and_then(|segment| self.kinds.get(segment));
        claim.likelihood >= CERTAIN
            && kinds.is_some_and(|kinds| {
                kinds.of(Kind::Statement) >= STATED && kinds.alarm() < UNALARMED
            })
    }

    /// How surely the sentence states a claim.
    pub(super) fn states(&self, segment: usize) -> f32 {
        self.kinds.get(segment).map_or(0.0, |kinds| kinds.of(Kind::Statement))
    }

    /// The sentence that a clerk would hesitate over most, if there is one. An offer beside a total
    /// that stands is no reason, but a sentence that offers states no total.
    ///
    /// Who paid is no reason where nothing is owed any more, nor is a plan that is to be confirmed.
    pub(super) fn hesitation(
        &self,
        account: &Account,
        folded: &str,
        is_plan: bool,
    ) -> Option<Range<usize>> {
        static PAID: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"\b(?:ueberwiesen|bezahlt|gezahlt|beglichen|ausgeglichen|eingezahlt|paid)\b")
        });
        // `Bitte bestätigen Sie bis 31.05.2026.`
        static CONFIRM: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:bestaetig\w*|zustimm\w*|unterschrieben|unterschreib\w*|unterzeichn\w*|rueckmeldung|einverstanden|zusage|zusagen)\b",
            )
        });
        let asks_to_confirm = |segment: &Segment, kinds: &Kinds| {
            is_plan
                && kinds.of(Kind::Question) >= STATED
                && CONFIRM.is_match(&folded[segment.range.clone()])
        };
        let claim = account.claim.as_ref().and_then(|claim| claim.segment);
        let is_settled = account.claim.as_ref().is_some_and(|claim| claim.value == Money::ZERO);
        let tells_payment =
            |segment: &Segment| is_settled && PAID.is_match(&folded[segment.range.clone()]);
        let sentences = account.segments.iter().zip(&self.kinds).enumerate();
        let (segment, alarm) = sentences
            .filter(|(_, (segment, _))| !segment.is_row && segment.range.len() >= SHORTEST_SENTENCE)
            .filter(|(_, (segment, _))| !tells_payment(segment))
            .filter(|(_, (segment, kinds))| !asks_to_confirm(segment, kinds))
            .map(|(at, (segment, kinds))| {
                // The mail as a whole cannot tell for whom it is.
                if self.is_plain() {
                    return (segment, kinds.of(Kind::Elsewhere));
                }
                let offer = if claim == Some(at) { kinds.of(Kind::Offer) } else { 0.0 };
                let question = (1.0 - QUESTION) * kinds.of(Kind::Question);
                (segment, kinds.alarm() - question + offer)
            })
            .max_by(|one, other| one.1.total_cmp(&other.1))?;
        let is_unlikely = self.whole < UNLIKELY_MAIL && !self.is_short;
        let enough = if is_unlikely { HESITATION_IN_UNLIKELY_MAIL } else { HESITATION };
        (alarm >= enough).then(|| segment.range.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim;
    use super::*;
    use crate::fold::fold;

    #[test]
    fn in_an_unlikely_mail_it_takes_less_to_hesitate() {
        let text =
            "Die Gesamtforderung beträgt heute 500,00 EUR. Über das Weitere sprechen wir noch.";
        let (account, folded) = (claim::account(text), fold(text));
        let hesitates = |whole: f32, alarm: f32| {
            let kinds =
                vec![Kinds::with(Kind::Reservation, 0.0), Kinds::with(Kind::Decision, alarm)];
            let look = SecondLook { whole, kinds, ..SecondLook::default() };
            look.hesitation(&account, &folded, false).is_some()
        };
        for (whole, enough) in [(0.5, HESITATION), (0.2, HESITATION_IN_UNLIKELY_MAIL)] {
            assert!(hesitates(whole, enough + 0.01), "{whole}");
            assert!(!hesitates(whole, enough - 0.01), "{whole}");
        }
    }

    #[test]
    fn that_a_plan_is_to_be_confirmed_is_no_reason_to_hesitate() {
        let text =
            "Die Gesamtforderung beträgt heute 500,00 EUR. Bitte bestätigen Sie bis 31.05.2026.";
        let (account, folded) = (claim::account(text), fold(text));
        let look = SecondLook { whole: 0.2, ..SecondLook::new(&folded, &account.segments) };
        let look = SecondLook { is_short: false, ..look };
        assert!(look.hesitation(&account, &folded, false).is_some());
        assert!(look.hesitation(&account, &folded, true).is_none());
    }
}
