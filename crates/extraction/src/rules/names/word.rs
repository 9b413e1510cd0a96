//! Words that look like names and are none, and names that a scanner misread.

use crate::fold::fold;

/// A shorter word with a digit in it, such as `W4`, is no name that a scanner misread.
const SHORTEST_SCANNED_NAME: usize = 3;

/// Capitalised words that stand beside names, not in them.
pub(super) fn is_no_name(word: &str) -> bool {
    let word = fold(word.trim_matches(['.', ':', '-', ',']));
    let ends = [
        "ung",
        "ungen",
        "nummer",
        "konto",
        "zeichen",
        "vertrag",
        "plan",
        "schaft",
        "forderung",
        "summe",
        "betrag",
        "stand",
        "bank",
        "kasse",
        "werke",
        "versicherung",
        "inkasso",
        "anfrage",
        "schreiben",
        "rechnung",
        "auskunft",
        "gmbh",
        "verfahren",
        "antrag",
        "bescheid",
        "zinsen",
        "kosten",
        "darlehen",
        "heit",
        "nr",
        "nehmer",
        "nehmerin",
        "guthaben",
        "service",
        "abteilung",
        "hoehe",
        "stelle",
        "sache",
        "praxis",
        "keit",
        "tion",
        "ismus",
        "angebot",
        "vergleich",
        "rate",
        "raten",
        "mahnung",
        "zuschlag",
        "steuer",
        "beitrag",
        "gebuehr",
        "abgabe",
        "umlage",
        "pauschale",
        "leistung",
        "geld",
        "amt",
        "platz",
        "auszug",
        "ruecknahme",
        "kredit",
        "gesellschaft",
        "abrechnungen",
        "pfand",
        "beitraege",
        "gebuehren",
        "abgaben",
        "mieten",
        "bescheide",
        "konten",
        "antworten",
        "katalog",
        "zentrum",
        "zuschuss",
        "vorschuss",
        "vorschlag",
        "klinik",
    ];
    word.chars().count() < 2
        || word.bytes().any(|b| b.is_ascii_digit()) && word.len() <= SHORTEST_SCANNED_NAME
        || word.bytes().filter(u8::is_ascii_digit).count() >= 3
        // Scanners read `o` and `l` as digits, and no other letters.
        || word.bytes().any(|b| matches!(b, b'2'..=b'9'))
        || ends.iter().any(|end| word.len() > end.len() && word.ends_with(end) || word == *end)
        || matches!(
            word.as_str(),
            "ihr"
                | "ihnen"
                | "dein"
                | "deine"
                | "euer"
                | "eure"
                | "ihres"
                | "betreffend"
                | "familie"
                | "versicherte"
                | "versicherter"
                | "mandanten"
                | "mandantschaft"
                | "durchwahl"
                | "patientin"
                | "patient"
                | "kontoinhaberin"
                | "kontoinhaber"
                | "ein"
                | "eine"
                | "einen"
                | "einer"
                | "name"
                | "dr"
                | "prof"
                | "praxis"
                | "telefonisch"
                | "hier"
                | "sache"
                | "sachen"
                | "ihre"
                | "ihrem"
                | "ihren"
                | "ihrer"
                | "unser"
                | "unsere"
                | "unserem"
                | "az"
                | "aktenzeichen"
                | "herr"
                | "mr"
                | "mrs"
                | "ms"
                | "rg"
                | "gz"
                | "kindes"
                | "mein"
                | "meine"
                | "meinem"
                | "meinen"
                | "meiner"
                | "neffe"
                | "neffen"
                | "nichte"
                | "bruder"
                | "schwester"
                | "onkel"
                | "tante"
                | "mutter"
                | "vater"
                | "sohn"
                | "tochter"
                | "cousin"
                | "cousine"
                | "schwager"
                | "schwaegerin"
                | "freundin"
                | "mandat"
                | "zi"
                | "hund"
                | "kater"
                | "geburtstag"
                | "einbauschrank"
                | "kinder"
                | "auftrag"
                | "engagement"
                | "uns"
                | "nicht"
                | "herrn"
                | "frau"
                | "die"
                | "der"
                | "das"
                | "den"
                | "dem"
                | "wir"
                | "sie"
                | "es"
                | "und"
                | "am"
                | "im"
                | "kunde"
                | "kundin"
                | "klient"
                | "klienten"
                | "klientin"
                | "objekt"
                | "grundstueck"
                | "gbr"
                | "ohg"
                | "mandant"
                | "mandantin"
                | "schuldner"
                | "schuldnerin"
                | "aw"
                | "re"
                | "wg"
                | "fwd"
                | "betreff"
                | "vorgang"
                | "fall"
                | "akte"
                | "kd"
                | "nr"
                | "team"
                | "service"
                | "kanzlei"
                | "gmbh"
                | "ag"
                | "kg"
                | "eg"
                | "ltd"
                | "mbh"
                | "finanzamt"
                | "jobcenter"
                | "sparkasse"
                | "volksbank"
                | "amtsgericht"
                | "landgericht"
                | "gericht"
                | "hallo"
                | "guten"
                | "tag"
                | "sehr"
                | "geehrte"
                | "damen"
                | "herren"
                | "eur"
                | "euro"
                | "forderungen"
                | "sgb"
                | "leasing"
                | "bgb"
                | "zpo"
                | "inso"
                | "rvg"
                | "vwvg"
                | "stgb"
                | "ao"
                | "hgb"
                | "vv"
                | "konten"
                | "insolvenz"
                | "antwort"
                | "saldo"
                | "datum"
                | "januar"
                | "februar"
                | "maerz"
                | "april"
                | "mai"
                | "juni"
                | "juli"
                | "august"
                | "september"
                | "oktober"
                | "november"
                | "dezember"
                | "bezug"
                | "bitte"
                | "zu"
                | "zur"
                | "zum"
                | "in"
                | "mit"
                | "von"
                | "fuer"
                | "mieter"
                | "mieterin"
                | "mitglied"
                | "mitgl"
                | "letzte"
                | "korrektur"
                | "neue"
                | "neuer"
                | "offene"
                | "offener"
                | "status"
                | "info"
                | "telefon"
                | "fax"
                | "schuldnerberatung"
                | "versandhaus"
                | "stadtwerke"
                | "undelivered"
                | "mail"
                | "returned"
                | "sender"
                | "automatische"
                | "abwesenheitsnotiz"
                | "eilt"
                | "wichtig"
                | "danke"
                | "gruss"
                | "gruesse"
                | "beste"
                | "viele"
                | "freundliche"
                | "dear"
                | "sirs"
                | "your"
                | "our"
                | "the"
                | "debtor"
                | "client"
                | "details"
                | "abs"
                | "vor"
                | "nach"
                | "bei"
                | "auf"
                | "an"
                | "aus"
                | "laut"
                | "gegen"
                | "wegen"
                | "kind"
                | "regards"
                | "ratenzahlung"
                | "vollmacht"
                | "adresse"
                | "anschrift"
                | "geburtsdatum"
                | "nachweis"
                | "unterlagen"
                | "rundfunkbeitrag"
                | "strom"
                | "gas"
                | "wohnung"
                | "firma"
                | "rae"
                | "ra"
                | "rechtsanwaelte"
                | "beitrag"
                | "beitraege"
                | "schulden"
                | "dritte"
                | "dritten"
                | "glaeubiger"
                | "glaeubigerin"
                | "miete"
                | "whg"
                | "referenz"
                | "mitglieds"
                | "wohnungseigentum"
                | "fahrschule"
                | "sanitaetshaus"
                | "autohaus"
                | "moebelhaus"
                | "modehaus"
                | "leihhaus"
        )
}

pub(super) fn follows_article(before: &str) -> bool {
    let word = before.trim_end().rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    matches!(
        word.to_lowercase().as_str(),
        "der"
            | "die"
            | "das"
            | "dem"
            | "den"
            | "des"
            | "ein"
            | "eine"
            | "einer"
            | "einem"
            | "unsere"
            | "unser"
            | "unserer"
            | "unserem"
            | "ihre"
            | "ihr"
            | "ihrer"
            | "ihrem"
    )
}

/// Scanners read `0` for `o` and `1` for `l` inside words; at the end of one it is a number.
pub(super) fn repair(name: &str) -> String {
    let next = name.chars().skip(1).map(Some).chain([None]);
    name.chars()
        .zip(next)
        .map(|(c, next)| match c {
            '0' if next.is_some_and(char::is_alphabetic) => 'o',
            '1' if next.is_some_and(char::is_alphabetic) => 'l',
            other => other,
        })
        .collect()
}
