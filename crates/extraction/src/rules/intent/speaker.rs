//! Who speaks, if it is no creditor, and whether to a machine.

use super::said::Said;

patterns!(
    pub(super) TALKS_TO_MACHINE,
    r"\b(?:ignore|disregard|forget)\b.*\b(?:instructions?|prompt|previous|above)\b|\b(?:ignoriere|vergiss|missachte)\w*\b.*\b(?:anweisung|instruktion|vorgabe|prompt|obige|vorherige)",
    r"|\b(?:automated|automatic|ai|llm) (?:systems?|process\w*|readers?|agents?|assistants?|tools?)\b|\bnote to (?:the )?(?:system|ai|agent|bot|model|assistant)|(?:^|[^\d ] ?)\bki(?:[ .,:;!?)]|$)|\bki-[a-z]\w*|\bsprachmodell|\bchatgpt\b|\bjailbreak\b|\bprompt\b|\bsystem ?(?:prompt|###|message:)|###\s*(?:system|end|instruction|assistant)|<\|?(?:system|im_start)|\[(?:system|inst)\]|\byou are (?:now |the |an? )?(?:\w+ ){0,3}(?:assistant|service|model|ai|bot)\b",
    r"|\b(?:an|fuer) (?:das|die|den|alle)? ?(?:\w+ )?(?:ki|ai|llm|sprachmodell|auswertungsprogramm|auswertungssoftware|auswertungssystem|bot|chatbot|automaten?|ki-\w+|assistent\w*|extraktions\w*)\b",
    r"|\bdebt_amount\b|\bconfidence\b.*\d|\bnew_debt_amount\b|\bis_creditor_reply\b|\breference_numbers\b|\bhinweis an (?:das|die|den) (?:\w*programm|\w*software|\w*system|ki)",
    r"|\b(?:als|du bist) (?:ein )?(?:ki|sprachmodell|llm|assistent)\b|\bsetze (?:den |das |die )?(?:betrag|forderung|status|feld|wert|debt)|\bset (?:the )?(?:debt|amount|claim|status|field)",
    r"|\b(?:digitale|virtuelle|elektronische|kuenstliche|automatische)\w* (?:assistent\w*|helfer\w*|intelligenz|bearbeiter\w*|leser\w*)|\b(?:assistent\w*|maschine|programm|software|algorithmus|roboter|bot)\b[^.;]*\b(?:gelesen|ausgelesen|ausgewertet|ausliest|auswertet|liest)\b",
    r"|\b(?:fuer|an) (?:\w+ )?(?:automati(?:siert|sch)|maschinell)e?\w* (?:\w*system\w*|\w*posteingang\w*|auswertung\w*|erfassung\w*|verarbeitung\w*)\b|\b(?:uebernimm|kennzeichne|markiere|ersetze|behandle)\b[^.;]*\b(?:betrag|wert|saldo|datenbank|datensatz|feld|status|nachricht|glaeubiger|forderung|pruefung)\w*\b|\broute ?= ?\w+|\b\w*(?:kontrolle|pruefung|regel)\b[^.;]*\b(?:ueberspringen|auszulassen|uebergehen)\b",
    r"|\bjson\b|\bkeine[mnr]? mensch(?:en)?\b|\b(?:no|any|a) human (?:reader|reviewer|agent|in the loop)\b|\bvorrang vor\b[^.;]*\b(?:vorgabe|regel|anweisung|einstellung)|\b(?:overrides?|take precedence over)\b[^.;]*\b(?:rules?|instructions?|settings?)\b",
);

patterns!(
    DEBTOR_SPEAKS,
    r"\b(?:was soll ich|meine schulden|mein konto (?:ist|wurde|wird|war|bei|soll)|mein glaeubiger|ich habe (?:von|eine[nrm]?|diese[nrs]?|den|die|wieder|schon|heute|gestern)\b.*(?:bekommen|erhalten|post)|mein gehalt|meinem arbeitgeber|mein insolvenz\w*|mir geht es|ich weiss nicht|habe? (?:\w+ )?mit .* telefoniert|koennen sie das (?:\w+ )?eintragen|will .* von mir|koennen sie mir (?:\w+ )?(?:helfen|sagen)|ich habe? .*(?:ueberwiesen|bezahlt|gezahlt)|hab(?:e)? (?:heute|gestern) (?:einen|den|diesen|ein) (?:brief|schreiben))\b",
    r"|\b(?:muss|soll|darf) ich\b[^.!]*(?:\?|\b(?:zahlen|bezahlen|aufbringen)\b)|\bkann ich\b[^.!]*\b(?:zahlen|bezahlen|aufbringen)\b|\bwas kann ich\b[^.!]*\?|\b(?:bin|wurde)\b.*\b(?:betreuer(?:in)?|vormund)\b.*\b(?:bestellt|von)\b",
);

// An employer or another debtor of the debtor tells what it has paid off.
patterns!(
    PAYS_FOR_DEBTOR,
    r"\b(?:nach|aus|laut|in) unserer (?:lohn|gehalts)\w+\b|\b(?:wir|uns) als (?:arbeitgeber\w*|drittschuldner\w*)\b|\bunser(?:es|em|en)? mitarbeiter(?:s|in)? (?:herrn?|frau)\b",
);

/// The debtor or somebody near writes, and not a creditor in the first person.
pub(super) fn is_debtor(said: &[Said<'_>]) -> bool {
    said.iter().any(|sentence| DEBTOR_SPEAKS.is_match(sentence.text))
}

/// An employer or another debtor of the debtor writes.
pub(super) fn pays_for_debtor(said: &[Said<'_>]) -> bool {
    said.iter().any(|sentence| PAYS_FOR_DEBTOR.is_match(sentence.text))
}
