//! Which part of a sentence speaks of an amount, and whose words they are.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::sentence::Sentence;
use crate::money::Amount;
use crate::pattern::pattern;

/// A shorter passage in quotation marks is a name or a word, not somebody's statement.
const SHORTEST_CITATION: usize = 40;

impl Sentence<'_> {
    /// Where the part begins that an amount stands in: after the last word that draws a conclusion
    /// or corrects (`…, sodass heute noch`, `nicht …, sondern`). What was said before it, a payment
    /// or a denial, is not said of this amount.
    pub(super) fn part_start(&self, amount: &Amount) -> usize {
        static CONCLUDES: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"\b(?:sodass|so dass|womit|somit|mithin|folglich|demnach|sondern|vielmehr)\b")
        });
        let before = &self.folded[self.segment.range.start..amount.range.start];
        let last = CONCLUDES.find_iter(before).last();
        last.map_or(self.segment.range.start, |found| self.segment.range.start + found.end())
    }

    /// `nicht 500 EUR, sondern 400 EUR`: the first of the two.
    pub(super) fn is_corrected(&self, amount: &Amount) -> bool {
        static CORRECTS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^[^0-9]*\b(?:sondern|vielmehr|richtig (?:ist|sind|waere|lautet))\b")
        });
        static DENIES: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\b(?:nicht|weder|noch nie|keine[nrs]?|statt|anstelle)\b"));
        let before = &self.folded[self.part_start(amount)..amount.range.start];
        let after = &self.folded[amount.range.end..self.segment.range.end];
        DENIES.is_match(before) && CORRECTS.is_match(after)
    }

    /// The words around an amount between commas.
    pub(super) fn clause_of(&self, amount: &Amount) -> &str {
        let (from, to) = (self.part_start(amount), self.segment.range.end);
        let before = self.folded[from..amount.range.start].rfind([',', ';']);
        let after = self.folded[amount.range.end..to].find([',', ';']);
        let start = before.map_or(from, |comma| from + comma + 1);
        &self.folded[start..after.map_or(to, |comma| amount.range.end + comma)]
    }

    /// The words that may deny an amount: its own part of the sentence, without asides in brackets
    /// and without later clauses that speak of something else.
    pub(super) fn deniable(&self, amount: &Amount) -> String {
        static OTHER_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"^ ?(?:der|die|das|den|dem|was|wobei|wovon|welche\w*|soweit|sofern|wenn|falls|ob|es|er|sie|dies\w*|aber|jedoch|allerdings|nur|wie)\b",
                r"|forderung|betrag|summe|saldo|rueckst|gesamt|stand|schuld|zins|kosten|gebuehr|(?:^|[^nl])zahlung|eingang|gutschrift|richtig|korrekt|verbindlich",
            ))
        });
        let from = self.part_start(amount);
        let before = &self.folded[from..amount.range.start];
        let after = &self.folded[amount.range.end..self.segment.range.end];
        let mut kept = without_asides(before);
        kept.push_str(&self.folded[amount.range.clone()]);
        for (at, clause) in after.split(", ").enumerate() {
            if at == 0 || OTHER_SUBJECT.is_match(clause) {
                kept.push_str(", ");
                kept.push_str(clause);
            }
        }
        kept
    }

    /// Two amounts of which either may be meant: `500 EUR oder bis zu 600 EUR`.
    pub(super) fn is_alternative(&self, at: usize) -> bool {
        static EITHER: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ *)]*(?:eur|euro|€)?[ *),]*(?:oder|bzw\.?|beziehungsweise|bis(?: zu)?|or|up to|and/or|und/oder)\b(?: [a-z]+){0,3}[ :]*(?:eur|euro|€)?[ *]*$",
            )
        });
        let joined = |one: &Amount, other: &Amount| {
            EITHER.is_match(&self.folded[one.range.end..other.range.start])
        };
        let here = &self.amounts[at];
        at.checked_sub(1).is_some_and(|before| joined(&self.amounts[before], here))
            || self.amounts.get(at + 1).is_some_and(|after| joined(here, after))
    }

    /// Whether one of these places is said to the reader: `Ihre Forderung`, and not `ihre`, unless the
    /// sentence has no capitals.
    fn speaks_to<'t>(&self, mut places: impl Iterator<Item = regex::Match<'t>>) -> bool {
        let from = self.segment.range.start;
        let has_capitals = self.text[self.segment.range.clone()].contains(char::is_uppercase);
        places.any(|place| {
            let starts_small = self.text[from + place.start()..].starts_with(char::is_lowercase);
            !(has_capitals && starts_small && place.as_str().starts_with("ihre"))
        })
    }

    /// The sentence tells what the debtor says or the office wrote, or repeats a subject line.
    pub(super) fn is_of_others(&self, amount: &Amount) -> bool {
        static SPEAKS_TO_CREDITOR: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                // A creditor calls its own claim `unsere`.
                r"\b(?:ihre[rn]?|eure[rn]?) (?:(?:aktuelle|derzeitige|offene|angebliche|o\. ?g\.|genannte|geltend gemachte)[rn]? )?(?:gesamt|haupt|rest)?forderung\b",
                r"|\b(?:schuldet|schulden|schulde) ihnen\b|\bihnen (?:\w+ ){0,3}(?:schuldet|schulden)\b|\bsie machen\b.*\bgeltend\b|\bsie (?:fordern|verlangen|beanspruchen)\b",
                r"|\byour (?:total )?claim\b|\bowes you\b"
            ))
        });
        static DEBTOR_SAYS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"\b(?:mandant\w*|klient\w*|schuldner\w*|kund(?:e|in)|versicherte\w*|mieter\w*|patient\w*|herr \w+|frau \w+|er|sie) (?:\w+ ){0,5}(?:behaupte\w*|mein(?:t|te)|glaubt\w*|sag(?:t|te)|gibt an|gab an|angegeben|traegt vor|trug vor|vorgetragen|ist der (?:meinung|auffassung|ansicht|ueberzeugung)|geht (?:\w+ )?davon aus|ging (?:\w+ )?davon aus)\b",
                r"|\b(?:behauptung|darstellung|auffassung|meinung|angaben?|aussage) (?:de[sr]|ihre[rs]|seine[rs])\b|\bangeblich\w*\b",
                r"|\b(?:client|debtor|customer|he|she) (?:\w+ ){0,3}(?:told|says|said|claims|claimed|believes|thinks|stated)\b"
            ))
        });
        let sentence = &self.folded[self.segment.range.clone()];
        static SUBJECT_LINE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ *]*(?:betreff|subject|betr\.)(?: (?:ihrer|deiner|eurer|of your|your) [a-z-]+)? ?:",
            )
        });
        let is_subject_line = SUBJECT_LINE.is_match(sentence);
        is_subject_line
            || self.speaks_to(SPEAKS_TO_CREDITOR.find_iter(sentence))
            || DEBTOR_SAYS.is_match(&self.folded[self.segment.range.start..amount.range.start])
    }

    /// `Der Rückstand von 500 EUR wurde mit dem Guthaben verrechnet`: what was before that.
    pub(super) fn is_offset(&self, amount: &Amount) -> bool {
        static OFFSET: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:wurde|wurden|ist|sind|haben wir|habe ich)\b[^;]*\b(?:mit|gegen|um)\b[^;]*\b(?:verrechnet|aufgerechnet|gemindert|gekuerzt|verringert|reduziert|ermaessigt)\b",
            )
        });
        OFFSET.is_match(&self.folded[amount.range.end..self.segment.range.end])
    }

    /// `Auf die Forderung von 500 EUR verzichten wir`, `wir buchen 500 EUR aus`, and the whole of
    /// `500 EUR sind bis auf 120 EUR getilgt`.
    pub(super) fn is_waived(&self, amount: &Amount) -> bool {
        static WAIVES: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\bauf\b[^;]*\bverzicht\w*|\bverzicht\w*\b[^;]*\bauf\b|\b(?:buchen|buche|schreiben|schreibe)\b[^;]*\b(?:aus|ab)\b *[.,;]?$|\b(?:ausbuchen|abschreiben|niederschlagen|titulieren lassen)\b",
            )
        });
        static ALL_BUT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[^;]*\bbis auf\b[^;]*\b(?:getilgt|beglichen|bezahlt|gezahlt|ausgeglichen|erledigt)\b",
            )
        });
        let from = self.part_start(amount);
        let clause = &self.folded[from..amount.range.start];
        let from = clause.rfind(", ").map_or(from, |comma| from + comma + 2);
        let after = &self.folded[amount.range.end..self.segment.range.end];
        let to = after.find(", ").map_or(self.segment.range.end, |comma| amount.range.end + comma);
        // `Die Rechnungen über zusammen 299,40 EUR wurden storniert`.
        static CANCELLED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^ ?(?:eur|euro|€)?,? (?:sind|ist|wurden?|haben wir|ist damit)\b[^;]*\b(?:storniert|annulliert|aufgehoben|ausgebucht)\b",
            )
        });
        static NOT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:nicht|kein\w*|weder)\b"));
        WAIVES.is_match(&self.folded[from..to])
            || ALL_BUT.is_match(after)
            || CANCELLED.is_match(after) && !NOT.is_match(after)
    }

    /// `Die Differenz setzt sich aus 541 EUR Zinsen und 62 EUR Auslagen zusammen`: parts, however the
    /// sentence ends.
    pub(super) fn is_constituent(&self, amount: &Amount) -> bool {
        static SET_TOGETHER: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\bsetz(?:t|en) sich\b[^.;]*\baus\b"));
        SET_TOGETHER.is_match(&self.folded[self.segment.range.start..amount.range.start])
            && self.folded[amount.range.end..self.segment.range.end].contains("zusammen")
    }

    /// `Mit dem Februar (zusammen 121,50 EUR) sind es 4.011,70 EUR`: the sum in brackets is a part of what
    /// stands outside.
    pub(super) fn is_sum_in_brackets(&self, amount: &Amount) -> bool {
        let before = &self.folded[self.segment.range.start..amount.range.start];
        let opens = before.rfind('(').is_some_and(|open| !before[open..].contains(')'));
        let goes_on = |other: &Amount| {
            other.range.start > amount.range.end
                && self.folded[amount.range.end..other.range.start].contains(')')
        };
        opens && self.amounts.iter().any(goes_on)
    }

    /// `Nach Ihren Unterlagen 500 EUR. Stimmt das?`: the amount is what is asked.
    pub(super) fn is_asked_about(&self) -> bool {
        static ASKS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^(?:stimmt|trifft|ist|sind|gilt|besteht)\b[^.!]*\b(?:das|dies|diese[rs]?|noch|so)\b[^.!]*\?$|^wie hoch ist\b[^.!]*\?$",
            )
        });
        self.segments.get(self.position + 1).is_some_and(|next| {
            !next.starts_paragraph && ASKS.is_match(self.folded[next.range.clone()].trim())
        })
    }

    /// The sentence says that the amount does not belong to this claim.
    pub(super) fn is_excluded(&self) -> bool {
        static EXCLUDES: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"\bnicht (?:\w+ ){0,2}(?:gegenstand|teil (?:der|dieser|ihrer|unserer)|betroffen|relevant)\b|\bgehoer(?:t|en) (?:\w+ ){0,3}nicht\b|\bhat (?:\w+ ){0,4}nichts zu tun\b|\bausser betracht\b|\baussen vor\b",
                r"|\b(?:konto|girokonto|kredit|saldo|sollsaldo|schulden|rueckstand|forderung) (?:ihre[rs]|seine[rs]|de[rs]|gegen (?:den|die|ihren|seine)) (?:\w+ )?(?:ehemann\w*|ehefrau|ehegatt\w*|ehepartner\w*|sohn\w*|tochter|bruder\w*|schwester|mutter|vater\w*|lebensgefaehrt\w*|mitschuldner\w*|buerge\w*|schwesterfirma|schwestergesellschaft|tochtergesellschaft|muttergesellschaft)\b",
            ))
        });
        EXCLUDES.is_match(&self.folded[self.segment.range.clone()])
    }
}

/// Passages in quotation marks that are long enough to be somebody's statement.
pub(super) fn citations(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut opened: Option<(usize, char)> = None;
    let mut previous = '\n';
    for (at, c) in text.char_indices() {
        match (c, opened) {
            // A quotation does not reach over a blank line; a mark without partner is none.
            ('\n', Some(_)) if previous == '\n' => opened = None,
            ('„' | '»' | '“', None) => opened = Some((at, c)),
            ('"', None) if !previous.is_alphanumeric() => opened = Some((at, c)),
            ('“' | '”' | '«' | '"', Some((start, mark))) => {
                let closes = if mark == '"' { c == '"' } else { c != '"' || mark == '„' };
                if closes {
                    if at - start >= SHORTEST_CITATION {
                        found.push(start..at);
                    }
                    opened = None;
                }
            }
            _ => {}
        }
        previous = c;
    }
    found
}

pub(super) fn without_asides(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let Some(close) = rest[open..].find(')') else { break };
        kept.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    kept.push_str(rest);
    kept
}
