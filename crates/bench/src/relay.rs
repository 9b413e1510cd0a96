//! Messages per second from outbox to MongoDB.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bson::doc;
use devstack::service::Kind;
use mongodb::IndexModel;
use tokio_postgres::Client;

use crate::floor::{self, Hold};
use crate::place::Place;
use crate::report::{Report, percentile};
use crate::{Scale, data};

const UNIT: &str = "messages/s";

const RELAYS: [usize; 3] = [1, 2, 4];

/// An odd number, for the median.
const TURNS: usize = 3;

pub(crate) async fn measure(place: &mut Place, scale: Scale, report: &mut Report) -> Result<()> {
    let load = Load::of(scale);
    let postgres = place.postgres().await?;

    // In turns, because machines drift during a run; each rate stands beside the floor of its turn.
    let mut turns = Vec::new();
    for _ in 0..TURNS {
        let floor = load.floor(place, &postgres, 1, Hold::Locks).await?.rate;
        let mut rates = Vec::new();
        for relays in RELAYS {
            rates.push(load.deliver(place, &postgres, relays, Queue::Plain).await?);
        }
        eprintln!("  relay: floor {floor:.0}, relays {RELAYS:?} {rates:.0?} {UNIT}");
        turns.push((floor, rates));
    }
    let floor = median(turns.iter().map(|(floor, _)| *floor));
    report.add(format!("relay: floor, median of {TURNS}"), floor, UNIT);
    for (at, relays) in RELAYS.iter().enumerate() {
        let name = format!("relay: {} pending, relays: {relays}", load.messages);
        let rate = median(turns.iter().map(|(_, rates)| rates[at]));
        let ratio = median(turns.iter().map(|(floor, rates)| rates[at] / floor));
        report.add_beside(name, rate, UNIT, rate / ratio);
    }
    let floor_two = load.floor(place, &postgres, 2, Hold::Locks).await?.rate;
    report.add("relay: floor with two workers", floor_two, UNIT);

    let rate = load.deliver(place, &postgres, 1, Queue::TenthUndeliverable).await?;
    report.add_beside("relay: a tenth undeliverable", rate, UNIT, floor);

    let processed = scale.of(1_000_000);
    let rate = load.deliver(place, &postgres, 1, Queue::BesideProcessed(processed)).await?;
    report.add_beside(format!("relay: {processed} processed rows lying around"), rate, UNIT, floor);

    pinned(place, &postgres, load, scale, floor, report).await
}

/// Held locks against a committed lease, for the record that weighs them: the floor both ways.
pub(crate) async fn compare_holds(
    place: &mut Place,
    scale: Scale,
    report: &mut Report,
) -> Result<()> {
    let load = Load::of(scale);
    let postgres = place.postgres().await?;
    for workers in [1, 2] {
        let locks = load.floor(place, &postgres, workers, Hold::Locks).await?;
        let lease = load.floor(place, &postgres, workers, Hold::Lease).await?;
        let name = |what: &str| format!("hold: {what}, workers: {workers}");
        report.add(name("row locks"), locks.rate, UNIT);
        report.add_beside(name("committed lease"), lease.rate, UNIT, locks.rate);
        report.add(name("log written with row locks"), locks.wal_bytes, "bytes/message");
        report.add_beside(
            name("log written with a lease"),
            lease.wal_bytes,
            "bytes/message",
            locks.wal_bytes,
        );
    }
    Ok(())
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
    place.hold_relays(1).await?;
    load.seed(place, postgres, Queue::Plain).await?;
    pin.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox_messages",
    )
    .await?;
    let pinned_for = Duration::from_secs(u64::try_from(scale.of(180))?);
    let until = Instant::now() + pinned_for;
    let mut rates = Vec::new();
    loop {
        place.release_relays();
        rates.push(load.time(postgres, 0).await?);
        if Instant::now() >= until {
            break;
        }
        place.freeze_relays();
        data::insert_pending(postgres, load.clients, load.messages, false).await?;
    }
    place.end(Kind::Relay).await;
    pin.batch_execute("ROLLBACK").await?;
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let name = format!("relay: slowest within {} s of a pinned horizon", pinned_for.as_secs());
    report.add_beside(name, slowest, UNIT, floor);
    Ok(())
}

/// What waits, and what lies around.
#[derive(Clone, Copy)]
enum Queue {
    Plain,
    /// Their client is not there.
    TenthUndeliverable,
    /// So many messages that were delivered long ago.
    BesideProcessed(usize),
}

#[derive(Clone, Copy)]
struct Load {
    clients: usize,
    messages: usize,
}

/// What the floor took.
struct Floor {
    /// Messages per second.
    rate: f64,
    /// Bytes of Postgres's write-ahead log for each message.
    wal_bytes: f64,
}

impl Load {
    fn of(scale: Scale) -> Self {
        Self { clients: scale.of(5_000), messages: scale.of(50_000) }
    }

    async fn seed(self, place: &Place, postgres: &Client, queue: Queue) -> Result<()> {
        data::insert_clients(&place.clients().await?, self.clients).await?;
        data::empty(postgres).await?;
        let undeliverable = matches!(queue, Queue::TenthUndeliverable);
        data::insert_pending(postgres, self.clients, self.messages, undeliverable).await?;
        if let Queue::BesideProcessed(count) = queue {
            data::insert_processed(postgres, count).await?;
        }
        data::settle(postgres).await
    }

    async fn floor(
        self,
        place: &Place,
        postgres: &Client,
        workers: usize,
        hold: Hold,
    ) -> Result<Floor> {
        self.seed(place, postgres, Queue::Plain).await?;
        let by_number = IndexModel::builder().keys(doc! { "aktenzeichen": 1 }).build();
        place.clients().await?.create_index(by_number).await?;
        let mut tasks = Vec::new();
        let log_before = wal_bytes(postgres).await?;
        let began = Instant::now();
        for _ in 0..workers {
            let (mut own, mongo) = (place.postgres().await?, place.mongo().await?);
            tasks.push(tokio::spawn(async move { floor::deliver(&mut own, &mongo, hold).await }));
        }
        for task in tasks {
            task.await??;
        }
        let messages = self.messages as f64;
        Ok(Floor {
            rate: messages / began.elapsed().as_secs_f64(),
            wal_bytes: (wal_bytes(postgres).await? - log_before) / messages,
        })
    }

    /// Messages per second of so many relays.
    async fn deliver(
        self,
        place: &mut Place,
        postgres: &Client,
        relays: usize,
        queue: Queue,
    ) -> Result<f64> {
        place.hold_relays(relays).await?;
        self.seed(place, postgres, queue).await?;
        let waiting = match queue {
            Queue::TenthUndeliverable => self.messages / 10,
            Queue::Plain | Queue::BesideProcessed(_) => 0,
        };
        place.release_relays();
        let rate = self.time(postgres, waiting).await?;
        place.end(Kind::Relay).await;
        Ok(rate)
    }

    /// From now until each message was tried; `waiting` of them stay, because their client is not
    /// there.
    async fn time(self, postgres: &Client, waiting: usize) -> Result<f64> {
        let began = Instant::now();
        while newest_untried(postgres).await?.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let elapsed = began.elapsed();
        let left = postgres
            .query("SELECT error_message FROM outbox_messages WHERE processed_at IS NULL", &[])
            .await?;
        let reason: Option<String> = left.first().and_then(|row| row.get(0));
        ensure!(
            left.len() == waiting,
            "{} messages were not delivered instead of {waiting}; the first: {reason:?}",
            left.len()
        );
        Ok(self.messages as f64 / elapsed.as_secs_f64())
    }
}

/// The newest message that no relay has touched. It is asked for while the relays work: reading the
/// index from its end, it costs next to nothing until the end is reached.
pub(crate) async fn newest_untried(postgres: &Client) -> Result<Option<i64>> {
    let newest = "SELECT id FROM outbox_messages
                   WHERE processed_at IS NULL AND dead_at IS NULL AND retry_count = 0
                   ORDER BY id DESC LIMIT 1";
    Ok(postgres.query_opt(newest, &[]).await?.map(|row| row.get(0)))
}

/// Bytes of write-ahead log so far.
async fn wal_bytes(postgres: &Client) -> Result<f64> {
    let position = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8";
    Ok(postgres.query_one(position, &[]).await?.get(0))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    percentile(&values, 0.5)
}
