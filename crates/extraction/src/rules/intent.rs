//! What the sender wants to say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::extraction::{Doubt, Intent};
use domain::money::Money;
use regex::Regex;

use crate::pattern::pattern;

use super::claim::{Account, Role, Strength};
use super::references::is_reply_subject;
use crate::clean::CleanedMail;
use crate::fold::fold;

/// A read receipt says no more than this, in bytes.
const LONGEST_READ_RECEIPT: usize = 800;

/// What the mail wants, and whether a creditor wrote it about a claim.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) intent: Intent,
    pub(super) is_creditor_reply: bool,
    pub(super) doubts: BTreeSet<Doubt>,
}

macro_rules! patterns {
    ($name:ident, $($part:literal),+ $(,)?) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| {
            pattern(concat!($($part),+))
        });
    };
}

patterns!(
    TALKS_TO_MACHINE,
    r"\b(?:ignore|disregard|forget)\b.*\b(?:instructions?|prompt|previous|above)\b|\b(?:ignoriere|vergiss|missachte)\w*\b.*\b(?:anweisung|instruktion|vorgabe|prompt|obige|vorherige)",
    r"|\b(?:automated|automatic|ai|llm) (?:systems?|process\w*|readers?|agents?|assistants?|tools?)\b|\bnote to (?:the )?(?:system|ai|agent|bot|model|assistant)|\bki\b|\bki-\w+|\bsprachmodell|\bchatgpt\b|\bjailbreak\b|\bprompt\b|\bsystem ?(?:prompt|###|message:)|###\s*(?:system|end|instruction|assistant)|<\|?(?:system|im_start)|\[(?:system|inst)\]|\byou are (?:now |the |an? )?(?:\w+ ){0,3}(?:assistant|service|model|ai|bot)\b",
    r"|\b(?:an|fuer) (?:das|die|den|alle)? ?(?:\w+ )?(?:ki|ai|llm|sprachmodell|auswertungsprogramm|auswertungssoftware|auswertungssystem|bot|chatbot|automaten?|ki-\w+|assistent\w*|extraktions\w*)\b",
    r"|\bdebt_amount\b|\bconfidence\b.*\d|\bnew_debt_amount\b|\bis_creditor_reply\b|\breference_numbers\b|\bhinweis an (?:das|die|den) (?:\w*programm|\w*software|\w*system|ki)",
    r"|\b(?:als|du bist) (?:ein )?(?:ki|sprachmodell|llm|assistent)\b|\bsetze (?:den |das |die )?(?:betrag|forderung|status|feld|wert|debt)|\bset (?:the )?(?:debt|amount|claim|status|field)",
    r"|\b(?:digitale|virtuelle|elektronische|kuenstliche|automatische)\w* (?:assistent\w*|helfer\w*|intelligenz|bearbeiter\w*|leser\w*)|\b(?:assistent\w*|maschine|programm|software|algorithmus|roboter|bot)\b[^.;]*\b(?:gelesen|ausgelesen|ausgewertet|ausliest|auswertet|liest)\b",
    r"|\bjson\b|\bkeine[mnr]? mensch(?:en)?\b|\b(?:no|any|a) human (?:reader|reviewer|agent|in the loop)\b|\bvorrang vor\b[^.;]*\b(?:vorgabe|regel|anweisung|einstellung)|\b(?:overrides?|take precedence over)\b[^.;]*\b(?:rules?|instructions?|settings?)\b",
);

patterns!(
    AUTO_SUBJECT,
    r"^(?:\[.*\] ?)?(?:abwesenheit|automatische (?:antwort|eingangsbestaetigung|empfangsbestaetigung|nachricht)|auto(?:matic)?[- ]?(?:reply|antwort|response)|out of (?:the )?office|eingangsbestaetigung|empfangsbestaetigung|ihre (?:anfrage|nachricht|e-?mail|mail) (?:ist|wurde|haben|bei)|nicht im (?:buero|haus)|urlaub|ich bin (?:nicht|im urlaub|ausser)|bestaetigung (?:ihrer|deiner) (?:anfrage|nachricht)|lesebestaetigung|gelesen:|read:|read receipt|ungelesen geloescht|zugestellt:|delivered:|not read:)",
    r"|^ooo\b|\bticket\b.*\b(?:geschlossen|geloest|closed|solved)\b|wir haben (?:deine|ihre) (?:anfrage|nachricht|mail|e-mail) erhalten|(?:anfrage|nachricht|ticket|e-?mail) (?:ist )?(?:eingegangen|erhalten)|we (?:have )?received your|thank you for (?:contacting|your (?:message|email|request))",
);

patterns!(
    AUTO_BODY,
    r"automatisch (?:geschlossen|erstellt|generiert|erzeugt|versendet|versandt|verschickt)|hat uns erreicht|reihenfolge des eingangs|bearbeitung (?:dauert|erfolgt|nimmt|kann)|nachfragen (?:\w+ ){0,3}abzusehen|\berfasst\b|nachricht (?:ist )?eingegangen|automatische (?:antwort|eingangsbestaetigung|nachricht|empfangsbestaetigung)|automatically generated|automated (?:reply|response|message)",
    r"|\bnicht (?:im (?:buero|haus|dienst)|besetzt|erreichbar|am arbeitsplatz|anwesend)\b|\b(?:bin|sind) (?:ich |wir )?(?:\w+ ){0,6}(?:abwesend|ausser haus|im urlaub|in elternzeit|nicht da)\b|out of (?:the )?office",
    r"|\b(?:wird|werden) nicht weitergeleitet|wird nicht (?:gelesen|bearbeitet)|(?:ist|sind) (?:bei uns |am \S+ )?(?:eingegangen|angekommen)|haben (?:deine|ihre) (?:anfrage|nachricht|e-?mail|mail) (?:\w+ ){0,4}erhalten|eingang (?:ihrer|deiner) (?:anfrage|nachricht|e-?mail|mail)",
    r"|(?:antworte|antworten sie)? ?(?:bitte )?nicht (?:auf diese|darauf|auf diese e-?mail|auf diese nachricht)|wir melden uns|melden uns (?:in der regel|innerhalb|schnellst|so schnell|unaufgefordert)|\bvertretung\b|dringenden? (?:faellen|angelegenheiten)|we will (?:get back|respond|reply)|innerhalb von \d+ (?:werk|arbeits)tagen|bearbeitungszeit|ticket-?(?:nummer|nr|id)",
);

patterns!(
    SPAM_WORDS,
    r"sofortkredit|rundbrief|rundschreiben|liebe mitglieder|jahreshauptversammlung|kreditkarte|zur auszahlung|erstattung haben|steuererstattung|geschenkt|jetzt stoebern|einkauf von|du bekommst diese|(?:sie erhalten|du erhaeltst|erhalten alle)\b|nur bis (?:sonntag|montag|samstag|freitag|zum)|festgeld|firmenkredit|keine angebote|kein interesse|platz sichern|register now|refer a |commission|we buy|cash for|per hour|early bird|fruehbucher|\bp\. ?a\.|netto|zzgl\. ust|ohne schufa|kredit ohne|umschuld|guenstige[rn]? kredit|branchenverzeichnis|branchenbuch|firmenverzeichnis|gewerbeverzeichnis|registereintrag|firmeneintrag|handelsregister-?eintrag|markenregister|markenverzeichnis|angebot zur eintragung|mit zahlung kommt|domain-?(?:register|registrierung|verlaengerung|eintrag)|ihre domain",
    r"|newsletter|abmelden|abbestellen|austragen|unsubscribe|opt-?out|jetzt (?:partner|sichern|kaufen|bestellen|anmelden|testen|registrieren|buchen|klicken|zugreifen|starten)|click here|hier klicken|klicken sie hier",
    r"|provision|rabatt|sonderangebot|sonderaktion|gratis|kostenlos(?:e[nrs]?)? (?:test|probe|erstgespraech|webinar|demo|angebot)|webinar|seminar|fortbildung|online-?kurs|fachtagung|workshop|gewonnen|gewinnspiel|lotterie|erbschaft|bitcoin|krypto|trading|rendite|investment|geldanlage",
    r"|seo\b|suchmaschine|google-?ranking|backlink|website (?:erstellen|optimier)|webdesign|leadgenerierung|leads\b|reichweite|viagra|dating|praemie|druckerpatronen|toner|bueromaterial|photovoltaik|stromtarif|leasingangebot|software fuer (?:kanzleien|schuldnerberat|insolvenz)|kanzleisoftware|partnerprogramm|kooperation(?:spartner)?|auszahlung in \d+ stunden|sichern sie sich|mehr (?:mandate|mandanten|anfragen|kunden|umsatz)|dies ist ein angebot|durch zahlung nehmen sie|konto (?:gesperrt|eingeschraenkt|verifizier)|passwort|paket (?:konnte|wartet)|zustellgebuehr|postfach (?:ist )?voll|verifizieren sie",
);

patterns!(
    ABOUT_A_CASE,
    r"\b(?:ihr|ihrem|ihres|unser|unserem|eu(?:er|rem)) (?:zeichen|az|aktenzeichen)\b|\bmandant(?:in|en)? (?:herrn?|frau)\b|\bschuldner(?:in)? (?:herrn?|frau|ist)\b|\bschuldenbereinigung|\bforderung(?:en)? gegen|\bgegen (?:herrn?|frau)\b|\bvertragskonto\b|\bkundenkonto\b|\./\.|\baz\.? ?\d|\byour (?:ref|client)\b|\bvollstreckung",
);

patterns!(
    BOUNCE,
    r"mailer-daemon|postmaster@|undeliver|unzustellbar|delivery (?:status|has failed|failure|failed)|returned to sender|mail delivery (?:system|subsystem|failed)|could not be delivered|konnte nicht (?:zugestellt|uebermittelt) werden|nicht zustellbar|user unknown|mailbox (?:full|unavailable)|zustellung fehlgeschlagen",
);

patterns!(
    SOLD,
    r"\b(?:haben|hatten|wurde|wurden|ist|sind|worden)\b.*\b(?:an (?:die |den |das )?(?:[^u]|u[^n]|un[^s]).*)?\b(?:verkauft|veraeussert|abgetreten|uebertragen|abgegeben)\b|\babgetreten\b.*\ban (?:die|den|das|eine)",
    r"|\bgehoert (?:uns|mir) nicht mehr\b|\bnicht mehr (?:\w+ ){0,3}(?:inhaber|inhaberin|glaeubiger|glaeubigerin|forderungsinhaber\w*|zustaendig|eigentuemer\w*)\b|\bneue[rn]? (?:glaeubiger|forderungsinhaber|glaeubigerin|inhaberin|ansprechpartner(?:in)?) ist\b|\b(?:mandat|inkassoauftrag|auftrag|vollmacht)\b.*\b(?:beendet|niedergelegt|entzogen|zurueckgegeben|erloschen|nicht mehr)",
    r"|\ban (?:\w+ ){0,3}(?:inkasso\w*|rechtsanw\w*|anwalt\w*|kanzlei)\b.*\b(?:uebergeben|abgegeben|weitergegeben|weitergeleitet)\b|\b(?:forderungsverkauf|forderungsabtretung)\b|\b(?:has been|was|have) (?:sold|assigned)\b|\ban (?:ein|das|die|unser(?:en)?) (?:inkasso\w*|rechtsanw\w*|inkassobuero \w+)\b.*\b(?:uebergeben|abgegeben|weitergegeben)\b",
);

patterns!(
    NOT_SOLD,
    r"\b(?:nicht|nichts|weder|nie|keine\w*|auch nicht)\b.*\b(?:verkauft|veraeussert|abgetreten|uebertragen|abgegeben|uebergeben|weitergegeben)\b",
    // What secured the claim was sold, and not the claim.
    r"|\b(?:fahrzeug\w*|pkw|wagen|auto|ware|waren|geraet\w*|immobilie|grundstueck\w*|pfand\w*|\w*objekt|moebel)\b[^.;]*\b(?:verkauft|veraeussert)\b",
);

patterns!(
    BOUGHT,
    r"\b(?:an uns|auf uns|von uns (?:erworben|angekauft)|haben wir .*\b(?:erworben|angekauft|uebernommen)|to us)\b"
);

patterns!(
    REFUSES,
    r"(?:plan|planes|vergleich|vergleichs\w*|vorschlag|vorschlaege|angebot|quote|ratenzahlung|raten\w*|teilzahlung|stundung|erlass|verzicht|einigung\w*|regulierung\w*|zahlungs\w*|offer|proposal|einigungsversuch|schuldenbereinigung\w*|minderung|reduzierung|widerspruch|einwand|einwaende|einrede)\b.*",
    r"\b(?:nicht (?:\w+ ){0,4}(?:zustimmen|zugestimmt|zuzustimmen|naeherzutreten|anzunehmen|mitzutragen|einzugehen|einzulassen|nachzukommen|beizutreten|zu (?:akzeptieren|folgen|entsprechen|vermitteln|vertreten)|annehmen|angenommen|akzeptieren|akzeptiert|einverstanden|naeher ?treten|naehertreten|entsprechen|entsprochen|zulassen|moeglich|gewaehren|bewilligen|mitwirken|beteiligen|folgen|mittragen|unterstuetzen|eingehen|stattgegeben|einlassen|(?:ein|an|zu)(?: ?[.,;!)]|$| (?:und|da|weil|sondern|denn|aber|sowie|oder)\b))|lehnen (?:wir|sie|ich)|(?:wird|werden|wurde|muss|muessen|wir|hiermit) (?:\w+ ){0,6}(?:abgelehnt|ablehnen|zurueckgewiesen|zurueckweisen)|abgelehnt|ablehnung|zurueckgewiesen|keine zustimmung|kommt (?:\w+ ){0,4}nicht in (?:betracht|frage)|scheidet aus|scheitert|reject|decline|cannot (?:accept|agree)|unable to accept|ausgeschlossen|unannehmbar|inakzeptabel)",
    r"|\b(?:cannot|can not|unable to|do not|not) (?:accept|agree)\b",
    r"|\b(?:lehnen|lehne|weisen) (?:wir |ich )?(?:\w+ ){0,12}(?:plan|vergleich\w*|vorschlag|angebot|ratenzahlung|teilzahlung|quote|stundung|einigung\w*|schuldenbereinigungsplan|zurueck)\b(?:.*\bab\b)?|\b(?:stimmen|stimme|koennen|kann|moechten|werden) (?:wir |ich )?(?:\w+ ){0,10}(?:plan|vergleich\w*|vorschlag|angebot|quote|ratenzahlung|schuldenbereinigungsplan) (?:\w+ ){0,4}(?:nicht|keinesfalls|leider nicht)\b",
    r"|\bauf (?:den|einen|ihren|diesen) (?:vergleich|vorschlag|plan|deal)\b.*\bnicht\b|\bkeine(?:r|n|m)? (?:ratenzahlung|vergleich|teilzahlung|stundung|zustimmung|nachlass|verzicht|quote)\b|\bnicht bereit\b|\bnicht verhandlungsbereit\b|\bwidersprechen (?:wir|dem)|\b(?:no|not) (?:instal\w+|settlement)|\bbestehen auf (?:der )?(?:vollstaendigen|voller|vollen|sofortigen)",
);

patterns!(
    ACCEPTS,
    r"\b(?:plan|planes|vergleich|vergleichs\w*|vorschlag|angebot|quote|schuldenbereinigungsplan|einmalzahlung|regulierungs\w*|zahlungsvorschlag|offer|proposal|einigung\w*|abfindung\w*)\b.*\b(?:zugestimmt|stimmen .*zu|stimmt .*zu|angenommen|nehmen .*an\b|einverstanden|einverstaendnis|zustimmung|akzeptier\w*|annahme|accept\w*|agree\w*)\b",
    r"|\b(?:stimmen|stimme|stimmt|akzeptieren|zustimmung zu|accept|agree to|einverstanden mit|nehmen wir|nehme ich)\b.*\b(?:plan|vergleich\w*|vorschlag|angebot|quote|schuldenbereinigungsplan|einmalzahlung|offer|proposal|abfindung\w*)\b",
);

patterns!(
    OFFERS,
    r"\bgegen (?:eine )?(?:einmalige? )?(?:zahlung|einmalzahlung)|\bbei (?:eingang|zahlung|einmalzahlung)\b.*\b(?:erledigt|verzichten|erlassen|abgegolten|ausgleich|erklaeren|schliessen)|\b(?:schlagen|bieten)\b.*\b(?:stattdessen|vor|an)\b.*\b(?:zahlung|vergleich|raten?|einmal\w*)|\beinmalzahlung (?:von|i\.? ?h\.? ?v\.?|in hoehe)|\bvergleich(?:sweise|svorschlag|sangebot|sbetrag|ssumme)?\b.*\b(?:anbieten|anzubieten|bieten|vorschlagen|in hoehe|von|ueber)",
    r"|\bzufrieden ?geben\b|\brest (?:zu )?erlassen\b|\bgenuegen uns\b|\bwaeren wir dabei\b|\bbegnuegen\b|\bone-off payment|\bagainst (?:a |one )?(?:\w+ )?payment|\bclose the file\b|\bgegenvorschlag|\bgegenangebot|\bcounter-?offer|\bunser (?:angebot|vorschlag)\b|\bverzichten (?:wir )?(?:\w+ ){0,6}(?:auf|weitergehende)|\bin full and final settlement|\bmindestens \d+ ?(?:%|prozent)|\bquote von mindestens|\bbereit\b.*\b(?:vergleich|verzichten|abgeltung|erlass)|\bals abgeltung\b|\bzur abgeltung\b",
);

patterns!(
    PLANS,
    r"\b(?:raten(?:zahlung|vereinbarung|plan|zahlungsvereinbarung|angebot|zahlungsangebot)?|monatsrate\w*|teilzahlung\w*|stundung\w*|zahlungsvereinbarung|zahlungsplan|monatliche[nr]? (?:rate|raten|zahlung|zahlungen)|instal+ments?|payment plan|stillhalt\w*)\b",
);

patterns!(
    PLANS_FOR_REAL,
    r"\b(?:anbieten|bieten|angeboten|bereit|einverstanden|einverstaendnis|einverstaendnis besteht|akzeptier\w*|stimmen|zugestimmt|gewaehr\w*|bewillig\w*|einger(?:ae|a)eumt|einraeumen|raeumen|vereinbar\w*|gestund\w*|moeglich|bestaetig\w*|entgegen\w*|einverstaendlich|beginnend|ab dem|zahlbar|faellig|erste rate|zu je|annehmen|nehmen|in raten|raten zu|raten a\b|willing|agree|accept|offer)\b",
);

patterns!(
    PLAN_IF_WISHED,
    r"\b(?:if your client|should your client|falls|sofern|wenn|auf wunsch|auf antrag|in betracht|bei vorlage|denkbar|nehme? auch|can be (?:made|paid)|gerne auch|alternativ|selbstverstaendlich|bei bedarf|sollte)\b",
);

patterns!(
    NEEDS_FACTS,
    r"\b(?:vollmacht|schweigepflichtentbindung|legitimation|einwilligung|geburtsdatum|geburtsname|anschrift|adresse|kundennummer|vertragsnummer|rechnungsnummer|aktenzeichen|versicherungsnummer|rufnummer|identifi\w*|power of attorney|date of birth|customer number|authori[sz]ation|letter of authority|personalausweis|ausweiskopie|meldeadresse)\b",
);

patterns!(
    ASKS_FOR,
    r"\b(?:bitte|bitten|benoetigen|benoetige|brauchen|brauche|fehlt|fehlen|ohne|nachreichen|nachzureichen|uebersenden sie|senden sie|schick\w*|reichen sie|teilen sie|nennen sie|mitteilen|mitzuteilen|angabe|angaben|vorlage|vorlegen|please|need|require|without|missing|provide|erforderlich|liegt uns (?:\w+ ){0,2}nicht|nicht vor|erst)\b",
);

patterns!(
    CANNOT_ASSIGN,
    r"\b(?:zuordn\w*|zuordnung|zugeordnet|auffinden|aufgefunden|identifizier\w*|ermittel\w*|gefunden|finden|bekannt|gefuehrt|locate|identify|trace)\b.*\bnicht\b|\bnicht (?:\w+ ){0,4}(?:zuordnen|zugeordnet|zuzuordnen|auffinden|aufgefunden|identifizieren|ermitteln|gefunden|finden|bekannt)\b|\b(?:keine|kein) (?:\w+ ){0,4}(?:zuordnung|vorgang|kundenkonto|treffer|auskunft|auskuenfte|unterlagen gefunden)\b|\bmehrere (?:\w+ ){0,3}(?:kunden|versicherte|personen|schuldner|mandanten|konten) (?:mit|gleichen|namens)|\bkeine auskunft\b|\bkeine auskuenfte\b|\b(?:cannot|unable to|could not) (?:identify|locate|trace|find)",
);

patterns!(
    QUESTION_WORDS,
    r"\b(?:wie hoch|wie viele|wie viel|mit wie vielen|wann|ob\b|welche[rs]?|warum|weshalb|wer\b|bitten um (?:mitteilung|auskunft|information|nachricht|stellungnahme|rueckmeldung)|teilen sie uns (?:\w+ ){0,6}mit|lassen sie uns wissen|please (?:advise|let us know|confirm)|koennen sie|koennten sie|haben sie|wird (?:die|der|das)|besteht|liegt\b.*\bvor\b)",
);

patterns!(
    ATTACHED,
    r"\b(?:anlage|anlagen|anbei|anhang|beigefuegt\w*|beiliegend\w*|angehaengt\w*|attached|attachment|enclosed|im anhang|pdf)\b",
);

patterns!(
    STATES_ACCOUNT,
    r"\b(?:forderungsaufstellung|forderungsaufstellungen|kontoauszug|saldenmitteilung|saldobestaetigung|aufstellung|forderungsuebersicht|forderungskonto|forderungsanmeldung|statement|kontoaufstellung|saldenbestaetigung|forderungshoehe)\b",
);

patterns!(
    SPEAKS_OF_CLAIM,
    r"\b\w*(?:forderung|rueckstand|rueckstaende|schuld|saldo|betrag)\b.*\b(?:besteht|bestehen|betraegt|belaeuft|offen|weiterhin|folgt|beziffern|mitteilen)\b",
);

patterns!(
    DEBTOR_SPEAKS,
    r"\b(?:was soll ich|muss ich|soll ich|kann ich|darf ich|meine schulden|mein konto|mein glaeubiger|ich habe .*(?:bekommen|erhalten|post)|mein gehalt|meinem arbeitgeber|hallo frau doktor|mein insolvenz\w*|mir geht es|ich weiss nicht|habe? (?:\w+ )?mit .* telefoniert|koennen sie das (?:\w+ )?eintragen|will .* von mir|koennen sie mir|ich habe? .*(?:ueberwiesen|bezahlt|gezahlt)|hab(?:e)? (?:heute|gestern) (?:einen|den|diesen|ein) (?:brief|schreiben))\b",
);

// An employer or another debtor of the debtor tells what it has paid off.
patterns!(
    PAYS_FOR_DEBTOR,
    r"\b(?:nach|aus|laut|in) unserer (?:lohn|gehalts)\w+\b|\bwir als (?:arbeitgeber\w*|drittschuldner\w*)\b|\bunser(?:es|em|en)? mitarbeiter(?:s|in)? (?:herrn?|frau)\b",
);

/// Reads the intent of a mail whose amounts are already understood.
pub(super) fn read(mail: &CleanedMail, account: &Account) -> Reading {
    let subject = fold(&mail.subject);
    let body = fold(&mail.body);
    let everything_new = format!("{subject}\n{body}\n{}", fold(&mail.signature));
    let mut doubts = BTreeSet::new();
    if mail.reverses_direction || TALKS_TO_MACHINE.is_match(&everything_new) {
        doubts.insert(Doubt::Manipulation);
    }
    let own_claim = account.claim.as_ref().filter(|claim| claim.strength > Strength::Bare);
    let states_amounts =
        account.has(Role::Total) || account.has(Role::Sum) || account.has(Role::Claim);
    let done = |intent: Intent, is_creditor_reply: bool, doubts: BTreeSet<Doubt>| Reading {
        intent,
        is_creditor_reply,
        doubts,
    };

    let from = mail.from_email.to_lowercase();
    if BOUNCE.is_match(&from) || BOUNCE.is_match(&subject) || is_bounce_body(&body) {
        doubts.insert(Doubt::ThirdParty);
        return done(Intent::Other, false, doubts);
    }
    if mail.forwarded_from.is_some() && (own_claim.is_none() || mail.is_foreign)
        || DEBTOR_SPEAKS.is_match(&body)
    {
        doubts.insert(Doubt::ThirdParty);
        return done(Intent::Other, false, doubts);
    }
    if is_read_receipt(&subject, &body) && doubts.is_empty() {
        return done(Intent::AutoReply, false, doubts);
    }
    if is_spam(mail, &subject, &everything_new) && doubts.is_empty() {
        return done(Intent::Spam, false, doubts);
    }
    if !states_amounts && own_claim.is_none() && is_auto_reply(&subject, &body) && doubts.is_empty()
    {
        return done(Intent::AutoReply, false, doubts);
    }
    if states_amounts && is_auto_reply(&subject, &body) {
        // A machine that confirms a receipt states no claim of its own: the figure is an echo of
        // the office's letter, or a person must tell.
        doubts.insert(Doubt::ThirdParty);
    }
    if PAYS_FOR_DEBTOR.is_match(&body) {
        doubts.insert(Doubt::ThirdParty);
    }
    let about_sale = !BOUGHT.is_match(&body)
        && sentences(&joined(&body)).any(|s| SOLD.is_match(s) && !NOT_SOLD.is_match(s));
    if about_sale {
        doubts.insert(Doubt::NotTheirClaim);
        return done(Intent::Other, true, doubts);
    }
    let intent = creditors_intent(&subject, &joined(&body), account);
    done(intent, true, doubts)
}

/// Line breaks are no borders of a sentence.
fn joined(body: &str) -> String {
    body.replace('\n', " ")
}

fn creditors_intent(subject: &str, body: &str, account: &Account) -> Intent {
    let claim = account.claim.as_ref().filter(|claim| claim.strength > Strength::Bare);
    let firm = claim.is_some_and(|claim| claim.strength >= Strength::Total);
    let contradicting = account.doubts.contains(&Doubt::ContradictingTotals);
    let refuses = sentences(body).any(refuses);
    let offers = sentences(body)
        .any(|sentence| OFFERS.is_match(sentence) && !sentence.trim_end().ends_with('?'));
    if claim.is_some_and(|claim| claim.value == Money::ZERO) && !refuses {
        return Intent::DebtStatement;
    }
    if refuses {
        return if offers && !firm { Intent::SettlementCounter } else { Intent::Rejection };
    }
    let whole = format!("{subject}. {body}");
    if sentences(&whole).any(|sentence| {
        ACCEPTS.is_match(sentence) && !PLAN_IF_WISHED.is_match(sentence) && !asks(sentence)
    }) {
        return Intent::SettlementAccept;
    }
    let plans = sentences(&whole).any(|sentence| {
        PLANS.is_match(sentence)
            && PLANS_FOR_REAL.is_match(sentence)
            && !PLAN_IF_WISHED.is_match(sentence)
    }) || (account.has(Role::Rate)
        && PLANS.is_match(&whole)
        && !sentences(body).any(|s| PLANS.is_match(s) && PLAN_IF_WISHED.is_match(s)));
    if offers && claim.is_none() && !plans {
        return Intent::SettlementCounter;
    }
    let unclear = sentences(body).any(|sentence| CANNOT_ASSIGN.is_match(sentence));
    let needs = sentences(body).any(|sentence| {
        NEEDS_FACTS.is_match(sentence) && ASKS_FOR.is_match(sentence) && !is_thanks(sentence)
    });
    if !firm && !contradicting && (unclear || (needs && claim.is_none())) {
        return Intent::ClarificationRequest;
    }
    if plans {
        return Intent::PaymentPlan;
    }
    if firm || contradicting {
        return Intent::DebtStatement;
    }
    let question = body.contains('?')
        || sentences(body)
            .any(|sentence| ASKS_FOR.is_match(sentence) && QUESTION_WORDS.is_match(sentence));
    match claim {
        Some(claim) if claim.strength == Strength::Claim && body.contains('?') => Intent::Inquiry,
        Some(_) => Intent::DebtStatement,
        None if ATTACHED.is_match(body) && (STATES_ACCOUNT.is_match(&whole) || !question) => {
            Intent::DebtStatement
        }
        None if account.has(Role::Former) || !account.doubts.is_empty() => Intent::DebtStatement,
        None if question => Intent::Inquiry,
        None if !account.readings.is_empty() || SPEAKS_OF_CLAIM.is_match(body) => {
            Intent::DebtStatement
        }
        None => Intent::Other,
    }
}

/// `Raten lehnen wir nicht ab` refuses nothing.
fn refuses(sentence: &str) -> bool {
    static NOT_REFUSED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:lehnen|lehne|lehnt|weisen)\b[^,;:]*\b(?:nicht|keineswegs|keinesfalls) (?:ab|zurueck)\b|\bnicht (?:abgelehnt|ablehnen|zurueckgewiesen|ausgeschlossen)\b|\b(?:keine|ohne) ablehnung\b",
        )
    });
    REFUSES.is_match(sentence)
        && (!NOT_REFUSED.is_match(sentence)
            || REFUSES.is_match(&NOT_REFUSED.replace_all(sentence, " ")))
}

/// `vielen Dank für die Vollmacht` asks for nothing.
fn is_thanks(sentence: &str) -> bool {
    ["dank", "liegt uns vor", "erhalten", "uebersendung der vollmacht"]
        .iter()
        .any(|word| sentence.contains(word))
        && !["bitte", "benoetig", "fehl", "ohne "].iter().any(|word| sentence.contains(word))
}

fn asks(sentence: &str) -> bool {
    sentence.trim_end().ends_with('?')
        || sentence.contains("sobald")
        || sentence.contains("pruefen wir")
}

fn sentences(body: &str) -> impl Iterator<Item = &str> {
    body.split_inclusive(". ").flat_map(|part| part.split_inclusive(['?', '!', ';']))
}

fn is_bounce_body(body: &str) -> bool {
    let start: String = body.chars().take(600).collect();
    BOUNCE.find_iter(&start).take(2).count() >= 2
}

/// `Ihre Nachricht … wurde am … gelesen.`
fn is_read_receipt(subject: &str, body: &str) -> bool {
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
    let said = body.lines().filter(|line| !line.trim_start().starts_with("betreff:"));
    let said: String = said.flat_map(|line| [line, " "]).collect();
    said.len() < LONGEST_READ_RECEIPT && SUBJECT.is_match(subject) && BODY.is_match(&said)
}

fn is_auto_reply(subject: &str, body: &str) -> bool {
    let subject_says_so = AUTO_SUBJECT.is_match(subject) && !is_reply_subject(subject);
    let signs = AUTO_BODY
        .find_iter(body)
        .map(|found| found.as_str().to_owned())
        .collect::<BTreeSet<_>>()
        .len();
    static ABSENT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:automatische (?:antwort|eingangsbestaetigung)|abwesenheit|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office)",
        )
    });
    let is_receipt = ABSENT.is_match(subject)
        || subject_says_so && (signs >= 1 || (body.len() < 600 && !body.contains('?')))
        || signs >= 3
        || (signs >= 2 && body.len() < 700 && !body.contains('?'));
    is_receipt && !says_something(body)
}

/// What no machine says that merely confirms a receipt: a lost answer is worse than a question
/// to a person.
fn says_something(body: &str) -> bool {
    static PERSONAL_FACTS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:vollmacht|geburtsdatum|anschrift|legitimation|ausweis\w*|power of attorney|date of birth|schweigepflicht\w*)\b",
        )
    });
    let body = joined(body);
    sentences(&body).any(|sentence| {
        PERSONAL_FACTS.is_match(sentence) && ASKS_FOR.is_match(sentence)
            || CANNOT_ASSIGN.is_match(sentence)
            || refuses(sentence)
            || OFFERS.is_match(sentence)
            || ACCEPTS.is_match(sentence)
            || SOLD.is_match(sentence)
    })
}

/// Advertising and false invoices to the office itself: never where a case is spoken of.
fn is_spam(mail: &CleanedMail, subject: &str, text: &str) -> bool {
    if ABOUT_A_CASE.is_match(text)
        || says_something(text)
        || is_reply_subject(subject)
        || !mail.quote.is_empty()
    {
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
    signs + usize::from(MARKETING.is_match(&mail.from_email.to_lowercase())) >= 2
}
