//! The schema gate: nothing is accepted or processed before the schema is known to be this
//! build's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use domain::database::{Database, DatabaseError};
use domain::service::Context;
use migrate::SchemaState;
use slog::{info, warn};

const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Why the schema is not as it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the schema is {0}; run `migrate up`")]
    Behind(SchemaState),
    #[error("couldn't read the schema's version: {0}")]
    Unreadable(String),
}

/// Asks once.
pub(crate) async fn check_schema(database: &Database) -> Result<(), SchemaError> {
    database
        .run(|conn| match migrate::schema_state(conn) {
            Ok(SchemaState::UpToDate) => Ok(()),
            Ok(behind) => Err(SchemaError::Behind(behind)),
            Err(error) => Err(SchemaError::Unreadable(format!("{error:#}"))),
        })
        .await
}

/// Opens the gate as soon as the schema is up to date. While Postgres is away it waits, so that
/// services and database may start in any order; a schema that is behind is an error.
pub(crate) async fn open(
    context: &Context,
    database: &Database,
    is_open: &AtomicBool,
) -> Result<()> {
    let mut has_warned = false;
    loop {
        match check_schema(database).await {
            Ok(()) => {
                is_open.store(true, Ordering::Release);
                info!(context.log, "Postgres is there and its schema up to date");
                return Ok(());
            }
            Err(SchemaError::Behind(state)) => {
                bail!("{}", SchemaError::Behind(state))
            }
            Err(error) if !has_warned => {
                has_warned = true;
                warn!(context.log, "Postgres is away; answering 503 until it is there";
                      "error" => %error);
            }
            Err(_) => {}
        }
        tokio::select! {
            () = context.shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(RETRY_INTERVAL) => {}
        }
    }
}
