//! What the sender asks for.

use super::said::Said;

patterns!(
    NEEDS_FACTS,
    r"\b(?:vollmacht|schweigepflichtentbindung|legitimation|einwilligung|geburtsdatum|geburtsname|anschrift|adresse|kundennummer|vertragsnummer|rechnungsnummer|aktenzeichen|versicherungsnummer|rufnummer|identifi\w*|power of attorney|date of birth|customer number|authori[sz]ation|letter of authority|personalausweis|ausweiskopie|meldeadresse)\b",
);

patterns!(
    pub(super) ASKS_FOR,
    r"\b(?:bitte|bitten|benoetigen|benoetige|brauchen|brauche|fehlt|fehlen|ohne|nachreichen|nachzureichen|uebersenden sie|senden sie|schick\w*|reichen sie|teilen sie|nennen sie|mitteilen|mitzuteilen|angabe|angaben|vorlage|vorlegen|please|need|require|without|missing|provide|erforderlich|liegt uns (?:\w+ ){0,2}nicht|nicht vor|erst)\b",
);

patterns!(
    CANNOT_ASSIGN,
    r"\b(?:zuordn\w*|zuordnung|zugeordnet|auffinden|aufgefunden|identifizier\w*|ermittel\w*|gefunden|finden|bekannt|gefuehrt|locate|identify|trace)\b.*\bnicht\b|\bnicht (?:\w+ ){0,4}(?:zuordnen|zugeordnet|zuzuordnen|auffinden|aufgefunden|identifizieren|ermitteln|gefunden|finden|bekannt)\b|\b(?:keine|kein) (?:\w+ ){0,4}(?:zuordnung|vorgang|kundenkonto|treffer|auskunft|auskuenfte|unterlagen gefunden)\b|\bmehrere (?:\w+ ){0,3}(?:kunden|versicherte|personen|schuldner|mandanten|konten) (?:mit|gleichen|namens)|\bkein\w* (?:\w+ ){0,5}(?:zugeordnet|zuordnen|zuzuordnen)\b|\bkeine auskunft\b|\bkeine auskuenfte\b|\b(?:cannot|unable to|could not) (?:identify|locate|trace|find)",
);

patterns!(
    QUESTION_WORDS,
    r"\b(?:wie hoch|wie viele|wie viel|mit wie vielen|wann|ob\b|welche[rs]?|warum|weshalb|wer\b|bitten um (?:\w+ )?(?:bestaetigung|mitteilung|auskunft|information|nachricht|stellungnahme|rueckmeldung)|teilen sie uns (?:\w+ ){0,6}mit|lassen sie uns wissen|please (?:advise|let us know|confirm)|koennen sie|koennten sie|haben sie|wird (?:die|der|das)|besteht|liegt\b.*\bvor\b)",
);

/// `vielen Dank für die Vollmacht` asks for nothing.
fn is_thanks(sentence: &str) -> bool {
    ["dank", "liegt uns vor", "erhalten", "uebersendung der vollmacht"]
        .iter()
        .any(|word| sentence.contains(word))
        && !["bitte", "benoetig", "fehl", "ohne "].iter().any(|word| sentence.contains(word))
}

// `Bei Zahlung bitte die Rechnungsnummer angeben`
patterns!(
    FOR_LATER,
    r"\b(?:bei|fuer|ihre[nr]?) (?:\w+ ){0,3}(?:\w*zahlung(?:en)?|ueberweisung(?:en)?|rueckfragen|schriftwechsel|antwort(?:en)?)\b|\bverwendungszweck\b",
);

/// Waits for something, or asks.
pub(super) fn puts_off(sentence: &Said<'_>) -> bool {
    sentence.is_question()
        || sentence.text.contains("sobald")
        || sentence.text.contains("pruefen wir")
}

/// The sender cannot tell whom the office means.
pub(super) fn cannot_assign(sentence: &Said<'_>) -> bool {
    CANNOT_ASSIGN.is_match(sentence.text)
}

/// The sender needs a fact about the client before saying more.
pub(super) fn needs_fact(sentence: &Said<'_>) -> bool {
    NEEDS_FACTS.is_match(sentence.text)
        && ASKS_FOR.is_match(sentence.text)
        && !is_thanks(sentence.text)
        && !FOR_LATER.is_match(sentence.text)
}

pub(super) fn asks_for_answer(sentence: &Said<'_>) -> bool {
    ASKS_FOR.is_match(sentence.text) && QUESTION_WORDS.is_match(sentence.text)
}
