//! One leader at a time, whatever the number of replicas: an advisory lock in Postgres, held by a
//! session of its own for as long as the run lasts. A process that dies loses the session, and the
//! lock with it.
//!
//! The lock belongs to a session of the server, so that between the reconciler and Postgres there must
//! be no pooler that gives a session away between two transactions. Behind one the lock would stay
//! with a session that nobody knows; the heartbeat sees that and ends the run.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

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
            Ok(Some(mut session)) => {
                answer.send(Ok(true)).ok();
                hold(&mut session, &released);
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
    let settings = PoolSettings::new("claimsync-reconciler-leader", 1);
    let mut session = connect_dedicated(url, &settings)?;
    let won = ask(&mut session, "SELECT pg_try_advisory_lock($1) AS answer")?;
    Ok(won.then_some(session))
}

/// Returns when the lock is given back or is not this session's any more.
fn hold(session: &mut PgConnection, released: &mpsc::Receiver<()>) {
    while released.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
        if !holds_lock(session) {
            return;
        }
    }
    // The end of the session would free it as well, but only when the server gets to it.
    ask(session, "SELECT pg_advisory_unlock($1) AS answer").ok();
}

/// Whether the session that answers is the one that has the lock. An answer alone proves only that
/// some session is there.
fn holds_lock(session: &mut PgConnection) -> bool {
    let holds = ask(
        session,
        "SELECT EXISTS (
           SELECT FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 1 AND granted
              AND (classid::bigint << 32 | objid::bigint) = $1
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND pid = pg_backend_pid()) AS answer",
    );
    holds.unwrap_or(false)
}

/// A question about the leader's lock.
fn ask(session: &mut PgConnection, question: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        answer: bool,
    }
    let query = diesel::sql_query(question).bind::<BigInt, _>(LEADER_LOCK);
    query.get_result::<Row>(session).map(|row| row.answer)
}

#[cfg(test)]
mod tests {
    use test_support::TestPostgres;

    use super::*;

    #[test]
    fn a_session_that_answers_is_not_enough_to_hold_the_lock() {
        let postgres = TestPostgres::create();
        let url = Secret::new(postgres.url());
        let mut leader = take_lock(&url).unwrap().expect("nobody leads");
        assert!(take_lock(&url).unwrap().is_none(), "one leader at a time");
        assert!(holds_lock(&mut leader));
        // As behind a pooler that answers from another session, or from one that lost its lock.
        assert!(!holds_lock(&mut postgres.connect()));
        assert_eq!(ask(&mut leader, "SELECT pg_advisory_unlock($1) AS answer"), Ok(true));
        assert!(!holds_lock(&mut leader));
    }

    #[test]
    fn giving_leadership_back_frees_the_lock_while_the_session_still_lives() {
        let postgres = TestPostgres::create();
        let url = Secret::new(postgres.url());
        let mut leader = take_lock(&url).unwrap().expect("nobody leads");
        let (held, released) = mpsc::channel();
        drop(held);
        hold(&mut leader, &released);
        assert!(take_lock(&url).unwrap().is_some());
        drop(leader);
    }
}
