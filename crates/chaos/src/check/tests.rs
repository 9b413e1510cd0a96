//! The checker finds each kind of violation when it is planted into a run without any.

use mongodb::bson::Document;

use super::*;
use crate::fault::{Database, FaultKind, LinkFault, Role};
use crate::journal::{Answer, Attempt, Edited, Injected, Sighting, Transaction};
use crate::mail::{Fate, MailKind};
use crate::portal::{EditKind, LIST, added_entry, documents};
use crate::snapshot::{AmountField, ByHand, ClientDoc, EntryDoc, Mark};

const BEGAN_SECS: i64 = 1_750_000_000;
const BEGAN: Millis = BEGAN_SECS * 1000;

/// A run and its end, with nothing wrong in it.
struct Run {
    plan: Plan,
    journal: Journal,
    snapshot: Snapshot,
}

impl Run {
    fn check(&self) -> Vec<Violation> {
        check(&Evidence {
            plan: &self.plan,
            journal: &self.journal,
            snapshot: &self.snapshot,
            began_secs: BEGAN_SECS,
            write_timeout: 2_000,
        })
    }

    /// The classes found after `plant` has changed the run.
    fn found(plant: impl FnOnce(&mut Run)) -> Vec<Class> {
        let mut run = flawless();
        plant(&mut run);
        let mut classes: Vec<Class> = run.check().iter().map(|violation| violation.class).collect();
        classes.dedup();
        classes
    }

    fn mail(&self, is_sought: impl Fn(Fate) -> bool) -> Mail {
        let mail = self.plan.mails.iter().find(|mail| is_sought(mail.fate()));
        mail.expect("the plan holds every kind of mail").clone()
    }

    fn row(&mut self, mail: &Mail) -> &mut MailRow {
        let ticket = mail.ticket();
        self.snapshot.mails.iter_mut().find(|row| row.ticket == ticket).unwrap()
    }

    fn message(&mut self, mail: &Mail) -> &mut MessageRow {
        let id = self.row(mail).id;
        self.snapshot.messages.iter_mut().find(|message| message.mail_id == id).unwrap()
    }

    /// Forgets that a mail ever came.
    fn drop_row(&mut self, mail: &Mail) {
        let id = self.row(mail).id;
        self.snapshot.mails.retain(|row| row.id != id);
        self.snapshot.messages.retain(|message| message.mail_id != id);
    }

    /// The entry of a target that is still there.
    fn entry(&mut self, target: usize) -> &mut EntryDoc {
        let target = &self.plan.office.targets[target];
        let client = &mut self.snapshot.clients[target.client];
        client.entries.iter_mut().find(|entry| entry.key == target.key).unwrap()
    }

    /// A target that shows a mail, has several, and of which no edit was made.
    fn plain_target(&self) -> usize {
        let is_edited = |target: usize| {
            self.plan.edits.iter().any(|edit| match edit.kind {
                EditKind::AmountByHand { target: other, .. }
                | EditKind::NoteOnEntry { target: other, .. }
                | EditKind::Remove { target: other } => other == target,
                _ => false,
            })
        };
        let has_several = |target: usize| self.letters(target).len() > 2;
        let mut targets = 0..self.plan.office.targets.len();
        targets.find(|target| has_several(*target) && !is_edited(*target)).unwrap()
    }

    /// The mails about a target, oldest first.
    fn letters(&self, target: usize) -> Vec<Mail> {
        let is_about = |mail: &&Mail| matches!(mail.fate(), Fate::Delivered { target: other, .. } if other == target);
        let mut letters: Vec<Mail> = self.plan.mails.iter().filter(is_about).cloned().collect();
        letters.sort_by_key(|mail| mail.received_at_secs(0));
        letters
    }

    fn attempts(&mut self, mail: &Mail) -> Vec<&mut Attempt> {
        self.journal.attempts.iter_mut().filter(|attempt| attempt.mail == mail.number).collect()
    }
}

/// Everything as the contract wants it: all mails before all edits, but for removals, which come
/// before all mails.
fn flawless() -> Run {
    let plan = Plan::new(11, 120_000);
    let mut run = Run { plan, journal: Journal::default(), snapshot: Snapshot::default() };
    run.snapshot.clients = documents(&run.plan.office).iter().map(client_doc).collect();
    let removals = |kind: &EditKind| matches!(kind, EditKind::Remove { .. });
    let edits = run.plan.edits.clone();
    edits.iter().filter(|edit| removals(&edit.kind)).for_each(|edit| make(&mut run, edit));
    let mut mails = run.plan.mails.clone();
    mails.sort_by_key(|mail| mail.received_at_secs(0));
    mails.iter().for_each(|mail| deliver(&mut run, mail));
    edits.iter().filter(|edit| !removals(&edit.kind)).for_each(|edit| make(&mut run, edit));
    run
}

fn client_doc(document: &Document) -> ClientDoc {
    let entries = document.get_array(LIST).unwrap().iter();
    ClientDoc {
        id: document.get_str("_id").unwrap().to_owned(),
        entries: entries.map(|entry| entry_doc(entry.as_document().unwrap())).collect(),
        ..ClientDoc::default()
    }
}

fn entry_doc(document: &Document) -> EntryDoc {
    let mut rest = document.clone();
    let status = rest.remove("contact_status").unwrap();
    EntryDoc {
        key: document.get_str("portal_key").unwrap().to_owned(),
        contact_status: status.as_str().map(str::to_owned),
        rest,
        ..EntryDoc::default()
    }
}

fn make(run: &mut Run, edit: &crate::portal::Edit) {
    let client = &mut run.snapshot.clients[edit.client];
    let key = |target: &usize| run.plan.office.targets[*target].key.clone();
    let find = |client: &mut ClientDoc, key: String| {
        client.entries.iter().position(|entry| entry.key == key)
    };
    match &edit.kind {
        EditKind::Reorder { .. } => client.entries.rotate_left(1),
        EditKind::NoteOnClient { text } => client.note = Some(text.clone()),
        EditKind::NoteOnEntry { target, text } => {
            if let Some(at) = find(client, key(target)) {
                client.entries[at].rest.insert("portal_note", text);
            }
        }
        EditKind::AmountByHand { target, cents } => {
            if let Some(at) = find(client, key(target)) {
                let entry = &mut client.entries[at];
                let mark = entry.sync.as_ref();
                entry.by_hand = Some(ByHand {
                    cents: AmountField::Cents(*cents),
                    over_email_id: mark.map(|mark| mark.email_id),
                    over_outbox_id: mark.map(|mark| mark.outbox_id),
                });
                entry.current = AmountField::Cents(*cents);
                entry.source = Some("manual".to_owned());
            }
        }
        EditKind::Add { key } => client.entries.push(entry_doc(&added_entry(key))),
        EditKind::Remove { target } => {
            let at = find(client, key(target)).unwrap();
            let removed = client.entries.remove(at);
            client.removed.push(removed);
        }
    }
    let order = client.entries.iter().map(|entry| entry.key.clone()).collect();
    run.journal.edited.push(Edited { edit: edit.number, order, began: BEGAN, ended: BEGAN });
}

fn deliver(run: &mut Run, mail: &Mail) {
    let id = 1 + run.snapshot.mails.len() as i64;
    let answer = match mail.fate() {
        Fate::Refused(status) => Answer::Status(status),
        _ => Answer::Accepted { email_id: id, is_duplicate: false },
    };
    let (sent, ended) = (BEGAN, BEGAN + 10);
    run.journal.attempts.push(Attempt { mail: mail.number, sent, ended, answer });
    let received_at = mail.received_at_secs(BEGAN_SECS) * 1000;
    let review = |sync: &str| ("completed", Some("needs_review"), sync.to_owned());
    let entry = match mail.fate() {
        Fate::Delivered { target, .. } => {
            let target = &run.plan.office.targets[target];
            let client = &mut run.snapshot.clients[target.client];
            client.entries.iter_mut().find(|entry| entry.key == target.key)
        }
        _ => None,
    };
    let (status, end) = match mail.fate() {
        Fate::Refused(_) => return,
        Fate::ReviewInIngest => (review("not_applicable"), None),
        Fate::NotCreditorReply => {
            (("not_creditor_reply", Some("no_match"), "not_applicable".to_owned()), None)
        }
        Fate::ReviewInRelay => (review("failed"), Some(("review:ambiguous_client", 0))),
        Fate::ClientNotFound => (review("failed"), Some(("review:client_not_found", 5))),
        Fate::Delivered { target, rank } => match entry {
            None => (review("failed"), Some(("review:unknown_sender", 0))),
            Some(entry) => {
                let cents = AmountField::Cents(run.plan.office.amount_cents(target, rank));
                (entry.current, entry.response) = (cents, cents);
                entry.source = Some("creditor_response".to_owned());
                entry.contact_status = Some("responded".to_owned());
                entry.response_received_at = Some(received_at);
                entry.sync = Some(Mark { email_id: id, outbox_id: id, received_at });
                (("completed", Some("auto_matched"), "synced".to_owned()), Some(("", 0)))
            }
        },
    };
    let (processing_status, match_status, sync_status) = status;
    run.snapshot.mails.push(MailRow {
        id,
        ticket: mail.ticket(),
        processing_status: processing_status.to_owned(),
        match_status: match_status.map(str::to_owned),
        sync_status,
        sync_retry_count: end.map_or(0, |(_, retries)| retries),
        received_at,
        processing_error: None,
    });
    if let Some((error, retry_count)) = end {
        run.snapshot.messages.push(MessageRow {
            id,
            mail_id: id,
            operation: "UPDATE".to_owned(),
            retry_count,
            max_retries: 5,
            processed_at: error.is_empty().then_some(BEGAN + 20),
            dead_at: (!error.is_empty()).then_some(BEGAN + 20),
            error_message: (!error.is_empty()).then(|| error.to_owned()),
        });
    }
}

fn is_delivered(fate: Fate) -> bool {
    matches!(fate, Fate::Delivered { .. })
}

#[test]
fn a_flawless_run_has_no_violations() {
    let found = flawless().check();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_mail_that_was_accepted_and_is_not_there_is_lost() {
    for fate in [is_delivered, |fate| fate == Fate::ReviewInIngest] {
        let found = Run::found(|run| {
            let mail = run.mail(fate);
            run.drop_row(&mail);
        });
        assert!(found.contains(&Class::Lost), "{found:?}");
    }
}

#[test]
fn a_mail_without_an_answer_may_be_there_or_not() {
    let unanswered = |run: &mut Run| {
        let mail = run.mail(|fate| fate == Fate::ReviewInIngest);
        run.attempts(&mail)[0].answer = Answer::None;
        mail
    };
    assert!(Run::found(|run| drop(unanswered(run))).is_empty());
    let found = Run::found(|run| {
        let mail = unanswered(run);
        run.drop_row(&mail);
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_mail_without_an_end_and_a_message_that_waits_are_lost() {
    for status in ["received", "parsing", "matching"] {
        let found = Run::found(|run| {
            let mail = run.mail(is_delivered);
            run.row(&mail).processing_status = status.to_owned();
        });
        assert!(found.contains(&Class::Lost));
    }
    let found = Run::found(|run| {
        let mail = run.mail(is_delivered);
        run.message(&mail).processed_at = None;
    });
    assert!(found.contains(&Class::Lost));
    let found = Run::found(|run| {
        let mail = run.mail(is_delivered);
        let id = run.row(&mail).id;
        run.snapshot.messages.retain(|message| message.mail_id != id);
    });
    assert_eq!(found, [Class::Lost]);
}

#[test]
fn two_rows_two_messages_or_two_first_answers_are_duplicates() {
    let found = Run::found(|run| {
        let mail = run.mail(|fate| fate == Fate::NotCreditorReply);
        let row = run.row(&mail).clone();
        run.snapshot.mails.push(MailRow { id: 900_000, ..row });
    });
    assert_eq!(found, [Class::Duplicated]);
    let found = Run::found(|run| {
        let mail = run.mail(is_delivered);
        let message = run.message(&mail).clone();
        run.snapshot.messages.push(MessageRow { id: 900_000, ..message });
    });
    assert_eq!(found, [Class::Duplicated]);
    let again = |is_duplicate: bool| {
        Run::found(|run| {
            let mail = run.mail(|fate| fate == Fate::ReviewInIngest);
            let mut attempt = run.attempts(&mail)[0].clone();
            let Answer::Accepted { email_id, .. } = attempt.answer else { panic!("not accepted") };
            attempt.answer = Answer::Accepted { email_id, is_duplicate };
            run.journal.attempts.push(attempt);
        })
    };
    assert_eq!(again(false), [Class::Duplicated]);
    assert!(again(true).is_empty());
}

#[test]
fn an_entry_that_shows_an_older_mail_is_stale_and_one_that_shows_none_has_lost_it() {
    let found = Run::found(|run| {
        let target = run.plain_target();
        let older = run.letters(target)[0].clone();
        let row = run.row(&older).clone();
        let Fate::Delivered { rank, .. } = older.fate() else { panic!("not delivered") };
        let cents = AmountField::Cents(run.plan.office.amount_cents(target, rank));
        let entry = run.entry(target);
        let received_at = row.received_at;
        entry.sync = Some(Mark { email_id: row.id, outbox_id: row.id, received_at });
        (entry.current, entry.response) = (cents, cents);
        entry.response_received_at = Some(received_at);
    });
    assert_eq!(found, [Class::Stale]);
    let found = Run::found(|run| {
        let entry = run.entry(run.plain_target());
        let (key, rest) = (entry.key.clone(), entry.rest.clone());
        let contact_status = Some("contacted".to_owned());
        *entry = EntryDoc { key, rest, contact_status, ..EntryDoc::default() };
    });
    assert_eq!(found, [Class::Lost]);
}

#[test]
fn each_field_of_an_entry_that_is_not_its_newest_mails_is_wrong() {
    let plants: [fn(&mut EntryDoc); 8] = [
        |entry| entry.current = AmountField::Cents(1),
        |entry| entry.response = AmountField::Cents(1),
        |entry| entry.current = AmountField::NoAmount,
        |entry| entry.source = Some("manual".to_owned()),
        |entry| entry.contact_status = Some("contacted".to_owned()),
        |entry| entry.response_received_at = None,
        |entry| entry.sync.as_mut().unwrap().received_at += 1,
        |entry| entry.sync.as_mut().unwrap().email_id = 900_000,
    ];
    for (number, plant) in plants.into_iter().enumerate() {
        let found = Run::found(|run| plant(run.entry(run.plain_target())));
        assert_eq!(found, [Class::Wrong], "plant {number}");
    }
}

#[test]
fn what_the_portal_did_must_still_be_there() {
    let plants: [fn(&mut Run); 8] = [
        // Another original claim.
        |run| drop(run.entry(0).rest.insert("claim_amount", 1.0)),
        |run| drop(run.entry(0).rest.insert("written", true)),
        |run| run.snapshot.clients[0].note = Some("of nobody".to_owned()),
        |run| run.snapshot.clients[0].entries.rotate_left(1),
        // An entry that was added.
        |run| {
            let clients = &mut run.snapshot.clients;
            let has_added = |entry: &EntryDoc| entry.key.starts_with("added-");
            clients.iter_mut().for_each(|client| client.entries.retain(|entry| !has_added(entry)));
        },
        // One that was added, with an amount that no mail was about.
        |run| {
            let clients = run.snapshot.clients.iter_mut();
            let mut entries = clients.flat_map(|client| &mut client.entries);
            let added = entries.find(|entry| entry.key.starts_with("added-")).unwrap();
            added.current = AmountField::Cents(5);
        },
        // One that was removed.
        |run| {
            let clients = &mut run.snapshot.clients;
            let client = clients.iter_mut().find(|client| !client.removed.is_empty()).unwrap();
            let entry = client.removed[0].clone();
            client.entries.push(entry);
        },
        // An amount by hand, with the mail's instead.
        |run| {
            let clients = run.snapshot.clients.iter_mut();
            let mut entries = clients.flat_map(|client| &mut client.entries);
            let set = entries.find(|entry| entry.by_hand.is_some()).unwrap();
            set.current = set.response;
            set.source = Some("creditor_response".to_owned());
        },
    ];
    for (number, plant) in plants.into_iter().enumerate() {
        assert_eq!(Run::found(plant), [Class::Wrong], "plant {number}");
    }
}

/// An entry whose amount was set by hand over a mail.
fn set_by_hand(run: &mut Run) -> &mut EntryDoc {
    let clients = run.snapshot.clients.iter_mut();
    let mut entries = clients.flat_map(|client| &mut client.entries);
    entries.find(|entry| entry.by_hand.is_some() && entry.sync.is_some()).unwrap()
}

#[test]
fn a_newer_mail_may_replace_an_amount_by_hand_and_a_repair_may_not() {
    let restored = |run: &mut Run| {
        let entry = set_by_hand(run);
        entry.current = entry.response;
        entry.source = Some("creditor_response".to_owned());
    };
    let found = Run::found(|run| {
        set_by_hand(run).by_hand.as_mut().unwrap().over_email_id = None;
        restored(run);
    });
    assert!(found.is_empty(), "{found:?}");
    let found = Run::found(|run| {
        set_by_hand(run).sync.as_mut().unwrap().outbox_id = 900_000;
        restored(run);
    });
    assert_eq!(found, [Class::Wrong]);
}

#[test]
fn dead_letters_are_those_that_had_to_die_and_no_others() {
    let found = Run::found(|run| {
        let target = run.plain_target();
        let mail = run.letters(target)[0].clone();
        let message = run.message(&mail);
        message.dead_at = message.processed_at.take();
        message.error_message = Some("review:downgrade".to_owned());
    });
    assert_eq!(found, [Class::Wrong]);
    for fate in [Fate::ReviewInRelay, Fate::ClientNotFound] {
        let found = Run::found(|run| {
            let mail = run.mail(|other| other == fate);
            let message = run.message(&mail);
            message.processed_at = message.dead_at.take();
            message.error_message = None;
        });
        assert_eq!(found, [Class::Wrong]);
    }
    let found = Run::found(|run| {
        let mail = run.mail(|fate| fate == Fate::ReviewInRelay);
        run.message(&mail).error_message = Some("failed:unreadable_payload".to_owned());
    });
    assert_eq!(found, [Class::Wrong]);
}

#[test]
fn retries_are_spent_on_unknown_clients_only() {
    let found = Run::found(|run| {
        let mail = run.mail(is_delivered);
        run.message(&mail).retry_count = 1;
    });
    assert_eq!(found, [Class::Wrong]);
    let found = Run::found(|run| {
        let mail = run.mail(|fate| fate == Fate::ClientNotFound);
        run.message(&mail).retry_count = 4;
    });
    assert_eq!(found, [Class::Wrong]);
}

#[test]
fn answers_that_the_contract_does_not_know_are_wrong() {
    let answered = |kind: fn(MailKind) -> bool, answer: Answer| {
        Run::found(|run| {
            let mail = run.plan.mails.iter().find(|mail| kind(mail.kind)).unwrap().clone();
            let attempt = Attempt { mail: mail.number, sent: BEGAN, ended: BEGAN, answer };
            run.journal.attempts.push(attempt);
        })
    };
    let statement = |kind| matches!(kind, MailKind::Statement { .. });
    let malformed = |kind| matches!(kind, MailKind::Malformed { .. });
    for right in [Answer::None, Answer::Status(503), Answer::Status(429)] {
        assert!(answered(statement, right.clone()).is_empty());
        assert!(answered(malformed, right).is_empty());
    }
    for wrong in [Answer::Status(500), Answer::Status(400), Answer::Unreadable] {
        assert_eq!(answered(statement, wrong), [Class::Wrong]);
    }
    assert_eq!(answered(malformed, Answer::Status(401)), [Class::Wrong]);
    let taken = Answer::Accepted { email_id: 900_000, is_duplicate: false };
    assert!(answered(malformed, taken).contains(&Class::Wrong));
}

#[test]
fn a_transaction_beyond_its_limit_counts_unless_postgres_stood_still() {
    let seen = |lasted: Millis, fault: Option<FaultKind>| {
        Run::found(|run| {
            let (began, ended) = (BEGAN, BEGAN + lasted);
            run.journal.transactions.push(Transaction { pid: 1, began, seen: ended });
            if let Some(kind) = fault {
                let (service, violation) = (None, None);
                run.journal.injected.push(Injected { kind, service, began, ended, violation });
            }
        })
    };
    assert!(seen(3_000, None).is_empty());
    assert_eq!(seen(4_000, None), [Class::Wrong]);
    assert_eq!(seen(4_000, Some(FaultKind::FreezeDatabase(Database::Mongo))), [Class::Wrong]);
    assert!(seen(30_000, Some(FaultKind::FreezeDatabase(Database::Postgres))).is_empty());
    for held in
        [FaultKind::Freeze(Role::Relay), FaultKind::Link(Database::Postgres, LinkFault::BlackHole)]
    {
        assert!(seen(7_000, Some(held)).is_empty());
        assert_eq!(seen(8_000, Some(held)), [Class::Wrong]);
    }
}

#[test]
fn what_was_seen_or_went_wrong_on_the_way_counts() {
    let found = Run::found(|run| {
        run.journal.sightings.push(Sighting { at: BEGAN, what: "went back".to_owned() });
    });
    assert_eq!(found, [Class::Wrong]);
    let found = Run::found(|run| {
        run.journal.injected.push(Injected {
            kind: FaultKind::Terminate(Role::Relay),
            service: Some(2),
            began: BEGAN,
            ended: BEGAN,
            violation: Some("did not end".to_owned()),
        });
    });
    assert_eq!(found, [Class::Wrong]);
}

#[test]
fn the_watch_sees_an_amount_from_nowhere_and_a_step_back() {
    let run = flawless();
    let mut watch = watch(&run.plan);
    assert!(watch.look(&run.snapshot.clients).is_empty());
    let target = run.plain_target();
    let mut back = flawless();
    back.entry(target).sync.as_mut().unwrap().received_at -= 1;
    assert_eq!(watch.look(&back.snapshot.clients).len(), 1);
    let mut invented = flawless();
    invented.entry(target).current = AmountField::Cents(7);
    assert_eq!(watch.look(&invented.snapshot.clients).len(), 1);
}
