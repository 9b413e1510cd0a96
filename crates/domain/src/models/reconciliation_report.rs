//! `reconciliation_reports`: one row per run, `running` until it ends as `completed` or `failed`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz};
use serde::Serialize;
use serde_json::Value;

use crate::schema::reconciliation_reports;
use crate::status::ReportStatus;

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = reconciliation_reports, check_for_backend(diesel::pg::Pg))]
pub struct ReconciliationReport {
    pub id: i32,
    pub run_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    pub records_checked: i32,
    pub mismatches_found: i32,
    pub auto_repaired: i32,
    pub failed_repairs: i32,
    pub details: Option<Value>,
    pub status: String,
    pub error_message: Option<String>,
}

/// The figures of a run that ended.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = reconciliation_reports)]
pub struct RunFigures {
    pub records_checked: i32,
    pub mismatches_found: i32,
    pub auto_repaired: i32,
    pub failed_repairs: i32,
    pub details: Option<Value>,
    /// A note where the run completed, the error where it failed.
    pub error_message: Option<String>,
}

/// Opens a run. The caller holds the leader's lock, so every run that is still `running` belongs to
/// a process that died, and is closed as failed.
pub fn start(conn: &mut PgConnection) -> QueryResult<i32> {
    conn.transaction(|conn| {
        diesel::sql_query(
            "UPDATE reconciliation_reports
                SET status = 'failed', completed_at = now(),
                    error_message = 'the process ended before the run did'
              WHERE status = 'running'",
        )
        .execute(conn)?;
        diesel::insert_into(reconciliation_reports::table)
            .default_values()
            .returning(reconciliation_reports::id)
            .get_result(conn)
    })
}

/// Closes a run.
pub fn finish(
    conn: &mut PgConnection,
    id: i32,
    status: ReportStatus,
    figures: &RunFigures,
) -> QueryResult<usize> {
    diesel::update(reconciliation_reports::table.find(id))
        .set((
            figures,
            reconciliation_reports::status.eq(status.as_str()),
            reconciliation_reports::completed_at
                .eq(diesel::dsl::now.into_sql::<Timestamptz>().nullable()),
        ))
        .execute(conn)
}

pub fn find(conn: &mut PgConnection, id: i32) -> QueryResult<Option<ReconciliationReport>> {
    reconciliation_reports::table
        .find(id)
        .select(ReconciliationReport::as_select())
        .first(conn)
        .optional()
}

/// Reports, newest first, below `before_id` where given.
pub fn list(
    conn: &mut PgConnection,
    limit: i64,
    before_id: Option<i32>,
) -> QueryResult<Vec<ReconciliationReport>> {
    reconciliation_reports::table
        .filter(reconciliation_reports::id.lt(before_id.unwrap_or(i32::MAX)))
        .select(ReconciliationReport::as_select())
        .order(reconciliation_reports::id.desc())
        .limit(limit)
        .load(conn)
}

/// When the last run completed.
pub fn last_success(conn: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    reconciliation_reports::table
        .filter(reconciliation_reports::status.eq(ReportStatus::Completed.as_str()))
        .select(diesel::dsl::max(reconciliation_reports::completed_at))
        .first(conn)
}

/// Whether a report is open; its process may be dead.
pub fn is_running(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        reconciliation_reports::table
            .filter(reconciliation_reports::status.eq(ReportStatus::Running.as_str())),
    ))
    .get_result(conn)
}

/// Whether a run that began at `since` or later has completed.
pub fn has_completed_since(conn: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        reconciliation_reports::table
            .filter(reconciliation_reports::status.eq(ReportStatus::Completed.as_str()))
            .filter(reconciliation_reports::run_at.ge(since)),
    ))
    .get_result(conn)
}

/// The newest completed run whose comparison got to its end: what it found still holds, where a run
/// that could not look found nothing.
pub fn last_compared(conn: &mut PgConnection) -> QueryResult<Option<ReconciliationReport>> {
    let cut_short = diesel::dsl::sql::<Nullable<Text>>("details->>'cut_short'");
    reconciliation_reports::table
        .filter(reconciliation_reports::status.eq(ReportStatus::Completed.as_str()))
        .filter(cut_short.is_null())
        .select(ReconciliationReport::as_select())
        .order(reconciliation_reports::id.desc())
        .first(conn)
        .optional()
}

/// Notes progress of a run that goes on, so that a crash leaves more than a zero behind.
pub fn note_progress(conn: &mut PgConnection, id: i32, records_checked: i32) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE reconciliation_reports SET records_checked = $2 WHERE id = $1 AND status = $3",
    )
    .bind::<Integer, _>(id)
    .bind::<Integer, _>(records_checked)
    .bind::<Text, _>(ReportStatus::Running)
    .execute(conn)
}
