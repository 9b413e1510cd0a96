//! Which of a mail's amounts is the claim as it stands now.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use domain::extraction::Doubt;
use domain::money::Money;
use regex::Regex;

use super::segments::{Segment, segments};
use super::words::{Sense, Word, words};
use crate::fold::fold;
use crate::money::{Amount, Currency, scan};

/// A modifier this close before an amount, in bytes, speaks of that amount.
const DIRECTLY_BEFORE: usize = 16;

/// Sums of more items than this are not checked.
const LONGEST_SUM: usize = 60;

/// What an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The claim by an express name of the total.
    Total,
    /// The sum of the amounts above it.
    Sum,
    /// A claim, not expressly a total.
    Claim,
    /// A part of the claim that may also be all of it.
    Basis,
    Item,
    Rate,
    Offer,
    Paid,
    Former,
    Unrelated,
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) amount: Amount,
    pub(super) role: Role,
    /// From the label to the amount.
    pub(super) evidence: Range<usize>,
    vague: bool,
    on_top: bool,
    /// The amounts before it add up to it.
    confirmed: bool,
    /// It is an addend of a confirmed sum.
    in_sum: bool,
}

/// How sure the claim is by the way in which it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// An amount stands there, but nothing says what it is.
    Bare,
    /// The words say that nothing is owed any more, without an amount.
    SettledInWords,
    Claim,
    Total,
    /// A total that the items add up to.
    Confirmed,
}

#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) value: Money,
    pub(super) strength: Strength,
    pub(super) evidence: Range<usize>,
}

/// What the amounts of a text say.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) claim: Option<Claim>,
    pub(super) doubts: BTreeSet<Doubt>,
    pub(super) readings: Vec<Reading>,
}

impl Account {
    pub(super) fn has(&self, role: Role) -> bool {
        self.readings.iter().any(|reading| reading.role == role)
    }
}

/// Reads all amounts of `text`.
pub(super) fn account(text: &str) -> Account {
    let folded = fold(text);
    let segments = segments(text);
    let mut readings = read(text, &folded, &segments);
    check_sums(&mut readings);
    let mut account = Account::default();
    decide(&mut account, &readings);
    if account.claim.as_ref().is_none_or(|claim| claim.value == Money::ZERO)
        && let Some(evidence) = settled_in_words(&folded, &segments)
        && !account.has_open_amount(&readings)
        && account.claim.is_none()
        && account.doubts.is_empty()
    {
        let strength = Strength::SettledInWords;
        account.claim = Some(Claim { value: Money::ZERO, strength, evidence });
    }
    account.readings = readings;
    account
}

impl Account {
    fn has_open_amount(&self, readings: &[Reading]) -> bool {
        readings.iter().any(|reading| {
            matches!(reading.role, Role::Total | Role::Sum | Role::Claim)
                && reading.amount.value != Money::ZERO
        })
    }
}

fn read(text: &str, folded: &str, segments: &[Segment]) -> Vec<Reading> {
    let amounts = scan(text);
    let mut readings: Vec<Reading> = Vec::with_capacity(amounts.len());
    let mut next = 0;
    for (position, segment) in segments.iter().enumerate() {
        let first = next;
        while next < amounts.len() && amounts[next].range.start < segment.range.end {
            next += 1;
        }
        let within = &amounts[first..next];
        if within.is_empty() {
            continue;
        }
        let sentence = Sentence {
            text,
            folded,
            segment,
            words: words(folded, segment.range.clone()),
            position,
            segments,
            amounts: within,
        };
        for at in 0..within.len() {
            let reading = sentence.read(at, &readings[readings.len() - at..]);
            readings.push(reading);
        }
    }
    readings
}

/// One segment and its amounts.
struct Sentence<'a> {
    text: &'a str,
    folded: &'a str,
    segment: &'a Segment,
    words: Vec<Word>,
    position: usize,
    segments: &'a [Segment],
    amounts: &'a [Amount],
}

impl Sentence<'_> {
    fn read(&self, at: usize, earlier: &[Reading]) -> Reading {
        let amount = self.amounts[at].clone();
        let start = amount.range.start;
        let left_start = match at {
            0 => self.segment.range.start,
            _ => self.amounts[at - 1].range.end,
        };
        let is_last = at + 1 == self.amounts.len();
        let right_end =
            if is_last { self.segment.range.end } else { self.amounts[at + 1].range.start };
        let left = self.words_in(left_start..start);
        let right = self.words_in(amount.range.end..right_end);
        let direct = |sense: Sense| {
            left.iter().any(|word| {
                word.sense == sense && start.saturating_sub(word.range.end) <= DIRECTLY_BEFORE
                    && !self.folded[word.range.end..start].contains(|c: char| c.is_ascii_digit())
            })
        };
        let has = |sense: Sense| self.words.iter().any(|word| word.sense == sense);

        let mut label = nearest_label(left);
        if label.is_none_or(|word| word.sense == Sense::Basis) && is_last {
            let of_right = right.iter().find(|word| is_label(word.sense));
            label = match (label, of_right) {
                (Some(basis), Some(right)) if !is_claim(right.sense) => Some(basis),
                (_, Some(right)) => Some(right),
                (label, None) => label,
            };
        }
        let heading_words;
        if label.is_none() && left_start == self.segment.range.start {
            heading_words = self.heading_words(&amount);
            label = nearest_label(&heading_words);
        }
        let evidence = label.map_or(amount.range.clone(), |word| {
            word.range.start.min(start)..word.range.end.max(amount.range.end)
        });
        let mut role = label.map_or(Role::Unknown, |word| role_of(word.sense));
        let before = self.folded[left_start..start].trim_end_matches([' ', '*']);
        let before = before.trim_end_matches("eur").trim_end_matches('€').trim_end();
        let changed_to = has(Sense::Changed) && (before.ends_with(" auf") || before == "auf");

        if role == Role::Sum
            && let Some(plan) =
                earlier.iter().find(|reading| matches!(reading.role, Role::Rate | Role::Offer))
        {
            role = plan.role;
        }
        if changed_to && matches!(role, Role::Unknown | Role::Former) {
            role = Role::Claim;
        }
        if has(Sense::Changed) && (before.ends_with(" von") || before.ends_with(" um")) && !is_last {
            role = Role::Former;
        }
        if direct(Sense::Limit) {
            role = Role::Unrelated;
        }
        if self.is_rate(&amount) {
            role = Role::Rate;
        }
        if is_stated(role) || role == Role::Basis {
            let of_former = left.iter().rposition(|word| word.sense == Sense::Former);
            let of_current = left.iter().rposition(|word| word.sense == Sense::Current);
            if amount.struck || of_former > of_current || self.is_old_news() {
                role = Role::Former;
            } else if self.is_settled(left, right) {
                role = Role::Paid;
            } else if role != Role::Total
                && has(Sense::Supposed)
                && (has(Sense::Changed) || has(Sense::Offer) || has(Sense::Rate))
            {
                role = Role::Offer;
            }
        }
        if amount.struck {
            role = Role::Former;
        }
        let on_top = self.goes_on_top(&amount, right, role);
        let vague = direct(Sense::Vague);
        Reading { amount, role, evidence, vague, on_top, confirmed: false, in_sum: false }
    }

    fn words_in(&self, range: Range<usize>) -> &[Word] {
        let from = self.words.partition_point(|word| word.range.start < range.start);
        let to = self.words.partition_point(|word| word.range.start < range.end);
        &self.words[from..to.max(from)]
    }

    /// The words of the line above, or of the head of the amount's column.
    fn heading_words(&self, amount: &Amount) -> Vec<Word> {
        if let Some(cell) = self.column_head(amount) {
            return words(self.folded, cell);
        }
        match &self.segment.heading {
            Some(heading) => words(self.folded, heading.clone()),
            None => Vec::new(),
        }
    }

    fn column_head(&self, amount: &Amount) -> Option<Range<usize>> {
        if !self.segment.is_row {
            return None;
        }
        let row = &self.text[self.segment.range.clone()];
        let column = cell_at(row, amount.range.start - self.segment.range.start)?;
        let cells = row.split(" | ").count();
        let above = self.segments[..self.position].iter().rev().take(40);
        for segment in above.take_while(|segment| segment.is_row) {
            let head = &self.text[segment.range.clone()];
            if head.split(" | ").count() == cells && scan(head).is_empty() {
                let mut start = segment.range.start;
                for (at, cell) in head.split(" | ").enumerate() {
                    if at == column {
                        return Some(start..start + cell.len());
                    }
                    start += cell.len() + 3;
                }
            }
        }
        None
    }

    /// `50 EUR monatlich`, `2,97 EUR pro Tag`.
    fn is_rate(&self, amount: &Amount) -> bool {
        static PER_TIME: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:monatlich|mtl|taeglich|jaehrlich|woechentlich|monthly|raten?\b|(?:pro|im|je|per|/|a|in der|jeden) ?(?:monat|tag|jahr|woche|month|day|week|quartal|kalendertag|rate))",
            )
            .expect("the pattern is valid")
        });
        PER_TIME.is_match(&self.folded[amount.range.end..self.segment.range.end])
    }

    /// The sentence tells what was said before, by the sender or by the office.
    fn is_old_news(&self) -> bool {
        static TOLD_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                r"\bhatten?\b.{0,200}\b(?:mitgeteilt|genannt|beziffert|angegeben|gemeldet|angemeldet|betragen|belaufen)\b",
                r"|\b(?:ihre[nrm]?|euren?|eurer) (?:unterlagen|aufstellung|angaben|schreiben|anschreiben|liste|angabe|mitteilung)\b",
                r"|\bvon ihnen (?:\w+ ){0,2}(?:genannt|angegeben|mitgeteilt|angenommen|beziffert|aufgefuehrt)",
                r"|\bsie (?:nennen|geben|beziffern|gehen|nannten|gaben|schreiben|schrieben)\b|\blaut (?:schuldner|mandant|ihr)|\bangaben (?:des|der|ihre)\b",
                r"|\b(?:you|your) (?:stated|mentioned|letter|records)\b"
            ))
            .expect("the pattern is valid")
        });
        static CONFIRMED: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\b(?:korrekt|richtig|zutreffend|trifft zu|stimmt|stimmen|bestaetig\w*)\b")
                .expect("the pattern is valid")
        });
        let sentence = &self.folded[self.segment.range.clone()];
        TOLD_BEFORE.is_match(sentence)
            && !(CONFIRMED.is_match(sentence) && !sentence.contains(" nicht"))
            && !self.words.iter().any(|word| matches!(word.sense, Sense::Total | Sense::Sum))
            || sentence.contains("hatten wir") && TOLD_BEFORE.is_match(sentence)
    }

    fn is_settled(&self, left: &[Word], right: &[Word]) -> bool {
        let sentence = &self.folded[self.segment.range.clone()];
        let settled = |word: &Word| word.sense == Sense::Settled;
        (left.iter().any(settled) || right.iter().any(settled))
            && !self.words.iter().any(|word| word.sense == Sense::Supposed)
            && !["nicht", "kein", "bisher un", "ohne "].iter().any(|no| sentence.contains(no))
    }

    /// `… 500,00 EUR zzgl. Kosten`: what is stated is not yet all.
    fn goes_on_top(&self, amount: &Amount, right: &[Word], role: Role) -> bool {
        let added = right.iter().any(|word| word.sense == Sense::OnTop);
        if added && role == Role::Claim && !self.is_per_day(amount.range.end..self.segment.range.end) {
            return true;
        }
        let follows = self.amounts.iter().any(|other| other.range.start > amount.range.end);
        if added && follows {
            return !self.is_per_day(amount.range.end..self.segment.range.end);
        }
        let Some(next) = self.segments.get(self.position + 1) else { return false };
        let sentence = &self.folded[next.range.clone()];
        ["zzgl", "zuzueglich", "plus ", "hinzu kommen"].iter().any(|word| sentence.starts_with(word))
            && !scan(&self.text[next.range.clone()]).is_empty()
            && !self.is_per_day(next.range.clone())
    }

    fn is_per_day(&self, range: Range<usize>) -> bool {
        let text = &self.folded[range];
        ["tageszins", "taeglich", "pro tag", "je tag", "kalendertag", "per diem", "zinsen seit", "weitere zinsen", "weiterer zinsen", "laufende zinsen", "laufender zinsen"]
            .iter()
            .any(|word| text.contains(word))
    }
}

fn cell_at(row: &str, at: usize) -> Option<usize> {
    Some(row.get(..at)?.matches(" | ").count())
}

/// The last word that names an amount, unless it only says what is included.
fn nearest_label(words: &[Word]) -> Option<&Word> {
    let mut included = false;
    let mut nearest = None;
    for word in words {
        match word.sense {
            Sense::Inclusive | Sense::OnTop => included = true,
            Sense::Item | Sense::Basis if included => {}
            sense if is_label(sense) => {
                included = false;
                nearest = Some(word);
            }
            _ => {}
        }
    }
    nearest
}

fn is_label(sense: Sense) -> bool {
    matches!(
        sense,
        Sense::Total | Sense::Sum | Sense::Claim | Sense::Item | Sense::Basis | Sense::Rate
            | Sense::Offer | Sense::Paid | Sense::Unrelated
    )
}

fn is_claim(sense: Sense) -> bool {
    matches!(sense, Sense::Total | Sense::Sum | Sense::Claim)
}

fn role_of(sense: Sense) -> Role {
    match sense {
        Sense::Total => Role::Total,
        Sense::Sum => Role::Sum,
        Sense::Claim => Role::Claim,
        Sense::Item => Role::Item,
        Sense::Basis => Role::Basis,
        Sense::Rate => Role::Rate,
        Sense::Offer => Role::Offer,
        Sense::Paid => Role::Paid,
        Sense::Unrelated => Role::Unrelated,
        _ => Role::Unknown,
    }
}

fn is_stated(role: Role) -> bool {
    matches!(role, Role::Total | Role::Sum | Role::Claim)
}

/// Finds totals that the amounts directly before them add up to.
fn check_sums(readings: &mut [Reading]) {
    for at in 1..readings.len() {
        if !is_stated(readings[at].role) {
            continue;
        }
        let target = readings[at].amount.value.cents();
        let mut sum = 0_i64;
        let mut members = Vec::new();
        for before in (0..at).rev().take(LONGEST_SUM) {
            let reading = &readings[before];
            if matches!(reading.role, Role::Unrelated) || reading.amount.currency == Currency::Other {
                continue;
            }
            let cents = reading.amount.value.cents();
            let cents = if reading.role == Role::Paid { -cents.abs() } else { cents };
            sum = sum.saturating_add(cents);
            members.push(before);
            if sum == target && members.len() >= 2 {
                let only_plan =
                    members.iter().all(|m| matches!(readings[*m].role, Role::Rate | Role::Offer));
                if only_plan {
                    readings[at].role = Role::Rate;
                } else {
                    readings[at].confirmed = true;
                    for member in &members {
                        readings[*member].in_sum = true;
                    }
                }
                break;
            }
        }
    }
}

fn decide(account: &mut Account, readings: &[Reading]) {
    let stated: Vec<&Reading> =
        readings.iter().filter(|r| is_stated(r.role) && !r.in_sum).collect();
    if readings.iter().any(|r| {
        r.amount.currency == Currency::Other
            && (is_stated(r.role) || (matches!(r.role, Role::Item | Role::Basis) && stated.is_empty()))
    }) {
        account.doubts.insert(Doubt::ForeignCurrency);
    }
    let in_euro: Vec<&Reading> =
        stated.iter().copied().filter(|r| r.amount.currency != Currency::Other).collect();
    let values: BTreeSet<Money> = in_euro.iter().map(|r| r.amount.value).collect();
    if values.len() > 1 {
        account.doubts.insert(Doubt::ContradictingTotals);
        return;
    }
    let best = in_euro.iter().max_by_key(|r| (r.confirmed, r.role == Role::Total, r.role == Role::Sum));
    let Some(best) = best else { return };
    if best.amount.value < Money::ZERO {
        account.doubts.insert(Doubt::NegativeAmount);
    }
    if in_euro.iter().any(|r| r.vague) || (in_euro.iter().all(|r| r.on_top) && !best.confirmed) {
        account.doubts.insert(Doubt::Conditional);
    }
    if in_euro.iter().all(|r| r.amount.misread) && !best.confirmed {
        account.doubts.insert(Doubt::Illegible);
    }
    let strength = match best.role {
        _ if best.confirmed => Strength::Confirmed,
        Role::Total | Role::Sum => Strength::Total,
        _ => Strength::Claim,
    };
    account.claim =
        Some(Claim { value: best.amount.value, strength, evidence: best.evidence.clone() });
}

/// `Die Forderung ist vollständig ausgeglichen.`
fn settled_in_words(folded: &str, segments: &[Segment]) -> Option<Range<usize>> {
    static SETTLED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"\b(?:forderung|forderungen|konto|kundenkonto|vertragskonto|rechnung|rueckstand|betrag|saldo|angelegenheit|vorgang|sache|schuld)\b.{0,120}",
            r"\b(?:ist|sind|wurde|wurden)\b.{0,80}\b(?:ausgeglichen|beglichen|getilgt|vollstaendig (?:be|ge)zahlt|vollstaendig storniert|storniert)\b",
            r"|\bkeine (?:offenen |weiteren |offene |weitere )?(?:forderung|forderungen|rueckstaende|anspruech?e|verbindlichkeiten) mehr\b",
            r"|\bno (?:further )?(?:balance|amount|debt) (?:is )?outstanding\b|\bpaid in full\b"
        ))
        .expect("the pattern is valid")
    });
    static OPEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"\b(?:nicht|noch|teilweise|sobald|wenn|falls|sofern|nach (?:vollstaendiger|zahlung|eingang)|bei zahlung|wuerde|waere|erst|damit|verkauft|abgetreten|ob|bis)\b|\?",
        ))
        .expect("the pattern is valid")
    });
    segments.iter().map(|segment| segment.range.clone()).find(|range| {
        let sentence = &folded[range.clone()];
        SETTLED.is_match(sentence) && !OPEN.is_match(sentence)
    })
}
