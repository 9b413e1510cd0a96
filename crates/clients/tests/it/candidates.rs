//! The query that finds the clients a batch may be about.

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use clients::plan::OutcomeKind;
use futures::TryStreamExt;

use crate::support::{Letter, Shelf, max};

fn client(id: &str, aktenzeichen: &str, first: &str, last: &str) -> Document {
    let mut client = max();
    client.extend(doc! {
        "_id": id, "aktenzeichen": aktenzeichen, "firstName": first, "lastName": last,
    });
    client
}

async fn found(shelf: &Shelf, letter: &Letter) -> Vec<String> {
    let clients = shelf.store.find_candidates(&[&letter.update]).await.unwrap();
    let mut ids: Vec<String> =
        clients.iter().map(|client| client.id.as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn an_aktenzeichen_is_found_in_every_spelling_and_never_as_a_part() {
    let shelf = Shelf::with([
        client("slash", "1381/25", "A", "B"),
        client("zeros", "01381_025", "A", "B"),
        client("longer", "11381_25", "A", "B"),
        client("joined", "138125", "A", "B"),
        client("label", "AZ-2026-42", "A", "B"),
    ])
    .await;
    shelf.store.ensure_indexes().await.unwrap();
    let mut letter = Letter::new(5, 7, "1.00");
    letter.update.reference_numbers.clear();
    letter.update.client_name = None;
    for (cited, expected) in [
        ("1381_25", vec!["slash", "zeros"]),
        ("1381 / 25", vec!["slash", "zeros"]),
        ("Az. 1381-25", vec!["slash", "zeros"]),
        ("az 2026/42", vec!["label"]),
        ("2026-42", vec!["label"]),
    ] {
        letter.update.client_aktenzeichen = Some(cited.to_owned());
        assert_eq!(found(&shelf, &letter).await, expected, "{cited}");
    }
}

#[tokio::test]
async fn a_name_is_found_in_every_spelling_and_either_order() {
    let shelf = Shelf::with([
        client("jörg", "1/26", "Jörg", "Böttcher"),
        client("voß", "2/26", "Stefan", "Voß"),
        client("heyden", "3/26", "Ingeborg", "von der Heyden"),
        client("karadağ", "4/26", "Mehmet", "Karadağ"),
        client("yıldırım", "5/26", "Gülcan", "Yıldırım"),
        client("wittkamp", "6/26", "Hans-Jürgen", "Wittkamp"),
        client("szymańska", "7/26", "Katarzyna", "Szymańska-Brandt"),
        client("other", "8/26", "Daniela", "Müller"),
    ])
    .await;
    shelf.store.ensure_indexes().await.unwrap();
    let mut letter = Letter::new(5, 7, "1.00");
    letter.update.reference_numbers.clear();
    letter.update.client_aktenzeichen = None;
    for (name, expected) in [
        ("BOETTCHER, JOERG", "jörg"),
        ("Herr Jörg Böttcher", "jörg"),
        ("Stefan Voss", "voß"),
        ("von der Heyden Ingeborg", "heyden"),
        ("Mehmet Karadag", "karadağ"),
        ("Guelcan Yildirim", "yıldırım"),
        ("Hans Jürgen Wittkamp", "wittkamp"),
        ("Dr. Katarzyna Szymanska Brandt", "szymańska"),
    ] {
        letter.update.client_name = Some(name.to_owned());
        assert_eq!(found(&shelf, &letter).await, [expected], "{name}");
        let kind = shelf.deliver_one(&letter).await;
        assert!(matches!(kind, OutcomeKind::Applied | OutcomeKind::AlreadyApplied), "{name}");
    }
    letter.update.client_name = Some("Daniel Müller".to_owned());
    assert_eq!(found(&shelf, &letter).await, Vec::<String>::new());
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::NotFound("client_not_found"));
}

#[tokio::test]
async fn another_client_s_reference_and_number_are_seen_and_stop_the_write() {
    let mut other = client("other", "77/26", "Beate", "Lindqvist");
    other.get_array_mut("final_creditor_list").unwrap()[0]
        .as_document_mut()
        .unwrap()
        .insert("reference_number", Bson::Int64(5_551_234));
    let shelf = Shelf::with([max(), other]).await;
    shelf.store.ensure_indexes().await.unwrap();
    let by_reference = Letter::new(5, 7, "1.00").citing("555 12 34");
    assert_eq!(found(&shelf, &by_reference).await, ["max", "other"]);
    assert_eq!(
        shelf.deliver_one(&by_reference).await,
        OutcomeKind::Review("reference_of_other_client")
    );
    let by_number = Letter::new(5, 7, "1.00").citing("77/26");
    assert_eq!(
        shelf.deliver_one(&by_number).await,
        OutcomeKind::Review("aktenzeichen_of_other_client")
    );
    assert!(!shelf.entry("max", 0).await.contains_key("sync"));
}

#[tokio::test]
async fn clients_with_a_response_are_read_in_parts_whatever_the_type_of_their_ids() {
    let ids = (0..25).map(|number| match number % 3 {
        0 => Bson::from(number),
        1 => Bson::from(format!("c{number:02}")),
        _ => Bson::ObjectId(ObjectId::from_bytes([number as u8; 12])),
    });
    let ids: Vec<Bson> = ids.collect();
    let shelf = Shelf::with(ids.iter().enumerate().map(|(number, id)| {
        let mut client = client("", "1/26", "A", "B");
        client.insert("_id", id.clone());
        if number % 2 == 0 {
            client.get_array_mut("final_creditor_list").unwrap()[1]
                .as_document_mut()
                .unwrap()
                .insert("amount_source", "creditor_response");
        }
        client
    }))
    .await;
    let (mut responded, mut parts, mut from) = (Vec::new(), 0, None);
    loop {
        let before = shelf.store.end_of_part(from.as_ref(), 4).await.unwrap();
        let part = shelf.store.find_responded(from.as_ref(), before.as_ref()).await.unwrap();
        assert!(part.len() <= 4);
        responded.extend(part.into_iter().map(|client| client.id));
        parts += 1;
        from = before;
        if from.is_none() {
            break;
        }
    }
    assert_eq!((responded.len(), parts), (13, 7));
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(responded.contains(id), number % 2 == 0, "{id}");
    }

    let by_id = shelf.store.find_by_ids(&ids[..3]).await.unwrap();
    assert_eq!(by_id.len(), 3);
}

#[tokio::test]
async fn the_queries_use_the_indexes() {
    let shelf = Shelf::with((0..200).map(|number| {
        client(&format!("c{number}"), &format!("{number}/26"), &format!("Vor{number}"), "Nach")
    }))
    .await;
    shelf.store.ensure_indexes().await.unwrap();
    shelf.database.run_command(doc! { "profile": 2 }).await.unwrap();
    let mut letter = Letter::new(5, 7, "1.00").citing("MB-999");
    letter.update.client_aktenzeichen = Some("999/26".to_owned());
    letter.update.client_name = Some("Vor7 Nach".to_owned());
    shelf.store.find_candidates(&[&letter.update]).await.unwrap();
    let finds = shelf.database.collection::<Document>("system.profile");
    let finds: Vec<Document> = finds
        .find(doc! { "op": "query", "command.find": "clients" })
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    // By Aktenzeichen, by the reference as number and as reference, by name, and who was new by it.
    assert_eq!(finds.len(), 5);
    for find in finds {
        let plan = find.get_str("planSummary").unwrap();
        assert!(plan.contains("IXSCAN") && !plan.contains("COLLSCAN"), "{plan}");
        assert!(find.get_i32("docsExamined").unwrap() <= 1, "{find}");
    }
}
