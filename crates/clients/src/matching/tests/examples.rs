//! One table for each question.

use super::*;

const BANK: &str = "inkasso@bank.example";
const AGENCY: &str = "service@agentur.example";

fn office() -> Vec<ClientDocument> {
    vec![
        client(
            "1381_25",
            "Tobias",
            "Stockbrink",
            &[
                ("bank", BANK, "Bank Hellweg AG", None, Some("BH-100-1")),
                ("agency", AGENCY, "Agentur GmbH", Some("Telaris Mobilfunk GmbH"), Some("AG-77-1")),
            ],
        ),
        client("381_25", "Petra", "Stockbrink", &[("bank", BANK, "Bank", None, Some("BH-100-2"))]),
        client("0123/26", "Jörg", "Weiß", &[("bank", BANK, "Bank", None, None)]),
        client("123/26", "Mehmet", "Karadağ", &[("bank", BANK, "Bank", None, None)]),
        client("AZ-2026-42", "Sandra", "Pohlmeier", &[("bank", BANK, "Bank", None, None)]),
        client("1716_25", "Nicole", "Pohlmeyer", &[("bank", BANK, "Bank", None, Some("BH-100-3"))]),
        client("85/26", "Daniel", "Müller", &[("bank", BANK, "Bank", None, Some("BH-100-4"))]),
        client("86/26", "Daniela", "Müller", &[("bank", BANK, "Bank", None, Some("BH-100-5"))]),
        client("91/26", "Andreas", "Müller-Hagedorn", &[("bank", BANK, "Bank", None, None)]),
        client(
            "1402_25",
            "Thomas",
            "Schneider",
            &[("agency", AGENCY, "Agentur", None, Some("AG-22-1"))],
        ),
        client(
            "1519_25",
            "Thomas",
            "Schneider",
            &[("agency", AGENCY, "Agentur", None, Some("AG-23-1"))],
        ),
        client("81/26", "Ingeborg", "von der Heyden", &[("bank", BANK, "Bank", None, None)]),
        client("153/26", "", "Schneidewind", &[("bank", BANK, "Bank", None, None)]),
    ]
}

#[test]
fn the_client_is_found_by_aktenzeichen_in_every_spelling() {
    for (cited, expected) in [
        ("1381_25", "1381_25 bank"),
        ("1381/25", "1381_25 bank"),
        ("1381 / 25", "1381_25 bank"),
        ("Az.: 1381-25", "1381_25 bank"),
        ("01381_25", "1381_25 bank"),
        ("381/25", "381_25 bank"),
        ("az-2026-42", "AZ-2026-42 bank"),
        ("2026/42", "AZ-2026-42 bank"),
        // The exact form beats the one without zeros.
        ("123/26", "123/26 bank"),
        ("0123/26", "0123/26 bank"),
        // Nothing that only contains it or is contained in it.
        ("81_25", "not found: client_not_found"),
        ("11381_25", "not found: client_not_found"),
        ("1381", "not found: client_not_found"),
        ("138125", "not found: client_not_found"),
    ] {
        assert_eq!(decided(&update(Some(cited), None, BANK), &office()), expected, "{cited}");
    }
}

#[test]
fn the_client_is_found_by_full_name_in_every_spelling() {
    for (name, expected) in [
        ("Tobias Stockbrink", "1381_25 bank"),
        ("STOCKBRINK, Tobias", "1381_25 bank"),
        ("Herr Dr. Tobias Stockbrink", "1381_25 bank"),
        ("Joerg Weiss", "0123/26 bank"),
        ("Weiß Jörg", "0123/26 bank"),
        ("Mehmet Karadag", "123/26 bank"),
        ("Heyden von der, Ingeborg", "not found: client_not_found"),
        ("von der Heyden, Ingeborg", "81/26 bank"),
        ("Andreas Müller Hagedorn", "91/26 bank"),
        ("Andreas Müller", "not found: client_not_found"),
        ("Daniel Mueller", "85/26 bank"),
        ("Daniela Mueller", "86/26 bank"),
        ("Danielle Müller", "not found: client_not_found"),
        ("Sandra Pohlmeyer", "not found: client_not_found"),
        ("Schneidewind", "review: client_name_incomplete"),
        ("Anna Schneidewind", "not found: client_not_found"),
    ] {
        assert_eq!(decided(&update(None, Some(name), BANK), &office()), expected, "{name}");
    }
}

#[test]
fn aktenzeichen_and_name_must_not_contradict_each_other() {
    for (aktenzeichen, name, expected) in [
        ("1381_25", "Tobias Stockbrink", "1381_25 bank"),
        ("1381_25", "T. Stockbrink", "1381_25 bank"),
        ("1381_25", "Herr Stockbrink", "1381_25 bank"),
        ("1381_25", "Tobias Jan Stockbrink", "1381_25 bank"),
        ("91/26", "Andreas Hagedorn", "91/26 bank"),
        ("153/26", "Karl Schneidewind", "153/26 bank"),
        ("1381_25", "Petra Stockbrink", "review: aktenzeichen_contradicts_name"),
        (
            "1381_25",
            "Eheleute Tobias und Petra Stockbrink",
            "review: aktenzeichen_contradicts_name",
        ),
        ("1381_25", "Tobias & Petra Stockbrink", "review: aktenzeichen_contradicts_name"),
        ("1381_25", "Stockbrink, Tobias / Petra", "review: aktenzeichen_contradicts_name"),
        ("85/26", "Daniel Muller", "review: aktenzeichen_contradicts_name"),
        ("1381_25", "Mehmet Karadağ", "review: aktenzeichen_contradicts_name"),
        ("1381_25", "Tobias", "review: aktenzeichen_contradicts_name"),
        ("AZ-2026-42", "Nicole Pohlmeyer", "review: aktenzeichen_contradicts_name"),
        ("AZ-2026-42", "Sandra Pohlmeyer", "review: aktenzeichen_contradicts_name"),
        ("85/26", "Daniela Müller", "review: aktenzeichen_contradicts_name"),
    ] {
        let update = update(Some(aktenzeichen), Some(name), BANK);
        assert_eq!(decided(&update, &office()), expected, "{aktenzeichen} {name}");
    }
}

#[test]
fn a_former_name_needs_the_new_one_in_the_text_and_the_creditors_reference() {
    let mail = |text: &str, number: &str| DebtUpdate {
        response_text: Some(text.to_owned()),
        reference_numbers: vec![number.to_owned()],
        ..update(Some("1716_25"), Some("Nicole Lorenz"), BANK)
    };
    let contradicts = "review: aktenzeichen_contradicts_name";
    for (text, number, expected) in [
        ("Frau Nicole Lorenz, jetzt Pohlmeyer, schuldet 1,00 EUR.", "BH-100-3", "1716_25 bank"),
        (
            "Nicole Lorenz; die Namensänderung in Pohlmeyer ist eingetragen.",
            "BH-100-3",
            "1716_25 bank",
        ),
        (
            "Noch unter ihrem früheren Namen Nicole Lorenz geführt (heute Pohlmeyer).",
            "BH-100-3",
            "1716_25 bank",
        ),
        ("Frau Nicole Lorenz, jetzt Pohlmeyer, schuldet 1,00 EUR.", "4711", contradicts),
        ("Frau Nicole Lorenz, Kollegin von Frau Pohlmeyer.", "BH-100-3", contradicts),
        ("Frau Nicole Lorenz, jetzt Schneider.", "BH-100-3", contradicts),
    ] {
        assert_eq!(decided(&mail(text, number), &office()), expected, "{text}");
    }
    let sister = DebtUpdate {
        client_name: Some("Petra Lorenz".to_owned()),
        ..mail("Frau Petra Lorenz, jetzt Pohlmeyer.", "BH-100-3")
    };
    assert_eq!(decided(&sister, &office()), contradicts);
}

#[test]
fn a_name_that_agrees_in_part_must_not_be_another_clients_in_full() {
    let mut office = office();
    let mail = update(Some("91/26"), Some("Andreas Müller"), BANK);
    assert_eq!(decided(&mail, &office), "91/26 bank");
    office.push(client("700/26", "Andreas", "Müller", &[]));
    assert_eq!(decided(&mail, &office), "review: aktenzeichen_contradicts_name");
}

#[test]
fn a_misspelt_name_or_number_needs_the_creditors_reference() {
    let cases = [
        (Some("1381_25"), "Tobias Stockbrinck"),
        // Read by a scanner.
        (Some("I381_Z5"), "Tobias Stockbrink"),
        // Nobody's number.
        (Some("9999_25"), "Tobias Stockbrink"),
    ];
    for (at, (aktenzeichen, name)) in cases.into_iter().enumerate() {
        let mut update = update(aktenzeichen, Some(name), BANK);
        let scanned = at == 1;
        let alone = if scanned { "1381_25 bank" } else { "review: aktenzeichen_contradicts_name" };
        assert_eq!(decided(&update, &office()), alone, "{aktenzeichen:?} {name}");
        update.reference_numbers = vec!["bh 1001".to_owned()];
        assert_eq!(decided(&update, &office()), "1381_25 bank", "{aktenzeichen:?} {name}");
    }
}

#[test]
fn of_two_namesakes_only_the_creditors_reference_tells() {
    let mut update = update(None, Some("Thomas Schneider"), AGENCY);
    assert_eq!(decided(&update, &office()), "review: ambiguous_client");
    update.reference_numbers = vec!["AG-23-1".to_owned()];
    assert_eq!(decided(&update, &office()), "1519_25 agency");
    update.reference_numbers.push("AG-22-1".to_owned());
    assert_eq!(decided(&update, &office()), "review: ambiguous_client");
    update.reference_numbers = vec!["1402_25".to_owned()];
    assert_eq!(decided(&update, &office()), "1402_25 agency");
}

#[test]
fn a_client_who_is_not_there_may_still_come() {
    for (aktenzeichen, name) in
        [(Some("700/26"), None), (None, Some("Neu Hier")), (Some("700/26"), Some("Neu Hier"))]
    {
        let update = update(aktenzeichen, name, BANK);
        assert_eq!(decided(&update, &office()), "not found: client_not_found");
    }
    assert_eq!(decided(&update(None, None, BANK), &office()), "review: no_client");
}

#[test]
fn the_sender_must_be_an_address_or_a_domain_of_the_entry() {
    for (email, expected) in [
        ("INKASSO@BANK.EXAMPLE", "1381_25 bank"),
        ("Bank <inkasso@bank.example>", "1381_25 bank"),
        ("noreply@bank.example", "1381_25 bank"),
        ("noreply@mail.bank.example", "1381_25 bank"),
        ("noreply@otherbank.example", "review: unknown_sender"),
        ("noreply@bank.example.evil.example", "review: unknown_sender"),
        ("inkasso@bank.de", "review: unknown_sender"),
        ("inkasso@bаnk.example", "review: lookalike_sender"),
        ("bank.hellweg@gmx.example", "review: unknown_sender"),
        ("nobody", "review: unknown_sender"),
        ("", "review: unknown_sender"),
    ] {
        let mut update = update(Some("1381/25"), None, email);
        update.creditor_name = Some("Bank Hellweg AG".to_owned());
        assert_eq!(decided(&update, &office()), expected, "{email}");
    }
    let other_clients = update(Some("81/26"), None, AGENCY);
    assert_eq!(decided(&other_clients, &office()), "review: sender_of_other_clients");
}

#[test]
fn freemail_and_shared_domains_need_the_exact_address() {
    for domain in [
        "gmx.example",
        "gmx.net",
        "web.de",
        "t-online.de",
        "gmail.com",
        "webmail.example",
        "nrw.de",
        "jobcenter-ge.de",
    ] {
        let known = format!("Praxis.Sievers@{domain}");
        let entries = [("vet", known.as_str(), "Tierarztpraxis", None, None)];
        let clients = [client("1/26", "Max", "Muster", &entries)];
        let exact = update(Some("1/26"), None, &known.to_lowercase());
        assert_eq!(decided(&exact, &clients), "1/26 vet", "{domain}");
        let other = update(Some("1/26"), None, &format!("sievers.praxis@{domain}"));
        assert_eq!(decided(&other, &clients), "review: unknown_sender", "{domain}");
    }
    // One office below such a domain is one organisation.
    let entries = [("fa", "vollstreckung@fa-bochum.nrw.de", "Finanzamt", None, None)];
    let clients = [client("1/26", "Max", "Muster", &entries)];
    let colleague = update(Some("1/26"), None, "kasse@fa-bochum.nrw.de");
    assert_eq!(decided(&colleague, &clients), "1/26 fa");
    let police = update(Some("1/26"), None, "kasse@polizei.nrw.de");
    assert_eq!(decided(&police, &clients), "review: unknown_sender");
}

#[test]
fn entries_of_one_sender_are_told_apart_by_reference_else_by_the_creditors_name() {
    let clients = [client(
        "1/26",
        "Max",
        "Muster",
        &[
            ("voltara", AGENCY, "Agentur GmbH", Some("Voltara Energie AG"), Some("NL-915530-1")),
            ("kabel", AGENCY, "Agentur GmbH", Some("Kabelwerk Digital GmbH"), Some("NL-921108-4")),
        ],
    )];
    let mail = update(Some("1/26"), None, AGENCY);
    assert_eq!(decided(&mail, &clients), "review: ambiguous_creditor");

    let citing = |references: &[&str]| DebtUpdate {
        reference_numbers: references.iter().map(|text| (*text).to_owned()).collect(),
        ..mail.clone()
    };
    assert_eq!(decided(&citing(&["nl 921108/4"]), &clients), "1/26 kabel");
    let both = citing(&["NL-921108-4", "NL-915530-1"]);
    assert_eq!(decided(&both, &clients), "review: ambiguous_creditor");

    let naming = |name: &str| DebtUpdate { creditor_name: Some(name.to_owned()), ..mail.clone() };
    assert_eq!(decided(&naming("Kabelwerk Digital"), &clients), "1/26 kabel");
    assert_eq!(decided(&naming("Voltara"), &clients), "1/26 voltara");
    assert_eq!(decided(&naming("Agentur GmbH"), &clients), "review: ambiguous_creditor");

    let text = "Forderung unserer Mandantin Voltara Energie AG gegen Herrn Muster";
    let in_text = DebtUpdate { response_text: Some(text.to_owned()), ..naming("Agentur GmbH") };
    assert_eq!(decided(&in_text, &clients), "1/26 voltara");

    // An unknown number of the agency is another claim, whatever name stands beside it.
    let unknown = DebtUpdate {
        reference_numbers: vec!["NL-777777-7".to_owned()],
        ..naming("Kabelwerk Digital")
    };
    assert_eq!(decided(&unknown, &clients), "review: unknown_reference");
}

#[test]
fn a_signal_that_points_elsewhere_stops_the_write() {
    let mail = update(Some("1381_25"), None, BANK);
    for (reference, expected) in [
        ("BH-100-1", "1381_25 bank"),
        ("1381/25", "1381_25 bank"),
        ("Rechnung 4/2026", "1381_25 bank"),
        ("AG-77-1", "review: reference_of_other_entry"),
        ("BH-100-2", "review: reference_of_other_client"),
        ("85/26", "review: aktenzeichen_of_other_client"),
        ("BH-999-9", "review: unknown_reference"),
    ] {
        let update = DebtUpdate { reference_numbers: vec![reference.to_owned()], ..mail.clone() };
        assert_eq!(decided(&update, &office()), expected, "{reference}");
        // Another number beside the right one is as telling.
        let mut beside = update;
        beside.reference_numbers.insert(0, "BH-100-1".to_owned());
        assert_eq!(decided(&beside, &office()), expected, "{reference} beside its own");
    }
    for (name, expected) in [
        ("Bank Hellweg", "1381_25 bank"),
        ("Frau Brodersen", "1381_25 bank"),
        ("Telaris Mobilfunk", "review: creditor_name_of_other_entry"),
    ] {
        let update = DebtUpdate { creditor_name: Some(name.to_owned()), ..mail.clone() };
        assert_eq!(decided(&update, &office()), expected, "{name}");
    }
}

#[test]
fn the_number_in_the_text_of_an_entry_with_another_address_of_the_sender_stops_the_write() {
    let entry = |id, address, number| (id, address, "Agentur GmbH", Some("Telaris"), Some(number));
    let clients = [client(
        "1/26",
        "Max",
        "Muster",
        &[
            entry("one", AGENCY, "AG-77-1001"),
            entry("two", "inkasso@agentur.example", "AG-77-2002"),
        ],
    )];
    let mut mail = update(Some("1/26"), None, AGENCY);
    for (text, expected) in [
        ("Es sind 500,00 EUR offen.", "1/26 one"),
        ("Zum Vorgang AG 77 1001 sind 500,00 EUR offen.", "1/26 one"),
        ("Zum Vorgang AG 77 2002 sind 500,00 EUR offen.", "review: reference_of_other_entry"),
    ] {
        mail.response_text = Some(text.to_owned());
        assert_eq!(decided(&mail, &clients), expected, "{text}");
    }
}

#[test]
fn another_number_of_the_same_make_in_the_text_stops_the_write() {
    let entry = ("one", BANK, "Bank", None, Some("VK 100 501 7743"));
    let clients = [client("1/26", "Anna", "Muster", &[entry])];
    let mut mail = update(Some("1/26"), None, BANK);
    mail.new_debt_amount = Money::from_cents(50_000);
    for (text, expected) in [
        ("Auf VK 100 501 7742 sind 500,00 EUR offen.", "review: unknown_reference"),
        ("Auf VK 100 501 7743 sind 500,00 EUR offen, auf VK 100 501 7742 nichts.", "1/26 one"),
        (
            "Auf VK 100 501 7743 und VK 100 501 7742 sind zusammen 500,00 EUR offen.",
            "review: unknown_reference",
        ),
        ("Auf VK-1005017743 sind 500,00 EUR offen.", "1/26 one"),
        ("Auf VL 100 501 7742 sind 500,00 EUR offen, Tel. 100 501 7742.", "1/26 one"),
    ] {
        mail.response_text = Some(text.to_owned());
        assert_eq!(decided(&mail, &clients), expected, "{text}");
    }
}

#[test]
fn an_agency_that_acts_for_somebody_new_has_a_new_claim() {
    let mut mail = update(Some("1381_25"), None, AGENCY);
    mail.creditor_name = Some("Kraftraum24 Fitness GmbH".to_owned());
    assert_eq!(decided(&mail, &office()), "review: unknown_creditor_name");
    mail.creditor_name = Some("Telaris".to_owned());
    assert_eq!(decided(&mail, &office()), "1381_25 agency");
    mail.creditor_name = Some("Frau Brodersen".to_owned());
    mail.reference_numbers = vec!["AG 77-1".to_owned()];
    assert_eq!(decided(&mail, &office()), "1381_25 agency");
}

#[test]
fn entries_that_share_their_identity_are_never_chosen() {
    let entry = ("same", BANK, "Bank", None, Some("BH-1-1"));
    let other = ("same", AGENCY, "Agentur", None, Some("AG-1-1"));
    let clients = [client("1/26", "Max", "Muster", &[entry, other])];
    let mut mail = update(Some("1/26"), None, BANK);
    mail.reference_numbers = vec!["BH-1-1".to_owned()];
    assert_eq!(decided(&mail, &clients), "review: entry_without_identity");
}

#[test]
fn a_mail_that_lists_many_references_is_a_list() {
    let mut mail = update(Some("1381_25"), None, BANK);
    mail.reference_numbers = (0..51).map(|number| format!("X-{number:05}")).collect();
    assert_eq!(decided(&mail, &office()), "review: too_many_references");
}

#[test]
fn the_reasons_tell_how_the_entry_was_found() {
    let mail = update(Some("1381/25"), Some("Tobias Stockbrink"), "info@bank.example");
    let MatchDecision::Matched(found) = match_update(&mail, &office()) else { panic!("no match") };
    let expected = ["client by aktenzeichen exact", "name agrees", "creditor by domain"];
    assert_eq!(found.reasons, expected);
}

#[test]
fn the_clients_own_name_in_the_text_outweighs_a_misread_one_if_a_reference_agrees() {
    let mut mail = update(Some("1381_25"), Some("Kontoauszug Lerchenfeld"), BANK);
    let own = &office()[0];
    let name = |one: &Option<String>| one.clone().unwrap_or_default();
    let (first, last) = (name(&own.first_name), name(&own.last_name));
    mail.response_text = Some(format!("Kontoauszug Lerchenfeld für {last}, {first}"));
    assert_eq!(decided(&mail, &office()), "review: aktenzeichen_contradicts_name");
    mail.reference_numbers = vec!["BH-100-1".to_owned()];
    assert_eq!(decided(&mail, &office()), "1381_25 bank");
    mail.response_text = Some("Kontoauszug Lerchenfeld".to_owned());
    assert_eq!(decided(&mail, &office()), "review: aktenzeichen_contradicts_name");
    // Another client's name stays a contradiction, whoever else is named.
    let other = &office()[1];
    mail.client_name = Some(format!("{} {}", name(&other.first_name), name(&other.last_name)));
    mail.response_text = Some(format!("{first} {last}"));
    assert_eq!(decided(&mail, &office()), "review: aktenzeichen_contradicts_name");
}

#[test]
fn a_number_in_the_text_tells_entries_apart_unless_it_stands_far_behind_the_amount() {
    let entries = [
        ("one", BANK, "Bank", None, Some("VK 30 330 118")),
        ("two", BANK, "Bank", None, Some("VK 30 330 119")),
    ];
    let clients = [client("1381_25", "Anna", "Muster", &entries)];
    let mut mail = update(Some("1381_25"), None, BANK);
    mail.new_debt_amount = Money::from_cents(128_431);
    mail.response_text = Some("Zu VK 30 330 118: 1.284,31 EUR".to_owned());
    assert_eq!(decided(&mail, &clients), "1381_25 one");
    mail.response_text = Some("VK 30 330 118 und VK 30 330 119: 1.284,31 EUR".to_owned());
    assert_eq!(decided(&mail, &clients), "review: ambiguous_creditor");
    let far = "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf";
    mail.response_text = Some(format!("1.284,31 EUR {far}, bitte VK 30 330 118 bereithalten"));
    assert_eq!(decided(&mail, &clients), "review: ambiguous_creditor");
    mail.response_text = Some("Zu VK 30 330 1180: 1.284,31 EUR".to_owned());
    assert_eq!(decided(&mail, &clients), "review: ambiguous_creditor");
}
