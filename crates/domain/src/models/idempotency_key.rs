//! `idempotency_keys`: results of work that must not be done twice, each with an end.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Json, Nullable, Text};
use serde_json::Value;

use crate::schema::idempotency_keys;

/// How long a result is kept unless the caller says otherwise.
pub const DEFAULT_TTL: Duration = Duration::from_secs(86_400);

/// The cached result of a key, or `None` where the key is unknown or expired. An expired key is
/// deleted.
pub fn check(conn: &mut PgConnection, key: &str) -> QueryResult<Option<Value>> {
    diesel::delete(
        idempotency_keys::table
            .filter(idempotency_keys::key.eq(key))
            .filter(idempotency_keys::expires_at.le(diesel::dsl::now)),
    )
    .execute(conn)?;
    idempotency_keys::table
        .filter(idempotency_keys::key.eq(key))
        .select(idempotency_keys::result)
        .first::<Option<Value>>(conn)
        .optional()
        .map(|row| row.map(|result| result.unwrap_or(Value::Null)))
}

/// Keeps a result. Whoever stored the key first wins; returns whether that was this call.
pub fn store(
    conn: &mut PgConnection,
    key: &str,
    result: &Value,
    ttl: Duration,
) -> QueryResult<bool> {
    diesel::sql_query(
        "INSERT INTO idempotency_keys (key, result, expires_at)
         VALUES ($1, $2, now() + make_interval(secs => $3))
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(key)
    .bind::<Nullable<Json>, _>(Some(result))
    .bind::<Double, _>(ttl.as_secs_f64())
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Deletes at most `limit` expired keys and returns how many.
pub fn delete_expired(conn: &mut PgConnection, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM idempotency_keys WHERE id IN
         (SELECT id FROM idempotency_keys WHERE expires_at <= now() ORDER BY expires_at LIMIT $1)",
    )
    .bind::<BigInt, _>(limit)
    .execute(conn)
}
