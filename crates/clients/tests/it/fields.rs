//! What a write sets, and what it leaves alone.

use bson::{Bson, DateTime, Decimal128, Document, doc, oid::ObjectId};
use clients::plan::OutcomeKind;

use crate::support::{Letter, Shelf, entry_at, max};

const OURS: [&str; 10] = [
    "current_debt_amount",
    "creditor_response_amount",
    "amount_source",
    "response_received_at",
    "last_contacted_at",
    "contact_status",
    "creditor_response_text",
    "response_reference_numbers",
    "extraction_confidence",
    "sync",
];

#[tokio::test]
async fn a_write_sets_exactly_the_fields_of_a_response() {
    let shelf = Shelf::with([max()]).await;
    let letter = Letter::new(5, 7, "1341.17");
    let before = DateTime::now();
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::Applied);

    let entry = shelf.entry("max", 0).await;
    let received_at = DateTime::from_chrono(letter.fence.received_at());
    assert_eq!(entry.get("current_debt_amount"), Some(&Bson::Double(1341.17)));
    assert_eq!(entry.get("creditor_response_amount"), Some(&Bson::Double(1341.17)));
    assert_eq!(entry.get("amount_source"), Some(&Bson::from("creditor_response")));
    assert_eq!(entry.get("response_received_at"), Some(&Bson::from(received_at)));
    assert_eq!(entry.get("contact_status"), Some(&Bson::from("responded")));
    assert_eq!(entry.get("creditor_response_text"), Some(&Bson::from("$amount: siehe oben")));
    assert_eq!(
        entry.get_array("response_reference_numbers").unwrap(),
        &vec![Bson::from("1381/25")]
    );
    assert_eq!(entry.get("extraction_confidence"), Some(&Bson::from(0.93)));
    let sync = entry.get_document("sync").unwrap();
    assert_eq!(sync.get("email_id"), Some(&Bson::Int64(7)));
    assert_eq!(sync.get("outbox_id"), Some(&Bson::Int64(1_007)));
    assert_eq!(sync.get("received_at"), Some(&Bson::from(received_at)));
    let applied_at = sync.get_datetime("applied_at").unwrap();
    let now = (before.timestamp_millis() - 60_000)..(before.timestamp_millis() + 60_000);
    assert!(now.contains(&applied_at.timestamp_millis()));
    assert_eq!(entry.get("last_contacted_at"), Some(&Bson::from(*applied_at)));
}

#[tokio::test]
async fn all_other_fields_and_entries_and_their_order_stay_as_they_were() {
    let original = max();
    let shelf = Shelf::with([original.clone()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await, OutcomeKind::Applied);

    let mut written = shelf.client("max").await;
    let mut expected = original;
    for (client, remove_status) in [(&mut written, false), (&mut expected, true)] {
        let list = client.get_array_mut("final_creditor_list").unwrap();
        let entry = list[0].as_document_mut().unwrap();
        assert_eq!(entry.contains_key("sync"), !remove_status);
        OURS.iter().for_each(|field| drop(entry.remove(field)));
    }
    // As bytes, so that the order of fields and the type of each number count.
    assert_eq!(written.to_vec().unwrap(), expected.to_vec().unwrap());
}

#[tokio::test]
async fn an_id_of_any_type_names_its_entry() {
    let ids: Vec<Bson> = vec![
        Bson::from("gl-1"),
        Bson::Int32(1),
        Bson::Int64(5_000_000_000),
        Bson::Double(2.5),
        Bson::ObjectId(ObjectId::new()),
        Bson::DateTime(DateTime::from_millis(5)),
        Bson::Decimal128("7.25".parse::<Decimal128>().unwrap()),
        Bson::from("$id"),
    ];
    for id in ids {
        let mut client = max();
        entry_mut(&mut client, 0).insert("id", id.clone());
        client.insert("_id", Bson::ObjectId(ObjectId::new()));
        let client_id = client.get("_id").unwrap().clone();
        let shelf = Shelf::with([client]).await;
        let kind = shelf.deliver_one(&Letter::new(5, 7, "10.00")).await;
        assert_eq!(kind, OutcomeKind::Applied, "{id:?}");
        assert_eq!(shelf.entry(client_id, 0).await.get("id"), Some(&id));
    }
}

#[tokio::test]
async fn identities_are_compared_byte_for_byte_whatever_the_collection_s_collation() {
    let shelf = Shelf::with([]).await;
    let ignoring_case = doc! { "locale": "de", "strength": 1 };
    let create = doc! { "create": "clients", "collation": ignoring_case };
    shelf.database.run_command(create).await.unwrap();
    let mut client = max();
    entry_mut(&mut client, 1).insert("id", "A");
    shelf.clients.insert_one(client).await.unwrap();
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await, OutcomeKind::Applied);
    assert_eq!(shelf.amount(0).await, Some(1341.17));
    assert_eq!(shelf.amount(1).await, None);
}

#[tokio::test]
async fn without_an_id_sender_and_reference_together_name_the_entry() {
    for missing in [vec!["id"], vec!["id", "reference_number"], vec!["id", "sender_name"]] {
        let mut client = max();
        missing.iter().for_each(|field| drop(entry_mut(&mut client, 0).remove(field)));
        let shelf = Shelf::with([client]).await;
        let kind = shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await;
        assert_eq!(kind, OutcomeKind::Applied, "without {missing:?}");
        assert_eq!(shelf.amount(0).await, Some(1341.17));
        assert!(!shelf.entry("max", 1).await.contains_key("sync"));
    }
}

#[tokio::test]
async fn fields_that_are_missing_or_null_or_of_another_type_hinder_no_write() {
    let oddities: Vec<(&str, Bson)> = vec![
        ("claim_amount", Bson::from("1.200,50")),
        ("claim_amount", Bson::Null),
        ("claim_amount", Bson::from(vec![1, 2])),
        ("claim_amount", Bson::Double(f64::NAN)),
        ("claim_amount", Bson::Decimal128("1200.50".parse().unwrap())),
        ("current_debt_amount", Bson::from("viel")),
        ("creditor_response_amount", Bson::from(doc! { "x": 1 })),
        ("contact_status", Bson::Int32(4)),
        ("sync", Bson::Null),
        ("reference_number", Bson::Int64(100_200)),
        ("main_zendesk_ticket_id", Bson::Int32(48_102)),
        ("creditor_name", Bson::Boolean(true)),
    ];
    for (field, value) in oddities {
        let mut client = max();
        entry_mut(&mut client, 0).insert(field, value.clone());
        let shelf = Shelf::with([client]).await;
        let kind = shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await;
        assert_eq!(kind, OutcomeKind::Applied, "{field}: {value:?}");
    }
    for field in ["claim_amount", "contact_status", "reference_number", "sender_name"] {
        let mut client = max();
        entry_mut(&mut client, 0).remove(field);
        let shelf = Shelf::with([client]).await;
        let kind = shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await;
        assert_eq!(kind, OutcomeKind::Applied, "without {field}");
    }
}

#[tokio::test]
async fn the_case_number_may_be_stored_as_a_number() {
    for stored in [Bson::Int32(542_900), Bson::Double(542_900.0), Bson::from("0542900")] {
        let mut client = max();
        client.insert("aktenzeichen", stored.clone());
        let shelf = Shelf::with([client]).await;
        let mut letter = Letter::new(5, 7, "1341.17");
        letter.update.client_aktenzeichen = Some("542900".to_owned());
        letter.update.reference_numbers.clear();
        assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::Applied, "{stored:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_no_array_is_never_written() {
    for list in [Bson::Null, Bson::from("leer"), Bson::from(doc! { "0": { "id": "a" } })] {
        let mut client = max();
        client.insert("final_creditor_list", list);
        let shelf = Shelf::with([client.clone()]).await;
        let kind = shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await;
        assert_eq!(kind, OutcomeKind::Review("unknown_sender"));
        assert_eq!(shelf.client("max").await, client);
    }
}

#[tokio::test]
async fn elements_that_are_no_documents_stay_where_they_are() {
    let mut client = max();
    let list = client.get_array_mut("final_creditor_list").unwrap();
    list.insert(0, Bson::from("?"));
    list.insert(1, Bson::Null);
    list.insert(2, Bson::from(vec![Bson::from(doc! { "id": "a" })]));
    let shelf = Shelf::with([client.clone()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await, OutcomeKind::Applied);
    let written = shelf.client("max").await;
    let list = written.get_array("final_creditor_list").unwrap();
    assert_eq!(list[..3], client.get_array("final_creditor_list").unwrap()[..3]);
    assert_eq!(entry_at(&written, 3).get("current_debt_amount"), Some(&Bson::from(1341.17)));
}

pub(crate) fn entry_mut(client: &mut Document, position: usize) -> &mut Document {
    client.get_array_mut("final_creditor_list").unwrap()[position].as_document_mut().unwrap()
}
