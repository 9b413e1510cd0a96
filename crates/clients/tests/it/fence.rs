//! Exactly once, and never an older amount over a newer one.

use bson::{Bson, DateTime, doc};
use clients::guard::GuardSettings;
use clients::plan::{OutcomeKind, plan};

use crate::support::{Letter, Shelf, max};

#[tokio::test]
async fn the_same_message_twice_changes_nothing_the_second_time() {
    let shelf = Shelf::with([max()]).await;
    let letter = Letter::new(5, 7, "1341.17");
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::Applied);
    let after_first = shelf.client("max").await;
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::AlreadyApplied);
    assert_eq!(shelf.client("max").await, after_first);
}

#[tokio::test]
async fn an_older_mail_after_a_newer_one_is_superseded() {
    let shelf = Shelf::with([max()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(9, 8, "1000.00")).await, OutcomeKind::Applied);
    let newer = shelf.client("max").await;
    for older in [Letter::new(5, 9, "2000.00"), Letter::new(9, 7, "2000.00")] {
        assert_eq!(shelf.deliver_one(&older).await, OutcomeKind::Superseded);
    }
    assert_eq!(shelf.client("max").await, newer);
    assert_eq!(shelf.deliver_one(&Letter::new(9, 9, "1001.00")).await, OutcomeKind::Applied);
}

#[tokio::test]
async fn of_one_batch_only_the_newest_is_written_in_either_order() {
    for reversed in [false, true] {
        let shelf = Shelf::with([max()]).await;
        let mut letters = vec![Letter::new(5, 7, "2000.00"), Letter::new(6, 8, "1500.00")];
        if reversed {
            letters.reverse();
        }
        let kinds: Vec<_> = shelf.deliver(&letters).await.into_iter().map(|o| o.kind).collect();
        let mut expected = vec![OutcomeKind::Superseded, OutcomeKind::Applied];
        if reversed {
            expected.reverse();
        }
        assert_eq!(kinds, expected);
        assert_eq!(shelf.amount(0).await, Some(1500.0));
    }
}

#[tokio::test]
async fn a_repair_replaces_its_own_version_and_never_a_newer_one() {
    let shelf = Shelf::with([max()]).await;
    let letter = Letter::new(5, 7, "1341.17");
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::Applied);
    let drifted = doc! { "$set": {
        "final_creditor_list.0.current_debt_amount": f64::NAN,
        "final_creditor_list.0.creditor_response_amount": "weg",
    } };
    shelf.set("max", drifted).await;
    let repair = letter.clone().repair();
    assert_eq!(shelf.deliver_one(&repair).await, OutcomeKind::Applied);
    let entry = shelf.entry("max", 0).await;
    assert_eq!(entry.get("current_debt_amount"), Some(&Bson::from(1341.17)));
    assert_eq!(entry.get("creditor_response_amount"), Some(&Bson::from(1341.17)));

    assert_eq!(shelf.deliver_one(&Letter::new(6, 8, "1400.00")).await, OutcomeKind::Applied);
    assert_eq!(shelf.deliver_one(&repair).await, OutcomeKind::Superseded);
    assert_eq!(shelf.amount(0).await, Some(1400.0));
}

#[tokio::test]
async fn a_repair_leaves_a_person_s_amount_alone() {
    let shelf = Shelf::with([max()]).await;
    let letter = Letter::new(5, 7, "1341.17");
    assert_eq!(shelf.deliver_one(&letter).await, OutcomeKind::Applied);
    let by_hand = doc! { "$set": {
        "final_creditor_list.0.current_debt_amount": 800.0,
        "final_creditor_list.0.amount_source": "manual",
    } };
    shelf.set("max", by_hand).await;
    let before = shelf.client("max").await;
    let kind = shelf.deliver_one(&letter.repair()).await;
    assert_eq!(kind, OutcomeKind::Review("manual_override"));
    assert_eq!(shelf.client("max").await, before);
}

#[tokio::test]
async fn a_repair_replaces_what_an_older_message_wrote() {
    let shelf = Shelf::with([max()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "1000.00")).await, OutcomeKind::Applied);
    let repair = Letter::new(6, 8, "1341.17").repair();
    assert_eq!(shelf.deliver_one(&repair).await, OutcomeKind::Applied);
    assert_eq!(shelf.amount(0).await, Some(1341.17));
}

#[tokio::test]
async fn a_repair_leaves_an_amount_alone_that_was_changed_under_its_mark_or_with_the_mark_removed()
{
    let current = "final_creditor_list.0.current_debt_amount";
    let response = "final_creditor_list.0.creditor_response_amount";
    let edits = [
        doc! { "$set": { current: 800.0 } },
        doc! { "$set": { current: 800.0 }, "$unset": { response: "" } },
        doc! { "$set": { current: 800, response: 800 }, "$unset": { "final_creditor_list.0.sync": "" } },
    ];
    for edit in edits {
        for (minute, email_id) in [(5, 7), (6, 8)] {
            let shelf = Shelf::with([max()]).await;
            let written = Letter::new(5, 7, "1341.17");
            assert_eq!(shelf.deliver_one(&written).await, OutcomeKind::Applied);
            shelf.set("max", edit.clone()).await;
            let before = shelf.client("max").await;
            let repair = Letter::new(minute, email_id, "1341.17").repair();
            assert_eq!(shelf.deliver_one(&repair).await, OutcomeKind::Review("manual_override"));
            assert_eq!(shelf.client("max").await, before);
        }
    }
}

#[tokio::test]
async fn a_person_s_edit_between_a_repair_s_read_and_its_write_stays() {
    let shelf = Shelf::with([max()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "1000.00")).await, OutcomeKind::Applied);
    let repair = Letter::new(6, 8, "1341.17").repair();
    let clients = shelf.store.find_candidates(&[&repair.update]).await.unwrap();
    let plan = plan(&[repair.message()], &clients, GuardSettings::default());
    assert_eq!(plan.writes.len(), 1);
    let by_hand = doc! { "$set": { "final_creditor_list.0.current_debt_amount": 1200.0 } };
    shelf.set("max", by_hand).await;
    let before = shelf.client("max").await;
    let outcomes = shelf.store.apply(&plan.writes).await.unwrap();
    assert_eq!(outcomes, [OutcomeKind::Review("manual_override")]);
    assert_eq!(shelf.client("max").await, before);
}

#[tokio::test]
async fn a_mark_that_went_through_json_still_holds_back_an_older_mail() {
    let shelf = Shelf::with([max()]).await;
    let newer = Letter::new(9, 8, "1000.00");
    assert_eq!(shelf.deliver_one(&newer).await, OutcomeKind::Applied);
    let through_json = doc! { "$set": {
        "final_creditor_list.0.sync.received_at": "2026-03-11T08:09:00.000Z",
        "final_creditor_list.0.sync.email_id": 8.0,
    } };
    shelf.set("max", through_json).await;
    assert_eq!(shelf.deliver_one(&newer).await, OutcomeKind::AlreadyApplied);
    assert_eq!(shelf.deliver_one(&Letter::new(5, 9, "2000.00")).await, OutcomeKind::Superseded);
    assert_eq!(shelf.deliver_one(&Letter::new(9, 9, "1500.00")).await, OutcomeKind::Applied);
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_asks_a_person() {
    let marks: Vec<Bson> = vec![
        Bson::from("x"),
        Bson::from(doc! {}),
        Bson::from(doc! { "received_at": "gestern", "email_id": 1 }),
        Bson::from(doc! { "received_at": DateTime::from_millis(0), "email_id": "1" }),
    ];
    for mark in marks {
        let shelf = Shelf::with([max()]).await;
        shelf.set("max", doc! { "$set": { "final_creditor_list.0.sync": mark.clone() } }).await;
        let before = shelf.client("max").await;
        let kind = shelf.deliver_one(&Letter::new(9, 9, "1500.00")).await;
        assert_eq!(kind, OutcomeKind::Review("fence_unreadable"), "{mark}");
        assert_eq!(shelf.client("max").await, before);
    }
}
