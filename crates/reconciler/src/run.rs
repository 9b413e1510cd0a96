//! One run: deliver what is due (A), compare and repair (B), clean up (C), and the report of it all.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clients::guard::GuardSettings;
use clients::store::{ClientStore, StoreSettings};
use domain::database::{Database, DatabaseError, PoolSettings};
use domain::logging::chain;
use domain::models::reconciliation_report::{self, RunFigures};
use domain::settings::Secret;
use domain::status::ReportStatus;
use relay::batch::Delivery;
use slog::{Logger, error, info, o, warn};
use tokio_util::sync::CancellationToken;

use crate::cleanup::clean_up;
use crate::compare::{Progress, Scope, compare_into};
use crate::deliver::deliver_due;
use crate::guard::{Refusal, admit_repairs};
use crate::halt::Halt;
use crate::leader::{Election, Leadership};
use crate::record::RunRecord;
use crate::repair::repair;
use crate::settings::WorkSettings;

/// One for the work, one for probes, one for the admin API.
const CONNECTIONS: u32 = 3;

/// For one read of a comparison: longer than the relay's, since no row is locked meanwhile.
const READ_TIMEOUT: Duration = Duration::from_secs(4);

/// How often a run says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// After a wish to stop, what is in hand has this long before it is dropped; the process has to end
/// within 10 s, and the report has to be closed before that.
const GRACE: Duration = Duration::from_secs(5);

/// What runs and commands share. Clones share pool and client.
#[derive(Clone)]
pub struct Reconciler {
    pub database: Database,
    pub store: ClientStore,
    pub settings: WorkSettings,
    pub(crate) delivery: Delivery,
    election: Election,
    pub(crate) log: Logger,
}

/// What a run does beyond comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Who asked for it, for the report.
    pub trigger: &'static str,
    /// A person has looked at how much differs and wants all of it repaired.
    pub repair_all: bool,
    /// Mails that a person was shown and asked about. Then only they are repaired, so far as the run
    /// still finds them wrong, and nothing is delivered before or deleted after it.
    pub plan: Option<Arc<HashSet<i32>>>,
}

impl RunOptions {
    pub const SCHEDULED: RunOptions = RunOptions::of("schedule");
    pub const TRIGGERED: RunOptions = RunOptions::of("admin_api");

    /// A whole run with all its limits.
    pub const fn of(trigger: &'static str) -> Self {
        Self { trigger, repair_all: false, plan: None }
    }
}

/// A run whose report is open. Only the leader has one.
pub struct Begun {
    pub report_id: i32,
    leadership: Leadership,
}

/// Whether a run could begin.
pub enum Start {
    Begun(Begun),
    /// Somebody else leads a run.
    AlreadyRunning,
    /// A run since the given time has completed, so that this one is not needed.
    AlreadyDone,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunEnd {
    pub status: ReportStatus,
    pub took: Duration,
    pub auto_repaired: u64,
    pub failed_repairs: u64,
    /// Why nothing was repaired, though something could have been.
    pub refusal: Option<Refusal>,
}

/// Why a run ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the reconciler was asked to stop")]
    Stopped,
    #[error("the leader's lock was lost with its session")]
    LeadershipLost,
}

impl Reconciler {
    /// Connects to nothing yet; only a URL that cannot be read is an error.
    pub async fn new(settings: &WorkSettings, log: &Logger) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        let postgres_url: Secret = settings.postgres.required_url()?;
        let mut pool = PoolSettings::new("claimsync-reconciler", CONNECTIONS);
        // Rows stay locked while MongoDB is written to, as in the relay.
        let longest_batch = settings.delivery.write_timeout * 2;
        pool.idle_in_transaction_timeout = pool.idle_in_transaction_timeout.max(longest_batch);
        let database = Database::new(&postgres_url, &pool);
        let (url, name) = (settings.mongo.required_url()?, settings.mongo.required_database()?);
        let connect = async |timeout| {
            let settings = StoreSettings { timeout };
            ClientStore::connect(&url, &name, "claimsync-reconciler", settings)
                .await
                .context("MONGODB_URL can't be used")
        };
        let delivery = Delivery::new(
            database.clone(),
            connect(settings.delivery.write_timeout).await?,
            &settings.delivery,
            log.new(o!()),
        );
        Ok(Self {
            database,
            store: connect(READ_TIMEOUT).await?,
            settings: settings.clone(),
            delivery,
            election: Election::new(postgres_url),
            log: log.new(o!("saga_step" => "reconcile")),
        })
    }

    /// Becomes the leader and opens a report. Runs that died are closed as failed.
    pub async fn begin(&self, unless_since: Option<DateTime<Utc>>) -> Result<Start, DatabaseError> {
        let Some(leadership) = self.stand().await? else {
            return Ok(Start::AlreadyRunning);
        };
        if let Some(since) = unless_since {
            // Asked under the lock, so that of many replicas only one can still see a need.
            let done = self
                .database
                .query(move |conn| reconciliation_report::has_completed_since(conn, since))
                .await?;
            if done {
                return Ok(Start::AlreadyDone);
            }
        }
        let report_id = self.database.query(reconciliation_report::start).await?;
        info!(self.log, "run begins"; "report_id" => report_id);
        Ok(Start::Begun(Begun { report_id, leadership }))
    }

    /// Stands for leader. A run gives its lock back a moment after it has closed its report, so
    /// that whoever saw the report closed is not refused.
    async fn stand(&self) -> Result<Option<Leadership>, DatabaseError> {
        const TRIES: u32 = 20;
        for _ in 0..TRIES {
            let leadership = self.election.stand().await?;
            if leadership.is_some()
                || self.database.query(reconciliation_report::is_running).await?
            {
                return Ok(leadership);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Ok(None)
    }

    /// Does the run and closes its report, whatever happens.
    pub async fn carry_out(
        &self,
        begun: Begun,
        options: RunOptions,
        stop: &CancellationToken,
        progress: &Progress,
    ) -> RunEnd {
        let Begun { report_id, leadership } = begun;
        let halt = Halt::of_leader(stop, &leadership.lost);
        let began = Instant::now();
        let log = self.log.new(o!("report_id" => report_id));
        let mut record = RunRecord::new(&options, self.settings.lookback.hours);
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let result = tokio::select! {
            result = self.work(report_id, &options, &mut record, &halt, progress) => result,
            () = overdue => Err(RunError::Stopped),
        };
        let (status, message) = match &result {
            Ok(()) => (ReportStatus::Completed, record.notes_as_text()),
            Err(error) => (ReportStatus::Failed, Some(chain(error))),
        };
        match &result {
            Ok(()) => info!(log, "run completed"; "checked" => record.comparison.counts.mails,
                "mismatches" => record.comparison.findings.total(),
                "repaired" => record.repairs.repaired(), "failed_repairs" => record.repairs.failed(),
                "duration_ms" => began.elapsed().as_millis(), "note" => &message),
            Err(error) => warn!(log, "run failed"; "error" => chain(error)),
        }
        self.close(report_id, status, record.figures(message), &log).await;
        drop(leadership);
        RunEnd {
            status,
            took: began.elapsed(),
            auto_repaired: record.repairs.repaired(),
            failed_repairs: record.repairs.failed(),
            refusal: record.refusal,
        }
    }

    async fn work(
        &self,
        report_id: i32,
        options: &RunOptions,
        record: &mut RunRecord,
        halt: &Halt,
        progress: &Progress,
    ) -> Result<(), RunError> {
        let log = &self.log.new(o!("report_id" => report_id));
        if options.plan.is_some() {
            return self.compare_and_repair(report_id, options, record, halt, progress).await;
        }
        let batch_size = self.settings.delivery.batch_size;
        let delivered = deliver_due(&self.delivery, 0, batch_size, halt, log).await?;
        record.note(delivered.note.clone());
        record.delivered = delivered;
        self.compare_and_repair(report_id, options, record, halt, progress).await?;
        record.cleaned_up = clean_up(&self.database, halt).await?;
        Ok(())
    }

    async fn compare_and_repair(
        &self,
        report_id: i32,
        options: &RunOptions,
        record: &mut RunRecord,
        halt: &Halt,
        progress: &Progress,
    ) -> Result<(), RunError> {
        let scope = Scope::of_last_hours(self.settings.lookback.hours);
        let noting = self.note_progress(report_id, progress);
        tokio::select! {
            compared = compare_into(self, scope, halt, progress, &mut record.comparison) => compared?,
            () = noting => unreachable!("progress is noted until the comparison ends"),
        }
        record.note(record.comparison.cut_short.clone());
        let limit = self.settings.compare.max_repairs;
        if let Err(refusal) = admit_repairs(&record.comparison, limit, options.repair_all) {
            if let Refusal::TooMuchDiffers { differing, targets } = refusal {
                error!(self.log, "nothing was repaired: too much differs"; "report_id" => report_id,
                    "differing" => differing, "targets" => targets);
            }
            record.refuse_repairs(refusal);
            return Ok(());
        }
        let repairable = record.comparison.findings.repairable.iter().copied();
        let wanted: Vec<i32> =
            repairable.filter(|id| options.plan.as_ref().is_none_or(|p| p.contains(id))).collect();
        let note = repair(self, halt, &wanted, &mut record.repairs).await?;
        record.note(note);
        Ok(())
    }

    /// So that a run that is killed leaves more than a zero behind.
    async fn note_progress(&self, report_id: i32, progress: &Progress) {
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            let checked = i32::try_from(progress.mails()).unwrap_or(i32::MAX);
            let note =
                move |conn: &mut _| reconciliation_report::note_progress(conn, report_id, checked);
            // The next note says more than this one would have.
            self.database.query(note).await.ok();
        }
    }

    /// What the relay's guard lets through, a repair may write.
    pub(crate) fn guard(&self) -> GuardSettings {
        self.settings.delivery.guard()
    }

    /// Postgres may be back a moment after the failure that ended the run.
    async fn close(&self, report_id: i32, status: ReportStatus, figures: RunFigures, log: &Logger) {
        for attempt in 1..=3 {
            let figures = figures.clone();
            let closed = self
                .database
                .query(move |conn| reconciliation_report::finish(conn, report_id, status, &figures))
                .await;
            match closed {
                Ok(_) => return,
                Err(error) if attempt == 3 => {
                    error!(log, "couldn't close the report; the next run will"; "error" => chain(&error));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
            }
        }
    }
}
