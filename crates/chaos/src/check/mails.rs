//! Every answer is kept: one mail for each 200, none or one for what was not answered, each with
//! the end that it had to have.

use std::collections::{HashMap, HashSet};

use super::{Class, Facts, Violation};
use crate::journal::{Answer, Attempt};
use crate::mail::{Fate, Mail};
use crate::snapshot::{MailRow, MessageRow};

pub(super) fn check(facts: &Facts<'_>, violations: &mut Vec<Violation>) {
    let mut attempts: HashMap<usize, Vec<&Attempt>> = HashMap::new();
    for attempt in &facts.evidence.journal.attempts {
        attempts.entry(attempt.mail).or_default().push(attempt);
    }
    let mut planned = HashSet::new();
    for mail in &facts.evidence.plan.mails {
        planned.insert(mail.ticket());
        let sent = attempts.get(&mail.number).map(Vec::as_slice).unwrap_or_default();
        let mut found = Vec::new();
        answers(facts, mail, sent, &mut found);
        if let [row] = facts.rows_of(mail) {
            end(facts, mail, row, &mut found);
        }
        let span = if found.is_empty() { None } else { facts.span_of(mail) };
        violations.extend(found.into_iter().map(|(class, what)| {
            let what = format!("mail {} ({:?}): {what}", mail.number, mail.kind);
            Violation { class, what, span }
        }));
    }
    for row in &facts.evidence.snapshot.mails {
        if !planned.contains(&row.ticket) {
            let what = format!("row {} is of a mail that was never sent", row.id);
            violations.push(Violation { class: Class::Wrong, what, span: None });
        }
    }
}

type Found = Vec<(Class, String)>;

fn answers(facts: &Facts<'_>, mail: &Mail, sent: &[&Attempt], found: &mut Found) {
    let rows = facts.rows_of(mail);
    let mut accepted: HashSet<i64> = HashSet::new();
    let mut new = 0;
    for attempt in sent {
        match (&attempt.answer, mail.fate()) {
            (Answer::Accepted { email_id, is_duplicate }, _) => {
                accepted.insert(*email_id);
                new += usize::from(!is_duplicate);
            }
            (Answer::Status(500), _) => {
                found.push((Class::Wrong, "was answered 500, which nobody repeats".to_owned()));
            }
            (Answer::Status(status), Fate::Refused(right)) if *status == right => {}
            (Answer::Status(429 | 502..=504), _) | (Answer::None, _) => {}
            (answer, _) => found.push((Class::Wrong, format!("was answered {answer:?}"))),
        }
    }
    if matches!(mail.fate(), Fate::Refused(_)) && !accepted.is_empty() {
        found.push((Class::Wrong, "was accepted".to_owned()));
    }
    if new > 1 || accepted.len() > 1 {
        found
            .push((Class::Duplicated, format!("was accepted as {accepted:?}, {new} times as new")));
    }
    match rows {
        [] if !accepted.is_empty() => found.push((Class::Lost, "has no row".to_owned())),
        [] => {}
        _ if sent.is_empty() => {
            found.push((Class::Wrong, "has a row, but was not sent".to_owned()));
        }
        [row] if accepted.iter().any(|id| *id != row.id) => {
            found.push((Class::Wrong, format!("has row {}, not {accepted:?}", row.id)));
        }
        [_] => {}
        several => found.push((Class::Duplicated, format!("has {} rows", several.len()))),
    }
}

fn end(facts: &Facts<'_>, mail: &Mail, row: &MailRow, found: &mut Found) {
    let messages = facts.messages_of(row);
    if !row.is_final() {
        found.push((Class::Lost, format!("is still {}", row.processing_status)));
        return;
    }
    if row.received_at != mail.received_at_secs(facts.evidence.began_secs) * 1000 {
        found.push((Class::Wrong, "has another date".to_owned()));
    }
    let updates = messages.iter().filter(|message| message.operation == "UPDATE").count();
    let expected = match mail.fate() {
        Fate::Delivered { .. } | Fate::ReviewInRelay | Fate::ClientNotFound => 1,
        Fate::ReviewInIngest | Fate::NotCreditorReply | Fate::Refused(_) => 0,
    };
    if updates > expected {
        found.push((Class::Duplicated, format!("has {updates} messages, not {expected}")));
    }
    if updates < expected {
        let error = row.processing_error.as_deref().unwrap_or("no reason");
        let status = &row.processing_status;
        found.push((Class::Lost, format!("has no message, but is {status} ({error})")));
        return;
    }
    if messages.iter().any(|message| message.processed_at.is_none() && message.dead_at.is_none()) {
        found.push((Class::Lost, "has a message that still waits".to_owned()));
    }
    let is =
        (row.processing_status.as_str(), row.match_status.as_deref(), row.sync_status.as_str());
    let review_in_relay = ("completed", Some("needs_review"), "failed");
    let should = match mail.fate() {
        // Depends on whether its entry was removed: see `entries`.
        Fate::Delivered { .. } => is,
        Fate::ReviewInIngest => ("completed", Some("needs_review"), "not_applicable"),
        Fate::NotCreditorReply => ("not_creditor_reply", is.1, "not_applicable"),
        Fate::ReviewInRelay | Fate::ClientNotFound => review_in_relay,
        Fate::Refused(_) => return,
    };
    if is != should {
        found.push((Class::Wrong, format!("ended as {is:?}, not as {should:?}")));
    }
    let Some(update) = messages.iter().find(|message| message.operation == "UPDATE") else {
        return;
    };
    let spent = match mail.fate() {
        Fate::ClientNotFound => update.max_retries,
        _ => 0,
    };
    if update.retry_count != spent || row.sync_retry_count != spent {
        let what = format!("spent {} retries, not {spent}", update.retry_count);
        found.push((Class::Wrong, what));
    }
    match mail.fate() {
        Fate::ReviewInRelay if !is_dead_for_review(update) => {
            found.push((Class::Wrong, format!("is no dead letter: {:?}", update.error_message)));
        }
        Fate::ClientNotFound
            if update.dead_at.is_none()
                || update.error_message.as_deref() != Some("review:client_not_found") =>
        {
            found.push((Class::Wrong, format!("is no dead letter: {:?}", update.error_message)));
        }
        _ => {}
    }
}

pub(super) fn is_dead_for_review(message: &MessageRow) -> bool {
    message.dead_at.is_some()
        && message.error_message.as_deref().is_some_and(|error| error.starts_with("review:"))
}
