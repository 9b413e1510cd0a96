//! The reconciler as a service: bound first, so that a test learns the port, then run.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::database::{Database, DatabaseError};
use domain::logging::chain;
use domain::models::reconciliation_report;
use domain::service::{BoundHttp, Context, OperatorEndpoints};
use domain::settings::Secret;
use domain::status::ReportStatus;
use slog::{info, warn};
use tokio::sync::mpsc;

use crate::admin::AdminApi;
use crate::clock::{self, Due};
use crate::compare::Progress;
use crate::metrics::ReconcilerMetrics;
use crate::run::{Begun, Reconciler, RunEnd, RunOptions, Start};
use crate::settings::ReconcilerSettings;

/// The wall clock may be set while the process sleeps: so long at most until it is looked at again.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);

/// Until a run is tried again that could not begin.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// A reconciler that listens but does not run yet.
pub struct ReconcilerService {
    http: BoundHttp,
    settings: ReconcilerSettings,
    admin_token: Secret,
}

impl ReconcilerService {
    /// Checks the settings and binds the port; connects to nothing.
    pub fn bind(settings: ReconcilerSettings) -> Result<Self> {
        settings.validate()?;
        let admin_token = settings.required_admin_token()?;
        let http = BoundHttp::bind(settings.service.listen_addr)?;
        Ok(Self { http, settings, admin_token })
    }

    pub fn address(&self) -> SocketAddr {
        self.http.address
    }

    /// Runs by the clock and on request until the context is cancelled.
    pub async fn run(self, context: Context) -> Result<()> {
        let Self { http, settings, admin_token } = self;
        let reconciler = Reconciler::new(&settings.work, &context.log).await?;
        let metrics = ReconcilerMetrics::register(&context.metrics)?;
        // One place: whoever holds the leader's lock has nobody before it.
        let (triggered, requests) = mpsc::channel(1);
        let admin = AdminApi::new(admin_token, reconciler.clone(), triggered);
        let endpoints = endpoints(&context, &reconciler, &metrics);
        let serve = http.serve(&context, endpoints, move |app| admin.configure(app));
        let schedule = async {
            migrate::wait_until_current(&context, &reconciler.database).await?;
            if let Err(error) = reconciler.store.ensure_indexes().await {
                warn!(context.log, "couldn't make sure of the indexes on clients; look-ups may scan";
                    "error" => chain(&error));
            }
            let schedule = Schedule { reconciler, metrics, interval: settings.interval, requests };
            schedule.run(&context).await;
            Ok(())
        };
        // Whichever ends first ends the other: nobody would notice a clock that stopped.
        let schedule = async {
            let result = schedule.await;
            context.shutdown.cancel();
            result
        };
        let (served, scheduled) = tokio::join!(serve, schedule);
        scheduled.and(served)
    }
}

/// The loop of one replica: a slot of the clock or a request, one run after the other.
struct Schedule {
    reconciler: Reconciler,
    metrics: ReconcilerMetrics,
    interval: Duration,
    requests: mpsc::Receiver<Begun>,
}

impl Schedule {
    async fn run(mut self, context: &Context) {
        let last = self.reconciler.database.query(reconciliation_report::last_success).await;
        let last = last.ok().flatten();
        let mut due = clock::first_run(last, Utc::now(), self.interval, rand::random());
        info!(context.log, "waiting for the first run"; "at" => due.at.to_rfc3339());
        while !context.shutdown.is_cancelled() {
            tokio::select! {
                () = sleep_until(due.at) => {
                    due = match self.run_slot(due, context).await {
                        Ok(Slot::Done) => clock::next_run(Utc::now().max(due.at), self.interval),
                        Ok(Slot::Open) => clock::try_again(due, Utc::now(), self.interval),
                        Err(error) => {
                            warn!(context.log, "run is put off: Postgres is away";
                                "error" => chain(&error));
                            Due { at: Utc::now() + RETRY_AFTER, ..due }
                        }
                    };
                }
                Some(begun) = self.requests.recv() => {
                    self.carry_out(begun, RunOptions::TRIGGERED, context).await;
                }
                () = context.shutdown.cancelled() => {}
            }
        }
        // A request that was answered right before the end must not stay `running`.
        self.requests.close();
        while let Some(begun) = self.requests.recv().await {
            self.carry_out(begun, RunOptions::TRIGGERED, context).await;
        }
    }

    async fn run_slot(&self, due: Due, context: &Context) -> Result<Slot, DatabaseError> {
        match self.reconciler.begin(Some(due.unless_since)).await? {
            Start::Begun(begun) => {
                let end = self.carry_out(begun, RunOptions::SCHEDULED, context).await;
                return Ok(match end.status {
                    ReportStatus::Completed => Slot::Done,
                    ReportStatus::Running | ReportStatus::Failed => Slot::Open,
                });
            }
            Start::AlreadyDone => info!(context.log, "slot is done already"),
            Start::AlreadyRunning => {
                // It may be another replica's run of this slot, or one from before it, or one that
                // fails.
                info!(context.log, "a run is going on; the slot is looked at again later");
                return Ok(Slot::Open);
            }
        }
        Ok(Slot::Done)
    }

    async fn carry_out(&self, begun: Begun, options: RunOptions, context: &Context) -> RunEnd {
        let progress = Progress::default();
        let end = self.reconciler.carry_out(begun, options, &context.shutdown, &progress).await;
        self.metrics.record_run(&end);
        end
    }
}

/// Whether a slot has had its run.
enum Slot {
    Done,
    Open,
}

async fn sleep_until(at: DateTime<Utc>) {
    while let Ok(remaining) = (at - Utc::now()).to_std()
        && !remaining.is_zero()
    {
        tokio::time::sleep(remaining.min(LONGEST_SLEEP)).await;
    }
}

fn endpoints(
    context: &Context,
    reconciler: &Reconciler,
    metrics: &ReconcilerMetrics,
) -> OperatorEndpoints {
    let database = &reconciler.database;
    let gauges = database.clone();
    let (store, metrics) = (reconciler.store.clone(), metrics.clone());
    migrate::with_postgres_checks(OperatorEndpoints::new(context), database)
        .check("mongodb", move || {
            let store = store.clone();
            async move { Ok(store.ping().await?) }
        })
        .refresh_before_scrape(move || {
            let (database, metrics) = (gauges.clone(), metrics.clone());
            async move { refresh(&database, &metrics).await }
        })
}

async fn refresh(database: &Database, metrics: &ReconcilerMetrics) {
    let read = database.query(|conn| {
        let last_compared = reconciliation_report::last_compared(conn)?;
        Ok((last_compared, reconciliation_report::last_success(conn)?))
    });
    if let Ok((last_compared, last_success)) = read.await {
        metrics.show(last_compared.as_ref(), last_success);
    }
}
