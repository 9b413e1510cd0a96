//! Looks at both databases while the run is on, and waits for its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::check::Watch;
use crate::journal::{Millis, Recorder, Sighting, Transaction, now};
use crate::snapshot::{Snapshot, read_clients};
use crate::world::World;

const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// A shorter transaction is not worth a line.
const NOTABLE_MS: Millis = 1_000;

/// Notes how long the relays' transactions are open, for ever.
pub(crate) async fn sample_transactions(world: Arc<World>, recorder: Arc<Recorder>) {
    let mut open: HashMap<(i32, Millis), Millis> = HashMap::new();
    loop {
        // Ends only with an error, which is part of the trial.
        let _ = sample(&world, &recorder, &mut open).await;
        tokio::time::sleep(SAMPLE_INTERVAL).await;
    }
}

async fn sample(
    world: &World,
    recorder: &Recorder,
    open: &mut HashMap<(i32, Millis), Millis>,
) -> Result<()> {
    let postgres = world.connect().await?;
    loop {
        let query = postgres.query(
            "SELECT pid, (extract(epoch FROM xact_start) * 1000)::bigint,
                    (extract(epoch FROM clock_timestamp()) * 1000)::bigint
               FROM pg_stat_activity
              WHERE application_name = 'claimsync-relay' AND xact_start IS NOT NULL",
            &[],
        );
        let rows = tokio::time::timeout(ANSWER_LIMIT, query).await??;
        let mut still_open = HashMap::new();
        for row in &rows {
            still_open.insert((row.get(0), row.get(1)), row.get(2));
        }
        for ((pid, began), seen) in open.drain() {
            if !still_open.contains_key(&(pid, began)) && seen - began >= NOTABLE_MS {
                recorder.transaction(Transaction { pid, began, seen });
            }
        }
        *open = still_open;
        tokio::time::sleep(SAMPLE_INTERVAL).await;
    }
}

/// Looks for what may never be seen in the clients' documents, for ever.
pub(crate) async fn watch_clients(world: Arc<World>, recorder: Arc<Recorder>, mut watch: Watch) {
    loop {
        let read = tokio::time::timeout(ANSWER_LIMIT, read_clients(&world.clients)).await;
        if let Ok(Ok(clients)) = read {
            for what in watch.look(&clients) {
                recorder.sighting(Sighting { at: now(), what });
            }
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Waits until every mail and every message has come to its end, up to `limit`. Returns how long
/// that took, or `None` if it did not happen; the checker says then what is open.
pub(crate) async fn settle(world: &World, limit: Duration) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < limit {
        // Without an answer it has not settled either.
        if let Ok(Ok(0)) = tokio::time::timeout(ANSWER_LIMIT, count_open(world)).await {
            return Some(began.elapsed());
        }
        tokio::time::sleep(SAMPLE_INTERVAL).await;
    }
    None
}

async fn count_open(world: &World) -> Result<i64> {
    let postgres = world.connect().await?;
    let row = postgres
        .query_one(
            "SELECT (SELECT count(*) FROM incoming_emails WHERE coalesce(processing_status, '')
                       NOT IN ('completed', 'not_creditor_reply', 'failed'))
                  + (SELECT count(*) FROM outbox_messages
                      WHERE processed_at IS NULL AND dead_at IS NULL)",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

pub(crate) async fn snapshot(world: &World) -> Result<Snapshot> {
    Snapshot::read(&world.connect().await?, &world.clients).await
}
