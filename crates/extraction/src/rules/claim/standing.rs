//! Whether an amount stands: owed, or a rate, paid, former, hypothetical, of something else.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::part::without_asides;
use super::sentence::{DIRECTLY_BEFORE, Sentence, is_general};
use super::{Reading, Role};
use crate::money::Amount;
use crate::pattern::pattern;
use crate::rules::words::{Sense, Word};
use crate::tail::tail;

/// `12 x EUR ` before an amount, in bytes.
const LONGEST_TIMES: usize = 16;

impl Sentence<'_> {
    /// `inkl. 13,00 EUR Mahnkosten`: the amount itself is what is included.
    pub(super) fn is_included(&self, before: Range<usize>) -> bool {
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

    /// `noch 500 EUR`.
    pub(super) fn follows_still(&self, before: Range<usize>) -> bool {
        static STILL: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"\bnoch(?: (?:mit|genau|exakt|insgesamt|immer))*[ :]*(?:eur|euro|€)?[ *]*$")
        });
        STILL.is_match(&self.folded[before])
    }

    /// `die titulierte Forderung`: what a court or a list took in may be less than is owed.
    pub(super) fn is_part_by_adjective(&self, label: &Word) -> bool {
        // A heading or the head of a column stands outside the segment.
        let before = self.folded.get(self.segment.range.start..label.range.start);
        let before = before.unwrap_or_default().trim_end();
        let word = before.rsplit(' ').next().unwrap_or_default();
        ["titulierte", "ausgeurteilte", "angemeldete", "festgestellte", "eingeklagte", "anerkannte"]
            .iter()
            .any(|part| word.starts_with(part))
    }

    /// `bis zu 500 EUR`, but not `Mieten bis März 500 EUR`.
    pub(super) fn is_limit_of(&self, between: Range<usize>) -> bool {
        static NOTHING_BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ :*|]*(?:(?:zu|zum|je|nur|sofort|monatlich|jeweils|weitere[nr]?|rund|ca\.?|circa|etwa|eur|euro|€)[ :*|]*)*$",
            )
        });
        NOTHING_BETWEEN.is_match(&self.folded[between])
    }

    pub(super) fn is_question(&self) -> bool {
        self.folded[self.segment.range.clone()].trim_end().ends_with('?')
    }

    /// `Von der Forderung haben wir 500 EUR erlassen`: a verb between label and amount.
    pub(super) fn is_torn_off(&self, label: &Word, start: usize) -> bool {
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
        static SHARE: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\bvon (?:der|dieser|unserer|den|diesen) (?:\w+ )?$"));
        let before = self.folded.get(self.segment.range.start..label.range.start);
        if before.is_some_and(|before| SHARE.is_match(before))
            && [" sind ", " ist ", " werden "].iter().any(|verb| between.starts_with(verb))
        {
            return true;
        }
        VERB.find(between).is_some_and(|verb| !CONNECTS.is_match(&between[verb.end()..]))
    }

    /// `Versicherungssumme Gesamtbetrag`, `Gesamtbetrag der Raten`.
    pub(super) fn is_total_of_something_else(&self, left: &[Word], label: Option<&Word>) -> bool {
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
    pub(super) fn is_balance(&self, role: Role, label: Option<&Word>) -> bool {
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

    /// `50 EUR monatlich`, `2,97 EUR pro Tag`.
    pub(super) fn is_rate(&self, amount: &Amount) -> bool {
        static PER_TIME: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:monatlich|mtl|taeglich|jaehrlich|woechentlich|monthly|raten?\b|(?:pro|im|je|per|/|a|in der|jeden|jede|die|am) ?(?:monat|tag|jahr|woche|month|day|week|quartal|kalendertag|rate))",
            )
        });
        static EACH_TIME: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:jeden|pro|je|im|alle) (?:monat|woche|quartal|tag|jahr)(?: (?:je|nur|noch|etwa|mindestens|gerne?|dann|rund))*[ :]*(?:eur|euro|€)?[ *]*$",
            )
        });
        // `zwei Monatsbeiträge (derzeit 2 x 410,27 EUR)`
        static TIMES: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\b[0-9]{1,3} ?(?:x|×|mal) ?(?:eur |euro |€ ?)?$"));
        let before = &self.folded[self.segment.range.start..amount.range.start];
        TIMES.is_match(tail(before, LONGEST_TIMES))
            || PER_TIME.is_match(&self.folded[amount.range.end..self.segment.range.end])
            || EACH_TIME.is_match(before)
    }

    /// `offene Rechnung über 500 EUR`.
    pub(super) fn is_open_before(&self, left: &[Word], label: &Word) -> bool {
        self.amounts.len() == 1
            && left.iter().any(|word| {
                word.sense == Sense::Open
                    && word.range.end <= label.range.start
                    && label.range.start - word.range.end <= DIRECTLY_BEFORE
            })
    }

    /// `Offen sind nur noch Mahnkosten von 24,50 EUR.`
    pub(super) fn is_only_rest(&self, before: Range<usize>) -> bool {
        static ONLY_REST: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:offen|aus|ausstehend)\w*\b.*\bnur noch\b|\bnur noch\b.*\b(?:offen|ausstehend)\w*\b",
            )
        });
        self.amounts.len() == 1 && ONLY_REST.is_match(&self.folded[before])
    }

    /// `sind noch 500 EUR zu zahlen`, without a condition or a plan.
    pub(super) fn is_to_be_paid(&self, amount: &Amount, left_start: usize) -> bool {
        static TO_BE_PAID: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:im soll|im minus|in der kreide|schuldig|aufgelaufen|geltend|im rueckstand|(?:sind|ist|waren?) (?:so |noch |weiterhin |immer noch |auch )*(?:richtig|korrekt|aktuell|zutreffend)|stimmen|stimmt|zu (?:be)?zahlen|zu begleichen|zu entrichten|zu leisten|zu bekommen|zu fordern|zu erhalten|zu ueberweisen|zu verlangen|zu beanspruchen|zu tilgen|zu regulieren|auszugleichen|nachzuzahlen|zurueckzuzahlen|zurueckzufuehren|einzufordern|zu unseren gunsten|zur zahlung)\b",
            )
        });
        static STANDS_OUT: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"^[ |*)]*(?:eur|euro|€)?[ |*)]*aus\b[ .,;:!]*"));
        let after = &without_asides(&self.folded[amount.range.end..self.segment.range.end])[..];
        let before = &self.folded[left_start..amount.range.start];
        let stands_out = STANDS_OUT.is_match(after)
            && ["steht ", "stehen "].iter().any(|verb| before.contains(verb));
        let announced = before.trim_end_matches(['e', 'u', 'r', '€', ' ', ':', '|', '*']);
        let announced = [
            "zu zahlen",
            "zu begleichen",
            "zu entrichten",
            "zu erstatten",
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
                r"\b(?:erwarten|bekommen|kriegen|erhalten wir|verlangen|beanspruchen|fehlen|fehlt)\b(?: \w+){0,3} noch(?: insgesamt)?[ :]*$|\bmacht(?: (?:das|dann|also|zusammen|somit|insgesamt|alles|heute))+[ :]*$|(?:^|[.,;:] ?)(?:es |das )?(?:sind|waeren das|bleiben)(?: (?:es|jetzt|aktuell|derzeit|heute|momentan))* noch(?: (?:insgesamt|genau|exakt))*[ :]*$|\bstand(?: per| vom| zum| am|:)* (?:heute|jetzt|[0-9]{1,2}\. ?(?:[0-9]{1,2}\.|[a-z]+) ?(?:20)?[0-9]{0,2})(?: sind(?: es)?)?(?: noch)?[ :]*$|\brichtig(?:er betrag)? (?:ist|sind|lautet|waere)(?: vielmehr| aber)?[ :]*$",
            )
        });
        static RIGHT: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"\brichtig(?:er betrag)? (?:ist|sind|lautet|waere) nicht\b"));
        let is_correction = left_start > self.segment.range.start
            && RIGHT.is_match(&self.folded[self.segment.range.start..left_start]);
        // `Er muss noch 500 EUR zahlen`.
        static MUST: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"\b(?:muss|muessen|haben?|hat) (?:\w+ ){0,4}noch(?: \w+){0,2}[ :]*$")
        });
        static PAY: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:zahlen|bezahlen|leisten|ausgleichen|begleichen)\b",
            )
        });
        static ALL_BUT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^[ |*)]*(?:eur|euro|€)?[ |*)]*(?:getilgt|beglichen|bezahlt|gezahlt|ausgeglichen|erledigt)\b",
            )
        });
        if MUST.is_match(before) && PAY.is_match(after)
            || before.trim_end().ends_with("bis auf") && ALL_BUT.is_match(after)
        {
            return true;
        }
        // `Wir erwarten noch 50 EUR Zinsen`.
        let names_part = self
            .words_in(
                amount.range.end..(amount.range.end + DIRECTLY_BEFORE).min(self.segment.range.end),
            )
            .first()
            .is_some_and(|word| {
                matches!(word.sense, Sense::Item | Sense::Basis | Sense::Rate)
                    && !self.folded[amount.range.end..word.range.start]
                        .contains(['(', ',', ';', '.'])
            });
        let announced = announced || is_correction || (AWAITED.is_match(before) && !names_part);
        (stands_out || announced || TO_BE_PAID.is_match(after))
            && !self
                .words
                .iter()
                .any(|word| matches!(word.sense, Sense::Supposed | Sense::Rate | Sense::Offer))
    }

    /// The sentence tells what was said before, by the sender or by the office.
    pub(super) fn is_old_news(&self, amount: &Amount) -> bool {
        static TOLD_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"\bhatten?\b.*\b(?:mitgeteilt|genannt|beziffert|angegeben|gemeldet|angemeldet|betragen|belaufen)\b",
                r"|\b(?:ihre[nrm]?|euren?|eurer) (?:unterlagen|aufstellung|angaben|schreiben|anschreiben|liste|angabe|mitteilung)\b",
                r"|\bvon ihnen (?:\w+ ){0,2}(?:genannt|angegeben|mitgeteilt|angenommen|beziffert|aufgefuehrt)",
                r"|\b(?:fuehren|setzen) sie\b[^;]*\ban(?: ?[.,;]|$| und\b)|\bsie (?:nennen|geben|beziffern|gehen|nannten|gaben|schreiben|schrieben)\b|\blaut (?:schuldner|mandant|ihr)|\bangaben (?:des|der|ihre)\b",
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
        // `die von Ihnen mit insgesamt 500 EUR bezifferte Forderung`
        static PUT_DOWN_BY_OFFICE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\bvon ihnen [^;]{0,40}\b(?:genannte|angegebene|mitgeteilte|bezifferte|notierte|angesetzte|aufgefuehrte)\w*",
            )
        });
        if PUT_DOWN_BY_OFFICE.is_match(sentence) && !is_confirmed {
            return true;
        }
        TOLD_BEFORE.is_match(sentence)
            && (sentence.contains("hatten wir") || !(is_confirmed || names_total))
    }

    /// `359,88 EUR überwiesen`: paid, unless it is only wished for or denied.
    ///
    /// `owed` is the place of an amount that is said to be still owed: a payment in an earlier
    /// clause was another one.
    pub(super) fn is_settled(
        &self,
        left: &[Word],
        right: &[Word],
        label: Option<&Word>,
        owed: Option<usize>,
    ) -> bool {
        let sentence = &self.folded[self.segment.range.clone()];
        let own_clause = owed.and_then(|start| {
            let from = self.segment.range.start;
            self.folded[from..start].rfind(", ").map(|comma| from + comma)
        });
        let label_end = label.map_or(0, |word| word.range.end).max(own_clause.unwrap_or(0));
        let settled = |word: &Word| word.sense == Sense::Settled && word.range.start >= label_end;
        (left.iter().any(settled) || right.iter().any(settled))
            && !self.words.iter().any(|word| word.sense == Sense::Supposed)
            && ![
                "bis die",
                "bis der",
                "nicht",
                "kein",
                "nix",
                "nie ",
                "bisher un",
                "ohne ",
                "solange ",
            ]
            .iter()
            .any(|no| sentence.contains(no))
    }

    /// `36 Raten zu 18 EUR, insgesamt 648 EUR`: the sum of a plan.
    pub(super) fn is_sum_of_plan(&self, left: &[Word], earlier: &[Reading]) -> bool {
        let of_plan = |role: Role| matches!(role, Role::Rate | Role::Offer);
        let names_claim = self.words.iter().any(|word| {
            matches!(word.sense, Sense::Claim | Sense::Open)
                || word.sense == Sense::Total && !is_general(&self.folded[word.range.clone()])
        });
        // `Zur Zahlung offen sind insgesamt`: the word alone makes no plan.
        let is_planned = |word: &Word| {
            word.sense == Sense::Rate
                || word.sense == Sense::Offer
                    && !(names_claim && self.folded[word.range.clone()].starts_with("zahlung"))
        };
        left.iter().any(is_planned)
            || earlier.iter().any(|reading| of_plan(reading.role))
            || (!names_claim && !self.segment.is_row && self.previous.is_some_and(of_plan))
    }

    /// `bisherige Forderung`, `betrug 500 EUR`, `statt 500 EUR`.
    pub(super) fn is_former(&self, left: &[Word], label: Option<&Word>, start: usize) -> bool {
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

    /// `Zum 31.12. waren 500 EUR offen`: what was, unless the clause says what is now.
    pub(super) fn is_past(&self, left_start: usize, amount: &Amount) -> bool {
        static WAS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:war|waren|bestand|bestanden|standen|lag|lagen|ergab|ergaben|zeigte|fehlten|schuldete|was|were)\b|\bzuletzt\b|[a-z] stand (?:zuletzt |damals |noch |am |zum |bei )|\bhatten?\b[^,;]*$",
            )
        });
        static POINT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:zum|am|per|bis|vom|im|bei|vor|zuletzt|gestern|seinerzeit|ende|anfang|as of|on)\b",
            )
        });
        static NOW: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:heute|heutigen|jetzt|nun|nunmehr|aktuell\w*|derzeit|inzwischen|mittlerweile|momentan|today|now|currently)\b",
            )
        });
        let before = &self.folded[left_start..amount.range.start];
        let clause = before.rfind(", ").map_or(before, |comma| &before[comma + 2..]);
        let after = &self.folded[amount.range.end..self.segment.range.end];
        let after = after.split([',', ';']).next().unwrap_or_default();
        // `Gesamtforderung zum Zeitpunkt der Kündigung: 500 EUR`.
        static THEN: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"\b(?:zum zeitpunkt|zum stichtag der|bei (?:uebergabe|uebergang|uebernahme|ankauf|abtretung|klageerhebung|aktenuebergabe|kuendigung|vertragsende|titulierung|abgabe)|laut (?:mahnung|mahnbescheid|titel|urteil|vollstreckungsbescheid))\b",
            )
        });
        if THEN.is_match(clause) && !NOW.is_match(clause) {
            return true;
        }
        let is_noun = self.text[left_start..amount.range.start].contains("Stand ");
        let was =
            WAS.find(clause).is_some_and(|found| !(is_noun && found.as_str().contains(" stand ")));
        let was =
            was || after.trim_end().ends_with("betragen hatte") || after.contains(" offen waren");
        was && (POINT.is_match(clause) || POINT.is_match(after)) && !NOW.is_match(clause)
    }

    /// `… 500,00 EUR zzgl. Kosten`: what is stated is not yet all.
    pub(super) fn goes_on_top(&self, amount: &Amount, right: &[Word], role: Role) -> bool {
        let added = right.iter().any(|word| word.sense == Sense::OnTop);
        if added
            && matches!(role, Role::Claim | Role::Total | Role::Sum)
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

    pub(super) fn is_per_day(&self, range: Range<usize>) -> bool {
        let text = &self.folded[range];
        [
            "tageszins",
            "taeglich",
            "pro tag",
            "je tag",
            "kalendertag",
            "jeden tag",
            "weiteren tag",
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
