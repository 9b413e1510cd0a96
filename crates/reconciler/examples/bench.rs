//! What a run costs: mails compared per second, peak memory and time against the number of mails.
//!
//! `./justw bench reconcile` starts the databases and this, once for each size, since the peak of a
//! process never falls. Each size is generated in databases of its own: all in sync, then with one
//! target in a hundred drifted. `TEST_POSTGRES_URL` and `TEST_MONGODB_URL` say where.

#[path = "../tests/it/seed.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is the tests' own")]
mod seed;

use std::process::Command;
use std::time::Instant;

use clap::Parser;
use diesel::{Connection, PgConnection};
use mongodb::bson::{Document, doc};
use reconciler::compare::Progress;
use reconciler::run::{Reconciler, RunOptions, Start};
use reconciler::settings::WorkSettings;
use slog::{Discard, Logger, o};
use test_support::{TestMongo, TestPostgres};
use tokio_util::sync::CancellationToken;

use seed::{Seed, Shape};

const TARGETS_PER_CLIENT: i32 = 5;
const SIZES: [i32; 3] = [10_000, 100_000, 1_000_000];

#[derive(Parser)]
struct Arguments {
    /// Measure this many mails, in this process
    #[arg(long)]
    mails: Option<i32>,
    /// Mails for each target; all but the newest are superseded
    #[arg(long, default_value_t = 1)]
    mails_per_target: i32,
}

#[derive(Parser)]
struct Work {
    #[command(flatten)]
    settings: WorkSettings,
}

fn main() {
    let arguments = Arguments::parse();
    match arguments.mails {
        None => each_in_its_own_process(&arguments),
        Some(mails) => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime starts")
            .block_on(measure(mails, arguments.mails_per_target)),
    }
}

fn each_in_its_own_process(arguments: &Arguments) {
    println!(
        "{:>9}  {:<10} {:>8}  {:>9}  {:>11}  {:>8}",
        "mails", "state", "s", "mails/s", "differ", "peak MiB"
    );
    for mails in SIZES {
        let program = std::env::current_exe().expect("this program has a path");
        let status = Command::new(program)
            .args(["--mails", &mails.to_string()])
            .args(["--mails-per-target", &arguments.mails_per_target.to_string()])
            .status()
            .expect("this program starts again");
        assert!(status.success());
    }
}

async fn measure(mails: i32, mails_per_target: i32) {
    let (postgres, mongo) = (TestPostgres::create(), TestMongo::create());
    let shape = Shape {
        clients: mails / TARGETS_PER_CLIENT / mails_per_target,
        targets_per_client: TARGETS_PER_CLIENT,
        mails_per_target,
    };
    let seed = Seed::new(shape);
    let clients = mongo.database().await.collection::<Document>("clients");
    let url = postgres.url();
    let arguments = [
        "bench",
        "--database-url",
        &url,
        "--mongodb-url",
        mongo.url(),
        "--mongodb-database",
        mongo.name(),
        "--confirm-delay",
        "2000",
    ];
    let settings = Work::parse_from(arguments).settings;
    let reconciler = Reconciler::new(&settings, &Logger::root(Discard, o!()))
        .await
        .expect("the settings are good");
    let mut conn = PgConnection::establish(&url).expect("the test server accepts connections");
    seed.postgres(&mut conn);
    seed.mongo(&clients).await;
    reconciler.store.ensure_indexes().await.expect("indexes can be made");

    reset_peak();
    report("in sync", &reconciler).await;
    let lost = doc! { "$unset": {
        "final_creditor_list.0.current_debt_amount": "",
        "final_creditor_list.0.sync": "",
    } };
    // One target in a hundred is one entry of one client in twenty.
    let drifting = (0..shape.clients).step_by(100 / TARGETS_PER_CLIENT as usize);
    let ids: Vec<String> = drifting.map(|client| format!("c{client}")).collect();
    let filter = doc! { "_id": { "$in": ids } };
    clients.update_many(filter, lost).await.expect("the clients can drift");
    report("1 % drifted", &reconciler).await;
}

async fn report(state: &str, reconciler: &Reconciler) {
    let Ok(Start::Begun(begun)) = reconciler.begin(None).await else { panic!("nobody runs") };
    let began = Instant::now();
    let progress = Progress::default();
    let stop = CancellationToken::new();
    let id = begun.report_id;
    let end = reconciler.carry_out(begun, RunOptions::SCHEDULED, &stop, &progress).await;
    let took = began.elapsed();
    let find = move |conn: &mut _| domain::models::reconciliation_report::find(conn, id);
    let report = reconciler.database.query(find).await.expect("it is there").expect("it is there");
    assert_eq!(end.status.as_str(), "completed", "{:?}", report.error_message);
    let per_second = progress.mails() as f64 / took.as_secs_f64();
    println!(
        "{:>9}  {state:<10} {:>8.2}  {per_second:>9.0}  {:>11}  {:>8.1}",
        progress.mails(),
        took.as_secs_f64(),
        report.mismatches_found,
        peak_mib(),
    );
}

/// Forgets what the generation of the data took.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux forgets the peak");
}

/// `VmHWM`: the most memory that was resident.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("Linux tells");
    let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kib / 1024.0
}
