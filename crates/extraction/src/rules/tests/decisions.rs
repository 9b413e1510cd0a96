//! Plans, settlements, and who refuses, accepts or offers them.

use super::*;

#[test]
fn a_particle_in_the_sentence_is_no_refusal() {
    let stated = "Der neue Beitrag ist von der Stundung nicht erfasst und zur Frist zu zahlen. \
                  Die Gesamtforderung beträgt 500,00 EUR.";
    assert_eq!(read(stated).intent, Intent::DebtStatement);
    let refused =
        "Dem Plan stimmen wir nicht zu und verweisen auf die Gesamtforderung von 500,00 EUR.";
    assert_eq!(read(refused).intent, Intent::Rejection);
}

#[test]
fn what_others_decide_and_what_the_law_passes_on_is_understood() {
    let refused = "Einer Begleichung nach Ihrem Entwurf stimmt das Finanzamt nicht zu. Die \
                   Rückstände belaufen sich auf insgesamt 500,00 EUR.";
    assert_eq!(read(refused).intent, Intent::Rejection);
    let accepted = "Der Bund erklärt sich mit der vorgeschlagenen Regelung einverstanden. Demnach \
                    sind insgesamt 500,00 EUR in 50 gleichen Teilen zu je 10,00 EUR zu leisten.";
    let read_accepted = read(accepted);
    assert_eq!(read_accepted.intent, Intent::SettlementAccept);
    let price =
        "Demnach sind insgesamt 500,00 EUR in 50 gleichen Teilen zu je 10,00 EUR zu leisten.";
    assert!(read(price).doubts.contains(&Doubt::NoTotal));
    let passed_on = "Das Konto weist einen Saldo von 0,00 EUR aus. Kraft Gesetzes ist unsere \
                     Forderung damit auf die Bürgin übergegangen.";
    assert!(read(passed_on).doubts.contains(&Doubt::NotTheirClaim));
}

#[test]
fn a_counter_proposal_and_one_figure_for_two_claims_go_to_a_person() {
    let counter = "Unser Gegenvorschlag zum Vertrag: Zahlbetrag insgesamt: 500,00 EUR, aufgebracht \
                   durch die Familie. Geht das Geld ein, geben wir den Titel heraus.";
    assert_eq!(read(counter).intent, Intent::SettlementCounter);
    let joint = "Es bestehen eine Erstattungsforderung und ein Darlehen. Beides zusammengenommen \
                 ergibt eine Gesamtforderung von 500,00 EUR.";
    assert!(read(joint).doubts.contains(&Doubt::SeveralClients));
    let number = "Akte: KI-25-004118. Die Gesamtforderung beträgt 500,00 EUR.";
    assert_eq!(read(number).doubts, []);
}

#[test]
fn a_denied_refusal_or_sale_is_none() {
    let plan = "Eine Ratenzahlung lehnen wir nicht ab: 50,00 EUR monatlich sind in Ordnung. \
                Die Gesamtforderung beträgt 500,00 EUR.";
    assert_eq!(read(plan).intent, Intent::PaymentPlan);
    let kept = "Offener Betrag: 0,00 EUR. Es wurde auch nichts an Dritte abgegeben.";
    assert_eq!((read(kept).intent, read(kept).doubts), (Intent::DebtStatement, vec![]));
}

#[test]
fn a_refusal_is_one_in_whatever_words() {
    let refusals = [
        "Eine Zustimmung zu Ihrem Plan können wir nicht erteilen.",
        "Ihr Antrag, einem Verzicht auf 90 v. H. der Ansprüche zuzustimmen, wird abgelehnt.",
        "Für einen Teilverzicht, wie ihn Ihr Plan vorsieht, ist kein Raum; ihm wird widersprochen.",
        "Ihren Plan haben wir geprüft. Wir lehnen ihn ab.",
        "Unser Mandant hat sich gegen den Plan entschieden.",
        "Dem Antrag, die Geldstrafe in Raten von 20,00 EUR zu zahlen, wird nicht entsprochen.",
        "Ihrem Wunsch nach Stundung kann leider nicht stattgegeben werden.",
        "Dem Vorschlag können wir nicht entsprechen.",
        "Raten von 10 Euro mache ich nicht mit.",
        "Wir sehen uns nicht in der Lage, Ihrem Vorschlag zu folgen.",
        "Wir müssen Ihren Vorschlag leider ablehnen.",
        "Gegen den Plan erheben wir Widerspruch.",
    ];
    for body in refusals {
        let extraction = read(&format!("{body}\n\nGesamtforderung: 500,00 EUR"));
        assert_eq!(extraction.intent, Intent::Rejection, "{body}");
    }
    let none = [
        "Ihr Widerspruch war anhängig; er wurde am 12.08.2025 zurückgewiesen.",
        "Einem Vergleich stehen wir nicht von vornherein ablehnend gegenüber.",
    ];
    for body in none {
        let extraction = read(&format!("{body}\n\nGesamtforderung: 500,00 EUR"));
        assert_eq!(extraction.intent, Intent::DebtStatement, "{body}");
    }
}

#[test]
fn instalments_are_a_plan_only_where_somebody_grants_them() {
    let plans = [
        "Wir räumen 18 Monatsraten ein.",
        "Der Schuldnerin wird nachgelassen, die Schuld in monatlichen Teilbeträgen zu 40,00 EUR zu tilgen.",
        "Im Gespräch war eine Rate von 20,00 EUR, dagegen habe ich keine Einwände.",
        "Mit 60,00 EUR im Monat kommen wir klar.",
        "Wir sind mit 40 Euro monatlich einverstanden.",
        "Dem Wunsch nach Abzahlung geben wir statt.",
    ];
    for body in plans {
        let extraction = read(&format!("{body}\n\nGesamtforderung: 500,00 EUR"));
        assert_eq!(extraction.intent, Intent::PaymentPlan, "{body}");
    }
    let none = [
        "Wir wären mit kleinen Raten einverstanden.",
        "Sie kann gern in Raten zahlen.",
        "Rückständige Raten: 3 x 20,00 EUR",
        "Das Ruhen endet, sobald eine Ratenzahlung vereinbart ist.",
        "Der Tarif kostete 44,90 EUR im Monat.",
        "Die laufenden Abschläge von 74,00 EUR im Monat nehmen wir gern entgegen.",
    ];
    for body in none {
        let extraction = read(&format!("{body}\n\nGesamtforderung: 500,00 EUR"));
        assert_eq!(extraction.intent, Intent::DebtStatement, "{body}");
    }
    let not_granted = "Die im Januar beantragten Raten von 25,00 EUR sind nicht bewilligt worden.";
    let extraction = read(&format!("{not_granted}\n\nGesamtforderung: 500,00 EUR"));
    assert_ne!(extraction.intent, Intent::PaymentPlan);
}

#[test]
fn a_sum_of_today_in_a_grant_is_the_claim_and_the_price_of_a_plan_is_not() {
    let granted = "Die Forderung in Höhe von zurzeit insgesamt 645,50 EUR wird gestundet.";
    let rates = "Die Tilgung erfolgt in 12 Raten von 50,00 EUR.";
    assert_eq!(read(&format!("{granted}\n{rates}")).doubts, []);
    let price = "Die Vereinbarung kostet mit Einigungsgebühr heute insgesamt 645,50 EUR.";
    let doubts = read(&format!("{price}\nWir gewähren 12 Raten von 50,00 EUR.")).doubts;
    assert!(doubts.contains(&Doubt::NoTotal), "{doubts:?}");
    let table = "Heute offener Gesamtbetrag | 600,00 EUR\n12 Raten | 50,00 EUR";
    assert_eq!(read(&format!("Wir gewähren Raten:\n\n{table}")).doubts, []);
    let table = table.replace("Heute offener Gesamtbetrag", "Gesamtbetrag");
    let doubts = read(&format!("Wir gewähren Raten:\n\n{table}")).doubts;
    assert!(doubts.contains(&Doubt::NoTotal), "{doubts:?}");
}

#[test]
fn offers_and_acceptances_are_told_apart_by_who_proposed() {
    let cases = [
        (
            "Ihr Vorschlag ist uns zu wenig. Überweisen Sie 410,00 EUR, und wir schließen die Akte.",
            Intent::SettlementCounter,
        ),
        (
            "Gehen bis 29.05.2026 hier 400,00 EUR ein, wird der Rest erlassen.",
            Intent::SettlementCounter,
        ),
        (
            "Unser Vorschlag: 36 Raten zu 180,00 EUR, dann verzichten wir auf den Rest.",
            Intent::SettlementCounter,
        ),
        ("Unsere Auftraggeberin nimmt Ihr Angebot an.", Intent::SettlementAccept),
        ("Der Vorstand hat beschlossen, den Plan anzunehmen.", Intent::SettlementAccept),
    ];
    for (body, intent) in cases {
        assert_eq!(read(body).intent, intent, "{body}");
    }
    let open = read("Gesamtforderung: 500,00 EUR. Ein Angebot nehmen wir jederzeit entgegen.");
    assert_eq!(open.intent, Intent::DebtStatement);
}

#[test]
fn the_price_of_a_plan_is_no_claim_though_it_is_all_that_is_stated() {
    let table = "Anzahl der Raten | 18\nRatenhöhe | 21,00 EUR\nGesamtzahlbetrag | 378,00 EUR";
    let extraction = read(&format!("Wir bieten einen Teilzahlungsvergleich an:\n\n{table}"));
    assert!(extraction.doubts.contains(&Doubt::NoTotal), "{extraction:?}");
}

#[test]
fn what_becomes_of_the_claim_after_a_decision_is_no_statement() {
    for (body, intent) in [
        (
            "Ihren Vorschlag, die Rückstände durch eine Zahlung von 320,00 EUR zu erledigen, lehne ich \
             ab. Der Gesamtrückstand von 500,00 EUR ist sofort fällig.",
            Intent::Rejection,
        ),
        (
            "Mit Ihrem Vergleich sind wir einverstanden: 150,00 EUR bis 15.09., danach wird der Saldo \
             auf 0,00 EUR gesetzt.",
            Intent::SettlementAccept,
        ),
        (
            "Wir haben die oben genannte Forderung (Stichtag 30.06.2026: 500,00 EUR) mit weiteren \
             Engagements auf die Tannberg Capital GmbH übertragen.",
            Intent::Other,
        ),
    ] {
        assert_eq!(read(body).intent, intent, "{body}");
    }
}

#[test]
fn a_refusal_that_names_no_proposal_is_one() {
    for body in [
        "Der erhobenen Verjährungseinrede treten wir entgegen.",
        "Unser Ausschuss hat sich mit Ihrem Vorschlag befasst. Er hat ihn nicht gebilligt.",
        "Wir müssen den Betrag weiterhin in einer Summe erwarten.",
        "Den Einwand haken wir hiermit ab.",
        "Auf Prämien gewähren wir grundsätzlich keine Nachlässe.",
    ] {
        let extraction = read(&format!("{body}\n\nGesamtforderung: 500,00 EUR"));
        assert_eq!(extraction.intent, Intent::Rejection, "{body}");
    }
}

#[test]
fn a_share_that_would_be_enough_is_a_counter_offer_whatever_total_stands_beside_it() {
    let counter = "Ihr Angebot liegt bei knapp 15 % unseres Saldos von 16.388,20 EUR. Der Vorstand würde sich mit \
                   40 %, das sind 6.555,28 EUR, zufriedengeben, zahlbar in zwölf gleichen Teilbeträgen.";
    assert_eq!(read(counter).intent, Intent::SettlementCounter);
}

#[test]
fn the_sum_of_an_accepted_offer_is_not_written() {
    let accepted = "Herr Kupfer hat sich überlegt, dass ihm der Spatz in der Hand lieber ist. Wir nehmen daher \
                    das Angebot vom 18.06.2026 für Frau Anna Muster (310/26) an: 700,- EUR in einer Summe bis \
                    zum 31.07.2026 auf unser Anderkonto, damit sind sämtliche Ansprüche aus der Rechnung über \
                    3.480,- EUR erledigt.";
    assert_eq!(read(accepted).intent, Intent::SettlementAccept);
}
