//! A synced mail as the comparison needs it: what its newest message says, or why there is nothing
//! to compare. Pure.

use clients::matching::{Evidence, was_one_of_several};
use domain::fence::Fence;
use domain::models::comparison::SyncedMail;
use domain::money::Money;
use domain::payload::{DebtUpdate, PAYLOAD_VERSION};
use serde::Deserialize;

/// A mail with what its entry should show.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub email_id: i32,
    /// The newest message; `None` for a mail that was adopted without one, or whose messages are
    /// cleaned up.
    pub outbox_id: Option<i64>,
    pub fence: Fence,
    pub update: DebtUpdate,
    /// What spoke for the entry when the message was delivered.
    pub matched_by: Evidence,
    /// The sender had several entries then, of which this was one.
    pub was_one_of_several: bool,
}

/// Why a mail is not compared. None of these is drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uncompared {
    /// A message of it waits: the relay will bring it.
    InFlight,
    /// Its message is dead: a person has it before them already.
    DeadLettered,
    /// Neither a message nor extracted data says an amount. Nothing stands in for it.
    Unreadable,
}

impl Subject {
    pub(crate) fn read(mail: &SyncedMail) -> Result<Self, Uncompared> {
        if mail.is_in_flight {
            return Err(Uncompared::InFlight);
        }
        if mail.is_dead {
            return Err(Uncompared::DeadLettered);
        }
        let update = match &mail.payload {
            Some(payload) => read_payload(payload),
            None => mail.extracted_data.as_deref().and_then(|json| read_adopted(json, mail)),
        };
        let update = update.ok_or(Uncompared::Unreadable)?;
        let received_at = update.received_at.unwrap_or(mail.received_at);
        let reasons = mail.match_reasons.as_deref().map(read_reasons).unwrap_or_default();
        Ok(Self {
            email_id: mail.id,
            outbox_id: mail.outbox_id,
            fence: Fence::new(received_at, i64::from(mail.id)),
            update,
            matched_by: Evidence::of(&reasons),
            was_one_of_several: was_one_of_several(&reasons),
        })
    }
}

/// Nothing, where the reasons are no list of sentences.
fn read_reasons(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

fn read_payload(payload: &str) -> Option<DebtUpdate> {
    let json = serde_json::from_str(payload).ok()?;
    DebtUpdate::from_json(&json).ok()
}

/// The update that a message would have carried, from the fields that the Python service stored too.
fn read_adopted(json: &str, mail: &SyncedMail) -> Option<DebtUpdate> {
    #[derive(Deserialize)]
    struct Adopted {
        client_name: Option<String>,
        client_aktenzeichen: Option<String>,
        creditor_name: Option<String>,
        debt_amount: Money,
        reference_numbers: Option<Vec<String>>,
        confidence: Option<f64>,
    }
    let adopted: Adopted = serde_json::from_str(json).ok()?;
    Some(DebtUpdate {
        version: PAYLOAD_VERSION,
        client_name: adopted.client_name,
        client_aktenzeichen: adopted.client_aktenzeichen,
        creditor_email: mail.from_email.clone(),
        creditor_name: adopted.creditor_name,
        new_debt_amount: adopted.debt_amount,
        // What ingest puts there. Without it a repair would write the text in the entry away.
        response_text: mail.cleaned_body.clone(),
        reference_numbers: adopted.reference_numbers.unwrap_or_default(),
        extraction_confidence: adopted.confidence,
        received_at: Some(mail.received_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(payload: Option<&str>, extracted_data: Option<&str>) -> SyncedMail {
        SyncedMail {
            id: 7,
            received_at: "2026-03-11T08:14:22Z".parse().unwrap(),
            matched_at: None,
            from_email: "inkasso@bank.example".to_owned(),
            outbox_id: payload.map(|_| 3),
            payload: payload.map(str::to_owned),
            match_reasons: None,
            extracted_data: extracted_data.map(str::to_owned),
            cleaned_body: extracted_data.map(|_| "Die Forderung".to_owned()),
            text_bytes: 0,
            is_in_flight: false,
            is_dead: false,
        }
    }

    #[test]
    fn an_adopted_mail_without_messages_says_its_amount_in_its_extracted_data() {
        let data = r#"{"client_name": "Anna Beispiel", "debt_amount": 899.0, "confidence": 0.9}"#;
        let subject = Subject::read(&mail(None, Some(data))).unwrap();
        assert_eq!(subject.update.new_debt_amount, Money::from_cents(89_900));
        assert_eq!(subject.update.creditor_email, "inkasso@bank.example");
        assert_eq!(subject.update.response_text.as_deref(), Some("Die Forderung"));
        assert!(DebtUpdate::from_json(&subject.update.to_json()).is_ok());
    }

    #[test]
    fn an_amount_under_another_name_is_no_amount_and_never_zero() {
        let payload = r#"{"creditor_email": "a@b.example", "amount": 899.0, "debt_amount": 5}"#;
        let adopted = r#"{"client_name": "Anna Beispiel", "new_debt_amount": 899.0}"#;
        for mail in [
            mail(Some(payload), None),
            mail(None, Some(adopted)),
            mail(None, Some(r#"{"debt_amount": null}"#)),
            mail(None, None),
            mail(Some("{"), Some(r#"{"debt_amount": 5}"#)),
        ] {
            assert_eq!(Subject::read(&mail).unwrap_err(), Uncompared::Unreadable);
        }
    }

    #[test]
    fn stored_reasons_are_compared_as_whole_sentences() {
        let read = |reasons: &str| {
            let payload = r#"{"creditor_email": "a@b.example", "new_debt_amount": 5}"#;
            let mail =
                SyncedMail { match_reasons: Some(reasons.to_owned()), ..mail(Some(payload), None) };
            let subject = Subject::read(&mail).unwrap();
            (subject.matched_by, subject.was_one_of_several)
        };
        let reference = Evidence::Reference;
        assert_eq!(read(r#"["creditor by e-mail", "reference agrees"]"#), (reference, false));
        assert_eq!(read(r#"["told apart by reference"]"#), (reference, true));
        let by_name = r#"["told apart by the creditor's name"]"#;
        assert_eq!(read(by_name), (Evidence::CreditorName, true));
        let about_the_client = r#"["client by aktenzeichen among the references"]"#;
        for nothing in [about_the_client, "[]", "null", "7", r#""reference agrees""#] {
            assert_eq!(read(nothing), (Evidence::Sender, false), "{nothing}");
        }
    }

    #[test]
    fn what_is_in_flight_or_dead_is_not_compared() {
        let in_flight = SyncedMail { is_in_flight: true, ..mail(None, None) };
        assert_eq!(Subject::read(&in_flight).unwrap_err(), Uncompared::InFlight);
        let dead = SyncedMail { is_dead: true, ..mail(None, None) };
        assert_eq!(Subject::read(&dead).unwrap_err(), Uncompared::DeadLettered);
    }
}
