//! Error answers as `application/problem+json` (RFC 9457), alike in all services.

use std::fmt::Display;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use serde_json::json;

/// What an error answer says. It goes to whoever asked: no secret, and nothing of a mail.
#[derive(Debug)]
pub struct ProblemDetails {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    field: Option<&'static str>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl ProblemDetails {
    /// `kind` is the end of the type's URN, on which a program may branch; `detail` is for a person.
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Display) -> Self {
        Self { status, kind, detail: detail.to_string(), field: None, header: None }
    }

    /// Names the field of the request that is wrong.
    pub fn with_field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// The header that belongs to the status, such as `Retry-After`.
    pub fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub fn into_response(self) -> HttpResponse {
        let mut body = json!({
            "type": format!("urn:claimsync:problem:{}", self.kind),
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(field) = self.field {
            body["field"] = json!(field);
        }
        let mut response = HttpResponse::build(self.status);
        if let Some(header) = self.header {
            response.insert_header(header);
        }
        response.content_type("application/problem+json").body(body.to_string())
    }
}

/// The answer to a path that no service has.
pub(crate) async fn no_such_path() -> HttpResponse {
    ProblemDetails::new(StatusCode::NOT_FOUND, "no-such-path", "there is nothing at this path")
        .into_response()
}

/// Gives the answer to a wrong method a body: actix's own has none, but knows what is allowed.
pub(crate) async fn explain_wrong_method(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let answer = next.call(request).await?;
    if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
        return Ok(answer.map_into_boxed_body());
    }
    let mut problem = ProblemDetails::new(
        answer.status(),
        "method-not-allowed",
        "there is something at this path, but not for this method",
    );
    if let Some(allowed) = answer.headers().get(ALLOW) {
        problem = problem.with_header(ALLOW, allowed.clone());
    }
    Ok(answer.into_response(problem.into_response()))
}
