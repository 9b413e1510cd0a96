//! Zendesk's signature: base64 of HMAC-SHA256 over timestamp and raw body.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::settings::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::settings::SignaturePolicy;

/// A sender's clock may run ahead by this much.
const FUTURE_TOLERANCE: Duration = Duration::from_secs(300);

/// The two headers of a webhook.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SignatureHeaders<'a> {
    pub(crate) signature: Option<&'a str>,
    pub(crate) timestamp: Option<&'a str>,
}

/// Why a webhook is refused. Says nothing that helps to forge one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("the signature headers are missing")]
    Missing,
    #[error("the signature's timestamp is not an ISO 8601 date")]
    UnreadableTimestamp,
    #[error("the signature's timestamp is too old")]
    TooOld,
    #[error("the signature's timestamp is in the future")]
    InTheFuture,
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks that one of the secrets signed exactly these bytes within the tolerance.
pub(crate) fn verify(
    policy: &SignaturePolicy,
    headers: SignatureHeaders<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let SignaturePolicy::Required { secrets, tolerance } = policy else { return Ok(()) };
    let (Some(signature), Some(timestamp)) = (headers.signature, headers.timestamp) else {
        return Err(SignatureError::Missing);
    };
    let signature = STANDARD.decode(signature.trim()).map_err(|_| SignatureError::Mismatch)?;
    // Every secret is tried, so that the time taken does not tell which one fitted.
    let matching =
        secrets.iter().filter(|secret| is_signed_by(secret, timestamp, body, &signature)).count();
    if matching == 0 {
        return Err(SignatureError::Mismatch);
    }
    check_age(timestamp, *tolerance, now)
}

/// Compares in constant time.
fn is_signed_by(secret: &Secret, timestamp: &str, body: &[u8], signature: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(timestamp.as_bytes());
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

fn check_age(
    timestamp: &str,
    tolerance: Duration,
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let stamped = DateTime::parse_from_rfc3339(timestamp.trim())
        .map_err(|_| SignatureError::UnreadableTimestamp)?;
    let age = now.signed_duration_since(stamped);
    let exceeds =
        |age: chrono::TimeDelta, limit: Duration| age.to_std().is_ok_and(|age| age > limit);
    if exceeds(age, tolerance) {
        return Err(SignatureError::TooOld);
    }
    if exceeds(-age, FUTURE_TOLERANCE) {
        return Err(SignatureError::InTheFuture);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const SECRET: &str = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=";
    const TIMESTAMP: &str = "2021-07-25T10:00:00Z";
    const BODY: &[u8] = br#"{"say": "hello"}"#;
    const SIGNATURE: &str = "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=";

    fn policy(secrets: &[&str]) -> SignaturePolicy {
        SignaturePolicy::Required {
            secrets: secrets.iter().copied().map(Secret::new).collect(),
            tolerance: Duration::from_secs(3600),
        }
    }

    fn verified(
        secrets: &[&str],
        signature: &str,
        body: &[u8],
        age_secs: i64,
    ) -> Result<(), SignatureError> {
        let headers = SignatureHeaders { signature: Some(signature), timestamp: Some(TIMESTAMP) };
        let stamped: DateTime<Utc> = TIMESTAMP.parse().unwrap();
        verify(&policy(secrets), headers, body, stamped + TimeDelta::seconds(age_secs))
    }

    #[test]
    fn the_vector_of_the_contract_is_accepted() {
        assert_eq!(verified(&[SECRET], SIGNATURE, BODY, 0), Ok(()));
    }

    #[test]
    fn one_changed_bit_anywhere_is_refused() {
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(verified(&[SECRET], SIGNATURE, br#"{"say": "hellp"}"#, 0), mismatch);
        assert_eq!(verified(&["other"], SIGNATURE, BODY, 0), mismatch);
        assert_eq!(verified(&[SECRET], &SIGNATURE.replace("Rry", "Rrz"), BODY, 0), mismatch);
        assert_eq!(verified(&[SECRET], "no base64!", BODY, 0), mismatch);
        assert_eq!(verified(&[SECRET], "", BODY, 0), mismatch);
    }

    #[test]
    fn while_secrets_rotate_each_of_them_is_good() {
        assert_eq!(verified(&["new", SECRET], SIGNATURE, BODY, 0), Ok(()));
        assert_eq!(verified(&[SECRET, "new"], SIGNATURE, BODY, 0), Ok(()));
    }

    #[test]
    fn the_timestamp_may_be_an_hour_old_and_five_minutes_ahead() {
        assert_eq!(verified(&[SECRET], SIGNATURE, BODY, 3600), Ok(()));
        assert_eq!(verified(&[SECRET], SIGNATURE, BODY, 3601), Err(SignatureError::TooOld));
        assert_eq!(verified(&[SECRET], SIGNATURE, BODY, -300), Ok(()));
        assert_eq!(verified(&[SECRET], SIGNATURE, BODY, -301), Err(SignatureError::InTheFuture));
    }

    #[test]
    fn missing_headers_are_refused_unless_signatures_are_skipped() {
        let none = SignatureHeaders::default();
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(verify(&policy(&[SECRET]), none, BODY, now), Err(SignatureError::Missing));
        assert_eq!(verify(&SignaturePolicy::Skipped, none, BODY, now), Ok(()));
    }
}
