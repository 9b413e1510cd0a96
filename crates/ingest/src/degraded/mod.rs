//! Without `DATABASE_URL`: the same webhook, and a fenced write straight to MongoDB.
//!
//! Surprising rule: nothing is durable here. A mail answered 200 lives in memory until it is
//! written, and a kill loses it. The mode keeps an office going while there is no Postgres, and
//! says so in every place where one looks.
//!
//! A mail has no row, so its id is made from its identity: negative, so that no row has it; the
//! same for a redelivery, so that a mail applies once; and below every row's id, so that of two
//! mails of one millisecond the one that Postgres knows wins at the fence.

mod ledger;
mod mail;

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use anyhow::{Context as _, Result};
use clients::store::{ClientStore, StoreSettings};
use domain::models::incoming_email::NewIncomingEmail;
use domain::service::{BoundHttp, Context, OperatorEndpoints};
use domain::settings::Secret;
use extraction::Extractor;
use futures::future::BoxFuture;
use slog::{Logger, error, o, warn};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::metrics::Metrics;
use crate::settings::Config;
use crate::webhook::problem::Problem;
use crate::webhook::{self, Inbox, Receipt, Webhook};
use ledger::{Ledger, Standing};
use mail::{MailInMemory, email_id};

/// Mails in memory at once; with bodies of 2 MiB at most they fill 2 GiB.
const MAILS_IN_MEMORY: u32 = 1_000;

/// How long mails in memory may take after SIGTERM before they are lost.
const STOP_LIMIT: Duration = Duration::from_secs(6);

/// What a mail's task needs.
pub(crate) struct Degraded {
    store: ClientStore,
    extractor: Arc<dyn Extractor>,
    ledger: Ledger,
    in_memory: Arc<Semaphore>,
    /// Mails are worked on here, not on the HTTP threads.
    runtime: Handle,
    metrics: Metrics,
    log: Logger,
}

/// Serves until the context is cancelled.
pub(crate) async fn run(
    config: Config,
    http: BoundHttp,
    context: Context,
    mongodb: (&Secret, &str),
) -> Result<()> {
    warn!(
        context.log,
        "DEGRADED: DATABASE_URL is not set. Mails are kept in memory only and \
                        written straight to MongoDB; a crash loses what was accepted. There are \
                        no outbox, no retries after a restart and no reconciliation"
    );
    let metrics = Metrics::register(&context.metrics)?;
    let (url, database) = mongodb;
    let store = ClientStore::connect(url, database, "ingest-degraded", StoreSettings::default())
        .await
        .context("MONGODB_URL does not work")?;
    let degraded = Arc::new(Degraded {
        store: store.clone(),
        extractor: config.provider.extractor.clone(),
        ledger: Ledger::default(),
        in_memory: Arc::new(Semaphore::new(MAILS_IN_MEMORY as usize)),
        runtime: Handle::current(),
        metrics: metrics.clone(),
        log: context.log.new(o!("mode" => "degraded")),
    });
    let webhook = Webhook {
        config: Arc::new(config.webhook),
        inbox: Arc::new(MemoryInbox(degraded.clone())),
        metrics: metrics.clone(),
        log: context.log.clone(),
    };
    let endpoints = OperatorEndpoints::new(&context)
        .check("mongodb", move || {
            let store = store.clone();
            async move { Ok(store.ping().await?) }
        })
        .refresh_before_scrape(move || {
            metrics.refresh_circuit();
            std::future::ready(())
        })
        .degraded();
    let (webhook, shown) = (web::Data::new(webhook), web::Data::from(degraded.clone()));
    http.serve(&context, endpoints, move |app| {
        app.app_data(webhook.clone())
            .app_data(shown.clone())
            .service(
                web::resource("/api/v1/zendesk/webhook").route(web::post().to(webhook::receive)),
            )
            .service(
                web::resource("/api/v1/zendesk/status/{email_id}").route(web::get().to(status)),
            );
    })
    .await?;
    degraded.finish().await;
    Ok(())
}

impl Degraded {
    fn accept(self: &Arc<Self>, mail: NewIncomingEmail) -> Result<Receipt, Problem> {
        let email_id = email_id(&mail);
        let Ok(place) = self.in_memory.clone().try_acquire_owned() else {
            return Err(Problem::Backlog);
        };
        if !self.ledger.enter(email_id) {
            return Ok(Receipt { email_id, is_duplicate: true });
        }
        let degraded = self.clone();
        self.runtime.spawn(async move {
            let log = degraded.log.new(o!(
                "email_id" => email_id, "request_id" => mail.request_id.clone(),
                "operation" => "process"));
            let mail = MailInMemory::new(email_id, mail);
            let work = {
                let (degraded, log) = (degraded.clone(), log.clone());
                tokio::spawn(async move { mail.process(&degraded, &log).await })
            };
            let standing = work.await.unwrap_or_else(|_| Standing::failed("failed:panicked"));
            standing.report(&log);
            degraded
                .metrics
                .processed
                .with_label_values(&[standing.processing_status.as_str()])
                .inc();
            degraded.ledger.set(email_id, standing);
            drop(place);
        });
        Ok(Receipt { email_id, is_duplicate: false })
    }

    /// Waits for the mails in memory, and says how many are lost.
    async fn finish(&self) {
        let all_done = self.in_memory.acquire_many(MAILS_IN_MEMORY);
        if tokio::time::timeout(STOP_LIMIT, all_done).await.is_err() {
            let lost = MAILS_IN_MEMORY as usize - self.in_memory.available_permits();
            error!(self.log, "stopping with mails in memory that were accepted and not written; \
                              find them in Zendesk"; "mails_lost" => lost);
        }
    }
}

/// The inbox without Postgres.
struct MemoryInbox(Arc<Degraded>);

impl Inbox for MemoryInbox {
    fn accept(&self, mail: NewIncomingEmail) -> BoxFuture<'_, Result<Receipt, Problem>> {
        Box::pin(std::future::ready(self.0.accept(mail)))
    }
}

async fn status(path: web::Path<String>, degraded: web::Data<Degraded>) -> HttpResponse {
    let standing = path.parse().ok().and_then(|email_id| degraded.ledger.get(email_id));
    match standing {
        Some((email_id, standing)) => HttpResponse::Ok().json(standing.to_json(email_id)),
        None => Problem::NoSuchEmail.to_response(),
    }
}
