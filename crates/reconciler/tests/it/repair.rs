//! What becomes of repairs that cannot all be made.

use std::sync::Arc;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use domain::models::outbox_message::{self, Reprocess};
use mongodb::bson::doc;
use reconciler::halt::Halt;
use reconciler::repair::{RepairOutcome, Repairs, repair};
use reconciler::run::{Reconciler, RunOptions};
use serde_json::json;
use slog::{Discard, Logger, o};
use test_support::wait_until;

use crate::world::{PATIENCE, World, count, run};

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
    let options = RunOptions { repair_all: true, ..RunOptions::of("test") };
    let report = run(&world.reconciler, options).await;
    assert_eq!(report.status, "failed");
    assert_eq!(report.records_checked, 3_000);
    assert_eq!((count(&report, "data_mismatch"), report.mismatches_found), (201, 201));
    assert_eq!((report.auto_repaired, report.failed_repairs), (200, 0));
    let listed = &report.details.as_ref().unwrap()["mismatches"];
    assert_eq!((&listed[0]["repair"], &listed[0]["repaired"]), (&"repaired".into(), &true.into()));
    assert_eq!(listed[200]["repair"], "not_attempted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_run_repairs_what_was_planned_and_still_is_wrong_and_does_nothing_else() {
    let world = World::seeded().await;
    world.lose_writes(3).await;
    let mails = newest(&world);
    world.lose_write(1, 0, Some(mails[1])).await;
    let due = world.seed.newest(20, 0);
    world.sql(&format!(
        "UPDATE outbox_messages SET processed_at = NULL WHERE id = {due};
         INSERT INTO idempotency_keys (key, expires_at) VALUES ('old', now() - interval '1 h')"
    ));
    let report = run(&world.reconciler, planned(&mails[..2])).await;
    assert_eq!((report.mismatches_found, report.auto_repaired), (2, 1));
    world.assert_shows_newest(&world.entry(0, 0).await, 0, 0);
    assert!(!world.entry(2, 0).await.contains_key("sync"), "nobody was asked about it");
    let untouched = format!(
        "SELECT 1 FROM outbox_messages m, idempotency_keys WHERE m.processed_at IS NULL AND m.id = {due}"
    );
    let rows = diesel::sql_query(untouched).execute(&mut world.connect());
    assert_eq!(rows, Ok(1), "nothing else is delivered or deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_does_not_lift_the_limits_when_much_differs_by_the_time_it_is_carried_out() {
    let world = World::seeded().await;
    world.lose_writes(300).await;
    let report = run(&world.reconciler, planned(&newest(&world)[..3])).await;
    assert_eq!(report.auto_repaired, 0);
    let note = report.error_message.unwrap();
    assert!(note.ends_with("`reconciler audit --fix --repair-all`"), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_reprocessed_while_its_repair_is_made_keeps_the_reprocessing() {
    let world = World::seeded().await;
    let mail = world.seed.newest(7, 0);
    let mut operator = world.connect();
    AnsiTransactionManager::begin_transaction(&mut operator).unwrap();
    assert_eq!(outbox_message::reprocess(&mut operator, mail).unwrap(), Reprocess::Reset);
    // The repair has read the mail while it was synced, and waits for the operator's lock.
    let database = world.reconciler.database.clone();
    let repairing = tokio::spawn(async move {
        let after = Some(i64::from(mail));
        database
            .query(move |conn| outbox_message::enqueue_repair(conn, mail, after, &json!({}), "key"))
            .await
    });
    let waits = "SELECT 1 FROM pg_stat_activity
                  WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut watcher = world.connect();
    wait_until(PATIENCE, || {
        std::future::ready(diesel::sql_query(waits).execute(&mut watcher) == Ok(1))
    })
    .await;
    AnsiTransactionManager::commit_transaction(&mut operator).unwrap();
    assert_eq!(repairing.await.unwrap().unwrap(), None);
    let reset = format!(
        "SELECT 1 FROM incoming_emails e LEFT JOIN outbox_messages m ON m.operation = 'REPAIR'
          WHERE e.id = {mail} AND e.processing_status = 'received' AND m.id IS NULL"
    );
    assert_eq!(diesel::sql_query(reset).execute(&mut watcher), Ok(1));
}

fn planned(mails: &[i32]) -> RunOptions {
    let plan = Some(Arc::new(mails.iter().copied().collect()));
    RunOptions { plan, ..RunOptions::of("test") }
}

/// The mails that the first entries of the first clients should show.
fn newest(world: &World) -> Vec<i32> {
    (0..MORE_THAN_A_BATCH).map(|client| world.seed.newest(client, 0)).collect()
}
