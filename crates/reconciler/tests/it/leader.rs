//! One run at a time and one per slot, whatever the number of replicas and however they end.

use std::cell::RefCell;
use std::process::{Child, Stdio};
use std::time::Instant;

use chrono::{TimeDelta, Utc};
use domain::models::reconciliation_report::{self, ReconciliationReport};
use domain::status::ReportStatus;
use reconciler::compare::Progress;
use reconciler::run::{Begun, Reconciler, RunEnd, RunOptions, Start};
use test_support::wait_until;
use tokio_util::sync::CancellationToken;

use crate::world::{PATIENCE, World, count};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_one_runs_and_the_other_does_not_repeat_the_slot() {
    let world = World::empty().await;
    let other = world.replica(&[]).await;
    let slot = Utc::now() - TimeDelta::seconds(1);
    let (mine, others) = tokio::join!(world.reconciler.begin(Some(slot)), other.begin(Some(slot)));
    let mut begun: Vec<_> = [mine.unwrap(), others.unwrap()]
        .into_iter()
        .filter_map(|start| if let Start::Begun(begun) = start { Some(begun) } else { None })
        .collect();
    assert_eq!(begun.len(), 1, "exactly one leads");
    carry_out(&world.reconciler, begun.remove(0)).await;
    assert!(matches!(other.begin(Some(slot)).await.unwrap(), Start::AlreadyDone));
    let next_slot = Utc::now() + TimeDelta::hours(1);
    assert!(matches!(other.begin(Some(next_slot)).await.unwrap(), Start::Begun(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_is_closed_as_failed_by_the_next_which_does_its_work() {
    let world = World::seeded().await;
    world.lose_writes(30).await;
    let mut killed = start_run_that_waits(&world).await;
    assert!(
        matches!(world.reconciler.begin(None).await.unwrap(), Start::AlreadyRunning),
        "its lock holds"
    );
    killed.kill().unwrap();
    killed.wait().unwrap();
    let reconciler = &world.reconciler;
    // The server may learn of the end of a session a moment later.
    let next = RefCell::new(None);
    wait_until(PATIENCE, || async {
        let start = reconciler.begin(None).await.unwrap();
        next.replace(if let Start::Begun(begun) = start { Some(begun) } else { None });
        next.borrow().is_some()
    })
    .await;
    let end = carry_out(reconciler, next.take().unwrap()).await;
    assert_eq!(end.auto_repaired, 30);
    let reports = reports(&world).await;
    assert_eq!(reports.last().unwrap().mismatches_found, 30);
    let of_killed = reports.first().unwrap();
    assert_eq!(of_killed.status, "failed");
    assert_eq!(of_killed.error_message.as_deref(), Some("the process ended before the run did"));
    assert_eq!(of_killed.records_checked, 3_000);
    assert_eq!(count(&world.run().await, "data_mismatch"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_stop_ends_a_run_within_ten_seconds_and_closes_its_report() {
    let world = World::seeded().await;
    world.lose_writes(1).await;
    let mut stopped = start_run_that_waits(&world).await;
    let asked = Instant::now();
    let id = rustix::process::Pid::from_child(&stopped);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let status = tokio::task::spawn_blocking(move || stopped.wait().unwrap()).await.unwrap();
    assert!(asked.elapsed().as_secs() < 10);
    assert_eq!(status.code(), Some(2));
    let report = reports(&world).await.remove(0);
    assert_eq!(report.status, "failed");
    assert_eq!(report.error_message.as_deref(), Some("the reconciler was asked to stop"));
    assert_eq!(report.records_checked, 3_000, "it says how far it came");
    assert_eq!(report.details.unwrap()["checked"]["mails"], 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_session_is_cut_ends_its_run() {
    let world = World::seeded().await;
    world.lose_writes(1).await;
    let leader = world.replica(&["--confirm-delay", "600000"]).await;
    let Start::Begun(begun) = leader.begin(None).await.unwrap() else { panic!("nobody runs") };
    let (stop, progress) = (CancellationToken::new(), Progress::default());
    let running = leader.carry_out(begun, RunOptions::SCHEDULED, &stop, &progress);
    let cutting = async {
        wait_until(PATIENCE, || async { progress.mails() == 3_000 }).await;
        world.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'claimsync-reconciler-leader'
                AND datname = current_database()",
        );
    };
    let (end, ()) = tokio::join!(running, cutting);
    assert_eq!(end.status, ReportStatus::Failed);
    let report = reports(&world).await.remove(0);
    let message = report.error_message.as_deref();
    assert_eq!(message, Some("the leader's lock was lost with its session"));
}

async fn carry_out(reconciler: &Reconciler, begun: Begun) -> RunEnd {
    let stop = CancellationToken::new();
    reconciler.carry_out(begun, RunOptions::SCHEDULED, &stop, &Progress::default()).await
}

/// A run in a process of its own that has looked once and waits for its second look.
async fn start_run_that_waits(world: &World) -> Child {
    let child = world
        .command(&["run"])
        .env("RECONCILE_CONFIRM_DELAY_MS", "600000")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(PATIENCE, || async {
        let reports = reports(world).await;
        reports.first().is_some_and(|report| report.records_checked == 3_000)
    })
    .await;
    child
}

/// Oldest first.
async fn reports(world: &World) -> Vec<ReconciliationReport> {
    let list = |conn: &mut _| reconciliation_report::list(conn, 100, None);
    let mut reports = world.reconciler.database.query(list).await.unwrap();
    reports.reverse();
    reports
}
