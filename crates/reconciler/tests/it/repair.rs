//! What becomes of repairs that cannot all be made.

use std::time::Duration;

use mongodb::bson::doc;
use reconciler::halt::Halt;
use reconciler::repair::{RepairOutcome, Repairs, repair};
use reconciler::run::{Reconciler, RunOptions};
use slog::{Discard, Logger, o};

use crate::world::{World, count, run};

/// One more than a batch.
const MORE_THAN_A_BATCH: i32 = 201;

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_waits_holds_up_no_later_one() {
    let world = World::seeded().await;
    world.lose_writes(MORE_THAN_A_BATCH).await;
    world.clients.delete_one(doc! { "_id": "c0" }).await.unwrap();
    let mails = newest(&world);
    let mut repairs = Repairs::default();
    let note = repair(&world.reconciler, &Halt::default(), &mails, &mut repairs).await.unwrap();
    assert_eq!(note, None);
    assert_eq!(repairs.of(mails[0]), Some(&RepairOutcome::Waiting), "its client may come back");
    assert_eq!(repairs.of(mails[200]), Some(&RepairOutcome::Repaired));
    assert_eq!((repairs.repaired(), repairs.failed()), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_mongodb_is_away_later_batches_are_not_attempted_and_said_to_be_so() {
    let mut world = World::seeded().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    world.mongo_url = format!("mongodb://{}", free.local_addr().unwrap());
    drop(free);
    let mut settings = world.settings(&[]).work;
    settings.delivery.write_timeout = Duration::from_millis(200);
    let cut_off = Reconciler::new(&settings, &Logger::root(Discard, o!())).await.unwrap();
    let mails = newest(&world);
    let mut repairs = Repairs::default();
    let note = repair(&cut_off, &Halt::default(), &mails, &mut repairs).await.unwrap();
    assert!(note.unwrap().starts_with("outbox rows were left to the relay"));
    assert_eq!(repairs.of(mails[199]), Some(&RepairOutcome::Waiting));
    assert_eq!(repairs.of(mails[200]), Some(&RepairOutcome::NotAttempted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_among_its_repairs_reports_those_that_it_made() {
    let world = World::seeded().await;
    world.lose_writes(MORE_THAN_A_BATCH).await;
    world.sql(&format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'no'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON outbox_messages FOR EACH ROW
           WHEN (NEW.aggregate_id = '{}') EXECUTE FUNCTION refuse()",
        newest(&world)[200]
    ));
    let options = RunOptions { trigger: "test", repair_all: true };
    let report = run(&world.reconciler, options).await;
    assert_eq!(report.status, "failed");
    assert_eq!(report.records_checked, 3_000);
    assert_eq!((count(&report, "data_mismatch"), report.mismatches_found), (201, 201));
    assert_eq!((report.auto_repaired, report.failed_repairs), (200, 0));
    let listed = &report.details.as_ref().unwrap()["mismatches"];
    assert_eq!((&listed[0]["repair"], &listed[0]["repaired"]), (&"repaired".into(), &true.into()));
    assert_eq!(listed[200]["repair"], "not_attempted");
}

/// The mails that the first entries of the first clients should show.
fn newest(world: &World) -> Vec<i32> {
    (0..MORE_THAN_A_BATCH).map(|client| world.seed.newest(client, 0)).collect()
}
