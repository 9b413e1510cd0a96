//! Step C: what nobody needs any more is deleted, in batches so small that nobody waits for them.

use diesel::PgConnection;
use domain::database::Database;
use domain::models::{idempotency_key, outbox_message};
use serde::Serialize;

use crate::halt::Halt;
use crate::run::RunError;

/// Rows in one statement.
const BATCH: i64 = 1_000;

/// Most batches of one kind in one run; the rest has its turn in the next.
const MOST_BATCHES: u32 = 1_000;

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CleanedUp {
    /// Processed more than 30 days ago. Dead ones stay.
    pub outbox_messages: u64,
    /// Expired.
    pub idempotency_keys: u64,
}

pub async fn clean_up(database: &Database, halt: &Halt) -> Result<CleanedUp, RunError> {
    Ok(CleanedUp {
        outbox_messages: drain(database, halt, outbox_message::delete_old_processed).await?,
        idempotency_keys: drain(database, halt, idempotency_key::delete_expired).await?,
    })
}

async fn drain(
    database: &Database,
    halt: &Halt,
    delete: fn(&mut PgConnection, i64) -> diesel::QueryResult<usize>,
) -> Result<u64, RunError> {
    let mut deleted = 0;
    for _ in 0..MOST_BATCHES {
        halt.check()?;
        let rows = database.query(move |conn| delete(conn, BATCH)).await?;
        deleted += rows as u64;
        if (rows as i64) < BATCH {
            break;
        }
    }
    Ok(deleted)
}
