//! The new text of a reply apart from what it quotes: replies on top, between and below.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// A mail's text in its parts.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Split {
    pub(super) new: String,
    /// What the sender passes on from a colleague; it has a closing of its own.
    pub(super) passed_on: String,
    pub(super) quoted: String,
    /// The mail forwards a message, by whomever.
    pub(super) is_forward: bool,
    /// `new` is a forwarded message of somebody else.
    pub(super) is_foreign: bool,
    /// Who wrote the forwarded message, where it was not the sender's own house.
    pub(super) forwarded_from: Option<String>,
}

/// Mail programs write header lines and attributions no longer than this.
const LONGEST_HEADER: usize = 300;

/// A block of headers names its sender among so many. Each line of a hostile mail may be where a block
/// begins, and is looked at no further than that.
const LAST_SENDER: usize = 5;

/// Lines of one block of headers.
const LONGEST_BLOCK: usize = 40;

static ATTRIBUTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:am\b.*\bschrieb\b.*:|on\b.*\bwrote:|",
        r"\S.* schrieb (?:am\b.*|folgendes):|\S.* hat (?:am\b.* )?(?:folgendes )?geschrieben:|",
        r"am\b.*\bhat\b.*\bgeschrieben:|",
        r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}.*\b(?:schrieb|wrote)\b.*:|",
        r"zitat von .*:|quoting .*:)\s*$"
    ))
});

/// Above the office's own text in a machine's receipt: `Ihre Nachricht vom 10.06.2026:`.
static ECHO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^[*#-]{0,3} ?(?:ihre?|deine?|your|eure?) (?:urspr(?:ü|ue)ngliche |originale? |original )?",
        r"(?:nachricht|anfrage|e-?mail|mail|mitteilung|eingabe|angaben|daten|text|anliegen|schreiben|message|request|enquiry|inquiry|email)\b[^!?]{0,80}:[*]{0,3}$",
        r"|^[*#-]{0,3} ?sie (?:schrieben|haben (?:uns )?(?:am .*)?(?:folgendes )?(?:geschrieben|mitgeteilt))\b[^!?]{0,60}:[*]{0,3}$",
        r"|^[*#-]{0,3} ?(?:urspr(?:ü|ue)ngliche|original) ?-?(?:anfrage|nachricht|message)\b[^!?]{0,60}:[*]{0,3}$"
    ))
});

/// Words of a machine that confirms a receipt. Only then is what it calls `Ihre Nachricht` a quote:
/// a person may head an answer so.
static RECEIPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)automatisch|automated|automatic|eingangsbest(?:ä|ae)tigung|empfangsbest(?:ä|ae)tigung|nicht auf diese|antworten sie (?:bitte )?nicht|do not reply|no-?reply",
        r"|hat uns erreicht|(?:ist|sind) (?:bei uns )?eingegangen|reihenfolge des eingangs|werktagen?\b|ticket"
    ))
});

static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:[-_=*]{2,} ?(?:urspr(?:ü|ue)ngliche (?:nachricht|mail|e-mail)|original[ -]?(?:message|nachricht|mail)|",
        r"(?:weitergeleitete|forwarded) (?:nachricht|mail|message|e-mail)|",
        r"(?:returned|undelivered) (?:message|mail).*) ?[-_=*]{0,}|",
        r"(?:urspr(?:ü|ue)ngliche nachricht|original message):?|",
        r"_{15,}|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail):|",
        r"##-.*(?:oberhalb|above).*-?##)$"
    ))
});

/// `>>> Kanzlei <a@b.example> 25.06.2026 09:14 >>>`, as GroupWise and Notes head what they quote.
static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^[>\s]*[^@]*@\S*[^@\d]* \d{1,2}[./]\d{1,2}[./]\d{2,4},? (?:um )?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: uhr)?[>\s:]*$",
        r"|^>>> .* \d{1,2}[./]\d{1,2}[./]\d{2,4} .*>>>$"
    ))
});

/// The line of a comment in a ticket that says when it was written.
static COMMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:[^:|\d][^:|]*, )?(?:\d{1,2}\. ?[a-zä]+ \d{4}|[a-z]+ \d{1,2}, \d{4}|\d{1,2}\.\d{1,2}\.\d{4}),? (?:um |at )?\d{1,2}:\d{2}",
        r"(?: uhr| [ap]m)?(?: \(?[a-z]{2,5}(?:[+-]\d{1,2}(?::\d{2})?)?\)?)?:?$"
    ))
});

static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^\*{0,2}(von|from|gesendet|sent|datum|date|an|to|cc|kopie|betreff|subject|antwort an|reply-to)",
        r" ?:\*{0,2}(?:\s|$)"
    ))
});

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[^\s<>,;:()\[\]\x22]{1,100}@[^\s<>,;:()\[\]\x22]{1,150}"));

/// Who sent the mail.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) email: &'a str,
    pub(super) name: &'a str,
}

impl Sender<'_> {
    /// Whether a `Von:` line names the sender's own house: by domain, else by a long word.
    fn is_of_the_house_of(self, from: &str) -> bool {
        if from.contains('@') {
            return same_domain(from, self.email);
        }
        let known = format!("{} {}", self.name, self.email).to_lowercase();
        let from = from.to_lowercase();
        from.split(|c: char| !c.is_alphanumeric())
            .any(|word| word.chars().count() >= 5 && known.contains(word))
    }
}

/// One message of a thread: the newest first.
#[derive(Default)]
struct Message<'a> {
    lines: Vec<&'a str>,
    from: Option<String>,
    /// A separator said that this was forwarded.
    forwarded: bool,
}

/// Splits `text`. A forwarded message of the sender's own house counts as new text; one of
/// somebody else's only where there is no other.
pub(super) fn split(text: &str, subject: &str, sender: Sender<'_>) -> Split {
    let lines: Vec<&str> = text.lines().collect();
    let messages = messages(&lines);
    let mut split = Split::default();
    let mut new: Vec<&str> = Vec::new();
    let mut passed_on: Vec<&str> = Vec::new();
    let mut quoted: Vec<&str> = Vec::new();

    for (index, message) in messages.iter().enumerate() {
        let (kept, older) = match index {
            0 => without_other_comments(&message.lines, sender),
            _ => (message.lines.clone(), vec![]),
        };
        quoted.extend(older);
        let (own, cited) = without_cited_lines(&kept);
        let is_own = match index {
            0 => true,
            1 => {
                let announced = message.forwarded || is_forward_subject(subject);
                let from = message.from.as_deref();
                if announced && (message.forwarded || from.is_some()) {
                    split.is_forward = true;
                    let own = from.is_some_and(|from| {
                        sender.is_of_the_house_of(from) || is_colleague(from, &new)
                    });
                    if !own {
                        split.forwarded_from = Some(from.unwrap_or("unknown").to_owned());
                    }
                    split.is_foreign = !own && !has_words(&new);
                    own || split.is_foreign
                } else {
                    false
                }
            }
            _ => false,
        };
        if is_own && has_words(&new) {
            passed_on.extend(own);
        } else if is_own {
            new.extend(own);
        } else {
            quoted.extend(own);
        }
        quoted.extend(cited);
    }

    if !has_words(&new) {
        // Whatever looked like a quote is all there is: an unmarked reply below a quote, or a
        // mail that consists of one. The reply itself is never lost.
        let rest = messages.iter().skip(1).find(|message| {
            message.from.as_deref().is_some_and(|from| sender.is_of_the_house_of(from))
        });
        if let Some(message) = rest {
            let (own, cited) = without_cited_lines(&message.lines);
            split.new = own.join("\n").trim().to_owned();
            split.quoted = cited.join("\n").trim().to_owned();
            if !split.new.is_empty() {
                return split;
            }
        }
    }
    split.new = new.join("\n").trim().to_owned();
    split.passed_on = passed_on.join("\n").trim().to_owned();
    split.quoted = quoted.join("\n").trim().to_owned();
    split
}

/// Whether the sender's words make the author of what is forwarded a colleague. Mail programs write
/// the addresses of strangers beside their names, and leave out those of the house.
fn is_colleague(from: &str, new: &[&str]) -> bool {
    static DEPARTMENT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:kolleg(?:e|en|in)|\w*buchhaltung|\w*abteilung|fakturierung|kontenf(?:ü|ue)hrung|kredit\w+|controlling|sachbearbeit\w+|hausintern\w*|intern)\b",
        )
    });
    static OFFICE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)kanzlei|rechtsanw|anw(?:ä|ae)lt|schuldner|beratung|insolvenz|mandant")
    });
    !from.contains('@')
        && !OFFICE.is_match(from)
        && (DEPARTMENT.is_match(from) || new.iter().any(|line| DEPARTMENT.is_match(line)))
}

/// Of the comments of a ticket the sender's newest, and the others. What stands above all of them is
/// kept as well; a mail with a single one is no thread.
fn without_other_comments<'a>(
    lines: &[&'a str],
    sender: Sender<'_>,
) -> (Vec<&'a str>, Vec<&'a str>) {
    let starts: Vec<(usize, &str)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| {
            line.len() <= LONGEST_HEADER && line.contains(':') && COMMENT.is_match(line.trim())
        })
        .filter_map(|(at, line)| comment_start(lines, at, line.trim()))
        .collect();
    if starts.len() < 2 {
        return (lines.to_vec(), vec![]);
    }
    let wanted =
        starts.iter().position(|(_, author)| sender.is_of_the_house_of(author)).unwrap_or(0);
    let from = starts[wanted].0;
    let to = starts.get(wanted + 1).map_or(lines.len(), |(start, _)| *start);
    let kept = [&lines[..starts[0].0], &lines[from..to]].concat();
    (kept, [&lines[starts[0].0..from], &lines[to..]].concat())
}

/// Where a comment begins whose date stands in line `at`, and its author.
fn comment_start<'a>(lines: &[&'a str], at: usize, line: &'a str) -> Option<(usize, &'a str)> {
    const LONGEST_AUTHOR: usize = 80;
    if !line.starts_with(|c: char| c.is_ascii_digit())
        && let Some((author, _)) = line.split_once(", ")
    {
        return Some((at, author));
    }
    let above = lines[..at].iter().rposition(|line| !line.trim().is_empty())?;
    let author = lines[above].trim();
    let is_name = author.len() <= LONGEST_AUTHOR && !author.ends_with(['.', ':', '!', '?', ',']);
    (is_name && at - above <= 2).then_some((above, author))
}

/// Cuts a thread at separators, header blocks and attributions of unmarked quotes.
fn messages<'a>(lines: &[&'a str]) -> Vec<Message<'a>> {
    let mut messages = vec![Message::default()];
    let mut is_receipt = None;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim();
        if line.len() <= LONGEST_HEADER && !line.is_empty() {
            if SEPARATOR.is_match(line) {
                let below = skip_blank(lines, at + 1);
                let headers = header_block(lines, below);
                let forwarded = is_forward_separator(line);
                if headers.is_some() || !line.starts_with('_') {
                    let (length, from) = headers.unwrap_or((0, None));
                    messages.push(Message { lines: vec![], from, forwarded });
                    at = if length > 0 { below + length } else { at + 1 };
                    continue;
                }
            }
            if line.ends_with([':', '*'])
                && ECHO.is_match(line)
                && *is_receipt
                    .get_or_insert_with(|| lines.iter().any(|line| RECEIPT.is_match(line)))
            {
                messages.push(Message::default());
                at += 1;
                continue;
            }
            if (line.contains('@') || line.starts_with('>')) && STAMP.is_match(line) {
                // `>` lines say themselves where the quote ends.
                let marked = !line.starts_with('>') && is_cited_below(lines, at + 1);
                if !marked {
                    messages.push(Message { from: address_in(line), ..Message::default() });
                }
                at += 1;
                continue;
            }
            if let Some((length, from)) = header_block(lines, at) {
                messages.push(Message { lines: vec![], from, forwarded: false });
                at += length;
                continue;
            }
            if let Some(length) = attribution(lines, at) {
                let below = skip_blank(lines, at + length);
                if is_cited_below(lines, below) || below >= lines.len() {
                    at += length;
                    continue;
                }
                let address_line = lines[at..at + length].join(" ");
                let from = address_in(&address_line);
                messages.push(Message { lines: vec![], from, forwarded: false });
                at += length;
                continue;
            }
        }
        if let Some(message) = messages.last_mut() {
            message.lines.push(lines[at]);
        }
        at += 1;
    }
    messages
}

/// `Von: … Gesendet: … An: … Betreff: …`: its length in lines, and the sender's address.
fn header_block(lines: &[&str], start: usize) -> Option<(usize, Option<String>)> {
    let first = lines.get(start)?.trim();
    let first_name = header_name(first)?;
    if !matches!(first_name.as_str(), "von" | "from" | "subject" | "betreff" | "datum" | "date") {
        return None;
    }
    let (mut names, mut length, mut from) = (vec![first_name], 1, None);
    if matches!(names[0].as_str(), "von" | "from") {
        from = Some(address_in(first).unwrap_or_else(|| first.to_owned()));
    }
    let mut continued = 0;
    while length < LONGEST_BLOCK
        && let Some(line) = lines.get(start + length)
    {
        if from.is_none() && names.len() >= LAST_SENDER {
            return None;
        }
        let line = line.trim();
        let goes_on = || {
            let next = lines.get(start + length + 1);
            names.len() < 4 && next.is_some_and(|next| header_name(next.trim()).is_some())
        };
        match header_name(line) {
            Some(name) => {
                if matches!(name.as_str(), "von" | "from") {
                    from = Some(address_in(line).unwrap_or_else(|| line.to_owned()));
                }
                names.push(name);
                continued = 0;
            }
            // Each header in a paragraph of its own.
            None if line.is_empty() && goes_on() => {}
            // A long recipient list or subject goes on in the next line.
            None if continued == 0 && goes_on() => continued += 1,
            None => break,
        }
        length += 1;
    }
    let has_from = names.iter().any(|name| matches!(name.as_str(), "von" | "from"));
    let of_a_mail = names.len() >= 3 || (names.len() == 2 && start > 0);
    (has_from && of_a_mail).then_some((length, from))
}

fn header_name(line: &str) -> Option<String> {
    if line.len() > LONGEST_HEADER * 4 {
        return None;
    }
    HEADER.captures(line).map(|found| found[1].to_lowercase())
}

/// `Am … schrieb …:`, which mail programs wrap over up to three lines.
fn attribution(lines: &[&str], start: usize) -> Option<usize> {
    let first = lines[start].trim();
    let mut joined = String::new();
    for length in 1..=3 {
        let line = lines.get(start + length - 1)?.trim();
        if line.is_empty() || line.len() > LONGEST_HEADER || is_cited(line) {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if joined.ends_with(':') && ATTRIBUTION.is_match(&joined) {
            return Some(length);
        }
        let may_go_on = first.starts_with("Am ") || first.starts_with("On ");
        if !may_go_on {
            return None;
        }
    }
    None
}

/// The lines without `>` and those with it, the marks taken off.
fn without_cited_lines<'a>(lines: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut own, mut cited) = (Vec::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        if is_cited(line) || is_wrapped_citation(lines, at) {
            cited.push(line.trim_start_matches(['>', ' ', '|']));
        } else {
            own.push(*line);
        }
    }
    (own, cited)
}

fn is_cited(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Whether the next line with words is a cited one.
fn is_cited_below(lines: &[&str], at: usize) -> bool {
    lines.get(skip_blank(lines, at)).is_some_and(|line| is_cited(line))
}

/// The rest of a long cited line that a mail program broke without a new mark.
fn is_wrapped_citation(lines: &[&str], at: usize) -> bool {
    let line = lines[at].trim();
    if line.is_empty() || at == 0 {
        return false;
    }
    let (above, below) = (lines[at - 1], lines.get(at + 1));
    let broken_above = is_cited(above)
        && above.len() >= 60
        && !above.trim_end().ends_with(['.', ':', '?', '!', ';']);
    broken_above
        && (below.is_some_and(|line| is_cited(line))
            || line.starts_with(|c: char| c.is_lowercase()))
}

fn skip_blank(lines: &[&str], mut at: usize) -> usize {
    while lines.get(at).is_some_and(|line| line.trim().is_empty()) {
        at += 1;
    }
    at
}

fn is_forward_separator(line: &str) -> bool {
    let lower = line.to_lowercase();
    lower.contains("weitergeleitet") || lower.contains("forwarded")
}

pub(super) fn is_forward_subject(subject: &str) -> bool {
    let lower = subject.trim_start().to_lowercase();
    ["wg:", "fwd:", "fw:", "wtr:"].iter().any(|mark| lower.starts_with(mark))
}

fn has_words(lines: &[&str]) -> bool {
    lines.iter().flat_map(|line| line.chars()).filter(|c| c.is_alphanumeric()).take(12).count()
        >= 12
}

fn address_in(text: &str) -> Option<String> {
    ADDRESS.find(text).map(|found| found.as_str().trim_matches(['*', '.', '\'']).to_lowercase())
}

pub(super) fn same_domain(one: &str, other: &str) -> bool {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    domain(one).is_some_and(|found| Some(found) == domain(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Sender<'_> = Sender { email: "hilfe@zahldienst.example", name: "Zahldienst" };

    #[test]
    fn a_stamp_of_address_and_time_heads_a_quote() {
        for stamp in [
            ">>> \"Kanzlei\" <a@kanzlei.example> 25.06.2026 09:14 >>>",
            "Kanzlei <a@kanzlei.example> 25.06.2026 09:14:07",
            ">>> Kanzlei Dr. Kern 25.06.2026 09:14 Uhr >>>",
        ] {
            let found = split(
                &format!("Offen sind 5,00 EUR.\n\n{stamp}\nEs sollen 7,00 EUR sein."),
                "",
                SENDER,
            );
            assert_eq!(found.new, "Offen sind 5,00 EUR.", "{stamp}");
            assert!(found.quoted.contains("7,00"), "{stamp}");
        }
        for line in ["Bitte an a@bank.example bis 25.06.2026", "Termin: 25.06.2026 09:14"] {
            let found = split(&format!("Offen sind 5,00 EUR.\n{line}\nDanke sehr."), "", SENDER);
            assert!(found.new.ends_with("Danke sehr."), "{line}");
        }
    }

    #[test]
    fn an_answer_below_a_marked_quote_is_new_whatever_heads_the_quote() {
        for head in [
            "Kanzlei Wieck <post@kanzlei-wieck.example> schrieb am 30.06.2026 14:02:17:",
            "Kanzlei Wieck <post@kanzlei-wieck.example> 30.06.2026 14:02",
            "Am 30.06.2026 um 14:02 schrieb Kanzlei Wieck <post@kanzlei-wieck.example>:",
        ] {
            let text = format!(
                "{head}\n\n> Von: Kanzlei Wieck <post@kanzlei-wieck.example>\n> Betreff: Muster\n>\n> Guten Tag,\n> \
                 vermerkt sind 1.620,00 EUR.\n\nHallo zusammen,\n\nheute offen: 1.702,90 EUR, alles drin."
            );
            let sender = Sender { email: "b.roth@praxis.example", name: "B. Roth" };
            let split = split(&text, "Antwort: Muster", sender);
            assert_eq!(
                split.new, "Hallo zusammen,\n\nheute offen: 1.702,90 EUR, alles drin.",
                "{head}"
            );
            assert!(split.quoted.contains("1.620,00"), "{head}");
        }
    }

    #[test]
    fn of_the_comments_of_a_ticket_the_senders_newest_is_new() {
        let theirs = "Mila (Zahldienst)\n\n11. Juni 2026, 15:22 MESZ\n\nOffen sind 5,00 EUR.";
        let ours = "Kanzlei Dr. Kern\n\n9. Juni 2026, 10:01 MESZ\n\nEs sollen 7,00 EUR sein.";
        for text in [format!("Aktualisiert.\n\n{theirs}\n{ours}"), format!("{ours}\n{theirs}")] {
            let found = split(&text, "", SENDER);
            assert!(found.new.contains("5,00") && !found.new.contains("7,00"), "{text}");
            assert!(found.quoted.contains("7,00"), "{text}");
        }
        let in_line = "Mila (Zahldienst), 11.06.2026 15:22:\nOffen sind 5,00 EUR.\nKanzlei, 09.06.2026 10:01:\nEs sollen 7,00 EUR sein.";
        assert!(!split(in_line, "", SENDER).new.contains("7,00"));
        assert!(split(theirs, "", SENDER).new.contains("5,00"));
    }
}
