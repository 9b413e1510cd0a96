//! The whole stack: both databases, and the services over them.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mongodb::bson::Document;

use crate::http::http_client_builder;
use crate::logs::Logs;
use crate::process::{ManagedProcess, Signal, server_command};
use crate::secrets::Secrets;
use crate::service::{Kind, Service};
use crate::storage::free_ports;
use crate::{Lifetime, MongoServer, PostgresServer};

/// The database's name on both servers.
pub const DATABASE: &str = "claimsync";

const READY_LIMIT: Duration = Duration::from_secs(60);
/// How long a service may take to finish what it has begun.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
const TEND_INTERVAL: Duration = Duration::from_millis(100);

/// How many processes of each kind.
#[derive(Clone, Copy, Debug)]
pub struct Replicas {
    pub ingests: usize,
    pub relays: usize,
    pub reconcilers: usize,
}

impl Default for Replicas {
    fn default() -> Self {
        Self { ingests: 1, relays: 1, reconcilers: 1 }
    }
}

pub struct StackOptions {
    /// Holds the data of the databases.
    pub dir: PathBuf,
    pub lifetime: Lifetime,
    /// The folder of the services' programs; see [`programs_beside_this_one`].
    pub programs: PathBuf,
    pub replicas: Replicas,
    pub secrets: Secrets,
    /// For every service, stronger than what the stack sets itself: `DATABASE_URL` here leads the
    /// services through a proxy.
    pub environment: Vec<(String, String)>,
    pub logs: Logs,
}

/// Databases that run and are migrated, and the services over them.
pub struct Stack {
    // Services come first, so that they are gone before the databases when all is dropped.
    pub services: Vec<Service>,
    pub postgres: PostgresServer,
    pub mongo: MongoServer,
    secrets: Secrets,
    logs: Logs,
    http: reqwest::Client,
}

impl Stack {
    /// Starts the databases and runs the migrations. The services are named, but not started.
    pub async fn prepare(options: StackOptions) -> Result<Self> {
        let logs = options.logs;
        logs.line("devstack", "starting PostgreSQL and MongoDB");
        let (postgres_dir, mongodb_dir) =
            (options.dir.join("postgres"), options.dir.join("mongodb"));
        let (postgres, mongo) = tokio::try_join!(
            PostgresServer::start(&postgres_dir, None, options.lifetime),
            MongoServer::start(&mongodb_dir, None, options.lifetime),
        )?;
        postgres.create_database(DATABASE).await?;
        migrate(&options.programs, &postgres.url(DATABASE), &logs).await?;

        let mut environment = vec![
            ("DATABASE_URL".to_owned(), postgres.url(DATABASE)),
            ("MONGODB_URL".to_owned(), mongo.url()),
            ("MONGODB_DATABASE".to_owned(), DATABASE.to_owned()),
            ("WEBHOOK_SECRET".to_owned(), options.secrets.webhook.clone()),
            ("ADMIN_TOKEN".to_owned(), options.secrets.admin.clone()),
            ("LOG_FORMAT".to_owned(), "terminal".to_owned()),
        ];
        environment.extend(options.environment);
        let replicas = options.replicas;
        let kinds = [
            (Kind::Ingest, replicas.ingests),
            (Kind::Relay, replicas.relays),
            (Kind::Reconciler, replicas.reconcilers),
        ];
        let numbered: Vec<(Kind, usize)> = kinds
            .into_iter()
            .flat_map(|(kind, count)| (1..=count).map(move |number| (kind, number)))
            .collect();
        let ports = free_ports(numbered.len())?;
        let services = numbered
            .into_iter()
            .zip(ports)
            .map(|((kind, number), port)| {
                Service::new(kind, number, &options.programs, port, &environment, &logs)
            })
            .collect();
        Ok(Self { services, postgres, mongo, secrets: options.secrets, logs, http: http_client()? })
    }

    /// Starts all services and waits until each says that it is ready.
    pub async fn start_services(&mut self) -> Result<()> {
        for service in &mut self.services {
            self.logs.line("devstack", &format!("starting {}", service.name()));
            service.start()?;
        }
        let deadline = Instant::now() + READY_LIMIT;
        for service in &mut self.services {
            while !service.is_ready(&self.http).await {
                if let Some(end) = service.exit_status() {
                    bail!("{} ended before it was ready ({end}): see its lines", service.name());
                }
                if Instant::now() >= deadline {
                    bail!("{} is not ready after {READY_LIMIT:?}: see its lines", service.name());
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
        Ok(())
    }

    /// The clients' documents, which the portal owns.
    pub async fn clients(&self) -> Result<mongodb::Collection<Document>> {
        let client = mongodb::Client::with_uri_str(self.mongo.url()).await?;
        Ok(client.database(DATABASE).collection("clients"))
    }

    /// Where everything is, under the names that the services and their users know.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let url_of = |kind: Kind| {
            let first = self.services.iter().find(|service| service.kind() == kind);
            first.map(Service::url).unwrap_or_default()
        };
        vec![
            ("DATABASE_URL", self.postgres.url(DATABASE)),
            ("MONGODB_URL", self.mongo.url()),
            ("MONGODB_DATABASE", DATABASE.to_owned()),
            ("WEBHOOK_SECRET", self.secrets.webhook.clone()),
            ("ADMIN_TOKEN", self.secrets.admin.clone()),
            ("INGEST_URL", url_of(Kind::Ingest)),
            ("RELAY_URL", url_of(Kind::Relay)),
            ("RECONCILER_URL", url_of(Kind::Reconciler)),
        ]
    }

    /// Starts again whatever has ended, for ever.
    pub async fn keep_running(&mut self) {
        loop {
            self.tend_databases().await;
            self.tend_services();
            tokio::time::sleep(TEND_INTERVAL).await;
        }
    }

    /// Starts again a database that has ended, on its port and data.
    pub async fn tend_databases(&mut self) {
        if !self.postgres.is_running() {
            self.logs.line("postgres", &restart_line(self.postgres.exit_status()));
            if let Err(error) = self.postgres.restart().await {
                self.logs.line("postgres", &format!("{error:#}"));
            }
        }
        if !self.mongo.is_running() {
            self.logs.line("mongodb", &restart_line(self.mongo.exit_status()));
            if let Err(error) = self.mongo.restart().await {
                self.logs.line("mongodb", &format!("{error:#}"));
            }
        }
    }

    /// Starts again each service that has ended.
    pub fn tend_services(&mut self) {
        for service in &mut self.services {
            service.tend();
        }
    }

    /// Stops the services, which finish what they have begun, and then the databases.
    pub async fn stop(&mut self) {
        for service in &mut self.services {
            service.signal(Signal::TERM);
        }
        let deadline = Instant::now() + DRAIN_LIMIT;
        for service in &mut self.services {
            while service.is_running() && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if service.is_running() {
                let name = service.name().to_owned();
                self.logs.line(&name, "does not stop; killing it");
                service.signal(Signal::KILL);
            }
        }
        self.logs.line("devstack", "stopping PostgreSQL and MongoDB");
        self.postgres.stop();
        self.mongo.stop();
    }
}

/// The folder of the running program, where cargo puts the services too (a test's program is one
/// folder further down).
pub fn programs_beside_this_one() -> Result<PathBuf> {
    let program = std::env::current_exe().context("couldn't find this program's own file")?;
    let folder = program.parent().context("this program's file is in no folder")?;
    let is_test = folder.file_name().is_some_and(|name| name == "deps");
    Ok(if is_test { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}

/// What the log says of a process that has ended by itself.
pub(crate) fn restart_line(end: Option<ExitStatus>) -> String {
    let end = end.map_or_else(|| "not running".to_owned(), |end| end.to_string());
    format!("ended ({end}); starting it again")
}

async fn migrate(programs: &Path, database_url: &str, logs: &Logs) -> Result<()> {
    logs.line("devstack", "running the migrations");
    let (reader, writer) = std::io::pipe()?;
    let mut command = server_command(&programs.join("migrate"), None);
    command.arg("up").env("DATABASE_URL", database_url).env("LOG_FORMAT", "terminal");
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut process = ManagedProcess::start(command)?;
    logs.follow("migrate", reader);
    let status = loop {
        match process.exit_status() {
            Some(status) => break status,
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    if !status.success() {
        bail!("the migrations failed ({status}): see the lines of migrate");
    }
    Ok(())
}

/// For the services on this machine: no patience.
fn http_client() -> Result<reqwest::Client> {
    Ok(http_client_builder().timeout(Duration::from_secs(5)).build()?)
}
