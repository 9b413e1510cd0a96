//! Makes the weights of [`extraction::sentences`] from labelled sentences.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use domain::extraction::Intent;
use domain::money::Money;
use extraction::clean::CleanedMail;
use extraction::sentences::{
    BUCKETS, FullWeights, Kind, Model, amounts, features, fold, likelihood, softmax,
};
use extraction::{Mail, clean, money, rules};
use sha2::{Digest, Sha256};

use crate::corpus::{self, Corpus, Route, files, read_text};
use crate::mutate::Random;

const KINDS: usize = Kind::ALL.len();

/// Times that each sentence is looked at; more fit the words of these sentences and no others.
const EPOCHS: usize = 12;

/// Size of a step of AdaGrad.
const RATE: f32 = 0.5;

/// What pulls weights back to nought.
const DECAY: f32 = 1e-5;

/// The offices are parted into so many, each read by a model of the others.
const FOLDS: usize = 5;

/// The order of the examples is shuffled by this, so that the same sentences give the same weights.
const SEED: u64 = 7;

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

/// A labelled mail as the model sees it.
#[derive(Clone, Debug)]
struct Letter {
    cleaned: CleanedMail,
    /// The features of each sentence.
    sentences: Vec<Vec<u32>>,
    /// The features of its subject.
    subject: Vec<u32>,
    route: Route,
    intent: Intent,
    claim: Option<Money>,
}

impl Letter {
    fn new(mail: &Mail, route: Route, intent: Intent, claim: Option<Money>) -> Self {
        let cleaned = clean::clean(mail);
        let subject = rules::subject_features(&cleaned.subject);
        let sentences = rules::sentences(&cleaned);
        let sentences = sentences.iter().map(|sentence| features(&fold(sentence))).collect();
        Self { cleaned, sentences, subject, route, intent, claim }
    }

    /// The features of its sentences, and of its subject if asked for.
    fn parts(&self, with_subject: bool) -> Vec<&[u32]> {
        let subject = with_subject.then_some(&self.subject);
        subject.into_iter().chain(&self.sentences).map(Vec::as_slice).collect()
    }

    /// A clerk would read it.
    fn is_read(&self) -> bool {
        self.route != Route::Ignore
    }

    fn is_unread_as(&self, intent: Intent) -> bool {
        !self.is_read() && self.intent == intent
    }
}

/// What one office gives: its labelled sentences and mails.
#[derive(Debug, Default)]
struct Office {
    sentences: Vec<Example>,
    letters: Vec<Letter>,
}

/// All that the model learns from.
#[derive(Debug)]
pub struct Material {
    offices: Vec<Office>,
    /// SHA-256 of the files.
    source: [u8; 32],
}

impl Material {
    /// Reads the labelled sentences and mails of a corpus directory in the order of their names, but
    /// for the offices named `without`.
    pub fn read(directory: &Path, without: &[String]) -> Result<Material> {
        let mut offices: BTreeMap<String, Office> = BTreeMap::new();
        let mut hash = Sha256::new();
        for path in files(&directory.join("sentences"), "tsv")? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if without.contains(&name) {
                continue;
            }
            let text = read_text(&path)?;
            hash.update(&text);
            let lines = text.lines().enumerate().map(|(at, line)| {
                Example::parse(line).with_context(|| format!("{}, line {}", path.display(), at + 1))
            });
            let sentences = lines.collect::<Result<_>>()?;
            offices.insert(name, Office { sentences, letters: Vec::new() });
        }
        let known = corpus::directories(directory)?;
        for (name, directory) in known.iter().filter(|(name, _)| !without.contains(name)) {
            for path in files(&directory.join("emails"), "json")? {
                hash.update(read_text(&path)?);
            }
            let letters = letters(&Corpus::read(directory)?);
            offices.entry(name.clone()).or_default().letters = letters;
        }
        if let Some(unknown) = without.iter().find(|name| {
            let has_sentences = directory.join("sentences").join(format!("{name}.tsv")).is_file();
            !has_sentences && !known.iter().any(|(known, _)| known == *name)
        }) {
            bail!("there is no office {unknown} in {}", directory.display());
        }
        Ok(Material { offices: offices.into_values().collect(), source: hash.finalize().into() })
    }

    /// How many sentences and mails there are.
    pub fn counts(&self) -> (usize, usize) {
        let sentences = self.offices.iter().map(|office| office.sentences.len()).sum();
        let mails = self.offices.iter().map(|office| office.letters.len()).sum();
        (sentences, mails)
    }
}

fn letters(corpus: &Corpus) -> Vec<Letter> {
    let letter = |case: &corpus::Case| {
        let expect = &case.expect;
        Letter::new(&case.mail, expect.route, expect.intent, expect.debt_amount)
    };
    corpus.cases.iter().map(letter).collect()
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

/// Trains all parts of the model by logistic regression. The same material gives the same model.
pub fn train(material: &Material) -> Model {
    let sentences = || material.offices.iter().flat_map(|office| &office.sentences);
    let letters: Vec<&Letter> =
        material.offices.iter().flat_map(|office| &office.letters).collect();
    let read = letters.iter().filter(|letter| letter.is_read());
    let read = read.map(|letter| (letter.parts(false), letter.route == Route::Write));
    let unread = |intent: Intent| {
        let examples =
            letters.iter().map(|letter| (letter.parts(true), letter.is_unread_as(intent)));
        train_mails(examples.collect())
    };
    let full = FullWeights {
        kinds: train_kinds(sentences().collect()),
        amounts: train_amounts(sentences().collect()),
        choice: train_choice(&choices(material)),
        mails: train_mails(read.collect()),
        unread: [unread(Intent::AutoReply), unread(Intent::Spam)],
    };
    Model::quantised(&full, material.source)
}

fn train_kinds(mut examples: Vec<&Example>) -> Vec<[f32; KINDS]> {
    let mut random = Random::new(SEED);
    let mut weights = vec![[0.0_f32; KINDS]; BUCKETS + 1];
    let mut squares = vec![[1e-3_f32; KINDS]; BUCKETS + 1];
    for _ in 0..EPOCHS {
        shuffle(&mut examples, &mut random);
        for example in &examples {
            let norm = norm_of(example.features.len());
            let mut scores = weights[BUCKETS];
            for bucket in &example.features {
                for (score, weight) in scores.iter_mut().zip(&weights[*bucket as usize]) {
                    *score += weight * norm;
                }
            }
            let mut errors = scores;
            softmax(&mut errors);
            errors[example.kind as usize] -= 1.0;
            for (bucket, norm) in with_bias(&example.features, norm) {
                for (kind, error) in errors.iter().enumerate() {
                    step(&mut weights[bucket][kind], &mut squares[bucket][kind], error * norm);
                }
            }
        }
    }
    weights
}

/// Weights of one score, as they are learnt.
struct Weights {
    values: Vec<f32>,
    squares: Vec<f32>,
}

impl Weights {
    fn new() -> Self {
        Self { values: vec![0.0; BUCKETS + 1], squares: vec![1e-3; BUCKETS + 1] }
    }

    fn sum(&self, features: &[u32]) -> f32 {
        features.iter().map(|bucket| self.values[*bucket as usize]).sum()
    }

    fn step(&mut self, bucket: usize, gradient: f32) {
        step(&mut self.values[bucket], &mut self.squares[bucket], gradient);
    }
}

fn train_amounts(mut examples: Vec<&Example>) -> Vec<f32> {
    let mut random = Random::new(SEED);
    let mut weights = Weights::new();
    for _ in 0..EPOCHS {
        shuffle(&mut examples, &mut random);
        for (features, is_claim) in examples.iter().flat_map(|example| &example.amounts) {
            let norm = norm_of(features.len());
            let said = likelihood(weights.sum(features) * norm + weights.values[BUCKETS]);
            let error = said - f32::from(*is_claim);
            for (bucket, norm) in with_bias(features, norm) {
                weights.step(bucket, error * norm);
            }
        }
    }
    weights.values
}

/// A mail's amounts with their features, and whether each is the claim.
type Choices = Vec<(Vec<u32>, bool)>;

/// What the reader of amounts learns from. How likely a sentence makes an amount the claim is said
/// by a model that has not seen the sentences of that office, as it will be of new mails.
fn choices(material: &Material) -> Vec<Choices> {
    let mut choices = Vec::new();
    for fold in 0..FOLDS {
        let (own, others): (Vec<_>, Vec<_>) =
            material.offices.iter().enumerate().partition(|(at, _)| at % FOLDS == fold);
        let sentences = others.iter().flat_map(|(_, office)| &office.sentences).collect();
        let full = FullWeights { amounts: train_amounts(sentences), ..FullWeights::default() };
        let model = Model::quantised(&full, material.source);
        let letters = own.iter().flat_map(|(_, office)| &office.letters);
        for letter in letters.filter(|letter| letter.is_read()) {
            let found = rules::choices(&model, &letter.cleaned).into_iter();
            choices.push(
                found.map(|(value, features)| (features, Some(value) == letter.claim)).collect(),
            );
        }
    }
    choices.retain(|amounts: &Choices| !amounts.is_empty());
    choices
}

fn train_choice(choices: &[Choices]) -> Vec<f32> {
    let mut random = Random::new(SEED);
    let mut weights = Weights::new();
    let mut choices: Vec<&Choices> = choices.iter().collect();
    for _ in 0..EPOCHS {
        shuffle(&mut choices, &mut random);
        for amounts in &choices {
            let norms: Vec<f32> =
                amounts.iter().map(|(features, _)| norm_of(features.len())).collect();
            let scores = amounts
                .iter()
                .zip(&norms)
                .map(|((features, _), norm)| weights.sum(features) * norm);
            // The bias stands for none of them.
            let mut said: Vec<f32> = scores.chain([weights.values[BUCKETS]]).collect();
            softmax(&mut said);
            let right: f32 =
                amounts.iter().zip(&said).filter(|((_, is), _)| *is).map(|(_, said)| said).sum();
            let is_none = !amounts.iter().any(|(_, is_claim)| *is_claim);
            for (((features, is_claim), said), norm) in amounts.iter().zip(&said).zip(&norms) {
                let wanted = if *is_claim { said / right.max(f32::MIN_POSITIVE) } else { 0.0 };
                for bucket in features {
                    weights.step(*bucket as usize, (said - wanted) * norm);
                }
            }
            weights.step(BUCKETS, said[amounts.len()] - f32::from(is_none));
        }
    }
    weights.values
}

/// Of mails, each with the features of its parts and whether it is one of those looked for.
fn train_mails(mut mails: Vec<(Vec<&[u32]>, bool)>) -> Vec<f32> {
    let mut random = Random::new(SEED);
    let mut weights = Weights::new();
    for _ in 0..EPOCHS {
        shuffle(&mut mails, &mut random);
        for (parts, is_one) in &mails {
            let norm = norm_of(parts.iter().map(|part| part.len()).sum());
            let sums = parts.iter().map(|part| weights.sum(part));
            let said = likelihood(sums.sum::<f32>() * norm + weights.values[BUCKETS]);
            let error = said - f32::from(*is_one);
            for bucket in parts.iter().copied().flatten() {
                weights.step(*bucket as usize, error * norm);
            }
            weights.step(BUCKETS, error);
        }
    }
    weights.values
}

fn shuffle<T>(examples: &mut [T], random: &mut Random) {
    for at in (1..examples.len()).rev() {
        examples.swap(at, random.below(at + 1));
    }
}

fn norm_of(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
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

    fn material(lines: &[&str]) -> Material {
        let sentences = lines.iter().map(|line| Example::parse(line).expect(line)).collect();
        let office = Office { sentences, letters: Vec::new() };
        Material { offices: vec![office], source: [1; 32] }
    }

    #[test]
    fn the_same_sentences_give_the_same_weights_and_these_know_their_sentences() {
        let lines = [
            "S\tOffen sind noch 500,00 EUR.",
            "B\tDarin sind 20,00 EUR Zinsen enthalten.",
            "N\tDem Plan stimmen wir nicht zu.",
            "S\tVon 700,00 EUR sind noch 500,00 EUR offen.\t500.00",
        ];
        let model = train(&material(&lines));
        assert_eq!(model.to_bytes(), train(&material(&lines)).to_bytes());
        assert!(model.read(&fold("Dem Plan stimmen wir nicht zu.")).of(Kind::Decision) > 0.5);
        let found = amounts(&fold("Von 700,00 EUR sind noch 500,00 EUR offen."));
        assert!(model.read_amount(&found[1].1) > model.read_amount(&found[0].1));
    }

    fn letter(body: &str, claim: Option<i64>) -> Letter {
        let mail = Mail { body_text: Some(body.to_owned()), ..Mail::default() };
        let route = if claim.is_some() { Route::Write } else { Route::Review };
        Letter::new(&mail, route, Intent::DebtStatement, claim.map(Money::from_cents))
    }

    #[test]
    fn mails_teach_which_amount_is_the_claim_and_whether_one_is_stated() {
        let stated = "Kaufpreis | 400,00 EUR\nZinsen | 100,00 EUR\nVerbleib | 500,00 EUR";
        let letters = vec![
            letter(stated, Some(50_000)),
            letter("Dem Plan stimmen wir nicht zu. Die Rate von 20,00 EUR reicht nicht.", None),
        ];
        let office = Office { sentences: Vec::new(), letters: letters.clone() };
        let model = train(&Material { offices: vec![office], source: [1; 32] });
        let read =
            |letter: &Letter| model.read_mail(letter.sentences.iter().map(|found| &found[..]));
        assert!(read(&letters[0]) > 0.5 && read(&letters[1]) < 0.5);
        let found: Vec<Vec<u32>> = rules::choices(&model, &letters[0].cleaned)
            .into_iter()
            .map(|(_, features)| features)
            .collect();
        let shares = model.choose(&found);
        assert!(shares[2] > 0.5 && shares.iter().sum::<f32>() <= 1.0 + 1e-4, "{shares:?}");
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
        let material = Material::read(&corpus::own_directory(), &[]).expect("it is readable");
        assert!(
            Model::embedded().source() == material.source,
            "the labelled sentences or mails have changed: run `just train`"
        );
    }
}
