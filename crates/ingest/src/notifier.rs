//! Wakes the relays after a commit: many commits within a few milliseconds share one NOTIFY.

use std::sync::Arc;
use std::time::Duration;

use domain::database::Database;
use domain::models::outbox_message;
use domain::service::Context;
use slog::debug;
use tokio::sync::Notify;

/// At most one NOTIFY in this time. The first one goes out at once.
const QUIET_TIME: Duration = Duration::from_millis(3);

/// The workers' end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notifier {
    committed: Arc<Notify>,
}

impl Notifier {
    /// Something was committed to the outbox.
    pub(crate) fn wake_relays(&self) {
        self.committed.notify_one();
    }

    /// Sends what is asked for until the service stops. A lost NOTIFY only costs the relay's poll
    /// interval.
    pub(crate) async fn run(&self, context: &Context, database: &Database) {
        loop {
            tokio::select! {
                () = context.shutdown.cancelled() => return,
                () = self.committed.notified() => {}
            }
            if let Err(error) = database.query(outbox_message::notify).await {
                debug!(context.log, "couldn't wake the relays"; "error" => %error);
            }
            tokio::time::sleep(QUIET_TIME).await;
        }
    }
}
