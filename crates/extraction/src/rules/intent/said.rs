//! A mail cut into sentences, each with what the trained model makes of it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::second_look::SecondLook;
use super::super::segments::Segment;
use crate::pattern::pattern;
use crate::sentences::Kind;

/// Below this the model sees nothing in a sentence at which a clerk would stop.
const HARMLESS: f32 = 0.3;

const SURELY_HARMLESS: f32 = 0.02;

/// From here on the model is sure of a kind.
const SURE: f32 = 0.8;

/// From here on a clerk would stop.
const ALARMING: f32 = 0.85;

/// A sentence in folded letters, its line breaks turned into spaces.
#[derive(Clone, Debug)]
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    range: Range<usize>,
    pub(super) is_row: bool,
    alarm: f32,
    decision: f32,
    question: f32,
}

impl<'a> Said<'a> {
    /// Words of which the model saw nothing: their pattern alone decides.
    pub(super) fn unseen(text: &'a str) -> Self {
        Self { text, range: 0..0, is_row: false, alarm: 1.0, decision: 0.0, question: 0.0 }
    }

    pub(super) fn is_harmless(&self) -> bool {
        self.alarm < HARMLESS
    }

    /// Enough to outweigh words of refusal.
    pub(super) fn is_surely_harmless(&self) -> bool {
        self.alarm < SURELY_HARMLESS
    }

    pub(super) fn is_alarming(&self) -> bool {
        self.alarm >= ALARMING
    }

    pub(super) fn surely_decides(&self) -> bool {
        self.decision >= SURE
    }

    /// A question that the office is to answer, not one that the next sentence answers.
    pub(super) fn asks(&self) -> bool {
        static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"\b(?:sie|ihnen|ihr|ihre[nmrs]?|euch|eure[nmrs]?|mandant\w*|you|your)\b")
        });
        static ADVERTISES: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\b(?:wussten|kennen) sie\b"));
        self.question >= 0.5
            && self.is_question()
            && ADDRESSES.is_match(self.text)
            && !ADVERTISES.is_match(self.text)
    }

    pub(super) fn is_question(&self) -> bool {
        self.text.trim_end().ends_with('?')
    }

    /// Its parts between semicolons, of which each says something of its own.
    fn clauses(&self) -> impl Iterator<Item = Said<'a>> {
        self.text.split_inclusive(';').map(|text| Said { text, ..self.clone() })
    }

    fn hear(&mut self, look: Option<&SecondLook>, segment: usize) {
        if let Some(kinds) = look.and_then(|look| look.kinds(segment)) {
            self.alarm = self.alarm.max(kinds.alarm());
            self.decision = self.decision.max(kinds.of(Kind::Decision));
            self.question = self.question.max(kinds.of(Kind::Question));
        }
    }
}

/// The sentences of a folded body. Segments that a line break alone parts are one sentence.
pub(super) fn said<'a>(
    body: &'a str,
    segments: &[Segment],
    look: Option<&SecondLook>,
) -> Vec<Said<'a>> {
    let mut sentences: Vec<Said<'a>> = Vec::new();
    let mut is_open = false;
    for (at, segment) in segments.iter().enumerate() {
        let joins = is_open && !segment.is_row && !segment.starts_paragraph;
        if joins && let Some(last) = sentences.last_mut() {
            last.range.end = segment.range.end;
            last.text = &body[last.range.clone()];
            last.hear(look, at);
        } else {
            let mut sentence = Said::unseen(&body[segment.range.clone()]);
            sentence.range = segment.range.clone();
            sentence.is_row = segment.is_row;
            if look.is_some() {
                sentence.alarm = 0.0;
            }
            sentence.hear(look, at);
            sentences.push(sentence);
        }
        let text = body[segment.range.clone()].trim_end();
        is_open = !segment.is_row && !text.ends_with(['.', '!', '?', ';']);
    }
    sentences.iter().flat_map(Said::clauses).collect()
}
