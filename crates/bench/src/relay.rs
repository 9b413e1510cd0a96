//! Messages per second from outbox to MongoDB.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bson::doc;
use devstack::service::Kind;
use mongodb::IndexModel;
use tokio_postgres::Client;

use crate::place::Place;
use crate::report::Report;
use crate::{Scale, data, floor};

const UNIT: &str = "messages/s";

pub(crate) async fn measure(place: &mut Place, scale: Scale, report: &mut Report) -> Result<()> {
    let load = Load { clients: scale.of(5_000), messages: scale.of(50_000) };
    let postgres = place.postgres().await?;

    let floor = load.floor(place, &postgres, 1).await?;
    for relays in [1, 2, 4] {
        load.seed(place, &postgres, false).await?;
        let rate = load.deliver(place, &postgres, relays, 0).await?;
        let name = format!("relay: {} pending, relays: {relays}", load.messages);
        report.add_beside(name, rate, UNIT, floor);
    }
    // Once more at the end, because machines drift during a run.
    let floor_again = load.floor(place, &postgres, 1).await?;
    report.add("relay: floor, measured again", floor_again, UNIT);
    let floor_two = load.floor(place, &postgres, 2).await?;
    report.add("relay: floor with two workers", floor_two, UNIT);

    load.seed(place, &postgres, true).await?;
    let undeliverable = load.messages / 10;
    let rate = load.deliver(place, &postgres, 1, undeliverable).await?;
    report.add_beside("relay: a tenth undeliverable", rate, UNIT, floor);

    load.seed(place, &postgres, false).await?;
    data::insert_processed(&postgres, scale.of(1_000_000)).await?;
    data::settle(&postgres).await?;
    let rate = load.deliver(place, &postgres, 1, 0).await?;
    let name = format!("relay: {} processed rows lying around", scale.of(1_000_000));
    report.add_beside(name, rate, UNIT, floor);

    pinned(place, &postgres, load, scale, floor, report).await
}

/// Rates while a long transaction keeps dead rows from being cleaned up.
async fn pinned(
    place: &mut Place,
    postgres: &Client,
    load: Load,
    scale: Scale,
    floor: f64,
    report: &mut Report,
) -> Result<()> {
    let pin = place.postgres().await?;
    load.seed(place, postgres, false).await?;
    pin.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox_messages",
    )
    .await?;
    let pinned_for = Duration::from_secs(u64::try_from(scale.of(180))?);
    let until = Instant::now() + pinned_for;
    let mut rates = Vec::new();
    loop {
        rates.push(load.deliver(place, postgres, 1, 0).await?);
        if Instant::now() >= until {
            break;
        }
        data::insert_pending(postgres, load.clients, load.messages, false).await?;
    }
    pin.batch_execute("ROLLBACK").await?;
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let name = format!("relay: slowest within {} s of a pinned horizon", pinned_for.as_secs());
    report.add_beside(name, slowest, UNIT, floor);
    Ok(())
}

#[derive(Clone, Copy)]
struct Load {
    clients: usize,
    messages: usize,
}

impl Load {
    async fn seed(self, place: &Place, postgres: &Client, undeliverable: bool) -> Result<()> {
        data::insert_clients(&place.clients().await?, self.clients).await?;
        data::empty(postgres).await?;
        data::insert_pending(postgres, self.clients, self.messages, undeliverable).await?;
        data::settle(postgres).await
    }

    async fn floor(self, place: &Place, postgres: &Client, workers: usize) -> Result<f64> {
        self.seed(place, postgres, false).await?;
        let by_number = IndexModel::builder().keys(doc! { "aktenzeichen": 1 }).build();
        place.clients().await?.create_index(by_number).await?;
        let mut tasks = Vec::new();
        let began = Instant::now();
        for _ in 0..workers {
            let (mut own, mongo) = (place.postgres().await?, place.mongo().await?);
            tasks.push(tokio::spawn(async move { floor::deliver(&mut own, &mongo).await }));
        }
        for task in tasks {
            task.await??;
        }
        Ok(self.messages as f64 / began.elapsed().as_secs_f64())
    }

    /// Starts relays over what is pending and measures from the first outcome to the last.
    /// `waiting` messages stay behind, because their client is not there.
    async fn deliver(
        self,
        place: &mut Place,
        postgres: &Client,
        relays: usize,
        waiting: usize,
    ) -> Result<f64> {
        let before = oldest_untried(postgres).await?;
        for service in place.services(Kind::Relay).take(relays) {
            service.start()?;
        }
        // Start-up is not what is measured.
        while oldest_untried(postgres).await? == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let (first, began) = (count_untried(postgres).await?, Instant::now());
        while newest_untried(postgres).await?.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let elapsed = began.elapsed();
        place.end(Kind::Relay).await;
        let left = postgres
            .query("SELECT error_message FROM outbox_messages WHERE processed_at IS NULL", &[])
            .await?;
        let reason: Option<String> = left.first().and_then(|row| row.get(0));
        ensure!(
            left.len() == waiting,
            "{} messages were not delivered instead of {waiting}; the first: {reason:?}",
            left.len()
        );
        Ok(first as f64 / elapsed.as_secs_f64())
    }
}

/// Messages that no relay has touched.
const UNTRIED: &str = "FROM outbox_messages
    WHERE processed_at IS NULL AND dead_at IS NULL AND retry_count = 0";

async fn count_untried(postgres: &Client) -> Result<i64> {
    Ok(postgres.query_one(&format!("SELECT count(*) {UNTRIED}"), &[]).await?.get(0))
}

async fn oldest_untried(postgres: &Client) -> Result<Option<i64>> {
    let row = postgres.query_opt(&format!("SELECT id {UNTRIED} ORDER BY id LIMIT 1"), &[]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Asked while the relays work: reading the index from its end, it costs next to nothing until the
/// end is reached.
async fn newest_untried(postgres: &Client) -> Result<Option<i64>> {
    let newest = format!("SELECT id {UNTRIED} ORDER BY id DESC LIMIT 1");
    Ok(postgres.query_opt(&newest, &[]).await?.map(|row| row.get(0)))
}
