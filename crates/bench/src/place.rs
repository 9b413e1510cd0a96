//! The private stack that is measured.

use std::path::Path;

use anyhow::{Context, Result};
use bson::Document;
use devstack::logs::Logs;
use devstack::process::Signal;
use devstack::secrets::Secrets;
use devstack::service::{Kind, Service};
use devstack::stack::{DATABASE, programs_beside_this_one};
use devstack::{Lifetime, Replicas, RunDir, Stack, StackOptions};
use tokio_postgres::NoTls;

use crate::data;

/// Databases that keep their promises (fsync on), and services to be started one by one.
pub(crate) struct Place {
    pub(crate) stack: Stack,
    pub(crate) secret: String,
    // Last, so that the servers are gone before their files.
    _dir: RunDir,
}

impl Place {
    pub(crate) async fn prepare() -> Result<Self> {
        eprintln!("starting a private stack");
        let parent = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.dev");
        let dir = RunDir::create(&parent, "bench")?;
        let secrets = Secrets::random();
        let secret = secrets.webhook.clone();
        let stack = Stack::prepare(StackOptions {
            dir: dir.path().to_owned(),
            lifetime: Lifetime::Kept,
            programs: programs_beside_this_one()?,
            replicas: Replicas { ingests: 1, relays: 4, reconcilers: 1 },
            secrets,
            environment: vec![
                ("LOG_LEVEL".to_owned(), "warning".to_owned()),
                // What is accepted faster than it is read must not turn the load into refusals.
                ("BACKLOG_LIMIT".to_owned(), "1000000000".to_owned()),
            ],
            logs: Logs::to_file(&parent.join("bench.log"))?,
        })
        .await?;
        Ok(Self { stack, secret, _dir: dir })
    }

    /// A connection of the bench's own.
    pub(crate) async fn postgres(&self) -> Result<tokio_postgres::Client> {
        let (client, connection) =
            tokio_postgres::connect(&self.stack.postgres.url(DATABASE), NoTls).await?;
        tokio::spawn(async move { connection.await.ok() });
        Ok(client)
    }

    pub(crate) async fn mongo(&self) -> Result<mongodb::Database> {
        let client = mongodb::Client::with_uri_str(self.stack.mongo.url()).await?;
        Ok(client.database(DATABASE))
    }

    pub(crate) async fn clients(&self) -> Result<mongodb::Collection<Document>> {
        Ok(self.mongo().await?.collection("clients"))
    }

    /// The services of one kind, in the order of their numbers.
    pub(crate) fn services(&mut self, kind: Kind) -> impl Iterator<Item = &mut Service> {
        self.stack.services.iter_mut().filter(move |service| service.kind() == kind)
    }

    /// Starts the first `count` services of a kind and waits until they are ready.
    pub(crate) async fn start(&mut self, kind: Kind, count: usize) -> Result<()> {
        let http = http_client()?;
        for service in self.services(kind).take(count) {
            service.start()?;
        }
        for service in self.services(kind).take(count) {
            while !service.is_ready(&http).await {
                anyhow::ensure!(
                    service.is_running(),
                    "{} ended; see .dev/bench.log",
                    service.name()
                );
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    /// Starts relays on an empty queue and freezes them, so that neither their start nor the seeding
    /// is part of a measurement.
    pub(crate) async fn hold_relays(&mut self, count: usize) -> Result<()> {
        data::empty(&self.postgres().await?).await?;
        self.start(Kind::Relay, count).await?;
        self.freeze_relays();
        Ok(())
    }

    pub(crate) fn freeze_relays(&mut self) {
        self.signal_relays(Signal::STOP);
    }

    pub(crate) fn release_relays(&mut self) {
        self.signal_relays(Signal::CONT);
    }

    fn signal_relays(&mut self, signal: Signal) {
        for service in self.services(Kind::Relay) {
            service.signal(signal);
        }
    }

    /// Ends all services of a kind.
    pub(crate) async fn end(&mut self, kind: Kind) {
        for service in self.services(kind) {
            service.signal(Signal::TERM);
        }
        for service in self.services(kind) {
            while service.is_running() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    }

    pub(crate) async fn stop(&mut self) {
        self.stack.stop().await;
    }
}

pub(crate) fn http_client() -> Result<reqwest::Client> {
    devstack::http_client_builder().build().context("couldn't make an HTTP client")
}
