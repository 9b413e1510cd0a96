#![doc = include_str!("../README.md")]

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::database::Database;
use domain::service::{Context as ServiceContext, OperatorEndpoints};
use slog::warn;

/// All migrations of this build, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Held while migrations run, so that two deployments at once take turns. The number only has to
/// differ from the other advisory locks of this system.
const MIGRATION_LOCK: i64 = 0x636c_6d73_0001;

/// Between two looks at a Postgres that is not up yet.
const WAIT_FOR_POSTGRES: Duration = Duration::from_millis(500);

/// Where a database stands against this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    UpToDate,
    /// These migrations of this build have not run.
    Behind(Vec<String>),
}

impl fmt::Display for SchemaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaState::UpToDate => f.write_str("up to date"),
            SchemaState::Behind(missing) => write!(f, "behind by {}", missing.join(", ")),
        }
    }
}

/// Runs what is missing and returns its names. Adopts the tables of the Python service.
pub fn run_up(conn: &mut PgConnection) -> Result<Vec<String>> {
    with_lock(conn, |conn| {
        // CREATE TABLE IF NOT EXISTS announces each table that it finds.
        conn.batch_execute("SET client_min_messages = warning")?;
        let ran = conn.run_pending_migrations(MIGRATIONS).map_err(boxed)?;
        Ok(ran.iter().map(ToString::to_string).collect())
    })
}

/// Reverts the newest migration that has run and returns its name.
pub fn run_down(conn: &mut PgConnection) -> Result<String> {
    with_lock(conn, |conn| {
        if conn.applied_migrations().map_err(boxed)?.is_empty() {
            bail!("no migration has run on this database, so there is nothing to revert");
        }
        let reverted = conn.revert_last_migration(MIGRATIONS).map_err(boxed)?;
        Ok(reverted.to_string())
    })
}

/// Every migration of this build and whether it has run, oldest first. Changes nothing.
pub fn status(conn: &mut PgConnection) -> Result<Vec<(String, bool)>> {
    let applied = applied_versions(conn)?;
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(boxed)?;
    let mut rows: Vec<(String, bool)> = migrations
        .iter()
        .map(|migration| {
            let name = migration.name();
            (name.to_string(), applied.contains(&name.version().to_string()))
        })
        .collect();
    rows.sort();
    Ok(rows)
}

/// Compares the database with this build. Changes nothing: a service calls it before it starts.
pub fn schema_state(conn: &mut PgConnection) -> Result<SchemaState> {
    let missing: Vec<String> =
        status(conn)?.into_iter().filter(|(_, ran)| !ran).map(|(name, _)| name).collect();
    Ok(if missing.is_empty() { SchemaState::UpToDate } else { SchemaState::Behind(missing) })
}

/// Waits until Postgres answers, and refuses a schema that is behind this build. Every service calls
/// it before it works.
///
/// Returns early without an error when the context is cancelled.
pub async fn wait_until_current(context: &ServiceContext, database: &Database) -> Result<()> {
    let mut warned = false;
    while !context.shutdown.is_cancelled() {
        match current_state(database).await {
            Ok(SchemaState::UpToDate) => return Ok(()),
            Ok(behind) => bail!("the schema is {behind}; run `migrate up`"),
            Err(error) if !warned => {
                warn!(context.log, "waiting for Postgres"; "error" => format!("{error:#}"));
                warned = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(WAIT_FOR_POSTGRES) => {}
            () = context.shutdown.cancelled() => {}
        }
    }
    Ok(())
}

/// For `/readyz`: an error unless the schema is up to date.
pub async fn check_current(database: &Database) -> Result<()> {
    match current_state(database).await? {
        SchemaState::UpToDate => Ok(()),
        behind => bail!("{behind}"),
    }
}

/// Adds Postgres and its schema to what `/readyz` asks.
pub fn with_postgres_checks(
    endpoints: OperatorEndpoints,
    database: &Database,
) -> OperatorEndpoints {
    let (ping, schema) = (database.clone(), database.clone());
    endpoints
        .check("postgres", move || {
            let database = ping.clone();
            async move { Ok(database.ping().await?) }
        })
        .check("schema", move || {
            let database = schema.clone();
            async move { check_current(&database).await }
        })
}

async fn current_state(database: &Database) -> Result<SchemaState> {
    database.run(schema_state).await
}

/// Outbox messages that are neither delivered nor dead: what `down` would lose.
pub fn undelivered_messages(conn: &mut PgConnection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    if !table_exists(conn, "outbox_messages")? {
        return Ok(0);
    }
    let row: Count = diesel::sql_query(
        "SELECT count(*) AS count FROM outbox_messages WHERE processed_at IS NULL",
    )
    .get_result(conn)?;
    Ok(row.count)
}

fn applied_versions(conn: &mut PgConnection) -> Result<Vec<String>> {
    // Diesel creates its own table when asked what ran; a question should not change anything.
    if !table_exists(conn, "__diesel_schema_migrations")? {
        return Ok(Vec::new());
    }
    let versions: Vec<MigrationVersion<'_>> = conn.applied_migrations().map_err(boxed)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

fn table_exists(conn: &mut PgConnection, table: &str) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Exists {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        exists: bool,
    }
    let row: Exists = diesel::sql_query("SELECT to_regclass($1) IS NOT NULL AS exists")
        .bind::<diesel::sql_types::Text, _>(table)
        .get_result(conn)?;
    Ok(row.exists)
}

fn with_lock<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    conn.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))
        .context("couldn't take the migration lock")?;
    let result = work(conn);
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).ok();
    result
}

fn boxed(error: Box<dyn std::error::Error + Send + Sync>) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}
