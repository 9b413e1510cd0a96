//! One leader at a time, whatever the number of replicas: an advisory lock in Postgres, held by a
//! session of its own for as long as the run lasts. A process that dies loses the session, and the
//! lock with it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use domain::database::{DatabaseError, PoolSettings, connect_dedicated};
use domain::settings::Secret;

/// Has only to differ from the other advisory locks of this system.
const LEADER_LOCK: i64 = 0x636c_6d73_0002;

/// Where leadership is to be had.
#[derive(Clone, Debug)]
pub struct Election {
    url: Secret,
}

impl Election {
    pub fn new(url: Secret) -> Self {
        Self { url }
    }

    /// Becomes the leader, unless somebody is.
    pub async fn stand(&self) -> Result<Option<Leadership>, DatabaseError> {
        let url = self.url.clone();
        on_blocking_thread(move || {
            let settings = PoolSettings::new("claimsync-reconciler-leader", 1);
            let mut conn = connect_dedicated(&url, &settings)?;
            let won = try_lock(&mut conn)?;
            Ok(won.then_some(Leadership { session: Some(conn) }))
        })
        .await
    }
}

/// The lock; dropping it gives it back.
pub struct Leadership {
    /// `None` once the session is known to be lost.
    session: Option<PgConnection>,
}

impl Leadership {
    /// Whether the session that holds the lock is still alive. Without it another replica may have
    /// begun, so that a run must not go on.
    pub async fn is_held(&mut self) -> bool {
        let Some(mut session) = self.session.take() else { return false };
        let answer = on_blocking_thread(move || {
            session.batch_execute("SELECT 1")?;
            Ok(session)
        })
        .await;
        self.session = answer.ok();
        self.session.is_some()
    }
}

fn try_lock(conn: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        won: bool,
    }
    diesel::sql_query("SELECT pg_try_advisory_lock($1) AS won")
        .bind::<BigInt, _>(LEADER_LOCK)
        .get_result::<Row>(conn)
        .map(|row| row.won)
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DatabaseError> + Send + 'static,
) -> Result<T, DatabaseError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(DatabaseError::Panicked))
}
