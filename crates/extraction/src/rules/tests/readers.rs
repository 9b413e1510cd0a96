//! What the readers of sentences, of amounts and of whole mails say to each other.

use super::*;

/// Long enough to be told as a whole.
const PLAIN: &str = "anbei die erbetene Forderungsaufstellung zum heutigen Tag:\n\n\
    Hauptforderung | 1.200,00 EUR\nZinsen | 96,40 EUR\nMahnkosten | 15,00 EUR\n\
    abzüglich Ihrer Zahlung vom 03.03.2026 | 300,00 EUR\nnoch offen | 1.011,40 EUR\n\n\
    Alle Zahlungen sind berücksichtigt. Weitere Kosten fallen nicht an.";

#[test]
fn a_total_that_the_second_reader_does_not_choose_goes_to_a_person() {
    for (text, taken) in [
        (
            "der Bitte um eine gegliederte Darstellung kommen wir nach.\n\n(a) Saldo bei Kündigung, 20.03.2026  9.611,20\n(b) Verzugszinsen bis 14.07.2026  248,66\n(c) Bearbeitung  45,00\n(d) Eingang 12.06.2026  150,00-\n(a) + (b) + (c) - (d)  9.754,86\n\nDas Ergebnis der letzten Zeile ist der Betrag, den der Kreditnehmer der Bank am heutigen Tage schuldet.",
            961_120,
        ),
        (
            "vom Darlehen über 5.400,00 EUR werden nach dem Teilerlass 20 % gestrichen, das sind 1.080,00 EUR. Was danach übrig bleibt: Restkapital 4.320,00 EUR und Stundungszinsen für zwei Jahre von 118,80 EUR. Herr Muster schuldet dem Fonds damit ab sofort 4.438,80 EUR statt der bisherigen 5.400,00 EUR.",
            432_000,
        ),
    ] {
        let extraction = read(text);
        assert_eq!(extraction.debt_amount, Some(Money::from_cents(taken)), "{text}");
        assert!(extraction.doubts.contains(&Doubt::ContradictingTotals), "{:?}", extraction.doubts);
    }
    assert_eq!(read(PLAIN).doubts, []);
}

#[test]
fn a_plain_mail_is_told_as_a_whole_and_a_line_is_not() {
    let is_plain = |text: &str| claim::account(text).look(&fold(text)).is_plain();
    assert!(is_plain(&format!("Guten Tag,\n\n{IDENTITY}\n\n{PLAIN}")));
    assert!(!is_plain("noch offen | 1.011,40 EUR"));
}

#[test]
fn in_a_plain_mail_another_person_still_stops_the_write() {
    let both = "Da beide Ehegatten von Ihnen betreut werden, fassen wir unsere Salden zusammen.";
    let extraction = read(&format!("{PLAIN}\n\n{both}"));
    assert!(
        extraction.doubts.contains(&Doubt::Hesitation)
            || extraction.doubts.contains(&Doubt::SeveralClients),
        "{:?}",
        extraction.doubts
    );
}

#[test]
fn the_price_of_a_plan_is_no_claim_though_it_is_to_be_paid() {
    let extraction = read(
        "Ihr Mandant kann seine Sache bei uns in Raten regeln.\n\nWunschplan | NL-884213-7\n\
         Anzahl der Raten | 24\nRate | 37,00 €\ninsgesamt zu zahlen | 888,00 €\n\n\
         Der Vertrag kommt zustande, wenn uns das Formular unterschrieben vorliegt.",
    );
    assert!(!extraction.doubts.is_empty(), "{extraction:?}");
}
