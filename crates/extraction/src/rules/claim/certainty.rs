//! How firmly a claim is stated: conditions, denials, other people's words, reservations.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;
use crate::rules::segments::Segment;

/// The sentence does not simply state its amounts: it sets a condition, guesses, names a range or a
/// share, or repeats what somebody else said.
pub(super) fn is_conditional(sentence: &str) -> bool {
    static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            // Conditions and guesses.
            r"\b(?:sofern|soweit|falls|wenn|vorausgesetzt|vorbehaltlich|angenommen|unterstellt|sollten sie|sollte (?:ihr|der|die)|if|provided|unless)\b",
            r"|\b(?:unter der bedingung|unter vorbehalt|je nachdem|entweder|abhaengig (?:von|davon)|haengt (?:\w+ ){0,3}(?:davon|von)|bei (?:\w+ ){0,3}(?:zahlung|eingang|ueberweisung|einmalzahlung))\b",
            r"|\b(?:koennte|koennten|wuerde|wuerden|waere|waeren|duerfte|duerften|moechten|vorstellen|vermutlich|angeblich|schaetzen|schaetze|davon aus|annahme|ungeprueft|depending)\b|\bhaetten? (?:der|die|das|sich|er|sie)\b|\b(?:betragen|belaufen|ergeben|gekostet) haetten?\b",
            r"|\b(?:ich glaube|glaube ich|ich meine|ich denke|meines wissens|soviel ich weiss|soweit ich weiss|wahrscheinlich|vielleicht|moeglicherweise|evtl|eventuell|aus dem kopf|muesste|muessten)\b",
            r"|\b(?:im falle?|fuer den fall|bei (?:abschluss|annahme|nichtzahlung))\b|\b(?:beliefe|betruege|ergaebe|laege|laegen|stuende|kaeme|kaemen|bliebe)\b|\b(?:beispiel|beispielsweise|rechenbeispiel|beispielrechnung)\b",
            // Reported, and a share of more.
            r"|\b(?:seien|betrage|belaufe)\b|\bsoll(?:en)?\b[^;]*\b(?:sein|betragen|bestehen)\b|\bauskunft (?:der|des|ihre\w*) (?:schuldner\w*|mandant\w*)\b|\b(?:der|den) rest\b|\bob (?:das|dies|der betrag) (?:noch |so )*(?:stimmt|zutrifft)\b|\bprognose\b",
            // What will be.
            r"|\b(?:wird|werden)\b.*\b(?:betragen|belaufen|ergeben|anwachsen)\b|\bab (?:dem )?[^ ,;]+(?: 20\d\d)? (?:betraegt|betragen|belaeuft|belaufen)\b|\b(?:balance|total|amount|debt|claim)\b[^.;]*\bwill (?:be|come to|amount to|total|stand at)\b",
            // A size, not a sum: `ab einer Gesamtforderung von`.
            r"|\b(?:ab|bei|unter|ueber) eine[rm] (?:\w*forderung|betrag|summe|\w*saldo|rueckstand)\b",
            // Offers.
            r"|\b(?:abgeltung|vergleichsweise|zur erledigung|letztes angebot)\b",
            // More to come, a share only, or money that has come in.
            r"|\b(?:haelfte|anteilig\w*|buerge\w*|geschaetzt\w*|schaetzung\w*)\b|\b(?:erhalt|eingang) (?:der|des|von|unserer)\b",
            // Another creditor's claim.
            r"|\b(?:uns ist bekannt|bekannt geworden|anderen? glaeubiger\w*|(?:auch|zudem|ausserdem|ferner) (?:dem|der|den|bei))\b",
            // Ranges and incomplete figures.
            r"|\bzwischen\b.*\bund\b|\bohne (?:zinsen|kosten|nebenkosten|beruecksichtigung|gewaehr|mahn\w*|verzugszinsen)\b|\bvor (?:anrechnung|abzug|verrechnung|gutschrift)\b",
            // Somebody else's figure.
            r"|\b(?:angabe|angaben|aussage|mitteilung) (?:der|des|ihre\w*) (?:schuldner\w*|mandant\w*)\b|\bwonach\b|\b(?:angesetzte|angesetzten|unterstellte|zugrunde gelegte)\w*\b",
            r"|\bihr(?:e|em|en|er)? (?:schreiben|plan|berechnung|aufstellung|vorschlag)\b.*\b(?:nennt|nennen|enthaelt|beruecksichtigt|weist|geht|ausgewiesen\w*|aufgefuehrt\w*)\b",
        ))
    });
    // `Zu zahlen wären heute 500 EUR`: politeness, no condition.
    static POLITE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\bwaeren?\b[^.;]*\b(?:heute|jetzt|aktuell|derzeit|momentan|zurzeit|mithin|somit)\b",
        )
    });
    if POLITE.is_match(sentence) {
        return CONDITION.is_match(&sentence.replace("waeren", " ").replace("waere", " "));
    }
    CONDITION.is_match(sentence)
}

/// The sentence says that its payment is in the claim already, or it advertises.
pub(super) fn is_accounted(sentence: &str) -> bool {
    static ACCOUNTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:beruecksichtig\w*|verrechnet|verbucht|gebucht|abgezogen|abgesetzt|angerechnet|gutgebracht|gutgeschrieben|enthalten|eingerechnet|nach abzug|zuletzt|letzte[nr]? zahlung|bisher|bislang|friend|gratis|bonus|gutschein\w*)\b",
        )
    });
    static OF_IT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:davon|hiervon|von denen|wovon|hierauf|darauf)\b.*\b(?:bezahlt|gezahlt|beglichen|getilgt|eingegangen|geleistet)\b",
        )
    });
    ACCOUNTED.is_match(sentence) && !OF_IT.is_match(sentence)
}

/// The sender keeps the claim up although its books show nothing: what was written off is owed.
pub(super) fn is_kept_up(folded: &str) -> bool {
    static KEPT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\bverzicht\w*\b[^.;]*\bnicht\b|\bnicht\b[^.;]*\bverzicht\w*\b|\bkein\w* (?:\w+ )?(?:verzicht|erlass)\w*\b",
            r"|\b(?:buchhalterisch|bilanziell|bankintern|intern)\w*\b|\b(?:abgeschrieben|abschreibung|wertberichtig\w*|uneinbringlich\w*|niedergeschlagen|niederschlagung)\b",
            r"|\b(?:titel|vollstreckungsbescheid|urteil|anspruch|forderung|ansprueche)\b[^.;]*\b(?:bleib\w*|besteh\w* (?:\w+ ){0,3}(?:fort|weiter\w*)|weiterhin|vorbehalten|vollstreck\w* (?:werden|weiter\w*))\b",
            r"|\bbehalten (?:wir )?uns\b|\bvorbehalten\b|\bnicht erloschen\b|\baufleb\w*\b",
            r"|\bwritten off\b|\bwrite-?off\b|\bwithout prejudice\b|\b(?:no|not a|not) waive\w*\b|\breserve (?:the|our|all) rights?\b",
        ))
    });
    KEPT.is_match(folded)
}

/// Something comes on top of the amounts of this sentence.
pub(super) fn adds_more(sentence: &str) -> bool {
    static MORE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:hinzu komm\w*|kommen hinzu|komm\w* (?:noch )?(?:\w+ ){0,3}hinzu|komm\w* (?:noch )?(?:\w+ ){0,3}dazu|zusaetzlich\w*)\b",
        )
    });
    MORE.is_match(sentence)
}

/// These words deny the amount among them.
pub(super) fn is_denied(words: &str) -> bool {
    static DENIAL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:nicht|kein|keine|keinen|keiner|keinerlei|weder|nie|niemals|not|no)\b|\b(?:irrtuemlich|faelschlich)\w*\b",
        )
    });
    // What was not paid is owed; that is no denial of the claim.
    static UNPAID: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:noch |bisher |bislang |leider )*nicht (?:vollstaendig )?(?:bezahlt|beglichen|ausgeglichen|gezahlt|getilgt|eingegangen|geleistet|ueberwiesen|tituliert|erfolgt|zurueckge\w+|retourniert)\w*\b|\bweder\b.*\bnoch\b.*\b(?:bezahlt|beglichen|ausgeglichen|gezahlt|getilgt)\b",
            r"|\b(?:mahn|verzugs|inkasso|saeumnis|neben)?(?:gebuehr\w*|kosten|zinsen|spesen|zuschlaege)\b[^.;]*\bkeine\b|\bkeine (?:weiteren )?(?:zahlung\w*|raten|zinsen|sicherheiten|kosten|nebenkosten|gebuehren|mahn\w*|verzugs\w*)\b|\bnicht nur\b|\bzinsen (?:\w+ ){0,3}keine\b",
        ))
    });
    DENIAL.is_match(words)
        && (!UNPAID.is_match(words) || DENIAL.is_match(&UNPAID.replace_all(words, " ")))
}

/// The amount of this sentence is in the debtor's favour.
pub(super) fn is_credit(sentence: &str) -> bool {
    static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\bzu ?gunsten (?:ihre[rs]|des|der|unseres?) (?:mandant|kund|schuldner)|\bguthaben\b|\bhaben[ .]*$|\bin your favou?r\b|\bcredit balance\b|\bueberzahlung\w*|\b(?:ist|sind|hat|haben|wurden?) [^.;]*\bueberzahlt\b",
        )
    });
    CREDIT.is_match(sentence)
}

/// The segments in which the sender says that the amount is not the last word.
///
/// `states_claim` tells of a segment whether the claim stands in it: a reason for a new amount is
/// no reservation where that amount follows at once.
pub(super) fn reservations(
    folded: &str,
    segments: &[Segment],
    states_claim: impl Fn(usize) -> bool,
) -> Vec<usize> {
    static RESERVATION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            // What is not in it yet.
            r"\bnoch nicht (?:mit )?(?:enthalten|eingerechnet|beruecksichtigt|inbegriffen|eingebucht|verbucht|gebucht|verrechnet|abgesetzt|abgezogen|gutgeschrieben|zugeordnet|valutiert)\b",
            r"|\b(?:zinsen|kosten|gebuehren|zuschlaege|auslagen|mahn\w*|verzug\w*|steuer|zahlung\w*|eingang\w*|gutschrift\w*|erloes\w*|weitere\w*)\b.*\bnicht (?:mit )?(?:enthalten|eingerechnet|beruecksichtigt|inbegriffen)\b|\bnicht (?:mit )?(?:enthalten|eingerechnet|beruecksichtigt|inbegriffen)\b.*\b(?:zinsen|kosten|gebuehren|zuschlaege|zahlung\w*)\b",
            r"|\bohne gewaehr\b|\bunter vorbehalt\b|\bvorbehaltlich\b|\bzwischenstand (?:\w+ )?(?:vom|per|zum)\b|\b(?:nur|lediglich|bloss) ein(?:en)? zwischenstand\b|\bvorlaeufig\w*\b",
            r"|\b(?:betrag|hoehe|forderung|summe|zahl|stand|saldo)\b[^.;]*\b(?:weder|nicht) (?:\w+ ){0,3}bestaetig\w*",
            r"|\b(?:neither|not|cannot|unable to|can't) (?:\w+ )?(?:confirm|verify|dispute)\b[^.;]*\b(?:balance|total|amount|figure|sum|debt|claim)\b",
            // A payment on its way into the books.
            r"|\b(?:zahlung\w*|eingang|zahlungseingang|gutschrift\w*|ueberweisung\w*|erloes\w*|erstattung\w*|storno\w*|rueckzahlung\w*|guthaben)\b.*\b(?:erst nach|erst noch|noch zu (?:ver)?buchen|noch nicht|noch abzuziehen|noch abzusetzen|abzusetzen|abzuziehen|in abzug zu bringen|steht noch aus|stehen noch aus|wird (?:\w+ ){0,3}(?:verbucht|gebucht|verrechnet|gutgeschrieben|abgezogen|beruecksichtigt)|werden (?:\w+ ){0,3}(?:verbucht|gebucht|verrechnet|gutgeschrieben|abgezogen|beruecksichtigt))\b",
            r"|\b(?:zahl|betrag|saldo|stand|forderung|summe|hoehe)\b.*\b(?:zu kuerzen|zu (?:ver)?mindern|zu reduzieren|zu korrigieren|zu berichtigen|noch anzupassen|neu zu berechnen|um diesen eingang)\b",
            // A better figure is announced.
            r"|\b(?:genaue|genauer|exakte|endgueltige|abschliessende|korrigierte|korrigierten|aktualisierte|aktualisierten|bereinigte|bereinigten|berichtigte|berichtigten|verbindliche|verbindlichen|neue|neuen)\w* (?:aufstellung|abrechnung|auszug|kontoauszug|saldo|betrag|forderung|hoehe|forderungsaufstellung|forderungsuebersicht|zahl|zahlen|stand)\b.*\b(?:folgt|folgen|erhalten|nachgereicht|nachreichen|gesondert|teilen wir|senden|schicken|uebersenden|kommt|sobald)\b",
            r"|\bnur (?:die |eine )?(?:\w+ )?hauptforderung\b|\breichen? (?:wir |ich )?[^.;]*\bvollstaendige\w* (?:stand|aufstellung|abrechnung|saldo|betrag)\b[^.;]*\bnach\b",
            r"|\b(?:folgt|folgen|erhalten|erhaelt|bekommen|reichen|senden|schicken|uebersenden|teilen|uebermitteln)\b.*\b(?:genaue|genauen|exakte|endgueltige|endgueltigen|abschliessende|korrigierte|korrigierten|aktualisierte|aktualisierten|bereinigte|bereinigten|berichtigte|berichtigten|verbindliche|verbindlichen|neue|neuen) (?:aufstellung|abrechnung|auszug|kontoauszug|saldo|betrag|forderungsaufstellung|forderungsuebersicht|zahl|zahlen|stand)\b",
            r"|\b(?:aktuell\w*|neu\w*) (?:stand|saldo|betrag|forderungsstand)\b.*\b(?:reichen|folgt|nachreichen|gesondert)\b|\bteilen wir (?:\w+ )?gesondert\b|\bnicht zu verwenden\b|\bnicht (?:mehr )?(?:verwenden|gueltig)\b",
            r"|\b(?:davon|hiervon) (?:geht|gehen)\b[^.;]*\bab\b|\bnoch abzu\w+\b",
            r"|\b(?:zinsen|kosten|gebuehren|auslagen)\b[^.;]*\b(?:noch (?:aus|nach|zu (?:be)?rechnen|ermittelt|berechnet)|rechnen wir (?:\w+ ){0,3}noch|werden noch|kommen noch)\b",
            r"|\b(?:schluss|end|jahres|nebenkosten|betriebskosten)?(?:rechnung|abrechnung) (?:\w+ ){0,2}(?:folgt|steht (?:noch )?aus)\b|\b(?:zahlung\w*|ueberweisung\w*|geld) [^.;]*\bunterwegs\b|\b(?:laeuft|laufen|geht|gehen) noch (?:\w+ )?ein *[.,;]|\bwarten sie\b[^.;]*\bab\b|\bschreiben wir\b[^.;]*\b(?:noch|wieder) [^.;]*\bgut\b",
            r"|\bgegenstandslos\b|\b(?:das|dies) stimmt (?:so )?nicht\b|\bnicht (?:\w+ )?sicher\b|\birrtu(?:m|emer) vorbehalten\b|\bpruefung\b[^.;]*\bsteht (?:noch )?aus\b|\bliegt (?:mir|uns) nichts vor\b|\b(?:buchungen|zahlungen|bewegungen|umsaetze)\b[^.;]*\b(?:danach|seitdem|seither|spaeter\w*)\b[^.;]*\bnicht (?:vor|bekannt)\b|\bnicht beurteilen\b",
            // Somebody still has to look or to decide.
            r"|\b(?:klaeren wir|klaere ich|wird geklaert|noch zu klaeren|zu klaeren ist)\b|\bwelche[rs]?\b[^.;]*\b(?:stimmt|richtig ist|zutrifft|zutreffend ist)\b",
            r"|\bmuss (?:ich|noch|erst)\b.*\b(?:ausrechnen|pruefen|nachrechnen|nachsehen|klaeren|nachfragen)\b|\bpruefen wir\b|\bwird (?:derzeit|noch|gerade) (?:geprueft|ueberprueft|neu berechnet|geklaert)\b|\b(?:fragen|haken) wir (?:\w+ ){0,4}nach\b|\bwir (?:fragen|haken) (?:\w+ ){0,4}nach\b|\bnoch nicht (?:abschliessend |endgueltig )?(?:entschieden|geklaert|abgeschlossen|fest|festgesetzt|geprueft)\b",
            r"|\bdazu komm(?:en|t) (?:noch|aber|jedoch)\b|\bstand (?:mahnbescheid|titulierung|uebergabe|kuendigung)\b",
            r"|\bpreis (?:der|des|dieser|dieses) (?:\w*vereinbarung|\w*plan\w*|ratenzahlung)\b|\b(?:abgegolten|entwurf|testmail|testnachricht|noch pruefen|verjaehrt|nicht mehr geltend|vergleichssumme|vergleichsbetrag\w*)\b|\bkopie\b.*\bschreiben an\b|\bwird verzichtet\b",
            r"|\b(?:zu niedrig|zu hoch)\b|\bnachvollziehen\b|\bunklar\b|\b(?:strittig|streitig|bestritten|bestreitet)\b|\bnur\b.*\b(?:anerkannt|zugesprochen|festgestellt)\b",
        ))
    });
    // The claim is before a court or an authority, or what reduces it is still to come.
    static PENDING: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:widerspruch|einspruch|klage|berufung|einrede|erinnerung)\b[^.;]*\b(?:eingelegt|erhoben|eingereicht|anhaengig|rechtshaengig)\b|\b(?:sache|verfahren|rechtsstreit|klage|anspruch)\b[^.;]*\b(?:anhaengig|rechtshaengig)\b",
            r"|\bbescheid\w*\b[^.;]*\b(?:soll|wird|werden|sollen)\b[^.;]*\b(?:ergehen|erlassen|zugestellt)\b|\banhoerung\w*\b[^.;]*\b(?:laeuft|ablauf|ende[nt]?)\b",
            r"|\b(?:fahrzeug|wagen|pfand|sicherungsgut|objekt|geraet|maschine|auktion|versteigerung|verwertung)\b[^.;]*\b(?:wird|werden|soll|steht)\b[^.;]*\b(?:angeboten|versteigert|verwertet|veraeussert|verkauft|auktion)\b|\b(?:erloes|mehrerloes)\w*\b[^.;]*\b(?:kommt|kommen|steht)\b[^.;]*\b(?:zugute|aus)\b",
            r"|\b(?:vertrag|konto|verhaeltnis|\w+vertrag|\w+verhaeltnis)\b[^.;]*\bauf\b[^.;]*\b(?:sohn|tochter|ehe\w+|mann|frau|mutter|vater|bruder|schwester)\b[^.;]*\b(?:umgeschrieben|uebertragen|uebergegangen|umgestellt)\b",
            r"|\b(?:\w*vertrag|\w*konto|\w*konten|vorgang|akte)\b[^.;]*\bauf [^.;]*\b(?:gmbh|ag|kg|se|ug|ohg|gesellschaft|schwester\w*)\b[^.;]*\b(?:umgeschrieben|uebertragen|uebergegangen|umgestellt|uebergeleitet)\b",
        ))
    });
    // Whoever calls a claim time-barred disputes it, whatever the answer is.
    static TIME_BARRED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\bverjaehrungs?(?:einrede|einwand)\w*\b|\b(?:einrede|einwand\w*|einwendung) (?:der|auf|zur|wegen) (?:die |der )?verjaehrung\b",
        )
    });
    static SETTLED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:nicht|kein|keine|keinen|nie|niemals|ohne|weder|war|waren|zurueckgenommen|zurueckgewiesen|verworfen|abgewiesen|abgeholfen|erledigt|ruecknahme|bestandskraeftig|rechtskraeftig|kann|koennen)\b",
        )
    });
    // What is looked at later is the plan, not the claim.
    static OF_THE_PLAN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\bpruefen wir (?:\w+ ){0,4}(?:rate|raten|ratenhoehe|plan|vorschlag|vergleich\w*|stundung|angebot|moeglichkeit\w*|verlaengerung|einkommen\w*|verhaeltnisse)\b",
        )
    });
    static SINCE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:seitdem|seither|zwischenzeitlich)\b.*\b(?:zinsen|kosten|angefallen|hinzu\w*|erloese?|zahlung\w*|eingegangen)\b",
            r"|\b(?:heute|gestern|soeben|vorhin|eben|gerade)\b.*\b(?:eingegangen|gutgeschrieben|ueberwiesen|angewiesen|einbezahlt)\b",
        ))
    });
    static ACCOUNTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\b(?:beruecksichtigt|verrechnet|verbucht|abgezogen|gutgebracht|nicht|keine?)\b")
    });
    let is_since = |at: usize, sentence: &str| {
        SINCE.is_match(sentence) && !ACCOUNTED.is_match(sentence) && !states_claim(at)
    };
    let is_reserved = |sentence: &str| {
        TIME_BARRED.is_match(sentence)
            || RESERVATION.is_match(sentence)
                && RESERVATION.is_match(&OF_THE_PLAN.replace_all(sentence, " "))
            || PENDING.is_match(sentence) && !SETTLED.is_match(sentence)
    };
    let sentences = segments.iter().map(|segment| &folded[segment.range.clone()]);
    let reserved = sentences
        .enumerate()
        .filter(|(at, sentence)| is_reserved(sentence) || is_since(*at, sentence));
    reserved.map(|(at, _)| at).collect()
}

/// `Die Forderung ist vollständig ausgeglichen.`
pub(super) fn settled_in_words(folded: &str, segments: &[Segment]) -> Option<Range<usize>> {
    static SETTLED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:forderung|forderungen|konto|kundenkonto|vertragskonto|rechnung|rueckstand|betrag|saldo|angelegenheit|vorgang|sache|schuld)\b.*",
            r"\b(?:ist|sind|wurde|wurden)\b.*\b(?:ausgeglichen|beglichen|getilgt|vollstaendig (?:be|ge)zahlt|vollstaendig storniert|storniert)\b",
            r"|\b(?:nichts|kein betrag|keine betraege) mehr (?:offen|zu zahlen|ausstehend|faellig)\b|\b(?:hat|haben) .*\b(?:rechnung|forderung|rueckstand)\b.*\bvollstaendig (?:bezahlt|beglichen|ausgeglichen)\b",
            r"|\bkeine (?:offenen |weiteren |offene |weitere )?(?:forderung|forderungen|rueckstaende|anspruech?e|verbindlichkeiten) mehr\b",
            r"|\bno (?:further )?(?:balance|amount|debt) (?:is )?outstanding\b|\bpaid in full\b"
        ))
    });
    static OPEN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:nicht|noch|teilweise|sobald|wenn|falls|sofern|nach (?:vollstaendiger|zahlung|eingang)|bei zahlung|wuerde|waere|erst|damit|insoweit|soweit|diesbezueglich|verkauft|abgetreten|ob|bis)\b|\?",
        )
    });
    segments.iter().map(|segment| segment.range.clone()).find(|range| {
        let sentence = &folded[range.clone()];
        SETTLED.is_match(sentence) && !OPEN.is_match(sentence)
    })
}
