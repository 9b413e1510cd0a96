//! What holds for all clients and all mails.

use bson::{Bson, Document, doc};
use domain::fence::Fence;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::document::CREDITOR_LIST;
use crate::fence::Operation;
use crate::guard::GuardSettings;
use crate::matching::person::{FileName, PersonName, words};
use crate::matching::reference::{may_have_rival_in, rivals_in};
use crate::matching::{Candidates, CaseNumber, Cited};
use crate::plan::{Message, OutcomeKind, plan};

const NAMES: [(&str, &str); 6] = [
    ("Jörg", "Weiß"),
    ("Jörg", "Müller"),
    ("Daniela", "Müller"),
    ("Käthe", "von der Höh"),
    ("Mehmet", "Karadağ"),
    ("Lea-Sophie", "Böß"),
];
const NUMBERS: [&str; 6] = ["1381_25", "381_25", "0123/26", "123/26", "AZ-2026-42", "542900"];
const EMAILS: [&str; 5] = [
    "inkasso@bank.example",
    "service@bank.example",
    "service@agentur.example",
    "praxis@gmx.example",
    "kanzlei@boeck.example",
];
const ORGANISATIONS: [&str; 4] =
    ["Bank Hellweg AG", "Agentur GmbH", "Möbel Kränz & Co. KG", "Telaris Mobilfunk GmbH"];
const REFERENCES: [&str; 6] = ["BH-100-1", "BH-100-2", "AG 77 1", "542900", "2025/0318", "381_25"];

fn maybe<T: Clone + std::fmt::Debug + 'static>(
    values: &'static [T],
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.8, select(values))
}

prop_compose! {
    fn an_entry()(
        id in prop::option::weighted(0.8, 0..20_i32),
        email in maybe(&EMAILS),
        sender in maybe(&ORGANISATIONS),
        acts_for in maybe(&ORGANISATIONS),
        reference in maybe(&REFERENCES),
    ) -> Document {
        doc! {
            "id": id, "sender_email": email, "sender_name": sender,
            "creditor_name": acts_for, "reference_number": reference,
        }
    }
}

prop_compose! {
    fn a_client()(
        name in select(&NAMES[..]),
        number in maybe(&NUMBERS),
        entries in prop::collection::vec(an_entry(), 0..5),
    ) -> Document {
        doc! {
            "_id": format!("{number:?} {name:?}"), "aktenzeichen": number,
            "firstName": name.0, "lastName": name.1, CREDITOR_LIST: entries,
        }
    }
}

prop_compose! {
    fn a_mail()(
        number in maybe(&NUMBERS),
        name in maybe(&NAMES),
        last_first in any::<bool>(),
        email in select(&EMAILS[..]),
        creditor in maybe(&ORGANISATIONS),
        references in subsequence(&REFERENCES[..], 0..3),
        text in maybe(&ORGANISATIONS),
    ) -> DebtUpdate {
        let name = name.map(|(first, last)| {
            if last_first { format!("{last}, {first}") } else { format!("{first} {last}") }
        });
        DebtUpdate {
            creditor_name: creditor.map(str::to_owned),
            reference_numbers: references.into_iter().map(str::to_owned).collect(),
            response_text: text.map(str::to_owned),
            ..update(number, name.as_deref(), email)
        }
    }
}

fn read(clients: &[Document]) -> Vec<ClientDocument> {
    clients.iter().map(ClientDocument::from_bson).collect()
}

/// The decision without positions.
fn named(update: &DebtUpdate, clients: &[Document]) -> String {
    let clients = read(clients);
    match match_update(update, &clients) {
        MatchDecision::Matched(found) => {
            format!("{} {} {:?}", clients[found.client].id, found.identity.key(), found.reasons)
        }
        refused => format!("{refused:?}"),
    }
}

fn written_out(text: &str) -> String {
    text.replace('ä', "ae")
        .replace('ö', "oe")
        .replace('ü', "ue")
        .replace('ß', "ss")
        .replace('ğ', "g")
}

/// Any BSON value that a portal could store.
fn any_bson() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        Just(Bson::Null),
        Just(Bson::Undefined),
        Just(Bson::MaxKey),
        any::<bool>().prop_map(Bson::Boolean),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        any::<i64>().prop_map(|millis| Bson::DateTime(bson::DateTime::from_millis(millis))),
        any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(bytes.into())),
        any::<[u8; 16]>().prop_map(|b| Bson::Decimal128(bson::Decimal128::from_bytes(b))),
        "\\PC{0,12}".prop_map(Bson::String),
        select(&REFERENCES[..]).prop_map(Bson::from),
        select(&EMAILS[..]).prop_map(Bson::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let field = prop_oneof![select(&FIELDS[..]).prop_map(str::to_owned), "[a-z.$]{1,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array),
            prop::collection::vec((field, inner), 0..6)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

const FIELDS: [&str; 14] = [
    "id",
    "sender_email",
    "sender_name",
    "creditor_name",
    "reference_number",
    "claim_amount",
    "current_debt_amount",
    "creditor_response_amount",
    "amount_source",
    "sync",
    "received_at",
    "email_id",
    "outbox_id",
    "main_zendesk_ticket_id",
];

/// The clients that the queries for a mail would find, in the steps of `find_candidates`.
fn looked_up(update: &DebtUpdate, all: &[Document]) -> Vec<Document> {
    let stripped = |number: &str| CaseNumber::read(number).map(|number| number.stripped);
    let own_number = |client: &Document| client.get_str("aktenzeichen").ok().and_then(stripped);
    let references = |client: &Document| -> Vec<Option<String>> {
        let entries = client.get_array(CREDITOR_LIST).unwrap().iter();
        let texts =
            entries.filter_map(|entry| entry.as_document()?.get_str("reference_number").ok());
        texts.map(|text| Cited::read(text).map(|cited| cited.compact)).collect()
    };
    let find = |keep: &dyn Fn(&Document) -> bool| -> Vec<Document> {
        all.iter().filter(|client| keep(client)).cloned().collect()
    };
    let cited = update.client_aktenzeichen.as_deref().and_then(stripped);
    let mut found = find(&|client| cited.is_some() && own_number(client) == cited);

    let clients = read(&found);
    let open = Candidates::new(&clients).open_references(update);
    found.extend(find(&|client| {
        open.iter().any(|cited| {
            let number = cited.case_number.as_ref().map(|number| number.stripped.clone());
            (number.is_some() && own_number(client) == number)
                || references(client).contains(&Some(cited.compact.clone()))
        })
    }));

    let clients = read(&found);
    if let Some(name) = &update.client_name
        && !Candidates::new(&clients).is_settled_by_case_number(update)
    {
        let person = PersonName::read(name).unwrap();
        let keys: Vec<String> = person.keys().collect();
        found.extend(find(&|client| {
            let name = FileName::of(&ClientDocument::from_bson(client));
            name.keys().iter().any(|key| keys.contains(key))
        }));
    }
    let mut ids = Vec::new();
    found.retain(|client| {
        let id = client.get_str("_id").unwrap().to_owned();
        let is_new = !ids.contains(&id);
        ids.push(id);
        is_new
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_rival_in_the_words_is_missed_before_they_are_folded(
        letters in "[A-Z]{0,3}",
        own in "[0-9]{7,9}",
        end in "[0-9]{1,4}",
        joint in select(vec!["", " ", "-", ". ", " / ", "ß"]),
        is_lower in any::<bool>(),
    ) {
        let rival = format!("{}{end}", &own[..own.len() - end.len()]);
        let (first, last) = rival.split_at(3);
        let written = format!("Größe: {letters}{joint}{first}{joint}{last}, 5,00 EUR");
        let text = if is_lower { written.to_lowercase() } else { written };
        let own = format!("{letters}{own}");
        let is_rival = rivals_in(&own, &words(&text)).next().is_some();
        prop_assert!(!is_rival || may_have_rival_in(&own, &text), "{own} in {text}");
        let is_read = !matches!(joint, "ß") && !own.ends_with(&end);
        prop_assert_eq!(is_rival, is_read, "{} in {}", own, text);
    }

    #[test]
    fn whom_the_queries_leave_out_would_change_no_decision(
        clients in prop::collection::vec(a_client(), 1..6),
        mail in a_mail(),
    ) {
        let mut clients = clients;
        for (number, client) in clients.iter_mut().enumerate() {
            client.insert("_id", format!("client {number}"));
        }
        let told = |clients: &[Document]| {
            // Whose sender it may be instead is for the person who looks at it.
            let decision = named(&mail, clients).replace("sender_of_other_clients", "unknown_sender");
            match decision.split_once("reasons") {
                Some((refused, _)) => refused.to_owned(),
                None => decision,
            }
        };
        prop_assert_eq!(told(&looked_up(&mail, &clients)), told(&clients));
    }

    #[test]
    fn the_order_of_creditors_and_clients_changes_no_decision(
        mut clients in prop::collection::vec(a_client(), 1..5),
        mail in a_mail(),
        turn in 0..5_usize,
    ) {
        let before = named(&mail, &clients);
        for client in &mut clients {
            let entries = client.get_array_mut(CREDITOR_LIST).unwrap();
            let turn = turn % entries.len().max(1);
            entries.rotate_left(turn);
            entries.reverse();
        }
        clients.reverse();
        prop_assert_eq!(named(&mail, &clients), before);
    }

    #[test]
    fn writing_umlauts_out_changes_no_decision(
        clients in prop::collection::vec(a_client(), 1..5),
        mail in a_mail(),
    ) {
        let before = named(&mail, &clients);
        let folded = DebtUpdate {
            client_name: mail.client_name.as_deref().map(written_out),
            creditor_name: mail.creditor_name.as_deref().map(written_out),
            response_text: mail.response_text.as_deref().map(written_out),
            ..mail
        };
        prop_assert_eq!(&named(&folded, &clients), &before);
        let shouted = DebtUpdate {
            client_name: folded.client_name.map(|name| name.to_uppercase()),
            creditor_email: folded.creditor_email.to_uppercase(),
            ..folded
        };
        prop_assert_eq!(named(&shouted, &clients), before);
    }

    #[test]
    fn a_match_never_goes_against_number_name_sender_or_reference(
        clients in prop::collection::vec(a_client(), 1..5),
        mail in a_mail(),
    ) {
        let clients = read(&clients);
        let MatchDecision::Matched(found) = match_update(&mail, &clients) else { return Ok(()) };
        let client = &clients[found.client];
        let entry = &client.creditors[found.entry];
        if let Some(name) = &mail.client_name {
            let full = client.full_name();
            let last_first = format!(
                "{}, {}", client.last_name.as_deref().unwrap(), client.first_name.as_deref().unwrap()
            );
            prop_assert!(*name == full || *name == last_first);
        }
        let domain = |email: &str| email.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        let known = entry.sender_email.as_deref().unwrap();
        prop_assert_eq!(domain(known), domain(&mail.creditor_email));
        prop_assert!(entry.sender_email.as_ref() == Some(&mail.creditor_email) || !known.contains("gmx"));
        let same = |reference: &Option<String>, cited: &String| reference.as_ref() == Some(cited);
        for cited in &mail.reference_numbers {
            let elsewhere = clients.iter().enumerate().any(|(at, other)| {
                other.creditors.iter().enumerate().any(|(entry_at, entry)| {
                    (at, entry_at) != (found.client, found.entry)
                        && same(&entry.reference_number, cited)
                })
            });
            let own = same(&entry.reference_number, cited) || same(&client.aktenzeichen, cited);
            prop_assert!(own || !elsewhere, "{} is cited", cited);
        }
    }

    #[test]
    fn no_document_and_no_payload_panics(
        fields in prop::collection::vec(any_bson(), 5),
        entries in prop::collection::vec(any_bson(), 0..4),
        list_is_array in any::<bool>(),
        texts in prop::collection::vec("\\PC{0,20}", 5),
        references in prop::collection::vec("\\PC{0,20}", 0..4),
    ) {
        let mut fields = fields.into_iter();
        let mut next = || fields.next().unwrap();
        let list = if list_is_array { Bson::Array(entries) } else { next() };
        let document = doc! {
            "_id": next(), "aktenzeichen": next(), "firstName": next(), "lastName": "Weiß",
            CREDITOR_LIST: list,
        };
        let clients = [ClientDocument::from_bson(&document)];
        let mail = DebtUpdate {
            creditor_name: Some(texts[0].clone()),
            response_text: Some(texts[1].clone()),
            reference_numbers: references,
            ..update(Some(&texts[2]), Some(&texts[3]), &texts[4])
        };
        let message = Message {
            outbox_id: 1,
            fence: Fence::new(chrono::DateTime::UNIX_EPOCH, 1),
            operation: Operation::Update,
            update: &mail,
        };
        let plan = plan(&[message], &clients, GuardSettings::default());
        let outcomes = vec![OutcomeKind::Applied; plan.writes.len()];
        prop_assert_eq!(plan.settle(&outcomes).len(), 1);
    }
}
