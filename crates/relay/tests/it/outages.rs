//! What is stopped, frozen, killed or away: nothing is lost, spent or done twice.

use std::slice::from_ref;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{PgConnection, RunQueryDsl};
use test_support::{PrivateMongo, TestMongo, TestPostgres, wait_until};

use crate::support::*;

fn place(postgres: &TestPostgres, mongodb_url: &str, database: &str) -> Place {
    Place {
        postgres_url: postgres.url(),
        mongodb_url: mongodb_url.to_owned(),
        database: database.to_owned(),
    }
}

/// A relay as a process of its own; killed when dropped.
struct RelayProcess(std::process::Child);

impl RelayProcess {
    fn start(place: &Place, write_timeout_ms: u32) -> Self {
        let child = std::process::Command::new(env!("CARGO_BIN_EXE_relay"))
            .envs(place.environment())
            .env("RELAY_WRITE_TIMEOUT_MS", write_timeout_ms.to_string())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    async fn exit_status(&mut self) -> std::process::ExitStatus {
        let mut status = None;
        wait_until(Duration::from_secs(10), || {
            status = self.0.try_wait().unwrap();
            std::future::ready(status.is_some())
        })
        .await;
        status.unwrap()
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Whether some transaction holds locks on outbox rows.
fn rows_are_locked(conn: &mut PgConnection) -> bool {
    let free = diesel::sql_query(
        "SELECT id FROM outbox_messages WHERE processed_at IS NULL FOR UPDATE SKIP LOCKED",
    );
    let pending = pending(conn);
    let free = conn_transaction(conn, |conn| free.execute(conn));
    pending > 0 && free == 0
}

fn conn_transaction(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> diesel::QueryResult<usize>,
) -> usize {
    diesel::Connection::transaction(conn, work).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_away_for_30_seconds_spends_no_retry_and_kills_no_message() {
    const CLIENTS: usize = 50;
    let (postgres, mut mongo) = (TestPostgres::create(), PrivateMongo::start().await);
    let place = place(&postgres, &mongo.url(), mongo.name());
    place.clients().await.insert_many((0..CLIENTS).map(client)).await.unwrap();
    let mut conn = place.connect();
    let relay = RunningRelay::start(place.settings());
    enqueue_many(&mut conn, CLIENTS, 100);
    wait_until_delivered(&place).await;

    mongo.server.kill();
    let away_until = tokio::time::Instant::now() + Duration::from_secs(30);
    // Mails keep coming all the while.
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    while tokio::time::Instant::now() < away_until {
        ticks.tick().await;
        enqueue(&mut conn, &payload(0, "1234.56", "2026-03-05T10:00:00Z"));
    }
    assert!(pending(&mut conn) >= 50);
    mongo.server.restart().await.unwrap();
    wait_until_delivered(&place).await;
    relay.stop().await;

    let spent = diesel::sql_query(
        "SELECT id FROM outbox_messages WHERE retry_count > 0 OR dead_at IS NOT NULL",
    )
    .execute(&mut conn);
    assert_eq!(spent, Ok(0));
    assert_eq!(amount(&place, 0).await, Some(1234.56));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_killed_before_its_write_leaves_its_rows_to_the_next() {
    const CLIENTS: usize = 20;
    let (postgres, mut mongo) = (TestPostgres::create(), PrivateMongo::start().await);
    let place = place(&postgres, &mongo.url(), mongo.name());
    place.clients().await.insert_many((0..CLIENTS).map(client)).await.unwrap();
    let mut conn = place.connect();
    let victim = RelayProcess::start(&place, 60_000);
    enqueue_many(&mut conn, CLIENTS, 10);
    wait_until_delivered(&place).await;

    mongo.server.pause();
    diesel::sql_query("UPDATE outbox_messages SET processed_at = NULL").execute(&mut conn).unwrap();
    wait_until(LIMIT, || std::future::ready(rows_are_locked(&mut conn))).await;
    drop(victim);
    mongo.server.resume();
    let survivor = RunningRelay::start(place.settings());
    wait_until_delivered(&place).await;
    survivor.stop().await;
    assert_eq!(amount(&place, 9).await, Some(1009.5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_killed_between_write_and_commit_is_repeated_without_effect() {
    let (postgres, mongo) = (TestPostgres::create(), TestMongo::create());
    let place = place(&postgres, mongo.url(), mongo.name());
    place.clients().await.insert_one(client(0)).await.unwrap();
    let mut conn = place.connect();
    let (_, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    // The mail's row is held, so the relay's transaction waits after its write to MongoDB.
    conn.batch_execute("BEGIN; SELECT * FROM incoming_emails FOR UPDATE").unwrap();
    let victim = RelayProcess::start(&place, 2_000);
    wait_until(LIMIT, || async { amount(&place, 0).await == Some(1234.56) }).await;
    let written = entry(&place, 0).await;
    assert!(message(&mut place.connect(), id).processed_at.is_none());
    drop(victim);
    conn.batch_execute("ROLLBACK").unwrap();

    let survivor = RunningRelay::start(place.settings());
    wait_until_delivered(&place).await;
    wait_until_counted(from_ref(&survivor), 1).await;
    assert_eq!((survivor.outcomes("applied"), survivor.outcomes("already_applied")), (0, 1));
    survivor.stop().await;
    assert_eq!(entry(&place, 0).await, written);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_in_mid_batch_finishes_the_batch_and_exits_0() {
    let (postgres, mongo) = (TestPostgres::create(), TestMongo::create());
    let place = place(&postgres, mongo.url(), mongo.name());
    place.clients().await.insert_one(client(0)).await.unwrap();
    let mut conn = place.connect();
    let (_, id) = enqueue(&mut conn, &payload(0, "1234.56", "2026-03-01T10:00:00Z"));
    conn.batch_execute("BEGIN; SELECT * FROM incoming_emails FOR UPDATE").unwrap();
    let mut relay = RelayProcess::start(&place, 2_000);
    wait_until(LIMIT, || async { amount(&place, 0).await == Some(1234.56) }).await;
    relay.signal(rustix::process::Signal::TERM);
    conn.batch_execute("COMMIT").unwrap();
    assert!(relay.exit_status().await.success());
    assert!(message(&mut conn, id).processed_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_relay_loses_its_rows_and_its_late_write_is_harmless() {
    let (postgres, mut mongo) = (TestPostgres::create(), PrivateMongo::start().await);
    let place = place(&postgres, &mongo.url(), mongo.name());
    place.clients().await.insert_many((0..2).map(client)).await.unwrap();
    let mut conn = place.connect();
    let frozen = RelayProcess::start(&place, 500);
    // Awake and delivering, before it is caught in the middle.
    enqueue(&mut conn, &payload(1, "1111.00", "2026-03-01T10:00:00Z"));
    wait_until_delivered(&place).await;
    mongo.server.pause();
    enqueue(&mut conn, &payload(0, "1100.00", "2026-03-01T10:00:00Z"));
    wait_until(LIMIT, || std::future::ready(rows_are_locked(&mut conn))).await;
    frozen.signal(rustix::process::Signal::STOP);
    mongo.server.resume();
    // The server ends the frozen relay's transaction, and another relay goes on.
    wait_until(LIMIT, || std::future::ready(!rows_are_locked(&mut conn))).await;
    let other = RunningRelay::start(place.settings());
    enqueue(&mut conn, &payload(0, "1200.00", "2026-03-02T10:00:00Z"));
    wait_until_delivered(&place).await;
    frozen.signal(rustix::process::Signal::CONT);
    // The frozen relay is alive again once it has delivered something.
    other.stop().await;
    enqueue(&mut conn, &payload(1, "1222.00", "2026-03-03T10:00:00Z"));
    wait_until_delivered(&place).await;
    assert_eq!((amount(&place, 0).await, amount(&place, 1).await), (Some(1200.0), Some(1222.0)));
}
