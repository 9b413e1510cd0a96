//! What machines send: bounces, receipts and automatic replies.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::super::references::is_reply_subject;
use super::said::Said;
use super::says_something;
use crate::fold::fold;
use crate::pattern::pattern;

/// A read receipt says no more than this, in bytes.
const LONGEST_READ_RECEIPT: usize = 800;

/// `Ihre Nachricht`, before the head of the mail that was read.
const LONGEST_OPENING: usize = 40;

patterns!(
    BOUNCE,
    r"mailer-daemon|postmaster@|undeliver|unzustellbar|delivery (?:status|has failed|failure|failed)|returned to sender|mail delivery (?:system|subsystem|failed)|could not be delivered|konnte nicht (?:zugestellt|uebermittelt) werden|nicht zustellbar|user unknown|mailbox (?:full|unavailable)|zustellung fehlgeschlagen",
);

patterns!(
    AUTO_SUBJECT,
    r"^(?:\[.*\] ?)?(?:abwesenheit|abwesend|automatische (?:antwort|eingangsbestaetigung|empfangsbestaetigung|nachricht)|auto(?:matic)?[- ]?(?:reply|antwort|response)|out of (?:the )?office|eingangsbestaetigung|empfangsbestaetigung|ihre (?:anfrage|nachricht|e-?mail|mail) (?:ist|wurde|haben|bei)|nicht im (?:buero|haus)|urlaub|ich bin (?:nicht|im urlaub|ausser)|bestaetigung (?:ihrer|deiner) (?:anfrage|nachricht)|lesebestaetigung|gelesen:|read:|read receipt|ungelesen geloescht|zugestellt:|delivered:|not read:)",
    r"|^(?:dein|ihr)e?n? (?:anliegen|nachricht|anfrage|ticket|e-?mail)\b.*\b(?:angekommen|angelegt|eingetroffen)\b|^(?:vorgang|ticket) \S+ angelegt|^betriebsferien\b",
    r"|^ooo\b|\bticket\b.*\b(?:geschlossen|geloest|closed|solved)\b|wir haben (?:deine|ihre) (?:anfrage|nachricht|mail|e-mail) (?:erhalten|bekommen)|(?:anfrage|nachricht|ticket|e-?mail) (?:ist )?(?:eingegangen|erhalten)|we (?:have )?received your|thank you for (?:contacting|your (?:message|email|request))",
);

patterns!(
    AUTO_BODY,
    r"automatisch (?:geschlossen|erstellt|generiert|erzeugt|versendet|versandt|verschickt)|hat uns erreicht|reihenfolge des eingangs|bearbeitung (?:dauert|erfolgt|nimmt|kann)|nachfragen (?:\w+ ){0,3}abzusehen|\berfasst\b|nachricht (?:ist )?eingegangen|automatische (?:antwort|bestaetigung|eingangsbestaetigung|nachricht|empfangsbestaetigung)|automatically generated|automated (?:reply|response|message)",
    r"|\bnicht (?:im (?:buero|hause?|dienst)|besetzt|erreichbar|am arbeitsplatz|anwesend)\b|\b(?:bin|sind) (?:ich |wir )?(?:\w+ ){0,6}(?:abwesend|ausser haus|im urlaub|in elternzeit|nicht da)\b|out of (?:the )?office",
    r"|\b(?:wird|werden) nicht weitergeleitet|wird nicht (?:gelesen|bearbeitet)|(?:ist|sind) (?:bei uns |am \S+ )?(?:eingegangen|angekommen)|haben (?:deine|ihre) (?:anfrage|nachricht|e-?mail|mail) (?:\w+ ){0,4}erhalten|eingang (?:ihrer|deiner) (?:anfrage|nachricht|e-?mail|mail)",
    r"|(?:anfrage|nachricht|e-?mail|mail) ist (?:\w+ ){0,4}(?:eingetroffen|gelandet)|dauert (?:\w+ ){0,8}tage\b|(?:bleibt|ist|sind|haben) (?:[\w.]+ ){0,12}geschlossen\b|lesen (?:ihre|deine|eure) (?:anfrage|nachricht|e-?mail|mail)\b|(?:antworte|antworten sie)? ?(?:bitte )?nicht (?:auf diese|darauf|auf diese e-?mail|auf diese nachricht)|wir melden uns|melden uns (?:in der regel|innerhalb|schnellst|so schnell|unaufgefordert)|\bvertretung\b|dringenden? (?:faellen|angelegenheiten)|we will (?:get back|respond|reply)|innerhalb von \d+ (?:werk|arbeits)tagen|bearbeitungszeit|melden wir uns|betriebsferien|so schnell wie moeglich|nach meiner rueckkehr|vorgangsnummer|ticket-?(?:nummer|nr|id)",
    r"|\b(?:warteschlange|ins leere|menschliches zutun|abgelegt|systemmail)\b|\b(?:maschinell|vom system|durch unser system) (?:versandt|versendet|erzeugt|erstellt|verschickt)\b|\b(?:sachstandsanfragen|nachfragen|rueckfragen) (?:\w+ ){0,4}(?:abzusehen|nicht beantwortet)\b|\beingangsvermerk\b|\b(?:zustaendigen|richtigen) (?:stelle|abteilung) (?:zugeleitet|vorgelegt)\b|\b(?:schick|senden|uebersenden|schreib)\w* (?:\w+ ){0,5}(?:nicht (?:noch einmal|nochmals?|zusaetzlich)|nochmal)\b|\bsystem (?:\w+ ){0,3}verschickt\b",
    r"|\bsystemnachricht\b|\bvom automaten\b|\b(?:verschickt|sendet|versendet|erzeugt) (?:unser|das) system\b|\b(?:ticket|vorgang)\b[^.;]*\bangelegt\b|\bein mensch\b[^.;]*\b(?:liest|hatte|schaut)\b|\blesen (?:\w+ ){0,4}keine (?:e-?mails?|mails?|nachrichten)\b|\b(?:auf|an) diese (?:bestaetigung|quittung|nachricht|adresse) (?:\w+ ){0,3}(?:nicht|keine)\b|\b(?:musst du|du musst|muessen sie|sie muessen) nichts weiter\b|\bnot been read\b|\b(?:is|are|will be) closed\b|\bwill reopen\b",
);

/// The mail could not be delivered, says the sender, the subject or the body.
pub(super) fn is_bounce(from: &str, subject: &str, body: &str) -> bool {
    BOUNCE.is_match(from) || BOUNCE.is_match(subject) || is_bounce_body(body)
}

fn is_bounce_body(body: &str) -> bool {
    let start: String = body.chars().take(600).collect();
    BOUNCE.find_iter(&start).take(2).count() >= 2
}

patterns!(
    SAYS_SO,
    r"^(?:automatische (?:antwort|eingangsbestaetigung)|abwesen(?:heit|d)|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office)",
);

/// A machine that says so: whatever amount stands there, nobody has looked at the claim.
pub(super) fn says_it_is_a_machine(subject: &str) -> bool {
    SAYS_SO.is_match(subject)
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

// What was sent to such an address has reached nobody, and somebody must send it again.
patterns!(
    CLOSED,
    r"\b(?:postfach|mailbox|inbox|(?:e-?mail-?|mail-?)?(?:adresse|address))\b(?:[^.;!]|\d\.)*\b(?:geschlossen|stillgelegt|ausser betrieb|abgeschaltet|eingestellt|deaktiviert|aufgeloest|nicht mehr (?:\w+ )?(?:betreut|abgerufen|gelesen|bearbeitet|genutzt|verwendet|aktiv|gueltig)|no longer (?:\w+ )?(?:monitored|in use|active))\b",
);

pub(super) fn is_auto_reply(subject: &str, body: &str, said: &[Said<'_>]) -> bool {
    let subject_says_so = AUTO_SUBJECT.is_match(subject) && !is_reply_subject(subject);
    let signs = AUTO_BODY
        .find_iter(body)
        .map(|found| found.as_str().to_owned())
        .collect::<BTreeSet<_>>()
        .len();
    let is_receipt = says_it_is_a_machine(subject)
        || subject_says_so && (signs >= 1 || (body.len() < 600 && !body.contains('?')))
        || signs >= 3
        || (signs >= 2 && body.len() < 700 && !body.contains('?'));
    is_receipt && !CLOSED.is_match(body) && !says_something(said)
}
