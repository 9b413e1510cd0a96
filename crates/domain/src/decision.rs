//! From an extraction to what happens with the mail. Pure: the one place that says what may be
//! written without a person (section "ingest" of the architecture document).

use chrono::{DateTime, Utc};

use crate::extraction::{Extraction, Intent};
use crate::money::Money;
use crate::payload::{DebtUpdate, PAYLOAD_VERSION};

/// Above this, a person looks first.
pub const HIGHEST_AMOUNT: Money = Money::from_cents(50_000_000);

/// Below this, a person looks first.
pub const LOWEST_CONFIDENCE: f64 = 0.75;

/// What to do with a mail.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Send to the outbox.
    Write(Box<DebtUpdate>),
    /// A person must look; the reason is a code as in `review:<reason>`.
    Review(&'static str),
    /// Auto-reply, spam, or nothing that a creditor says about a claim.
    NotCreditorReply,
}

/// The facts of the mail that the decision and the payload need beside the extraction.
#[derive(Clone, Copy, Debug)]
pub struct MailFacts<'a> {
    pub from_email: &'a str,
    pub received_at: DateTime<Utc>,
    pub cleaned_body: &'a str,
}

/// Decides. Every doubt, a missing field or a low confidence ends in review.
pub fn decide(extraction: &Extraction, mail: MailFacts<'_>) -> Decision {
    if matches!(extraction.intent, Intent::AutoReply | Intent::Spam) {
        return Decision::NotCreditorReply;
    }
    if let Some(doubt) = extraction.doubts.first() {
        return Decision::Review(doubt.as_str());
    }
    if !extraction.is_creditor_reply {
        return Decision::Review("not_a_creditor_reply");
    }
    if !matches!(extraction.intent, Intent::DebtStatement | Intent::PaymentPlan) {
        return Decision::Review(extraction.intent.as_str());
    }
    let Some(amount) = extraction.debt_amount else {
        return Decision::Review("no_amount");
    };
    if amount < Money::ZERO {
        return Decision::Review("negative_amount");
    }
    if amount > HIGHEST_AMOUNT {
        return Decision::Review("amount_too_high");
    }
    if extraction.confidence.is_nan() || extraction.confidence < LOWEST_CONFIDENCE {
        return Decision::Review("low_confidence");
    }
    if extraction.client_name.is_none() && extraction.client_aktenzeichen.is_none() {
        return Decision::Review("no_client");
    }
    Decision::Write(Box::new(DebtUpdate {
        version: PAYLOAD_VERSION,
        client_name: extraction.client_name.clone(),
        client_aktenzeichen: extraction.client_aktenzeichen.clone(),
        creditor_email: mail.from_email.to_owned(),
        creditor_name: extraction.creditor_name.clone(),
        new_debt_amount: amount,
        response_text: Some(mail.cleaned_body.to_owned()),
        reference_numbers: extraction.reference_numbers.clone(),
        extraction_confidence: Some(extraction.confidence),
        received_at: Some(mail.received_at),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extraction::Doubt;

    fn clear() -> Extraction {
        Extraction {
            is_creditor_reply: true,
            intent: Intent::DebtStatement,
            client_name: Some("Max Mustermann".to_owned()),
            client_aktenzeichen: None,
            creditor_name: None,
            debt_amount: Some(Money::from_cents(123_456)),
            reference_numbers: vec![],
            confidence: 0.9,
            summary: String::new(),
            doubts: vec![],
            evidence: Default::default(),
            provider: "rules".to_owned(),
            model: None,
            prompt_version: None,
        }
    }

    fn decided(extraction: &Extraction) -> Decision {
        let mail = MailFacts {
            from_email: "inkasso@bank.example",
            received_at: DateTime::UNIX_EPOCH,
            cleaned_body: "…",
        };
        decide(extraction, mail)
    }

    #[test]
    fn a_clear_statement_is_written_with_the_amount_that_was_found() {
        let Decision::Write(update) = decided(&clear()) else { panic!("not written") };
        assert_eq!(update.new_debt_amount, Money::from_cents(123_456));
    }

    #[test]
    fn each_missing_condition_alone_asks_a_person() {
        type Spoil = fn(&mut Extraction);
        let cases: [(&str, Spoil); 9] = [
            ("no_amount", |e| e.debt_amount = None),
            ("negative_amount", |e| e.debt_amount = Some(Money::from_cents(-1))),
            ("amount_too_high", |e| e.debt_amount = Some(Money::from_cents(50_000_001))),
            ("low_confidence", |e| e.confidence = 0.7499),
            ("low_confidence", |e| e.confidence = f64::NAN),
            ("no_client", |e| e.client_name = None),
            ("rejection", |e| e.intent = Intent::Rejection),
            ("not_a_creditor_reply", |e| e.is_creditor_reply = false),
            ("contradicting_totals", |e| e.doubts = vec![Doubt::ContradictingTotals]),
        ];
        for (reason, spoil) in cases {
            let mut extraction = clear();
            spoil(&mut extraction);
            assert_eq!(decided(&extraction), Decision::Review(reason));
        }
    }

    #[test]
    fn the_limits_themselves_are_written() {
        for cents in [0, 50_000_000] {
            let mut extraction = clear();
            extraction.debt_amount = Some(Money::from_cents(cents));
            extraction.confidence = LOWEST_CONFIDENCE;
            assert!(matches!(decided(&extraction), Decision::Write(_)));
        }
    }

    #[test]
    fn auto_replies_and_spam_bother_nobody() {
        for intent in [Intent::AutoReply, Intent::Spam] {
            let mut extraction = clear();
            extraction.intent = intent;
            assert_eq!(decided(&extraction), Decision::NotCreditorReply);
        }
    }
}
