//! Whether the claim has gone to somebody else.

use super::said::Said;

patterns!(
    SOLD,
    r"\b(?:haben|hatten|wurde|wurden|ist|sind|worden)\b.*\b(?:an (?:die |den |das )?(?:[^u]|u[^n]|un[^s]).*)?\b(?:verkauft|veraeussert|abgetreten|uebertragen|abgegeben)\b|\babgetreten\b.*\ban (?:die|den|das|eine)",
    r"|\bgehoert (?:uns|mir) nicht mehr\b|\bnicht mehr (?:\w+ ){0,3}(?:inhaber|inhaberin|glaeubiger|glaeubigerin|forderungsinhaber\w*|zustaendig|eigentuemer\w*)\b|\bneue[rn]? (?:glaeubiger|forderungsinhaber|glaeubigerin|inhaberin|ansprechpartner(?:in)?) ist\b|\b(?:mandat|inkassoauftrag|auftrag|vollmacht)\b.*\b(?:beendet|niedergelegt|entzogen|zurueckgegeben|erloschen|nicht mehr)",
    r"|\ban (?:\w+ ){0,3}(?:inkasso\w*|rechtsanw\w*|anwalt\w*|kanzlei)\b.*\b(?:uebergeben|abgegeben|weitergegeben|weitergeleitet)\b|\b(?:forderungsverkauf|forderungsabtretung)\b|\b(?:has been|was|have) (?:sold|assigned)\b|\ban (?:ein|das|die|unser(?:en)?) (?:inkasso\w*|rechtsanw\w*|inkassobuero \w+)\b.*\b(?:uebergeben|abgegeben|weitergegeben)\b",
    r"|\b(?:forderung|anspruch|ansprueche)\b.*\b(?:auf|an) (?:d(?:ie|en|as)|ein\w*|seine?|ihre?|frau|herrn|dessen|deren)\b.*\b(?:uebergegangen|uebergeht|uebergeleitet)\b",
    r"|\bgehoert seit\b|\b(?:portfolio|forderung(?:en)?|bestand)\b.*\ban (?:\w+ ){1,5}(?:uebertragen|verkauft|abgetreten|veraeussert)\b|\b(?:akte|sache|vorgang|auftrag)\b.*\b(?:dorthin|auftraggeber(?:in)?) zurueckgegeben\b",
);

// The sender takes no part any more.
patterns!(
    OUT_OF_IT,
    r"\bgehoert (?:uns|mir) nicht mehr\b|\bzahlungen (?:\w+ ){0,4}nicht mehr an uns\b|\bnehmen wir (?:\w+ ){0,2}(?:zahlungen )?nicht mehr (?:an|entgegen)\b|\b(?:uns|mir)\b.*\b(?:einzug|mandat|auftrag|inkasso\w*)\b.*\bentzogen\b|\bin (?:ein|das|unser) (?:\w+ )?portfolio\b.*\b(?:gegeben|verkauft|uebertragen)\b",
    r"|\b(?:wir haben|haben wir|wir hatten|hatten wir)\b.*\b(?:an (?:die|den|das|ein\w*|eure|unsere) .*\b(?:verkauft|abgetreten|veraeussert)|(?:mandat\w*|\w*auftrag) (?:\w+ ){0,4}(?:niedergelegt|beendet|zurueckgegeben))\b|\bunser (?:mandat\w*|\w*auftrag)\b.*\b(?:niedergelegt|beendet|endet|endete|erloschen)\b|\bvertreten (?:wir )?(?:\w+ ){0,5}nicht mehr\b",
);

patterns!(
    NOT_SOLD,
    r"\b(?:nicht|nichts|weder|nie|keine\w*|auch nicht)\b.*\b(?:verkauft|veraeussert|abgetreten|uebertragen|abgegeben|uebergeben|weitergegeben)\b",
    // Whoever enforces a claim does not own it.
    r"|\b(?:gerichtsvollzieher\w*|mahngericht|vollstreckungs(?:stelle|behoerde|abteilung|dienst)\w*|hierher)\b.*\b(?:uebertragen|uebergeben|abgegeben|weitergegeben|weitergeleitet)\b",
    // What secured the claim was sold, and not the claim.
    r"|\b(?:fahrzeug\w*|pkw|wagen|auto|ware|waren|geraet\w*|immobilie|grundstueck\w*|pfand\w*|\w*objekt|moebel)\b.*\b(?:verkauft|veraeussert)\b",
);

// What was handed over is the claim itself.
patterns!(NAMES_CLAIM, r"\b(?:\w*forderung|\w*forderungen|engagements?|ansprueche)\b");

patterns!(
    BOUGHT,
    r"\b(?:an|auf) uns (?:\w+ ){0,4}(?:verkauft|veraeussert|abgetreten|uebertragen|uebergegangen|abgegeben|uebergeben|weitergegeben|zediert)\b|\b(?:verkauft|abgetreten|uebertragen|uebergegangen|abgegeben|uebergeben|abtretung|zession) (?:\w+ ){0,4}(?:an|auf) uns\b|\bvon uns (?:erworben|angekauft)(?: worden)?(?: ?[.,;]|$| und\b)|\bhaben wir .*\b(?:erworben|angekauft|uebernommen)\b|\bto us\b"
);

/// Another holds the claim now, or acts for its holder. Beside a stated claim, words of selling
/// alone do not decide: the model must see more than a remark.
pub(super) fn is_sold(said: &[Said<'_>], states_claim: bool) -> bool {
    !said.iter().any(|sentence| BOUGHT.is_match(sentence.text))
        && said.iter().any(|sentence| {
            OUT_OF_IT.is_match(sentence.text) && !NOT_SOLD.is_match(sentence.text)
                || speaks_of_sale(sentence)
                    && !(states_claim
                        && sentence.is_harmless()
                        && !NAMES_CLAIM.is_match(sentence.text))
        })
}

pub(super) fn speaks_of_sale(sentence: &Said<'_>) -> bool {
    SOLD.is_match(sentence.text) && !NOT_SOLD.is_match(sentence.text)
}
