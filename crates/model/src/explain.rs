//! A counterexample as sentences.

use std::fmt::{self, Display, Formatter};

use crate::check::Counterexample;
use crate::protocol::{Action, Protocol};
use crate::scenario::{Drift, Edit};
use crate::state::{
    AMOUNT_BY_HAND, Batch, EmailStatus, Entry, LateWrite, NO_AMOUNT, Operation, RowStatus, Source,
    State, Step,
};

/// Each step of a counterexample with what the databases hold after it.
pub struct Explanation<'a>(pub &'a Counterexample);

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let protocol = &self.0.protocol;
        let pairs: Vec<_> = self.0.path.clone().into_vec();
        if let Some((start, _)) = pairs.first() {
            writeln!(f, "  0. At first: {}.", entries(start))?;
        }
        for (number, pair) in pairs.windows(2).enumerate() {
            let ((before, Some(action)), (after, _)) = (&pair[0], &pair[1]) else { continue };
            writeln!(f, "{:>3}. {}", number + 1, sentence(protocol, before, *action, after))?;
            for line in changes(before, after) {
                writeln!(f, "       {line}")?;
            }
        }
        Ok(())
    }
}

/// What the databases hold now and did not before.
fn changes(before: &State, after: &State) -> Vec<String> {
    let mut lines = Vec::new();
    if mails(before) != mails(after) {
        lines.push(format!("Postgres: {}", mails(after)));
    }
    if entries(before) != entries(after) {
        lines.push(format!("MongoDB: {}", entries(after)));
    }
    lines
}

fn sentence(protocol: &Protocol, before: &State, action: Action, after: &State) -> String {
    let mail = |mail: u8| {
        let facts = protocol.scenario.mails[usize::from(mail)];
        format!(
            "mail {} (creditor {}, dated day {}, amount {})",
            mail + 1,
            creditor(facts.creditor),
            facts.received_at,
            facts.amount
        )
    };
    let working = |worker: u8| before.workers[usize::from(worker)];
    let batch = |state: &State, relay: u8| state.relays[usize::from(relay)];
    match action {
        Action::Deliver { mail: index } => format!("Zendesk delivers {}.", mail(index)),
        Action::Insert { mail } => format!("Ingest inserts mail {}.", mail + 1),
        Action::CrashIngest => "Ingest crashes; what it held in memory is gone.".to_owned(),
        Action::Claim { worker, email } => {
            format!("Worker {} claims email {}.", worker + 1, email + 1)
        }
        Action::Finish { worker } => {
            let work = working(worker).expect("a worker that finishes was busy");
            let (was, is) = (before.email(work.email), after.email(work.email));
            let refused = was == is && before.rows == after.rows;
            let end = if refused { " and is refused: its claim is outdated" } else { "" };
            format!("Worker {} finishes email {}{end}.", worker + 1, work.email + 1)
        }
        Action::WriteMissingRow { worker } => {
            format!("Worker {} writes the outbox row in a second transaction.", worker + 1)
        }
        Action::LeaseRunsOut { email } => format!("The lease of email {} runs out.", email + 1),
        Action::CrashWorker { worker } => format!("Worker {} crashes.", worker + 1),
        Action::Plan { relay } => {
            let plan = batch(after, relay).map(|batch| plan(after, &batch)).unwrap_or_default();
            format!("Relay {} claims rows and reads the client: {plan}.", relay + 1)
        }
        Action::Write { relay } => {
            let write = batch(before, relay).and_then(|batch| batch.writes().next());
            let write = write.expect("a relay that writes has something to write");
            let (row, hit) = (write.row, fate(protocol, before, write));
            format!("Relay {}'s write of {} {hit}.", relay + 1, name_of_row(before, row))
        }
        Action::ReadBack { relay } => {
            let plan = batch(after, relay).map(|batch| plan(after, &batch)).unwrap_or_default();
            format!("Relay {} reads back what happened: {plan}.", relay + 1)
        }
        Action::Commit { relay } => {
            let alive = batch(before, relay).is_some_and(|batch| batch.transaction);
            let end = if alive { "commits the outcomes" } else { "fails to commit" };
            format!("Relay {} {end}.", relay + 1)
        }
        Action::CutTransaction { relay } => format!(
            "Postgres ends the transaction of relay {}, which notices nothing yet; its rows are free.",
            relay + 1
        ),
        Action::CrashRelay { relay, write_survives } => {
            let end = if write_survives { "; its write is still on its way" } else { "" };
            format!("Relay {} crashes{end}.", relay + 1)
        }
        Action::LateWrite { index } => {
            let late = before.late_writes[usize::from(index)];
            let late = late.expect("only a sent write arrives");
            let (row, hit) = (name_of_row(before, late.row), fate(protocol, before, late));
            format!("The late write of {row} reaches MongoDB and {hit}.")
        }
        Action::ReadEntry { creditor: of } => {
            format!("The reconciler reads the entry of creditor {}.", creditor(of))
        }
        Action::Compare => "The reconciler reads the mails from Postgres and compares.".to_owned(),
        Action::OrderRepair => {
            let end = match before.rows == after.rows {
                true => "the difference is gone",
                false => "it orders a repair",
            };
            format!("The reconciler decides: {end}.")
        }
        Action::CrashReconciler => "The reconciler crashes.".to_owned(),
        Action::Edit { edit, position } => {
            let entry = before.entries[usize::from(position)];
            let of = entry.map(|entry| creditor(entry.creditor)).unwrap_or('?');
            match edit {
                Edit::Reorder => "A person reorders the list.".to_owned(),
                Edit::Remove => format!("A person removes the entry of creditor {of}."),
                Edit::Add => "A person adds another creditor at the front.".to_owned(),
                Edit::Duplicate => format!("A person doubles the entry of creditor {of}."),
                Edit::ByHand => format!("A person sets the amount of creditor {of} by hand."),
                Edit::Silently => {
                    format!("A person sets the amount of creditor {of}; the entry does not say so.")
                }
                Edit::TakeOver => {
                    format!("A person confirms the amount of creditor {of} as their own.")
                }
            }
        }
        Action::Drift { drift: Drift::Lose, .. } => {
            "An acknowledged write is lost (restored backup, stale save).".to_owned()
        }
        Action::Drift { drift: Drift::Damage, .. } => {
            "A written field beside the amount is lost.".to_owned()
        }
    }
}

/// What MongoDB makes of a write.
fn fate(protocol: &Protocol, before: &State, write: LateWrite) -> &'static str {
    let mut tried = *before;
    match protocol.apply(&mut tried, write.row, write.position) {
        true => "is applied",
        false => "matches nothing",
    }
}

fn plan(state: &State, batch: &Batch) -> String {
    let steps = batch.slots.iter().flatten().map(|slot| {
        let row = name_of_row(state, slot.row);
        match slot.step {
            Step::Write { position } => format!("{row} goes to position {}", position + 1),
            Step::Rides => format!("{row} waits for the newer one"),
            Step::Hit => format!("{row} was applied"),
            Step::Missed => format!("{row} matched nothing"),
            Step::Ends(outcome) => format!("{row} {}", name_of_outcome(outcome)),
        }
    });
    steps.collect::<Vec<_>>().join(", ")
}

fn name_of_row(state: &State, id: u8) -> String {
    let row = state.row(id);
    let kind = match row.operation {
        Operation::Update => "",
        Operation::Repair { .. } => "repair ",
    };
    format!("{kind}row {} (email {})", id + 1, row.email + 1)
}

fn name_of_outcome(outcome: RowStatus) -> &'static str {
    match outcome {
        RowStatus::Pending => "stays pending",
        RowStatus::Applied => "is applied",
        RowStatus::Superseded => "is superseded",
        RowStatus::Review => "goes to review",
    }
}

fn creditor(index: u8) -> char {
    char::from(b'A' + index)
}

fn mails(state: &State) -> String {
    let emails = (1..).zip(state.emails.iter().flatten()).map(|(id, email)| {
        let status = match email.status {
            EmailStatus::Received => "received",
            EmailStatus::Extracting { leased: true } => "extracting",
            EmailStatus::Extracting { leased: false } => "extracting, lease over",
            EmailStatus::Matching => "matching",
            EmailStatus::Synced => "completed",
            EmailStatus::Review => "completed (needs_review)",
            EmailStatus::NotCreditorReply => "not_creditor_reply",
        };
        format!("email {id} {status}")
    });
    let rows = (0..).zip(state.rows.iter().flatten()).map(|(id, row)| {
        let status = match row.status {
            RowStatus::Pending => "pending",
            RowStatus::Applied => "processed",
            RowStatus::Superseded => "superseded",
            RowStatus::Review => "dead (review)",
        };
        format!("{} {status}", name_of_row(state, id))
    });
    emails.chain(rows).collect::<Vec<_>>().join(", ")
}

fn entries(state: &State) -> String {
    let shown = |entry: &Entry| {
        let amount = match entry.shown.amount {
            NO_AMOUNT => "nothing".to_owned(),
            AMOUNT_BY_HAND => "a person's amount".to_owned(),
            amount => format!("{amount}"),
        };
        let fence = match entry.shown.fence {
            Some(fence) => format!(" (day {}, email {})", fence.received_at, fence.email + 1),
            None => String::new(),
        };
        let mark = if entry.shown.source == Source::Person { ", marked as a person's" } else { "" };
        let damage = if entry.shown.complete { "" } else { ", a field missing" };
        format!("{} shows {amount}{fence}{mark}{damage}", creditor(entry.creditor))
    };
    let entries: Vec<_> = state.entries.iter().flatten().map(shown).collect();
    if entries.is_empty() { "no entry".to_owned() } else { entries.join("; ") }
}
