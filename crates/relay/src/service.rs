//! The relay as a service: bound first, so that a test learns the port, then run.

use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clients::store::ClientStore;
use domain::database::{Database, PoolSettings};
use domain::logging::chain;
use domain::models::outbox_message;
use domain::service::{BoundHttp, Context, OperatorEndpoints};
use domain::settings::Secret;
use futures::future::join_all;
use slog::{info, o, warn};
use tokio::sync::Notify;

use crate::batch::Delivery;
use crate::metrics::RelayMetrics;
use crate::pace::Worker;
use crate::settings::RelaySettings;
use crate::wake;

/// Beside those of the workers: for probes and metrics.
const OWN_CONNECTIONS: u32 = 1;

/// A relay that listens but does not deliver yet.
pub struct RelayService {
    http: BoundHttp,
    settings: RelaySettings,
    postgres_url: Secret,
    database: Database,
}

impl RelayService {
    /// Checks the settings and binds the port; connects to nothing.
    pub fn bind(settings: RelaySettings) -> Result<Self> {
        settings.validate()?;
        let postgres_url = settings.postgres.required_url()?;
        let mut pool = PoolSettings::new("claimsync-relay", settings.workers + OWN_CONNECTIONS);
        // A frozen relay's rows are free soon after its own limit has passed.
        pool.idle_in_transaction_timeout = settings.delivery.write_timeout * 2;
        let database = Database::new(&postgres_url, &pool);
        let http = BoundHttp::bind(settings.service.listen_addr)?;
        Ok(Self { http, settings, postgres_url, database })
    }

    pub fn address(&self) -> SocketAddr {
        self.http.address
    }

    /// Delivers until the context is cancelled.
    pub async fn run(self, context: Context) -> Result<()> {
        let Self { http, settings, postgres_url, database } = self;
        let store = ClientStore::connect(
            &settings.mongo.required_url()?,
            &settings.mongo.required_database()?,
            "claimsync-relay",
            settings.delivery.store_settings(),
        )
        .await
        .context("MONGODB_URL can't be used")?;
        let metrics = RelayMetrics::register(&context.metrics)?;
        let endpoints = endpoints(&context, &database, &store, &metrics);
        let serve = http.serve(&context, endpoints, |_| {});
        let deliver = async {
            migrate::wait_until_current(&context, &database).await?;
            if let Err(error) = store.ensure_indexes().await {
                warn!(context.log, "couldn't make sure of the indexes on clients; look-ups may scan";
                    "error" => chain(&error));
            }
            let wake = Arc::new(Notify::new());
            let listener = tokio::spawn(wake::listen(context.clone(), postgres_url, wake.clone()));
            let log = context.log.new(o!());
            let polling = Worker {
                delivery: Delivery::new(database.clone(), store.clone(), &settings.delivery, log),
                metrics,
                wake,
                poll_interval: settings.poll_interval,
                polls: true,
                largest_batch: settings.delivery.batch_size,
            };
            let waiting = Worker { polls: false, ..polling.clone() };
            let others = iter::repeat_n(waiting, settings.workers as usize - 1);
            info!(context.log, "delivering"; "workers" => settings.workers);
            join_all(iter::once(polling).chain(others).map(|worker| {
                let context = context.clone();
                async move { worker.run(&context).await }
            }))
            .await;
            listener.abort();
            Ok(())
        };
        // Whichever ends first ends the other: a relay that cannot listen must not go on unseen.
        let deliver = async {
            let result = deliver.await;
            context.shutdown.cancel();
            result
        };
        let (served, delivered) = tokio::join!(serve, deliver);
        delivered.and(served)
    }
}

fn endpoints(
    context: &Context,
    database: &Database,
    store: &ClientStore,
    metrics: &RelayMetrics,
) -> OperatorEndpoints {
    let gauges = database.clone();
    let (store, metrics) = (store.clone(), metrics.clone());
    migrate::with_postgres_checks(OperatorEndpoints::new(context), database)
        .check("mongodb", move || {
            let store = store.clone();
            async move { Ok(store.ping().await?) }
        })
        .refresh_before_scrape(move || {
            let (database, metrics) = (gauges.clone(), metrics.clone());
            async move {
                if let Ok(figures) = database.query(outbox_message::figures).await {
                    metrics.set_queue(&figures);
                }
            }
        })
}
