//! Makes the weights of [`extraction::sentences`] from labelled sentences.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::money::Money;
use extraction::sentences::{BUCKETS, Kind, Model, amounts, features, fold, likelihood, softmax};
use extraction::{clean, money, rules};
use sha2::{Digest, Sha256};

use crate::corpus::Corpus;
use crate::mutate::Random;

const KINDS: usize = Kind::ALL.len();

/// Times that each sentence is looked at; more fit the words of these sentences and no others.
const EPOCHS: usize = 12;

/// Size of a step of AdaGrad.
const RATE: f32 = 0.5;

/// What pulls weights back to nought.
const DECAY: f32 = 1e-5;

/// The order of the sentences is shuffled by this, so that the same sentences give the same weights.
const SEED: u64 = 7;

/// Where the repository's labelled sentences are.
pub fn sentences_directory() -> PathBuf {
    crate::corpus::own_directory().join("sentences")
}

/// A labelled sentence as the model sees it.
#[derive(Clone, Debug)]
pub struct Example {
    kind: Kind,
    features: Vec<u32>,
    /// The features of each amount, and whether it is the claim. Empty where nobody says which.
    amounts: Vec<(Vec<u32>, bool)>,
}

impl Example {
    /// From a line `code TAB sentence`, with `TAB amount` where a statement has several.
    pub fn parse(line: &str) -> Result<Example> {
        let mut fields = line.split('\t');
        let (Some(code), Some(sentence)) = (fields.next(), fields.next()) else {
            bail!("a line is `code TAB sentence`, with `TAB amount` where there are several");
        };
        let kind = Kind::ALL.into_iter().find(|kind| code == kind.code().to_string());
        let kind = kind.with_context(|| format!("there is no code `{code}`"))?;
        let claim = fields.next().map(Money::parse_plain).transpose()?;
        let folded = fold(sentence);
        let found = amounts(&folded);
        let is_claim = |at: usize| {
            let is_named = |amount: &money::Amount| {
                Some(amount.value) == claim
                    && amount.range.start < found[at].0.end
                    && found[at].0.start < amount.range.end
            };
            found.len() == 1 || money::scan(sentence).iter().any(is_named)
        };
        let marked = (0..found.len()).find(|at| kind == Kind::Statement && is_claim(*at));
        let amounts = if kind == Kind::Statement && marked.is_none() {
            Vec::new()
        } else {
            let examples = found.iter().enumerate();
            examples.map(|(at, (_, features))| (features.clone(), Some(at) == marked)).collect()
        };
        Ok(Example { kind, features: features(&folded), amounts })
    }
}

/// Reads the files of a directory in the order of their names, but for those named `without`.
///
/// Returns the sentences, and the SHA-256 of the files.
pub fn read(directory: &Path, without: &[String]) -> Result<(Vec<Example>, [u8; 32])> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .with_context(|| format!("couldn't list {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "tsv"));
    paths.sort();
    for name in without {
        let before = paths.len();
        paths.retain(|path| path.file_stem().is_none_or(|stem| stem != name.as_str()));
        if paths.len() == before {
            bail!("there is no {name}.tsv in {}", directory.display());
        }
    }
    let mut examples = Vec::new();
    let mut hash = Sha256::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("couldn't read {}", path.display()))?;
        hash.update(&text);
        for (at, line) in text.lines().enumerate() {
            let example = Example::parse(line)
                .with_context(|| format!("{}, line {}", path.display(), at + 1))?;
            examples.push(example);
        }
    }
    Ok((examples, hash.finalize().into()))
}

/// The sentences of a corpus in the order of its mails, each once, as a line of labels has them.
pub fn unlabelled(corpus: &Corpus) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut sentences = Vec::new();
    for case in &corpus.cases {
        for sentence in rules::sentences(&clean::clean(&case.mail)) {
            let line = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
            if seen.insert(line.clone()) {
                sentences.push(line);
            }
        }
    }
    sentences
}

/// Trains both halves of the model by logistic regression. The same examples give the same model.
pub fn train(mut examples: Vec<Example>, source: [u8; 32]) -> Model {
    let mut random = Random::new(SEED);
    let mut weights = vec![[0.0_f32; KINDS]; BUCKETS + 1];
    let mut squares = vec![[1e-3_f32; KINDS]; BUCKETS + 1];
    for _ in 0..EPOCHS {
        shuffle(&mut examples, &mut random);
        for example in &examples {
            let norm = norm_of(&example.features);
            let mut scores = weights[BUCKETS];
            for bucket in &example.features {
                for (score, weight) in scores.iter_mut().zip(&weights[*bucket as usize]) {
                    *score += weight * norm;
                }
            }
            let mut errors = softmax(scores);
            errors[example.kind as usize] -= 1.0;
            for (bucket, norm) in with_bias(&example.features, norm) {
                for (kind, error) in errors.iter().enumerate() {
                    step(&mut weights[bucket][kind], &mut squares[bucket][kind], error * norm);
                }
            }
        }
    }
    let mut amount_weights = vec![0.0_f32; BUCKETS + 1];
    let mut squares = vec![1e-3_f32; BUCKETS + 1];
    for _ in 0..EPOCHS {
        shuffle(&mut examples, &mut random);
        for (features, is_claim) in examples.iter().flat_map(|example| &example.amounts) {
            let norm = norm_of(features);
            let sum: f32 = features.iter().map(|bucket| amount_weights[*bucket as usize]).sum();
            let said = likelihood(sum * norm + amount_weights[BUCKETS]);
            let error = said - if *is_claim { 1.0 } else { 0.0 };
            for (bucket, norm) in with_bias(features, norm) {
                step(&mut amount_weights[bucket], &mut squares[bucket], error * norm);
            }
        }
    }
    Model::quantised(&weights, &amount_weights, source)
}

fn shuffle(examples: &mut [Example], random: &mut Random) {
    for at in (1..examples.len()).rev() {
        examples.swap(at, random.below(at + 1));
    }
}

fn norm_of(features: &[u32]) -> f32 {
    1.0 / (features.len().max(1) as f32).sqrt()
}

/// The buckets with what each adds to a score; the last one is the bias.
fn with_bias(features: &[u32], norm: f32) -> impl Iterator<Item = (usize, f32)> {
    features.iter().map(move |bucket| (*bucket as usize, norm)).chain([(BUCKETS, 1.0)])
}

/// One step of AdaGrad against the gradient.
fn step(weight: &mut f32, square: &mut f32, gradient: f32) {
    let gradient = gradient + DECAY * *weight;
    *square += gradient * gradient;
    *weight -= RATE * gradient / square.sqrt();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(lines: &[&str]) -> Vec<Example> {
        lines.iter().map(|line| Example::parse(line).expect(line)).collect()
    }

    #[test]
    fn the_same_sentences_give_the_same_weights_and_these_know_their_sentences() {
        let lines = [
            "S\tOffen sind noch 500,00 EUR.",
            "B\tDarin sind 20,00 EUR Zinsen enthalten.",
            "N\tDem Plan stimmen wir nicht zu.",
            "S\tVon 700,00 EUR sind noch 500,00 EUR offen.\t500.00",
        ];
        let model = train(examples(&lines), [1; 32]);
        assert_eq!(model.to_bytes(), train(examples(&lines), [1; 32]).to_bytes());
        assert!(model.read(&fold("Dem Plan stimmen wir nicht zu.")).of(Kind::Decision) > 0.5);
        let amounts = model.read_amounts(&fold("Von 700,00 EUR sind noch 500,00 EUR offen."));
        assert!(amounts[1].1 > amounts[0].1, "{amounts:?}");
    }

    #[test]
    fn of_several_amounts_the_named_one_is_the_claim() {
        let example = Example::parse("S\tVon 700,00 EUR sind noch 500,00 EUR offen.\t500.00");
        let amounts = example.expect("a line").amounts;
        assert_eq!(amounts.iter().map(|(_, claim)| *claim).collect::<Vec<_>>(), [false, true]);
        let unnamed = Example::parse("S\tVon 700,00 EUR sind noch 500,00 EUR offen.");
        assert!(unnamed.expect("a line").amounts.is_empty());
    }

    #[test]
    fn a_malformed_line_says_what_is_wrong() {
        for line in ["", "S", "X\tSatz", "S\tSatz\tviel"] {
            assert!(Example::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_embedded_weights_are_those_of_the_labelled_sentences() {
        let (_, source) = read(&sentences_directory(), &[]).expect("the sentences are readable");
        assert!(
            Model::embedded().source() == source,
            "the sentences have changed: run `just train`"
        );
    }
}
