use super::*;

/// The claim in cents, or what stands in its way.
fn read(text: &str) -> Result<Option<i64>, Vec<Doubt>> {
    let mut account = account(text);
    if !account.reservations.is_empty() || account.is_hedged {
        account.doubts.insert(Doubt::Conditional);
    }
    if account.doubts.is_empty() {
        let firm = account.claim.filter(|claim| claim.strength > Strength::Bare);
        Ok(firm.map(|claim| claim.value.cents()))
    } else {
        Err(account.doubts.into_iter().collect())
    }
}

#[test]
fn the_claim_is_found_however_it_is_said() {
    for text in [
        "Die Gesamtforderung beläuft sich auf 500,00 EUR.",
        "Unsere Forderung beträgt nach wie vor 500,00 EUR.",
        "Es sind noch 500,00 EUR zu zahlen.",
        "Wir fordern zum heutigen Tag 500,00 EUR zurück.",
        "Herr Muster schuldet uns insgesamt 500,00 EUR.",
        "Frau Muster ist mit insgesamt 500,00 EUR im Verzug, darin 15,50 EUR Mahnkosten.",
        "Es stehen noch 500,00 EUR aus.",
        "500 € sind aus der Reparatur noch offen.",
        "Es sind aktuell 500,00 EUR offen (inkl. 13,00 EUR Mahnkosten).",
        "Der Rückstand aus der Hundesteuer (jährlich 72,00 Euro) beträgt derzeit 500,00 Euro.",
        "Die Restschuld beträgt nach Gutschrift der letzten Rate 500,- EUR.",
        "Kapital | 450,00 EUR\nZinsen | 50,00 EUR\nSumme | 500,00 EUR",
        "Forderung | 600,00 EUR\nabzüglich Zahlung vom 03.03.2026 | 100,00 EUR\nverbleiben | 500,00 EUR",
        "Position | Zinsen | Gesamt\nVertrag 1 | 20,00 | 500,00",
        "Rückstand, Stand heute:\n500,00 EUR",
        "nach Gutschrift der Rücksendung (39,90 €) verbleibt ein Restsaldo von:\n\n500,00 €",
        "Bisheriger Rückstand: 700,00 EUR\nNeuer Rückstand: 500,00 EUR",
        "Die Forderung hat sich von 450,00 EUR auf 500,00 EUR erhöht.",
        "Die genannte Gesamtforderung von 689,00 EUR ist nicht richtig. Richtig ist: Die Gesamtforderung beträgt 500,00 EUR.",
        "Gesamtforderung 500,00 EUR. Zzgl. Tageszinsen von 0,05 EUR.",
        "Gesamtforderung: 500,00 EUR. Wir können 50,00 EUR monatlich akzeptieren.",
        "Total outstanding today: EUR 500.00",
        "Unsere offene Rechnung beträgt 500,00 EUR.",
        "Es fehlen uns jetzt nur noch 500 Euro.",
        "Tituliert sind 450,00 EUR, mit Zinsen und Kosten macht das heute 500,00 EUR.",
        "Zu zahlen: 500,00 EUR, davon 450,00 EUR Hauptforderung und 50,00 EUR Zinsen.",
        "9 x 55,08 EUR = 495,72 EUR\nZu zahlender Betrag: 500,00 EUR",
        "Die Rechnung über 512,00 EUR ist beglichen. Offen sind nur noch Mahnkosten von 500,00 EUR.",
        "Restsaldo: ~~261,80 EUR~~ 500,00 EUR",
        "Nach Anrechnung auf die bisherige Forderung von 8.612,75 EUR verbleibt eine Restschuld von 500,00 EUR.",
        "Die Rate von 40,00 EUR ist eingegangen. Der Forderungsstand beträgt jetzt 500,00 EUR.",
        "Mit 30,- EUR Mahnkosten schuldet er uns also noch 500,- EUR.",
        "Das Darlehen valutiert noch mit 500,- EUR, bisher wurden 80,- EUR getilgt.",
        "offenes Kapital | 450,00 EUR\nZinsen | 40,00 EUR\nKosten | 10,00 EUR\nunser Obligo | 500,00 EUR",
        "Das Beitragskonto zeigt einen Rückstand von insgesamt 500,00 EUR. Wir gestatten neun Monatsraten zu 50,00 EUR.",
        "Noch zu entrichten: EUR 500,00",
        "Das Forderungskonto valutiert per heute mit 500,00 EUR. Davon entfallen 450,00 EUR auf Entgelte und 50,00 EUR auf Zinsen.",
        "Die Gesamtforderung beläuft sich nach Aufrechnung der letzten Monate auf 500,00 EUR.",
        "Sie schuldet mir also heute noch insgesamt 500 Euro, in Worten fünfhundert.",
        "Die vollständige Kostenschuld beläuft sich auf 500,00 EUR. Ich bitte, die alte Zahl zu streichen.",
        "Der Bescheid lautete ursprünglich auf 668,90 EUR. Von April bis Juni wurden je 56,30 EUR einbehalten, zusammen 168,90 EUR. Mithin verbleiben 500,00 EUR zu erstatten.",
        "Im Mai habe ich ihm 1.300 Euro geborgt. Zurückbekommen habe ich zusammen 800 Euro. Er schuldet mir heute also noch 500 Euro.",
        "An Beiträgen sind 484,00 EUR nicht entrichtet, hinzu treten zwei Säumniszuschläge von insgesamt 16,00 EUR. Unser Anspruch beläuft sich demnach auf 500,00 EUR.",
        "Das Konto weist diese Beträge auf: drei Gebühren mit zusammen 226,00 Euro, eine halbe mit 179,00 Euro sowie 95,00 Euro für zwei Schlüssel. In der Addition sind das 500,00 Euro, die Ihre Mandantin uns heute schuldet.",
        "stand heute offen: 500,00€ (einschl. nicht zurückgesandter router).",
        "Pfändungsankündigung 19.02.2026\n\nHeute, 16.06.2026, steht das Konto mit EUR 500,00 im Rückstand.",
        "Sozialversicherungsbeiträge | 302,00 EUR\nSäumniszuschläge | 150,00 EUR\nPfändungsgebühr | 28,00 EUR\nAuslagen | 20,00 EUR\nBetrag des Auftrags | 500,00 EUR",
        "Die Gesamtschuld von 500,00 EUR ist in zwölf Raten zu 40,00 EUR und einer letzten zu 20,00 EUR abzutragen.",
        "Stand der Sache: EUR 500,00 inkl. aller Nebenforderungen, nicht tituliert.",
        "Die Abrechnung des Ratenkredits lautet wie folgt:\nRestkapital | 450,00 EUR\nVerzugszins | 50,00 EUR\nAbrechnungssumme | 500,00 EUR",
        "Baudarlehen\ngekündigt am 30.01.2026\nAblösesumme zum heutigen Tage: 500,00 €",
        "Schlusssaldo einschließlich Zinsen und Entgelten: EUR 500,00 zu unseren Gunsten",
    ] {
        assert_eq!(read(text), Ok(Some(50_000)), "{text}");
    }
}

#[test]
fn what_is_no_claim_is_never_taken_for_one() {
    for text in [
        "Gegen Zahlung von 500,00 EUR verzichten wir auf die weitergehende Forderung.",
        "Nach Zahlung von 500,00 EUR betrachten wir die Forderung als erledigt.",
        "Bei Eingang von 500,00 EUR erklären wir die gesamte Forderung für erledigt.",
        "Bei Zahlung bis zum 30.06. würde sich die Forderung auf 500,00 EUR reduzieren.",
        "36 Raten zu 18,00 EUR, insgesamt 648,00 EUR.",
        "24 Raten zu je 65,00 EUR. Es ergäben sich Zahlungen von zusammen 1.560,00 EUR.",
        "Der Gesamtbetrag der Teilzahlungen beträgt 812,40 EUR.",
        "Zur Tilgung der Gesamtforderung wären 50,00 EUR monatlich nötig.",
        "Die Hauptforderung beträgt 500,00 EUR.",
        "Zinsen 50,00 EUR\nMahnkosten 5,00 EUR",
        "Nach Ihren Unterlagen beträgt unsere Forderung 500,00 EUR.",
        "Wir hatten Ihnen einen Rückstand von 500,00 EUR mitgeteilt.",
        "Ist es richtig, dass die Gesamtforderung 500,00 EUR beträgt?",
        "Das Konto wies bei der Hausbank einen Sollsaldo von 500,00 EUR auf.",
        "Stammkapital 25.000 EUR",
        "Sofortkredit bis zu 50.000 EUR, schon ab 89,90 EUR.",
        "Der Rückstand von 500,00 EUR wurde am 02.04.2026 überwiesen.",
        "Ursprünglich betrug die Forderung 500,00 EUR.",
        "Das Nettoeinkommen beträgt 2.380,00 EUR.",
        "Von der Forderung haben wir 500,00 EUR niedergeschlagen.",
        "Auf unsere Forderung haben wir 500,00 EUR erhalten.",
        "Die Forderung enthält 53,50 EUR Vollstreckungskosten.",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
}

#[test]
fn contradictions_and_reservations_are_doubts() {
    let cases = [
        ("Gesamtforderung 500,00 EUR. Offener Betrag: 600,00 EUR.", Doubt::ContradictingTotals),
        ("Vertrag 1: offen 500,00 EUR\nVertrag 2: offen 70,00 EUR", Doubt::ContradictingTotals),
        ("Gesamtforderung CHF 500.00", Doubt::ForeignCurrency),
        ("Saldo: -38,20 EUR", Doubt::NegativeAmount),
        ("Die Forderung beträgt ca. 500,00 EUR.", Doubt::Conditional),
        ("Die Forderung beträgt 500,00 EUR zzgl. Zinsen und Kosten.", Doubt::Conditional),
        ("Gesamtforderung: 5OO,00 EUR", Doubt::Illegible),
        ("Die Forderung wird auf 500,00 EUR geschätzt.", Doubt::Conditional),
        ("Wir machen keine Gesamtforderung von 500,00 EUR geltend.", Doubt::Conditional),
        ("Saldo: 38,20 EUR zu Gunsten Ihres Mandanten", Doubt::NegativeAmount),
        ("Gesamtforderung: 500,00 EUR. Korrektur: 510,00 EUR.", Doubt::ContradictingTotals),
        ("Ihr Schreiben nennt eine Gesamtforderung von 500,00 EUR.", Doubt::Conditional),
        (
            "Sofern bis zum 31.08. gezahlt wird, beträgt die Gesamtforderung 500,00 EUR.",
            Doubt::Conditional,
        ),
        ("Die Forderung beträgt 500,00 EUR. Kosten sind noch nicht enthalten.", Doubt::Conditional),
    ];
    for (text, doubt) in cases {
        assert_eq!(read(text), Err(vec![doubt]), "{text}");
    }
}

#[test]
fn a_settled_claim_is_nought_only_where_it_is_said_outright() {
    for text in [
        "Offener Betrag: 0,00 EUR",
        "Die Forderung ist vollständig ausgeglichen.",
        "Es ist nichts mehr offen, die Rechnung ist beglichen.",
        "Die Bescheide über zusammen 760,00 EUR sind mit heutigem Datum aufgehoben. Von der Kammer werden nun 0,00 EUR gefordert.",
        "Das Konto wurde per Überweisung vollständig beglichen, eingegangen sind 448,90 €. Der Saldo lautet nunmehr 0,00 €.",
    ] {
        assert_eq!(read(text), Ok(Some(0)), "{text}");
    }
    for text in [
        "Die Forderung ist noch nicht ausgeglichen.",
        "Sobald die Forderung ausgeglichen ist, melden wir uns.",
        "Nach vollständiger Zahlung ist die Forderung erledigt.",
        "Ist die Forderung inzwischen beglichen?",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
}

#[test]
fn a_corrected_amount_is_the_new_one() {
    for text in [
        "Offen sind nicht mehr 700,00 EUR, sondern noch insgesamt 500,00 EUR.",
        "Die Gesamtforderung beträgt nicht 700,00 EUR, sondern 500,00 EUR.",
        "Richtig ist nicht 700,00 EUR, sondern 500,00 EUR.",
        "Der genannte Betrag von 700,00 EUR trifft nicht mehr zu. Offen sind insgesamt 500,00 EUR.",
        "Es wurden je 100,00 EUR geleistet, sodass heute noch 500,00 EUR zu zahlen sind.",
        "Zum 31.12.2025 waren 450,00 EUR offen. Stand heute sind es insgesamt 500,00 EUR.",
        "Der Rückstand von 700,00 EUR wurde mit dem Guthaben von 200,00 EUR verrechnet. Offen sind jetzt noch 500,00 EUR.",
        "Er zahlt jeden Monat 40 Euro. Offen sind insgesamt 500,00 EUR.",
        "Die Forderung stand zuletzt bei 700,00 EUR. Zur Zahlung offen sind damit insgesamt noch 500,00 EUR.",
        "Die Gesamtforderung belief sich bei Übergabe auf 700,00 EUR. Heute sind noch 500,00 EUR zu zahlen.",
    ] {
        assert_eq!(read(text), Ok(Some(50_000)), "{text}");
    }
}

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
fn sums_confirm_a_total_whatever_the_other_amounts_are_called() {
    for text in [
        // Sums on the way, and the last one counts.
        "Urteil | 400,00 EUR\nBeschluss | 100,00 EUR\nTitulierte Forderungen | 500,00 EUR\nZinsen | 50,00 EUR\nZwischenstand | 550,00 EUR\nErlös | -50,00 EUR\nOffen | 500,00 EUR",
        "Gebühr  65,00 EUR\nPorto  20,00 EUR\nnetto  85,00 EUR\nSteuer  15,00 EUR\nbrutto  100,00 EUR\nHauptforderung  400,00 EUR\nGesamtforderung  500,00 EUR",
        // An item taken off by a word that no list knows.
        "Mieten  600,00 EUR\nSchloss  100,00 EUR\ndagegen Vorschuss  200,00 EUR\nOffen  500,00 EUR",
        // What a unit costs is no item.
        "Laden 50,00 + 7 %  480,00 EUR\nMahngebühr 2 x 5,00  10,00 EUR\nPorto  10,00 EUR\nnoch zu zahlen  500,00 EUR",
        // The parts may follow.
        "Unsere Gesamtforderung beträgt 500,00 EUR. Davon sind 400,00 EUR tituliert und 100,00 EUR noch nicht tituliert.",
    ] {
        let account = account(text);
        let claim = account.claim.expect(text);
        assert_eq!((claim.value.cents(), claim.strength), (50_000, Strength::Confirmed), "{text}");
        assert!(account.doubts.is_empty(), "{text}: {:?}", account.doubts);
    }
}

#[test]
fn the_sum_of_a_plan_is_no_claim_by_a_general_name() {
    for text in [
        "12 Monatsraten zu je 46,80 EUR, fällig am 15.\nGesamtbetrag 561,60 EUR",
        "Monatliche Rate: 50,00 EUR\nGesamtsumme: 600,00 EUR",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
    let text = "Gesamtrückstand 561,60 EUR, zahlbar in 12 Raten zu 46,80 EUR.";
    assert_eq!(read(text), Ok(Some(56_160)));
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
fn words_and_digits_must_agree() {
    let agreeing = "Gesamtforderung: 500,00 EUR (in Worten: fünfhundert Euro)";
    assert_eq!(read(agreeing), Ok(Some(50_000)));
    let in_words_only = "Die Gesamtforderung beläuft sich auf fünfhundert Euro.";
    assert_eq!(read(in_words_only), Ok(Some(50_000)));
    let contradicting = "Gesamtforderung: 500,00 EUR (in Worten: fünfhundertzehn Euro)";
    assert_eq!(read(contradicting), Err(vec![Doubt::ContradictingTotals]));
}

#[test]
fn what_a_total_is_said_to_include_does_not_contradict_it() {
    let text = "Der Rückstand von 100,00 EUR ist nicht ausgeglichen. Einschließlich des erwähnten \
                Rückstands und der Kosten haben wir 500,00 EUR zu fordern.";
    assert_eq!(read(text), Ok(Some(50_000)));
}

/// What each of these says of its amount is not that it is owed today.
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
fn a_table_of_parts_that_comes_to_another_sum_is_doubted() {
    for rows in
        ["Kaufpreis | 450,00 EUR\nZinsen | 60,00 EUR", "Kapital | 300,00 EUR\nZinsen | 50,00 EUR"]
    {
        let text = format!("{rows}\nGesamtforderung | 500,00 EUR");
        assert_eq!(read(&text), Err(vec![Doubt::ContradictingTotals]), "{text}");
    }
    let text = "Kaufpreisforderung  612,40 EUR\nZinsen  58,15 EUR\nVergütung  124,80 EUR\nAuslagen  22,60 EUR\n----------\nGesamtforderung  1.017,95 EUR";
    assert_eq!(read(text), Err(vec![Doubt::ContradictingTotals]));
}

#[test]
fn nought_in_the_books_is_doubted_while_the_claim_is_kept_up() {
    let settled = "Der Kontostand lautet 0,00 EUR.";
    assert_eq!(read(settled), Ok(Some(0)));
    for more in [
        "Die Forderung wurde buchhalterisch abgeschrieben.",
        "Ein Verzicht ist hiermit nicht verbunden.",
        "Aus dem Titel kann weiterhin vollstreckt werden.",
        "Wir behalten uns vor, darauf zurückzukommen.",
        "The debt was written off internally.",
    ] {
        let text = format!("{settled} {more}");
        assert!(read(&text).is_err(), "{text}");
    }
}

#[test]
fn nought_is_doubted_beside_an_amount_that_reads_like_a_claim() {
    let settled = "Unter dieser Nummer ist nichts mehr offen, Kontostand 0,00 EUR.";
    let text = format!("{settled} Die andere Firma sieht in ihrem System noch 863,25 EUR.");
    assert_eq!(read(&text), Err(vec![Doubt::Conditional]));
    let text = format!("{settled} Die Rechnung über 863,25 EUR hat die Versicherung beglichen.");
    assert_eq!(read(&text), Ok(Some(0)));
}

#[test]
fn a_total_in_words_that_no_list_has_is_found_by_the_sentence() {
    for text in [
        "Bei uns steht der Zähler heute auf 638,70 €.",
        "Für Frau Muster stehen damit noch 519,92 EUR zu Buche, darin 12,00 EUR Mahnauslagen.",
        "Jetzt noch auszugleichen, alles inklusive: 824,20 €",
    ] {
        assert!(matches!(read(text), Ok(Some(_))), "{text}: {:?}", read(text));
    }
}

#[test]
fn two_neighbouring_digits_exchanged_are_a_doubt() {
    let text = "Die Gesamtforderung beträgt 416,18 EUR. 18 Raten zu 25,00 EUR und eine Rate zu 11,18 EUR \
                ergeben insgesamt 461,18 EUR.";
    assert!(matches!(read(text), Err(doubts) if doubts.contains(&Doubt::ContradictingTotals)));
}

#[test]
fn two_neighbouring_digits_exchanged_are_a_doubt_though_the_items_add_up() {
    let text = "Bis die Gesamtsumme von 1.124,90 € getilgt ist:\n\nHauptsache  902,10 €\nZinsen  88,30 €\nAuslagen  224,50 €\nGesamtsumme  1.214,90 €";
    assert!(read(text).is_err_and(|doubts| doubts.contains(&Doubt::ContradictingTotals)));
    assert_eq!(read(&text.replace("1.124,90", "1.214,90")), Ok(Some(121_490)));
}

#[test]
fn a_line_drawn_under_a_table_does_not_end_it() {
    let text =
        "Hauptforderung  845,00\nZinsen  61,40\nKosten  180,00\n----------\nGesamt EUR  1.186,40";
    assert_eq!(read(text), Err(vec![Doubt::ContradictingTotals]));
    let right = text.replace("1.186,40", "1.086,40");
    assert_eq!(read(&right), Ok(Some(108_640)));
}

#[test]
fn the_sums_of_the_rows_and_of_the_last_column_are_one_total() {
    let text = "Zeitraum | Beitrag | Zuschlag | Zusammen\n01/2025 | 100,00 | 10,00 | 110,00\n\
                02/2025 | 200,00 | 20,00 | 220,00\ninsgesamt offen | 300,00 | 30,00 | 330,00";
    assert_eq!(read(text), Ok(Some(33_000)));
}

#[test]
fn what_is_included_does_not_name_the_amount_behind_it() {
    let text = "Frau Muster: inkl. 15 Euro Mahnspesen sind 655 Euro offen.";
    assert_eq!(read(text), Ok(Some(65_500)));
    // The word stands behind both.
    assert!(read("Guten Morgen, inkl. 15 EUR 20 EUR Zinsen sind 655 Euro offen.").is_ok());
}

#[test]
fn the_foot_of_a_table_with_several_columns_is_the_one_that_they_come_to() {
    for text in [
        "Abgabe | Steuer | Nebenleistungen | zusammen\nEinkommensteuer | 300,00 | 60,00 | 360,00\nUmsatzsteuer | 120,00 | 20,00 | 140,00\nRückstand insgesamt | 420,00 | 80,00 | 500,00 EUR",
        "Monat | Soll | Ist | offen\n10/2025 | 400,00 | 100,00 | 300,00\n11/2025 | 400,00 | 200,00 | 200,00\nMietrückstand | 800,00 | 300,00 | 500,00",
        "Art | gebucht | verrechnet | offen\nHauptforderung | 700,00 | 250,00 | 450,00\nZinsen | 80,00 | 30,00 | 50,00\nSumme EUR | 780,00 | 280,00 | 500,00",
    ] {
        assert_eq!(read(text), Ok(Some(50_000)), "{text}");
    }
    // No head says which of the columns counts.
    for text in [
        "Bescheid | aufgerechnet | bleibt zu\n1 | 500,00 | 150,00 | 350,00\n2 | 300,00 | 50,00 | 250,00\ninsgesamt | 800,00 | 200,00 | 600,00",
        "Monat | Soll | offen | Ist\n1 | 400,00 | 300,00 | 100,00\n2 | 400,00 | 200,00 | 200,00\nMietrückstand | 800,00 | 500,00 | 300,00",
    ] {
        assert!(read(text).is_err(), "{text}: {:?}", read(text));
    }
}

#[test]
fn items_that_add_up_do_not_outdo_another_amount_that_the_mail_claims() {
    for text in [
        "Wir melden für unsere Mandantin 12.118,40 EUR zum Verfahren an.\n\nLieferungen  9.870,00 EUR\nZinsen  1.014,85 EUR\nKosten  733,55 EUR\nGesamt  11.618,40 EUR",
        "Kaufpreis  18.940,00 EUR\nZinsen  3.482,77 EUR\nZwischenergebnis  22.422,77 EUR\n\nDie Ansprüche meiner Mandantin valutieren nach den Zahlungen noch mit\n\n20.692,77 EUR.",
    ] {
        assert!(!matches!(read(text), Ok(Some(1_161_840 | 2_242_277))), "{text}: {:?}", read(text));
    }
}

#[test]
fn a_table_with_columns_and_a_sentence_beside_it_must_agree() {
    for text in [
        "Rechnung | berechnet | gezahlt | Rest\n88-2041 | 900,00 € | 400,00 € | 500,00 €\n88-2977 | 140,00 € | – | 140,00 €\nKonto gesamt | 1.040,00 € | 400,00 € | 640,00 €",
        "Die Beitragserstattung haben wir mit dem Rückstand von 478,15 EUR verrechnet.\n\nDas Beitragskonto steht seit dem 19.06.2026 auf 0,00 EUR und ist geschlossen.",
        "38 Raten zu 46,00 €, womit der gesamte Rückstand von 1.748,00 € ausgeglichen wäre.\n\nNutzung | 1.584,00\nKosten | 164,00\nReinigung | 264,00\nRückstand gesamt | 2.012,00",
    ] {
        assert!(read(text).is_err(), "{text}: {:?}", read(text));
    }
}

#[test]
fn an_amount_in_a_line_of_its_own_is_read_with_the_line_that_breaks_off_before_it() {
    let text = "Wir beziffern die Ansprüche gegen Ihren Mandanten auf insgesamt\n\n500,00 EUR.\n\nEin Titel liegt vor.";
    assert_eq!(read(text), Ok(Some(50_000)));
    let text = "lautet der Zahlbetrag per heute\n\nEUR 500,00.\n\nEr setzt sich zusammen aus\nEUR 450,00 Hauptsache,\nEUR 50,00 Zinsen.";
    assert_eq!(read(text), Ok(Some(50_000)));
}

#[test]
fn what_a_confirmed_total_has_as_a_part_does_not_contradict_it() {
    let text = "Rechnung 12/2025 | 44,90 EUR\nRouter | 129,00 EUR\nGutschrift | -20,00 EUR\nOffene Forderung | 153,90 EUR\n\nBei Rückgabe des Routers erstatten wir 129,00 EUR; der dann verbleibende Betrag wird neu mitgeteilt.";
    let account = account(text);
    assert_eq!(account.claim.map(|claim| claim.value.cents()), Some(15_390));
    assert!(account.doubts.is_empty(), "{:?}", account.doubts);
}

#[test]
fn two_lists_that_add_up_are_one_claim_by_their_sum() {
    let text = "Behandlung  360,00 EUR\nZinsen  40,00 EUR\nA zusammen  400,00 EUR\n\nfestgesetzt  80,00 EUR\nZinsen  20,00 EUR\nB zusammen  100,00 EUR\n\nA und B ergeben 500,00 EUR; das ist der Betrag, mit dem meine Mandantin zu beteiligen ist.";
    assert_eq!(read(text), Ok(Some(50_000)));
    let text = "Schlußrechnung  760,00 EUR\nAbschlag bezahlt am 30.08.2024  -300,00 EUR\nRest  460,00 EUR\nZinsen  40,00 EUR\nNoch zu bekommen  500,00 EUR";
    assert_eq!(read(text), Ok(Some(50_000)));
}

#[test]
fn an_amount_that_the_text_goes_on_adding_to_is_not_the_total() {
    let text = "Ausgezahlt 7.200,00 EUR, getilgt 2.270,00 EUR, macht Restdarlehen 4.930,00 EUR. \
                Obendrauf Mahnkosten 12,00 EUR, Endergebnis 4.942,00 EUR.";
    assert!(!matches!(read(text), Ok(Some(493_000))), "{:?}", read(text));
    let text = "Die Gesamtforderung beträgt 500,00 EUR. Mahnkosten 12,00 EUR, Auslagen 8,00 EUR, \
                am Ende 520,00 EUR.";
    assert!(matches!(read(text), Err(doubts) if doubts.contains(&Doubt::ContradictingTotals)));
    // What was paid and what it once was lead back, not on.
    let text = "Offen sind 500,00 EUR. Darauf sind 120,00 EUR gezahlt worden, zu Beginn waren es 620,00 EUR.";
    assert!(!matches!(read(text), Err(doubts) if doubts.contains(&Doubt::ContradictingTotals)));
}

#[test]
fn a_payment_that_is_taken_off_twice_is_a_doubt() {
    let table = "Verbrauch | 905,40 €\nSperrkosten | 85,00 €\nZahlung vom 20.07. | -200,00 €\nForderung heute | 790,40 €";
    assert_eq!(read(table), Ok(Some(79_040)));
    let again =
        "Im Juli wurden 200,00 € überwiesen. Zieht man diese ab, sind noch 590,40 € zu zahlen.";
    let both = read(&format!("{table}\n\n{again}"));
    assert!(both.is_err_and(|doubts| doubts.contains(&Doubt::ContradictingTotals)));
}

#[test]
fn an_amount_that_the_text_goes_on_taking_off_from_is_not_the_total() {
    let account = "Lieferung   450,00 EUR\nZinsen   60,00 EUR\nGerichtskosten   90,00 EUR\n   600,00 EUR\n\
                   ./. Teilzahlung vom 15.12.2025   100,00 EUR\n   500,00 EUR";
    assert_eq!(read(account), Ok(Some(50_000)));
    // Without the sign it might be a rate to come.
    let rate = account.replace("./. ", "");
    assert!(matches!(read(&rate), Err(doubts) if doubts.contains(&Doubt::ContradictingTotals)));
    // Two parts make the whole, whichever is taken off.
    let parts = "Jetzt sind insgesamt 500,00 EUR offen (Beiträge 450,00, Säumnis 50,00).";
    assert_eq!(read(parts), Ok(Some(50_000)));
}

#[test]
fn exchanged_digits_in_the_sum_of_a_list_are_a_doubt_whatever_side_a_row_is_on() {
    let text = "Darlehen Kaution  1.080,00\nDarlehen Waschmaschine  299,00\nÜberzahlung 07/2025  527,20\n\
                Insgesamt sind demnach noch 1.960,20 EUR zurückzuführen.";
    assert!(matches!(read(text), Err(doubts) if doubts.contains(&Doubt::ContradictingTotals)));
}

#[test]
fn a_table_that_adds_up_to_another_amount_than_the_sentence_is_a_doubt() {
    let text = "Auf dem Konto sind im Ganzen 1.402,18 € zu begleichen. Die Zusammensetzung entnehmen Sie der Tabelle.\n\n\
                Arbeitspreis 2025 | 1.040,00 €\nGrundpreis 2025 | 214,18 €\nMahnschreiben | 28,00 €\nSperrversuch | 180,00 €\n\
                Im Ganzen | 1.462,18 €";
    assert!(matches!(read(text), Err(doubts) if doubts.contains(&Doubt::ContradictingTotals)));
    let right = text.replace("1.402,18", "1.462,18");
    assert_eq!(read(&right), Ok(Some(146_218)));
}

#[test]
fn of_two_columns_with_days_the_later_counts() {
    let table = "Position | Stand 31.12.2025 | Stand heute (11.06.2026)\nAbrechnung | 400,00 | 400,00\n\
                 Mahnkosten | 70,00 | 100,00\nSumme offen EUR | 470,00 | 500,00";
    assert_eq!(read(table), Ok(Some(50_000)));
    let reversed = "Position | 14.07.2026 | 02.03.2026\nKaufpreis | 400,00 | 400,00\n\
                    Zinsen | 100,00 | 70,00\nSumme offen EUR | 500,00 | 470,00";
    assert_eq!(read(reversed), Ok(Some(50_000)));
    let without_corner = table.replace("Position | ", "");
    assert_eq!(read(&without_corner), Ok(Some(50_000)));
    let unsaid =
        table.replace("Stand 31.12.2025", "Konto A").replace("Stand heute (11.06.2026)", "Konto B");
    assert!(read(&unsaid).is_err());
}

#[test]
fn one_amount_that_neither_reader_would_take_by_its_words_is_no_claim() {
    let contribution = "Auskünfte zu Krankenversicherungen unterliegen § 203 StGB. Wir benötigen daher eine \
                        Entbindung von der Schweigepflicht im Original, Kopien genügen nicht. Sobald sie hier ist, \
                        melden wir uns wieder. Der Rückstand führt erst zum Ruhen, wenn Beiträge von 410,27 EUR fehlen.";
    assert!(!matches!(read(contribution), Ok(Some(_))), "{:?}", read(contribution));
    let multiple =
        "Ab einem Rückstand von zwei Monatsbeiträgen (derzeit 2 x 410,27 EUR) ruht der Vertrag.";
    assert!(!matches!(read(multiple), Ok(Some(_))), "{:?}", read(multiple));
}

#[test]
fn the_sum_of_several_contracts_is_not_one_claim() {
    let accounts = "Lena Muster schuldet uns aus\nRatenkredit 3820114476 | 400,00 EUR\n\
                    Kreditkartenkonto 5399 0412 | 100,00 EUR\nzusammen | 500,00 EUR";
    assert!(matches!(read(accounts), Err(doubts) if doubts.contains(&Doubt::SeveralClaims)));
    let invoices =
        accounts.replace("Ratenkredit", "Rechnung").replace("Kreditkartenkonto", "Rechnung");
    assert_eq!(read(&invoices), Ok(Some(50_000)));
}

#[test]
fn a_figure_that_the_sender_corrects_does_not_contradict_the_right_one() {
    for text in [
        "In meiner Mail von gestern ist mir ein Zahlendreher unterlaufen. Ich hatte 781,40 EUR geschrieben. Richtig sind 718,40 EUR.",
        "In unserer E-Mail hat sich ein Zahlendreher eingeschlichen. Dort war eine Gesamtforderung von 781,40 EUR angegeben.\n\nRichtig ist: Gesamtforderung 718,40 EUR.",
        "Leider hat der Fehlerteufel zugeschlagen: Dort stand ein Saldo von 781,40 EUR. Richtig sind 718,40 EUR offen.",
        "Wir haben uns vertippt. Richtig ist eine Gesamtforderung von 718,40 EUR und nicht 781,40 EUR.",
    ] {
        assert_eq!(read(text), Ok(Some(71_840)), "{text}");
    }
    for text in [
        // Nobody speaks of a mistake, or two figures are called right.
        "Die Gesamtforderung beträgt 781,40 EUR. Richtig ist eine Gesamtforderung von 500,00 EUR.",
        "Der Betrag war falsch. Richtig sind 781,40 EUR offen. Richtig sind 500,00 EUR offen.",
        // What stands before the mistake, or behind the right figure, is not what is corrected.
        "Die Gesamtforderung beträgt 781,40 EUR.\n\nBei den Zinsen war ein Fehler. Richtig sind 500,00 EUR offen.",
        "Der Betrag war falsch. Richtig sind 781,40 EUR offen. Die Gesamtforderung beträgt 500,00 EUR.",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn of_rows_with_days_the_last_counts() {
    let rows = "Unsere Forderung stellt sich wie folgt dar:\n\nper 31.12.2025 (Saldenbestätigung)  470,00 EUR\n\
                per 10.06.2026 (inkl. Verzugszinsen)  500,00 EUR";
    assert!(matches!(read(rows), Ok(Some(50_000)) | Err(_)), "{:?}", read(rows));
    let roles: Vec<Role> = account(rows).readings.iter().map(|reading| reading.role).collect();
    assert_eq!(roles, [Role::Former, Role::Claim]);
    // Invoices have days, too.
    let invoices = rows.replace("per ", "Rechnung vom ");
    assert!(!account(&invoices).has(Role::Former));
}

#[test]
fn the_parts_of_a_sum_are_not_one_by_the_words_around_them() {
    let roles = |text: &str| -> Vec<Role> {
        account(text).readings.iter().map(|reading| reading.role).collect()
    };
    assert_eq!(
        roles("Die Forderung setzt sich aus 233,90 EUR Prämie und 500,00 EUR Regress zusammen."),
        [Role::Item, Role::Item]
    );
    assert_eq!(
        roles("Mit dem Februar (zusammen 121,50 EUR) liegen wir bei 4.011,70 EUR Rückstand."),
        [Role::Item, Role::Claim]
    );
    assert_eq!(roles("900,00 EUR sind im Saldo schon abgezogen."), [Role::Paid]);
    assert_eq!(
        roles(
            "Die Rechnungen über zusammen 299,40 EUR sind zu Unrecht entstanden und wurden storniert."
        ),
        [Role::Former]
    );
    assert_eq!(roles("Das Vertragskonto weist jetzt 0,00 EUR aus."), [Role::Claim]);
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
