//! MongoDB away, and back in mid run.

use reconciler::compare::{Progress, Scope, compare};
use reconciler::halt::Halt;
use test_support::{PrivateMongo, wait_until};

use crate::world::{PATIENCE, World, count};

#[tokio::test(flavor = "multi_thread")]
async fn without_mongodb_the_rest_is_done_and_when_it_is_back_in_mid_run_nothing_is_missed() {
    let mut mongo = PrivateMongo::start().await;
    let world = World::seeded_on(&mongo).await;
    world.lose_writes(10).await;
    world.sql(
        "INSERT INTO idempotency_keys (key, expires_at) VALUES ('old', now() - interval '1 h')",
    );
    mongo.server.kill();

    let report = world.run().await;
    assert_eq!(report.status, "completed");
    assert!(report.error_message.as_deref().unwrap().starts_with("MongoDB is away"));
    assert_eq!((report.records_checked, report.mismatches_found), (0, 0));
    assert_eq!(report.details.as_ref().unwrap()["cleaned_up"]["idempotency_keys"], 1);
    let audit = world.output(&["audit", "--json"]).await;
    assert_eq!(audit.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&audit.stderr).contains("MongoDB is away"));

    let scope = Scope::of_last_hours(48);
    let halt = Halt::default();
    let away = compare(&world.reconciler, scope, &halt, &Progress::default()).await.unwrap();
    assert!(away.cut_short.is_some() && !away.has_seen_all_mails);

    mongo.server.restart().await.unwrap();
    let store = world.store();
    wait_until(PATIENCE, || async { store.ping().await.is_ok() }).await;
    let (halt, mut pauses) = Halt::with_pauses_in_hand();
    let comparing = tokio::spawn({
        let reconciler = world.reconciler.clone();
        async move {
            let scope = Scope::of_last_hours(48);
            compare(&reconciler, scope, &halt, &Progress::default()).await.unwrap()
        }
    });
    let between_the_looks = pauses.recv().await.unwrap();
    mongo.server.kill();
    drop(between_the_looks);
    // The second look has found MongoDB away and waits before it asks again.
    let first_wait = pauses.recv().await.unwrap();
    mongo.server.restart().await.unwrap();
    drop((first_wait, pauses));
    let comparison = comparing.await.unwrap();
    assert_eq!(comparison.cut_short, None);
    assert!(comparison.has_seen_all_mails);
    assert_eq!((comparison.counts.mails, comparison.findings.total()), (3_000, 10));

    let report = world.run().await;
    assert_eq!((count(&report, "data_mismatch"), report.auto_repaired), (10, 10));
    assert_eq!(world.run().await.mismatches_found, 0);
}
