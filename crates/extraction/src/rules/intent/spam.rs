//! Advertising and false invoices.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::super::references::is_reply_subject;
use super::said::Said;
use super::says_something;
use crate::clean::CleanedMail;
use crate::pattern::pattern;

patterns!(
    SPAM_WORDS,
    r"sofortkredit|rundbrief|rundschreiben|liebe mitglieder|jahreshauptversammlung|kreditkarte|zur auszahlung|erstattung haben|steuererstattung|geschenkt|jetzt stoebern|einkauf von|du bekommst diese|(?:sie erhalten|du erhaeltst|erhalten alle)\b|nur bis (?:sonntag|montag|samstag|freitag|zum)|festgeld|firmenkredit|keine angebote|kein interesse|platz sichern|register now|refer a |commission|we buy|cash for|per hour|early bird|fruehbucher|\bp\. ?a\.|netto|zzgl\. ust|(?:ohne|trotz|negativer) schufa|kredit ohne|umschuld|guenstige[rn]? kredit|branchenverzeichnis|branchenbuch|firmenverzeichnis|gewerbeverzeichnis|registereintrag|firmeneintrag|handelsregister-?eintrag|markenregister|markenverzeichnis|angebot zur eintragung|mit zahlung kommt|domain-?(?:register|registrierung|verlaengerung|eintrag)|ihre domain",
    r"|\bofferte\b|\b(?:mit|durch) (?:der |ihre[r]? )?(?:ueberweisung|zahlung) (?:kommt|zustande|nehmen)|kommt (?:\w+ )?(?:durch|mit) (?:der |ihrer )?(?:ueberweisung|zahlung)|bei nichtgefallen|eintragungsgebuehr|premium-?eintrag|eintragung gewerbe\w*|veroeffentlichung ihrer \w*daten|zollgebuehr|(?:sendung|paket) [^.;]*(?:nicht zugestellt|zugestellt werden|wartet)|zustellung angehalten|jetzt (?:bezahlen|eindecken|loslegen)|(?:antwort|antworten sie) mit stopp?\b|keine (?:mails|werbung|weiteren angebote)\b|\bwir kaufen\b|kaufen (?:wir )?ihre (?:rechnungen|forderungen|titel|honorare)|aktionspreis\w*|aktionspraemie|\w*gutschein|angebot anfordern|(?:binnen|in) 48 ?(?:stunden|h)\b",
    r"|newsletter|abmelden|abbestellen|austragen|unsubscribe|opt-?out|jetzt (?:partner|sichern|kaufen|bestellen|anmelden|testen|registrieren|buchen|klicken|zugreifen|starten)|click here|hier klicken|klicken sie (?:hier|auf)|\bihr eintrag\b|daten zu bestaetigen",
    // False invoices for entries that nobody ordered.
    r"|\w*transparenz(?:register|verzeichnis)|\w*registerstelle|registerabgabe|kanzleiregister|anwaltsverzeichnis|(?:fuehrung|verlaengerung) ihre[sr] (?:eintrag|\w+-?siegel)\w*|eintragung (?:ihre[sr]|kanzlei|\W+kanzlei)|erfassungsgebuehr|(?:unverbindliche|privatwirtschaftliche)\w* (?:offerte|angebot)|stellt ein angebot dar|angebot\. ein vertrag|angebotsverfahren|vertrag (?:kommt|entsteht)|privates verzeichnis|keine behoerde|kein (?:zusammenhang mit|amtlicher) \w+|basisdatenschutz|leistungspaket|kartuschen|jahresvertrag|dritte mahnung|zurueckfaxen",
    r"|\btitel (?:in der schublade|ankauf)|vollstreckungstitel\?|altforderungen|portfolios?\b|honorarforderungen an|factoring|videocall|kurzer call|page 1 of google|seite 1\b|website gestossen|free audit|nur \d+(?:,\d+)? ?(?:€|eur) im monat|rueckruf anfordern|keine post mehr|einladungen\?|verteilzentrum|ihre sendung|verlosen|wusstest du|schon gewusst",
    r"|provision|rabatt|sonderangebot|sonderaktion|gratis|kostenlos(?:e[nrs]?)? (?:test|probe|erstgespraech|webinar|demo|angebot)|webinar|seminar|fortbildung|online-?kurs|fachtagung|workshop|gewonnen|gewinnspiel|lotterie|erbschaft|bitcoin|krypto|trading|rendite|investment|geldanlage",
    r"|seo\b|suchmaschine|google-?ranking|backlink|website (?:erstellen|optimier)|webdesign|leadgenerierung|leads\b|reichweite|viagra|dating|praemie|druckerpatronen|toner|bueromaterial|photovoltaik|stromtarif|leasingangebot|software fuer (?:kanzleien|schuldnerberat|insolvenz)|kanzleisoftware|partnerprogramm|kooperation(?:spartner)?|auszahlung in \d+ stunden|sichern sie sich|mehr (?:mandate|mandanten|anfragen|kunden|umsatz)|dies ist ein angebot|durch zahlung nehmen sie|konto (?:gesperrt|eingeschraenkt|verifizier)|passwort|paket (?:konnte|wartet)|zustellgebuehr|postfach (?:ist )?voll|verifizieren sie",
);

patterns!(
    ABOUT_A_CASE,
    r"\b(?:ihr|ihrem|ihres|unser|unserem|eu(?:er|rem)) (?:zeichen|az|aktenzeichen)\b|\bmandant(?:in|en)? (?:herrn?|frau)\b|\bschuldner(?:in)? (?:herrn?|frau|ist)\b|\bforderung(?:en)? gegen|\bgegen (?:herrn?|frau)\b|\bvertragskonto\b|\bkundenkonto\b|\./\.|\baz\.? ?\d|\byour (?:ref|client)\b|\bvollstreckung",
);

/// A mail that looks like an answer takes more signs.
const SIGNS_IN_ANSWER: usize = 3;

/// Advertising and false invoices to the office itself: never where a case is spoken of.
pub(super) fn is_spam(
    mail: &CleanedMail,
    subject: &str,
    text: &str,
    said: &[Said<'_>],
    names_client: bool,
) -> bool {
    if ABOUT_A_CASE.is_match(text) || says_something(said) {
        return false;
    }
    let is_answer = is_reply_subject(subject) || !mail.quote.is_empty();
    if is_answer && names_client {
        return false;
    }
    static MARKETING: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:newsletter|news|marketing|akademie|seminare?|werbung|angebote?|offers?|promo|aktion\w*)@|@(?:news|newsletter|marketing|promo|info)\.",
        )
    });
    let signs = SPAM_WORDS
        .find_iter(text)
        .map(|found| found.as_str().to_owned())
        .collect::<BTreeSet<_>>()
        .len();
    signs + usize::from(MARKETING.is_match(&mail.from_email.to_lowercase()))
        >= if is_answer { SIGNS_IN_ANSWER } else { 2 }
}
