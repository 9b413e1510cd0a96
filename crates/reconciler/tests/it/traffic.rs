//! Comparing while the portal writes and the relay delivers.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use diesel::sql_types::Integer;
use futures::{StreamExt, TryStreamExt};
use mongodb::bson::{Bson, doc};
use reconciler::compare::{Progress, Scope, compare};
use reconciler::halt::Halt;
use reconciler::run::RunOptions;
use relay::batch::Delivery;
use slog::{Discard, Logger, o};

use crate::world::{TARGETS, World, run};

const DELIVERIES: i32 = 5_000;
const PORTAL_WRITES: i32 = 5_000;
const BATCH: i32 = 500;

/// After so many mails, each target has had one.
const OF_ALL_TARGETS: i32 = 1_500;

/// The guard would hold a smaller amount for review, and with it hide what a fence let through.
const FALLING: &[&str] = &["--guard-downgrade", "allow"];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_writes_beside_the_comparison_are_no_mismatch_and_no_amount_is_put_back() {
    let world = World::seeded().await;
    let reconciler = world.replica(FALLING).await;
    let done = AtomicBool::new(false);
    let traffic = async {
        tokio::join!(deliver(&world), portal(&world));
        done.store(true, Ordering::Relaxed);
    };
    let comparing = async {
        let mut runs = 0;
        while !done.load(Ordering::Relaxed) {
            let report = run(&reconciler, RunOptions::SCHEDULED).await;
            assert_eq!(report.status, "completed", "{:?}", report.error_message);
            assert_eq!(report.mismatches_found, 0, "{:#}", report.details.unwrap());
            runs += 1;
        }
        runs
    };
    let ((), runs) = tokio::join!(traffic, comparing);
    assert!(runs >= 2, "{runs} runs are no test");

    let mut clients = world.clients.find(doc! {}).await.unwrap();
    let mut targets = 0;
    while let Some(client) = clients.try_next().await.unwrap() {
        let entries = client.get_array("final_creditor_list").unwrap();
        for entry in entries.iter().filter_map(Bson::as_document).filter(|e| e.contains_key("sync"))
        {
            let id = entry.get_str("id").unwrap();
            let (client, number) = id[1..].split_once("-e").unwrap();
            let newest = newest_of(client.parse().unwrap(), number.parse().unwrap());
            let amount = entry.get("current_debt_amount");
            assert_eq!(amount, Some(&Bson::from(amount_of(newest))), "{id}");
            targets += 1;
        }
    }
    assert_eq!(targets, TARGETS);
    assert_eq!(world.run().await.mismatches_found, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_that_is_gone_at_the_second_look_is_none() {
    let world = World::seeded().await;
    world.lose_write(7, 1, None).await;
    let (halt, mut pauses) = Halt::with_pauses_in_hand();
    let progress = Progress::default();
    let scope = Scope::of_last_hours(48);
    let comparing = compare(&world.reconciler, scope, &halt, &progress);
    let restoring = async {
        let pause = pauses.recv().await.unwrap();
        assert_eq!(progress.mails(), 3_000, "the first look is over");
        world.lose_write(7, 1, Some(world.seed.newest(7, 1))).await;
        drop(pause);
    };
    let (comparison, ()) = tokio::join!(comparing, restoring);
    let comparison = comparison.unwrap();
    assert_eq!(comparison.findings.total(), 0);
    assert_eq!(comparison.counts.unconfirmed, 1);
}

/// New mail `n` is for target `n * 7 mod 1500`, which steps through all of them.
fn newest_of(client: i32, entry: i32) -> i32 {
    let target = client * 3 + entry;
    (1..=DELIVERIES).rev().find(|n| n * 7 % 1_500 == target).unwrap()
}

/// Falls with each mail, so that nothing but the fence keeps an old amount from coming back.
fn amount_of(number: i32) -> f64 {
    f64::from(300_000 - number) + 0.25
}

/// Mails as ingest leaves them, and a relay that delivers them.
async fn deliver(world: &World) {
    let settings = world.settings(FALLING).work.delivery;
    let reconciler = &world.reconciler;
    let log = Logger::root(Discard, o!());
    let relay =
        Delivery::new(reconciler.database.clone(), reconciler.store.clone(), &settings, log);
    for first in (1..=DELIVERIES).step_by(BATCH as usize) {
        let insert = move |conn: &mut PgConnection| insert(conn, first, first + BATCH - 1);
        reconciler.database.transaction(insert).await.unwrap();
        deliver_all(&relay).await;
        // And mails that the batch has superseded come once more, as after a crash.
        if first > OF_ALL_TARGETS {
            let late = first - OF_ALL_TARGETS;
            let again = move |conn: &mut PgConnection| deliver_again(conn, late, late + 99);
            assert_eq!(reconciler.database.query(again).await.unwrap(), 100);
            deliver_all(&relay).await;
        }
    }
}

/// A batch that was too slow has rolled back, and its rows are due as before.
async fn deliver_all(relay: &Delivery) {
    while !relay.relay_batch(250).await.is_ok_and(|report| report.claimed == 0) {}
}

fn deliver_again(conn: &mut PgConnection, first: i32, last: i32) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE outbox_messages SET processed_at = NULL
          WHERE idempotency_key IN (SELECT 'new:' || (10000 + n) FROM generate_series($1, $2) n)",
    )
    .bind::<Integer, _>(first)
    .bind::<Integer, _>(last)
    .execute(conn)
}

fn insert(conn: &mut PgConnection, first: i32, last: i32) -> QueryResult<()> {
    let mails = "
        SELECT 10000 + n AS id, n, n * 7 % 1500 / 3 AS client, n * 7 % 1500 % 3 AS entry
          FROM generate_series($1, $2) AS n";
    let statements = [
        format!(
            "INSERT INTO incoming_emails (id, zendesk_ticket_id, zendesk_webhook_id, from_email,
                                          processing_status, sync_status)
             SELECT id, '1', 'new-' || id, 'inkasso@bank' || entry || '.example', 'matching',
                    'pending'
               FROM ({mails}) AS m"
        ),
        format!(
            "INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload,
                                          idempotency_key)
             SELECT 'creditor_debt_update', m.id::text, 'UPDATE', json_build_object(
                      'version', 1, 'client_aktenzeichen', (100000 + client) || '/25',
                      'creditor_email', 'inkasso@bank' || entry || '.example',
                      'new_debt_amount', (300000 - n) || '.25', 'received_at', e.received_at),
                    'new:' || m.id
               FROM ({mails}) AS m JOIN incoming_emails e ON e.id = m.id"
        ),
    ];
    for statement in statements {
        diesel::sql_query(statement)
            .bind::<Integer, _>(first)
            .bind::<Integer, _>(last)
            .execute(conn)?;
    }
    Ok(())
}

/// Notes, statuses and the order of entries, as clerks change them all day.
async fn portal(world: &World) {
    let writes = (0..PORTAL_WRITES).map(|number| async move {
        let client = number * 13 % 500;
        let filter = doc! { "_id": format!("c{client}") };
        let list = "$final_creditor_list";
        let update = match number % 3 {
            0 => vec![doc! { "$set": { "portal.seen": number } }],
            1 => vec![doc! { "$set": { "final_creditor_list": { "$reverseArray": list } } }],
            _ => vec![doc! { "$set": { "final_creditor_list": { "$map": {
                "input": list, "as": "entry",
                "in": { "$mergeObjects": ["$$entry", { "clerk": number }] },
            } } } }],
        };
        world.clients.update_one(filter, update).await.unwrap();
    });
    futures::stream::iter(writes).buffer_unordered(8).collect::<Vec<_>>().await;
}
