//! What a longer queue costs: the same work beside backlogs of a thousand to a million messages.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use devstack::service::Kind;
use tokio_postgres::Client;

use crate::place::Place;
use crate::relay::newest_untried;
use crate::report::{Report, percentile};
use crate::{Scale, data, floor};

const CLIENTS: usize = 5_000;

/// A backlog is delivered for this long, or until it is empty.
const WINDOW: Duration = Duration::from_secs(15);

/// Claims that are timed and given back before the relay starts.
const CLAIMS: usize = 50;

pub(crate) async fn measure(place: &mut Place, scale: Scale, report: &mut Report) -> Result<()> {
    let postgres = place.postgres().await?;
    data::insert_clients(&place.clients().await?, CLIENTS).await?;
    for backlog in [1_000, 10_000, 100_000, 1_000_000].map(|full| scale.of(full)) {
        place.hold_relays(1).await?;
        data::insert_pending(&postgres, CLIENTS, backlog, false).await?;
        data::settle(&postgres).await?;
        let claims = time_claims(place).await?;
        report.add(format!("backlog {backlog}: p50 of a claim"), percentile(&claims, 0.50), "ms");
        report.add(format!("backlog {backlog}: p99 of a claim"), percentile(&claims, 0.99), "ms");
        place.release_relays();
        let rate = time_delivery(&postgres, backlog).await?;
        report.add(format!("backlog {backlog}: one relay"), rate, "messages/s");
        place.end(Kind::Relay).await;
    }
    Ok(())
}

/// Milliseconds, sorted.
async fn time_claims(place: &Place) -> Result<Vec<f64>> {
    let mut own = place.postgres().await?;
    let mut times = Vec::with_capacity(CLAIMS);
    for _ in 0..CLAIMS {
        let transaction = own.transaction().await?;
        let began = Instant::now();
        ensure!(!floor::claim(&transaction).await?.is_empty(), "nothing to claim");
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
        transaction.rollback().await?;
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Messages per second from now, for [`WINDOW`] or until there are no more.
async fn time_delivery(postgres: &Client, backlog: usize) -> Result<f64> {
    let began = Instant::now();
    while began.elapsed() < WINDOW && newest_untried(postgres).await?.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Delivery is in the order of ids, which begin at 1; counting would take as long as the work.
    let oldest = "SELECT min(id) FROM outbox_messages WHERE processed_at IS NULL";
    let oldest: Option<i64> = postgres.query_one(oldest, &[]).await?.get(0);
    let elapsed = began.elapsed();
    let delivered = oldest.map_or(backlog as f64, |oldest| (oldest - 1) as f64);
    Ok(delivered / elapsed.as_secs_f64())
}
