//! Which word names an amount, and where the words begin that speak of it.

use std::ops::Range;

use super::Role;
use super::sentence::{DIRECTLY_BEFORE, Sentence};
use crate::money::{Amount, scan};
use crate::rules::as_of;
use crate::rules::segments::Segment;
use crate::rules::words::{Sense, Word, words};

/// The head of a table stands within so many rows.
const FURTHEST_HEAD: usize = 40;

impl Sentence<'_> {
    /// Where the words before an amount begin: after the amount before it, except one that an
    /// aside in brackets carries.
    pub(super) fn left_start(&self, at: usize) -> usize {
        let start = self.amounts[at].range.start;
        for before in self.amounts[..at].iter().rev().filter(|before| !before.struck) {
            let between = &self.folded[before.range.end..start];
            let closes = between.find(')');
            let opens = between.find('(');
            let is_aside = closes.is_some_and(|close| opens.is_none_or(|open| close < open));
            if !is_aside {
                let named = self.open_after(before).or_else(|| self.included_part(before));
                // A word behind this amount says nothing of what stands before it.
                let named = named.filter(|word| word.range.end <= start);
                return named.map_or(before.range.end, |word| word.range.end);
            }
        }
        self.segment.range.start
    }

    /// The words of a range without those in closed brackets.
    pub(super) fn words_before(&self, range: Range<usize>) -> Vec<Word> {
        let text = &self.folded[range.clone()];
        let words = self.words_in(range.clone());
        if !text.contains(')') {
            return words.to_vec();
        }
        let mut asides = Vec::new();
        let mut opened = None;
        for (at, c) in text.char_indices() {
            match (c, opened) {
                ('(', _) => opened = Some(at),
                (')', Some(open)) => {
                    asides.push(range.start + open..range.start + at);
                    opened = None;
                }
                _ => {}
            }
        }
        let is_outside =
            |word: &&Word| !asides.iter().any(|aside| aside.contains(&word.range.start));
        words.iter().filter(is_outside).cloned().collect()
    }

    pub(super) fn words_in(&self, range: Range<usize>) -> &[Word] {
        let from = self.words.partition_point(|word| word.range.start < range.start);
        let to = self.words.partition_point(|word| word.range.start < range.end);
        &self.words[from..to.max(from)]
    }

    /// `189,88 EUR offen`.
    pub(super) fn open_after(&self, amount: &Amount) -> Option<&Word> {
        let near =
            amount.range.end..(amount.range.end + DIRECTLY_BEFORE).min(self.segment.range.end);
        let word = self.words_in(near).first()?;
        let between = &self.folded[amount.range.end..word.range.start];
        let adjacent = between.trim().is_empty() || matches!(between.trim(), "eur" | "euro" | "€");
        (word.sense == Sense::Open && adjacent).then_some(word)
    }

    /// `inkl. 15 EUR Mahnspesen sind 655 EUR offen`: the word that names the part.
    fn included_part(&self, amount: &Amount) -> Option<&Word> {
        let near =
            amount.range.end..(amount.range.end + DIRECTLY_BEFORE).min(self.segment.range.end);
        let word = self.words_in(near).first().filter(|word| word.sense == Sense::Item)?;
        self.is_included(self.segment.range.start..amount.range.start).then_some(word)
    }

    /// `offen`, `Gesamtforderung` after the amount.
    pub(super) fn label_after<'w>(
        &self,
        amount: &Amount,
        right: &'w [Word],
        has_basis: bool,
    ) -> Option<&'w Word> {
        let open = right.iter().find(|word| word.sense == Sense::Open);
        // `500 EUR inkl. aller Nebenforderungen` is named by nothing behind it.
        let named =
            right.iter().find(|word| is_label(word.sense) || word.sense == Sense::Inclusive);
        if named.is_some_and(|word| word.sense == Sense::Inclusive) && open.is_none() {
            return None;
        }
        let word = match right.iter().find(|word| is_label(word.sense))? {
            basis if basis.sense == Sense::Basis => open.unwrap_or(basis),
            word => word,
        };
        let near = word.range.start.saturating_sub(amount.range.end) <= DIRECTLY_BEFORE + 8;
        let fits =
            word.sense == Sense::Open || !has_basis && near || !has_basis && !is_claim(word.sense);
        fits.then_some(word)
    }

    /// The words of the line above, or of the head of the amount's column.
    pub(super) fn heading_words(&self, column: Option<Range<usize>>) -> Vec<Word> {
        if let Some(cell) = column {
            return words(self.folded, cell);
        }
        match &self.segment.heading {
            Some(heading) => {
                let amounts = scan(&self.text[heading.clone()]);
                match amounts.last() {
                    None => words(self.folded, heading.clone()),
                    // `nach Gutschrift (39,90 EUR) verbleiben:` announces; a row does not.
                    Some(last) if self.text[heading.clone()].trim_end().ends_with(':') => {
                        words(self.folded, heading.start + last.range.end..heading.end)
                    }
                    Some(_) => Vec::new(),
                }
            }
            None => Vec::new(),
        }
    }

    pub(super) fn column_head(&self, amount: &Amount) -> Option<Range<usize>> {
        column_head(self.text, self.segments, self.counts, self.position, &amount.range)
    }

    /// `Stand 31.12.2025 | Stand heute`: the amount stands in the column of an earlier day.
    pub(super) fn is_of_earlier_day(&self, amount: &Amount) -> bool {
        // The empty cell above the labels of the rows may not be written.
        [0, 1].into_iter().any(|missing| {
            let (text, range) = (self.text, &amount.range);
            let heads =
                column_heads(text, self.segments, self.counts, self.position, range, missing);
            heads.is_some_and(|(column, heads)| {
                let days: Vec<_> = heads.map(|head| as_of::head_day(&self.folded[head])).collect();
                let own = days.get(column).copied().flatten();
                let is_whole = missing == 0 || days.iter().all(Option::is_some);
                own.is_some_and(|own| is_whole && days.iter().flatten().any(|day| *day > own))
            })
        })
    }
}

/// The cell above the amounts of its column that names them all.
pub(super) fn column_head(
    text: &str,
    segments: &[Segment],
    counts: &[usize],
    position: usize,
    amount: &Range<usize>,
) -> Option<Range<usize>> {
    let (column, mut heads) = column_heads(text, segments, counts, position, amount, 0)?;
    heads.nth(column)
}

/// In which column an amount of a table stands, and the cells that head the columns, `missing` less than
/// the row has.
fn column_heads<'t>(
    text: &'t str,
    segments: &[Segment],
    counts: &[usize],
    position: usize,
    amount: &Range<usize>,
    missing: usize,
) -> Option<(usize, impl Iterator<Item = Range<usize>> + use<'t>)> {
    let segment = &segments[position];
    if !segment.is_row {
        return None;
    }
    let row = &text[segment.range.clone()];
    let column = cell_at(row, amount.start.checked_sub(segment.range.start)?)?;
    let cells = row.split(" | ").count();
    let above = segments[..position].iter().enumerate().rev().take(FURTHEST_HEAD);
    for (position, segment) in above.take_while(|(_, segment)| segment.is_row) {
        let head = &text[segment.range.clone()];
        if counts[position] == 0 && head.split(" | ").count() + missing == cells {
            let mut next = segment.range.start;
            let heads = head.split(" | ").map(move |cell| {
                let start = next;
                next += cell.len() + " | ".len();
                start..start + cell.len()
            });
            return Some((column.checked_sub(missing)?, heads));
        }
    }
    None
}

fn cell_at(row: &str, at: usize) -> Option<usize> {
    Some(row.get(..at)?.matches(" | ").count())
}

/// The last word that names an amount, unless it only says what is included or taken off.
pub(super) fn nearest_label(words: &[Word], start: usize) -> Option<&Word> {
    let (mut included, mut deducted) = (false, false);
    let mut nearest: Option<&Word> = None;
    for word in words {
        match word.sense {
            Sense::Inclusive => included = true,
            Sense::Deducted => {
                deducted = true;
                // `nach Zahlung von 500 EUR`: the amount itself is what was taken off.
                if nearest.is_none() || start.saturating_sub(word.range.end) <= DIRECTLY_BEFORE {
                    nearest = Some(word);
                }
            }
            Sense::OnTop => included = false,
            Sense::Item | Sense::Basis if included || deducted => {}
            Sense::Paid | Sense::Rate | Sense::Offer if deducted => {}
            sense if is_label(sense) => {
                (included, deducted) = (false, false);
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
        Sense::Total
            | Sense::Sum
            | Sense::Claim
            | Sense::Open
            | Sense::Item
            | Sense::Basis
            | Sense::Rate
            | Sense::Offer
            | Sense::Paid
            | Sense::Unrelated
    )
}

pub(super) fn is_claim(sense: Sense) -> bool {
    matches!(sense, Sense::Total | Sense::Sum | Sense::Claim | Sense::Open)
}

pub(super) fn role_of(sense: Sense) -> Role {
    match sense {
        Sense::Total => Role::Total,
        Sense::Sum => Role::Sum,
        Sense::Claim | Sense::Open => Role::Claim,
        Sense::Item => Role::Item,
        Sense::Basis => Role::Basis,
        Sense::Rate => Role::Rate,
        Sense::Offer => Role::Offer,
        Sense::Paid | Sense::Deducted => Role::Paid,
        Sense::Unrelated => Role::Unrelated,
        _ => Role::Unknown,
    }
}
