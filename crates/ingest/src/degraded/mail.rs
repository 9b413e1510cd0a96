//! One mail's way through memory: read, decide, write.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clients::fence::Operation;
use clients::guard::GuardSettings;
use clients::plan::{Message, OutcomeKind};
use domain::decision::{Decision, MailFacts, decide};
use domain::fence::Fence;
use domain::models::incoming_email::NewIncomingEmail;
use domain::payload::DebtUpdate;
use domain::status::{MatchStatus, ProcessingStatus, SyncStatus};
use extraction::clean::{CleanedMail, clean};
use extraction::{ExtractError, Mail};
use sha2::{Digest, Sha256};
use slog::{Logger, warn};

use super::Degraded;
use super::ledger::Standing;

/// While MongoDB or a provider is away. Nothing is given up for that: the mail waits.
const OUTAGE_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_OUTAGE_PAUSE: Duration = Duration::from_secs(30);

/// How often a client that is not there yet is looked for, and the pause before the second time.
const TRIES: u32 = 5;
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The id of a mail without a row; see the module above. 48 bits, so that the portal's JavaScript
/// reads it exactly.
pub(super) fn email_id(mail: &NewIncomingEmail) -> i64 {
    let identity = mail.zendesk_webhook_id.as_ref().or(mail.content_hash.as_ref());
    let digest = Sha256::digest(identity.map_or("", String::as_str).as_bytes());
    let number = digest.iter().take(6).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    -1 - number
}

pub(super) struct MailInMemory {
    email_id: i64,
    received_at: DateTime<Utc>,
    mail: Mail,
}

impl MailInMemory {
    /// A date that is missing or ahead is now, as in Postgres.
    pub(super) fn new(email_id: i64, mail: NewIncomingEmail) -> Self {
        let now = Utc::now();
        let received_at = mail.received_at.map_or(now, |date| date.min(now));
        Self {
            email_id,
            received_at,
            mail: Mail {
                subject: mail.subject,
                from_email: mail.from_email,
                from_name: mail.from_name,
                body_html: mail.raw_body_html,
                body_text: mail.raw_body_text,
                received_at: Some(received_at),
            },
        }
    }

    /// Works until there is a final standing, however long an outage lasts.
    pub(super) async fn process(self, degraded: &Degraded, log: &Logger) -> Standing {
        let (email_id, received_at) = (self.email_id, self.received_at);
        let mail = self.mail;
        let Ok(cleaned) = tokio::task::spawn_blocking(move || clean(&mail)).await else {
            return Standing::failed("failed:examination_panicked");
        };
        match read(degraded, log, &cleaned, received_at).await {
            Decision::Write(update) => {
                deliver(degraded, log, Fence::new(received_at, email_id), &update).await
            }
            Decision::Review(reason) => review(SyncStatus::NotApplicable, reason),
            Decision::NotCreditorReply => Standing {
                processing_status: ProcessingStatus::NotCreditorReply,
                match_status: Some(MatchStatus::NoMatch),
                sync_status: SyncStatus::NotApplicable,
                reason: None,
            },
        }
    }
}

async fn read(
    degraded: &Degraded,
    log: &Logger,
    cleaned: &CleanedMail,
    received_at: DateTime<Utc>,
) -> Decision {
    let mut pause = OUTAGE_PAUSE;
    loop {
        let began = std::time::Instant::now();
        let extraction = degraded.extractor.extract(cleaned).await;
        degraded
            .metrics
            .extraction_seconds
            .with_label_values(&[degraded.extractor.name()])
            .observe(began.elapsed().as_secs_f64());
        match extraction {
            Ok(extraction) => {
                let facts = MailFacts {
                    from_email: &cleaned.from_email,
                    received_at,
                    cleaned_body: &cleaned.body,
                };
                return decide(&extraction, facts);
            }
            Err(ExtractError::Rejected { .. }) => return Decision::Review("provider_rejected"),
            Err(ExtractError::Unavailable { retry_after, reason }) => {
                warn!(log, "the provider is away; waiting"; "reason" => reason);
                tokio::time::sleep(retry_after.unwrap_or(pause)).await;
                pause = (pause * 2).min(LONGEST_OUTAGE_PAUSE);
            }
        }
    }
}

async fn deliver(degraded: &Degraded, log: &Logger, fence: Fence, update: &DebtUpdate) -> Standing {
    let message =
        Message { outbox_id: fence.email_id(), fence, operation: Operation::Update, update };
    let (mut pause, mut tries) = (OUTAGE_PAUSE, 0);
    loop {
        let outcome = match degraded.store.deliver(&[message], GuardSettings::default()).await {
            Ok(outcomes) => outcomes.into_iter().next().map(|outcome| outcome.kind),
            Err(error) if error.is_infrastructure() => {
                warn!(log, "MongoDB is away; waiting"; "error" => %error);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_OUTAGE_PAUSE);
                continue;
            }
            Err(error) => {
                warn!(log, "MongoDB refused the write"; "error" => %error);
                return Standing::failed("failed:store");
            }
        };
        match outcome {
            Some(OutcomeKind::Applied | OutcomeKind::AlreadyApplied) => return synced(None),
            Some(OutcomeKind::Superseded) => return synced(Some("superseded")),
            Some(OutcomeKind::NotFound(reason) | OutcomeKind::TryAgain(reason)) => {
                tries += 1;
                if tries >= TRIES {
                    return review(SyncStatus::Failed, reason);
                }
                tokio::time::sleep(FIRST_RETRY * 2_u32.pow(tries - 1)).await;
            }
            Some(OutcomeKind::Review(reason)) => {
                return review(SyncStatus::Failed, reason);
            }
            Some(OutcomeKind::Failed(reason)) => {
                return Standing::failed(&format!("failed:{reason}"));
            }
            None => return Standing::failed("failed:no_outcome"),
        }
    }
}

fn synced(note: Option<&str>) -> Standing {
    Standing {
        processing_status: ProcessingStatus::Completed,
        match_status: Some(MatchStatus::AutoMatched),
        sync_status: SyncStatus::Synced,
        reason: note.map(str::to_owned),
    }
}

fn review(sync_status: SyncStatus, reason: &str) -> Standing {
    Standing {
        processing_status: ProcessingStatus::Completed,
        match_status: Some(MatchStatus::NeedsReview),
        sync_status,
        reason: Some(format!("review:{reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_without_a_row_is_stable_negative_and_below_every_row_at_the_fence() {
        let id = |webhook: &str| {
            let webhook = Some(webhook.to_owned());
            email_id(&NewIncomingEmail { zendesk_webhook_id: webhook, ..Default::default() })
        };
        assert_eq!(id("wh-1"), id("wh-1"));
        assert_ne!(id("wh-1"), id("wh-2"));
        let at = DateTime::UNIX_EPOCH;
        assert!(Fence::new(at, id("wh-1")) < Fence::new(at, 1));
        assert!(id("wh-1") >= -(1 << 48));
    }
}
