//! The durable queue's workers: claim, examine without a transaction, finish in one.

mod examine;
mod finish;
mod runtime;
mod step;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use domain::database::{Database, DatabaseError};
use domain::models::incoming_email::{self, ClaimedEmail};
use domain::service::Context;
use extraction::Extractor;
use futures::{Stream, StreamExt};
use slog::warn;
use tokio::time::Instant;
use uuid::Uuid;

use self::examine::Examined;
use crate::backlog::Backlog;
use crate::metrics::Metrics;
use crate::notifier::Notifier;
pub(crate) use worker::Workers;

/// Everything that processing needs. Clones share it.
#[derive(Clone)]
pub(crate) struct Processing {
    pub(crate) database: Database,
    pub(crate) extractor: Arc<dyn Extractor>,
    pub(crate) context: Context,
    pub(crate) metrics: Metrics,
    pub(crate) notifier: Notifier,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) limits: Limits,
}

/// How much and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a claim holds.
    pub(crate) lease: Duration,
    /// After this many tries a mail is failed.
    pub(crate) max_attempts: i32,
    /// Mails in one claim.
    pub(crate) batch: usize,
    /// Mails that are examined at the same time.
    pub(crate) concurrency: usize,
    /// An examination that takes longer is cut off.
    pub(crate) examination: Duration,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) claimed: usize,
    pub(crate) finished: usize,
    /// Given back, to be tried later.
    pub(crate) returned: usize,
    pub(crate) leases_lost: usize,
}

/// Mails that were taken this often without an end may be what ends the process. From here on each
/// is worked alone, so that it cannot use up its neighbours' attempts.
const SUSPICIOUS_ATTEMPTS: i32 = 3;

/// Results that come within this time share a commit. A mail that is alone does not wait for it.
const GATHERING: Duration = Duration::from_millis(20);

/// When the service stops, mails in hand have this long before they are given back.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// One step: takes what waits, works on it and returns what came of it.
pub(crate) async fn process_batch(processing: &Processing) -> Result<Counts, DatabaseError> {
    let limits = processing.limits;
    let batch = i64::try_from(limits.batch).unwrap_or(i64::MAX);
    let mut claimed = processing
        .database
        .query(move |conn| incoming_email::claim(conn, batch, limits.lease))
        .await?;
    let mut counts = Counts { claimed: claimed.len(), ..Counts::default() };
    set_suspicious_one_apart(processing, &mut claimed).await?;
    let token = claimed.first().map(|mail| mail.lease_token);
    let mut in_hand: Vec<i32> = claimed.iter().map(|mail| mail.id).collect();

    let examined = futures::stream::iter(claimed)
        .map(|mail| examine::examine(processing, mail))
        .buffer_unordered(limits.concurrency);
    let mut examined = std::pin::pin!(examined);
    let mut stop = std::pin::pin!(stop_grace(processing));
    let mut renewing = std::pin::pin!(keep_renewing(processing, token));
    loop {
        let results = tokio::select! {
            results = gather(&mut examined) => results,
            () = &mut stop => break,
            () = &mut renewing, if !in_hand.is_empty() => {
                abandon(processing, &in_hand, &mut counts);
                return Ok(counts);
            }
        };
        if results.is_empty() {
            break;
        }
        in_hand.retain(|id| !results.iter().any(|result| result.mail.id == *id));
        finish::finish(processing, results, &mut counts).await?;
    }
    if let Some(token) = token.filter(|_| !in_hand.is_empty()) {
        counts.returned += in_hand.len();
        processing
            .database
            .query(move |conn| incoming_email::release(conn, token, &in_hand))
            .await?;
    }
    Ok(counts)
}

/// What is examined within a moment of the first result; empty at the end.
///
/// Cancelling it loses results that were gathered: the caller stops after that, and gives the
/// mails back.
async fn gather(examined: &mut (impl Stream<Item = Examined> + Unpin)) -> Vec<Examined> {
    let mut results: Vec<Examined> = examined.next().await.into_iter().collect();
    let deadline = Instant::now() + GATHERING;
    while let Ok(Some(result)) = tokio::time::timeout_at(deadline, examined.next()).await {
        results.push(result);
    }
    results
}

/// Holds the lease of a claim as long as its mails are worked on; returns once nothing of it is
/// held any more. Where that fails, the guard of each later write decides.
async fn keep_renewing(processing: &Processing, token: Option<Uuid>) {
    let lease = processing.limits.lease;
    loop {
        tokio::time::sleep(lease / 3).await;
        let Some(token) = token else { continue };
        let renewed =
            processing.database.query(move |conn| incoming_email::renew(conn, token, lease));
        match renewed.await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                warn!(processing.context.log, "couldn't renew a lease"; "error" => %error);
            }
        }
    }
}

/// Lets go of mails whose lease ran out: going on would only take time from the mails of others.
fn abandon(processing: &Processing, in_hand: &[i32], counts: &mut Counts) {
    counts.leases_lost += in_hand.len();
    processing.metrics.lease_lost.inc_by(in_hand.len() as u64);
    warn!(processing.context.log, "leases lost: leaving these mails to whoever takes them";
          "mails" => in_hand.len(), "saga_step" => "parsing");
}

async fn stop_grace(processing: &Processing) {
    processing.context.shutdown.cancelled().await;
    tokio::time::sleep(STOP_GRACE).await;
}

/// Where a claim holds a suspicious mail, keeps that one only and gives the others back.
async fn set_suspicious_one_apart(
    processing: &Processing,
    claimed: &mut Vec<ClaimedEmail>,
) -> Result<(), DatabaseError> {
    let suspicious = claimed.iter().position(|mail| mail.attempts >= SUSPICIOUS_ATTEMPTS);
    let (Some(at), true) = (suspicious, claimed.len() > 1) else { return Ok(()) };
    let alone = claimed.swap_remove(at);
    warn!(processing.context.log, "a mail was taken several times without an end; working it alone";
          "email_id" => alone.id, "attempts" => alone.attempts, "saga_step" => "parsing",
          "request_id" => alone.request_id.clone());
    let token = alone.lease_token;
    let others: Vec<i32> = claimed.iter().map(|mail| mail.id).collect();
    *claimed = vec![alone];
    processing.database.query(move |conn| incoming_email::release(conn, token, &others)).await?;
    Ok(())
}
