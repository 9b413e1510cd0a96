//! What the words around an amount in one row or sentence make of it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Reading, Role, certainty, is_stated};
use crate::money::{Amount, scan};
use crate::pattern::pattern;
use crate::rules::segments::Segment;
use crate::rules::words::{Sense, Word, words};

/// A modifier this close before an amount, in bytes, speaks of that amount.
const DIRECTLY_BEFORE: usize = 16;

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

impl Sentence<'_> {
    pub(super) fn read(&self, at: usize, earlier: &[Reading]) -> Reading {
        let amount = self.amounts[at].clone();
        let start = amount.range.start;
        let left_start = self.left_start(at);
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

        let mut label = nearest_label(left, start);
        if label.is_none_or(|word| word.sense == Sense::Basis) && is_last {
            label = self.label_after(&amount, right, label.is_some()).or(label);
        }
        if !is_last && label.is_none_or(|word| word.sense == Sense::Basis) {
            label = self.open_after(&amount).or(label);
        }
        // `Mit 30,- EUR Mahnkosten schuldet er 500,- EUR`.
        if !is_last && label.is_none() {
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

        if role == Role::Sum && self.is_sum_of_plan(left, earlier) {
            role = Role::Rate;
        }
        if role == Role::Unknown
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
        if matches!(role, Role::Unknown | Role::Basis | Role::Offer)
            && self.is_to_be_paid(&amount, left_start)
        {
            role = Role::Claim;
        }
        if role == Role::Basis && label.is_some_and(|word| self.is_open_before(left, word)) {
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
        if direct(Sense::Inclusive) && self.is_included(left_start..start) {
            role = Role::Item;
        }
        if direct(Sense::Limit) || self.is_question() {
            role = Role::Unrelated;
        }
        if self.is_rate(&amount) {
            role = Role::Rate;
        }
        if is_stated(role) || role == Role::Basis {
            if amount.struck || self.is_former(left, label, start) || self.is_old_news(&amount) {
                role = Role::Former;
            } else if self.is_settled(left, right, label) {
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
        let vague =
            direct(Sense::Vague) || certainty::is_hedged(&self.folded[self.segment.range.clone()]);
        let running = column.filter(|head| {
            let head = self.folded[head.clone()].trim();
            head.ends_with("saldo") || head == "kontostand"
        });
        let sentence = &self.folded[self.segment.range.clone()];
        let is_owed = self.segment.is_row
            || label.is_some_and(|word| word.range.start <= self.segment.range.start + 2)
            || has(Sense::Claim)
            || has(Sense::Open)
            || has(Sense::Total)
            || ["steht ", "stehen ", "zu zahlen", "geltend"]
                .iter()
                .any(|word| sentence.contains(word));
        Reading {
            amount,
            role,
            evidence,
            segment: self.position,
            is_alone: self.is_alone(),
            is_owed,
            is_credit: certainty::is_credit(sentence),
            vague,
            on_top,
            running: running.map(|head| head.start),
            confirmed: false,
            in_sum: false,
        }
    }

    /// Nothing but one amount stands in this line.
    fn is_alone(&self) -> bool {
        let text = self.folded[self.segment.range.clone()].replace("euro", "").replace("eur", "");
        self.amounts.len() == 1 && !text.contains(|c: char| c.is_ascii_alphabetic())
    }

    /// Where the words before an amount begin: after the amount before it, except one that an
    /// aside in brackets carries.
    fn left_start(&self, at: usize) -> usize {
        let start = self.amounts[at].range.start;
        for before in self.amounts[..at].iter().rev().filter(|before| !before.struck) {
            let between = &self.folded[before.range.end..start];
            let closes = between.find(')');
            let opens = between.find('(');
            let is_aside = closes.is_some_and(|close| opens.is_none_or(|open| close < open));
            if !is_aside {
                return self.open_after(before).map_or(before.range.end, |word| word.range.end);
            }
        }
        self.segment.range.start
    }

    /// The words of a range without those in closed brackets.
    fn words_before(&self, range: Range<usize>) -> Vec<Word> {
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

    /// `189,88 EUR offen`.
    fn open_after(&self, amount: &Amount) -> Option<&Word> {
        let near =
            amount.range.end..(amount.range.end + DIRECTLY_BEFORE).min(self.segment.range.end);
        let word = self.words_in(near).first()?;
        let between = &self.folded[amount.range.end..word.range.start];
        let adjacent = between.trim().is_empty() || matches!(between.trim(), "eur" | "euro" | "€");
        (word.sense == Sense::Open && adjacent).then_some(word)
    }

    /// `inkl. 13,00 EUR Mahnkosten`: the amount itself is what is included.
    fn is_included(&self, before: Range<usize>) -> bool {
        let before = self.folded[before].trim_end_matches([' ', '*']);
        let before = before.trim_end_matches("eur").trim_end_matches('€').trim_end();
        let word = before.rsplit([' ', '(']).next().unwrap_or_default();
        matches!(
            word.trim_end_matches('.'),
            "inkl"
                | "inklusive"
                | "einschl"
                | "einschliesslich"
                | "incl"
                | "including"
                | "nebst"
                | "samt"
                | "sowie"
                | "ohne"
                | "exkl"
        )
    }

    fn is_question(&self) -> bool {
        self.folded[self.segment.range.clone()].trim_end().ends_with('?')
    }

    /// `Von der Forderung haben wir 500 EUR erlassen`: a verb between label and amount.
    fn is_torn_off(&self, label: &Word, start: usize) -> bool {
        static VERB: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:haben|hat|hatte|hatten|wurde|wurden|werden|wird|bieten|zahlen|zahlt|zahlte)\b",
            )
        });
        static CONNECTS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:betraeg\w*|belaeuf\w*|belauf\w*|in hoehe|i\. ?h|auf|mit|ueber|lautet|noch)\b|:",
            )
        });
        if label.range.end >= start || label.sense == Sense::Open {
            return false;
        }
        let between = &self.folded[label.range.end..start];
        VERB.find(between).is_some_and(|verb| !CONNECTS.is_match(&between[verb.end()..]))
    }

    /// `Versicherungssumme Gesamtbetrag`, `Gesamtbetrag der Raten`.
    fn is_total_of_something_else(&self, left: &[Word], label: Option<&Word>) -> bool {
        let Some(label) = label else { return false };
        let word = &self.folded[label.range.clone()];
        let is_general = ["betrag", "betrages", "summe"].iter().any(|end| word.ends_with(end))
            && label.sense == Sense::Total;
        let other = |word: &Word| {
            matches!(word.sense, Sense::Unrelated | Sense::Rate | Sense::Offer)
                && word.range.end < label.range.start
        };
        is_general
            && left.iter().any(other)
            && !self.words.iter().any(|word| matches!(word.sense, Sense::Claim | Sense::Open))
    }

    /// A balance or sum that may be anybody's: of a bank account, of an income.
    fn is_balance(&self, role: Role, label: Option<&Word>) -> bool {
        let names_claim = self.words.iter().any(|word| {
            matches!(word.sense, Sense::Claim | Sense::Open)
                && !self.folded[word.range.clone()].ends_with("saldo")
                && &self.folded[word.range.clone()] != "kontostand"
        });
        let is_saldo = label.is_some_and(|word| {
            let word = &self.folded[word.range.clone()];
            word.ends_with("saldo") || word == "kontostand"
        });
        (role == Role::Sum || (role == Role::Claim && is_saldo)) && !names_claim
    }

    fn words_in(&self, range: Range<usize>) -> &[Word] {
        let from = self.words.partition_point(|word| word.range.start < range.start);
        let to = self.words.partition_point(|word| word.range.start < range.end);
        &self.words[from..to.max(from)]
    }

    /// The words of the line above, or of the head of the amount's column.
    fn heading_words(&self, column: Option<Range<usize>>) -> Vec<Word> {
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

    fn column_head(&self, amount: &Amount) -> Option<Range<usize>> {
        if !self.segment.is_row {
            return None;
        }
        let row = &self.text[self.segment.range.clone()];
        let column = cell_at(row, amount.range.start - self.segment.range.start)?;
        let cells = row.split(" | ").count();
        let above = self.segments[..self.position].iter().enumerate().rev().take(40);
        for (position, segment) in above.take_while(|(_, segment)| segment.is_row) {
            let head = &self.text[segment.range.clone()];
            if self.counts[position] == 0 && head.split(" | ").count() == cells {
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
            pattern(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:monatlich|mtl|taeglich|jaehrlich|woechentlich|monthly|raten?\b|(?:pro|im|je|per|/|a|in der|jeden) ?(?:monat|tag|jahr|woche|month|day|week|quartal|kalendertag|rate))",
            )
        });
        PER_TIME.is_match(&self.folded[amount.range.end..self.segment.range.end])
    }

    /// `offene Rechnung über 500 EUR`.
    fn is_open_before(&self, left: &[Word], label: &Word) -> bool {
        self.amounts.len() == 1
            && left.iter().any(|word| {
                word.sense == Sense::Open
                    && word.range.end <= label.range.start
                    && label.range.start - word.range.end <= DIRECTLY_BEFORE
            })
    }

    /// `Offen sind nur noch Mahnkosten von 24,50 EUR.`
    fn is_only_rest(&self, before: Range<usize>) -> bool {
        static ONLY_REST: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:offen|aus|ausstehend)\w*\b.*\bnur noch\b|\bnur noch\b.*\b(?:offen|ausstehend)\w*\b",
            )
        });
        self.amounts.len() == 1 && ONLY_REST.is_match(&self.folded[before])
    }

    /// `sind noch 500 EUR zu zahlen`, without a condition or a plan.
    fn is_to_be_paid(&self, amount: &Amount, left_start: usize) -> bool {
        static TO_BE_PAID: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:zu (?:be)?zahlen|zu begleichen|zu entrichten|zu leisten|zu bekommen|zu unseren gunsten|zur zahlung)\b",
            )
        });
        static STANDS_OUT: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"^[ |*)]*(?:eur|euro|€)?[ |*)]*aus\b[ .,;:!]*"));
        let after = &self.folded[amount.range.end..self.segment.range.end];
        let before = &self.folded[left_start..amount.range.start];
        let stands_out = STANDS_OUT.is_match(after)
            && ["steht ", "stehen "].iter().any(|verb| before.contains(verb));
        let announced = before.trim_end_matches(['e', 'u', 'r', '€', ' ', ':', '|', '*']);
        let announced = [
            "zu zahlen",
            "zu begleichen",
            "zu ueberweisen",
            "zu zahlender b",
            "zu zahlender betrag",
        ]
        .iter()
        .any(|words| announced.ends_with(words));
        static DUE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^[ |*)]*(?:eur|euro|€)?[ |*)]*zur zahlung (?:offen|faellig)\b")
        });
        if DUE.is_match(after) {
            return true;
        }
        static AWAITED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:erwarten|bekommen|fehlen|fehlt)\b(?: \w+){0,3} noch[ :]*$|\bmacht das(?: \w+){0,2}[ :]*$",
            )
        });
        let announced = announced || AWAITED.is_match(before);
        (stands_out || announced || TO_BE_PAID.is_match(after))
            && !self
                .words
                .iter()
                .any(|word| matches!(word.sense, Sense::Supposed | Sense::Rate | Sense::Offer))
    }

    /// The sentence tells what was said before, by the sender or by the office.
    fn is_old_news(&self, amount: &Amount) -> bool {
        static TOLD_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"\bhatten?\b.*\b(?:mitgeteilt|genannt|beziffert|angegeben|gemeldet|angemeldet|betragen|belaufen)\b",
                r"|\b(?:ihre[nrm]?|euren?|eurer) (?:unterlagen|aufstellung|angaben|schreiben|anschreiben|liste|angabe|mitteilung)\b",
                r"|\bvon ihnen (?:\w+ ){0,2}(?:genannt|angegeben|mitgeteilt|angenommen|beziffert|aufgefuehrt)",
                r"|\bsie (?:nennen|geben|beziffern|gehen|nannten|gaben|schreiben|schrieben)\b|\blaut (?:schuldner|mandant|ihr)|\bangaben (?:des|der|ihre)\b",
                r"|\b(?:you|your) (?:stated|mentioned|letter|records)\b"
            ))
        });
        static CONFIRMED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"\b(?:korrekt|richtig|zutreffend|trifft zu|stimmt|stimmen|bestaetig\w*)\b")
        });
        static DENIED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:nicht (?:mehr )?(?:richtig|korrekt|zutreffend|aktuell|zu)|unrichtig|unzutreffend|falsch|fehlerhaft|irrtuemlich\w*|versehentlich|ueberholt|gegenstandslos|hinfaellig)\b",
            )
        });
        let sentence = &self.folded[self.segment.range.clone()];
        if DENIED.is_match(&self.folded[amount.range.end..self.segment.range.end]) {
            return true;
        }
        let is_confirmed = CONFIRMED.is_match(sentence) && !sentence.contains(" nicht");
        let names_total =
            self.words.iter().any(|word| matches!(word.sense, Sense::Total | Sense::Sum));
        TOLD_BEFORE.is_match(sentence)
            && (sentence.contains("hatten wir") || !(is_confirmed || names_total))
    }

    /// `359,88 EUR überwiesen`: paid, unless it is only wished for or denied.
    fn is_settled(&self, left: &[Word], right: &[Word], label: Option<&Word>) -> bool {
        let sentence = &self.folded[self.segment.range.clone()];
        let label_end = label.map_or(0, |word| word.range.end);
        let settled = |word: &Word| word.sense == Sense::Settled && word.range.start >= label_end;
        (left.iter().any(settled) || right.iter().any(settled))
            && !self.words.iter().any(|word| word.sense == Sense::Supposed)
            && !["bis die", "bis der", "nicht", "kein", "nix", "nie ", "bisher un", "ohne "]
                .iter()
                .any(|no| sentence.contains(no))
    }

    /// `offen`, `Gesamtforderung` after the amount.
    fn label_after<'w>(
        &self,
        amount: &Amount,
        right: &'w [Word],
        has_basis: bool,
    ) -> Option<&'w Word> {
        let is_open = |word: &&Word| word.sense == Sense::Open;
        let word = match right.iter().find(|word| is_label(word.sense))? {
            basis if basis.sense == Sense::Basis => right.iter().find(is_open).unwrap_or(basis),
            word => word,
        };
        let near = word.range.start.saturating_sub(amount.range.end) <= DIRECTLY_BEFORE + 8;
        let fits =
            word.sense == Sense::Open || !has_basis && near || !has_basis && !is_claim(word.sense);
        fits.then_some(word)
    }

    /// `36 Raten zu 18 EUR, insgesamt 648 EUR`: the sum of a plan.
    fn is_sum_of_plan(&self, left: &[Word], earlier: &[Reading]) -> bool {
        let of_plan = |role: Role| matches!(role, Role::Rate | Role::Offer);
        let names_claim = self
            .words
            .iter()
            .any(|word| matches!(word.sense, Sense::Claim | Sense::Open | Sense::Total));
        left.iter().any(|word| matches!(word.sense, Sense::Rate | Sense::Offer))
            || earlier.iter().any(|reading| of_plan(reading.role))
            || (!names_claim && !self.segment.is_row && self.previous.is_some_and(of_plan))
    }

    /// `bisherige Forderung`, `betrug 500 EUR`, `statt 500 EUR`.
    fn is_former(&self, left: &[Word], label: Option<&Word>, start: usize) -> bool {
        let label_start = label.map_or(start, |word| word.range.start);
        let speaks_of_it = |word: &&Word| {
            word.sense == Sense::Former
                && (word.range.end <= label_start
                    || start.saturating_sub(word.range.end) <= DIRECTLY_BEFORE
                    || matches!(
                        &self.folded[word.range.clone()],
                        "betrug" | "betrugen" | "belief" | "beliefen" | "lautete"
                    ))
        };
        let Some(former) = left.iter().rev().find(speaks_of_it) else { return false };
        !left.iter().any(|word| word.sense == Sense::Current && word.range.start > former.range.end)
    }

    /// `… 500,00 EUR zzgl. Kosten`: what is stated is not yet all.
    fn goes_on_top(&self, amount: &Amount, right: &[Word], role: Role) -> bool {
        let added = right.iter().any(|word| word.sense == Sense::OnTop);
        if added
            && role == Role::Claim
            && !self.is_per_day(amount.range.end..self.segment.range.end)
        {
            return true;
        }
        let follows = self.amounts.iter().any(|other| other.range.start > amount.range.end);
        if added && follows {
            return !self.is_per_day(amount.range.end..self.segment.range.end);
        }
        let Some(next) = self.segments.get(self.position + 1) else { return false };
        let sentence = &self.folded[next.range.clone()];
        ["zzgl", "zuzueglich", "plus ", "hinzu kommen"]
            .iter()
            .any(|word| sentence.starts_with(word))
            && self.counts[self.position + 1] > 0
            && !self.is_per_day(next.range.clone())
    }

    fn is_per_day(&self, range: Range<usize>) -> bool {
        let text = &self.folded[range];
        [
            "tageszins",
            "taeglich",
            "pro tag",
            "je tag",
            "kalendertag",
            "per diem",
            "zinsen seit",
            "weitere zinsen",
            "weiterer zinsen",
            "laufende zinsen",
            "laufender zinsen",
        ]
        .iter()
        .any(|word| text.contains(word))
    }
}

fn cell_at(row: &str, at: usize) -> Option<usize> {
    Some(row.get(..at)?.matches(" | ").count())
}

/// The last word that names an amount, unless it only says what is included or taken off.
fn nearest_label(words: &[Word], start: usize) -> Option<&Word> {
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

fn is_claim(sense: Sense) -> bool {
    matches!(sense, Sense::Total | Sense::Sum | Sense::Claim | Sense::Open)
}

fn role_of(sense: Sense) -> Role {
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
