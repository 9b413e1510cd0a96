//! The guard against mass repair, and what a person may do.

use crate::seed::Shape;
use crate::world::{World, count};

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_lost_writes_are_refused_until_a_person_says_so() {
    let world = World::seeded().await;
    world.lose_writes(300).await;
    let refused = world.run().await;
    assert_eq!(refused.status, "completed");
    assert_eq!(count(&refused, "data_mismatch"), 300);
    assert_eq!((refused.auto_repaired, refused.failed_repairs), (0, 0));
    assert!(refused.error_message.unwrap().starts_with("NOTHING WAS REPAIRED: 300 targets"));
    assert!(!world.entry(0, 0).await.contains_key("current_debt_amount"));

    let output = world.output(&["run"]).await;
    assert_eq!(output.status.code(), Some(1), "a command that repaired nothing tells so");

    let repaired = world.repair_all().await;
    assert_eq!((repaired.auto_repaired, repaired.failed_repairs), (300, 0));
    for client in [0, 1, 298, 299] {
        world.assert_shows_newest(&world.entry(client, 0).await, client, 0);
    }
    let second = world.run().await;
    assert_eq!(second.mismatches_found, 0, "{:#}", second.details.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_the_targets_are_refused_however_many_older_mails_were_compared() {
    let many_mails = Shape { clients: 100, targets_per_client: 1, mails_per_target: 10 };
    let world = World::shaped(many_mails).await;
    world.lose_writes(50).await;
    let refused = world.run().await;
    assert_eq!(refused.records_checked, 1_000);
    assert_eq!(refused.auto_repaired, 0);
    let note = refused.error_message.unwrap();
    assert!(note.starts_with("NOTHING WAS REPAIRED: 50 targets differ of 100"), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_lists_a_thousand_and_counts_all() {
    let world = World::seeded().await;
    world.lose_writes(1_200).await;
    let report = world.run().await;
    let details = report.details.unwrap();
    assert_eq!(report.mismatches_found, 1_200);
    assert_eq!(details["mismatches_total"], 1_200);
    assert_eq!(details["mismatches"].as_array().unwrap().len(), 1_000);
}
