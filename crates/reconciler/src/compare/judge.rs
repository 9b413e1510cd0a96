//! Whether an entry shows what a mail's message wrote: pure.
//!
//! Surprising rule: the fence is asked before any amount. A mail that is older than what the entry
//! shows says nothing about the entry, whatever its amount.

use chrono::{DateTime, Utc};
use clients::document::{Amount, CreditorEntry, FieldState, SyncState};
use clients::fence::Operation;
use clients::guard::{GuardSettings, is_set_by_a_person};
use clients::plan::{Message, OutcomeKind, admit};
use domain::money::Money;

use super::subject::Subject;
use crate::finding::MismatchKind;

/// How a mail and its entry stand to one another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Judgement {
    InSync,
    /// The entry shows a newer mail.
    Superseded,
    Differs(Difference),
}

/// The first difference that matters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub kind: MismatchKind,
    pub field: &'static str,
    pub expected: Option<String>,
    pub found: Option<String>,
    pub reason: &'static str,
    /// The writer would let a repair through.
    pub repairable: bool,
}

const CURRENT: &str = "current_debt_amount";
const RESPONSE: &str = "creditor_response_amount";
const REFERENCES: &str = "response_reference_numbers";
const CONFIDENCE: &str = "extraction_confidence";
const LAST_CONTACT: &str = "last_contacted_at";

/// Compares a mail with the entry that it is for.
pub(crate) fn judge(subject: &Subject, entry: &CreditorEntry, guard: GuardSettings) -> Judgement {
    let own = match &entry.sync {
        SyncState::Unreadable => {
            return differs(MismatchKind::DataMismatch, "sync", "fence_unreadable", None, None);
        }
        SyncState::Marked(mark) if mark.fence > subject.fence => return Judgement::Superseded,
        SyncState::Marked(mark) => mark.fence == subject.fence,
        SyncState::Unmarked => false,
    };
    if is_set_by_a_person(entry) {
        let found = entry.amount_source.clone();
        let expected = Some(clients::document::CREDITOR_RESPONSE.to_owned());
        let reason = "amount_source";
        return differs(MismatchKind::ManualOverride, "amount_source", reason, expected, found);
    }
    let first = if own { first_of_own_version(subject, entry) } else { Some(lost(subject, entry)) };
    match first {
        None => Judgement::InSync,
        Some(difference) => {
            Judgement::Differs(with_writers_word(difference, subject, entry, guard))
        }
    }
}

/// The entry carries the mail's fence: every field of ours must be there and be the mail's. Whatever
/// a person changed is looked for first, since a repair writes all fields.
fn first_of_own_version(subject: &Subject, entry: &CreditorEntry) -> Option<Difference> {
    let amount = subject.update.new_debt_amount;
    let amounts =
        [(CURRENT, entry.current_debt_amount), (RESPONSE, entry.creditor_response_amount)];
    for (field, shown) in amounts {
        let is_another = shown.money().is_some_and(|shown| shown != amount);
        if is_another || entry.says_otherwise(field, amount) {
            return Some(Difference {
                kind: MismatchKind::ManualOverride,
                ..amount_difference(field, "changed_by_hand", amount, shown)
            });
        }
    }
    let expected_date = subject.fence.received_at();
    if let Some(difference) = date_by_hand(expected_date, entry) {
        return Some(difference);
    }
    for (field, shown) in amounts {
        match shown {
            Amount::Known(_) => {}
            Amount::Absent => {
                return Some(amount_difference(field, "field_missing", amount, shown));
            }
            Amount::Unreadable => {
                return Some(amount_difference(field, "wrong_type", amount, shown));
            }
        }
    }
    if entry.amount_source.is_none() {
        return Some(missing("amount_source"));
    }
    if entry.contact_status.is_none() {
        // Any other status is the portal's business: cases go on.
        return Some(missing("contact_status"));
    }
    if let Some(difference) = not_as_written("response_received_at", entry.response_date) {
        return Some(Difference { expected: Some(expected_date.to_rfc3339()), ..difference });
    }
    let confidence = match subject.update.extraction_confidence {
        Some(_) => entry.confidence,
        None => FieldState::AsWritten,
    };
    // The text of the response is not looked at: whether it is there cannot be known without reading
    // it, for every entry.
    [(REFERENCES, entry.references), (CONFIDENCE, confidence), (LAST_CONTACT, entry.last_contact)]
        .into_iter()
        .find_map(|(field, state)| not_as_written(field, state))
}

fn not_as_written(field: &'static str, state: FieldState) -> Option<Difference> {
    match state {
        FieldState::AsWritten => None,
        FieldState::Absent => Some(missing(field)),
        FieldState::Text | FieldState::Other => Some(Difference {
            found: Some("another type".to_owned()),
            reason: "wrong_type",
            ..missing(field)
        }),
    }
}

/// Whether a repair would take more away than it gives: it writes all fields, and the status too,
/// which the portal has moved on.
fn would_cost_the_status(difference: &Difference, entry: &CreditorEntry) -> bool {
    [REFERENCES, CONFIDENCE, LAST_CONTACT].contains(&difference.field)
        && entry.contact_status.as_deref() != Some("responded")
}

/// The entry carries no fence, or that of an older mail, although the mail counts as synced.
fn lost(subject: &Subject, entry: &CreditorEntry) -> Difference {
    let amount = subject.update.new_debt_amount;
    if let Some(mark) = entry.sync.mark()
        && let Some(difference) = date_by_hand(mark.fence.received_at(), entry)
    {
        return difference;
    }
    if entry.current_debt_amount.money() == Some(amount) {
        let fence =
            |received_at: DateTime<Utc>, id| format!("{} of mail {id}", received_at.to_rfc3339());
        let shown = entry.sync.mark().map(|mark| mark.fence);
        return Difference {
            expected: Some(fence(subject.fence.received_at(), subject.fence.email_id())),
            found: shown.map(|shown| fence(shown.received_at(), shown.email_id())),
            reason: "mark_lost",
            ..missing("sync")
        };
    }
    amount_difference(CURRENT, "write_lost", amount, entry.current_debt_amount)
}

/// The entry shows another date than the mail's that was written there, or what somebody typed.
fn date_by_hand(written: DateTime<Utc>, entry: &CreditorEntry) -> Option<Difference> {
    let found = match entry.response_received_at {
        Some(shown) => (shown != written).then(|| shown.to_rfc3339())?,
        None if entry.response_date == FieldState::Text => "not a date".to_owned(),
        None => return None,
    };
    Some(Difference {
        kind: MismatchKind::ManualOverride,
        expected: Some(written.to_rfc3339()),
        found: Some(found),
        reason: "changed_by_hand",
        ..missing("response_received_at")
    })
}

/// The writer's own conditions decide whether a repair is safe, and whether a person was here.
fn with_writers_word(
    difference: Difference,
    subject: &Subject,
    entry: &CreditorEntry,
    guard: GuardSettings,
) -> Difference {
    if difference.kind == MismatchKind::ManualOverride {
        return difference;
    }
    let message = Message {
        outbox_id: 0,
        fence: subject.fence,
        operation: Operation::Repair,
        update: &subject.update,
    };
    match admit(&message, entry, guard) {
        Ok(()) => {
            let repairable = !would_cost_the_status(&difference, entry);
            Difference { repairable, ..difference }
        }
        Err(OutcomeKind::Review("manual_override")) => Difference {
            kind: MismatchKind::ManualOverride,
            reason: "changed_by_hand",
            ..difference
        },
        Err(OutcomeKind::Review(code) | OutcomeKind::Failed(code)) => {
            Difference { reason: code, ..difference }
        }
        Err(_) => difference,
    }
}

fn amount_difference(
    field: &'static str,
    reason: &'static str,
    expected: Money,
    shown: Amount,
) -> Difference {
    let found = match shown {
        Amount::Known(money) => Some(money.to_string()),
        Amount::Absent => None,
        // What stands there may be a text, and a report quotes none.
        Amount::Unreadable => Some("not a number".to_owned()),
    };
    Difference { expected: Some(expected.to_string()), found, reason, ..missing(field) }
}

fn missing(field: &'static str) -> Difference {
    Difference {
        kind: MismatchKind::DataMismatch,
        field,
        expected: None,
        found: None,
        reason: "field_missing",
        repairable: false,
    }
}

fn differs(
    kind: MismatchKind,
    field: &'static str,
    reason: &'static str,
    expected: Option<String>,
    found: Option<String>,
) -> Judgement {
    Judgement::Differs(Difference { kind, field, expected, found, reason, repairable: false })
}

#[cfg(test)]
mod tests {
    use clients::document::ClientDocument;
    use domain::payload::DebtUpdate;
    use mongodb::bson::{self, Document, doc};
    use serde_json::json;

    use super::*;

    const AT: &str = "2026-03-11T08:14:22Z";

    fn subject() -> Subject {
        let update = DebtUpdate::from_json(&json!({
            "version": 1, "creditor_email": "a@b.example", "new_debt_amount": "1234.56",
            "received_at": AT, "extraction_confidence": 0.9,
        }))
        .unwrap();
        Subject {
            email_id: 7,
            outbox_id: Some(3),
            fence: domain::fence::Fence::new(AT.parse().unwrap(), 7),
            update,
            matched_by: clients::matching::Evidence::Sender,
            was_one_of_several: false,
        }
    }

    fn written() -> Document {
        let at = bson::DateTime::parse_rfc3339_str(AT).unwrap();
        doc! {
            "id": "a", "current_debt_amount": 1234.56, "creditor_response_amount": 1234.56,
            "amount_source": "creditor_response", "contact_status": "responded",
            "response_received_at": at, "last_contacted_at": bson::DateTime::now(),
            "response_reference_numbers": [], "extraction_confidence": 0.9,
            "sync": { "email_id": 7, "received_at": at },
        }
    }

    fn judged(entry: Document) -> Judgement {
        let client = ClientDocument::from_bson(&doc! { "final_creditor_list": [entry] });
        judge(&subject(), &client.creditors[0], GuardSettings::default())
    }

    fn with(changes: Document) -> Document {
        let mut entry = written();
        entry.extend(changes);
        entry
    }

    fn without(field: &str) -> Document {
        let mut entry = written();
        entry.remove(field);
        entry
    }

    #[track_caller]
    fn assert_differs(entry: Document, kind: MismatchKind, reason: &str, repairable: bool) {
        let Judgement::Differs(difference) = judged(entry) else { panic!("no difference") };
        let found = (difference.kind, difference.reason, difference.repairable);
        assert_eq!(found, (kind, reason, repairable));
    }

    #[test]
    fn what_the_relay_wrote_is_in_sync_and_the_portals_own_fields_do_not_count() {
        assert_eq!(judged(written()), Judgement::InSync);
        let portals = doc! { "contact_status": "settled", "claim_amount": 5, "clerk": "x" };
        assert_eq!(judged(with(portals)), Judgement::InSync);
    }

    #[test]
    fn under_a_newer_fence_no_amount_is_asked() {
        for received_at in ["2026-03-11T08:14:23Z", AT] {
            let at = bson::DateTime::parse_rfc3339_str(received_at).unwrap();
            let newer = doc! { "current_debt_amount": 1.0, "amount_source": "manual",
            "sync": { "email_id": 8, "received_at": at } };
            assert_eq!(judged(with(newer)), Judgement::Superseded);
        }
    }

    #[test]
    fn a_number_that_no_message_wrote_is_a_persons() {
        let person =
            |entry| assert_differs(entry, MismatchKind::ManualOverride, "changed_by_hand", false);
        person(with(doc! { "current_debt_amount": 1_000 }));
        person(with(doc! { "creditor_response_amount": 1_000.0 }));
        person(with(doc! { "current_debt_amount": "950,00" }));
        person(with(doc! { "creditor_response_amount": "950.00 EUR" }));
        let corrected = doc! { "response_received_at": bson::DateTime::from_millis(0) };
        person(with(corrected.clone()));
        person(with(doc! { "response_received_at": "12.03.2026" }));
        // Where something else is missing too, a repair would put the old date back.
        let mut incomplete = with(corrected);
        incomplete.remove(CURRENT);
        person(incomplete);
        let mut typed = with(doc! { "current_debt_amount": "950,00" });
        typed.remove("sync");
        person(typed);
        let mut unmarked = with(doc! { "current_debt_amount": 1_000.0 });
        unmarked.remove("sync");
        person(unmarked);
        let at = bson::DateTime::from_millis(0);
        let older = doc! { "email_id": 3, "received_at": at };
        person(with(doc! { "current_debt_amount": 900.0, "creditor_response_amount": 800.0,
        "response_received_at": at, "sync": older.clone() }));
        person(with(doc! { "current_debt_amount": 900.0, "creditor_response_amount": 900.0,
        "sync": older }));
        let manual = with(doc! { "amount_source": "manual" });
        assert_differs(manual, MismatchKind::ManualOverride, "amount_source", false);
    }

    #[test]
    fn what_is_missing_or_of_another_type_may_be_written_again() {
        let drifted =
            |entry, reason| assert_differs(entry, MismatchKind::DataMismatch, reason, true);
        let others = [REFERENCES, CONFIDENCE, LAST_CONTACT];
        for field in [CURRENT, RESPONSE, "amount_source", "contact_status", "response_received_at"]
            .into_iter()
            .chain(others)
        {
            drifted(without(field), "field_missing");
        }
        for field in others.into_iter().chain(["response_received_at"]) {
            drifted(with(doc! { field: true }), "wrong_type");
        }
        drifted(with(doc! { CONFIDENCE: "hoch" }), "wrong_type");
        for text in ["1.234,56", "1234.56 €", "offen", "1.2.3"] {
            drifted(with(doc! { "current_debt_amount": text }), "wrong_type");
        }
        drifted(without("sync"), "mark_lost");
        drifted(doc! { "id": "a", "claim_amount": 1_000 }, "write_lost");
        let at = bson::DateTime::from_millis(0);
        let older = doc! { "email_id": 3, "received_at": at };
        let older = doc! { "current_debt_amount": 900, "creditor_response_amount": 900.0,
        "response_received_at": at, "sync": older };
        drifted(with(older), "write_lost");
    }

    #[test]
    fn for_a_lesser_field_no_repair_sets_the_status_back() {
        let mut settled = with(doc! { "contact_status": "settled" });
        settled.remove(CONFIDENCE);
        assert_differs(settled, MismatchKind::DataMismatch, "field_missing", false);
    }

    #[test]
    fn a_message_without_a_confidence_expects_none() {
        let mut subject = subject();
        subject.update.extraction_confidence = None;
        let entry = doc! { "final_creditor_list": [with(doc! { CONFIDENCE: bson::Bson::Null })] };
        let client = ClientDocument::from_bson(&entry);
        let judgement = judge(&subject, &client.creditors[0], GuardSettings::default());
        assert_eq!(judgement, Judgement::InSync);
    }

    #[test]
    fn what_the_writer_would_refuse_is_not_repairable() {
        let refused =
            |entry, reason| assert_differs(entry, MismatchKind::DataMismatch, reason, false);
        refused(with(doc! { "sync": "x" }), "fence_unreadable");
        let mut jump = without(CURRENT);
        jump.insert("claim_amount", 10);
        refused(jump, "jump");
        let at = bson::DateTime::from_millis(0);
        let older = doc! { "email_id": 3, "received_at": at };
        refused(
            with(doc! { "current_debt_amount": 5_000, "creditor_response_amount": 5_000,
            "response_received_at": at, "sync": older }),
            "downgrade",
        );
    }
}
