//! One run: start, send and break and edit at once, let it settle, judge.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::RunDir;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::check::{Evidence, Violation, check, watch};
use crate::fault::Role;
use crate::inject::inject;
use crate::journal::{Journal, Recorder};
use crate::observe::{sample_transactions, settle, snapshot, watch_clients};
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report;
use crate::sender::Sender;
use crate::snapshot::Snapshot;
use crate::world::{Places, WRITE_TIMEOUT_MS, World};

const SETTLE_LIMIT: Duration = Duration::from_secs(60);
const TRIGGER_INTERVAL: Duration = Duration::from_secs(7);
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
/// How often both databases are asked for the last time.
const SNAPSHOT_TRIES: u32 = 5;

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) journal: Journal,
    pub(crate) snapshot: Snapshot,
    pub(crate) violations: Vec<Violation>,
    /// `None` if it did not settle in time.
    pub(crate) settled: Option<Duration>,
}

pub(crate) async fn run(plan: &Plan, run_dir: &RunDir, programs: PathBuf) -> Result<Outcome> {
    let dir = run_dir.path();
    let recorder = Arc::new(Recorder::new(&journal_file(dir))?);
    eprintln!("chaos: starting PostgreSQL, MongoDB and the services");
    let places = Places { dir, programs, log: &log_file(dir) };
    let world = Arc::new(World::start(places, plan).await?);
    let began_secs = chrono::Utc::now().timestamp();
    let began = Instant::now();

    let mut background = Background::default();
    background.spawn(sample_transactions(world.clone(), recorder.clone()));
    background.spawn(watch_clients(world.clone(), recorder.clone(), watch(plan)));
    background.spawn(trigger_reconciler(world.clone()));
    background.spawn(show_progress(began, plan.faults.len(), recorder.clone()));

    tokio::try_join!(
        send_all(plan, &world, began, began_secs, &recorder),
        inject_all(plan, &world, began, &recorder),
        edit_all(plan, &world, began, &recorder),
    )?;
    eprintln!("chaos: faults are over; it has {} s to settle", SETTLE_LIMIT.as_secs());
    let settled = settle(&world, SETTLE_LIMIT).await;
    background.stop().await;

    let snapshot = last_snapshot(&world).await?;
    let journal = recorder.journal();
    let evidence = Evidence {
        plan,
        journal: &journal,
        snapshot: &snapshot,
        began_secs,
        write_timeout: WRITE_TIMEOUT_MS,
    };
    let violations = check(&evidence);
    if let Some(world) = Arc::into_inner(world) {
        world.stop().await;
    }
    Ok(Outcome { journal, snapshot, violations, settled })
}

pub(crate) fn journal_file(dir: &Path) -> PathBuf {
    dir.join("journal.jsonl")
}

pub(crate) fn log_file(dir: &Path) -> PathBuf {
    dir.join("services.log")
}

/// Tasks that end with the run.
#[derive(Default)]
struct Background(Vec<JoinHandle<()>>);

impl Background {
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.push(tokio::spawn(task));
    }

    /// Returns when each has let go of what it held.
    async fn stop(mut self) {
        for task in self.0.drain(..) {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

async fn send_all(
    plan: &Plan,
    world: &World,
    began: Instant,
    began_secs: i64,
    recorder: &Arc<Recorder>,
) -> Result<()> {
    let secret = world.secrets.webhook.clone();
    let sender = Sender::new(world.urls(Role::Ingest), secret, &plan.office, began_secs, recorder)?;
    let mut tasks = JoinSet::new();
    for mail in &plan.mails {
        tokio::time::sleep_until(began + Duration::from_millis(mail.at_ms)).await;
        tasks.spawn(sender.clone().send(mail.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a sender broke")?;
    }
    Ok(())
}

async fn inject_all(
    plan: &Plan,
    world: &Arc<World>,
    began: Instant,
    recorder: &Arc<Recorder>,
) -> Result<()> {
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for fault in &plan.faults {
        tokio::time::sleep_until(began + Duration::from_millis(fault.at_ms)).await;
        let (world, recorder, fault) = (world.clone(), recorder.clone(), fault.clone());
        tasks.spawn(async move {
            recorder.injected(inject(&world, &fault).await?);
            Ok(())
        });
        // A database that does not come back makes all that follows meaningless.
        while let Some(ended) = tasks.try_join_next() {
            ended.context("an injection broke")??;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("an injection broke")??;
    }
    Ok(())
}

async fn edit_all(plan: &Plan, world: &World, began: Instant, recorder: &Recorder) -> Result<()> {
    let mut portal = Portal::new(world.clients.clone(), &plan.office);
    for edit in &plan.edits {
        tokio::time::sleep_until(began + Duration::from_millis(edit.at_ms)).await;
        portal.make(edit, recorder).await;
    }
    Ok(())
}

/// Asks one reconciler after the other for a run, for ever, as an operator might.
async fn trigger_reconciler(world: Arc<World>) {
    let Ok(http) = devstack::http_client_builder().timeout(Duration::from_secs(5)).build() else {
        return;
    };
    for url in world.urls(Role::Reconciler).iter().cycle() {
        let url = format!("{url}/api/v1/admin/reconciliation/trigger");
        // It may be dead at the moment, or busy.
        let _ = http.post(url).bearer_auth(&world.secrets.admin).send().await;
        tokio::time::sleep(TRIGGER_INTERVAL).await;
    }
}

async fn show_progress(began: Instant, faults: usize, recorder: Arc<Recorder>) {
    loop {
        tokio::time::sleep(PROGRESS_INTERVAL).await;
        let journal = recorder.journal();
        eprintln!(
            "chaos: {:4} s, {} of {faults} faults, {} mails accepted, {} edits, {} sightings",
            began.elapsed().as_secs(),
            journal.injected.len(),
            report::accepted(&journal),
            journal.edited.len(),
            journal.sightings.len()
        );
    }
}

async fn last_snapshot(world: &World) -> Result<Snapshot> {
    let mut tries = 1;
    loop {
        match snapshot(world).await {
            Err(_) if tries < SNAPSHOT_TRIES => tries += 1,
            result => return result,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
