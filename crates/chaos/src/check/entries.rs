//! Every entry shows its newest mail, or what a person set after it; and all that is the portal's
//! is as the portal left it.

use std::collections::{HashMap, HashSet};

use mongodb::bson::Document;

use super::mails::is_dead_for_review;
use super::{Class, Facts, Violation};
use crate::mail::{Fate, Mail};
use crate::portal::{EditKind, LIST, added_entry, documents};
use crate::snapshot::{AmountField, ClientDoc, EntryDoc, MailRow};

pub(super) fn check(facts: &Facts<'_>, violations: &mut Vec<Violation>) {
    let plan = facts.evidence.plan;
    let expected = Expected::new(facts);
    let mut letters: HashMap<usize, Vec<Letter<'_>>> = HashMap::new();
    for mail in &plan.mails {
        if let (Fate::Delivered { target, rank }, [row]) = (mail.fate(), facts.rows_of(mail)) {
            let cents = plan.office.amount_cents(target, rank);
            letters.entry(target).or_default().push(Letter { mail, row, cents });
        }
    }
    let mut wrong = |what: String| {
        violations.push(Violation { class: Class::Wrong, what, span: None });
    };
    let found = &facts.evidence.snapshot.clients;
    if found.len() != plan.office.clients.len() {
        wrong(format!("there are {} clients, not {}", found.len(), plan.office.clients.len()));
        return;
    }
    for (client, document) in found.iter().enumerate() {
        portals_part(&expected, client, document, &mut wrong);
    }
    for (number, target) in plan.office.targets.iter().enumerate() {
        let document = &found[target.client];
        let is_removed = expected.removed.contains(&number);
        let list = if is_removed { &document.removed } else { &document.entries };
        let Some(entry) = list.iter().find(|entry| entry.key == target.key) else { continue };
        let letters = letters.remove(&number).unwrap_or_default();
        let by_hand = expected.by_hand.get(&number).copied();
        let case = Case { facts, entry, letters, by_hand, is_removed };
        let mut found = Vec::new();
        case.check(&mut found);
        violations.extend(found.into_iter().map(|(class, what, mail)| Violation {
            class,
            what: format!("{} of {}: {what}", target.key, document.id),
            span: mail.and_then(|mail| facts.span_of(mail)),
        }));
    }
}

/// What the acknowledged edits leave behind.
struct Expected {
    orders: HashMap<usize, Vec<String>>,
    client_notes: HashMap<usize, String>,
    entry_notes: HashMap<String, String>,
    by_hand: HashMap<usize, i64>,
    removed: HashSet<usize>,
    entries: HashMap<String, Document>,
}

impl Expected {
    fn new(facts: &Facts<'_>) -> Self {
        let plan = facts.evidence.plan;
        let mut expected = Self {
            orders: HashMap::new(),
            client_notes: HashMap::new(),
            entry_notes: HashMap::new(),
            by_hand: HashMap::new(),
            removed: HashSet::new(),
            entries: HashMap::new(),
        };
        for (client, document) in documents(&plan.office).into_iter().enumerate() {
            let mut order = Vec::new();
            for entry in document.get_array(LIST).into_iter().flatten() {
                expected.expect_entry(entry.as_document().cloned().unwrap_or_default(), &mut order);
            }
            expected.orders.insert(client, order);
        }
        for edited in &facts.evidence.journal.edited {
            let edit = &plan.edits[edited.edit];
            expected.orders.insert(edit.client, edited.order.clone());
            let key = |target: &usize| plan.office.targets[*target].key.clone();
            match &edit.kind {
                EditKind::Reorder { .. } => {}
                EditKind::NoteOnClient { text } => {
                    expected.client_notes.insert(edit.client, text.clone());
                }
                // An edit of an entry that is gone changes nothing.
                EditKind::NoteOnEntry { target, .. } | EditKind::AmountByHand { target, .. }
                    if expected.removed.contains(target) => {}
                EditKind::NoteOnEntry { target, text } => {
                    expected.entry_notes.insert(key(target), text.clone());
                }
                EditKind::AmountByHand { target, cents } => {
                    expected.by_hand.insert(*target, *cents);
                }
                EditKind::Add { key } => {
                    expected.expect_entry(added_entry(key), &mut Vec::new());
                }
                EditKind::Remove { target } => {
                    expected.removed.insert(*target);
                }
            }
        }
        expected
    }

    fn expect_entry(&mut self, mut entry: Document, order: &mut Vec<String>) {
        let key = entry.get_str("portal_key").unwrap_or_default().to_owned();
        // The services may set it, and `Case` looks at it.
        entry.remove("contact_status");
        order.push(key.clone());
        self.entries.insert(key, entry);
    }
}

fn portals_part(
    expected: &Expected,
    client: usize,
    found: &ClientDoc,
    wrong: &mut impl FnMut(String),
) {
    let order: Vec<&String> = found.entries.iter().map(|entry| &entry.key).collect();
    if !expected.orders[&client].iter().eq(order.iter().copied()) {
        let should = &expected.orders[&client];
        wrong(format!("{}: the entries are {order:?}, not {should:?}", found.id));
    }
    if expected.client_notes.get(&client) != found.note.as_ref() {
        wrong(format!("{}: the client's note is {:?}", found.id, found.note));
    }
    for entry in found.entries.iter().chain(&found.removed) {
        let mut should = expected.entries.get(&entry.key).cloned().unwrap_or_default();
        if let Some(note) = expected.entry_notes.get(&entry.key) {
            should.insert("portal_note", note);
        }
        let is_same = should.len() == entry.rest.len()
            && should.iter().all(|(field, value)| entry.rest.get(field) == Some(value));
        if !is_same {
            wrong(format!("{} of {}: a field of the portal's was changed", entry.key, found.id));
        }
        let is_added = entry.key.starts_with("added-");
        if is_added && (entry.sync.is_some() || entry.current != AmountField::Absent) {
            wrong(format!("{} of {}: no mail is about it", entry.key, found.id));
        }
    }
}

/// A mail for an entry, as it stands in Postgres.
struct Letter<'a> {
    mail: &'a Mail,
    row: &'a MailRow,
    cents: i64,
}

impl Letter<'_> {
    /// What the fence compares.
    fn fence(&self) -> (i64, i64) {
        (self.row.received_at, self.row.id)
    }
}

/// One entry and all that was said about it.
struct Case<'a> {
    facts: &'a Facts<'a>,
    entry: &'a EntryDoc,
    letters: Vec<Letter<'a>>,
    by_hand: Option<i64>,
    is_removed: bool,
}

type Found<'a> = Vec<(Class, String, Option<&'a Mail>)>;

impl<'a> Case<'a> {
    fn check(&self, found: &mut Found<'a>) {
        let newest = self.letters.iter().max_by_key(|letter| letter.fence());
        let mark = self.entry.sync.as_ref();
        let shown =
            mark.and_then(|mark| self.letters.iter().find(|letter| letter.row.id == mark.email_id));
        match (mark, shown, newest) {
            (Some(mark), None, _) => {
                found.push((
                    Class::Wrong,
                    format!("shows mail {}, of another", mark.email_id),
                    None,
                ));
                return;
            }
            // It was taken out before the newest came.
            _ if self.is_removed => {}
            (None, _, Some(newest)) => {
                let mail = newest.mail.number;
                found.push((Class::Lost, format!("shows no mail, not {mail}"), Some(newest.mail)));
            }
            (_, Some(shown), Some(newest)) if shown.row.id != newest.row.id => {
                let what = format!("shows mail {}, not {}", shown.mail.number, newest.mail.number);
                found.push((Class::Stale, what, Some(newest.mail)));
            }
            _ => {}
        }
        self.amounts(shown, found);
        for letter in &self.letters {
            self.end(letter, shown, found);
        }
    }

    fn amounts(&self, shown: Option<&Letter<'a>>, found: &mut Found<'a>) {
        let entry = self.entry;
        let mail = shown.map(|letter| letter.mail);
        let mut wrong = |what: String| found.push((Class::Wrong, what, mail));
        let set = entry.by_hand.as_ref();
        if set.map(|set| set.cents) != self.by_hand.map(AmountField::Cents) {
            wrong(format!("the amount set by hand is {set:?}, not {:?}", self.by_hand));
            return;
        }
        let shown_id = entry.sync.as_ref().map(|mark| mark.email_id);
        let came_last = set.filter(|set| set.over_email_id == shown_id);
        if let Some(set) = came_last
            && set.over_outbox_id != entry.sync.as_ref().map(|mark| mark.outbox_id)
        {
            wrong("a repair went over an amount set by hand".to_owned());
            return;
        }
        let mails_amount =
            shown.map_or(AmountField::Absent, |letter| AmountField::Cents(letter.cents));
        let (current, source) = match (came_last, shown) {
            (Some(set), _) => (set.cents, Some("manual")),
            (None, Some(_)) => (mails_amount, Some("creditor_response")),
            (None, None) => (AmountField::Absent, None),
        };
        if entry.current != current || entry.source.as_deref() != source {
            wrong(format!(
                "current_debt_amount is {:?} from {:?}, not {current:?} from {source:?}",
                entry.current, entry.source
            ));
        }
        if entry.response != mails_amount {
            wrong(format!(
                "creditor_response_amount is {:?}, not {mails_amount:?}",
                entry.response
            ));
        }
        let (status, date) = match shown {
            Some(letter) => ("responded", Some(letter.row.received_at)),
            None => ("contacted", None),
        };
        if entry.contact_status.as_deref() != Some(status) {
            wrong(format!("contact_status is {:?}, not {status}", entry.contact_status));
        }
        let dates = (entry.response_received_at, entry.sync.as_ref().map(|mark| mark.received_at));
        if dates != (date, date) {
            wrong(format!("the dates are {dates:?}, not {date:?}"));
        }
    }

    /// How one mail about this entry ended.
    fn end(&self, letter: &Letter<'a>, shown: Option<&Letter<'a>>, found: &mut Found<'a>) {
        let row = letter.row;
        if !row.is_final() {
            return;
        }
        let messages = self.facts.messages_of(row);
        let Some(last) = messages.last() else { return };
        let is_synced = row.processing_status == "completed"
            && row.match_status.as_deref() == Some("auto_matched")
            && row.sync_status == "synced"
            && last.processed_at.is_some()
            && matches!(last.error_message.as_deref(), None | Some("superseded"));
        let is_refused = row.processing_status == "completed"
            && row.match_status.as_deref() == Some("needs_review")
            && row.sync_status == "failed"
            && is_dead_for_review(last);
        // A mail that came after its entry was gone must find nothing; an older one may have come
        // before.
        let is_newer = shown.is_none_or(|shown| letter.fence() > shown.fence());
        let is_right = match (self.is_removed, is_newer) {
            (false, _) => is_synced,
            (true, true) => is_refused,
            (true, false) => is_synced || is_refused,
        };
        if !is_right {
            let what = format!(
                "mail {} ended as {}, {:?}, {}, with {:?}",
                letter.mail.number,
                row.processing_status,
                row.match_status,
                row.sync_status,
                last.error_message
            );
            found.push((Class::Wrong, what, Some(letter.mail)));
        }
    }
}
