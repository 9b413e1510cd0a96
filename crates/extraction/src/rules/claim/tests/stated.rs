//! Whether a sentence states what is owed today.

use super::*;

#[test]
fn verbs_that_say_what_is_owed_need_no_noun() {
    for text in [
        "Ihre Mandantin hat derzeit noch einen Betrag von 500,00 EUR auszugleichen.",
        "Herr Muster hat jetzt noch 500,00 EUR zu zahlen, Mahn- und Rücklastschriftkosten inbegriffen.",
        "Einschließlich der Zinsen und Kosten haben wir 500,00 EUR zu fordern.",
        "Also kriegen wir noch 500,- EUR.",
        "Wir erwarten noch 500,00 EUR (hierin enthalten: 9,00 EUR Rücklastschrift, 41,00 EUR Kosten).",
        "Stand heute 500,00 EUR alles in allem.",
        "Inzwischen 500,00 EUR (alles zusammen, Stand 05.06.).",
        "Macht dann 500,00€ die wir noch kriegen.",
        "Sind noch 500 Euro.",
        "Ja, die 500,00 sind richtig.",
        "Aus der Rechnung sind samt Mahnspesen per heutigem Datum € 500,00 aushaftend.",
        "Das Mietkonto steht jetzt noch mit 500,00 Euro im Soll.",
        "Es ergibt sich eine noch nicht beglichene Nachzahlung von 500,00 EUR.",
        "Der Rückstand beträgt 500,00 EUR, Sicherheiten bestehen nicht.",
        "As of today the balance outstanding is EUR 1,500.00. Instalments of no less than EUR 25.00.",
    ] {
        let expected = if text.starts_with("As") { 150_000 } else { 50_000 };
        assert_eq!(read(text), Ok(Some(expected)), "{text}");
    }
}

#[test]
fn other_peoples_words_are_no_statement() {
    for text in [
        "Ihre Gesamtforderung beträgt 500,00 EUR.",
        "Unsere Mandantin schuldet Ihnen insgesamt 500,00 EUR.",
        "Sie machen eine Gesamtforderung von 500,00 EUR geltend.",
        "Ihr Mandant behauptet, die Forderung betrage nur 500,00 EUR.",
        "Your client told us that the balance outstanding is EUR 500.00.",
        "Sie hatten geschrieben: „wir vertreten Frau Muster, die Gesamtforderung beträgt 500,00 EUR“",
        "Betreff: Max Muster, Gesamtforderung 500,00 EUR",
        "Das Girokonto ihres Ehemannes (Sollsaldo 500,00 EUR) ist nicht Gegenstand Ihrer Anfrage.",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
}

#[test]
fn what_is_still_to_be_settled_is_a_doubt() {
    for text in [
        "Die Gesamtforderung beträgt 500,00 EUR. Eine Zahlung kann ich erst nach Vorlage des Auszugs verbuchen.",
        "Die Gesamtforderung beträgt 500,00 EUR. Die Zahl ist um diesen Eingang zu kürzen.",
        "Die Gesamtforderung beträgt 500,00 EUR. Sie erhalten einen bereinigten Auszug.",
        "Die Gesamtforderung beträgt 500,00 EUR. Die Gutschrift wird noch verrechnet.",
        "Die Gesamtforderung beträgt 500,00 EUR. Wir fragen dort nach und melden uns.",
        "Die Gesamtforderung beträgt 500,00 EUR. Dieser Stand ist vorläufig.",
        "Die Gesamtforderung beträgt 500,00 EUR. Für den Plan bitten wir den Betrag noch nicht zu verwenden.",
        "Je nachdem, ob die Gutschrift kommt, beträgt die Gesamtforderung 500,00 EUR.",
        "Die Gesamtforderung beträgt 500,00 EUR oder bis zu 600,00 EUR.",
        "Offen sind 500,00 EUR. Bei uns stehen jetzt noch 90,00 EUR im Buch.",
        "Die Forderung beträgt 500,00 EUR. Ihr Mandant hat gegen den Mahnbescheid Widerspruch eingelegt.",
        "Die Forderung beträgt 500,00 EUR. Die Sache ist beim Amtsgericht anhängig.",
        "Die Forderung beträgt 500,00 EUR. Der Bescheid hierüber soll nach Ablauf der Anhörungsfrist ergehen.",
        "Ihr Mandant schuldet 500,00 EUR. Das Fahrzeug wird im August in der Auktion angeboten.",
        "Der Rückstand beträgt 500,00 EUR. Buchungen danach liegen uns nicht vor.",
        "Die Forderung beträgt 500,00 EUR. Die Verjährungseinrede weisen wir zurück.",
        "Die Forderung beträgt 500,00 EUR. Der Einwand der Verjährung greift nicht.",
        "Der Rückstand beträgt 500,00 EUR. Der Vertrag wurde 2021 auf ihren Sohn umgeschrieben.",
        "Der Kontostand lautet 0,00 EUR, da das Konto auf die Hafen Wärme GmbH umgestellt wurde.",
        "Offen sind 500,00 EUR. Daneben steht ein Betrag von 900,00 EUR.",
    ] {
        assert_eq!(read(text), Err(vec![Doubt::Conditional]), "{text}");
    }
    for text in [
        "Da zwischenzeitlich weitere Zinsen angefallen sind, beträgt die Gesamtforderung 500,00 EUR.",
        "Gesamtforderung: 500,00 EUR. Nach 24 Raten prüfen wir die Rate neu.",
        "Gesamtforderung: 500,00 EUR. Nicht enthalten ist die Entlastung, die schon ausgezahlt wurde.",
    ] {
        assert_eq!(read(text), Ok(Some(50_000)), "{text}");
    }
}

#[test]
fn what_is_not_stated_as_owed_today_is_not_written() {
    for text in [
        "Die Forderung in Höhe von 500,00 EUR ist verjährt.",
        "Die Gesamtforderung von 500,00 EUR wurde storniert.",
        "Wir reduzieren die Forderung auf 500,00 EUR, wenn Sie bis Freitag zahlen.",
        "Nach Eingang der heutigen Zahlung wird die Restforderung 500,00 EUR betragen.",
        "Die Gesamtforderung wird sich zum Jahresende auf 500,00 EUR belaufen.",
        "Ab Juli beträgt die Gesamtforderung 500,00 EUR.",
        "Bei der Abteilung Mahnwesen ist noch eine Forderung von 500,00 EUR offen, unsere beträgt 700,00 EUR.",
        "Die Gesamtforderung betrug zum Zeitpunkt der Kündigung 500,00 EUR.",
        "Laut unserem Schreiben vom 3.3. beträgt die Gesamtforderung 500,00 EUR, der aktuelle Stand liegt mir nicht vor.",
        "Soweit ich sehe, müssten es 500,00 EUR sein.",
        "Ich glaube, es sind noch 500,00 EUR offen.",
        "Es könnten noch 500,00 EUR offen sein.",
        "Der Streitwert beträgt 500,00 EUR.",
        "Unser Vergleichsvorschlag lautet 500,00 EUR.",
        "Mit 500,00 EUR wäre die Sache für uns erledigt.",
        "Gegen eine Einmalzahlung von 500,00 EUR sind wir bereit, die Akte zu schließen.",
        "Die Kaution in Höhe von 500,00 EUR haben wir einbehalten.",
        "Herr Muster hat 500,00 EUR gezahlt.",
        "Wir haben Herrn Muster 500,00 EUR erstattet.",
        "Es besteht ein Guthaben von 500,00 EUR.",
        "Offen sind 500,00 EUR. Heute sind 100 EUR eingegangen.",
        "Die Gesamtforderung beträgt 500,00 EUR. Ein Betrag von 100,00 EUR ist gestern eingegangen und noch nicht berücksichtigt.",
        "Die Gesamtforderung beträgt 500,00 EUR. Davon gehen noch 100,00 EUR ab.",
        "Die Gesamtforderung beträgt 500,00 EUR. Hinzu kommen 20,00 EUR Kosten.",
        "Die Gesamtforderung beträgt 500,00 EUR. Die Zinsen rechnen wir Ihnen noch aus.",
        "Die Gesamtforderung beträgt 500,00 EUR. Im Schreiben vom Mai hieß es 520,00 EUR, welcher Betrag stimmt, klären wir.",
        "Unsere Mandantin beziffert die Forderung auf 500,00 EUR, wir kommen auf 520,00 EUR.",
        "Gesamtforderung: 500,00 EUR\nGesamtforderung inkl. Zinsen: 540,00 EUR",
        "Gesamtforderung Vertrag A: 500,00 EUR\nGesamtforderung Vertrag B: 300,00 EUR",
        "Der Rückstand beträgt 500,00 EUR, das Darlehen selbst ist nicht gekündigt.",
        "Die Rückstände belaufen sich auf 500,00 EUR; die Restschuld des Kredits liegt bei 8.000,00 EUR.",
        "Rückständige Raten: 500,00 EUR. Restdarlehen: 8.000,00 EUR.",
        "Fällig sind derzeit 500,00 EUR, das Gesamtdarlehen valutiert mit 8.000,00 EUR.",
        "Ihre Mandantin ist der Meinung, nur 500,00 EUR zu schulden.",
        "Sie schreiben, die Forderung betrage 500,00 EUR.",
        "In Ihrer Aufstellung steht unsere Forderung mit 500,00 EUR.",
        "Die von Ihnen angesetzten 500,00 EUR sind zu wenig.",
        "Wir haben die Forderung zur Insolvenztabelle mit 500,00 EUR angemeldet, festgestellt wurden 300,00 EUR.",
        "Im Falle einer Ratenzahlung erhöht sich die Gesamtforderung auf 500,00 EUR.",
        "Die Gesamtforderung beliefe sich auf 500,00 EUR.",
        "Bitte überweisen Sie 500,00 EUR.",
        "Zahlen Sie bis zum 30.06. nur 500,00 EUR statt 900,00 EUR!",
        "Die monatliche Belastung beträgt insgesamt 500,00 EUR.",
        "Ihr Mandant hat ein Vermögen von insgesamt 500,00 EUR.",
        "Der Pfändungsfreibetrag beträgt derzeit insgesamt 500,00 EUR.",
        "Der Schaden beläuft sich insgesamt auf 500,00 EUR, unser Anteil ist die Hälfte.",
        "Die Forderung gegen den Bruder beträgt 500,00 EUR.",
        "Die Forderung der Schwesterfirma beträgt 500,00 EUR.",
        "Wir haben eine Gesamtforderung von 500,00 EUR titulieren lassen.",
        "Die titulierte Forderung beträgt 500,00 EUR.",
        "Der Mahnbescheid lautet auf 500,00 EUR.",
        "Ohne die strittigen Kosten wären es 500,00 EUR.",
        "Früher waren es mal 500,00 EUR.",
        "Die Forderung beträgt 500,00 EUR, sofern die Lastschrift nicht zurückgeht.",
        "Wir buchen die Forderung von 500,00 EUR aus.",
        "Wir verzichten auf unsere Forderung von 500,00 EUR.",
        "Auf die Forderung von 500,00 EUR verzichten wir.",
        "Von den 500,00 EUR sind 200,00 EUR bezahlt.",
        "Der Gesamtbetrag von 500,00 EUR ist bis auf 120,00 EUR getilgt.",
        "Die Forderung hat sich um 500,00 EUR verringert.",
        "Es wurden 500,00 EUR zu viel gefordert.",
        "Das sind 500,00 EUR mehr als im Vorjahr.",
        "Die Gesamtforderung liegt unter 500,00 EUR.",
        "Die Gesamtforderung liegt bei rund 500,00 EUR.",
        "Gesamtforderung: 500,00 EUR?",
        "Gesamtforderung: 500,00 EUR (ungeprüft)",
        "Gesamtforderung (Schätzung): 500,00 EUR",
        "Gesamtforderung alt: 500,00 EUR",
        "Beispiel: Bei einer Gesamtforderung von 500,00 EUR fallen 50 EUR Kosten an.",
        "Ab einer Gesamtforderung von 500,00 EUR nehmen wir keine Raten.",
        "Die Gesamtforderung beträgt 500,00 EUR. Bitte betrachten Sie diese Angabe als gegenstandslos.",
        "Die Gesamtforderung beträgt 500,00 EUR. Korrektur: es sind 520,00 EUR.",
        "Die Gesamtforderung beträgt 500,00 EUR, Verzeihung, 520,00 EUR.",
        "Die Gesamtforderung beträgt 500,00 EUR. Halt, das stimmt nicht, ich melde mich noch einmal.",
        "In der letzten Mail stand irrtümlich eine Gesamtforderung von 500,00 EUR.",
        "Unsere Auskunft über 500,00 EUR ziehen wir zurück.",
        "Die Gesamtforderung von 500,00 EUR ist überholt.",
        "Gesamtforderung laut Mahnung vom 01.02.: 500,00 EUR",
        "Gesamtforderung zum Zeitpunkt der Kündigung: 500,00 EUR",
        "Gesamtforderung bei Übergabe: 500,00 EUR",
        "Gesamtforderung zum 31.12.2027: 500,00 EUR (Prognose)",
        "Die Forderung beträgt inklusive der bis zum Planende anfallenden Zinsen 500,00 EUR.",
        "Bei planmäßigem Verlauf sind insgesamt 500,00 EUR zu zahlen.",
        "Im Rahmen des Vergleichs sind insgesamt 500,00 EUR zu zahlen.",
        "Zur Erledigung sind insgesamt 500,00 EUR zu zahlen.",
        "Bis zum 30.06. sind 500,00 EUR zu zahlen, der Rest danach.",
        "Als erste Rate sind 500,00 EUR zu zahlen.",
        "Sofort fällig sind 500,00 EUR, der Rest in Raten.",
        "Von der Gesamtforderung sind 500,00 EUR fällig.",
        "Ein Teilbetrag von 500,00 EUR ist offen.",
        "Die Kosten des Verfahrens von 500,00 EUR sind noch offen.",
        "Aus der Nebenkostenabrechnung 2024 sind noch 500,00 EUR offen, die Mieten kommen dazu.",
        "Offen sind die Raten März und April, zusammen 500,00 EUR.",
        "Der Rückstand bei den Raten beträgt 500,00 EUR.",
        "Für das Konto 123 beträgt der Saldo 500,00 EUR, zu Konto 456 liegt mir nichts vor.",
        "Die Forderung gegen Ihre Mandantin und ihren Mann beträgt zusammen 500,00 EUR, auf jeden entfällt die Hälfte.",
        "Ihre Mandantin haftet nur für die Hälfte der Gesamtforderung von 500,00 EUR.",
        "Die Gesamtforderung beträgt 500,00 EUR, für die der Bürge haftet.",
        "Wir würden 500,00 EUR als Gesamtforderung anmelden.",
        "Wir melden vorsorglich 500,00 EUR an.",
        "Der Kollege meinte, es seien noch 500,00 EUR offen.",
        "Es sollen noch 500,00 EUR offen sein.",
        "Angeblich sind noch 500,00 EUR offen.",
        "Laut Auskunft der Schuldnerin sind 500,00 EUR offen.",
        "Das System zeigt 500,00 EUR an, das kann aber nicht stimmen.",
        "Das System zeigt einen Saldo von 500,00 EUR, ob das noch stimmt, weiß ich nicht.",
        "Die Gesamtforderung beträgt 500,00 EUR. Ich bin mir aber nicht sicher.",
        "Die Gesamtforderung beträgt 500,00 EUR. Angaben ohne Gewähr.",
        "Die Gesamtforderung beträgt 500,00 EUR, Irrtum vorbehalten.",
        "Die Rechnung liegt bei 500,00 EUR, das ist aber nur die reine Hauptforderung.",
        "Die Forderung beträgt 500,00 EUR. Ich reiche Ihnen den vollständigen Stand nächste Woche nach.",
        "Sie darf in 24 Raten zu 20,00 € zahlen, dann ist der gesamte Betrag von 480,00 € getilgt.\n\nKatalog  450,00 €\nKosten  50,00 €\nOffen insgesamt  500,00 €",
        "Die Gesamtforderung beträgt 500,00 EUR. Eine Prüfung durch die Fachabteilung steht noch aus.",
        "Die Gesamtforderung beträgt 500,00 EUR. Bitte warten Sie die endgültige Abrechnung ab.",
        "Die Gesamtforderung beträgt 500,00 EUR. Die Schlussrechnung folgt.",
        "Die Gesamtforderung beträgt 500,00 EUR. Eine Gutschrift für März steht noch aus.",
        "Die Gesamtforderung beträgt 500,00 EUR. Für März schreiben wir noch 40,00 EUR gut.",
        "Die Gesamtforderung beträgt 500,00 EUR. Ihr Mandant hat Widerspruch eingelegt, über den noch nicht entschieden ist.",
        "Die Gesamtforderung beträgt 500,00 EUR. Eine Zahlung über 100,00 EUR ist unterwegs.",
        "Die Gesamtforderung beträgt 500,00 EUR. Die Pfändung vom Mai läuft noch ein.",
        "Die Gesamtforderung beträgt 500,00 EUR. Davon sind 200,00 EUR bereits bezahlt.",
        "Die Gesamtforderung beträgt 500,00 EUR, von denen 200,00 EUR bezahlt wurden.",
        "Die Gesamtforderung beträgt 500,00 EUR abzüglich der Zahlung von 100,00 EUR.",
        "Die Gesamtforderung beträgt 500,00 EUR minus 100,00 EUR Gutschrift.",
        "Gesamtforderung 500,00 EUR\nZahlung vom 03.03.2026 100,00 EUR",
        "Gesamtforderung | 500,00 EUR\nabzgl. Zahlungen | -100,00 EUR",
        "Wie besprochen beträgt die Gesamtforderung 500,00 TEUR.",
        "Die Gesamtforderung beträgt 500,00 Euro zuzüglich 19 % Mehrwertsteuer.",
        "Die Gesamtforderung beträgt netto 500,00 EUR.",
        "Hauptforderung 400,00 EUR, Gesamtforderung 300,00 EUR",
        "Gesamtforderung: 500,00 EUR. Hauptforderung: 900,00 EUR, Zinsen 20,00 EUR.",
        "Gesamtforderung: 500,00 EUR. Hauptforderung: 450,00 EUR, Zinsen 30,00 EUR, Kosten 40,00 EUR.",
        "Hauptforderung 450,00 EUR\nZinsen 30,00 EUR\nKosten 40,00 EUR\nGesamtforderung 500,00 EUR",
        "Hauptforderung | 450,00 EUR\nZinsen | 30,00 EUR\nKosten | 40,00 EUR\nGesamtforderung | 500,00 EUR",
    ] {
        let found = read(text);
        assert!(!matches!(found, Ok(Some(_))), "{text}: {found:?}");
    }
}

#[test]
fn what_is_stated_plainly_is_written() {
    for text in [
        "Offen: 500,00 EUR.",
        "Es ist noch ein Betrag von 500,00 EUR offen.",
        "Der offene Betrag beträgt 500,00 EUR.",
        "Zurzeit bestehen Rückstände von 500,00 EUR.",
        "Sie schulden uns 500,00 EUR.",
        "Ihr Mandant steht bei uns mit 500,00 EUR in der Kreide.",
        "Aktueller Kontostand: 500,00 EUR Soll.",
        "Der Saldo lautet heute auf 500,00 EUR zu unseren Gunsten.",
        "Wir machen 500,00 EUR geltend.",
        "Wir beziffern unsere Forderung mit 500,00 EUR.",
        "Die Forderung wird mit 500,00 EUR beziffert.",
        "Unsere Gesamtforderung: 500,00 EUR (Hauptforderung 450,00 EUR, Zinsen 30,00 EUR, Kosten 20,00 EUR).",
        "Die Hauptforderung beträgt 450,00 EUR, hinzu kommen Zinsen von 30,00 EUR und Kosten von 20,00 EUR, insgesamt also 500,00 EUR.",
        "Nach unseren Büchern sind 500,00 EUR offen.",
        "Bis heute sind 500,00 EUR aufgelaufen.",
        "Der Gesamtsaldo Ihres Mandanten beträgt per 01.06.2026 500,00 EUR.",
        "Zu Ihrer Anfrage teilen wir mit, dass 500,00 EUR geschuldet werden.",
        "Die Forderung valutiert aktuell mit EUR 500,00.",
        "Ablösebetrag heute: 500,00 EUR",
        "Unter Berücksichtigung aller Zahlungen verbleibt eine Restforderung von 500,00 EUR.",
        "Alle Zahlungen sind berücksichtigt. Es verbleiben 500,00 EUR.",
        "Die Forderung besteht unverändert in Höhe von 500,00 EUR.",
        "Wir haben 500,00 EUR zu bekommen.",
        "Unterm Strich sind das 500,00 EUR.",
        "Unterm Strich bleiben 500,00 EUR.",
        "Ihr Mandant ist uns 500,00 EUR schuldig.",
        "Die Summe aller offenen Rechnungen beträgt 500,00 EUR.",
        "Insgesamt stehen 500,00 EUR zur Zahlung an.",
        "Insgesamt fordern wir 500,00 EUR.",
        "The outstanding balance is EUR 500.00.",
        "The total amount due is €500.00.",
        "Er muss noch 500,00 EUR zahlen.",
        "Frau Muster hat noch 500 € bei uns offen.",
        "Gesamtforderung\n500,00 EUR",
        "Betrag offen: 500,00 EUR",
        "Forderungshöhe: 500,00 EUR",
        "Forderung gesamt: 500,00 EUR",
        "Gesamt: 500,00 EUR offen",
        "Die Schuld beläuft sich auf 500,00 EUR, Ratenzahlung wurde nicht vereinbart.",
    ] {
        assert_eq!(read(text), Ok(Some(50_000)), "{text}");
    }
}

#[test]
fn what_will_be_owed_and_what_is_not_confirmed_is_not_stated_in_english_either() {
    let future = "The balance payable as from 1 October 2026 will be EUR 861.20.";
    assert!(read(future).is_err());
    assert_eq!(read("The balance payable today is EUR 861.20."), Ok(Some(86_120)));
    let unconfirmed = "The total is EUR 861.20. We neither confirm nor dispute this figure.";
    assert!(read(unconfirmed).is_err());
}

#[test]
fn what_is_asked_is_not_stated() {
    let asked = "Unsere Mandantin nennt Schulden von 6.880,00 EUR. Stimmt das?\n\nNein, die Gesamtforderung \
                 beträgt heute 7.018,44 EUR.";
    assert_eq!(read(asked), Ok(Some(701_844)));
    let stated = asked.replace("Stimmt das?", "Stimmen Sie sich ab!");
    assert!(read(&stated).is_err());
}
