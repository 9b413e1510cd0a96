//! The service: built and bound first, then run, so that a test knows its port before it serves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web;
use anyhow::{Context as _, Result, ensure};
use domain::database::{Database, PoolSettings};
use domain::models::incoming_email;
use domain::service::{BoundHttp, Context, OperatorEndpoints};
use domain::settings::Secret;
use futures::FutureExt;
use slog::warn;
use tokio::sync::Notify;

use crate::acceptor::Committers;
use crate::backlog::Backlog;
use crate::degraded;
use crate::inbox::PostgresInbox;
use crate::metrics::Metrics;
use crate::notifier::Notifier;
use crate::processing::{Limits, Processing, Workers};
use crate::settings::{Config, SignaturePolicy, StoreConfig};
use crate::status;
use crate::webhook::{self, Webhook};

/// Webhooks have connections of their own, so that no amount of processing keeps them waiting.
const ACCEPT_CONNECTIONS: u32 = 3;

/// Beside the workers: status, readiness, metrics, notifier, backlog.
const SPARE_CONNECTIONS: u32 = 3;

/// Mails in one claim.
const BATCH: usize = 64;

/// How long work in hand may take after SIGTERM; the whole stop stays below ten seconds.
const STOP_LIMIT: Duration = Duration::from_secs(3);
const WORKERS_STOP_LIMIT: Duration = Duration::from_secs(6);

/// Ingest, bound to its address and not yet serving.
pub struct Service {
    config: Config,
    http: BoundHttp,
}

impl Service {
    /// Takes the address. Connects to nothing else.
    pub fn bind(config: Config) -> Result<Self> {
        let http = BoundHttp::bind(config.service.listen_addr)?;
        Ok(Self { config, http })
    }

    pub fn address(&self) -> SocketAddr {
        self.http.address
    }

    /// Serves until the context is cancelled; then answers what was asked, finishes or gives back
    /// the mails in hand, and returns.
    pub async fn run(self, context: Context) -> Result<()> {
        if matches!(self.config.webhook.signature, SignaturePolicy::Skipped) {
            warn!(
                context.log,
                "signatures are not checked: anybody who reaches this port can post \
                                mails that end as amounts in clients' files"
            );
        }
        match self.config.store.clone() {
            StoreConfig::Postgres { url } => self.run_on_postgres(context, &url).await,
            StoreConfig::MongoOnly { url, database } => {
                degraded::run(self.config, self.http, context, (&url, &database)).await
            }
        }
    }

    async fn run_on_postgres(self, context: Context, url: &Secret) -> Result<()> {
        let Self { config, http } = self;
        let metrics = Metrics::register(&context.metrics)?;
        let accepting = Database::new(url, &PoolSettings::new("ingest-accept", ACCEPT_CONNECTIONS));
        let connections = config.queue.workers + SPARE_CONNECTIONS;
        let database = Database::new(url, &PoolSettings::new("ingest", connections));

        let accepted = Arc::new(Notify::new());
        let backlog = Arc::new(Backlog::new(config.queue.backlog_limit));
        let is_open = Arc::new(AtomicBool::new(false));
        let (acceptor, committers) =
            Committers::start(&accepting, &context.log, &metrics, &backlog, &accepted);
        let webhook = Webhook {
            config: Arc::new(config.webhook.clone()),
            inbox: Arc::new(PostgresInbox {
                acceptor,
                backlog: backlog.clone(),
                is_open: is_open.clone(),
            }),
            metrics: metrics.clone(),
            log: context.log.clone(),
        };
        let processing = Processing {
            database: database.clone(),
            limits: limits(&config),
            extractor: config.provider.extractor.clone(),
            context: context.clone(),
            metrics: metrics.clone(),
            notifier: Notifier::default(),
            backlog: backlog.clone(),
        };

        let helpers = {
            let (parts, database, metrics) = (context.clone(), database.clone(), metrics.clone());
            let notifier = processing.notifier.clone();
            tokio::spawn(async move {
                tokio::join!(
                    notifier.run(&parts, &database),
                    backlog.keep_counting(&parts, &database, &metrics),
                );
            })
        };
        let working = async {
            migrate::wait_until_current(&context, &database).await?;
            if context.shutdown.is_cancelled() {
                return Ok(());
            }
            // Nothing is accepted or processed before the schema is known to be this build's.
            is_open.store(true, Ordering::Release);
            let workers = Workers::start(&processing, config.queue.workers, &accepted)
                .context("couldn't start the workers")?;
            context.shutdown.cancelled().await;
            workers.finish(WORKERS_STOP_LIMIT).await;
            Ok(())
        };
        let endpoints = endpoints(&context, &database, &metrics, &is_open);
        let routes = {
            let (webhook, database) = (web::Data::new(webhook), web::Data::new(database.clone()));
            move |app: &mut web::ServiceConfig| {
                app.app_data(webhook.clone())
                    .app_data(database.clone())
                    .service(
                        web::resource("/api/v1/zendesk/webhook")
                            .route(web::post().to(webhook::receive)),
                    )
                    .service(
                        web::resource("/api/v1/zendesk/status/{email_id}")
                            .route(web::get().to(status::show)),
                    );
            }
        };
        // When one ends, the other is told to: a service is never left half alive.
        let stop_at_end = |part: Result<()>| {
            context.shutdown.cancel();
            part
        };
        let (served, worked) = tokio::join!(
            http.serve(&context, endpoints, routes).map(stop_at_end),
            working.map(stop_at_end),
        );
        committers.finish(STOP_LIMIT).await;
        helpers.await.ok();
        worked.and(served)
    }
}

/// The rules read many mails quickly, one after the other; of a model as many are asked as are
/// claimed, so that no mail is held without being worked on.
fn limits(config: &Config) -> Limits {
    let is_rules = config.provider.extractor.name() == extraction::rules::PROVIDER;
    let concurrency = config.provider.concurrency;
    Limits {
        lease: config.queue.lease,
        max_attempts: config.queue.max_attempts,
        batch: if is_rules { BATCH } else { concurrency },
        concurrency,
        examination: config.provider.longest_extraction,
    }
}

fn endpoints(
    context: &Context,
    database: &Database,
    metrics: &Metrics,
    is_open: &Arc<AtomicBool>,
) -> OperatorEndpoints {
    let (postgres, schema, scraped) = (database.clone(), database.clone(), database.clone());
    let (metrics, is_open) = (metrics.clone(), is_open.clone());
    OperatorEndpoints::new(context)
        .check("postgres", move || {
            let postgres = postgres.clone();
            async move { Ok(postgres.ping().await?) }
        })
        .check("schema", move || {
            let (schema, is_open) = (schema.clone(), is_open.clone());
            async move {
                migrate::check_current(&schema).await?;
                ensure!(is_open.load(Ordering::Acquire), "about to be accepted");
                Ok(())
            }
        })
        .refresh_before_scrape(move || {
            let (database, metrics) = (scraped.clone(), metrics.clone());
            async move {
                metrics.refresh_circuit();
                if let Ok(counts) = database.query(incoming_email::count_by_status).await {
                    metrics.set_emails(&counts);
                }
            }
        })
}
