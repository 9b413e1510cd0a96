//! Settlements refused, accepted and offered, and instalments.

use std::sync::LazyLock;

use regex::Regex;

use super::said::Said;
use crate::pattern::pattern;

patterns!(
    REFUSES,
    r"(?:plan|planes|vergleich|vergleichs\w*|vorschlag|vorschlaege|angebot|quote|ratenzahlung|raten\w*|teilzahlung|stundung|erlass|verzicht|einigung\w*|regulierung\w*|zahlungs\w*|offer|proposal|einigungsversuch|schuldenbereinigung\w*|minderung|reduzierung|widerspruch|einwand|einwaende|einrede)\b.*",
    r"\b(?:nicht (?:\w+ ){0,4}(?:zustimmen|zugestimmt|zuzustimmen|naeherzutreten|anzunehmen|mitzutragen|einzugehen|einzulassen|nachzukommen|beizutreten|zu (?:akzeptieren|folgen|entsprechen|vermitteln|vertreten)|annehmen|angenommen|akzeptieren|akzeptiert|einverstanden|naeher ?treten|naehertreten|entsprechen|entsprochen|zulassen|moeglich|gewaehren|bewilligen|mitwirken|beteiligen|folgen|mittragen|unterstuetzen|eingehen|stattgegeben|einlassen|(?:ein|an|zu)(?: ?[.,;!)]|$| (?:und|da|weil|sondern|denn|aber|sowie|oder)\b))|lehnen (?:wir|sie|ich)|(?:wird|werden|wurde|muss|muessen|wir|hiermit) (?:\w+ ){0,6}(?:abgelehnt|ablehnen|zurueckgewiesen|zurueckweisen)|abgelehnt|ablehnung|zurueckgewiesen|keine zustimmung|kommt (?:\w+ ){0,4}nicht in (?:betracht|frage)|scheidet aus|scheitert|reject|decline|cannot (?:accept|agree)|unable to accept|ausgeschlossen|unannehmbar|inakzeptabel|kein raum|gescheitert|widersprochen|ablehnen|nicht in der lage|trete?n? (?:wir |ich )?(?:\w+ ){0,2}entgegen|nicht (?:\w+ )?(?:gebilligt|befuerwortet)|keine (?:moeglichkeit|veranlassung|grundlage|handhabe)|nicht (?:\w+ ){0,4}(?:darstellbar|tragbar|hinnehmbar|akzeptabel|annehmbar|ausreichend|zielfuehrend))",
    r"|\b(?:\w*antrag|gesuch|\w*wunsch|bitte|ersuchen|begehren|anliegen|raten|ratenzahlung|stundung)\b.*\bnicht (?:\w+ ){0,2}(?:entsprochen|entsprechen|stattgegeben|stattgeben|gefolgt|nachgekommen|nachkommen|bewilligt|gewaehrt)\b",
    r"|\b(?:cannot|can not|unable to|do not|not) (?:accept|agree)\b",
    r"|\b(?:lehnen|lehne|weisen) (?:wir |ich )?(?:\w+ ){0,12}(?:plan|vergleich\w*|vorschlag|angebot|ratenzahlung|teilzahlung|quote|stundung|einigung\w*|schuldenbereinigungsplan|zurueck)\b(?:.*\bab\b)?|\b(?:stimmen|stimme|koennen|kann|moechten|werden) (?:wir |ich )?(?:\w+ ){0,10}(?:plan|vergleich\w*|vorschlag|angebot|quote|ratenzahlung|schuldenbereinigungsplan) (?:\w+ ){0,4}(?:nicht|keinesfalls|leider nicht)\b",
    r"|\bauf (?:den|einen|ihren|diesen) (?:vergleich|vorschlag|plan|deal)\b.*\bnicht\b|\bkeine(?:r|n|m)? (?:ratenzahlung|vergleich|nachlaesse|abschlaege|teilzahlung|stundung|zustimmung|nachlass|verzicht|quote)\b|\bnicht bereit\b|\bnicht verhandlungsbereit\b|\bwidersprechen (?:wir|dem)|\b(?:no|not) (?:instal\w+|settlement)|\bbestehen auf (?:der )?(?:vollstaendigen|voller|vollen|sofortigen)",
    r"|\bzustimmung\b.*\b(?:nicht (?:\w+ ){0,2}(?:erteil\w*|geben|gegeben)|verweiger\w*|versag\w*)\b|\bgegen (?:den|ihren|diesen) (?:\w*plan|vergleich\w*|\w*vorschlag)\b.*\bentschieden\b|\bversuch\b.*\bgescheitert\b",
    r"|\b(?:nicht in der lage|keine (?:moeglichkeit|veranlassung|grundlage|handhabe))\b.*\b(?:\w*plan|vergleich\w*|\w*vorschlag|angebot|\w*verzicht|quote|erlass|nachlass|ratenzahlung)\b|\b(?:widerspruch|einspruch|einwendungen) (?:\w+ ){0,4}gegen (?:den|ihren|diesen) (?:\w*plan|vergleich\w*|\w*vorschlag)\b|\bgegen (?:den|ihren|diesen) (?:\w*plan|vergleich\w*|\w*vorschlag)\b.*\b(?:widerspruch|einspruch|einwendungen)\b",
    // The proposal was named in the sentence before; the whole is demanded at once.
    r"|\bhat (?:ihn|es|diesen|dies) (?:\w+ )?nicht (?:gebilligt|befuerwortet|genehmigt|angenommen)\b|\bin einer summe (?:erwart\w*|forder\w*|verlang\w*|zu zahlen)\b|\b(?:einwand|einwaende|einrede|einwendung\w*)\b[^;]*\b(?:haken|legen) (?:wir|ich) [^;]*\b(?:ab|beiseite)\b",
    r"|\blehn(?:e|en|t)\b[^;]*\bab(?: ?[.,;!)]|$| (?:und|da|weil|sondern|denn|aber|sowie)\b)",
    r"|\bstimm(?:t|en|e)\b[^;]*\b(?:nicht|keineswegs|keinesfalls) zu(?: ?[.,;!)]|$| (?:und|da|weil|sondern|denn|aber|sowie|oder)\b)",
    r"|\blehnen? (?:wir |ich |hiermit ){0,2}(?:ihn|diesen|dies|das|es) (?:\w+ ){0,2}ab\b|\braten\b.*\b(?:mache?n?|gehe?n?|trage?n?) (?:ich|wir) (?:\w+ )?nicht mit\b|\b(?:uns|mir) (?:\w+ )?zu (?:wenig|niedrig|gering)\b|\bihr(?:em)? (?:antrag|ersuchen)\b.*\b(?:wird|kann|koennen) (?:\w+ ){0,4}(?:abgelehnt|nicht (?:\w+ ){0,2}entsprochen|nicht (?:\w+ ){0,2}stattgegeben)\b",
);

patterns!(
    ACCEPTS,
    r"\b(?:plan|planes|vergleich|vergleichs\w*|vorschlag|angebot|quote|schuldenbereinigungsplan|einmalzahlung|regulierungs\w*|zahlungsvorschlag|offer|proposal|einigung\w*|abfindung\w*)\b.*\b(?:zugestimmt|stimmen .*zu|stimmt .*zu|angenommen|nehmen .*an\b|einverstanden|einverstaendnis|zustimmung|akzeptier\w*|annahme|anzunehmen|accept\w*|agree\w*)\b",
    r"|\b(?:stimmen|stimme|stimmt|akzeptieren|zustimmung zu|accept|agree to|einverstanden mit|nehmen wir|nehme ich)\b.*\b(?:plan|vergleich\w*|vorschlag|angebot|quote|schuldenbereinigungsplan|einmalzahlung|offer|proposal|abfindung\w*)\b",
    r"|\b(?:vorgeschlagen|angeboten|angetragen)\w* (?:\w+ ){0,2}(?:regelung|loesung)\b.*\b(?:einverstanden|zugestimmt|stimm\w*|angenommen|akzeptier\w*)\b|\b(?:einverstanden|zugestimmt|stimm\w*|akzeptier\w*)\b.*\b(?:vorgeschlagen|angeboten|angetragen)\w* (?:\w+ ){0,2}(?:regelung|loesung)\b",
    r"|\b(?:nimmt|nehmen?)\b.*\b(?:plan|vergleich\w*|\w*vorschlag|angebot)\b.*\ban\b(?:[.,;:!]|$| (?:und|da|weil)\b)",
);

// An offer that would be received, that falls short, or that the sender made.
patterns!(
    NOT_ACCEPTED,
    r"\b(?:entgegen|unter dem|unter der|unser(?:en|em|es)? (?:\w+ )?(?:angebot|\w*vorschlag)|einigungsversuch)\b",
);

patterns!(
    OFFERS,
    r"\bgegen (?:eine )?(?:einmalige? )?(?:zahlung|einmalzahlung) (?:von|in|eines|einer|i\.)|\bbei (?:eingang|zahlung|einmalzahlung)\b.*\b(?:erledigt|verzichten|erlassen|abgegolten|ausgleich|erklaeren|schliessen|vom tisch)|\b(?:schlagen|bieten)\b.*\b(?:stattdessen|vor|an)\b.*\b(?:zahlung|vergleich|raten?|einmal\w*)|\beinmalzahlung (?:von|i\.? ?h\.? ?v\.?|in hoehe)|\bvergleich(?:sweise|svorschlag|sangebot|sbetrag|ssumme)?\b.*\b(?:anbieten|anzubieten|bieten|vorschlagen|in hoehe|(?:von|ueber) (?:eur |€ ?)?\d)",
    r"|\bzufrieden ?geben\b|\brest (?:zu )?erlassen\b|\bgenuegen uns\b|\bwaeren wir dabei\b|\bbegnuegen\b|\bone-off payment|\bagainst (?:a |one )?(?:\w+ )?payment|\bclose the file\b|\bgegenvorschlag|\bgegenangebot|\bcounter-?offer|\bunser (?:angebot|vorschlag)\b|\bverzichten (?:wir )?(?:\w+ ){0,6}(?:auf|weitergehende)|\bin full and final settlement|\bmindestens \d+ ?(?:%|prozent)|\bquote von mindestens|\bbereit\b.*\b(?:vergleich|verzichten|abgeltung|erlass)|\bals abgeltung\b|\bzur abgeltung\b",
    r"|\bgeh(?:en|t)\b.*\bein\b.*\b(?:erlassen|verzicht\w*|erledigt|geschlossen)\b|\b(?:ueberweis\w*|zahl\w*)\b.*\bund (?:wir|ich) (?:schliess\w*|verzicht\w*|erlass\w*)\b|\bunterbreiten\b.*\bangebot\b|\bmit eingang\b.*\berledigt\b|\bdann ist (?:\w+ ){0,2}erledigt\b|\bfolgende\w* (?:varianten|optionen)\b",
);

patterns!(
    COUNTERS,
    r"\b(?:unser(?:en)?|mein(?:en)?|unser neuer|folgende[rns]?) (?:gegenvorschlag|gegenangebot)\b|\b(?:our|my|following) counter-? ?(?:offer|proposal)\b",
    r"|\b(?:mit|bei) (?:\w+ ){0,3}[0-9]{1,2} ?(?:%|prozent)[^.;]*\b(?:zufrieden ?geben|begnueg\w*|einverstanden)\b|\bwuerden? sich mit\b[^;]*\b(?:zufrieden ?geben|begnuegen)\b",
);

patterns!(
    PLANS,
    r"\b(?:(?:eine|einer|jede|erste|der|die|mit) (?:\w+ )?rate|teilbetraegen|raten(?:zahlung|vereinbarung|plan|zahlungsvereinbarung|angebot|zahlungsangebot)?|monatsrate\w*|teilzahlung\w*|stundung\w*|zahlungsvereinbarung|zahlungsplan|ratenvertrag|stunden (?:wir|ihm|ihr)|wir stunden|(?:monatlich|im monat|jeden monat|je monat)\b[^.;]*\b(?:abtr\w+|abzahl\w*|zahlt|ueberweis\w*|begleich\w*|tilg\w*)|monatliche[nr]? (?:rate|raten|zahlung|zahlungen)|instal+ments?|payment plan|stillhalt\w*|teilbetr(?:ae|a)ge?n?|abstotter\w*|abgestottert|abzahlung|monatliche[nr]? tilgung)\b",
);

patterns!(
    PLANS_FOR_REAL,
    r"\b(?:anbieten|bieten|angeboten|bereit|einverstanden|einverstaendnis|einverstaendnis besteht|akzeptier\w*|stimmen|zugestimmt|gewaehr\w*|bewillig\w*|einger(?:ae|a)eumt|einraeumen|raeumen|vereinbar\w*|gestund\w*|moeglich|bestaetig\w*|genehmig\w*|gestattet|erlaubt|in ordnung|wir stunden|stunden wir|vorbereitet|entgegen\w*|einverstaendlich|beginnend|ab dem|zahlbar|faellig|erste rate|zu je|annehmen|nehmen|in raten|raten zu|raten a\b|nachgelassen|zu tilgen|keine einwaende|brauchen wir|geht klar|kommen wir klar|stattgegeben|geben wir statt|gebe ich statt|nichts (?:dagegen|einzuwenden)|von (?:mir|uns) aus|angenommen|umgestellt|halte\w* (?:\w+ )?fest|festgehalten|festgesetzt|setze fest|los geht|willing|agree|accept|offer)\b",
);

patterns!(
    PLAN_IF_WISHED,
    r"\b(?:if your client|should your client|falls|sofern|wenn|auf wunsch|auf antrag|in betracht|bei vorlage|denkbar|nehme? auch|can be (?:made|paid)|gerne auch|alternativ|selbstverstaendlich|bei bedarf|sollte|sobald|waeren?|(?:kann|koennen) gerne?)\b",
);

// `Raten lehnen wir nicht ab` refuses nothing.
patterns!(
    NOT_REFUSED,
    r"\b(?:lehnen|lehne|lehnt|weisen)\b[^,;:]*\b(?:nicht|keineswegs|keinesfalls) (?:ab|zurueck)\b|\bnicht (?:\w+ ){0,3}ablehnend\b|\bnicht (?:abgelehnt|ablehnen|zurueckgewiesen|ausgeschlossen)\b|\b(?:keine|ohne) ablehnung\b"
);

fn refuses_in_words(sentence: &str) -> bool {
    REFUSES.is_match(sentence)
        && (!NOT_REFUSED.is_match(sentence)
            || REFUSES.is_match(&NOT_REFUSED.replace_all(sentence, " ")))
}

/// Takes what is offered. `Ein Angebot nehmen wir jederzeit entgegen` does not.
pub(super) fn accepts(sentence: &Said<'_>) -> bool {
    ACCEPTS.is_match(sentence.text)
        && !NOT_ACCEPTED.is_match(sentence.text)
        && !PLAN_IF_WISHED.is_match(sentence.text)
}

/// Refuses in known words, or decides something in the model's eyes and says no.
pub(super) fn refuses(sentence: &Said<'_>) -> bool {
    static NO: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:nein|ablehn\w*|lehn\w*|widerspr\w*|verweiger\w*|versag\w*|unmoeglich|(?:nicht|kein\w*) (?:\w+ ){0,3}(?:zu|ein|an|mit|nach|moeglich|bereit|raum|grundlage|leisten|erteilen|geben|machen|folgen|akzept\w*|darstell\w*|vertret\w*|tragbar|hinnehm\w*|zustimm\w*|angenommen|entspr\w*))\b",
        )
    });
    refuses_in_words(sentence.text)
        || sentence.surely_decides()
            && NO.is_match(sentence.text)
            && !NOT_REFUSED.is_match(sentence.text)
            && !ACCEPTS.is_match(sentence.text)
            && !OFFERS.is_match(sentence.text)
}

/// A settlement that the office did not propose.
pub(super) fn offers(sentence: &Said<'_>) -> bool {
    OFFERS.is_match(sentence.text) && !sentence.is_question()
}

/// A proposal of the sender's own against the office's.
pub(super) fn counters(sentence: &Said<'_>) -> bool {
    COUNTERS.is_match(sentence.text) && !sentence.is_question()
}

/// The rest would be given up: more than instalments.
pub(super) fn waives(sentence: &Said<'_>) -> bool {
    static WAIVES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:\w*verzicht\w*|erlass\w*|erledigt|abgegolten|abgeltung|vom tisch|abschlag|nachlass)\b",
        )
    });
    WAIVES.is_match(sentence.text) && !sentence.is_question()
}

// Instalments that were, or that are told of somebody else.
patterns!(
    TOLD,
    r"\b(?:laufend\w*|rueckstaendig\w*|ausstehend\w*|beantragt\w*|bekommen|erhalten|eingegangen|received|last instal\w*|letzte (?:rate|zahlung)|auf teilzahlung|teilzahlungs?aufschlag|hatten?|nicht (?:\w+ ){0,6}(?:bewilligt|gewaehrt|befugt|vereinbart)|ab \d+(?:,\d\d)? ?(?:€|eur\w*)|teilzahlung (?:vom )?\d)",
);

/// Whether instalments to come are spoken of.
pub(super) fn names_plan(sentence: &Said<'_>) -> bool {
    PLANS.is_match(sentence.text) && is_to_come(sentence)
}

fn is_to_come(sentence: &Said<'_>) -> bool {
    !sentence.is_question() && !TOLD.is_match(sentence.text)
}

/// Instalments that are possible, or wished for.
pub(super) fn wishes_plan(sentence: &Said<'_>) -> bool {
    PLANS.is_match(sentence.text) && PLAN_IF_WISHED.is_match(sentence.text)
}

// A monthly amount alone may be a fee or a wage.
patterns!(
    PER_MONTH,
    r"\b\d+(?:,(?:\d\d|--?))? ?(?:€|eur|euro)? ?(?:im|pro|je|jeden) monat\b|\b(?:jeden monat|monatlich) (?:eur |€ ?)?\d+\b|\b\d+(?:,\d\d)? ?(?:€|eur|euro) monatlich\b",
);

patterns!(
    TAKES_IT,
    r"\b(?:einverstanden|geht klar|kommen wir klar|reicht|zufrieden|zugestimmt|stimmen|stattgegeben|statt|angenommen|nehmen|nimmt|annehmen|entgegen|nichts (?:dagegen|einzuwenden)|von (?:mir|uns) aus|akzeptier\w*|bewillig\w*|genehmig\w*|vereinbar\w*|vorschlag)\b",
);

/// Instalments that are granted, agreed on or offered.
pub(super) fn grants_plan(sentence: &Said<'_>) -> bool {
    let text = sentence.text;
    let is_granted = PLANS.is_match(text) && PLANS_FOR_REAL.is_match(text)
        || PER_MONTH.is_match(text) && TAKES_IT.is_match(text);
    is_granted && !sentence.is_row && !PLAN_IF_WISHED.is_match(text) && is_to_come(sentence)
}
