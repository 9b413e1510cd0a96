//! Carries out the faults of the plan.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use devstack::process::Signal;
use tokio::task::block_in_place;

use crate::fault::{Database, Fault, FaultKind};
use crate::journal::{Injected, now};
use crate::world::World;

/// A service that is asked to stop has so long.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Then it is killed.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the trial's own access to Postgres may take, across other faults.
const ACCESS_LIMIT: Duration = Duration::from_secs(30);
const BACKENDS: i64 = 4;

/// Does what the fault says, gives back what it broke, and tells how it went.
///
/// An error is one of the trial, not of what is tried.
pub(crate) async fn inject(world: &World, fault: &Fault) -> Result<Injected> {
    let began = now();
    let lasts = Duration::from_millis(fault.lasts_ms);
    let mut violation = None;
    match fault.kind {
        FaultKind::Kill(_) => {
            service(world, fault).await.signal(Signal::KILL);
        }
        FaultKind::Terminate(_) => violation = terminate(world, fault).await,
        FaultKind::Freeze(_) => {
            service(world, fault).await.signal(Signal::STOP);
            tokio::time::sleep(lasts).await;
            service(world, fault).await.signal(Signal::CONT);
        }
        FaultKind::RestartDatabase(database) => restart(world, database).await?,
        FaultKind::KillDatabase(database) => kill(world, database, lasts).await?,
        FaultKind::FreezeDatabase(Database::Postgres) => {
            let postgres = world.postgres.lock().await;
            postgres.pause();
            tokio::time::sleep(lasts).await;
            postgres.resume();
        }
        FaultKind::FreezeDatabase(Database::Mongo) => {
            let mut mongo = world.mongo.lock().await;
            mongo.pause();
            tokio::time::sleep(lasts).await;
            mongo.resume();
        }
        FaultKind::TerminateBackends => terminate_backends(world, fault.dice).await,
        FaultKind::Link(database, link) => {
            world.set_link(database, fault.service, Some(link));
            tokio::time::sleep(lasts).await;
            world.set_link(database, fault.service, None);
        }
        FaultKind::PinHorizon => {
            pin_horizon(world, lasts).await;
        }
        FaultKind::Provider(mode) => {
            world.provider.set(Some(mode));
            tokio::time::sleep(lasts).await;
            world.provider.set(None);
        }
    }
    Ok(Injected { kind: fault.kind, service: fault.service, began, ended: now(), violation })
}

async fn service<'a>(
    world: &'a World,
    fault: &Fault,
) -> tokio::sync::MutexGuard<'a, devstack::service::Service> {
    let number = fault.service.expect("a fault of a service names it");
    world.services[number].lock().await
}

/// Nobody starts the process again before it has ended: its lock is held.
async fn terminate(world: &World, fault: &Fault) -> Option<String> {
    let mut service = service(world, fault).await;
    if !service.is_running() {
        return None;
    }
    let began = Instant::now();
    service.signal(Signal::TERM);
    loop {
        if let Some(end) = service.exit_status() {
            let took = began.elapsed();
            let name = service.name();
            if !end.success() {
                return Some(format!("{name} ended with {end}, not with exit code 0"));
            }
            let is_late = took > STOP_LIMIT;
            return is_late.then(|| format!("{name} took {} ms to end", took.as_millis()));
        }
        if began.elapsed() > PATIENCE {
            service.signal(Signal::KILL);
            return Some(format!("{} did not end by itself", service.name()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn restart(world: &World, database: Database) -> Result<()> {
    match database {
        Database::Postgres => {
            let mut server = world.postgres.lock().await;
            block_in_place(|| server.stop());
            server.restart().await.context("Postgres did not come back")
        }
        Database::Mongo => {
            let mut server = world.mongo.lock().await;
            block_in_place(|| server.stop());
            server.restart().await.context("MongoDB did not come back")
        }
    }
}

async fn kill(world: &World, database: Database, down: Duration) -> Result<()> {
    match database {
        Database::Postgres => {
            let mut server = world.postgres.lock().await;
            block_in_place(|| server.kill());
            tokio::time::sleep(down).await;
            server.restart().await.context("Postgres did not come back")
        }
        Database::Mongo => {
            let mut server = world.mongo.lock().await;
            block_in_place(|| server.kill());
            tokio::time::sleep(down).await;
            server.restart().await.context("MongoDB did not come back")
        }
    }
}

/// Ends some of the services' sessions, chosen by the dice.
async fn terminate_backends(world: &World, dice: u64) {
    let dice = dice.to_string();
    let deadline = Instant::now() + ACCESS_LIMIT;
    while Instant::now() < deadline {
        let ended = async {
            let postgres = world.connect().await?;
            let statement = "SELECT pg_terminate_backend(pid) FROM (
                SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'claimsync%'
                ORDER BY md5(pid::text || $1) LIMIT $2) AS chosen";
            anyhow::Ok(postgres.execute(statement, &[&dice, &BACKENDS]).await?)
        };
        if let Ok(Ok(1..)) = tokio::time::timeout(Duration::from_secs(3), ended).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Holds a transaction open that keeps vacuum from removing what has died since.
async fn pin_horizon(world: &World, lasts: Duration) {
    let until = Instant::now() + lasts;
    while Instant::now() < until {
        let held = async {
            let postgres = world.connect().await?;
            postgres
                .batch_execute(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox_messages",
                )
                .await?;
            tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
            anyhow::Ok(postgres.batch_execute("ROLLBACK").await?)
        };
        // Whatever else hits Postgres meanwhile ends the transaction: then it is begun anew.
        let limit = until.saturating_duration_since(Instant::now()) + Duration::from_secs(2);
        let _ = tokio::time::timeout(limit, held).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
