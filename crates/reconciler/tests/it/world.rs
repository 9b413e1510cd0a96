//! A seeded state with a reconciler beside it.

use std::process::{Command, Output};
use std::time::Duration;

use clap::Parser;
use clients::store::ClientStore;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::models::reconciliation_report::{self, ReconciliationReport};
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use reconciler::compare::Progress;
use reconciler::run::{Reconciler, RunOptions, Start};
use reconciler::settings::ReconcilerSettings;
use slog::{Discard, Logger, o};
use test_support::{TestMongo, TestPostgres};
use tokio_util::sync::CancellationToken;

use crate::seed::{Seed, Shape};

/// 500 clients, 1,500 targets, 3,000 mails.
pub(crate) const OFFICE: Shape = Shape { clients: 500, targets_per_client: 3, mails_per_target: 2 };

pub(crate) const TARGETS: u64 = 1_500;

pub(crate) struct World {
    pub(crate) seed: Seed,
    pub(crate) reconciler: Reconciler,
    pub(crate) clients: Collection<Document>,
    pub(crate) postgres_url: String,
    pub(crate) mongo_url: String,
    pub(crate) mongo_name: String,
    // Dropped last: they drop the databases.
    pub(crate) postgres: TestPostgres,
    _mongo: Option<TestMongo>,
}

impl World {
    pub(crate) async fn seeded() -> Self {
        Self::shaped(OFFICE).await
    }

    pub(crate) async fn shaped(shape: Shape) -> Self {
        let world = Self { seed: Seed::new(shape), ..Self::empty().await };
        world.seed_all().await;
        world
    }

    /// Nothing in either database.
    pub(crate) async fn empty() -> Self {
        let mongo = TestMongo::create();
        let (url, name) = (mongo.url().to_owned(), mongo.name().to_owned());
        Self::on(&url, &name, mongo.database().await, Some(mongo)).await
    }

    /// On a server that the test may stop.
    pub(crate) async fn seeded_on(mongo: &test_support::PrivateMongo) -> Self {
        let world = Self::on(&mongo.url(), mongo.name(), mongo.database().await, None).await;
        world.seed_all().await;
        world
    }

    async fn on(
        mongo_url: &str,
        mongo_name: &str,
        database: mongodb::Database,
        mongo: Option<TestMongo>,
    ) -> Self {
        let postgres = TestPostgres::create();
        let settings = settings(&postgres.url(), mongo_url, mongo_name, &[]);
        let reconciler =
            Reconciler::new(&settings.work, &Logger::root(Discard, o!())).await.unwrap();
        Self {
            seed: Seed::new(OFFICE),
            reconciler,
            clients: database.collection("clients"),
            postgres_url: postgres.url(),
            mongo_url: mongo_url.to_owned(),
            mongo_name: mongo_name.to_owned(),
            postgres,
            _mongo: mongo,
        }
    }

    async fn seed_all(&self) {
        self.store().ensure_indexes().await.unwrap();
        let seed = self.seed;
        let mut conn = self.connect();
        let postgres = tokio::task::spawn_blocking(move || seed.postgres(&mut conn));
        self.seed.mongo(&self.clients).await;
        postgres.await.unwrap();
    }

    pub(crate) fn store(&self) -> &ClientStore {
        &self.reconciler.store
    }

    pub(crate) fn connect(&self) -> PgConnection {
        self.postgres.connect()
    }

    pub(crate) fn sql(&self, statements: &str) {
        self.connect().batch_execute(statements).unwrap();
    }

    pub(crate) fn settings(&self, extra: &[&str]) -> ReconcilerSettings {
        settings(&self.postgres_url, &self.mongo_url, &self.mongo_name, extra)
    }

    /// Another replica, or the same one with other settings.
    pub(crate) async fn replica(&self, extra: &[&str]) -> Reconciler {
        let settings = self.settings(extra);
        Reconciler::new(&settings.work, &Logger::root(Discard, o!())).await.unwrap()
    }

    pub(crate) async fn run(&self) -> ReconciliationReport {
        run(&self.reconciler, RunOptions::SCHEDULED).await
    }

    pub(crate) async fn repair_all(&self) -> ReconciliationReport {
        let options = RunOptions { repair_all: true, ..RunOptions::of("test") };
        run(&self.reconciler, options).await
    }

    /// The program itself.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconciler"));
        command
            .args(arguments)
            .env("DATABASE_URL", &self.postgres_url)
            .env("MONGODB_URL", &self.mongo_url)
            .env("MONGODB_DATABASE", &self.mongo_name)
            .env("RECONCILE_CONFIRM_DELAY_MS", "50");
        command
    }

    pub(crate) async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Changes fields of an entry, as the portal would.
    pub(crate) async fn set_entry(&self, client: i32, entry: i32, fields: Document) {
        self.update_entry(client, entry, "$set", fields).await;
    }

    pub(crate) async fn unset_entry(&self, client: i32, entry: i32, fields: &[&str]) {
        let fields = fields.iter().map(|field| (field.to_string(), Bson::from(""))).collect();
        self.update_entry(client, entry, "$unset", fields).await;
    }

    async fn update_entry(&self, client: i32, entry: i32, operator: &str, fields: Document) {
        let fields: Document = fields
            .into_iter()
            .map(|(name, value)| (format!("final_creditor_list.$.{name}"), value))
            .collect();
        let filter = doc! {
            "_id": format!("c{client}"), "final_creditor_list.id": format!("c{client}-e{entry}"),
        };
        let result = self.clients.update_one(filter, doc! { operator: fields }).await.unwrap();
        assert_eq!(result.modified_count, 1);
    }

    /// As if its write had never happened, or one before it had been the last.
    pub(crate) async fn lose_write(&self, client: i32, entry: i32, shows: Option<i32>) {
        let mut document = self.seed.untouched_entry(client, entry);
        if let Some(mail) = shows {
            document.extend(self.seed.written(mail));
        }
        let filter = doc! {
            "_id": format!("c{client}"), "final_creditor_list.id": format!("c{client}-e{entry}"),
        };
        let update = doc! { "$set": { "final_creditor_list.$": document } };
        let result = self.clients.update_one(filter, update).await.unwrap();
        assert_eq!(result.modified_count, 1);
    }

    /// Loses the last write of the first `count` targets, each in its own client.
    pub(crate) async fn lose_writes(&self, count: i32) {
        let work = (0..count).map(|client| self.lose_write(client % 500, client / 500, None));
        futures::future::join_all(work).await;
    }

    pub(crate) async fn entry(&self, client: i32, entry: i32) -> Document {
        let document =
            self.clients.find_one(doc! { "_id": format!("c{client}") }).await.unwrap().unwrap();
        document
            .get_array("final_creditor_list")
            .unwrap()
            .iter()
            .filter_map(Bson::as_document)
            .find(|found| found.get("id") == Some(&Bson::from(format!("c{client}-e{entry}"))))
            .unwrap()
            .clone()
    }

    /// Asserts that the entry shows its newest mail, whole.
    #[track_caller]
    pub(crate) fn assert_shows_newest(&self, shown: &Document, client: i32, entry: i32) {
        let newest = self.seed.newest(client, entry);
        let amount = Bson::from(self.seed.amount(newest));
        assert_eq!(shown.get("current_debt_amount"), Some(&amount), "client {client}");
        assert_eq!(shown.get("creditor_response_amount"), Some(&amount));
        assert_eq!(shown.get("amount_source"), Some(&Bson::from("creditor_response")));
        assert_eq!(
            shown.get_document("sync").unwrap().get("email_id"),
            Some(&Bson::from(i64::from(newest)))
        );
    }
}

pub(crate) async fn run(reconciler: &Reconciler, options: RunOptions) -> ReconciliationReport {
    let Start::Begun(begun) = reconciler.begin(None).await.unwrap() else {
        panic!("somebody else runs");
    };
    let id = begun.report_id;
    let stop = CancellationToken::new();
    reconciler.carry_out(begun, options, &stop, &Progress::default()).await;
    let find = move |conn: &mut _| reconciliation_report::find(conn, id);
    reconciler.database.query(find).await.unwrap().unwrap()
}

/// How many mismatches of a type a report counts.
pub(crate) fn count(report: &ReconciliationReport, kind: &str) -> u64 {
    report.details.as_ref().unwrap()["by_type"][kind].as_u64().unwrap()
}

fn settings(postgres: &str, mongo: &str, name: &str, extra: &[&str]) -> ReconcilerSettings {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        settings: ReconcilerSettings,
    }
    let mut arguments = vec![
        "test",
        "--database-url",
        postgres,
        "--mongodb-url",
        mongo,
        "--mongodb-database",
        name,
        "--admin-token",
        "token",
        "--write-timeout",
        "20000",
    ];
    if !extra.contains(&"--confirm-delay") {
        arguments.extend(["--confirm-delay", "50"]);
    }
    arguments.extend(extra);
    Arguments::try_parse_from(arguments).unwrap().settings
}

/// Longer than anything takes here, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
