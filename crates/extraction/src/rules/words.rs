//! What the words beside an amount say about it.

use std::ops::Range;

/// The meaning of a word for the amounts near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// `Gesamtforderung`: the total, by name.
    Total,
    /// `Summe`, `insgesamt`: the total of what stands before it.
    Sum,
    /// `Rückstand`, `offen`: the claim, if nothing names a total.
    Claim,
    /// `Hauptforderung`, `Zinsen`: a part of the claim.
    Item,
    /// `Rechnung`, `Beitrag`: a part, or all there is.
    Basis,
    Rate,
    Offer,
    Paid,
    Unrelated,
    /// `ab`, `bis zu`, `je`, `um`: directly before an amount, it is not the claim.
    Limit,
    /// `bisher`, `damals`: what the amount was.
    Former,
    /// `neu`, `nunmehr`, `heute`: what it is.
    Current,
    /// `inkl.`, `nebst`: the words after it are no label.
    Inclusive,
    /// `zzgl.`: something comes on top.
    OnTop,
    /// `ca.`, `voraussichtlich`.
    Vague,
    /// `überwiesen`, `beglichen`.
    Settled,
    /// `erhöht`, `reduziert`: an amount after `auf` is the new one.
    Changed,
    /// `wäre`, `würde`, `falls`.
    Supposed,
}

#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) sense: Sense,
    pub(super) range: Range<usize>,
}

/// The words of `folded[range]` that have a meaning, in order.
pub(super) fn words(folded: &str, range: Range<usize>) -> Vec<Word> {
    let text = &folded[range.clone()];
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let in_word = c.is_alphanumeric() || (c == '.' && start.is_some() && next_is_letter(text, at));
        match (in_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if let Some(sense) = sense_of(&text[from..at]) {
                    found.push(Word { sense, range: range.start + from..range.start + at });
                }
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn next_is_letter(text: &str, dot: usize) -> bool {
    text.as_bytes().get(dot + 1).is_some_and(u8::is_ascii_alphabetic)
}

fn sense_of(word: &str) -> Option<Sense> {
    exact(word).or_else(|| by_form(word))
}

fn exact(word: &str) -> Option<Sense> {
    Some(match word {
        "summe" | "insgesamt" | "zusammen" | "gesamt" | "total" | "endsumme" | "i.s" | "gesamthoehe" => Sense::Sum,
        "outstanding" | "balance" | "saldo" | "offen" | "offene" | "offener" | "offenen"
        | "offenes" | "offenstehend" | "offenstehende" | "offensteht" | "offenstehen" | "debt"
        | "arrears" | "owed" | "owes" | "owing" | "due" | "claim" | "schuldet" | "schulden"
        | "schuld" | "geschuldet" | "geschuldete" | "valuta" | "valutiert" | "valutierte"
        | "ausstehend" | "ausstehende" | "ausstehender" | "ausstehenden" | "aussteht"
        | "ausstehen" | "aussenstand" | "aussenstaende" | "unbezahlt" | "forderung"
        | "forderungen" | "verbindlichkeit" | "verbindlichkeiten" | "kontostand" | "zahlbetrag"
        | "schuldbetrag" | "schuldsaldo" | "sollsaldo" | "negativsaldo" | "verbleiben" | "verbleibt" | "verbleibende" | "verbleibender" | "beansprucht" => {
            Sense::Claim
        }
        "zinsen" | "zins" | "kosten" | "auslagen" | "kapital" | "porto" | "spesen" | "interest"
        | "fee" | "fees" | "costs" | "principal" | "hauptsache" | "davon" | "darin" | "ust"
        | "mwst" | "umsatzsteuer" | "mehrwertsteuer" | "position" | "positionen" | "tageszins"
        | "anwaltskosten" | "gerichtskosten" | "adressermittlung" | "zwischensumme" | "basisbetrag"
        | "grundforderung" | "hauptbetrag" | "nominalbetrag" => Sense::Item,
        "monatlich" | "monatliche" | "monatlichen" | "monatlicher" | "mtl"
        | "instalment" | "instalments" | "installment" | "installments" | "monthly" | "anzahlung" | "abschlagszahlung" | "woechentlich" | "taeglich" | "quartal"
        | "jaehrlich" | "deposit" => Sense::Rate,
        "vergleich" | "vergleichs" | "vergleiches" | "abgeltung" | "angebot" | "erlass"
        | "verzicht" | "verzichten" | "quote" | "zahlung" | "zahlungen" | "eingang" | "nachlass"
        | "settlement" | "payment" | "rabatt" | "skonto" | "plan" | "planes" | "plans"
        | "einmalig" | "einmalige" | "einmaligen" | "erledigung" | "entfallen" | "entfaellt"
        | "sofern" | "offer" | "discount" | "reduced" | "vorschlag" | "kulanz" | "kulanzweise" => Sense::Offer,
        "gutschrift" | "gutschriften" | "erloes" | "verwertungserloes" | "abzueglich" | "abzgl"
        | "minus" | "erstattung" | "credit" | "received" | "paid" | "teilzahlungseingang"
        | "zahlungseingang" | "zahlungseingaenge" | "guthaben" | "verrechnet" => Sense::Paid,
        "mindestens" | "maximal" | "hoechstens" | "pauschal" | "ab" | "bis" | "je" | "um" => Sense::Limit,
        "einkommen" | "umsaetze" | "umsatz" | "lohn" | "gehalt" | "rente" | "kaution"
        | "limit" | "kreditlimit" | "kreditrahmen" | "provision" | "zeitwert" | "wert"
        | "hotline" | "festnetz" | "freibetrag" | "pfaendbar" | "pfaendbare" | "pfaendbarer"
        | "vorpfaendung" | "hausbank" | "drittschuldner" | "schriftform" | "streitwert"
        | "gegenstandswert" | "haftpflicht" | "sicherheiten" | "grundschuld" | "buergschaft"
        | "monatsbeitrag" | "mindestbeitrag" | "stundensatz" | "kreditsumme" | "darlehenssumme" | "ursprungsdarlehen"
        | "nennbetrag" | "auszahlung" | "auszahlungsbetrag" | "debts" | "minderung" => Sense::Unrelated,
        "bisher" | "bisherige" | "bisheriger" | "bisherigen" | "bisheriges" | "damals" | "damalige"
        | "damaligen" | "damaliger" | "vormals" | "ehemals" | "ehemalige" | "alt" | "alte" | "alter" | "alten"
        | "frueher" | "fruehere" | "frueherer" | "frueheren" | "vorherige" | "vorheriger"
        | "statt" | "anstatt" | "anstelle" | "vorjahr" | "previous" | "previously"
        | "original" | "originally" | "anfaenglich" | "anfaengliche" | "instead" | "veraltet" | "ueberholt" => Sense::Former,
        "neu" | "neue" | "neuer" | "neuen" | "neues" | "nunmehr" | "nun" | "jetzt" | "heute"
        | "aktuell" | "aktuelle" | "aktueller" | "aktuellen" | "derzeit" | "derzeitige"
        | "derzeitiger" | "gegenwaertig" | "inzwischen" | "mittlerweile" | "momentan" | "today"
        | "current" | "currently" | "now" | "heutigen" => Sense::Current,
        "inkl" | "incl" | "inklusive" | "einschl" | "einschliesslich" | "mit" | "nebst" | "samt"
        | "including" | "aus" | "ohne" | "exkl" | "sowie" | "aufgrund" | "wegen" | "laufenden" | "laufender" => Sense::Inclusive,
        "zzgl" | "zuzueglich" | "plus" | "hinzu" => Sense::OnTop,
        "ca" | "circa" | "zirka" | "etwa" | "rund" | "rd" | "ungefaehr" | "voraussichtlich"
        | "voraussichtliche" | "schaetzungsweise" | "geschaetzt" | "geschaetzte" | "vorlaeufig" | "vorlaeufige" | "vorlaeufiger" | "approx"
        | "approximately" | "roughly" | "knapp" | "annaehernd" | "unverbindlich" | "estimated" => Sense::Vague,
        "ueberwiesen" | "bezahlt" | "gezahlt" | "beglichen" | "eingegangen" | "vereinnahmt"
        | "gutgeschrieben" | "verbucht" | "eingezahlt" | "entrichtet" | "geleistet" | "ausgebucht" | "storniert" => Sense::Settled,
        "erhoeht" | "erhoehte" | "gestiegen" | "angewachsen" | "reduziert" | "verringert"
        | "vermindert" | "gesunken" | "ermaessigt" | "korrigiert" | "korrigieren" | "berichtigt"
        | "angepasst" | "aktualisiert" => Sense::Changed,
        "waere" | "waeren" | "wuerde" | "wuerden" | "falls" | "wenn" | "koennte" | "koennten"
        | "bei" | "sobald" | "if" | "would" | "gegen" => return supposed(word),
        _ => return None,
    })
}

/// `bei` and `gegen` are too common to mean a condition by themselves.
fn supposed(word: &str) -> Option<Sense> {
    (!matches!(word, "bei" | "gegen")).then_some(Sense::Supposed)
}

fn by_form(word: &str) -> Option<Sense> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    let starts = |beginnings: &[&str]| beginnings.iter().any(|start| word.starts_with(start));
    if starts(&["stammkapital", "grundkapital", "stammeinlage", "haftsumme", "haftungssumme", "einlagensicherung", "mindest", "hoechst", "pfaendungs", "versicherungssumme", "deckungssumme"])
        || ends(&["einkommen", "preis", "wert", "umsatz", "freigrenze", "limit", "streitwert"]) && word != "kaufpreis"
    {
        return Some(Sense::Unrelated);
    }
    if starts(&["raten", "teilzahlung", "schlussrate", "monatsrate"]) || ends(&["rate", "raten", "teilzahlung"]) {
        return Some(Sense::Rate);
    }
    if starts(&["vergleichs", "einmal", "abgeltungs", "plan", "abfindung", "erlass"]) || ends(&["vergleich", "angebot", "verzicht", "abfindung"]) {
        return Some(Sense::Offer);
    }
    if ends(&["eingang", "gutschrift", "erstattung", "erloes", "guthaben"]) {
        return Some(Sense::Paid);
    }
    if starts(&["urspruenglich"]) {
        return Some(Sense::Former);
    }
    if starts(&["gesamt", "gesarnt"]) {
        return ends(&[
            "forderung", "forderungen", "betrag", "betrages", "summe", "schuld", "saldo", "rueckstand", "rueckstaende", "verbindlichkeit",
            "verbindlichkeiten", "obligo", "rest", "aussenstand", "schulden", "schuldbetrag", "engagement", "forderungsbetrag", "forderungssumme", "verschuldung",
        ])
        .then_some(Sense::Total);
    }
    if starts(&["rest", "schluss", "end"])
        && ends(&["forderung", "forderungen", "schuld", "betrag", "saldo", "summe", "verbindlichkeit", "rueckstand"])
        || matches!(word, "forderungsstand" | "forderungsbetrag" | "forderungshoehe" | "forderungssumme" | "forderungssaldo" | "schuldenstand" | "abloesebetrag" | "abloesesumme")
    {
        return Some(Sense::Total);
    }
    if starts(&["haupt", "neben", "zins", "kosten", "teil", "einzel", "grund"]) && ends(&["forderung", "forderungen", "betrag"]) {
        return Some(Sense::Item);
    }
    if ends(&["aufforderung", "anforderung", "anforderungen", "rueckforderung", "herausforderung"]) {
        return None;
    }
    if ends(&["rueckstand", "rueckstaende", "rueckstaenden", "rueckstands", "forderung", "forderungen", "saldo", "schulden", "verbindlichkeit", "aussenstaende"]) {
        return Some(Sense::Claim);
    }
    if ends(&[
        "zinsen", "zins", "kosten", "gebuehr", "gebuehren", "pauschale", "verguetung", "spesen",
        "zuschlag", "zuschlaege", "zuschlaegen", "auslagen", "steuer", "porto", "schadensersatz", "einigungsgebuehr", "rueckl",
        "lastschrift", "lastschriften", "kassierung", "schaden", "pfaendung",
    ]) {
        return Some(Sense::Item);
    }
    if ends(&["rechnung", "rechnungen", "beitrag", "beitraege", "abschlag", "abschlaege", "bestellung", "bestellungen", "kaufpreis", "miete", "mieten", "invoice", "invoices", "nachzahlung", "darlehen", "kredit", "entgelt", "entgelte", "honorar"]) {
        return Some(Sense::Basis);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn senses(text: &str) -> Vec<Sense> {
        let folded = fold(text);
        words(&folded, 0..folded.len()).into_iter().map(|word| word.sense).collect()
    }

    #[test]
    fn compounds_are_told_apart() {
        assert_eq!(senses("Gesamtforderung Restschuld Forderungsstand"), [Sense::Total; 3]);
        assert_eq!(senses("Beitragsrückstand Abgabenrückstände Mietforderung offen"), [Sense::Claim; 4]);
        assert_eq!(senses("Hauptforderung Verzugszinsen Mahngebühren Inkassovergütung"), [Sense::Item; 4]);
        assert_eq!(senses("Monatsrate Schlussrate Ratenzahlung"), [Sense::Rate; 3]);
        assert_eq!(senses("Forderungsmanagement Forderungsaufstellung Aufforderung"), []);
        assert_eq!(senses("Stammkapital Nettoeinkommen Grundpreis"), [Sense::Unrelated; 3]);
    }
}
