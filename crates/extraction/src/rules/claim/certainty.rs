//! How firmly a claim is stated: conditions, denials, other people's words, reservations.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;
use crate::rules::segments::Segment;

/// The sentence does not simply state its amount: it sets a condition, denies, guesses, names a
/// range, or repeats what somebody else said.
pub(super) fn is_hedged(sentence: &str) -> bool {
    static HEDGE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            // Conditions and guesses.
            r"\b(?:sofern|soweit|falls|wenn|vorausgesetzt|vorbehaltlich|angenommen|sollten sie|sollte (?:ihr|der|die)|if|provided|unless)\b",
            r"|\b(?:unter der bedingung|unter vorbehalt|bei (?:\w+ ){0,3}(?:zahlung|eingang|ueberweisung|einmalzahlung))\b",
            r"|\b(?:koennte|koennten|wuerde|wuerden|waere|waeren|duerfte|duerften|moechten|vorstellen|vermutlich|angeblich|schaetzen|schaetze|davon aus|annahme|ungeprueft)\b",
            // Denials.
            r"|\b(?:nicht|kein|keine|keinen|keiner|keinerlei|weder|nie|niemals)\b|\b(?:irrtuemlich|faelschlich)\w*\b",
            // Offers.
            r"|\b(?:abgeltung|vergleichsweise|zur erledigung|letztes angebot)\b",
            // More to come, a share only, or money that has come in.
            r"|\b(?:hinzu komm\w*|kommen hinzu|komm\w* (?:noch )?(?:\w+ ){0,3}hinzu|zusaetzlich\w*|haelfte|anteilig\w*|buerge\w*|geschaetzt\w*|schaetzung\w*)\b|\b(?:erhalt|eingang) (?:der|des|von|unserer)\b",
            // Another creditor's claim.
            r"|\b(?:uns ist bekannt|bekannt geworden|anderen? glaeubiger\w*|(?:auch|zudem|ausserdem|ferner) (?:dem|der|den|bei))\b",
            // Ranges and incomplete figures.
            r"|\bzwischen\b.*\bund\b|\bohne (?:zinsen|kosten|nebenkosten|beruecksichtigung|gewaehr|mahn\w*|verzugszinsen)\b|\bvor (?:anrechnung|abzug|verrechnung|gutschrift)\b",
            // Somebody else's figure.
            r"|\b(?:angabe|angaben|aussage|mitteilung) (?:der|des|ihre\w*) (?:schuldner\w*|mandant\w*)\b|\bwonach\b|\b(?:angesetzte|angesetzten|unterstellte|zugrunde gelegte)\w*\b",
            r"|\bihr(?:e|em|en|er)? (?:schreiben|plan|berechnung|aufstellung|vorschlag)\b.*\b(?:nennt|nennen|enthaelt|beruecksichtigt|weist|geht|ausgewiesen\w*|aufgefuehrt\w*)\b",
        ))
    });
    // What was not paid is owed; that is no denial of the claim.
    static UNPAID: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:noch |bisher |bislang |leider )*nicht (?:vollstaendig )?(?:bezahlt|beglichen|ausgeglichen|gezahlt|getilgt|eingegangen|geleistet|ueberwiesen|tituliert|erfolgt)\b",
            r"|\bkeine (?:weiteren )?(?:zahlung\w*|raten|zinsen|sicherheiten)\b|\bnicht nur\b|\bzinsen (?:\w+ ){0,3}keine\b",
        ))
    });
    HEDGE.is_match(sentence)
        && (!UNPAID.is_match(sentence) || HEDGE.is_match(&UNPAID.replace_all(sentence, " ")))
}

/// The amount of this sentence is in the debtor's favour.
pub(super) fn is_credit(sentence: &str) -> bool {
    static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\bzu ?gunsten (?:ihre[rs]|des|der|unseres?) (?:mandant|kund|schuldner)|\bguthaben\b|\bhaben[ .]*$|\bin your favou?r\b|\bcredit balance\b|\bueberzahl\w+",
        )
    });
    CREDIT.is_match(sentence)
}

/// The sender says somewhere that the amount is not the last word.
pub(super) fn has_reservation(folded: &str) -> bool {
    static RESERVATION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:noch )?nicht (?:mit )?(?:enthalten|eingerechnet|beruecksichtigt|inbegriffen)\b|\bnoch nicht (?:verbucht|gebucht)\b|\bohne gewaehr\b|\bunter vorbehalt\b|\bzwischenstand\b",
            r"|\b(?:genaue|genauer|exakte|endgueltige|abschliessende|korrigierte|aktualisierte)\w* (?:aufstellung|abrechnung|betrag|forderung|hoehe|forderungsaufstellung)\b.*\b(?:folgt|folgen|erhalten|nachgereicht|gesondert|teilen wir)\b",
            r"|\b(?:aktuell\w*|neu\w*) (?:stand|saldo|betrag|forderungsstand)\b.*\b(?:reichen|folgt|nachreichen|gesondert)\b|\bteilen wir (?:\w+ )?gesondert\b",
            r"|\bmuss (?:ich|noch|erst)\b.*\b(?:ausrechnen|pruefen|nachrechnen|nachsehen)\b|\bpruefen wir\b|\bwird (?:derzeit|noch|gerade) (?:geprueft|ueberprueft|neu berechnet)\b",
            r"|\b(?:seitdem|seither|zwischenzeitlich)\b.*\b(?:zinsen|kosten|angefallen|hinzu\w*)\b|\bstand (?:mahnbescheid|titulierung|uebergabe|kuendigung)\b",
            r"|\b(?:entwurf|testmail|testnachricht|noch pruefen|verjaehrt|nicht mehr geltend|vergleichssumme|vergleichsbetrag\w*)\b|\bkopie\b.*\bschreiben an\b|\bwird verzichtet\b",
            r"|\b(?:zu niedrig|zu hoch)\b|\bnachvollziehen\b|\bunklar\b|\b(?:strittig|streitig|bestritten|bestreitet)\b|\bnur\b.*\b(?:anerkannt|zugesprochen|festgestellt)\b",
        ))
    });
    RESERVATION.is_match(folded)
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
            r"\b(?:nicht|noch|teilweise|sobald|wenn|falls|sofern|nach (?:vollstaendiger|zahlung|eingang)|bei zahlung|wuerde|waere|erst|damit|verkauft|abgetreten|ob|bis)\b|\?",
        )
    });
    segments.iter().map(|segment| segment.range.clone()).find(|range| {
        let sentence = &folded[range.clone()];
        SETTLED.is_match(sentence) && !OPEN.is_match(sentence)
    })
}
