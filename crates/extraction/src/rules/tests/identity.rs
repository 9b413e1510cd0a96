//! Whose mail it is: numbers, names, and who is only mentioned.

use super::*;

#[test]
fn who_is_only_mentioned_is_no_second_client() {
    for aside in [
        "Die Forderung gegen Herrn Dirk Beispiel wird getrennt geführt.",
        "Zu Frau Anna Beispiel erhalten Sie eine eigene Nachricht.",
        "Ablöse Endgerät | 349,00 EUR",
        "Pflegegrad SGB XI",
        "Verspätungszuschlag ESt | 2023 | 250,00",
    ] {
        let extraction = read(&format!("{aside}\n\nGesamtforderung: 500,00 EUR"));
        assert!(!extraction.doubts.contains(&Doubt::SeveralClients), "{aside}");
        assert_eq!(extraction.client_name.as_deref(), Some("Max Muster"), "{aside}");
    }
    let couple = "Vertragspartner waren die Eheleute Anna und Kemal Beispiel, Ihr Zeichen 17/26.";
    let name = read_with_subject("Vertrag", couple).client_name;
    assert_ne!(name.as_deref(), Some("Kemal Beispiel"));
}

#[test]
fn the_offices_number_is_found_under_all_its_names() {
    for label in ["bei Ihnen", "Ihre Akte:", "zu Ihrer Akte", "Ihr Vorgang", "dort", "Ihr Az."] {
        let extraction =
            read_with_subject("Auskunft", &format!("Max Muster, {label} 705512, danke."));
        assert_eq!(extraction.client_aktenzeichen.as_deref(), Some("705512"), "{label}");
    }
}

#[test]
fn a_number_in_brackets_beside_our_letter_is_ours() {
    let body =
        "zu Ihrer Anfrage vom 11.05.2026 (SB-2026-031, Max Muster, Nr. 70118843) teile ich mit:";
    let extraction = read_with_subject("Auskunft", body);
    assert_eq!(extraction.client_aktenzeichen.as_deref(), Some("SB-2026-031"));
}

#[test]
fn the_number_that_a_sender_cites_as_its_own_is_no_second_case() {
    let body = "Herr Max Muster, Ihr Zeichen 23/26, unser Zeichen RI 25/118820-1.\n\n\
                Gesamtforderung: 500,00 EUR";
    for subject in ["AW: Muster, unser Zeichen 25/118820-1", "AW: unser Zeichen 118820"] {
        let extraction = read_with_subject(subject, body);
        assert_eq!(extraction.doubts, [], "{subject}");
        assert_eq!(extraction.client_aktenzeichen.as_deref(), Some("23/26"), "{subject}");
    }
    let other_case = read_with_subject("AW: Muster, unser Zeichen 24/26", body);
    assert!(other_case.doubts.contains(&Doubt::SeveralClients));
}

#[test]
fn a_debtor_or_a_claim_is_not_the_creditor() {
    for (body, creditor) in [
        ("In Sachen Nordlicht AG gegen Ihre Mandantschaft Frau Muster", "Nordlicht AG"),
        ("Die Forderung gegen Herrn Max Muster beträgt 500,00 EUR.", "Bank Inkasso"),
    ] {
        let extraction = read_with_subject("Auskunft", body);
        assert_eq!(extraction.creditor_name.as_deref(), Some(creditor), "{body}");
    }
}

#[test]
fn whoever_stands_before_the_sign_is_not_the_client() {
    for sign in ["./.", "gegen", "\ngegen\n"] {
        let body =
            format!("in Sachen Tischlerei Oeltjen {sign} Anna Beispiel (310/26): 500,00 EUR.");
        let extraction = read_with_subject("Auskunft", &body);
        assert_eq!(extraction.client_name.as_deref(), Some("Anna Beispiel"), "{body}");
        assert!(!extraction.doubts.contains(&Doubt::SeveralClients), "{body}");
    }
}

#[test]
fn a_firm_or_a_word_beside_a_surname_is_no_second_client() {
    let body = "Herr Max Muster (310/26) schuldet der Fonaxo Mobil GmbH 500,00 EUR.";
    for subject in ["Muster ./. Fonaxo Mobil, 310/26", "Muster, Rg. 4711", "Muster, SK26-0423388"] {
        let extraction = read_with_subject(subject, body);
        assert_eq!(extraction.client_name.as_deref(), Some("Max Muster"), "{subject}");
        assert_eq!(extraction.doubts, [], "{subject}");
    }
    let extraction = read_with_subject("Beispiel, Anna, 310/26", body);
    assert_eq!(extraction.doubts, [Doubt::SeveralClients]);
}

#[test]
fn a_noun_beside_a_capitalised_word_is_no_client() {
    for (subject, body, name) in [
        ("Obligo Muster, 8120 334 006", "Das Obligo des Max Muster (310/26)", Some("Max Muster")),
        ("Konto", "Geschäftspartner | Muster, Max", Some("Muster, Max")),
        ("Konto", "Ihres Klienten Max Muster (AZ-2026-1)", Some("Max Muster")),
        ("Konto", "die Anfrage 2240_25 (Frau Anna Muster, Kfz-Vertrag KF 81)", Some("Anna Muster")),
        (
            "Konto",
            "für das Grundstück Lerchenfeld 8, Gebührenpflichtige Anna Muster",
            Some("Anna Muster"),
        ),
        ("Konto", "in Sachen Hafen Linde GbR ./. Anna Muster", Some("Anna Muster")),
        (
            "Kredit CB 0418 - Anna Muster",
            "Der Vertrag CB 0418 bleibt gekündigt.",
            Some("Anna Muster"),
        ),
        (
            "Konto",
            "AZ-2026-102 (Max Muster). Die Bürgin, Frau Anna Muster, zahlt nicht.",
            Some("Max Muster"),
        ),
    ] {
        let read = read_with_subject(subject, body);
        assert_eq!(read.client_name.as_deref(), name, "{body}");
        assert!(!read.doubts.contains(&Doubt::SeveralClients), "{body}");
    }
}

#[test]
fn a_heading_with_a_surname_and_a_room_number_are_no_persons() {
    for subject in ["Kindergartenbeiträge Muster", "Muster W4/311-2"] {
        let name = read_with_subject(subject, "Gesamtforderung: 500,00 EUR.").client_name;
        assert!(!name.as_ref().is_some_and(|name| name.contains(' ')), "{subject}: {name:?}");
    }
}

#[test]
fn numbers_of_registers_and_flats_are_references() {
    for (body, number) in [
        ("Wir haben ihn unter 01.3344.008812 gefunden.", "01.3344.008812"),
        ("Im Verfahren KSB 26 118204 stehen Kosten aus.", "KSB 26 118204"),
        ("Der Mieter, Wohnung WE 14, ist im Rückstand.", "WE 14"),
    ] {
        let references = read(body).reference_numbers;
        assert!(references.iter().any(|found| found == number), "{body}: {references:?}");
    }
}

#[test]
fn two_bodies_must_be_about_the_same_client() {
    let doubts = |html_person: &str, text_person: &str| {
        let body = |person: &str| format!("{person}. Gesamtforderung: 500,00 EUR");
        let mail = Mail {
            body_html: Some(format!("<p>{}</p>", body(html_person))),
            body_text: Some(body(text_person)),
            ..Mail::default()
        };
        extract(&clean(&mail)).doubts
    };
    let sarah = "Versicherte Sarah Weber, Ihr Zeichen 755009";
    assert_eq!(doubts(sarah, sarah), []);
    assert_eq!(doubts(sarah, "Versicherte Sarah  Weber, Ihr Zeichen 755009"), []);
    let disagree = [Doubt::BodiesDisagree];
    assert_eq!(doubts(sarah, "Versicherte Sarah Weber, Ihr Zeichen 755002"), disagree);
    assert_eq!(doubts(sarah, "Versicherter Sergej Weber, Ihr Zeichen 755009"), disagree);
}
