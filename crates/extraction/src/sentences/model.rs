//! The weights, and what they make of a sentence.

use std::sync::OnceLock;

use super::{BUCKETS, Kind, features};

const KINDS: usize = Kind::ALL.len();

static MODEL: OnceLock<Model> = OnceLock::new();

/// Linear models over the same numbers of features.
#[derive(Clone, Debug)]
pub struct Model {
    /// Rows of `KINDS` weights, one row for each bucket, then the row of biases.
    kinds: Table,
    /// Whether an amount is the claim, by the words of its sentence.
    amounts: Table,
    /// Which of a mail's amounts is the claim, by all that stands beside it.
    choice: Table,
    /// Whether a mail states a claim as it stands, by all its words.
    mails: Table,
    /// Whether a clerk need read a mail, by all its words and its subject: pairs of weights, one for
    /// receipts and one for adverts.
    unread: Table,
    /// SHA-256 of what gave the weights.
    source: [u8; 32],
}

/// Weights in small steps, the biases last.
#[derive(Clone, Debug)]
struct Table {
    weights: Vec<i8>,
    /// What a weight of 1 stands for.
    scale: f32,
}

impl Table {
    /// Keeps the proportions of the weights.
    fn quantised(weights: &[f32]) -> Table {
        let largest = weights.iter().fold(f32::MIN_POSITIVE, |max, w| max.max(w.abs()));
        let scale = largest / f32::from(i8::MAX);
        Table { weights: weights.iter().map(|w| (w / scale).round() as i8).collect(), scale }
    }

    fn sum(&self, features: &[u32]) -> i32 {
        features.iter().map(|at| i32::from(self.weights[*at as usize])).sum()
    }

    /// The score of a sum over so many features.
    fn score(&self, sum: i32, features: usize) -> f32 {
        (sum as f32 / root(features) + f32::from(self.weights[BUCKETS])) * self.scale
    }
}

/// What a sum over so many features is divided by, so that long texts do not score higher.
fn root(features: usize) -> f32 {
    (features.max(1) as f32).sqrt()
}

/// Weights in full precision, the biases last.
#[derive(Clone, Debug)]
pub struct FullWeights {
    pub kinds: Vec<[f32; KINDS]>,
    pub amounts: Vec<f32>,
    pub choice: Vec<f32>,
    pub mails: Vec<f32>,
    /// For receipts and for adverts.
    pub unread: [Vec<f32>; 2],
}

/// How likely a mail is one that no clerk need read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Unread {
    /// A machine that read nothing sent it.
    pub receipt: f32,
    /// It advertises or cheats.
    pub advert: f32,
}

/// What the features of a mail so far weigh for [`Unread`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    sums: [i32; 2],
    features: usize,
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

#[cfg(test)]
impl Kinds {
    /// A sentence that is this likely of a kind, and else harmless.
    pub(crate) fn with(kind: Kind, likelihood: f32) -> Self {
        let mut kinds = [0.0; KINDS];
        kinds[Kind::Harmless as usize] = 1.0 - likelihood;
        kinds[kind as usize] += likelihood;
        Self(kinds)
    }
}

impl Default for FullWeights {
    /// Weights that say nothing.
    fn default() -> Self {
        let single = vec![0.0; BUCKETS + 1];
        Self {
            kinds: vec![[0.0; KINDS]; BUCKETS + 1],
            amounts: single.clone(),
            choice: single.clone(),
            mails: single.clone(),
            unread: [single.clone(), single],
        }
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
    pub fn install(self) -> Result<(), Box<Model>> {
        MODEL.set(self).map_err(Box::new)
    }

    pub fn quantised(full: &FullWeights, source: [u8; 32]) -> Model {
        assert_eq!(full.kinds.len(), BUCKETS + 1, "one row for each bucket and the biases");
        for single in [&full.amounts, &full.choice, &full.mails].into_iter().chain(&full.unread) {
            assert_eq!(single.len(), BUCKETS + 1);
        }
        let [receipts, adverts] = &full.unread;
        let pairs: Vec<f32> =
            receipts.iter().zip(adverts).flat_map(|(one, other)| [*one, *other]).collect();
        Model {
            kinds: Table::quantised(full.kinds.as_flattened()),
            amounts: Table::quantised(&full.amounts),
            choice: Table::quantised(&full.choice),
            mails: Table::quantised(&full.mails),
            unread: Table::quantised(&pairs),
            source,
        }
    }

    /// SHA-256 of what gave the weights.
    pub fn source(&self) -> [u8; 32] {
        self.source
    }

    fn tables(&self) -> [&Table; 5] {
        [&self.kinds, &self.amounts, &self.choice, &self.mails, &self.unread]
    }

    /// The source, the scales as four bytes each, then the weights.
    pub fn to_bytes(&self) -> Vec<u8> {
        let scales = self.tables().map(|table| table.scale.to_le_bytes());
        let weights = self.tables().into_iter().flat_map(|table| &table.weights);
        self.source
            .into_iter()
            .chain(scales.into_iter().flatten())
            .chain(weights.flat_map(|weight| weight.to_le_bytes()))
            .collect()
    }

    /// The reverse of [`Model::to_bytes`]; `None` if the length is not that of a model.
    pub fn from_bytes(bytes: &[u8]) -> Option<Model> {
        let (source, rest) = bytes.split_first_chunk::<32>()?;
        let (scales, mut rest) = rest.split_first_chunk::<20>()?;
        let mut scales = scales.as_chunks::<4>().0.iter().map(|scale| f32::from_le_bytes(*scale));
        let mut table = |rows: usize| {
            let (weights, behind) = rest.split_at_checked((BUCKETS + 1) * rows)?;
            rest = behind;
            let weights = weights.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
            Some(Table { weights, scale: scales.next()? })
        };
        let model = Model {
            kinds: table(KINDS)?,
            amounts: table(1)?,
            choice: table(1)?,
            mails: table(1)?,
            unread: table(2)?,
            source: *source,
        };
        rest.is_empty().then_some(model)
    }

    /// How likely the words of its sentence make an amount the claim, by its features.
    pub fn read_amount(&self, features: &[u32]) -> f32 {
        likelihood(self.amounts.score(self.amounts.sum(features), features.len()))
    }

    /// How likely each of a mail's amounts is the claim, by their features; what is left to 1 is
    /// how likely none is.
    pub fn choose(&self, amounts: &[Vec<u32>]) -> Vec<f32> {
        // Nothing but the bias speaks for none of them.
        let none = f32::from(self.choice.weights[BUCKETS]) * self.choice.scale;
        let score = |found: &Vec<u32>| {
            self.choice.sum(found) as f32 / root(found.len()) * self.choice.scale
        };
        let mut shares: Vec<f32> = amounts.iter().map(score).chain([none]).collect();
        softmax(&mut shares);
        shares.truncate(amounts.len());
        shares
    }

    /// Reads a sentence whose letters are folded.
    pub fn read(&self, folded: &str) -> Kinds {
        self.read_features(&features(folded))
    }

    /// Reads a sentence by its features.
    pub fn read_features(&self, found: &[u32]) -> Kinds {
        let mut sums = [0_i32; KINDS];
        for bucket in found {
            let row = *bucket as usize * KINDS;
            for (sum, weight) in sums.iter_mut().zip(&self.kinds.weights[row..row + KINDS]) {
                *sum += i32::from(*weight);
            }
        }
        let norm = self.kinds.scale / root(found.len());
        let biases = &self.kinds.weights[BUCKETS * KINDS..];
        let mut scores = [0.0; KINDS];
        for ((score, sum), bias) in scores.iter_mut().zip(sums).zip(biases) {
            *score = sum as f32 * norm + f32::from(*bias) * self.kinds.scale;
        }
        softmax(&mut scores);
        Kinds(scores)
    }

    /// How likely a mail states a claim as it stands, by the features of all its sentences.
    pub fn read_mail<'a>(&self, sentences: impl IntoIterator<Item = &'a [u32]>) -> f32 {
        let (sum, count) = sentences.into_iter().fold((0, 0), |(sum, count), sentence| {
            (sum + self.mails.sum(sentence), count + sentence.len())
        });
        likelihood(self.mails.score(sum, count))
    }

    /// Adds a sentence of a mail, or its subject, to what its features weigh.
    pub fn count(&self, tally: &mut Tally, features: &[u32]) {
        for bucket in features {
            let row = *bucket as usize * 2;
            for (sum, weight) in tally.sums.iter_mut().zip(&self.unread.weights[row..row + 2]) {
                *sum += i32::from(*weight);
            }
        }
        tally.features += features.len();
    }

    /// How likely a mail whose features weigh so much is one that no clerk need read.
    pub fn read_unread(&self, tally: Tally) -> Unread {
        let score = |at: usize| {
            let bias = f32::from(self.unread.weights[BUCKETS * 2 + at]);
            (tally.sums[at] as f32 / root(tally.features) + bias) * self.unread.scale
        };
        Unread { receipt: likelihood(score(0)), advert: likelihood(score(1)) }
    }
}

/// Turns scores into likelihoods that add up to 1.
pub fn softmax(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - highest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|power| *power /= sum);
}

/// Likelihood from a score.
pub fn likelihood(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;
    use crate::sentences::amounts;

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
        let found = amounts(&sentence);
        let [(_, paid), (range, open)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(&sentence[range.clone()], "310,00 eur");
        let model = Model::embedded();
        assert!(model.read_amount(open) > model.read_amount(paid));
    }
}
