//! The loop that paces [`process_batch`](super::process_batch): woken by the acceptor, and by the
//! clock for what another process left behind.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::database::DatabaseError;
use domain::jitter::jittered;
use futures::FutureExt;
use slog::{o, warn};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::runtime::BackgroundRuntime;
use super::{Processing, process_batch};

/// Between two looks at the queue when nobody wakes the worker.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// After a step that failed, doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The workers of one service.
pub(crate) struct Workers {
    tasks: JoinSet<()>,
    _runtime: BackgroundRuntime,
}

impl Workers {
    /// # Errors
    ///
    /// The system gives no threads for them.
    pub(crate) fn start(
        processing: &Processing,
        workers: u32,
        accepted: &Arc<Notify>,
    ) -> io::Result<Self> {
        let runtime = BackgroundRuntime::start()?;
        let mut tasks = JoinSet::new();
        for worker in 0..workers {
            let mut processing = processing.clone();
            processing.context.log = processing.context.log.new(o!("worker" => worker));
            let accepted = accepted.clone();
            let work = async move { work(&processing, &accepted).await };
            tasks.spawn_on(work, runtime.handle());
        }
        Ok(Self { tasks, _runtime: runtime })
    }

    /// Waits until each worker has finished or given back what it holds.
    pub(crate) async fn finish(mut self, limit: Duration) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(limit, ended).await.ok();
    }
}

async fn work(processing: &Processing, accepted: &Notify) {
    let shutdown = &processing.context.shutdown;
    let mut pause = FIRST_PAUSE;
    while !shutdown.is_cancelled() {
        // A worker that ended by a panic would be missed only when mails pile up.
        let step = AssertUnwindSafe(process_batch(processing)).catch_unwind().await;
        match step.unwrap_or(Err(DatabaseError::Panicked)) {
            // More may wait, and another worker may help.
            Ok(counts) if counts.claimed > 0 => {
                pause = FIRST_PAUSE;
                if counts.claimed == processing.limits.batch {
                    accepted.notify_one();
                }
                continue;
            }
            Ok(_) => {
                pause = FIRST_PAUSE;
                let poll = spread(POLL_INTERVAL);
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = accepted.notified() => {}
                    () = tokio::time::sleep(poll) => {}
                }
            }
            Err(error) => {
                warn!(processing.context.log, "couldn't process mails; trying again";
                      "error" => %error, "pause_ms" => pause.as_millis());
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(spread(pause)) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// So that many processes do not look at once.
fn spread(wait: Duration) -> Duration {
    jittered(wait, 0.8..=1.2, rand::random())
}
