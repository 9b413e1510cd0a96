//! Which of a mail's amounts is the claim as it stands now.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use domain::extraction::Doubt;
use domain::money::Money;
use regex::Regex;

use crate::pattern::pattern;

use super::segments::{Segment, segments};
use super::words::{Sense, Word, words};
use crate::fold::fold;
use crate::money::{Amount, Currency, scan};

/// A modifier this close before an amount, in bytes, speaks of that amount.
const DIRECTLY_BEFORE: usize = 16;

/// A sentence with more amounts says nothing that could be told apart.
const MOST_AMOUNTS: usize = 40;

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
    /// It stands in a column of balances that begins there: the last one is the current.
    running: Option<usize>,
    /// The amounts before it add up to it.
    confirmed: bool,
    /// It is an addend of a confirmed sum.
    in_sum: bool,
}

impl Reading {
    fn unread(amount: Amount) -> Reading {
        Reading {
            evidence: amount.range.clone(),
            amount,
            role: Role::Unknown,
            vague: false,
            on_top: false,
            running: None,
            confirmed: false,
            in_sum: false,
        }
    }
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
    /// Only a word such as `insgesamt` makes it a total: in a plan it may be the plan's.
    pub(super) is_bare_sum: bool,
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

    /// At every place the words beside this amount make it something else than the claim.
    pub(super) fn denies(&self, value: Money) -> bool {
        let mut places = self.readings.iter().filter(|reading| reading.amount.value == value);
        let first = places.next();
        first.into_iter().chain(places).all(|reading| {
            let claim =
                matches!(reading.role, Role::Total | Role::Sum | Role::Claim | Role::Unknown);
            reading.vague || !claim
        }) && first.is_some()
    }
}

/// Reads all amounts of `text`.
pub(super) fn account(text: &str) -> Account {
    let folded = fold(text);
    let segments = segments(text);
    let mut readings = read(text, &folded, &segments);
    keep_last_balance(&mut readings);
    check_sums(&mut readings);
    let mut account = Account::default();
    decide(&mut account, &readings);
    if account.claim.is_some() && has_reservation(&folded) {
        account.doubts.insert(Doubt::Conditional);
    }
    if account.claim.as_ref().is_none_or(|claim| claim.value == Money::ZERO)
        && let Some(evidence) = settled_in_words(&folded, &segments)
        && !account.has_open_amount(&readings)
        && account.claim.is_none()
        && account.doubts.is_empty()
    {
        let strength = Strength::SettledInWords;
        account.claim = Some(Claim { value: Money::ZERO, strength, evidence, is_bare_sum: false });
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

/// The sender says himself that the amount is not the last word.
fn has_reservation(folded: &str) -> bool {
    static RESERVATION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\bnoch nicht (?:mit )?(?:enthalten|eingerechnet|beruecksichtigt|inbegriffen)\b|\bohne gewaehr\b|\bunter vorbehalt\b|\bzwischenstand\b",
            r"|\b(?:genaue|genauer|exakte|endgueltige|abschliessende|korrigierte|aktualisierte)\w* (?:aufstellung|abrechnung|betrag|forderung|hoehe|forderungsaufstellung)\b.*\b(?:folgt|folgen|erhalten|nachgereicht|gesondert|teilen wir)\b",
            r"|\bmuss (?:ich|noch|erst)\b.*\b(?:ausrechnen|pruefen|nachrechnen|nachsehen)\b|\bpruefen wir noch\b|\bwird (?:derzeit|noch|gerade) (?:geprueft|ueberprueft|neu berechnet)\b",
        ))
    });
    RESERVATION.is_match(folded)
}

fn read(text: &str, folded: &str, segments: &[Segment]) -> Vec<Reading> {
    let amounts = scan(text);
    let mut readings: Vec<Reading> = Vec::with_capacity(amounts.len());
    let counts = counts(&amounts, segments);
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
        if within.len() > MOST_AMOUNTS {
            readings.extend(within.iter().cloned().map(Reading::unread));
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
            counts: &counts,
            previous: readings.last().map(|reading| reading.role),
        };
        for at in 0..within.len() {
            let reading = sentence.read(at, &readings[readings.len() - at..]);
            readings.push(reading);
        }
    }
    readings
}

fn counts(amounts: &[Amount], segments: &[Segment]) -> Vec<usize> {
    let mut next = 0;
    let count = |segment: &Segment| {
        let first = next;
        while next < amounts.len() && amounts[next].range.start < segment.range.end {
            next += 1;
        }
        next - first
    };
    segments.iter().map(count).collect()
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
    /// How many amounts each segment has.
    counts: &'a [usize],
    /// What the amount before this segment was.
    previous: Option<Role>,
}

impl Sentence<'_> {
    fn read(&self, at: usize, earlier: &[Reading]) -> Reading {
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
        if left.iter().any(|word| word.sense == Sense::Unrelated) && self.is_balance(role, label) {
            role = Role::Unrelated;
        }
        if matches!(role, Role::Unknown | Role::Basis) && self.is_to_be_paid(&amount, left_start) {
            role = Role::Claim;
        }
        if role == Role::Item && self.is_only_rest(left_start..start) {
            role = Role::Claim;
        }
        if changed_to && matches!(role, Role::Unknown | Role::Former) {
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
        let vague = direct(Sense::Vague) || self.is_on_condition();
        let running = column.filter(|head| {
            let head = self.folded[head.clone()].trim();
            head.ends_with("saldo") || head == "kontostand"
        });
        Reading {
            amount,
            role,
            evidence,
            vague,
            on_top,
            running: running.map(|head| head.start),
            confirmed: false,
            in_sum: false,
        }
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

    /// `sofern bis zum 31. gezahlt wird, beträgt die Forderung …`
    fn is_on_condition(&self) -> bool {
        static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:sofern|soweit|falls|wenn|vorausgesetzt|vorbehaltlich|unter der bedingung|unter vorbehalt|bei (?:\w+ ){0,3}(?:zahlung|eingang|ueberweisung|einmalzahlung)|if|provided)\b",
            )
        });
        CONDITION.is_match(&self.folded[self.segment.range.clone()])
    }

    fn is_question(&self) -> bool {
        self.folded[self.segment.range.clone()].trim_end().ends_with('?')
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
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:zu (?:be)?zahlen|zu begleichen|zu entrichten|zu leisten|zu unseren gunsten|zur zahlung)\b",
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
        TOLD_BEFORE.is_match(sentence)
            && !(CONFIRMED.is_match(sentence) && !sentence.contains(" nicht"))
            && !self.words.iter().any(|word| matches!(word.sense, Sense::Total | Sense::Sum))
            || sentence.contains("hatten wir") && TOLD_BEFORE.is_match(sentence)
    }

    /// `359,88 EUR überwiesen`: paid, unless it is only wished for or denied.
    fn is_settled(&self, left: &[Word], right: &[Word], label: Option<&Word>) -> bool {
        let sentence = &self.folded[self.segment.range.clone()];
        let label_end = label.map_or(0, |word| word.range.end);
        let settled = |word: &Word| word.sense == Sense::Settled && word.range.start >= label_end;
        (left.iter().any(settled) || right.iter().any(settled))
            && !self.words.iter().any(|word| word.sense == Sense::Supposed)
            && !["nicht", "kein", "nix", "nie ", "bisher un", "ohne "]
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
                    || start.saturating_sub(word.range.end) <= DIRECTLY_BEFORE)
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

fn is_stated(role: Role) -> bool {
    matches!(role, Role::Total | Role::Sum | Role::Claim)
}

/// In a column of balances all but the last are former ones.
fn keep_last_balance(readings: &mut [Reading]) {
    let mut column = None;
    for reading in readings.iter_mut().rev() {
        if reading.running.is_some() {
            if reading.running == column {
                reading.role = Role::Former;
            }
            column = reading.running;
        }
    }
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
            if matches!(reading.role, Role::Unrelated) || reading.amount.currency == Currency::Other
            {
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
            && (is_stated(r.role)
                || (matches!(r.role, Role::Item | Role::Basis) && stated.is_empty()))
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
    let best =
        in_euro.iter().max_by_key(|r| (r.confirmed, r.role == Role::Total, r.role == Role::Sum));
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
    account.claim = Some(Claim {
        value: best.amount.value,
        strength,
        evidence: best.evidence.clone(),
        is_bare_sum: best.role == Role::Sum && !best.confirmed,
    });
}

/// `Die Forderung ist vollständig ausgeglichen.`
fn settled_in_words(folded: &str, segments: &[Segment]) -> Option<Range<usize>> {
    static SETTLED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:forderung|forderungen|konto|kundenkonto|vertragskonto|rechnung|rueckstand|betrag|saldo|angelegenheit|vorgang|sache|schuld)\b.*",
            r"\b(?:ist|sind|wurde|wurden)\b.*\b(?:ausgeglichen|beglichen|getilgt|vollstaendig (?:be|ge)zahlt|vollstaendig storniert|storniert)\b",
            r"|\b(?:nichts|kein betrag|keine betraege) mehr (?:offen|zu zahlen|ausstehend|faellig)\b|\b(?:hat|haben) .*\b(?:rechnung|forderung|rueckstand)\b.*\bvollstaendig (?:bezahlt|beglichen|ausgeglichen)\b",
            r"|\bkeine (?:offenen |weiteren |offene |weitere )?(?:forderung|forderungen|rueckstaende|anspruech?e|verbindlichkeiten) mehr\b",
            r"|\bno (?:further )?(?:balance|amount|debt) (?:is )?outstanding\b|\bpaid in full\b"
        ))
    });
    static OPEN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:nicht|noch|teilweise|sobald|wenn|falls|sofern|nach (?:vollstaendiger|zahlung|eingang)|bei zahlung|wuerde|waere|erst|damit|verkauft|abgetreten|ob|bis)\b|\?",
        ))
    });
    segments.iter().map(|segment| segment.range.clone()).find(|range| {
        let sentence = &folded[range.clone()];
        SETTLED.is_match(sentence) && !OPEN.is_match(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The claim in cents, or what stands in its way.
    fn read(text: &str) -> Result<Option<i64>, Vec<Doubt>> {
        let account = account(text);
        if account.doubts.is_empty() {
            let firm = account.claim.filter(|claim| claim.strength > Strength::Bare);
            Ok(firm.map(|claim| claim.value.cents()))
        } else {
            Err(account.doubts.into_iter().collect())
        }
    }

    #[test]
    fn the_claim_is_found_however_it_is_said() {
        for text in [
            "Die Gesamtforderung beläuft sich auf 500,00 EUR.",
            "Unsere Forderung beträgt nach wie vor 500,00 EUR.",
            "Es sind noch 500,00 EUR zu zahlen.",
            "Wir fordern zum heutigen Tag 500,00 EUR zurück.",
            "Herr Muster schuldet uns insgesamt 500,00 EUR.",
            "Frau Muster ist mit insgesamt 500,00 EUR im Verzug, darin 15,50 EUR Mahnkosten.",
            "Es stehen noch 500,00 EUR aus.",
            "500 € sind aus der Reparatur noch offen.",
            "Es sind aktuell 500,00 EUR offen (inkl. 13,00 EUR Mahnkosten).",
            "Der Rückstand aus der Hundesteuer (jährlich 72,00 Euro) beträgt derzeit 500,00 Euro.",
            "Die Restschuld beträgt nach Gutschrift der letzten Rate 500,- EUR.",
            "Kapital | 450,00 EUR\nZinsen | 50,00 EUR\nSumme | 500,00 EUR",
            "Forderung | 600,00 EUR\nabzüglich Zahlung vom 03.03.2026 | 100,00 EUR\nverbleiben | 500,00 EUR",
            "Position | Zinsen | Gesamt\nVertrag 1 | 20,00 | 500,00",
            "Rückstand, Stand heute:\n500,00 EUR",
            "nach Gutschrift der Rücksendung (39,90 €) verbleibt ein Restsaldo von:\n\n500,00 €",
            "Bisheriger Rückstand: 700,00 EUR\nNeuer Rückstand: 500,00 EUR",
            "Die Forderung hat sich von 450,00 EUR auf 500,00 EUR erhöht.",
            "Die genannte Gesamtforderung von 689,00 EUR ist nicht richtig. Richtig ist: Die Gesamtforderung beträgt 500,00 EUR.",
            "Gesamtforderung 500,00 EUR. Zzgl. Tageszinsen von 0,05 EUR.",
            "Gesamtforderung: 500,00 EUR. Wir können 50,00 EUR monatlich akzeptieren.",
            "Total outstanding today: EUR 500.00",
            "Zu zahlen: 500,00 EUR, davon 450,00 EUR Hauptforderung und 50,00 EUR Zinsen.",
            "9 x 55,08 EUR = 495,72 EUR\nZu zahlender Betrag: 500,00 EUR",
            "Die Rechnung über 512,00 EUR ist beglichen. Offen sind nur noch Mahnkosten von 500,00 EUR.",
            "Restsaldo: ~~261,80 EUR~~ 500,00 EUR",
            "Nach Anrechnung auf die bisherige Forderung von 8.612,75 EUR verbleibt eine Restschuld von 500,00 EUR.",
            "Die Rate von 40,00 EUR ist eingegangen. Der Forderungsstand beträgt jetzt 500,00 EUR.",
            "Mit 30,- EUR Mahnkosten schuldet er uns also noch 500,- EUR.",
            "Das Darlehen valutiert noch mit 500,- EUR, bisher wurden 80,- EUR getilgt.",
        ] {
            assert_eq!(read(text), Ok(Some(50_000)), "{text}");
        }
    }

    #[test]
    fn what_is_no_claim_is_never_taken_for_one() {
        for text in [
            "Gegen Zahlung von 500,00 EUR verzichten wir auf die weitergehende Forderung.",
            "Nach Zahlung von 500,00 EUR betrachten wir die Forderung als erledigt.",
            "Bei Eingang von 500,00 EUR erklären wir die gesamte Forderung für erledigt.",
            "Bei Zahlung bis zum 30.06. würde sich die Forderung auf 500,00 EUR reduzieren.",
            "36 Raten zu 18,00 EUR, insgesamt 648,00 EUR.",
            "24 Raten zu je 65,00 EUR. Es ergäben sich Zahlungen von zusammen 1.560,00 EUR.",
            "Der Gesamtbetrag der Teilzahlungen beträgt 812,40 EUR.",
            "Zur Tilgung der Gesamtforderung wären 50,00 EUR monatlich nötig.",
            "Die Hauptforderung beträgt 500,00 EUR.",
            "Zinsen 50,00 EUR\nMahnkosten 5,00 EUR",
            "Nach Ihren Unterlagen beträgt unsere Forderung 500,00 EUR.",
            "Wir hatten Ihnen einen Rückstand von 500,00 EUR mitgeteilt.",
            "Ist es richtig, dass die Gesamtforderung 500,00 EUR beträgt?",
            "Das Konto wies bei der Hausbank einen Sollsaldo von 500,00 EUR auf.",
            "Stammkapital 25.000 EUR",
            "Sofortkredit bis zu 50.000 EUR, schon ab 89,90 EUR.",
            "Der Rückstand von 500,00 EUR wurde am 02.04.2026 überwiesen.",
            "Ursprünglich betrug die Forderung 500,00 EUR.",
            "Das Nettoeinkommen beträgt 2.380,00 EUR.",
            "Die Forderung enthält 53,50 EUR Vollstreckungskosten.",
        ] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn contradictions_and_reservations_are_doubts() {
        let cases = [
            ("Gesamtforderung 500,00 EUR. Offener Betrag: 600,00 EUR.", Doubt::ContradictingTotals),
            ("Vertrag 1: offen 500,00 EUR\nVertrag 2: offen 70,00 EUR", Doubt::ContradictingTotals),
            ("Gesamtforderung CHF 500.00", Doubt::ForeignCurrency),
            ("Saldo: -38,20 EUR", Doubt::NegativeAmount),
            ("Die Forderung beträgt ca. 500,00 EUR.", Doubt::Conditional),
            ("Die Forderung beträgt 500,00 EUR zzgl. Zinsen und Kosten.", Doubt::Conditional),
            ("Gesamtforderung: 5OO,00 EUR", Doubt::Illegible),
            (
                "Sofern bis zum 31.08. gezahlt wird, beträgt die Gesamtforderung 500,00 EUR.",
                Doubt::Conditional,
            ),
            (
                "Die Forderung beträgt 500,00 EUR. Kosten sind noch nicht enthalten.",
                Doubt::Conditional,
            ),
        ];
        for (text, doubt) in cases {
            assert_eq!(read(text), Err(vec![doubt]), "{text}");
        }
    }

    #[test]
    fn a_settled_claim_is_nought_only_where_it_is_said_outright() {
        for text in [
            "Offener Betrag: 0,00 EUR",
            "Die Forderung ist vollständig ausgeglichen.",
            "Es ist nichts mehr offen, die Rechnung ist beglichen.",
        ] {
            assert_eq!(read(text), Ok(Some(0)), "{text}");
        }
        for text in [
            "Die Forderung ist noch nicht ausgeglichen.",
            "Sobald die Forderung ausgeglichen ist, melden wir uns.",
            "Nach vollständiger Zahlung ist die Forderung erledigt.",
            "Ist die Forderung inzwischen beglichen?",
        ] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }
}
