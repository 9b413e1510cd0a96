//! Group commit: webhooks that wait at the same moment share one commit, and each is answered
//! only after it.

use std::sync::Arc;
use std::time::Duration;

use domain::database::{Database, DatabaseError};
use domain::models::incoming_email::{self, Accepted, NewIncomingEmail};
use slog::{Logger, error, warn};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::backlog::Backlog;
use crate::metrics::Metrics;

/// Mails in one commit. More would make the first of them wait for a long statement.
const BATCH: usize = 256;

/// Batches that commit side by side: while one waits for the disk, the next is written.
const COMMITTERS: usize = 2;

/// Mails that may wait for a committer. Beyond it Postgres is not keeping up, and the sender is
/// asked to come again.
const WAITING: usize = 1_024;

/// Why a mail was not accepted. It may be committed all the same where the connection broke in
/// the commit; the sender's next try is then a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    TooManyWaiting,
    PostgresAway,
    /// Postgres refused this very mail.
    Refused,
    Stopping,
}

/// The handlers' end.
#[derive(Clone)]
pub(crate) struct Acceptor {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    mail: NewIncomingEmail,
    answer: oneshot::Sender<Result<Accepted, NotAccepted>>,
}

impl Acceptor {
    /// Commits a mail. A caller that stops waiting changes nothing: the mail is committed.
    pub(crate) async fn accept(&self, mail: NewIncomingEmail) -> Result<Accepted, NotAccepted> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { mail, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => NotAccepted::TooManyWaiting,
            mpsc::error::TrySendError::Closed(_) => NotAccepted::Stopping,
        })?;
        answered.await.unwrap_or(Err(NotAccepted::Stopping))
    }
}

/// The committers.
pub(crate) struct Committers {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Committers {
    pub(crate) fn start(
        database: &Database,
        log: &Logger,
        metrics: &Metrics,
        backlog: &Arc<Backlog>,
        accepted: &Arc<Notify>,
    ) -> (Acceptor, Self) {
        let (queue, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut tasks = JoinSet::new();
        let stop = CancellationToken::new();
        for _ in 0..COMMITTERS {
            let committer = Committer {
                stop: stop.clone(),
                waiting: waiting.clone(),
                database: database.clone(),
                log: log.clone(),
                metrics: metrics.clone(),
                backlog: backlog.clone(),
                accepted: accepted.clone(),
            };
            tasks.spawn(committer.run());
        }
        (Acceptor { queue }, Self { tasks, stop })
    }

    /// Takes nothing more and waits until everything that was queued is answered.
    pub(crate) async fn finish(mut self, limit: Duration) {
        self.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(limit, ended).await.ok();
    }
}

struct Committer {
    stop: CancellationToken,
    waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>,
    database: Database,
    log: Logger,
    metrics: Metrics,
    backlog: Arc<Backlog>,
    accepted: Arc<Notify>,
}

impl Committer {
    async fn run(self) {
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                return;
            }
            self.commit(batch).await;
        }
    }

    /// All that waits, up to a full batch; empty once the service stops and nothing is left.
    async fn next_batch(&self) -> Vec<Waiting> {
        let mut batch = Vec::new();
        let mut waiting = self.waiting.lock().await;
        if !waiting.is_closed() {
            tokio::select! {
                _ = waiting.recv_many(&mut batch, BATCH) => return batch,
                () = self.stop.cancelled() => waiting.close(),
            }
        }
        waiting.recv_many(&mut batch, BATCH).await;
        batch
    }

    async fn commit(&self, mut batch: Vec<Waiting>) {
        self.metrics.accept_batch_size.observe(batch.len() as f64);
        // Two batches that hold the same new mails insert them in one order, so neither waits for
        // the other in a circle.
        batch.sort_by(|a, b| identity(&a.mail).cmp(&identity(&b.mail)));
        let (mails, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.mail, waiting.answer)).unzip();
        let mails = Arc::new(mails);
        let results = match self.insert(&mails, 0..mails.len()).await {
            Ok(accepted) => accepted.into_iter().map(Ok).collect(),
            Err(error) if error.is_connection_loss() => {
                warn!(self.log, "couldn't accept mails: Postgres is away";
                      "mails" => mails.len(), "error" => %error);
                vec![Err(NotAccepted::PostgresAway); mails.len()]
            }
            Err(error) => {
                warn!(self.log, "couldn't accept mails together; trying them one by one";
                      "mails" => mails.len(), "error" => %error);
                self.insert_one_by_one(&mails).await
            }
        };
        let new = results.iter().filter(|r| matches!(r, Ok(Accepted::New(_)))).count();
        self.backlog.add(new);
        for (answer, result) in answers.into_iter().zip(results) {
            // Who hung up needs no answer.
            answer.send(result).ok();
        }
        if new > 0 {
            self.accepted.notify_one();
        }
    }

    /// So that one mail that Postgres refuses does not fail its neighbours.
    async fn insert_one_by_one(
        &self,
        mails: &Arc<Vec<NewIncomingEmail>>,
    ) -> Vec<Result<Accepted, NotAccepted>> {
        let mut results = Vec::with_capacity(mails.len());
        for at in 0..mails.len() {
            let result = match self.insert(mails, at..at + 1).await {
                Ok(accepted) => accepted.first().copied().ok_or(NotAccepted::Refused),
                Err(error) if error.is_connection_loss() => Err(NotAccepted::PostgresAway),
                Err(error) => {
                    error!(self.log, "Postgres refused a mail";
                           "request_id" => mails[at].request_id.clone(), "error" => %error);
                    Err(NotAccepted::Refused)
                }
            };
            results.push(result);
        }
        results
    }

    /// One statement, which is its own transaction: it is committed when this returns.
    async fn insert(
        &self,
        mails: &Arc<Vec<NewIncomingEmail>>,
        range: std::ops::Range<usize>,
    ) -> Result<Vec<Accepted>, DatabaseError> {
        let mails = mails.clone();
        self.database.query(move |conn| incoming_email::accept(conn, &mails[range])).await
    }
}

fn identity(mail: &NewIncomingEmail) -> (Option<&str>, Option<&str>) {
    (mail.zendesk_webhook_id.as_deref(), mail.content_hash.as_deref())
}
