//! From a mail to the text that a person would read.

mod characters;
mod css;
mod html;
mod page;
mod quotes;
mod signature;

use std::fmt;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;

use crate::Mail;
use crate::money;
use crate::pattern::pattern;

/// The longest text that is read, in bytes, of which most may be quoted; a mail in which more stands
/// was not written for a reader.
const LONGEST_TEXT: usize = 512 * 1024;

/// The longest part of a mail that is kept, in bytes: some forty pages.
const LONGEST_PART: usize = 64 * 1024;

/// Who answers in the quote says no more than this above it, in bytes.
const LONGEST_COVER: usize = 500;

/// The longest subject that is kept, in characters.
const LONGEST_SUBJECT: usize = 1_000;

/// The readable text of a mail, its parts kept apart.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanedMail {
    pub subject: String,
    pub from_email: String,
    pub from_name: Option<String>,
    pub received_at: Option<DateTime<Utc>>,
    /// What the sender newly wrote.
    pub body: String,
    /// What was quoted from earlier messages, the office's own letter among it.
    pub quote: String,
    /// Closing, contact data, disclaimers: a source for the creditor's name only.
    pub signature: String,
    /// The new text of the other part, where a mail has both; the HTML part is the one read.
    pub text_part: Option<String>,
    /// The HTML part and the text part name different amounts.
    pub html_text_disagrees: bool,
    /// The HTML held text that a reader does not see; it is gone.
    pub hidden_text_removed: bool,
    /// Control characters turn the direction of writing: what a reader saw is uncertain.
    pub reverses_direction: bool,
    /// A part was longer than anybody reads, and was cut.
    pub is_cut: bool,
    /// The mail forwards a message.
    pub is_forward: bool,
    /// Who wrote the forwarded message, where that was not the sender's own house.
    pub forwarded_from: Option<String>,
    /// Where in the body begins what the sender passes on from a colleague.
    pub passed_on_at: Option<usize>,
    /// The body is that message: the sender added nothing.
    pub is_foreign: bool,
}

impl CleanedMail {
    /// Everything a reader sees, the subject first.
    pub fn visible_text(&self) -> String {
        [&*self.subject, &*self.body, &*self.signature, &*self.quote].join("\n")
    }
}

/// Sizes only: a mail's text belongs in no log.
impl fmt::Debug for CleanedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CleanedMail")
            .field("body_bytes", &self.body.len())
            .field("quote_bytes", &self.quote.len())
            .field("signature_bytes", &self.signature.len())
            .field("html_text_disagrees", &self.html_text_disagrees)
            .field("hidden_text_removed", &self.hidden_text_removed)
            .finish_non_exhaustive()
    }
}

/// In characters. What is longer is no name, and each name of the mail is held against it.
const LONGEST_SENDER_NAME: usize = 200;

/// Cleans a mail. Never fails and never panics; linear in the size of the mail.
pub fn clean(mail: &Mail) -> CleanedMail {
    let subject = characters::to_plain(mail.subject.as_deref().unwrap_or_default());
    let from_name = mail.from_name.as_deref().map(|name| {
        let start: String = name.chars().take(LONGEST_SENDER_NAME).collect();
        characters::to_plain(&start).text
    });
    let sender =
        quotes::Sender { email: &mail.from_email, name: from_name.as_deref().unwrap_or_default() };
    let html = mail.body_html.as_deref().map(|html| Part::of_html(html, &subject.text, sender));
    let text = mail.body_text.as_deref().map(|text| {
        if looks_like_html(text) {
            Part::of_html(text, &subject.text, sender)
        } else {
            Part::of_text(text, &subject.text, sender)
        }
    });
    let (shown, other) = match (html, text) {
        (Some(html), text) if !html.is_blank() => (html, text),
        (_, Some(text)) => (text, None),
        (html, None) => (html.unwrap_or_default(), None),
    };
    let html_text_disagrees =
        other.as_ref().is_some_and(|other| amounts_disagree(&shown.body, &other.body));
    CleanedMail {
        subject: subject.text.replace('\n', " ").chars().take(LONGEST_SUBJECT).collect(),
        from_email: mail.from_email.trim().to_owned(),
        from_name,
        received_at: mail.received_at,
        html_text_disagrees,
        hidden_text_removed: shown.hidden_text_removed,
        is_cut: shown.is_cut || other.as_ref().is_some_and(|other| other.is_cut),
        reverses_direction: shown.reverses_direction
            || subject.reverses_direction
            || other.as_ref().is_some_and(|other| other.reverses_direction),
        is_forward: shown.is_forward || quotes::is_forward_subject(&subject.text),
        forwarded_from: shown.forwarded_from,
        passed_on_at: shown.passed_on_at,
        is_foreign: shown.is_foreign,
        body: shown.body,
        quote: shown.quote,
        signature: shown.signature,
        text_part: other.map(|other| other.body),
    }
}

/// How many tokens of a language model a text takes, to within a fifth or so for German.
pub fn approximate_tokens(text: &str) -> i32 {
    i32::try_from(text.chars().count().div_ceil(4)).unwrap_or(i32::MAX)
}

/// One body of a mail.
#[derive(Default)]
struct Part {
    body: String,
    quote: String,
    signature: String,
    hidden_text_removed: bool,
    reverses_direction: bool,
    is_cut: bool,
    is_forward: bool,
    forwarded_from: Option<String>,
    passed_on_at: Option<usize>,
    is_foreign: bool,
}

impl Part {
    fn of_html(html: &str, subject: &str, sender: quotes::Sender<'_>) -> Part {
        let read = html::to_text(html);
        let mut part = Part::of_text(&read.text, subject, sender);
        part.hidden_text_removed = read.hidden_text_removed;
        part.reverses_direction |= read.reverses_direction;
        part.is_cut |= read.is_cut;
        if !part.quote.is_empty() && answers_in_colour(&part.body) {
            part.add_answers(&html::to_colourful_text(html));
        }
        part
    }

    /// What stands in the quote by the sender's own hand is new text, but for what its few words above
    /// the quote say in colour already.
    fn add_answers(&mut self, colourful: &str) {
        let plain = characters::to_plain(colourful).text;
        let cover = self.body.clone();
        let lines = plain.lines().map(|line| line.trim_start_matches(['>', ' ']).trim_end());
        for line in lines.filter(|line| !line.is_empty() && !cover.contains(line)) {
            self.body.push_str("\n\n");
            self.body.push_str(line);
        }
        self.is_cut |= cut(&mut self.body);
    }

    fn of_text(text: &str, subject: &str, sender: quotes::Sender<'_>) -> Part {
        let read = &text[..text.floor_char_boundary(LONGEST_TEXT)];
        let plain = characters::to_plain(&characters::without_quoted_printable(read));
        let split = quotes::split(&plain.text, subject, sender);
        let signature::Parts { mut body, mut signature, quoted } =
            signature::split(&split.new, split.is_forward);
        let mut passed_on_at = None;
        if !split.passed_on.is_empty() {
            let passed_on = signature::split(&split.passed_on, true);
            passed_on_at = Some(body.len());
            body = [body, passed_on.body].join("\n\n");
            signature = [signature, passed_on.signature].join("\n");
        }
        let mut quote = [quoted, split.quoted].join("\n").trim().to_owned();
        let is_cut = (read.len() < text.len()) | cut(&mut body) | cut(&mut signature);
        cut(&mut quote);
        Part {
            body,
            quote,
            signature,
            is_cut,
            hidden_text_removed: false,
            reverses_direction: plain.reverses_direction,
            is_forward: split.is_forward,
            forwarded_from: split.forwarded_from,
            passed_on_at,
            is_foreign: split.is_foreign,
        }
    }

    fn is_blank(&self) -> bool {
        self.body.is_empty() && self.quote.is_empty() && self.signature.is_empty()
    }
}

/// `Antworten in Blau direkt bei den Fragen`, `haben wir blau eingefügt`.
fn answers_in_colour(text: &str) -> bool {
    static COLOUR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:blau|rot|gr(?:ü|ue)n|lila|farb\w+|blue|red|green|colou?r)(?:e[mnrs]?)?\b",
        )
    });
    static ANSWER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:antwort\w*|anmerkung\w*|angaben|eintr(?:ä|ae)g\w*|eingef(?:ü|ue)gt|eingetragen|erg(?:ä|ae)nz\w*|kommentare?|answers?|comments?)\b",
        )
    });
    text.len() <= LONGEST_COVER && COLOUR.is_match(text) && ANSWER.is_match(text)
}

/// Cuts a text that is too long, at a character boundary.
fn cut(text: &mut String) -> bool {
    if text.len() <= LONGEST_PART {
        return false;
    }
    text.truncate(text.floor_char_boundary(LONGEST_PART));
    true
}

/// Some systems put HTML into the text field.
fn looks_like_html(text: &str) -> bool {
    let start = text.trim_start();
    let start: String = start.chars().take(300).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html")
        || start.starts_with("<html")
        || (start.starts_with('<')
            && ["<p", "<div", "<table", "<br", "<body", "<span"]
                .iter()
                .any(|tag| start.contains(tag)))
}

/// Each part names an amount that the other does not.
fn amounts_disagree(html: &str, text: &str) -> bool {
    let amounts =
        |text| -> Vec<_> { money::scan(text).iter().map(|amount| amount.value).collect() };
    let (of_html, of_text) = (amounts(html), amounts(text));
    let missing = |from: &[_], of: &[_]| from.iter().any(|amount| !of.contains(amount));
    missing(&of_html, &of_text) && missing(&of_text, &of_html)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: Option<String>, text: Option<String>) -> CleanedMail {
        clean(&Mail {
            subject: None,
            from_email: "a@bank.example".to_owned(),
            from_name: None,
            body_text: text,
            body_html: html,
            received_at: None,
        })
    }

    #[test]
    fn what_stands_behind_more_tags_or_text_than_a_reader_sees_is_cut_off_and_said_to_be() {
        let ends = "<p>Offen sind 500,00 EUR.</p>";
        let tags = "<i></i>".repeat(100_000);
        let hidden = format!("<p style=\"display:none\">{}</p>", "viel ".repeat(200_000));
        let blank = "\n".repeat(1_000_000);
        for html in [tags, hidden] {
            let cleaned = cleaned(Some(format!("<p>Guten Tag</p>{html}{ends}")), None);
            assert!(cleaned.is_cut && !cleaned.body.contains("500,00"));
            assert!(cleaned.body.contains("Guten Tag"));
        }
        let cleaned = cleaned(None, Some(format!("Guten Tag{blank}Offen sind 500,00 EUR.")));
        assert!(cleaned.is_cut && !cleaned.body.contains("500,00"));
    }

    #[test]
    fn what_a_colleague_wrote_is_new_text_below_the_senders_closing() {
        let forward = |words: &str, from: &str| {
            let text = format!(
                "Guten Tag,\n\n{words}\n\nMit freundlichen Grüßen\nElke Hagemann\n\nVon: {from}\n\nGesendet: Freitag, 3. Juli 2026 11:40\n\nAn: Hagemann, Elke\n\nBetreff: Mietkonto\n\nElke,\nsie ist uns 2.010,75 EUR schuldig.\nGruß, Tim",
            );
            clean(&Mail {
                subject: Some("WG: Mietkonto".to_owned()),
                from_email: "e.hagemann@wohnbau.example".to_owned(),
                from_name: Some("Hagemann, Elke".to_owned()),
                body_text: Some(text),
                body_html: None,
                received_at: None,
            })
        };
        for (words, from) in [
            ("siehe unten die Antwort meiner Kollegin.", "Lenz, Tim"),
            ("was gilt, entnehmen Sie bitte der Nachricht unten.", "Mieterbuchhaltung"),
            ("was gilt, entnehmen Sie bitte der Nachricht unten.", "Lenz <lenz@wohnbau.example>"),
        ] {
            let mail = forward(words, from);
            assert!(mail.body.ends_with("schuldig."), "{from}: {}", mail.body);
            assert!(mail.passed_on_at.is_some() && mail.forwarded_from.is_none(), "{from}");
            assert!(mail.signature.contains("Elke Hagemann"), "{}", mail.signature);
        }
        for (words, from) in [
            ("siehe unten.", "Lenz, Tim"),
            ("siehe unten die Frage an meine Kollegin.", "Schuldnerberatung Dr. Thalbach"),
            ("siehe unten, an die Kollegin.", "Lenz <lenz@anderswo.example>"),
        ] {
            let mail = forward(words, from);
            assert!(!mail.body.contains("2.010,75"), "{from}: {}", mail.body);
            assert!(mail.passed_on_at.is_none() && mail.forwarded_from.is_some(), "{from}");
        }
    }

    #[test]
    fn answers_in_colour_between_quoted_questions_are_new_text() {
        let answered = |cover: &str| {
            let html = format!(
                "<p>{cover}</p><blockquote type=cite><p>a) Sind es noch 400,00 EUR?</p>\
                 <p style=\"color:#0033cc\">Nein, insgesamt 500,00 EUR.</p>\
                 <p style=\"color:#777\">b) Gibt es einen Titel?</p></blockquote>",
            );
            cleaned(Some(html), None).body
        };
        let answer = "Nein, insgesamt 500,00 EUR.";
        for cover in [
            "Guten Tag, Antworten <span style=\"color:#0033cc\">in Blau</span> bei den Fragen.",
            "Unsere Antworten haben wir blau eingefügt.",
        ] {
            assert!(answered(cover).ends_with(&format!(".\n\n{answer}")), "{}", answered(cover));
        }
        // Nobody says what the colour means.
        assert_eq!(answered("Guten Tag, siehe unten."), "Guten Tag, siehe unten.");
    }

    #[test]
    fn a_picture_in_the_markup_cuts_nothing_off() {
        let picture = "iVBORw0KGgo".repeat(150_000);
        let html = format!("<img src=\"data:image/png;base64,{picture}\"><p>Offen: 5,00 EUR</p>");
        let cleaned = cleaned(Some(html), None);
        assert!(!cleaned.is_cut && cleaned.body.contains("5,00 EUR"));
    }

    #[test]
    fn of_a_sender_no_more_than_a_name_is_kept() {
        let name = "Inkasso Muster ".repeat(10_000);
        let mail = Mail {
            subject: None,
            from_email: "a@bank.example".to_owned(),
            from_name: Some(name),
            body_text: Some("Guten Tag".to_owned()),
            body_html: None,
            received_at: None,
        };
        let kept = clean(&mail).from_name.expect("there was one");
        assert!(kept.starts_with("Inkasso Muster") && kept.chars().count() <= LONGEST_SENDER_NAME);
    }
}
