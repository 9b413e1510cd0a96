//! What machines answer and what is advertised.

use super::*;

#[test]
fn receipts_and_advertising_are_ignored_and_answers_never_are() {
    let receipt = "Ihre Nachricht ist eingegangen. Wir melden uns innerhalb von 5 Werktagen. \
                   Diese E-Mail wurde automatisch erstellt. Ticketnummer 4711.";
    let subject = "Eingangsbestätigung";
    assert_eq!(read_with_subject(subject, receipt).intent, Intent::AutoReply);
    let spam = "Sofortkredit ohne Schufa! Jetzt anmelden. Newsletter abbestellen.";
    assert_eq!(read_with_subject("Angebot", spam).intent, Intent::Spam);
    for answer in [
        "Bitte senden Sie uns vorab eine Vollmacht.",
        "Ihren Vergleichsvorschlag lehnen wir ab.",
        "Die Forderung wurde an die Hafen GmbH verkauft.",
        "Die Gesamtforderung beträgt 500,00 EUR.",
        "Eine Zuordnung ist nicht möglich.",
    ] {
        let intent = read_with_subject(subject, &format!("{receipt}\n\n{answer}")).intent;
        assert!(!matches!(intent, Intent::AutoReply | Intent::Spam), "{answer}: {intent:?}");
    }
}

#[test]
fn a_machine_that_repeats_the_offices_letter_states_nothing() {
    let sent = "Diese E-Mail wurde automatisch erzeugt. Ihre Nachricht ist bei uns eingegangen.";
    let ours = "Max Muster, unser Zeichen AZ-2026-17, Gesamtforderung 500,00 EUR";
    for (subject, body) in [
        (
            "Eingangsbestätigung",
            format!("{sent}\n\nIhre Nachricht vom 10.06.2026, 20:15 Uhr:\n{ours}"),
        ),
        ("Eingangsbestätigung: Forderung 500,00 EUR", format!("{sent}\n\nIhre Anfrage:\n{ours}")),
        (
            "Gelesen: Max Muster - Forderung 500,00 EUR",
            format!(
                "Ihre Nachricht\n\n  An: Inkasso\n  Betreff: {ours}\n\nwurde am Mittwoch gelesen."
            ),
        ),
    ] {
        let extraction = read_with_subject(subject, &body);
        assert_eq!(extraction.intent, Intent::AutoReply, "{body}");
        assert_eq!(extraction.debt_amount, None, "{body}");
    }
    let unmarked = format!("{sent}\n\n{ours}");
    let extraction = read_with_subject("Eingangsbestätigung", &unmarked);
    assert!(extraction.doubts.contains(&Doubt::ThirdParty), "{:?}", extraction.doubts);
    // A person may head an answer so.
    let headed = "Ihre Anfrage:\n\nDie Gesamtforderung beträgt 500,00 EUR.";
    assert_eq!(read(headed).debt_amount, Some(Money::from_cents(50_000)));
}

#[test]
fn machines_are_known_by_what_they_say() {
    for (subject, body) in [
        (
            "Automatische Antwort: Muster",
            "Wir sind an der See. Heizung kalt? Der Notdienst kostet 140 Euro.",
        ),
        ("Out of office Re: Muster", "The team is away. This is an automated response."),
        (
            "Ihr Ticket wurde geschlossen: Muster",
            "Alles klar? Wir haben es automatisch geschlossen.",
        ),
        (
            "Betriebsferien Re: Muster",
            "Moin! Wir lesen bis 14.08.2026 keine Mails. Diese Antwort kommt vom Automaten.",
        ),
        (
            "Vorgang #884 angelegt",
            "Deine Nachricht ist angekommen. Diese Quittung verschickt unser System von allein.",
        ),
        (
            "Gelesen: Muster, Forderung 500,00 EUR",
            "Ihre Nachricht\n\n   An: post@glaeubiger.example\n   Betreff: Muster, Forderung \
             500,00 EUR\n   Gesendet: 27.04.2026 16:31\n\nwurde am 28.04.2026 08:59 gelesen.",
        ),
        (
            "Eingangsbestätigung",
            "Ihre Nachricht ist eingegangen. Forderungen unter 50,00 Euro werden sofort fällig. \
             Dies ist eine automatisch erzeugte Nachricht.",
        ),
    ] {
        let extraction = read_with_subject(subject, body);
        assert_eq!(extraction.intent, Intent::AutoReply, "{subject}: {:?}", extraction.doubts);
    }
}

#[test]
fn advertising_without_a_case_is_spam() {
    for body in [
        "Webinar zum Insolvenzrecht, 149,00 EUR zzgl. USt. Jetzt Platz sichern!",
        "Firmenkredit bis 80.000 EUR. Sie möchten keine Angebote mehr? Abbestellen.",
        "Rundbrief an alle Mitglieder: Der Beitrag steigt auf 60,00 EUR. Die Jahreshauptversammlung ist am 3. Mai, jetzt anmelden!",
        "Du bekommst diese Mail, weil du uns geschrieben hast. Jetzt stöbern, Abmelden mit einem Klick.",
        "Gesamtforderung 750,00 EUR. Der Vertrag kommt durch Überweisung zustande. Bei Nichtgefallen betrachten Sie dies als Offerte.",
        "Ihre Sendung DE771 konnte nicht zugestellt werden, es fehlen 2,99 EUR Zollgebühr.",
        "Verehrte Kanzlei, wir kaufen Ihre Rechnungen an. Jetzt loslegen!",
        "We buy debts. Register now and receive EUR 250.00 commission.",
    ] {
        assert_eq!(read_with_subject("Neu", body).intent, Intent::Spam, "{body}");
    }
}

#[test]
fn machines_and_advertisers_are_put_aside_whatever_prices_they_name() {
    let cases = [
        (
            "Wir haben deine Nachricht bekommen",
            "Deine Nachricht ist in unserem Postfach gelandet. Die Antwort dauert gerade bis zu 10 Tage. Ab 59 € liefern wir frei!",
            Intent::AutoReply,
        ),
        (
            "Abwesend: NL-884213-7",
            "Unser Büro bleibt am 30.09. wegen einer Fortbildung geschlossen. Wir lesen Ihre E-Mail am 2. Oktober.",
            Intent::AutoReply,
        ),
        (
            "Automatische Antwort: AZ-2026-17",
            "Ich bin bis zum 28.06. nicht im Hause. Wer insgesamt 300,00 EUR Bonus sammelt, bekommt ihn ausgezahlt.",
            Intent::AutoReply,
        ),
        (
            "Letztmalige Aufforderung",
            "Ihr Eintrag im Zentralverzeichnis wurde verlängert. Zahlen Sie 427,60 EUR oder klicken Sie auf den Link, um Ihre Daten zu bestätigen.",
            Intent::Spam,
        ),
        (
            "Re: Auszahlung möglich",
            "Auch trotz Schufa lösen wir alles ab, Umschuldung ab 39 EUR Rate.\nunsubscribe",
            Intent::Spam,
        ),
    ];
    for (subject, body, intent) in cases {
        assert_eq!(read_with_subject(subject, body).intent, intent, "{subject}");
    }
}

#[test]
fn a_closed_mailbox_goes_to_a_person_and_one_that_is_not_read_does_not() {
    let closed = [
        "Dieses Postfach wurde zum 15.04.2026 geschlossen. Ihre Nachricht wurde nicht gelesen.",
        "diese E-Mail-Adresse ist seit dem 1. Juli außer Betrieb.",
        "Die Adresse wird nicht mehr abgerufen, bitte schreiben Sie an die Zentrale.",
        "Dieses Postfach wird seit 01.08.2026 nicht mehr gelesen.",
        "This mailbox is no longer monitored.",
    ];
    for body in closed {
        let extraction = read_with_subject("Automatische Antwort: 310/26", body);
        assert_ne!(extraction.intent, Intent::AutoReply, "{body}");
    }
    let open = [
        "Antworten an diese Adresse werden nicht gelesen. Wir melden uns.",
        "Ihre Nachricht ist im Postfach eingegangen. Das Büro bleibt bis Montag geschlossen.",
    ];
    for body in open {
        let extraction = read_with_subject("Automatische Antwort: 310/26", body);
        assert_eq!(extraction.intent, Intent::AutoReply, "{body}");
    }
}

#[test]
fn a_mail_with_an_answer_is_never_put_aside() {
    let cases = [
        (
            "Automatische Antwort: AZ-2026-17",
            "Ich bin nicht im Hause.\nGesamtforderung: 500,00 EUR",
        ),
        (
            "Automatische Antwort: AZ-2026-17",
            "Ihre Nachricht ist eingegangen. Bitte senden Sie uns eine Vollmacht.",
        ),
        (
            "Ihre Anfrage wurde erfasst",
            "Ihre Nachricht ist eingegangen, die Bearbeitung erfolgt. Offen sind noch 500,00 EUR.",
        ),
        ("Abwesend: AZ-2026-17", "Unser Büro ist geschlossen. Ihren Plan lehnen wir ab."),
        (
            "NL-884213-7",
            "Herr Max Muster, AZ-2026-17: Gesamtforderung 500,00 EUR.\nJetzt Gutschein sichern | Newsletter abbestellen | kostenlos testen",
        ),
    ];
    for (subject, body) in cases {
        let intent = read_with_subject(subject, body).intent;
        assert!(!matches!(intent, Intent::AutoReply | Intent::Spam), "{subject}: {body}");
    }
}

#[test]
fn a_mail_without_new_words_is_never_put_aside() {
    for subject in
        ["Antwort: Muster (310/26)", "Automatische Antwort: 310/26", "Gutschein sichern!"]
    {
        let mail = Mail {
            subject: Some(subject.to_owned()),
            body_text: Some("> Guten Tag,\n> vermerkt sind 1.620,00 EUR.".to_owned()),
            ..Mail::default()
        };
        let intent = extract(&clean(&mail)).intent;
        assert!(!matches!(intent, Intent::AutoReply | Intent::Spam), "{subject}: {intent:?}");
    }
}
