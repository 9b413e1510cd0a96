//! Errors of the store, told apart by what a caller does next.

use mongodb::error::{Error, ErrorKind, WriteFailure};

/// What a caller does about a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// MongoDB or the network is away, slow, or changing its primary: back off, spend no retry.
    Infrastructure,
    /// Trying again gives the same error: a person must look.
    Permanent,
}

/// MongoDB could not do what was asked. The text names no document and quotes no value.
#[derive(Debug, thiserror::Error)]
#[error("couldn't {action}")]
pub struct StoreError {
    pub class: ErrorClass,
    action: &'static str,
    #[source]
    source: Cause,
}

/// The driver's own messages quote documents in places, so that only a code or a kind goes on.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("no answer within {0} ms")]
    Timeout(u128),
    #[error("MongoDB answered with code {0} ({1})")]
    Code(i32, String),
    #[error("{0}")]
    Driver(&'static str),
}

impl StoreError {
    pub fn is_infrastructure(&self) -> bool {
        self.class == ErrorClass::Infrastructure
    }

    /// What was asked for took too long; less of it could be answered in time.
    pub fn is_timeout(&self) -> bool {
        // MaxTimeMSExpired, ExceededTimeLimit.
        matches!(self.source, Cause::Timeout(_) | Cause::Code(50 | 262, _))
    }

    pub(crate) fn driver(action: &'static str, error: &Error) -> Self {
        let class = classify(error);
        let source = match code(error) {
            Some((code, name)) => Cause::Code(code, name),
            None => Cause::Driver(kind(error)),
        };
        Self { class, action, source }
    }

    /// No answer in time, for a caller that waits with a limit of its own. `action` completes
    /// "couldn't …".
    pub fn timeout(action: &'static str, limit: std::time::Duration) -> Self {
        let source = Cause::Timeout(limit.as_millis());
        Self { class: ErrorClass::Infrastructure, action, source }
    }

    /// An error that the `update` command reports inside its answer.
    pub(crate) fn code(action: &'static str, code: i32, name: String) -> Self {
        Self { class: classify_code(code), action, source: Cause::Code(code, name) }
    }

    /// Written, but not known to be safe: whatever the code, the write must be made certain.
    pub(crate) fn write_concern(action: &'static str, code: i32, name: String) -> Self {
        Self { class: ErrorClass::Infrastructure, action, source: Cause::Code(code, name) }
    }

    pub(crate) fn unreadable(action: &'static str) -> Self {
        let source = Cause::Driver("the answer could not be read");
        Self { class: ErrorClass::Infrastructure, action, source }
    }
}

/// Codes of the server that say "not now": stepping down, shutting down, interrupted, out of
/// time, unreachable, write concern not reached. Also those that refuse the user, since then no
/// message is at fault and all of them would be lost to a wrong password.
///
/// From the server's `error_codes.yml` (categories NetworkError, NotPrimaryError,
/// ShutdownError, Interruption, ExceededTimeLimitError) and the retryable codes of the driver
/// specifications.
const INFRASTRUCTURE_CODES: [i32; 37] = [
    6, 7, 13, 18, 24, 46, 50, 63, 64, 79, 84, 89, 91, 100, 112, 133, 134, 165, 175, 184, 189, 202,
    262, 290, 317, 358, 384, 402, 8000, 9001, 10058, 10107, 11600, 11601, 11602, 13435, 13436,
];

pub(crate) fn classify_code(code: i32) -> ErrorClass {
    if INFRASTRUCTURE_CODES.contains(&code) {
        ErrorClass::Infrastructure
    } else {
        ErrorClass::Permanent
    }
}

fn classify(error: &Error) -> ErrorClass {
    let labelled = error.contains_label(mongodb::error::RETRYABLE_WRITE_ERROR)
        || error.contains_label(mongodb::error::RETRYABLE_ERROR)
        || error.contains_label(mongodb::error::TRANSIENT_TRANSACTION_ERROR);
    if labelled {
        return ErrorClass::Infrastructure;
    }
    match error.kind.as_ref() {
        // A password that is being rotated, a name that does not resolve for a minute: the
        // messages are not at fault.
        ErrorKind::Authentication { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::InvalidResponse { .. }
        | ErrorKind::Shutdown => ErrorClass::Infrastructure,
        _ => code(error).map_or(ErrorClass::Permanent, |(code, _)| classify_code(code)),
    }
}

fn code(error: &Error) -> Option<(i32, String)> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some((command.code, command.code_name.clone())),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => {
            Some((concern.code, concern.code_name.clone()))
        }
        ErrorKind::Write(WriteFailure::WriteError(write)) => {
            Some((write.code, write.code_name.clone().unwrap_or_default()))
        }
        _ => None,
    }
}

fn kind(error: &Error) -> &'static str {
    match error.kind.as_ref() {
        ErrorKind::Authentication { .. } => "MongoDB refused the credentials",
        ErrorKind::DnsResolve { .. } => "the host name could not be resolved",
        ErrorKind::Io(_) => "the connection failed",
        ErrorKind::ConnectionPoolCleared { .. } => "the connection pool was cleared",
        ErrorKind::ServerSelection { .. } => "no primary can be reached",
        ErrorKind::InvalidResponse { .. } => "MongoDB's answer could not be read",
        ErrorKind::InvalidTlsConfig { .. } => "the TLS configuration is invalid",
        ErrorKind::InvalidArgument { .. } => "the driver refused an argument",
        ErrorKind::Shutdown => "the client was shut down",
        _ => "the driver failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_may_do_later_is_infrastructure_and_what_it_refuses_is_not() {
        // Stepping down, shutting down, out of time, write concern, wrong credentials.
        for code in [10_107, 189, 11_600, 91, 50, 262, 64, 18] {
            assert_eq!(classify_code(code), ErrorClass::Infrastructure, "{code}");
        }
        // Validation, too large, bad value, duplicate key.
        for code in [121, 10_334, 17_419, 2, 11_000] {
            assert_eq!(classify_code(code), ErrorClass::Permanent, "{code}");
        }
    }

    #[test]
    fn the_text_names_what_failed_and_why() {
        let error = StoreError::timeout("read clients", std::time::Duration::from_secs(2));
        assert_eq!(error.to_string(), "couldn't read clients");
        let source = std::error::Error::source(&error).expect("a cause");
        assert_eq!(source.to_string(), "no answer within 2000 ms");
    }
}
