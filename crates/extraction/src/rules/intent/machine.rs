//! What machines send: bounces, receipts and automatic replies.

use std::sync::LazyLock;

use regex::Regex;

use crate::fold::fold;
use crate::pattern::pattern;
use crate::sentences::Unread;

/// From here on a mail is a receipt. Of 6,264 labelled mails for a clerk, which the model had not seen, those
/// that state no claim reach 0.06, but for the notices of closed mailboxes ([`is_closed`]); nine in ten
/// receipts lie above.
const RECEIPT: f32 = 0.3;

/// Of those mails for a clerk that state a claim none reaches half of this.
const SURE_RECEIPT: f32 = 0.9;

/// A read receipt says no more than this, in bytes.
const LONGEST_READ_RECEIPT: usize = 800;

/// `Ihre Nachricht`, before the head of the mail that was read.
const LONGEST_OPENING: usize = 40;

patterns!(
    BOUNCE,
    r"mailer-daemon|postmaster@|undeliver|unzustellbar|delivery (?:status|has failed|failure|failed)|returned to sender|mail delivery (?:system|subsystem|failed)|could not be delivered|konnte nicht (?:zugestellt|uebermittelt) werden|nicht zustellbar|user unknown|mailbox (?:full|unavailable)|zustellung fehlgeschlagen",
);

/// The mail could not be delivered, says the sender, the subject or the body.
pub(super) fn is_bounce(from: &str, subject: &str, body: &str) -> bool {
    BOUNCE.is_match(from) || BOUNCE.is_match(subject) || is_bounce_body(body)
}

fn is_bounce_body(body: &str) -> bool {
    let start: String = body.chars().take(600).collect();
    BOUNCE.find_iter(&start).take(2).count() >= 2
}

/// `Ihre Nachricht … wurde am … gelesen.`
///
/// It repeats the head of the mail that was read, which looks like the start of a quote.
pub(super) fn is_read_receipt(subject: &str, body: &str, quote: &str) -> bool {
    static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:gelesen|read|read receipt|lesebestaetigung|ungelesen geloescht|not read|zugestellt|delivered|uebermittelt|empfangsbestaetigung|return receipt) ?[:(-]",
        )
    });
    static BODY: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:wurde|was|ist|has been|angezeigt|bestaetigung)\b.*\b(?:gelesen|read|geoeffnet|displayed|angezeigt|geloescht|deleted|zugestellt|delivered)\b",
        )
    });
    if !SUBJECT.is_match(subject) {
        return false;
    }
    let quote = if body.len() < LONGEST_OPENING { fold(quote) } else { String::new() };
    let said =
        body.lines().chain(quote.lines()).filter(|line| !line.trim_start().starts_with("betreff:"));
    let said: String = said.flat_map(|line| [line, " "]).collect();
    said.len() < LONGEST_READ_RECEIPT && BODY.is_match(&said)
}

patterns!(
    CLOSED,
    r"\b(?:postfach|mailbox|inbox|(?:e-?mail-?|mail-?)?(?:adresse|address))\b(?:[^.;!]|\d\.)*\b(?:geschlossen|stillgelegt|ausser betrieb|abgeschaltet|eingestellt|deaktiviert|aufgeloest|nicht mehr (?:\w+ )?(?:betreut|abgerufen|gelesen|bearbeitet|genutzt|verwendet|aktiv|gueltig)|no longer (?:\w+ )?(?:monitored|in use|active))\b",
);

/// A machine that read nothing confirms the receipt of a mail, or says who is away.
pub(super) fn is_receipt(unread: Unread) -> bool {
    unread.receipt >= RECEIPT
}

/// So surely that an amount in it, if it is no total by name, is no claim.
pub(super) fn is_surely_receipt(unread: Unread) -> bool {
    unread.receipt >= SURE_RECEIPT
}

/// What was sent has reached nobody, so that somebody must send it again.
pub(super) fn is_closed(body: &str) -> bool {
    CLOSED.is_match(body)
}
