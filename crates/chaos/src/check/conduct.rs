//! How the services behaved on the way: locks held, orders to stop, and what may never be seen.

use std::collections::{HashMap, HashSet};

use super::{Class, Facts, Violation};
use crate::fault::{Database, FaultKind, LinkFault, Role};
use crate::journal::{Millis, Transaction};
use crate::mail::Fate;
use crate::plan::Plan;
use crate::portal::EditKind;
use crate::snapshot::{AmountField, ClientDoc};

/// For the statements around the write, on a machine that is busy with the faults themselves.
const SLACK_MS: Millis = 1_500;

pub(super) fn check(facts: &Facts<'_>, violations: &mut Vec<Violation>) {
    let journal = facts.evidence.journal;
    let mut wrong = |what: String, span| {
        violations.push(Violation { class: Class::Wrong, what, span: Some(span) });
    };
    for injected in &journal.injected {
        if let Some(what) = &injected.violation {
            wrong(format!("{}: {what}", injected.kind.name()), (injected.began, injected.ended));
        }
    }
    for sighting in &journal.sightings {
        wrong(sighting.what.clone(), (sighting.at, sighting.at));
    }
    for transaction in &journal.transactions {
        let lasted = transaction.seen - transaction.began;
        let limit = limit(facts, transaction);
        if limit.is_some_and(|limit| lasted > limit) {
            let what = format!("a relay's transaction was open for {lasted} ms");
            wrong(what, (transaction.began, transaction.seen));
        }
    }
}

/// How long this transaction may have been open; `None` where Postgres itself stood still.
fn limit(facts: &Facts<'_>, transaction: &Transaction) -> Option<Millis> {
    let evidence = facts.evidence;
    let mut limit = evidence.write_timeout + SLACK_MS;
    for injected in &evidence.journal.injected {
        let overlaps = injected.began <= transaction.seen && injected.ended >= transaction.began;
        match injected.kind {
            _ if !overlaps => {}
            FaultKind::FreezeDatabase(Database::Postgres) => return None,
            // The relay cannot end it then: Postgres does, when it has idled for twice the time.
            FaultKind::Freeze(Role::Relay) | FaultKind::Link(Database::Postgres, _) => {
                limit = 3 * evidence.write_timeout + SLACK_MS;
            }
            _ => {}
        }
        if overlaps && injected.kind == FaultKind::Link(Database::Postgres, LinkFault::Delay) {
            // Each of its few round trips is late, and none of them is idle time.
            limit += evidence.write_timeout;
        }
    }
    Some(limit)
}

/// Which amounts each entry may ever show, and which version each has shown so far.
pub(crate) struct Watch {
    amounts: HashMap<String, HashSet<i64>>,
    shown: HashMap<String, (Millis, i64)>,
}

/// Prepares to look at the clients again and again.
pub(crate) fn watch(plan: &Plan) -> Watch {
    let key = |target: usize| plan.office.targets[target].key.clone();
    let mut amounts: HashMap<String, HashSet<i64>> = HashMap::new();
    for mail in &plan.mails {
        if let Fate::Delivered { target, rank } = mail.fate() {
            amounts.entry(key(target)).or_default().insert(plan.office.amount_cents(target, rank));
        }
    }
    for edit in &plan.edits {
        if let EditKind::AmountByHand { target, cents } = edit.kind {
            amounts.entry(key(target)).or_default().insert(cents);
        }
    }
    Watch { amounts, shown: HashMap::new() }
}

impl Watch {
    /// What may not be seen at any moment: an amount from nowhere, a version that went back.
    pub(crate) fn look(&mut self, clients: &[ClientDoc]) -> Vec<String> {
        let mut seen = Vec::new();
        for (client, entry) in clients
            .iter()
            .flat_map(|client| client.entries.iter().map(move |entry| (client, entry)))
        {
            let allowed = self.amounts.get(&entry.key);
            let is_allowed = |amount: AmountField| match amount {
                AmountField::Absent => true,
                AmountField::Cents(cents) => allowed.is_some_and(|all| all.contains(&cents)),
                AmountField::NoAmount => false,
            };
            if !is_allowed(entry.current) || !is_allowed(entry.response) {
                seen.push(format!(
                    "{} of {} shows {:?} and {:?}, which nobody said",
                    entry.key, client.id, entry.current, entry.response
                ));
            }
            let now = entry.sync.as_ref().map(|mark| (mark.received_at, mark.email_id));
            let before = self.shown.get(&entry.key).copied();
            if now < before {
                seen.push(format!("{} of {} went back to an older mail", entry.key, client.id));
            }
            if let Some(now) = now {
                self.shown.insert(entry.key.clone(), now);
            }
        }
        seen
    }
}
