//! The weights, and what they make of a sentence.

use std::ops::Range;
use std::sync::OnceLock;

use super::{BUCKETS, Kind, amounts, features};

const KINDS: usize = Kind::ALL.len();

static MODEL: OnceLock<Model> = OnceLock::new();

/// A linear model: one weight for each bucket and kind.
#[derive(Clone, Debug)]
pub struct Model {
    /// Rows of `KINDS` weights, one row for each bucket, then the row of biases.
    weights: Vec<i8>,
    /// What a weight of 1 stands for.
    scale: f32,
    /// The same for amounts: one weight for each bucket, then the bias.
    amount_weights: Vec<i8>,
    amount_scale: f32,
    /// SHA-256 of the sentences that gave the weights.
    source: [u8; 32],
}

/// How likely a sentence is of each kind; the sum is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kinds([f32; KINDS]);

impl Kinds {
    pub fn of(&self, kind: Kind) -> f32 {
        self.0[kind as usize]
    }

    /// How likely the sentence gives a clerk reason to hesitate.
    pub fn alarm(&self) -> f32 {
        [Kind::Reservation, Kind::Elsewhere, Kind::Decision, Kind::Question]
            .iter()
            .map(|kind| self.of(*kind))
            .sum()
    }
}

impl Model {
    /// The weights of this repository, or those of [`Model::install`].
    ///
    /// # Panics
    ///
    /// If the file of weights is not whole, which a test checks.
    pub fn embedded() -> &'static Model {
        MODEL.get_or_init(|| {
            Model::from_bytes(include_bytes!("weights.bin")).expect("the weights are whole")
        })
    }

    /// Reads by other weights from now on: to measure a model on mails that it has not seen. Returns
    /// them where a sentence has been read already.
    pub fn install(self) -> Result<(), Model> {
        MODEL.set(self)
    }

    /// From weights in full precision: rows of one weight for each kind, and one weight for
    /// amounts; the last ones are the biases.
    pub fn quantised(weights: &[[f32; KINDS]], amount_weights: &[f32], source: [u8; 32]) -> Model {
        assert_eq!(weights.len(), BUCKETS + 1, "one row for each bucket and the biases");
        assert_eq!(amount_weights.len(), BUCKETS + 1);
        let (weights, scale) = quantise(weights.as_flattened());
        let (amount_weights, amount_scale) = quantise(amount_weights);
        Model { weights, scale, amount_weights, amount_scale, source }
    }

    /// SHA-256 of the sentences that gave the weights.
    pub fn source(&self) -> [u8; 32] {
        self.source
    }

    /// The source, the scales as four bytes each, then the weights.
    pub fn to_bytes(&self) -> Vec<u8> {
        let scales = [self.scale, self.amount_scale];
        let weights = self.weights.iter().chain(&self.amount_weights);
        self.source
            .into_iter()
            .chain(scales.into_iter().flat_map(f32::to_le_bytes))
            .chain(weights.flat_map(|weight| weight.to_le_bytes()))
            .collect()
    }

    /// The reverse of [`Model::to_bytes`]; `None` if the length is not that of a model.
    pub fn from_bytes(bytes: &[u8]) -> Option<Model> {
        let (source, rest) = bytes.split_first_chunk::<32>()?;
        let (scale, rest) = rest.split_first_chunk::<4>()?;
        let (amount_scale, rest) = rest.split_first_chunk::<4>()?;
        let weights: Vec<i8> = rest.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
        (weights.len() == (BUCKETS + 1) * (KINDS + 1)).then(|| {
            let (weights, amount_weights) = weights.split_at((BUCKETS + 1) * KINDS);
            Model {
                weights: weights.to_vec(),
                scale: f32::from_le_bytes(*scale),
                amount_weights: amount_weights.to_vec(),
                amount_scale: f32::from_le_bytes(*amount_scale),
                source: *source,
            }
        })
    }

    /// The amounts of a sentence whose letters are folded, and how likely each is the claim.
    pub fn read_amounts(&self, folded: &str) -> Vec<(Range<usize>, f32)> {
        let score = |features: &[u32]| {
            let sum: i32 =
                features.iter().map(|at| i32::from(self.amount_weights[*at as usize])).sum();
            let norm = (features.len().max(1) as f32).sqrt();
            (sum as f32 / norm + f32::from(self.amount_weights[BUCKETS])) * self.amount_scale
        };
        let found = amounts(folded).into_iter();
        found.map(|(range, features)| (range, likelihood(score(&features)))).collect()
    }

    /// Reads a sentence whose letters are folded.
    pub fn read(&self, folded: &str) -> Kinds {
        let found = features(folded);
        let mut sums = [0_i32; KINDS];
        for bucket in &found {
            let row = *bucket as usize * KINDS;
            for (sum, weight) in sums.iter_mut().zip(&self.weights[row..row + KINDS]) {
                *sum += i32::from(*weight);
            }
        }
        let norm = self.scale / (found.len().max(1) as f32).sqrt();
        let biases = &self.weights[BUCKETS * KINDS..];
        let mut scores = [0.0; KINDS];
        for ((score, sum), bias) in scores.iter_mut().zip(sums).zip(biases) {
            *score = sum as f32 * norm + f32::from(*bias) * self.scale;
        }
        Kinds(softmax(scores))
    }
}

/// Likelihoods from scores.
pub fn softmax(scores: [f32; KINDS]) -> [f32; KINDS] {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    let powers = scores.map(|score| (score - highest).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// Likelihood from a score.
pub fn likelihood(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

/// Whole numbers that keep the weights' proportions, and what 1 stands for.
fn quantise(weights: &[f32]) -> (Vec<i8>, f32) {
    let largest = weights.iter().fold(f32::MIN_POSITIVE, |max, w| max.max(w.abs()));
    let scale = largest / f32::from(i8::MAX);
    (weights.iter().map(|w| (w / scale).round() as i8).collect(), scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn read(sentence: &str) -> Kinds {
        Model::embedded().read(&fold(sentence))
    }

    #[test]
    fn the_weights_are_whole_and_the_same_after_a_journey() {
        let model = Model::embedded();
        let again = Model::from_bytes(&model.to_bytes()).expect("as long as before");
        assert_eq!(again.to_bytes(), model.to_bytes());
        assert!(Model::from_bytes(&model.to_bytes()[1..]).is_none());
    }

    #[test]
    fn sentences_are_of_the_kind_that_a_clerk_would_say() {
        for (sentence, kind) in [
            ("Zur Tilgung stehen bei uns per heute noch 812,40 EUR zu Buche.", Kind::Statement),
            ("Den Plan lehnen wir ab, eine Zustimmung kommt nicht in Betracht.", Kind::Decision),
            ("Bitte senden Sie uns zunächst eine Vollmacht zu.", Kind::Question),
            ("Sehr geehrte Damen und Herren,", Kind::Fragment),
        ] {
            let kinds = read(sentence);
            let likeliest = Kind::ALL
                .into_iter()
                .max_by(|one, other| kinds.of(*one).total_cmp(&kinds.of(*other)));
            assert_eq!(likeliest, Some(kind), "{sentence}: {kinds:?}");
        }
    }

    #[test]
    fn likelihoods_add_up_whatever_the_sentence() {
        for sentence in ["", " ", "?", "5,00 EUR", "ß", "ÄÖÜ 0,- € \u{1f389}"] {
            let sum: f32 = Kind::ALL.iter().map(|kind| read(sentence).of(*kind)).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sentence}: {sum}");
        }
    }

    #[test]
    fn of_the_amounts_of_a_sentence_the_total_is_the_likeliest() {
        let sentence = fold("Nach Abzug der Zahlung von 50,00 EUR sind noch 310,00 EUR offen.");
        let amounts = Model::embedded().read_amounts(&sentence);
        let [(_, paid), (range, open)] = &amounts[..] else { panic!("{amounts:?}") };
        assert_eq!(&sentence[range.clone()], "310,00 eur");
        assert!(open > paid, "{amounts:?}");
    }
}
