//! The portal changes a document between the relay's read and its write.

use bson::{Bson, DateTime, Document, doc};
use clients::guard::GuardSettings;
use clients::plan::{Outcome, OutcomeKind, plan};

use crate::fields::entry_mut;
use crate::support::{Letter, Shelf, max};

/// Reads, lets the portal change the client, then writes.
async fn deliver_around(
    shelf: &Shelf,
    letters: &[Letter],
    change: impl AsyncFnOnce(&Shelf),
) -> Vec<Outcome> {
    let updates: Vec<_> = letters.iter().map(|letter| &letter.update).collect();
    let clients = shelf.store.find_candidates(&updates).await.unwrap();
    let messages: Vec<_> = letters.iter().map(Letter::message).collect();
    let plan = plan(&messages, &clients, GuardSettings::default());
    change(shelf).await;
    let outcomes = shelf.store.apply(&plan.writes).await.unwrap();
    plan.settle(&outcomes)
}

async fn replace_list(shelf: &Shelf, list: Vec<Document>) {
    shelf.set("max", doc! { "$set": { "final_creditor_list": list } }).await;
}

fn entries() -> Vec<Document> {
    let client = max();
    let list = client.get_array("final_creditor_list").unwrap();
    list.iter().map(|entry| entry.as_document().unwrap().clone()).collect()
}

#[tokio::test]
async fn a_reordered_array_gets_the_amount_in_the_right_entry() {
    let shelf = Shelf::with([max()]).await;
    let outcomes = deliver_around(&shelf, &[Letter::new(5, 7, "1341.17")], async |shelf| {
        replace_list(shelf, entries().into_iter().rev().collect()).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::Applied);
    assert!(!shelf.entry("max", 0).await.contains_key("sync"));
    let entry = shelf.entry("max", 1).await;
    assert_eq!(entry.get("id"), Some(&Bson::from("a")));
    assert_eq!(entry.get("current_debt_amount"), Some(&Bson::from(1341.17)));
}

#[tokio::test]
async fn an_entry_added_before_it_does_not_move_the_write() {
    let shelf = Shelf::with([max()]).await;
    let outcomes = deliver_around(&shelf, &[Letter::new(5, 7, "1341.17")], async |shelf| {
        let mut list = entries();
        list.insert(0, doc! { "id": "new", "sender_email": "neu@neu.example" });
        replace_list(shelf, list).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::Applied);
    assert_eq!(shelf.amount(1).await, Some(1341.17));
    assert!(!shelf.entry("max", 0).await.contains_key("sync"));
}

#[tokio::test]
async fn nothing_is_written_when_the_entry_or_the_client_is_gone() {
    let shelf = Shelf::with([max()]).await;
    let letter = [Letter::new(5, 7, "1341.17")];
    let outcomes = deliver_around(&shelf, &letter, async |shelf| {
        replace_list(shelf, entries().split_off(1)).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::TryAgain("entry_moved"));
    assert!(!shelf.entry("max", 0).await.contains_key("sync"));

    let shelf = Shelf::with([max()]).await;
    let outcomes = deliver_around(&shelf, &letter, async |shelf| {
        shelf.clients.delete_one(doc! { "_id": "max" }).await.unwrap();
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::TryAgain("client_gone"));
    assert_eq!(shelf.clients.count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_is_written_when_a_second_entry_took_the_same_identity() {
    let shelf = Shelf::with([max()]).await;
    let outcomes = deliver_around(&shelf, &[Letter::new(5, 7, "1341.17")], async |shelf| {
        let mut list = entries();
        list.push(list[0].clone());
        replace_list(shelf, list).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::TryAgain("entry_moved"));
    for position in [0, 1, 2] {
        assert!(!shelf.entry("max", position).await.contains_key("sync"));
    }
}

#[tokio::test]
async fn a_twin_that_shows_a_newer_mail_does_not_make_the_entry_unique() {
    let shelf = Shelf::with([max()]).await;
    let outcomes = deliver_around(&shelf, &[Letter::new(5, 7, "1341.17")], async |shelf| {
        let newer = Letter::new(9, 9, "1.00").fence;
        let received_at = DateTime::from_chrono(newer.received_at());
        let mut list = entries();
        let mut twin = list[0].clone();
        twin.insert("sync", doc! { "received_at": received_at, "email_id": newer.email_id() });
        list.push(twin);
        replace_list(shelf, list).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::TryAgain("entry_moved"));
    assert_eq!(shelf.amount(0).await, None);
}

#[tokio::test]
async fn two_entries_that_look_alike_are_never_written() {
    let mut client = max();
    let twin = entry_mut(&mut client, 0).clone();
    client.get_array_mut("final_creditor_list").unwrap().push(Bson::from(twin));
    let shelf = Shelf::with([client.clone()]).await;
    let letter = Letter::new(5, 7, "1341.17").citing("MB-100200");
    let kind = shelf.deliver_one(&letter).await;
    assert_eq!(kind, OutcomeKind::Review("ambiguous_creditor"));
    assert_eq!(shelf.client("max").await, client);
}

#[tokio::test]
async fn the_list_turned_into_something_else_gets_nothing() {
    let shelf = Shelf::with([max()]).await;
    let outcomes = deliver_around(&shelf, &[Letter::new(5, 7, "1341.17")], async |shelf| {
        shelf.set("max", doc! { "$set": { "final_creditor_list": { "a": 1 } } }).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::TryAgain("entry_moved"));
}

#[tokio::test]
async fn the_fence_inside_the_update_holds_against_a_newer_write_in_between() {
    let shelf = Shelf::with([max()]).await;
    let newer = Letter::new(9, 9, "1000.00");
    let outcomes = deliver_around(&shelf, &[Letter::new(5, 7, "1341.17")], async |shelf| {
        assert_eq!(shelf.deliver_one(&newer).await, OutcomeKind::Applied);
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::Superseded);
    assert_eq!(shelf.amount(0).await, Some(1000.0));
}

#[tokio::test]
async fn the_guard_inside_the_update_holds_against_a_change_in_between() {
    let changes = [
        (
            doc! { "amount_source": "creditor_response", "current_debt_amount": 5_000.0 },
            "downgrade",
        ),
        (
            doc! { "amount_source": "creditor_response", "creditor_response_amount": 5_000 },
            "downgrade",
        ),
        (
            doc! { "amount_source": "creditor_response", "current_debt_amount": "5.000" },
            "shown_amount_unreadable",
        ),
        (doc! { "claim_amount": 1.0 }, "jump"),
        (doc! { "claim_amount": Bson::Decimal128("67.05".parse().unwrap()) }, "jump"),
    ];
    for (change, code) in changes {
        let shelf = Shelf::with([max()]).await;
        let letter = [Letter::new(5, 7, "1341.17")];
        let outcomes = deliver_around(&shelf, &letter, async |shelf| {
            let mut list = entries();
            list[0].extend(change.clone());
            replace_list(shelf, list).await;
        })
        .await;
        assert_eq!(outcomes[0].kind, OutcomeKind::Review(code), "{change}");
        assert!(!shelf.entry("max", 0).await.contains_key("sync"), "{change}");
    }
}

#[tokio::test]
async fn a_person_s_amount_set_in_between_holds_against_a_repair() {
    let shelf = Shelf::with([max()]).await;
    let repair = [Letter::new(5, 7, "1341.17").repair()];
    let outcomes = deliver_around(&shelf, &repair, async |shelf| {
        let mut list = entries();
        list[0].extend(doc! { "amount_source": "manual", "current_debt_amount": 800.0 });
        replace_list(shelf, list).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::Review("manual_override"));
    assert_eq!(shelf.amount(0).await, Some(800.0));
}

#[tokio::test]
async fn a_repair_that_was_refused_is_not_taken_for_the_message_that_it_repairs() {
    let shelf = Shelf::with([max()]).await;
    let letter = Letter::new(5, 7, "1341.17");
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::Applied);
    let outcomes = deliver_around(&shelf, &[letter.repair()], async |shelf| {
        let by_hand = doc! { "final_creditor_list.0.amount_source": "manual" };
        shelf.set("max", doc! { "$set": by_hand }).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::Review("manual_override"));
}

#[tokio::test]
async fn an_older_message_is_not_lost_with_the_newer_one_that_could_not_be_written() {
    let shelf = Shelf::with([max()]).await;
    let letters = [Letter::new(5, 7, "1300.00"), Letter::new(6, 8, "1100.00")];
    let outcomes = deliver_around(&shelf, &letters, async |shelf| {
        let mut list = entries();
        list[0].extend(doc! { "amount_source": "creditor_response", "current_debt_amount": 1_200 });
        replace_list(shelf, list).await;
    })
    .await;
    assert_eq!(outcomes[0].kind, OutcomeKind::TryAgain("newer_message_not_written"));
    assert_eq!(outcomes[1].kind, OutcomeKind::Review("downgrade"));
    assert_eq!(shelf.deliver_one(&letters[0]).await, OutcomeKind::Applied);
}
