//! Many statements in one command.

use bson::{Document, doc};
use clients::plan::OutcomeKind;

use crate::support::{Letter, Shelf, max};

fn client(number: i64) -> Document {
    let mut client = max();
    client.insert("_id", format!("client-{number}"));
    client.insert("aktenzeichen", format!("{number}_26"));
    client
}

fn letter(number: i64, amount: &str) -> Letter {
    let mut letter = Letter::new(5, number, amount);
    letter.update.client_aktenzeichen = Some(format!("{number}/26"));
    letter.update.reference_numbers.clear();
    letter
}

#[tokio::test]
async fn a_poisoned_statement_among_500_does_not_touch_the_others() {
    let shelf = Shelf::with((1..=500).map(client)).await;
    // The portal validates its documents: what breaks its rule is refused, for ever.
    let rule = doc! { "final_creditor_list.extraction_confidence": { "$ne": 0.5 } };
    shelf.database.run_command(doc! { "collMod": "clients", "validator": rule }).await.unwrap();
    let mut letters: Vec<Letter> = (1..=500).map(|number| letter(number, "1000.00")).collect();
    letters[249].update.extraction_confidence = Some(0.5);
    // And one that another relay has applied already, so that the counts do not add up.
    assert_eq!(shelf.deliver_one(&letters[100]).await, OutcomeKind::Applied);

    let outcomes = shelf.deliver(&letters).await;
    for (at, outcome) in outcomes.iter().enumerate() {
        let expected = match at {
            100 => OutcomeKind::AlreadyApplied,
            249 => OutcomeKind::Failed("document_validation"),
            _ => OutcomeKind::Applied,
        };
        assert_eq!(outcome.kind, expected, "message {at}");
    }
    let written = doc! { "final_creditor_list.0.current_debt_amount": 1000.0 };
    assert_eq!(shelf.clients.count_documents(written).await.unwrap(), 499);
    assert!(!shelf.entry("client-250", 0).await.contains_key("sync"));
}

#[tokio::test]
async fn a_batch_larger_than_a_command_is_parted() {
    let shelf = Shelf::with((1..=40).map(client)).await;
    let mut letters: Vec<Letter> = (1..=40).map(|number| letter(number, "1000.00")).collect();
    for letter in &mut letters {
        letter.update.response_text = Some("ü".repeat(250_000));
    }
    letters[7].update.response_text = Some("x".repeat(9_000_000));
    for outcome in shelf.deliver(&letters).await {
        assert_eq!(outcome.kind, OutcomeKind::Applied);
    }
}

#[tokio::test]
async fn a_text_that_no_document_can_hold_fails_alone() {
    let shelf = Shelf::with((1..=3).map(client)).await;
    let mut letters: Vec<Letter> = (1..=3).map(|number| letter(number, "1000.00")).collect();
    letters[1].update.response_text = Some("x".repeat(17_000_000));
    let kinds: Vec<_> = shelf.deliver(&letters).await.into_iter().map(|o| o.kind).collect();
    let expected = [OutcomeKind::Applied, OutcomeKind::Failed("too_large"), OutcomeKind::Applied];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn two_entries_of_one_client_are_both_written() {
    let shelf = Shelf::with([max()]).await;
    let mut second = Letter::new(6, 8, "333.33");
    second.update.creditor_email = "forderung@stadtwerke.example".to_owned();
    let letters = [Letter::new(5, 7, "1341.17"), second];
    for outcome in shelf.deliver(&letters).await {
        assert_eq!(outcome.kind, OutcomeKind::Applied);
    }
    assert_eq!(shelf.amount(0).await, Some(1341.17));
    assert_eq!(shelf.amount(1).await, Some(333.33));
}

#[tokio::test]
async fn an_empty_batch_asks_nothing() {
    let shelf = Shelf::with([]).await;
    assert_eq!(shelf.deliver(&[]).await, vec![]);
}
