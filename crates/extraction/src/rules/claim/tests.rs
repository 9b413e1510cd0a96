use super::*;

mod stated;
mod sums;

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
fn what_is_included_does_not_name_the_amount_behind_it() {
    let text = "Frau Muster: inkl. 15 Euro Mahnspesen sind 655 Euro offen.";
    assert_eq!(read(text), Ok(Some(65_500)));
    // The word stands behind both.
    assert!(read("Guten Morgen, inkl. 15 EUR 20 EUR Zinsen sind 655 Euro offen.").is_ok());
}

#[test]
fn an_amount_in_a_line_of_its_own_is_read_with_the_line_that_breaks_off_before_it() {
    let text = "Wir beziffern die Ansprüche gegen Ihren Mandanten auf insgesamt\n\n500,00 EUR.\n\nEin Titel liegt vor.";
    assert_eq!(read(text), Ok(Some(50_000)));
    let text = "lautet der Zahlbetrag per heute\n\nEUR 500,00.\n\nEr setzt sich zusammen aus\nEUR 450,00 Hauptsache,\nEUR 50,00 Zinsen.";
    assert_eq!(read(text), Ok(Some(50_000)));
}

#[test]
fn one_amount_that_neither_reader_would_take_by_its_words_is_no_claim() {
    let rate = "Mit den 74,70 EUR im Monat sind wir einverstanden, Hauptsache kein Papierkram mehr. Wann wird denn \
                nun überwiesen, und an wen sollen wir uns wenden, wenn das Geld im nächsten Monat wieder ausbleibt \
                wie bisher? Der offene Betrag von 74,70 EUR wird jeweils am Ersten fällig.";
    assert!(
        matches!(read(rate), Err(doubts) if doubts.contains(&Doubt::NoTotal)),
        "{:?}",
        read(rate)
    );
    let multiple = "Der Rückstand ergibt sich aus 2 x 410,27 EUR.";
    assert_eq!(account(multiple).readings[0].role, Role::Rate);
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
