//! The private stack under trial: both databases, a proxy between each of them and each service,
//! the services, and the model provider of one of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use devstack::logs::Logs;
use devstack::process::Signal;
use devstack::secrets::Secrets;
use devstack::service::Service;
use devstack::stack::DATABASE;
use devstack::{Lifetime, MongoServer, PostgresServer, Replicas, Stack, StackOptions};
use mongodb::bson::Document;
use mongodb::options::{
    ClientOptions, CollectionOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::fault::{Database, INGESTS, LinkFault, RECONCILERS, RELAYS, Role, SERVICES};
use crate::plan::Plan;
use crate::portal::documents;
use crate::provider::Provider;
use crate::proxy::Proxy;

/// What every service runs with: limits short enough that a short run reaches them.
const VARIABLES: [(&str, &str); 9] = [
    ("LLM_PROVIDER", "rules"),
    ("LEASE_SECS", "5"),
    ("RELAY_WRITE_TIMEOUT_MS", "2000"),
    ("RELAY_RETRY_BASE_MS", "20"),
    ("RELAY_POLL_INTERVAL_MS", "500"),
    ("RECONCILE_INTERVAL_SECS", "60"),
    ("RECONCILE_CONFIRM_DELAY_MS", "500"),
    ("LOG_FORMAT", "terminal"),
    ("LOG_LEVEL", "info"),
];
/// As in [`VARIABLES`].
pub(crate) const WRITE_TIMEOUT_MS: i64 = 2_000;

/// The ingest that asks a model.
const ASKING_INGEST: usize = 1;
const TEND_INTERVAL: Duration = Duration::from_millis(100);
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct World {
    /// By number; a fault that needs a process to stay as it is holds its lock.
    pub(crate) services: Vec<Arc<Mutex<Service>>>,
    pub(crate) postgres: Mutex<PostgresServer>,
    pub(crate) mongo: Mutex<MongoServer>,
    pub(crate) provider: Provider,
    pub(crate) clients: mongodb::Collection<Document>,
    pub(crate) secrets: Secrets,
    postgres_url: String,
    links: Vec<[Proxy; 2]>,
    urls: Vec<String>,
    supervisors: Vec<JoinHandle<()>>,
}

/// Where things are.
pub(crate) struct Places<'a> {
    /// The run's own folder.
    pub(crate) dir: &'a Path,
    /// The services' programs.
    pub(crate) programs: PathBuf,
    /// Where the services' lines go.
    pub(crate) log: &'a Path,
}

impl World {
    /// Starts everything and waits until each service says that it is ready.
    pub(crate) async fn start(places: Places<'_>, plan: &Plan) -> Result<Self> {
        let secrets = Secrets::random();
        let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let options = StackOptions {
            dir: places.dir.to_owned(),
            lifetime: Lifetime::Throwaway,
            programs: places.programs,
            replicas: Replicas { ingests: INGESTS, relays: RELAYS, reconcilers: RECONCILERS },
            secrets: secrets.clone(),
            environment: VARIABLES.iter().map(variable).collect(),
            logs: Logs::to_file(places.log)?,
        };
        let mut stack = Stack::prepare(options).await?;
        stack.clients().await?.insert_many(documents(&plan.office)).await?;
        let provider = Provider::start(plan).await?;
        let postgres_url = stack.postgres.url(DATABASE);
        let (postgres_port, mongo_port) = (stack.postgres.port(), stack.mongo.port());
        let mut links = Vec::new();
        for service in &mut stack.services {
            let link = [Proxy::start(postgres_port).await?, Proxy::start(mongo_port).await?];
            let through = |url: &str, from: u16, to: u16| {
                url.replace(&format!("127.0.0.1:{from}"), &format!("127.0.0.1:{to}"))
            };
            let postgres = through(&postgres_url, postgres_port, link[0].port());
            service.set_variable("DATABASE_URL", &postgres);
            // Else the driver would learn the server's own address and go round the proxy.
            let mongo = format!("mongodb://127.0.0.1:{}/?directConnection=true", link[1].port());
            service.set_variable("MONGODB_URL", &mongo);
            links.push(link);
        }
        let asking = &mut stack.services[ASKING_INGEST];
        for (name, value) in [
            ("LLM_PROVIDER", "claude"),
            ("ANTHROPIC_API_KEY", "none-is-needed"),
            ("ANTHROPIC_BASE_URL", &provider.url()),
            ("LLM_TIMEOUT_SECS", "3"),
            ("LLM_MAX_RETRIES", "1"),
            ("LLM_DAILY_TOKENS", "0"),
        ] {
            asking.set_variable(name, value);
        }
        stack.start_services().await?;
        let urls = stack.services.iter().map(Service::url).collect();
        let shared = |service| Arc::new(Mutex::new(service));
        let services: Vec<_> =
            std::mem::take(&mut stack.services).into_iter().map(shared).collect();
        let supervisors =
            services.iter().map(|service| tokio::spawn(tend(service.clone()))).collect();
        Ok(Self {
            clients: clients(&stack.mongo).await?,
            services,
            postgres: Mutex::new(stack.postgres),
            mongo: Mutex::new(stack.mongo),
            provider,
            secrets,
            postgres_url,
            links,
            urls,
            supervisors,
        })
    }

    /// A session on Postgres that goes round the proxies.
    pub(crate) async fn connect(&self) -> Result<tokio_postgres::Client> {
        let connect = tokio_postgres::connect(&self.postgres_url, tokio_postgres::NoTls);
        let connected = tokio::time::timeout(Duration::from_secs(2), connect).await;
        let (client, connection) = connected.context("Postgres does not answer")??;
        // It ends with the client; an error reaches the client's own calls.
        tokio::spawn(connection);
        Ok(client)
    }

    /// The base URLs of a service's processes.
    pub(crate) fn urls(&self, role: Role) -> Vec<String> {
        self.urls[role.services()].to_vec()
    }

    /// Begins a fault on one link or on all links to a database, or ends it with `None`.
    pub(crate) fn set_link(
        &self,
        database: Database,
        service: Option<usize>,
        fault: Option<LinkFault>,
    ) {
        let services = service.map_or(0..SERVICES, |service| service..service + 1);
        for link in &self.links[services] {
            link[database as usize].set(fault);
        }
    }

    /// Stops the services, which finish what they have begun; the databases go with the value.
    pub(crate) async fn stop(self) {
        for supervisor in &self.supervisors {
            supervisor.abort();
        }
        for service in &self.services {
            service.lock().await.signal(Signal::TERM);
        }
        let deadline = Instant::now() + DRAIN_LIMIT;
        for service in &self.services {
            let mut service = service.lock().await;
            while service.is_running() && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            service.signal(Signal::KILL);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for supervisor in &self.supervisors {
            supervisor.abort();
        }
    }
}

/// Starts a process again whenever it has ended, for ever.
async fn tend(service: Arc<Mutex<Service>>) {
    loop {
        service.lock().await.tend();
        tokio::time::sleep(TEND_INTERVAL).await;
    }
}

/// The portal's and the checker's own way to the clients. What it reads no crash takes back.
async fn clients(mongo: &MongoServer) -> Result<mongodb::Collection<Document>> {
    let url = format!("mongodb://127.0.0.1:{}/?directConnection=true", mongo.port());
    let mut options = ClientOptions::parse(url).await?;
    options.server_selection_timeout = Some(Duration::from_secs(2));
    options.connect_timeout = Some(Duration::from_secs(2));
    options.heartbeat_freq = Some(Duration::from_secs(1));
    let collection = CollectionOptions::builder()
        .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        .read_concern(ReadConcern::majority())
        .write_concern(WriteConcern::majority())
        .build();
    let database = mongodb::Client::with_options(options)?.database(DATABASE);
    Ok(database.collection_with_options("clients", collection))
}
