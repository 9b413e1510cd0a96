//! One leader at a time, whatever the number of replicas: an advisory lock in Postgres, held by a
//! session of its own for as long as the run lasts. A process that dies loses the session, and the
//! lock with it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use domain::database::{DatabaseError, PoolSettings, connect_dedicated};
use domain::settings::Secret;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Has only to differ from the other advisory locks of this system.
const LEADER_LOCK: i64 = 0x636c_6d73_0002;

/// How soon a lost session is noticed.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Where leadership is to be had.
#[derive(Clone, Debug)]
pub struct Election {
    url: Secret,
}

/// The lock; dropping it gives it back.
#[derive(Debug)]
pub struct Leadership {
    /// Cancelled when the session is gone: another replica may lead, so that a run must not go on.
    pub lost: CancellationToken,
    /// The thread that owns the session ends with this.
    _held: mpsc::Sender<()>,
}

impl Election {
    pub fn new(url: Secret) -> Self {
        Self { url }
    }

    /// Becomes the leader, unless somebody is.
    pub async fn stand(&self) -> Result<Option<Leadership>, DatabaseError> {
        let url = self.url.clone();
        let lost = CancellationToken::new();
        let (held, released) = mpsc::channel();
        let (answer, elected) = oneshot::channel();
        let leadership = Leadership { lost: lost.clone(), _held: held };
        // A thread of its own, since a connection belongs to one thread and this one must stay busy
        // with nothing else.
        std::thread::spawn(move || match take_lock(&url) {
            Ok(Some(session)) => {
                answer.send(Ok(true)).ok();
                hold(session, &released);
                lost.cancel();
            }
            Ok(None) => drop(answer.send(Ok(false))),
            Err(error) => drop(answer.send(Err(error))),
        });
        let elected = elected.await.unwrap_or(Err(DatabaseError::Panicked))?;
        Ok(elected.then_some(leadership))
    }
}

fn take_lock(url: &Secret) -> Result<Option<PgConnection>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        won: bool,
    }
    let settings = PoolSettings::new("claimsync-reconciler-leader", 1);
    let mut session = connect_dedicated(url, &settings)?;
    let row: Row = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS won")
        .bind::<BigInt, _>(LEADER_LOCK)
        .get_result(&mut session)?;
    Ok(row.won.then_some(session))
}

/// Returns when the lock is given back or the session is gone.
fn hold(mut session: PgConnection, released: &mpsc::Receiver<()>) {
    while released.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
        if session.batch_execute("SELECT 1").is_err() {
            return;
        }
    }
}
