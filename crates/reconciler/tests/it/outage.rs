//! MongoDB away, and back in mid run.

use std::sync::Arc;

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
    let progress = Arc::new(Progress::default());
    let comparing = tokio::spawn({
        let (reconciler, progress) = (world.reconciler.clone(), progress.clone());
        async move {
            let scope = Scope::of_last_hours(48);
            compare(&reconciler, scope, &Halt::default(), &progress).await.unwrap()
        }
    });
    wait_until(PATIENCE, || async { progress.mails() > 0 }).await;
    mongo.server.kill();
    assert!(progress.mails() < 3_000, "it was in the middle");
    mongo.server.restart().await.unwrap();
    let comparison = comparing.await.unwrap();
    assert_eq!(comparison.cut_short, None);
    assert!(comparison.has_seen_all_mails);
    assert_eq!((comparison.counts.mails, comparison.findings.total()), (3_000, 10));

    let report = world.run().await;
    assert_eq!((count(&report, "data_mismatch"), report.auto_repaired), (10, 10));
    assert_eq!(world.run().await.mismatches_found, 0);
}
