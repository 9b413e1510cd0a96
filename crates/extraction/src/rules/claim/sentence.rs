//! What the words around an amount in one row or sentence make of it.

use std::sync::LazyLock;

use domain::money::Money;
use regex::Regex;

use super::label::{is_claim, nearest_label, role_of};
use super::{Reading, Role, certainty, is_stated};
use crate::money::Amount;
use crate::pattern::pattern;
use crate::rules::segments::Segment;
use crate::rules::words::{Sense, Word};

/// A modifier this close before an amount, in bytes, speaks of that amount.
pub(super) const DIRECTLY_BEFORE: usize = 16;

/// One segment and its amounts.
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    pub(super) folded: &'a str,
    pub(super) segment: &'a Segment,
    pub(super) words: Vec<Word>,
    pub(super) position: usize,
    pub(super) segments: &'a [Segment],
    pub(super) amounts: &'a [Amount],
    /// How many amounts each segment has.
    pub(super) counts: &'a [usize],
    /// What the amount before this segment was.
    pub(super) previous: Option<Role>,
}

/// `Gesamtbetrag`, unlike `Gesamtforderung`, may be the total of anything.
pub(super) fn is_general(name: &str) -> bool {
    ["betrag", "betrages", "summe"].iter().any(|end| name.ends_with(end))
        && !["offene", "forderung", "schuld"].iter().any(|own| name.starts_with(own))
}

/// More than a currency and marks.
pub(super) fn has_words(folded: &str) -> bool {
    let text = folded.replace("euro", "").replace("eur", "");
    text.contains(|c: char| c.is_ascii_alphanumeric())
}

impl Sentence<'_> {
    pub(super) fn read(&self, at: usize, earlier: &[Reading]) -> Reading {
        let amount = self.amounts[at].clone();
        let start = amount.range.start;
        let part_start = self.part_start(&amount);
        let left_start = self.left_start(at).max(part_start);
        let is_last = at + 1 == self.amounts.len();
        let right_end =
            if is_last { self.segment.range.end } else { self.amounts[at + 1].range.start };
        let left = &self.words_before(left_start..start)[..];
        let right = self.words_in(amount.range.end..right_end);
        let direct = |sense: Sense| {
            left.iter().any(|word| {
                word.sense == sense
                    && start.saturating_sub(word.range.end) <= DIRECTLY_BEFORE
                    && !self.folded[word.range.end..start].contains(|c: char| c.is_ascii_digit())
            })
        };
        let has = |sense: Sense| self.words.iter().any(|word| word.sense == sense);

        let mut label = nearest_label(left, start).map(|word| self.total_of(left, word));
        let earlier_words;
        if label.is_none() && part_start > self.segment.range.start {
            // `Die Forderung beträgt nicht 500 EUR, sondern 400 EUR`.
            earlier_words = self.words_before(self.segment.range.start..part_start);
            label = nearest_label(&earlier_words, start).filter(|word| is_claim(word.sense));
        }
        let is_to_be_paid = self.is_to_be_paid(&amount, left_start);
        // `402,95 EUR zu zahlen, Mahnkosten inbegriffen`: what follows names a part.
        if label.is_none_or(|word| word.sense == Sense::Basis) && is_last && !is_to_be_paid {
            label = self.label_after(&amount, right, label.is_some()).or(label);
        }
        // `Nach Abzug der Zahlungen sind 500 EUR rückständig`
        let may_be_open = |sense: Sense| match sense {
            Sense::Basis => !is_last,
            Sense::Deducted => true,
            _ => false,
        };
        if label.map_or(!is_last, |word| may_be_open(word.sense)) {
            label = self.open_after(&amount).or(label);
        }
        // `Mit 30,- EUR Mahnkosten schuldet er 500,- EUR`.
        if !is_last && label.is_none() && !is_to_be_paid {
            label = right.first().filter(|word| {
                word.sense == Sense::Item
                    && !matches!(&self.folded[word.range.clone()], "davon" | "darin")
                    && word.range.start.saturating_sub(amount.range.end) <= DIRECTLY_BEFORE
            });
        }
        let heading_words;
        let own_label = label.is_some();
        let column = if own_label { None } else { self.column_head(&amount) };
        if column.is_some() || (!own_label && left_start == self.segment.range.start) {
            heading_words = self.heading_words(column.clone());
            label = nearest_label(&heading_words, usize::MAX);
        }
        let evidence = label.map_or(amount.range.clone(), |word| {
            word.range.start.min(start)..word.range.end.max(amount.range.end)
        });
        let mut role = label.map_or(Role::Unknown, |word| role_of(word.sense));
        let before = self.folded[left_start..start].trim_end_matches([' ', '*']);
        let before = before.trim_end_matches("eur").trim_end_matches('€').trim_end();
        let changed_to = has(Sense::Changed) && (before.ends_with(" auf") || before == "auf");

        let is_general = role == Role::Total
            && label.is_some_and(|word| is_general(&self.folded[word.range.clone()]));
        if (role == Role::Sum || is_general) && self.is_sum_of_plan(left, earlier) {
            role = Role::Rate;
        }
        // `Die Restforderung beträgt heute insgesamt 500 EUR`: the name counts, not the adverb.
        if role == Role::Sum
            && let Some(named) = left.iter().rev().find(|word| word.sense == Sense::Total)
            && !self.is_torn_off(named, start)
        {
            role = Role::Total;
        }
        // `Davon sind 200 EUR bezahlt.`
        let is_share = label.is_some_and(|word| {
            matches!(&self.folded[word.range.clone()], "davon" | "darin" | "hiervon")
        });
        if (role == Role::Unknown || is_share)
            && right.first().is_some_and(|word| {
                word.sense == Sense::Settled
                    && word.range.start.saturating_sub(amount.range.end) <= DIRECTLY_BEFORE
            })
        {
            role = Role::Paid;
        }
        if is_stated(role) && label.is_some_and(|word| self.is_torn_off(word, start)) {
            role = Role::Unknown;
        }
        if self.is_total_of_something_else(left, label) {
            role = Role::Unrelated;
        }
        if left.iter().any(|word| word.sense == Sense::Unrelated) && self.is_balance(role, label) {
            role = Role::Unrelated;
        }
        if matches!(role, Role::Unknown | Role::Basis | Role::Offer) && is_to_be_paid {
            role = Role::Claim;
        }
        if role == Role::Claim && label.is_some_and(|word| self.is_part_by_adjective(word)) {
            role = Role::Item;
        }
        if role == Role::Basis && label.is_some_and(|word| self.is_open_before(left, word)) {
            role = Role::Claim;
        }
        // `einschließlich der Zinsen und Kosten haben wir 500 EUR zu fordern`.
        if role == Role::Item
            && is_to_be_paid
            && left.iter().any(|word| word.sense == Sense::Inclusive)
        {
            role = Role::Claim;
        }
        if role == Role::Item && self.is_only_rest(left_start..start) {
            role = Role::Claim;
        }
        if changed_to && matches!(role, Role::Unknown | Role::Former | Role::Item) {
            role = Role::Claim;
        }
        if has(Sense::Changed) && (before.ends_with(" von") || before.ends_with(" um")) && !is_last
        {
            role = Role::Former;
        }
        if role == Role::Offer && left.iter().any(|word| word.sense == Sense::Paid) {
            role = Role::Paid;
        }
        if is_stated(role) && self.is_constituent(&amount)
            || role == Role::Sum && self.is_sum_in_brackets(&amount)
        {
            role = Role::Item;
        }
        // `./. Teilzahlung vom 15.12.2025 | 500,00`.
        if self.segment.is_row && self.folded[self.segment.range.clone()].starts_with("./.") {
            role = Role::Paid;
        }
        if direct(Sense::Inclusive) && self.is_included(left_start..start) {
            role = Role::Item;
        }
        // `Eingegangen sind 200 EUR.`
        static CAME_IN: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:eingegangen|gezahlt|bezahlt|ueberwiesen|eingezahlt|gutgeschrieben) (?:sind|ist|waren|war|wurden?)(?: (?:am|bisher|bislang|hier|bei uns|dabei|insgesamt|zuletzt|bereits))*$",
            )
        });
        // `900 EUR sind im Saldo schon abgezogen.`
        static TAKEN_OFF: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^ ?(?:eur|euro|€)?,? (?:sind|ist|wurden?|waren|war|haben wir) (?:[a-z]+ ){0,5}(?:abgezogen|abgesetzt|verrechnet|angerechnet|gutgeschrieben)\b",
            )
        });
        let behind = &self.folded[amount.range.end..self.segment.range.end];
        if role == Role::Unknown && CAME_IN.is_match(before)
            || matches!(role, Role::Unknown | Role::Claim) && TAKEN_OFF.is_match(behind)
        {
            role = Role::Paid;
        }
        // `Das Vertragskonto weist 0,00 EUR aus.`
        static SHOWS: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"konto (?:weist|zeigt)(?: (?:[a-z]+|einen saldo von))*$"));
        if role == Role::Unknown && amount.value == Money::ZERO && SHOWS.is_match(before) {
            role = Role::Claim;
        }
        let is_limited = left
            .iter()
            .any(|word| word.sense == Sense::Limit && self.is_limit_of(word.range.end..start));
        let is_deduction = self.segment.is_row && role == Role::Paid;
        if (is_limited && role != Role::Rate && !is_deduction)
            || self.is_question()
            || is_stated(role) && self.is_asked_about()
        {
            role = Role::Unrelated;
        }
        if self.is_rate(&amount) {
            role = Role::Rate;
        }
        if is_stated(role) || matches!(role, Role::Basis | Role::Unknown) {
            if self.is_excluded() {
                role = Role::Unrelated;
            } else if amount.struck
                || self.is_former(left, label, start)
                || self.is_past(left_start, &amount)
                || self.is_corrected(&amount)
                || self.is_offset(&amount)
                || self.is_waived(&amount)
                || self.is_of_others(&amount)
                || self.is_old_news(&amount)
            {
                role = Role::Former;
            } else if role != Role::Unknown
                && self.is_settled(
                    left,
                    right,
                    label.filter(|word| word.range.start < start),
                    is_to_be_paid.then_some(start),
                )
            {
                role = Role::Paid;
            } else if !matches!(role, Role::Total | Role::Unknown)
                && has(Sense::Supposed)
                && (has(Sense::Changed) || has(Sense::Offer) || has(Sense::Rate))
            {
                role = Role::Offer;
            }
        }
        if amount.struck || self.is_of_earlier_day(&amount) {
            role = Role::Former;
        }
        let sentence = &self.folded[self.segment.range.clone()];
        let is_current = left.iter().chain(right).any(|word| word.sense == Sense::Current)
            || self.follows_still(left_start..start);
        let on_top = self.goes_on_top(&amount, right, role) || certainty::adds_more(sentence);
        let vague = direct(Sense::Vague)
            || self.is_alternative(at)
            || certainty::is_denied(self.clause_of(&amount));
        let denied = certainty::is_denied(&self.deniable(&amount));
        let running = column.filter(|head| {
            let head = self.folded[head.clone()].trim();
            head.ends_with("saldo") || head == "kontostand"
        });
        let is_owed = self.segment.is_row
            || label.is_some_and(|word| word.range.start <= self.segment.range.start + 2)
            || has(Sense::Claim)
            || has(Sense::Open)
            || has(Sense::Total)
            // `Stand heute sind es insgesamt 500 EUR`.
            || left.iter().chain(right).any(|word| word.sense == Sense::Current)
            || ["steht ", "stehen ", "zu zahlen", "geltend", "unterm strich"]
                .iter()
                .any(|word| sentence.contains(word));
        Reading {
            amount,
            role,
            evidence,
            segment: self.position,
            is_alone: self.is_alone(),
            is_row: self.segment.is_row,
            is_owed,
            is_general,
            is_credit: certainty::is_credit(sentence),
            vague,
            denied,
            conditional: certainty::is_conditional(sentence),
            likelihood: 0.0,
            is_current,
            on_top,
            running: running.map(|head| head.start),
            confirmed: false,
            in_sum: false,
        }
    }

    /// `Gesamtbetrag der Erstattung`: what the total is of does not name it.
    fn total_of<'w>(&self, words: &'w [Word], label: &'w Word) -> &'w Word {
        let is_of = |word: &&Word| {
            matches!(word.sense, Sense::Total | Sense::Sum)
                && self
                    .folded
                    .get(word.range.end..label.range.start)
                    .is_some_and(|between| matches!(between, " der " | " des "))
        };
        words.iter().find(is_of).unwrap_or(label)
    }

    /// Nothing but one amount stands in this line.
    fn is_alone(&self) -> bool {
        let [amount] = self.amounts else { return false };
        let beside = [
            &self.folded[self.segment.range.start..amount.range.start],
            &self.folded[amount.range.end..self.segment.range.end],
        ];
        !beside.iter().any(|text| has_words(text))
    }
}
