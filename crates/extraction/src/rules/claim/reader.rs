//! The second reader of the amounts: which of them is the claim, learnt from labelled mails.
//!
//! It knows none of the rules' words and roles. It sees the words around each amount, its place in
//! a table and how it stands to the other amounts, and a linear model weighs them all at once. What
//! both readers say has been found in two ways.

use std::collections::{BTreeMap, BTreeSet};

use domain::money::Money;

use super::label::column_head;
use super::sentence::has_words;
use super::{Claim, MOST_AMOUNTS, Reading, Role, Strength, likely};
use crate::money::Amount;
use crate::rules::segments::Segment;
use crate::sentences::{self, Model, bucket, push_words_before};

/// The share of an amount among all that might be the claim, from which on it is that one. Of 17
/// amounts that the rules alone wrote wrongly in mails that the model had not seen, 8 had less, of
/// 285 that they wrote rightly 18.
const AGREED: f32 = 0.8;

/// Enough for an amount that is the sum of the items beside it, to the cent: of 2,615 clear mails of
/// offices that the model had not seen, 15 more were written so, and no other mail. With 0.5 two mails
/// were written whose table and text come to different sums.
const AGREED_ON_SUM: f32 = 0.7;

/// With less than this it is not the claim, whether or not another is: this reader sees that none is
/// stated. Of 2,437 mails that were rightly written by models that had not seen their office 3 had less,
/// of 14 wrong ones 1, and one amount of a mail at first sight that stated none.
const POSSIBLE: f32 = 0.05;

/// In a mail with more amounts the reader chooses none.
const MOST_CHOICES: usize = 200;

/// Differences are looked for among so many values.
const MOST_DIFFERENCES: usize = 25;

/// A sum is looked for among so many neighbours.
const LONGEST_SUM: usize = 12;

/// So many words of a heading, a label or the line above are looked at.
const WORDS_BESIDE: usize = 6;

/// With fewer words before it in its line, an amount is named by the line above.
const FEW_WORDS: usize = 4;

/// The words of a row weigh apart from the same words in a sentence.
const ROW: u32 = 0x1_5555;

/// The second reader alone makes an amount the claim if it is this likely, and more so if its words
/// make it something else.
const CHOSEN: f32 = 0.6;
const CHOSEN_AGAINST_WORDS: f32 = 0.9;

/// A text with its amounts, as the reader sees it.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) folded: &'a str,
    pub(super) segments: &'a [Segment],
    pub(super) amounts: &'a [Amount],
    /// How many amounts each segment has.
    pub(super) counts: Vec<usize>,
    pub(super) seen: Vec<Seen>,
}

/// An amount with the words of its sentence.
pub(super) struct Seen {
    segment: usize,
    /// How likely they make it the claim.
    pub(super) likelihood: f32,
    words: Vec<u32>,
}

/// What the reader makes of a mail's amounts.
#[derive(Debug)]
pub(super) struct Choice(BTreeMap<Money, f32>);

impl Choice {
    /// Whether the claim of the rules is this reader's, if any amount is.
    pub(super) fn agrees(&self, claim: &Claim) -> bool {
        let is_sum = claim.strength == Strength::Confirmed;
        self.share(claim.value) >= if is_sum { AGREED_ON_SUM } else { AGREED }
    }

    /// Whether the claim of the rules may be one for this reader, by its sentence or by all that stands
    /// beside it.
    pub(super) fn allows(&self, claim: &Claim) -> bool {
        claim.likelihood >= likely::POSSIBLE
            || self.0.get(&claim.value).is_none_or(|likelihood| *likelihood >= POSSIBLE)
    }

    /// How likely this amount is the claim if any is.
    fn share(&self, value: Money) -> f32 {
        let all: f32 = self.0.values().sum();
        self.0.get(&value).map_or(0.0, |likelihood| likelihood / all)
    }

    /// The amount that is the claim beyond all others, and how likely it is.
    fn likeliest(&self) -> Option<(Money, f32)> {
        let (value, likelihood) = self.0.iter().max_by(|one, other| one.1.total_cmp(other.1))?;
        (self.share(*value) >= AGREED).then_some((*value, *likelihood))
    }

    /// The amount that this reader alone takes for the claim.
    pub(super) fn claim(&self, readings: &[Reading]) -> Option<Claim> {
        let (value, likelihood) = self.likeliest()?;
        // A sentence with too many amounts was not read.
        let is_read = |reading: &&Reading| reading.segment != usize::MAX;
        let places = readings.iter().filter(|reading| reading.amount.value == value);
        let place = places
            .filter(is_read)
            .max_by(|one, other| one.likelihood.total_cmp(&other.likelihood))?;
        let enough = match place.role {
            Role::Item | Role::Paid => CHOSEN_AGAINST_WORDS,
            Role::Unknown | Role::Sum | Role::Claim | Role::Total => CHOSEN,
            Role::Rate | Role::Offer | Role::Basis | Role::Former | Role::Unrelated => return None,
        };
        let may_be = place.is_positive_euro() && !place.is_credit && likelihood >= enough;
        may_be.then(|| Claim {
            value,
            strength: Strength::Chosen,
            evidence: place.amount.range.clone(),
            is_bare_sum: false,
            is_unnamed: true,
            segment: Some(place.segment),
            likelihood: place.likelihood,
        })
    }
}

impl<'a> Reader<'a> {
    /// Looks at the sentence of each amount.
    pub(super) fn new(
        model: &Model,
        text: &'a str,
        folded: &'a str,
        segments: &'a [Segment],
        amounts: &'a [Amount],
    ) -> Self {
        let mut seen = Vec::with_capacity(amounts.len());
        let mut counts = Vec::with_capacity(segments.len());
        for (position, segment) in segments.iter().enumerate() {
            let first = seen.len();
            let within = amounts[first..].iter();
            let within = within.take_while(|amount| amount.range.start < segment.range.end).count();
            counts.push(within);
            if within == 0 {
                continue;
            }
            let whole = likely::sentence_of(text, segments, position);
            let mut found = match within <= MOST_AMOUNTS {
                true => sentences::amounts(&folded[whole.clone()]),
                false => Vec::new(),
            };
            for amount in &amounts[first..first + within] {
                let place = amount.range.start.saturating_sub(whole.start);
                let words = found.iter_mut().find(|(range, _)| range.contains(&place));
                let words = words.map(|(_, words)| std::mem::take(words)).unwrap_or_default();
                let likelihood = if words.is_empty() { 0.0 } else { model.read_amount(&words) };
                seen.push(Seen { segment: position, likelihood, words });
            }
        }
        Self { text, folded, segments, amounts, counts, seen }
    }

    /// Whether there is but one amount, so that nothing is to be chosen.
    pub(super) fn has_one_value(&self) -> bool {
        self.seen.len() <= MOST_CHOICES
            && self.amounts.windows(2).all(|pair| pair[0].value == pair[1].value)
    }

    /// Chooses among the amounts.
    pub(super) fn choose(&self, model: &Model) -> Choice {
        let mut values = BTreeMap::new();
        for (amount, share) in self.amounts.iter().zip(model.choose(&self.features())) {
            *values.entry(amount.value).or_default() += share;
        }
        Choice(values)
    }

    /// What the model is to know of each amount; nothing where there are too many.
    pub(super) fn features(&self) -> Vec<Vec<u32>> {
        let (amounts, seen) = (self.amounts, &self.seen);
        if seen.len() > MOST_CHOICES {
            return Vec::new();
        }
        let cents: Vec<i64> =
            amounts.iter().take(seen.len()).map(|one| one.value.cents()).collect();
        let standing = Standing::new(&cents, seen);
        (0..seen.len())
            .map(|at| {
                let mut found = self.words(&amounts[at], &seen[at]);
                let nth = seen[..at].iter().rev().take_while(|one| one.segment == seen[at].segment);
                self.push_place(&amounts[at], &seen[at], nth.count(), &mut found);
                standing.push(at, &cents, seen, &mut found);
                found.push(flag("struck", u8::from(amounts[at].struck)));
                found.push(flag("currency", amounts[at].currency as u8));
                found
            })
            .collect()
    }

    /// The words of the sentence, of the line above and of what heads it.
    fn words(&self, amount: &Amount, seen: &Seen) -> Vec<u32> {
        let segment = &self.segments[seen.segment];
        let kind = if segment.is_row { ROW } else { 0 };
        let mut found: Vec<u32> = seen.words.iter().map(|word| word ^ kind).collect();
        let before = &self.folded[segment.range.start..amount.range.start.max(segment.range.start)];
        let has_few = before.split_whitespace().take(FEW_WORDS).count() < FEW_WORDS;
        if let Some(above) = seen.segment.checked_sub(1)
            && (segment.is_row || has_few)
        {
            let above = &self.folded[self.segments[above].range.clone()];
            let kind: &[u8] = if segment.is_row { b"Pr" } else { b"Ps" };
            push_words_before(kind, above, WORDS_BESIDE, &mut found);
        }
        if let Some(heading) = &segment.heading {
            push_words_before(b"H", &self.folded[heading.clone()], WORDS_BESIDE, &mut found);
        }
        if segment.is_row {
            let row = &self.folded[segment.range.clone()];
            let label = row.split(" | ").next().unwrap_or(row);
            push_words_before(b"T", label, WORDS_BESIDE, &mut found);
            let head =
                column_head(self.text, self.segments, &self.counts, seen.segment, &amount.range);
            if let Some(head) = head {
                push_words_before(b"C", &self.folded[head], WORDS_BESIDE, &mut found);
            }
        }
        found
    }

    /// Where in its row or sentence the amount stands.
    fn push_place(&self, amount: &Amount, seen: &Seen, nth: usize, found: &mut Vec<u32>) {
        let segment = &self.segments[seen.segment];
        let count = self.counts[seen.segment];
        let row = u8::from(segment.is_row);
        let position = [row, at_most(nth, 3), at_most(count, 4)];
        found.push(bucket(&[b"=position", &position]));
        found.push(flag("is last", u8::from(nth + 1 == count)));
        let beside = [
            &self.folded[segment.range.start..amount.range.start.max(segment.range.start)],
            &self.folded[amount.range.end.min(segment.range.end)..segment.range.end],
        ];
        let is_alone = !beside.iter().any(|text| has_words(text));
        found.push(flag("is alone", u8::from(is_alone)));
        if segment.is_row {
            let cells = beside.map(|text| text.matches(" | ").count());
            found.push(flag("is last cell", u8::from(cells[1] == 0)));
            found.push(flag("cells", at_most(cells[0] + cells[1], 5)));
            let goes_on = self.segments.get(seen.segment + 1).is_some_and(|next| next.is_row)
                && self.counts[seen.segment + 1] > 0;
            found.push(flag("is last row", u8::from(!goes_on)));
        }
    }
}

fn flag(name: &str, value: u8) -> u32 {
    bucket(&[b"=", name.as_bytes(), &[value]])
}

fn at_most(count: usize, most: u8) -> u8 {
    u8::try_from(count).map_or(most, |count| count.min(most))
}

/// How the amounts stand to each other.
struct Standing {
    distinct: Vec<i64>,
    differences: BTreeSet<i64>,
    /// Of how many neighbours each is the sum.
    sums: Vec<usize>,
    is_addend: Vec<bool>,
    likeliest: f32,
}

impl Standing {
    fn new(cents: &[i64], seen: &[Seen]) -> Self {
        let distinct: BTreeSet<i64> = cents.iter().copied().collect();
        let distinct: Vec<i64> = distinct.into_iter().collect();
        let few = &distinct[..distinct.len().min(MOST_DIFFERENCES)];
        let mut differences = BTreeSet::new();
        for (at, one) in few.iter().enumerate() {
            for other in few[..at].iter().filter(|other| **other > 0) {
                let difference = one.saturating_sub(*other);
                if difference != *other && distinct.binary_search(&difference).is_ok() {
                    differences.insert(difference);
                }
            }
        }
        let mut sums = vec![0; cents.len()];
        let mut is_addend = vec![false; cents.len()];
        for at in 0..cents.len() {
            let before: Vec<usize> = (0..at).rev().take(LONGEST_SUM).collect();
            let behind: Vec<usize> = (at + 1..cents.len()).take(LONGEST_SUM).collect();
            for neighbours in [before, behind] {
                let mut sum = 0_i64;
                for (count, neighbour) in neighbours.iter().enumerate() {
                    sum = sum.saturating_add(cents[*neighbour]);
                    if count >= 1 && sum == cents[at] {
                        sums[at] = sums[at].max(count + 1);
                        neighbours[..=count].iter().for_each(|addend| is_addend[*addend] = true);
                    }
                }
            }
        }
        let likeliest = seen.iter().map(|one| one.likelihood).fold(0.0, f32::max);
        Self { distinct, differences, sums, is_addend, likeliest }
    }

    fn push(&self, at: usize, cents: &[i64], seen: &[Seen], found: &mut Vec<u32>) {
        let value = cents[at];
        let largest = self.distinct.last().copied().unwrap_or_default();
        let rank =
            self.distinct.len() - 1 - self.distinct.binary_search(&value).unwrap_or_default();
        let is_sum = u8::from(self.sums[at] > 0);
        let is_addend = u8::from(self.is_addend[at]);
        let is_largest = u8::from(value == largest);
        let share = match largest {
            1.. if value >= 0 => (value.saturating_mul(10) / largest) as u8,
            _ => u8::MAX,
        };
        let repeats = cents.iter().filter(|other| **other == value).count();
        let likelihood = seen[at].likelihood;
        let steps = |count: f32| (likelihood * count) as u8;
        let is_likeliest = likelihood == self.likeliest && likelihood > likely::POSSIBLE;
        found.extend([
            flag("is largest", is_largest),
            flag("values", at_most(self.distinct.len(), 8)),
            flag("share of the largest", share),
            flag("rank", at_most(rank, 5)),
            flag("addends", at_most(self.sums[at], 4)),
            flag("is addend", is_addend),
            bucket(&[b"=sums", &[is_sum, is_addend]]),
            bucket(&[b"=largest sum", &[is_largest, is_sum, is_addend]]),
            flag("is difference", u8::from(self.differences.contains(&value))),
            flag("repeats", at_most(repeats, 4)),
            flag("is nought", u8::from(value == 0)),
            flag("from the start", at_most(at, 5)),
            flag("from the end", at_most(cents.len() - 1 - at, 5)),
            flag("likelihood", steps(9.99)),
            flag("is likeliest", u8::from(is_likeliest)),
            bucket(&[b"=likelihood largest", &[steps(4.99), is_largest]]),
            bucket(&[b"=likelihood sum", &[steps(4.99), is_sum]]),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scanned;
    use super::*;

    fn choice(text: &str) -> Choice {
        let model = Model::embedded();
        Scanned::of(text).reader(model, text).choose(model)
    }

    fn money(cents: i64) -> Money {
        Money::from_cents(cents)
    }

    #[test]
    fn of_the_amounts_of_a_mail_the_claim_is_chosen_whatever_it_is_called() {
        for (text, claim) in [
            (
                "zu Ihrer Anfrage 4711/26 geben wir den Stand der Forderung gegen Herrn Muster bekannt.\n\nHauptforderung  1.200,00 EUR\nZinsen  96,40 EUR\nKosten  120,00 EUR\nabzüglich Zahlungen  300,00 EUR\nverbleiben  1.116,40 EUR",
                111_640,
            ),
            (
                "Frau Muster hatte das Fahrrad für 640,00 EUR gekauft und 240,00 EUR angezahlt. Die erste Mahnung kostete 5,00 EUR. Mit allem Drum und Dran fehlen mir bis heute 405,00 EUR.",
                40_500,
            ),
            (
                "Rechnung | berechnet | gezahlt | Rest\n88-2041 | 900,00 € | 400,00 € | 500,00 €\n88-2977 | 140,00 € | 0,00 € | 140,00 €\nKonto gesamt | 1.040,00 € | 400,00 € | 640,00 €",
                64_000,
            ),
        ] {
            let choice = choice(text);
            assert_eq!(choice.likeliest().map(|(value, _)| value), Some(money(claim)), "{text}");
            assert!(choice.share(money(claim)) >= AGREED, "{choice:?}");
            assert!(choice.share(money(claim + 1)) < AGREED, "{choice:?}");
        }
    }

    #[test]
    fn a_sum_to_the_cent_needs_less_of_this_readers_assent() {
        let value = money(50_000);
        let claim = |strength| Claim {
            value,
            strength,
            evidence: 0..0,
            is_bare_sum: false,
            is_unnamed: false,
            segment: None,
            likelihood: 0.0,
        };
        let choice = Choice(BTreeMap::from([(value, 0.6), (money(40_000), 0.2)]));
        assert!(choice.agrees(&claim(Strength::Confirmed)));
        assert!(!choice.agrees(&claim(Strength::Total)));
        let choice = Choice(BTreeMap::from([(value, 0.6), (money(40_000), 0.3)]));
        assert!(!choice.agrees(&claim(Strength::Confirmed)));
    }

    #[test]
    fn the_shares_are_those_of_one_whole() {
        for text in ["5,00 EUR", "1,00 EUR und 1,00 EUR oder 2,00 EUR", "kein Betrag", ""] {
            let sum: f32 = choice(text).0.values().sum();
            assert!((0.0..=1.0 + 1e-4).contains(&sum), "{text}: {sum}");
        }
    }

    #[test]
    fn among_a_flood_of_amounts_none_is_chosen() {
        let text = "Posten 12,00 EUR\n".repeat(MOST_CHOICES + 1);
        assert!(choice(&text).likeliest().is_none());
    }

    #[test]
    fn sums_and_differences_are_seen() {
        let text = "A 100,00 EUR\nB 20,00 EUR\nC 120,00 EUR\nD 90,00 EUR\nE 30,00 EUR";
        let scanned = Scanned::of(text);
        let seen = scanned.reader(Model::embedded(), text).seen;
        let cents: Vec<i64> = scanned.amounts.iter().map(|amount| amount.value.cents()).collect();
        let standing = Standing::new(&cents, &seen);
        assert_eq!(standing.sums, [0, 0, 2, 0, 0]);
        assert_eq!(standing.is_addend, [true, true, false, true, true]);
        assert!(standing.differences.contains(&10_000), "120 - 20 = 100");
    }
}
