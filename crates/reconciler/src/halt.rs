//! When work in hand must end before its time.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::run::RunError;

/// Asked between two batches, so that the end comes at the next of them.
#[derive(Clone, Debug, Default)]
pub struct Halt {
    /// Somebody asked.
    pub stop: CancellationToken,
    /// The leader's lock is gone. Never cancelled where none is needed.
    pub lost: CancellationToken,
    /// Who has the pauses in hand. `None` where they last their time.
    pauses: Option<mpsc::UnboundedSender<Pause>>,
}

/// A pause that goes on until this is dropped.
#[derive(Debug)]
pub struct Pause {
    _over: oneshot::Sender<()>,
}

impl Halt {
    /// Pauses come to the receiver instead of lasting their time, so that something can be done in
    /// one of them, however long it takes. Once the receiver is gone they last their time again.
    pub fn with_pauses_in_hand() -> (Self, mpsc::UnboundedReceiver<Pause>) {
        let (pauses, in_hand) = mpsc::unbounded_channel();
        (Self { pauses: Some(pauses), ..Self::default() }, in_hand)
    }

    /// For work that only reads, which needs no leader.
    pub fn on(stop: &CancellationToken) -> Self {
        Self { stop: stop.clone(), ..Self::default() }
    }

    pub(crate) fn of_leader(stop: &CancellationToken, lost: &CancellationToken) -> Self {
        Self { stop: stop.clone(), lost: lost.clone(), pauses: None }
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
            () = self.sleep(duration) => {}
            () = self.stop.cancelled() => {}
            () = self.lost.cancelled() => {}
        }
        self.check()
    }

    async fn sleep(&self, duration: Duration) {
        let (over, is_over) = oneshot::channel();
        let in_hand = self.pauses.as_ref().map(|pauses| pauses.send(Pause { _over: over }));
        match in_hand {
            Some(Ok(())) => drop(is_over.await),
            Some(Err(_)) | None => tokio::time::sleep(duration).await,
        }
    }
}
