//! What examinations came to, written down: the mail's result and its outbox message together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection};
use domain::database::DatabaseError;
use domain::models::incoming_email::{self, Lease};
use domain::models::outbox_message::{Finish, finish_email};
use slog::{error, info, o, warn};

use super::examine::Examined;
use super::step::{Step, after_refusal, step};
use super::{Counts, Processing};

/// Between two tries to write results while Postgres is away.
const RETRY_INTERVAL: Duration = Duration::from_millis(300);

/// One mail's lease, what to write for it, and what the log says about it.
struct Entry {
    lease: Lease,
    attempts: i32,
    request_id: Option<String>,
    step: Step,
}

/// What became of one step in Postgres.
enum Written {
    Finished { idempotency_key: Option<String> },
    Returned,
    LeaseLost,
    Refused(DatabaseError),
}

/// Writes all results in one transaction, each in its own savepoint: one that Postgres refuses
/// does not take the others with it.
pub(super) async fn finish(
    processing: &Processing,
    results: Vec<Examined>,
    counts: &mut Counts,
) -> Result<(), DatabaseError> {
    let max_attempts = processing.limits.max_attempts;
    let entries: Vec<Entry> = results
        .into_iter()
        .map(|Examined { mail, outcome }| Entry {
            lease: mail.lease(),
            attempts: mail.attempts,
            step: step(&mail, outcome, max_attempts),
            request_id: mail.request_id,
        })
        .collect();
    let entries = Arc::new(entries);
    let written = write_until_lease_ends(processing, &entries).await?;
    if written.iter().any(|w| matches!(w, Written::Finished { idempotency_key: Some(_) })) {
        processing.notifier.wake_relays();
    }
    let mut refused = Vec::new();
    for (entry, written) in entries.iter().zip(written) {
        let outcome = report(processing, entry, &written, counts);
        processing.metrics.processed.with_label_values(&[outcome]).inc();
        if let Written::Refused(error) = written {
            let step = after_refusal(entry.attempts, max_attempts, &error);
            refused.push(Entry { request_id: entry.request_id.clone(), step, ..*entry });
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let refused = Arc::new(refused);
    let written = write_until_lease_ends(processing, &refused).await?;
    for (entry, written) in refused.iter().zip(written) {
        report(processing, entry, &written, counts);
    }
    Ok(())
}

/// A short outage of Postgres costs no attempt and no waiting for the lease: the results are kept
/// and written once it is back.
async fn write_until_lease_ends(
    processing: &Processing,
    entries: &Arc<Vec<Entry>>,
) -> Result<Vec<Written>, DatabaseError> {
    let began = Instant::now();
    loop {
        let batch = entries.clone();
        let written = processing
            .database
            .run(move |conn| {
                conn.transaction(|conn| {
                    batch.iter().map(|entry| write(conn, entry.lease, &entry.step)).collect()
                })
            })
            .await;
        match written {
            Err(error)
                if error.is_connection_loss()
                    && began.elapsed() < processing.limits.lease
                    && !processing.context.shutdown.is_cancelled() =>
            {
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
            other => return other,
        }
    }
}

fn write(conn: &mut PgConnection, lease: Lease, step: &Step) -> Result<Written, DatabaseError> {
    let returned = |held| if held { Written::Returned } else { Written::LeaseLost };
    let written = match step {
        Step::Finish { finished, update } => {
            let update = update.as_ref().map(|(update, key)| (&**update, key.as_str()));
            finish_email(conn, lease, finished, update).map(|finish| match finish {
                Finish::Finished { idempotency_key } => Written::Finished { idempotency_key },
                Finish::LeaseLost => Written::LeaseLost,
            })
        }
        Step::Postpone { delay, reason } => conn
            .transaction(|conn| incoming_email::postpone(conn, lease, *delay, reason))
            .map(returned),
        Step::Retry { delay, reason } => conn
            .transaction(|conn| incoming_email::retry_later(conn, lease, *delay, reason))
            .map(returned),
        Step::Abandon => Ok(Written::LeaseLost),
    };
    written.map_err(DatabaseError::from).or_else(|error| {
        if error.is_connection_loss() { Err(error) } else { Ok(Written::Refused(error)) }
    })
}

/// Counts and logs what became of one mail; returns the outcome's name for the metric.
fn report(
    processing: &Processing,
    entry: &Entry,
    written: &Written,
    counts: &mut Counts,
) -> &'static str {
    let log = processing.context.log.new(o!(
        "email_id" => entry.lease.email_id, "request_id" => entry.request_id.clone(),
        "operation" => "process"));
    match (written, &entry.step) {
        (Written::Finished { idempotency_key }, Step::Finish { finished, .. }) => {
            counts.finished += 1;
            processing.backlog.remove(1);
            info!(log, "mail processed";
                  "saga_step" => finished.processing_status.as_str(),
                  "reason" => finished.processing_error.clone(),
                  "idempotency_key" => idempotency_key.clone());
            finished.processing_status.as_str()
        }
        (Written::Returned, Step::Postpone { delay, reason } | Step::Retry { delay, reason }) => {
            counts.returned += 1;
            warn!(log, "mail given back, to be tried again"; "saga_step" => "received",
                  "delay_seconds" => delay.as_secs(), "reason" => reason.as_str());
            "returned"
        }
        (Written::Refused(refused), _) => {
            error!(log, "Postgres refused a mail's result"; "saga_step" => "parsing",
                   "attempts" => entry.attempts, "error" => %refused);
            "refused"
        }
        _ => {
            counts.leases_lost += 1;
            processing.metrics.lease_lost.inc();
            warn!(log, "lease lost: another worker has the mail, this result is thrown away";
                  "saga_step" => "parsing");
            "lease_lost"
        }
    }
}
