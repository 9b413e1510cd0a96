//! The admin API: trigger a run, read the reports.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::database::DatabaseError;
use domain::models::reconciliation_report;
use domain::problem::ProblemDetails;
use domain::settings::Secret;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;

use crate::run::{Begun, Reconciler, Start};

const MOST_REPORTS: i64 = 100;

/// Clones share the token and the way to the schedule.
#[derive(Clone)]
pub(crate) struct AdminApi {
    shared: Arc<Shared>,
}

struct Shared {
    token: Secret,
    reconciler: Reconciler,
    triggered: mpsc::Sender<Begun>,
}

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the bearer token is missing or wrong")]
    Unauthorized,
    #[error("there is no such report")]
    NoSuchReport,
    #[error("{0}")]
    BadRequest(&'static str),
    #[error("a run is going on")]
    Running,
    #[error("the reports cannot be reached at the moment")]
    Unavailable,
}

impl AdminApi {
    pub(crate) fn new(
        token: Secret,
        reconciler: Reconciler,
        triggered: mpsc::Sender<Begun>,
    ) -> Self {
        Self { shared: Arc::new(Shared { token, reconciler, triggered }) }
    }

    /// Adds the routes to an application.
    pub(crate) fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(web::Data::from(self.shared.clone())).service(
            web::scope("/api/v1/admin/reconciliation")
                .service(web::resource("/trigger").route(web::post().to(trigger)))
                .service(web::resource("/reports").route(web::get().to(list)))
                .service(web::resource("/reports/{id}").route(web::get().to(show))),
        );
    }
}

/// 202 as soon as this replica leads and the report is open; the run goes on by itself.
async fn trigger(request: HttpRequest, api: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    api.authorize(&request)?;
    let begun = match api.reconciler.begin(None).await? {
        Start::Begun(begun) => begun,
        Start::AlreadyRunning | Start::AlreadyDone => return Err(Problem::Running),
    };
    let report_id = begun.report_id;
    // Refused only while the process ends: dropping the run frees the lock, and the next run closes
    // the report.
    api.triggered.try_send(begun).map_err(|_| Problem::Unavailable)?;
    let location = format!("/api/v1/admin/reconciliation/reports/{report_id}");
    Ok(HttpResponse::Accepted()
        .insert_header(("Location", location))
        .json(json!({ "status": "running", "report_id": report_id })))
}

/// `?limit=` (1 to 100, default 20), `?before=` an id, for the next page.
async fn list(request: HttpRequest, api: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    #[derive(Deserialize)]
    struct Page {
        limit: Option<i64>,
        before: Option<i32>,
    }
    api.authorize(&request)?;
    let page = web::Query::<Page>::from_query(request.query_string())
        .map_err(|_| Problem::BadRequest("limit and before must be whole numbers"))?;
    let limit = page.limit.unwrap_or(20);
    if !(1..=MOST_REPORTS).contains(&limit) {
        return Err(Problem::BadRequest("limit must be from 1 to 100"));
    }
    let before = page.before;
    // One more than asked for says whether there is a next page.
    let read = move |conn: &mut _| reconciliation_report::list(conn, limit + 1, before);
    let mut reports = api.reconciler.database.query(read).await?;
    let more = reports.len() as i64 > limit;
    reports.truncate(limit as usize);
    let next_before = reports.last().filter(|_| more).map(|report| report.id);
    Ok(HttpResponse::Ok().json(json!({ "reports": reports, "next_before": next_before })))
}

async fn show(
    request: HttpRequest,
    api: web::Data<Shared>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    api.authorize(&request)?;
    let id: i32 = id.parse().map_err(|_| Problem::NoSuchReport)?;
    let read = move |conn: &mut _| reconciliation_report::find(conn, id);
    let report = api.reconciler.database.query(read).await?.ok_or(Problem::NoSuchReport)?;
    Ok(HttpResponse::Ok().json(report))
}

impl Shared {
    fn authorize(&self, request: &HttpRequest) -> Result<(), Problem> {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = header.and_then(|header| {
            let (scheme, token) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        if given.is_some_and(|given| is_token(given, &self.token)) {
            Ok(())
        } else {
            Err(Problem::Unauthorized)
        }
    }
}

/// Takes as long for a token of another length: the comparison of two slices ends at once where their
/// lengths differ, that of two digests never does.
fn is_token(given: &str, token: &Secret) -> bool {
    let [given, token] = [given, token.expose()].map(Sha256::digest);
    given.as_slice().ct_eq(token.as_slice()).into()
}

impl From<DatabaseError> for Problem {
    fn from(_: DatabaseError) -> Self {
        Problem::Unavailable
    }
}

impl Problem {
    fn kind(&self) -> &'static str {
        match self {
            Problem::Unauthorized => "unauthorized",
            Problem::NoSuchReport => "no-such-report",
            Problem::BadRequest(_) => "bad-request",
            Problem::Running => "already-running",
            Problem::Unavailable => "unavailable",
        }
    }
}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Problem::Unauthorized => StatusCode::UNAUTHORIZED,
            Problem::NoSuchReport => StatusCode::NOT_FOUND,
            Problem::BadRequest(_) => StatusCode::BAD_REQUEST,
            Problem::Running => StatusCode::CONFLICT,
            Problem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let details = ProblemDetails::new(self.status_code(), self.kind(), self);
        let details = match self {
            Problem::Unauthorized => {
                details.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Problem::Unavailable => {
                details.with_header(RETRY_AFTER, HeaderValue::from_static("15"))
            }
            _ => details,
        };
        details.into_response()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::body::MessageBody;

    use super::*;

    #[test]
    fn each_answer_is_known_to_the_byte() {
        let cases = [
            (Problem::Unauthorized, 401, "Unauthorized", "unauthorized"),
            (Problem::BadRequest("limit"), 400, "Bad Request", "bad-request"),
            (Problem::NoSuchReport, 404, "Not Found", "no-such-report"),
            (Problem::Running, 409, "Conflict", "already-running"),
            (Problem::Unavailable, 503, "Service Unavailable", "unavailable"),
        ];
        for (problem, status, title, kind) in cases {
            let response = problem.error_response();
            assert_eq!(response.status(), status);
            let header = |name: &str| response.headers().get(name).map(HeaderValue::as_bytes);
            assert_eq!(header("content-type"), Some(&b"application/problem+json"[..]));
            assert_eq!(header("www-authenticate"), (status == 401).then_some(&b"Bearer"[..]));
            assert_eq!(header("retry-after"), (status == 503).then_some(&b"15"[..]));
            let body = format!(
                r#"{{"detail":"{problem}","status":{status},"title":"{title}","type":"urn:claimsync:problem:{kind}"}}"#
            );
            assert_eq!(response.into_body().try_into_bytes().unwrap(), body);
        }
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Secret::new("token");
        assert!(is_token("token", &token));
        for wrong in ["", "t", "toke", "tokem", "token2", "Token"] {
            assert!(!is_token(wrong, &token), "{wrong}");
        }
    }
}
