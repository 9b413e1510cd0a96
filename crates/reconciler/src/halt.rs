//! When work in hand must end before its time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::run::RunError;

/// Asked between two batches, so that the end comes at the next of them.
#[derive(Clone, Debug, Default)]
pub struct Halt {
    /// Somebody asked.
    pub stop: CancellationToken,
    /// The leader's lock is gone. Never cancelled where none is needed.
    pub lost: CancellationToken,
}

impl Halt {
    /// For work that only reads, which needs no leader.
    pub fn on(stop: &CancellationToken) -> Self {
        Self { stop: stop.clone(), lost: CancellationToken::new() }
    }

    pub fn check(&self) -> Result<(), RunError> {
        if self.stop.is_cancelled() {
            Err(RunError::Stopped)
        } else if self.lost.is_cancelled() {
            Err(RunError::LeadershipLost)
        } else {
            Ok(())
        }
    }

    /// Sleeps, unless there is a reason to end.
    pub async fn pause(&self, duration: Duration) -> Result<(), RunError> {
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = self.stop.cancelled() => {}
            () = self.lost.cancelled() => {}
        }
        self.check()
    }
}
