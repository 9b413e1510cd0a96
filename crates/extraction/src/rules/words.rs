//! What the words beside an amount say about it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// The meaning of a word for the amounts near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// `Gesamtforderung`: the total, by name.
    Total,
    /// `Summe`, `insgesamt`: the total of what stands before it.
    Sum,
    /// `Rückstand`, `schuldet`: the claim, if nothing names a total.
    Claim,
    /// `offen`, `ausstehend`: as [`Sense::Claim`], also after an amount.
    Open,
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
    /// `nach Abzug`: what follows is taken off already.
    Deducted,
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
        let in_word =
            c.is_alphanumeric() || (c == '.' && start.is_some() && next_is_letter(text, at));
        match (in_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let sense = to_be(&text[from..at], &text[..from])
                    .or_else(|| sense_of(&text[from..at]))
                    .or_else(|| ends_phrase(&text[from..at], &text[..from]));
                if let Some(sense) = sense {
                    let sense =
                        if follows_nach(&text[..from], sense) { Sense::Deducted } else { sense };
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

/// `to be paid` is owed.
fn to_be(word: &str, before: &str) -> Option<Sense> {
    (word == "paid" && before.ends_with("to be ")).then_some(Sense::Open)
}

/// `alles in allem`, `unterm Strich`, `nicht beglichene`: a meaning that takes two words.
fn ends_phrase(word: &str, before: &str) -> Option<Sense> {
    let (phrase, sense) = match word {
        "allem" => ("alles in ", Sense::Sum),
        "strich" => ("unterm ", Sense::Sum),
        _ if ["beglichene", "bezahlte", "ausgeglichene"]
            .iter()
            .any(|paid| word.starts_with(paid)) =>
        {
            ("nicht ", Sense::Open)
        }
        _ => return None,
    };
    before.ends_with(phrase).then_some(sense)
}

/// `nach Gutschrift`, `nach Ihrer Zahlung`.
fn follows_nach(before: &str, sense: Sense) -> bool {
    let before = before.trim_end();
    matches!(sense, Sense::Paid | Sense::Offer)
        && ["nach", "nach der", "nach ihrer", "nach einer", "nach dem", "nach den"]
            .iter()
            .any(|nach| before.ends_with(nach))
}

fn sense_of(word: &str) -> Option<Sense> {
    EXACT.get(word).copied().or_else(|| by_form(word))
}

/// Folded words by their sense.
const LISTS: [(Sense, &str); 17] = [
    (
        Sense::Sum,
        "summe abrechnungssumme addition insgesamt zusammen gesamt total endsumme gesamthoehe summarum",
    ),
    (
        Sense::Claim,
        "balance saldo debt arrears owed owes owing claim schuldet schulden schuld geschuldet \
         geschuldete valuta valutiert valutierte aussenstand aussenstaende forderung forderungen \
         verbindlichkeit verbindlichkeiten kontostand zahlbetrag schuldbetrag schuldsaldo \
         sollsaldo negativsaldo verbleiben verbleibt verbleibende verbleibender verbleibenden \
         verbleibend verzug korrektur berichtigung bleiben bleibt beitragsschuld steuerschuld kostenschuld gebuehrenschuld mietschuld mietschulden abgabenschuld darlehensschuld zahlende zahlender zahlenden beansprucht beanspruchen anspruch ansprueche fordern fordert einziehung gunsten schulde",
    ),
    (
        Sense::Open,
        "offen offene offener offenen offenes offenstehend offenstehende offensteht offenstehen \
         ausstehend ausstehende ausstehender ausstehenden aussteht ausstehen unbezahlt unbezahlte unbezahlter unbezahlten unbeglichen unbeglichene unbeglichener unbeglichenen \
         rueckstaendig rueckstaendige rueckstaendiger rueckstaendigen aushaften aushaftet aushaftend aushaftende aushaftenden outstanding due",
    ),
    (
        Sense::Item,
        "zinsen zins kosten auslagen kapital porto spesen interest fee fees costs principal \
         hauptsache tituliert titulierte ausgeurteilt davon darin ust mwst umsatzsteuer mehrwertsteuer position positionen \
         tageszins anwaltskosten gerichtskosten adressermittlung zwischensumme zwischenergebnis zwischenstand zwischenbetrag basisbetrag \
         grundforderung hauptbetrag nominalbetrag hauptschuld enthaelt enthalten beinhaltet \
         umfasst entfallen entfaellt zwischensaldo",
    ),
    (
        Sense::Rate,
        "monatlich monatliche monatlichen monatlicher mtl instalment instalments installment \
         installments monthly vierteljaehrlich vierteljaehrliche halbjaehrlich anzahlung abschlagszahlung woechentlich taeglich quartal jaehrlich \
         deposit",
    ),
    (
        Sense::Offer,
        "vergleich vergleichs vergleiches abgeltung angebot erlass verzicht verzichten quote \
         zahlung zahlungen eingang nachlass settlement payment rabatt skonto plan planes plans \
         einmalig einmalige einmaligen erledigung sofern offer discount reduced vorschlag kulanz \
         kulanzweise zufriedengeben zufrieden begnuegen genuegen genuegt",
    ),
    (
        Sense::Paid,
        "gutschrift gutschriften erloes verwertungserloes abzueglich abzgl minus erstattung \
         credit received paid zahlungseingang zahlungseingaenge guthaben verrechnet ueberzahlung",
    ),
    (Sense::Limit, "mindestens maximal hoechstens pauschal ab bis je um unter"),
    (
        Sense::Unrelated,
        "einkommen umsaetze umsatz lohn gehalt rente limit kreditlimit kreditrahmen \
         provision zeitwert wert hotline festnetz freibetrag pfaendbar pfaendbare pfaendbarer \
         unpfaendbar unpfaendbare vorpfaendung hausbank drittschuldner vermoegen schriftform streitwert \
         gegenstandswert haftpflicht sicherheiten grundschuld buergschaft monatsbeitrag \
         mindestbeitrag stundensatz kreditsumme darlehenssumme ursprungsdarlehen nennbetrag \
         auszahlung ausgezahlt auszahlungsbetrag debts minderung befanden bezieht verdient \
         erstberatung anfahrt gutschein gutscheine gutscheins gutscheinwert",
    ),
    (
        Sense::Former,
        "uebergabe uebergabezeitpunkt bisher bisherige bisheriger bisherigen bisheriges damals damalige damaligen damaliger \
         vormals ehemals alt alte alter alten frueher fruehere frueherer frueheren \
         vorherige vorheriger statt anstatt anstelle vorjahr previous previously original \
         originally betrug betrugen belief beliefen lautete anfaenglich anfaengliche instead \
         veraltet ueberholt",
    ),
    (
        Sense::Current,
        "neu neue neuer neuen neues nunmehr nun jetzt heute aktuell aktuelle aktueller aktuellen \
         derzeit derzeitige derzeitiger gegenwaertig inzwischen mittlerweile momentan today \
         current currently now heutigen",
    ),
    (
        Sense::Inclusive,
        "inkl incl inklusive einschl einschliesslich einschluss mit nebst samt including aus ohne \
         exkl sowie aufgrund wegen laufenden laufender",
    ),
    (Sense::Deducted, "abzug verrechnung aufrechnung anrechnung beruecksichtigung"),
    (Sense::OnTop, "zzgl zuzueglich plus hinzu"),
    (
        Sense::Vague,
        "ca circa zirka etwa rund rd ungefaehr voraussichtlich voraussichtliche schaetzungsweise \
         geschaetzt geschaetzte vorlaeufig vorlaeufige vorlaeufiger approx approximately roughly \
         knapp annaehernd unverbindlich netto estimated schaetze",
    ),
    (
        Sense::Settled,
        "ueberwiesen bezahlt gezahlt aufgehoben beglichen eingegangen vereinnahmt gutgeschrieben verbucht \
         eingezahlt entrichtet geleistet ausgebucht storniert erhalten getilgt wertberichtigt \
         abgeschrieben vollstreckt gepfaendet niedergeschlagen erlassen verzichtet",
    ),
    (
        Sense::Changed,
        "erhoeht erhoehte gestiegen angewachsen reduziert verringert vermindert gesunken \
         ermaessigt ermaessigen reduzieren verringern korrigiert korrigieren berichtigt \
         berichtigen angepasst aktualisiert",
    ),
];

/// `Supposed` words change a sentence, wherever they stand.
const SUPPOSED: &str = "waere waeren wuerde wuerden falls wenn koennte koennten sobald if would \
                        ergaebe ergaeben sollte sollten betruege beliefe";

static EXACT: LazyLock<HashMap<&'static str, Sense>> = LazyLock::new(|| {
    let lists = LISTS.iter().copied().chain([(Sense::Supposed, SUPPOSED)]);
    lists
        .flat_map(|(sense, words)| words.split_whitespace().map(move |word| (word, sense)))
        .collect()
});

fn by_form(word: &str) -> Option<Sense> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    let starts = |beginnings: &[&str]| beginnings.iter().any(|start| word.starts_with(start));
    if starts(&["pfaendungs", "hoechst", "mindest"]) && ends(&["gebuehr", "gebuehren", "kosten"]) {
        return Some(Sense::Item);
    }
    if starts(&[
        "stammkapital",
        "grundkapital",
        "stammeinlage",
        "haftsumme",
        "haftungssumme",
        "einlagensicherung",
        "mindest",
        "hoechst",
        "pfaendungs",
        "versicherungssumme",
        "deckungssumme",
    ]) || ends(&["einkommen", "preis", "wert", "umsatz", "freigrenze", "limit", "streitwert"])
        && !matches!(word, "kaufpreis" | "warenwert")
    {
        return Some(Sense::Unrelated);
    }
    if ends(&["summe", "rahmen"])
        && !starts(&[
            "gesamt",
            "gesarnt",
            "end",
            "rest",
            "schluss",
            "forderung",
            "schuld",
            "zwischen",
            "abloese",
            "abrechnung",
        ])
    {
        return Some(Sense::Unrelated);
    }
    if starts(&["ratenkredit", "ratendarlehen", "ratenkauf"]) {
        return Some(Sense::Basis);
    }
    if starts(&["raten", "teilzahlung", "schlussrate", "monatsrate"])
        || ends(&["rate", "raten", "teilzahlung"])
    {
        return Some(Sense::Rate);
    }
    if starts(&["vergleichs", "einmal", "abgeltungs", "plan", "abfindung", "erlass"])
        || ends(&["vergleich", "angebot", "verzicht", "abfindung"])
    {
        return Some(Sense::Offer);
    }
    if ends(&["eingang", "gutschrift", "erstattung", "erloes", "guthaben", "kaution"]) {
        return Some(Sense::Paid);
    }
    if starts(&["urspruenglich"]) {
        return Some(Sense::Former);
    }
    if starts(&["gesamt", "gesarnt"]) {
        return ends(&[
            "forderung",
            "forderungen",
            "betrag",
            "betrages",
            "summe",
            "schuld",
            "saldo",
            "rueckstand",
            "rueckstaende",
            "verbindlichkeit",
            "verbindlichkeiten",
            "obligo",
            "anspruch",
            "ansprueche",
            "anspruechen",
            "anspruchs",
            "schuldenstand",
            "rest",
            "aussenstand",
            "schulden",
            "schuldbetrag",
            "engagement",
            "forderungsbetrag",
            "forderungssumme",
        ])
        .then_some(Sense::Total);
    }
    if starts(&["rest", "schluss", "end"])
        && ends(&[
            "forderung",
            "forderungen",
            "schuld",
            "betrag",
            "saldo",
            "summe",
            "verbindlichkeit",
            "rueckstand",
        ])
        || matches!(
            word,
            "forderungsstand"
                | "forderungsbetrag"
                | "forderungshoehe"
                | "forderungssumme"
                | "forderungssaldo"
                | "schuldenstand"
                | "abloesebetrag"
                | "abloesesumme"
        )
    {
        return Some(Sense::Total);
    }
    if starts(&["haupt", "neben", "zins", "kosten", "teil", "einzel", "grund"])
        && ends(&["forderung", "forderungen", "betrag"])
    {
        return Some(Sense::Item);
    }
    if ends(&["aufforderung", "anforderung", "anforderungen", "rueckforderung", "herausforderung"])
    {
        return None;
    }
    if ends(&[
        "rueckstand",
        "rueckstaende",
        "rueckstaenden",
        "rueckstands",
        "forderung",
        "forderungen",
        "saldo",
        "schulden",
        "verbindlichkeit",
        "aussenstaende",
    ]) {
        return Some(Sense::Claim);
    }
    if ends(&[
        "zinsen",
        "zins",
        "kosten",
        "gebuehr",
        "gebuehren",
        "pauschale",
        "verguetung",
        "spesen",
        "zuschlag",
        "zuschlaege",
        "zuschlaegen",
        "auslagen",
        "steuer",
        "porto",
        "schadensersatz",
        "einigungsgebuehr",
        "rueckl",
        "lastschrift",
        "lastschriften",
        "kassierung",
        "schaden",
        "pfaendung",
    ]) {
        return Some(Sense::Item);
    }
    if ends(&[
        "rechnung",
        "rechnungen",
        "beitrag",
        "beitraege",
        "abschlag",
        "abschlaege",
        "bestellung",
        "bestellungen",
        "kaufpreis",
        "warenwert",
        "miete",
        "mieten",
        "invoice",
        "invoices",
        "nachzahlung",
        "darlehen",
        "kredit",
        "entgelt",
        "entgelte",
        "honorar",
    ]) {
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
        assert_eq!(senses("Beitragsrückstand Abgabenrückstände Mietforderung"), [Sense::Claim; 3]);
        assert_eq!(
            senses("Hauptforderung Verzugszinsen Mahngebühren Inkassovergütung"),
            [Sense::Item; 4]
        );
        assert_eq!(senses("Monatsrate Schlussrate Ratenzahlung"), [Sense::Rate; 3]);
        assert_eq!(senses("Forderungsmanagement Forderungsaufstellung Aufforderung"), []);
        assert_eq!(senses("Stammkapital Nettoeinkommen Grundpreis"), [Sense::Unrelated; 3]);
    }
}
