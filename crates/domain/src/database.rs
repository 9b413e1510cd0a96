//! The way to Postgres: one pool, and one blocking call per unit of work. No connection crosses an
//! await, and none is shared between calls.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{Connection, PgConnection};

use crate::settings::Secret;

/// How a pool's connections behave.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Seen in `pg_stat_activity`.
    pub application_name: &'static str,
    pub connections: u32,
    /// How long a call waits for a connection.
    pub wait: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long a transaction may sit between statements; it frees the locks of a frozen process.
    pub idle_in_transaction_timeout: Duration,
}

impl PoolSettings {
    pub fn new(application_name: &'static str, connections: u32) -> Self {
        Self {
            application_name,
            connections,
            wait: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(10),
        }
    }
}

/// Why a unit of work failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection was to be had; nothing was done.
    #[error("Postgres is away: {0}")]
    Unavailable(String),
    /// The work was rolled back, or its commit is in doubt where the connection broke.
    #[error("Postgres refused: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("the database thread panicked")]
    Panicked,
}

impl DatabaseError {
    /// Another try could succeed once Postgres is back: the connection is gone or was cut.
    pub fn is_connection_loss(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        match self {
            DatabaseError::Unavailable(_) => true,
            DatabaseError::Query(Error::BrokenTransactionManager) => true,
            DatabaseError::Query(Error::DatabaseError(kind, details)) => {
                matches!(kind, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand)
                    // Diesel has no kind for "terminating connection" and "server closed".
                    || details.message().contains("connection")
            }
            _ => false,
        }
    }

    /// The statement ran for as long as one may; it could succeed on fewer rows.
    pub fn is_statement_timeout(&self) -> bool {
        use diesel::result::Error;
        // Diesel has no kind for it and does not hand the SQLSTATE on.
        matches!(self, DatabaseError::Query(Error::DatabaseError(_, details))
            if details.message() == "canceling statement due to statement timeout")
    }
}

/// A handle to the pool; clones share it.
#[derive(Clone)]
pub struct Database {
    pool: Pool<ConnectionManager<PgConnection>>,
}

impl Database {
    /// Prepares a pool. It connects on first use, so that a service starts while Postgres is away.
    pub fn new(url: &Secret, settings: &PoolSettings) -> Self {
        let manager = ConnectionManager::<PgConnection>::new(with_network_limits(url.expose()));
        let pool = Pool::builder()
            .max_size(settings.connections)
            .min_idle(Some(0))
            .connection_timeout(settings.wait)
            .test_on_check_out(true)
            .connection_customizer(Box::new(SessionSetup::from(settings)))
            // r2d2 would print each failed try by itself; the caller logs it once.
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .build_unchecked(manager);
        Self { pool }
    }

    /// Runs one unit of work on a blocking thread. The closure does all of it and returns owned
    /// data.
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        let database = self.clone();
        match tokio::task::spawn_blocking(move || database.run_blocking(work)).await {
            Ok(result) => result,
            Err(_) => Err(DatabaseError::Panicked.into()),
        }
    }

    /// The same on the calling thread, for callers that are on a blocking thread already.
    pub fn run_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: FnOnce(&mut PgConnection) -> Result<T, E>,
    {
        let mut conn =
            self.pool.get().map_err(|error| DatabaseError::Unavailable(one_line(&error)))?;
        work(&mut conn)
    }

    /// One statement in a transaction of its own, with Diesel's error.
    pub async fn query<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection) -> diesel::QueryResult<T> + Send + 'static,
    {
        self.run(move |conn| work(conn).map_err(DatabaseError::from)).await
    }

    /// One transaction, committed where the closure succeeds.
    pub async fn transaction<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection) -> diesel::QueryResult<T> + Send + 'static,
    {
        self.query(move |conn| conn.transaction(work)).await
    }

    /// Whether Postgres answers.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.query(|conn| conn.batch_execute("SELECT 1")).await
    }
}

/// One connection of its own, outside any pool: for a lock that lives as long as its session. Blocks.
pub fn connect_dedicated(
    url: &Secret,
    settings: &PoolSettings,
) -> Result<PgConnection, DatabaseError> {
    let mut conn = PgConnection::establish(&with_network_limits(url.expose()))
        .map_err(|error| DatabaseError::Unavailable(one_line(&error)))?;
    conn.batch_execute(&SessionSetup::from(settings).0)?;
    Ok(conn)
}

fn one_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Adds limits for a network that swallows packets, unless the URL sets its own: without them a
/// call on a dead connection would wait for a quarter of an hour.
fn with_network_limits(url: &str) -> String {
    const LIMITS: [(&str, &str); 5] = [
        ("connect_timeout", "2"),
        ("tcp_user_timeout", "5000"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "2"),
    ];
    if !url.contains("://") {
        return url.to_owned();
    }
    let mut url = url.to_owned();
    for (name, value) in LIMITS {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}

#[derive(Debug)]
struct SessionSetup(String);

impl From<&PoolSettings> for SessionSetup {
    fn from(settings: &PoolSettings) -> Self {
        Self(format!(
            "SET application_name = '{}'; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}; SET timezone = 'UTC'",
            settings.application_name,
            settings.statement_timeout.as_millis(),
            settings.idle_in_transaction_timeout.as_millis(),
        ))
    }
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for SessionSetup {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(&self.0).map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_added_once_and_never_over_the_operators_own() {
        let url = with_network_limits("postgres://h/d?connect_timeout=9");
        assert!(url.starts_with("postgres://h/d?connect_timeout=9&tcp_user_timeout=5000"));
        assert_eq!(with_network_limits(&url), url);
        assert_eq!(with_network_limits("host=h dbname=d"), "host=h dbname=d");
    }
}
