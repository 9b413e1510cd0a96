//! Why a request was not served, and what is answered. It quotes nothing of the mail.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use domain::problem::ProblemDetails;

use super::parse::FieldError;
use super::signature::SignatureError;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Field(#[from] FieldError),
    #[error("{0}")]
    Signature(#[from] SignatureError),
    #[error("there is no such e-mail")]
    NoSuchEmail,
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body must be application/json")]
    UnsupportedMediaType,
    #[error("too many mails are waiting to be processed")]
    Backlog,
    /// Anything that can succeed later: what Zendesk shall send again must not look like a 500.
    #[error("the service cannot store anything at the moment: {0}")]
    Unavailable(&'static str),
}

/// Zendesk repeats a 429 or 503 only if this is below 60 s.
const RETRY_AFTER_BACKLOG: Duration = Duration::from_secs(30);
const RETRY_AFTER_OUTAGE: Duration = Duration::from_secs(15);

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Problem::Field(_) => StatusCode::BAD_REQUEST,
            Problem::Signature(_) => StatusCode::UNAUTHORIZED,
            Problem::NoSuchEmail => StatusCode::NOT_FOUND,
            Problem::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Problem::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Problem::Backlog => StatusCode::TOO_MANY_REQUESTS,
            Problem::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Problem::Field(_) => "field",
            Problem::Signature(_) => "signature",
            Problem::NoSuchEmail => "no-such-email",
            Problem::TooLarge { .. } => "too-large",
            Problem::UnsupportedMediaType => "media-type",
            Problem::Backlog => "backlog",
            Problem::Unavailable(_) => "unavailable",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Problem::Backlog => Some(RETRY_AFTER_BACKLOG),
            Problem::Unavailable(_) => Some(RETRY_AFTER_OUTAGE),
            _ => None,
        }
    }

    pub(crate) fn to_response(&self) -> HttpResponse {
        let mut details = ProblemDetails::new(self.status(), self.kind(), self);
        if let Problem::Field(error) = self {
            details = details.with_field(error.field);
        }
        if let Some(delay) = self.retry_after() {
            details = details.with_header(RETRY_AFTER, delay.as_secs().into());
        }
        details.into_response()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn each_answer_is_known_to_the_byte() {
        let field = FieldError { field: "ticket_id", problem: "is missing" };
        let cases = [
            (Problem::Field(field), 400, "Bad Request", "field"),
            (Problem::Signature(SignatureError::Mismatch), 401, "Unauthorized", "signature"),
            (Problem::NoSuchEmail, 404, "Not Found", "no-such-email"),
            (Problem::TooLarge { limit: 9 }, 413, "Payload Too Large", "too-large"),
            (Problem::UnsupportedMediaType, 415, "Unsupported Media Type", "media-type"),
            (Problem::Backlog, 429, "Too Many Requests", "backlog"),
            (Problem::Unavailable("x"), 503, "Service Unavailable", "unavailable"),
        ];
        for (problem, status, title, kind) in cases {
            let response = problem.to_response();
            assert_eq!(response.status(), status);
            let header = |name: &str| response.headers().get(name).map(HeaderValue::as_bytes);
            assert_eq!(header("content-type"), Some(&b"application/problem+json"[..]));
            let retry_after = match status {
                429 => Some(&b"30"[..]),
                503 => Some(&b"15"[..]),
                _ => None,
            };
            assert_eq!(header("retry-after"), retry_after);
            let field = if status == 400 { r#""field":"ticket_id","# } else { "" };
            let body = format!(
                r#"{{"detail":"{problem}",{field}"status":{status},"title":"{title}","type":"urn:claimsync:problem:{kind}"}}"#
            );
            assert_eq!(response.into_body().try_into_bytes().unwrap(), body);
        }
    }
}
