//! `GET /api/v1/zendesk/status/{email_id}`: where a mail stands.
//!
//! Without authentication: it shows ids, statuses and times only, and whoever posts webhooks may
//! ask what became of them. No text and no address of a mail leaves through it.

use actix_web::{HttpResponse, web};
use domain::database::{Database, DatabaseError};
use domain::models::incoming_email;
use serde_json::json;

use crate::webhook::problem::Problem;

pub(crate) async fn show(path: web::Path<String>, database: web::Data<Database>) -> HttpResponse {
    match answer(&path, &database).await {
        Ok(response) => response,
        Err(problem) => problem.to_response(),
    }
}

async fn answer(email_id: &str, database: &Database) -> Result<HttpResponse, Problem> {
    let id: i32 = email_id.parse().map_err(|_| Problem::NoSuchEmail)?;
    let asked = database.query(move |conn| incoming_email::find(conn, id));
    let found: Result<_, DatabaseError> =
        tokio::time::timeout(std::time::Duration::from_secs(4), asked)
            .await
            .map_err(|_| Problem::Unavailable("Postgres does not answer in time"))?;
    let mail =
        found.map_err(|_| Problem::Unavailable("Postgres is away"))?.ok_or(Problem::NoSuchEmail)?;
    Ok(HttpResponse::Ok().json(json!({
        "email_id": mail.id,
        "processing_status": mail.processing_status.as_deref().unwrap_or("received"),
        "match_status": mail.match_status,
        "sync_status": mail.sync_status,
        "processing_error": mail.processing_error,
        "sync_error": mail.sync_error,
        "sync_retry_count": mail.sync_retry_count,
        "attempts": mail.attempts,
        "idempotency_key": mail.idempotency_key,
        "received_at": mail.received_at,
        "created_at": mail.created_at,
        "processed_at": mail.processed_at,
        "matched_at": mail.matched_at,
    })))
}
