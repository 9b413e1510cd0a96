//! Sums, tables and lists.

use super::*;

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
fn the_sum_of_several_contracts_is_not_one_claim() {
    let accounts = "Lena Muster schuldet uns aus\nRatenkredit 3820114476 | 400,00 EUR\n\
                    Kreditkartenkonto 5399 0412 | 100,00 EUR\nzusammen | 500,00 EUR";
    assert!(matches!(read(accounts), Err(doubts) if doubts.contains(&Doubt::SeveralClaims)));
    let invoices =
        accounts.replace("Ratenkredit", "Rechnung").replace("Kreditkartenkonto", "Rechnung");
    assert_eq!(read(&invoices), Ok(Some(50_000)));
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
