//! Words that announce a statement of account, or take one back.

use super::said::Said;

patterns!(
    pub(super) ATTACHED,
    r"\b(?:anlage|anlagen|anbei|anhang|beigefuegt\w*|beiliegend\w*|angehaengt\w*|attached|attachment|enclosed|im anhang|pdf)\b",
);

patterns!(
    pub(super) STATES_ACCOUNT,
    r"\b(?:forderungsaufstellung|forderungsaufstellungen|kontoauszug|saldenmitteilung|saldobestaetigung|aufstellung|forderungsuebersicht|forderungskonto|forderungsanmeldung|statement|kontoaufstellung|saldenbestaetigung|forderungshoehe)\b",
);

patterns!(
    pub(super) SPEAKS_OF_CLAIM,
    r"\b\w*(?:forderung|rueckstand|rueckstaende|schuld|saldo|betrag)\b.*\b(?:besteht|bestehen|betraegt|belaeuft|offen|weiterhin|folgt|beziffern|mitteilen)\b",
);

patterns!(
    pub(super) TAKES_BACK,
    r"\b(?:loeschen|vernichten|ignorieren) sie (?:bitte )?(?:die|diese|unsere|das|den) (?:\w+ )?(?:nachricht|e-?mail|mail|mitteilung|schreiben|auszug|auskunft|aufstellung)\b|\b(?:auszug|daten|konto|unterlagen) eine[rs] anderen (?:kund\w*|schuldner\w*|person|versichert\w*)\b|\b(?:nachricht|e-?mail|mail|mitteilung|auskunft|schreiben)\b.*\b(?:rufen wir zurueck|ziehen wir zurueck|wird zurueckgezogen|nehmen wir zurueck)\b|\b(?:nachricht|e-?mail|mail|mitteilung|auskunft|schreiben|auszug|aufstellung)\b.*\b(?:irrtuemlich|versehentlich|nicht fuer sie bestimmt)\b",
);

patterns!(
    DRAFT,
    r"^(?:[a-z]+: ?)*(?:entwurf|draft)\b|\bbevor (?:das|es|sie|die \w+|der \w+) (?:\w+ ){0,2}(?:rausgeht|raus geht|abgeht|verschickt wird)\b|\b(?:schau|guck|lies)\w* (?:\w+ ){0,3}drueber\b",
);

/// What was meant for a colleague, and not final.
pub(super) fn is_draft(subject: &str, said: &[Said<'_>]) -> bool {
    DRAFT.is_match(subject) || said.iter().any(|sentence| DRAFT.is_match(sentence.text))
}

patterns!(
    TODAY,
    r"\b(?:heute|heutige[nrms]?|zurzeit|zur zeit|derzeit\w*|aktuell\w*|gegenwaertig\w*|momentan|currently)\b",
);

/// What such words stand beside is no sum of future instalments.
pub(in crate::rules) fn speaks_of_today(folded: &str) -> bool {
    TODAY.is_match(folded)
}

// Fees and interest of instalments to come are no debt of today.
patterns!(
    PRICE_OF_PLAN,
    r"\b(?:(?:einigungs|vergleichs|raten\w*|teilzahlungs|vertrags|vereinbarungs)(?:gebuehr(?:en)?|zuschlag|aufschlag)|ratenzins\w*|laufzeit\w*|gesamtbelastung|gesamtpreis)\b",
);

/// A sum that the instalments cost, with what only they would add.
pub(in crate::rules) fn is_price_of_plan(folded: &str) -> bool {
    PRICE_OF_PLAN.is_match(folded)
}
