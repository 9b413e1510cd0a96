//! Amounts that are held for a person.

use bson::{Bson, doc};
use clients::guard::{Downgrade, GuardSettings};
use clients::plan::OutcomeKind;

use crate::support::{Letter, Shelf, max};

#[tokio::test]
async fn an_amount_below_the_last_response_is_held() {
    let shelf = Shelf::with([max()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "1341.17")).await, OutcomeKind::Applied);
    let before = shelf.client("max").await;
    let lower = Letter::new(6, 8, "1341.16");
    assert_eq!(shelf.deliver_one(&lower).await, OutcomeKind::Review("downgrade"));
    assert_eq!(shelf.client("max").await, before);

    let allow = GuardSettings { downgrade: Downgrade::Allow, ..GuardSettings::default() };
    let outcomes = shelf.store.deliver(&[lower.message()], allow).await.unwrap();
    assert_eq!(outcomes[0].kind, OutcomeKind::Applied);
}

#[tokio::test]
async fn a_first_response_may_be_below_the_claim() {
    let shelf = Shelf::with([max()]).await;
    assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "0.00")).await, OutcomeKind::Applied);
    assert_eq!(shelf.entry("max", 0).await.get("claim_amount"), Some(&Bson::Double(1_200.5)));
}

#[tokio::test]
async fn an_amount_out_of_all_proportion_to_the_claim_is_held() {
    for claim in [Bson::Double(100.0), Bson::Int32(100), Bson::Decimal128("100".parse().unwrap())] {
        let shelf = Shelf::with([max()]).await;
        shelf.set("max", doc! { "$set": { "final_creditor_list.0.claim_amount": claim } }).await;
        let jump = Letter::new(5, 7, "2000.01");
        assert_eq!(shelf.deliver_one(&jump).await, OutcomeKind::Review("jump"));
        assert_eq!(shelf.deliver_one(&Letter::new(5, 7, "2000.00")).await, OutcomeKind::Applied);
    }
}

#[tokio::test]
async fn when_the_newest_of_a_batch_is_held_the_next_newest_is_written() {
    let shelf = Shelf::with([max()]).await;
    let letters =
        [Letter::new(5, 7, "1300.00"), Letter::new(6, 8, "1400.00"), Letter::new(7, 9, "99999.99")];
    let kinds: Vec<_> = shelf.deliver(&letters).await.into_iter().map(|o| o.kind).collect();
    let expected = [OutcomeKind::Superseded, OutcomeKind::Applied, OutcomeKind::Review("jump")];
    assert_eq!(kinds, expected);
    assert_eq!(shelf.amount(0).await, Some(1400.0));
}
