//! The parts of a mail in which names and numbers are looked for, and how they are found there.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::clean::CleanedMail;
use crate::fold::fold;
use crate::pattern::pattern;

/// Where a field was read, by the names that [`domain::extraction::Evidence`] uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Subject,
    Body,
    Quote,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        match self {
            Source::Subject => "subject",
            Source::Body => "body",
            Source::Quote => "quote",
        }
    }

    pub(super) fn text(self, mail: &CleanedMail) -> &str {
        match self {
            Source::Subject => &mail.subject,
            Source::Body => &mail.body,
            Source::Quote => &mail.quote,
        }
    }
}

/// A mail in the parts that are read for names and numbers.
pub(super) struct Texts<'a> {
    pub(super) mail: &'a CleanedMail,
    pub(super) subject: Text<'a>,
    pub(super) body: Text<'a>,
    pub(super) quote: Text<'a>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(mail: &'a CleanedMail) -> Self {
        let [subject, body, quote] = [Source::Subject, Source::Body, Source::Quote]
            .map(|source| Text::new(source, source.text(mail)));
        Self { mail, subject, body, quote }
    }

    pub(super) fn of_source(&self, source: Source) -> &Text<'a> {
        match source {
            Source::Subject => &self.subject,
            Source::Body => &self.body,
            Source::Quote => &self.quote,
        }
    }
}

/// One part of a mail.
pub(super) struct Text<'a> {
    pub(super) source: Source,
    pub(super) text: &'a str,
    /// Byte for byte as long as the text.
    pub(super) folded: String,
    /// Where words set something aside.
    asides: OnceCell<Vec<Range<usize>>>,
}

/// No sentence that sets something aside reaches further from what it names, in bytes.
const LONGEST_ASIDE: usize = 300;

impl<'a> Text<'a> {
    fn new(source: Source, text: &'a str) -> Self {
        Self { source, text, folded: fold(text), asides: OnceCell::new() }
    }

    /// Whether the sentence around `at` only sets something aside: it names no amount and says that
    /// what it speaks of is not dealt with here.
    pub(super) fn is_set_aside(&self, at: usize) -> bool {
        static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!(
                r"\b(?:getrennt|gesondert|separat\w*|anderweitig vertreten|keine auskunft|keine auskuenfte|nichts mitzuteilen|ausgenommen|ausgeklammert|aussen vor|unberuehrt)\b",
                r"|\beigene[rsnm]? (?:nachricht|schreiben|mail|e-mail|mitteilung|auskunft|antwort|anwalt)\b|\bnicht (?:\w+ )?(?:gegenstand|erfasst|betroffen|umfasst)\b",
                r"|\b(?:schreiben|informieren|unterrichten) wir sie\b|\bmelden wir uns\b",
                r"|\b(?:weitere|andere|zweite)[nrs]? (?:akte|sache|forderung|vertrag|konto|vorgang|verfahren)\b"
            ))
        });
        static AMOUNT: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"[0-9],[0-9]{2}|[0-9] ?(?:eur|€)"));
        let asides = self
            .asides
            .get_or_init(|| ASIDE.find_iter(&self.folded).map(|found| found.range()).collect());
        if asides.is_empty() {
            return false;
        }
        // Bounded on both sides, since a hostile mail is one sentence with thousands of names.
        let floor = self.text.ceil_char_boundary(at.saturating_sub(LONGEST_ASIDE));
        let ceiling = self.text.ceil_char_boundary(at.saturating_add(LONGEST_ASIDE));
        let (before, after) = (&self.text[floor..at], &self.text[at..ceiling]);
        let starts = [". ", "\n", "! ", "? "].iter().filter_map(|end| before.rfind(end));
        let from = starts.max().map_or(floor, |found| floor + found + 1);
        let ends = [". ", ".\n", "\n\n"].iter().filter_map(|end| after.find(end));
        let to = ends.min().map_or(ceiling, |found| at + found);
        let first = asides.partition_point(|aside| aside.start < from);
        asides.get(first).is_some_and(|aside| aside.end <= to)
            && !AMOUNT.is_match(&self.folded[from..to])
    }
}

/// What stands directly behind words that announce it. Two searches, the first for the words in
/// folded letters, are several times faster than one for both.
pub(super) struct Announced {
    words: Regex,
    /// Matches at the start of a text.
    what: Regex,
}

impl Announced {
    /// `words` in folded letters, with the gap that may follow them.
    pub(super) fn new(words: &str, what: &str) -> Self {
        Self { words: pattern(words), what: pattern(&format!("^(?:{what})")) }
    }

    /// Where the words and what they announce stand in `text`; `folded` is its folded form.
    pub(super) fn find_iter<'t>(
        &'t self,
        folded: &'t str,
        text: &'t str,
    ) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let words = self.words.find_at(folded, at)?;
                at = words.end();
                // Folding makes two letters of one (`ß`), and words may begin or end between them.
                if ![words.start(), words.end()].iter().all(|edge| text.is_char_boundary(*edge)) {
                    continue;
                }
                if let Some(what) = self.what.find(&text[words.end()..]) {
                    at += what.end();
                    return Some((words.range(), words.end()..at));
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_stands_directly_behind_the_words() {
        let announced = Announced::new(r"\bakte(?:nr)?[ :]*", "[0-9]+");
        let text = "Akte fehlt, Akte: 12, Aktenr 7, Ställe 9";
        let found: Vec<&str> = announced
            .find_iter(&fold(text), text)
            .map(|(words, what)| &text[words.start..what.end])
            .collect();
        assert_eq!(found, ["Akte: 12", "Aktenr 7"]);
    }

    #[test]
    fn words_that_begin_or_end_within_a_letter_announce_nothing() {
        for (words, text) in [("schuldner ", "Sßchuldner Muster"), ("gros", "groß Muster")] {
            let announced = Announced::new(words, " ?[A-Za-z]+");
            let found = announced.find_iter(&fold(text), text).count();
            assert_eq!(found, 0, "{text}");
        }
    }

    #[test]
    fn a_sentence_that_names_no_amount_sets_aside_what_it_names() {
        let text = "Zu 12/26 schreiben wir Sie gesondert an. Zu 13/26 sind 5,00 EUR gesondert offen. Zu 14/26: 7,00 EUR.";
        let text = Text::new(Source::Body, text);
        let places = ["12/26", "13/26", "14/26"].map(|number| text.text.find(number));
        let aside = places.map(|place| place.is_some_and(|place| text.is_set_aside(place)));
        assert_eq!(aside, [true, false, false]);
    }
}
