//! What is printed at the end.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use crate::check::{Class, Violation};
use crate::fault::FaultKind;
use crate::journal::{Answer, Journal, Millis};
use crate::plan::Plan;
use crate::snapshot::Snapshot;

/// One line of the table.
#[derive(Debug, Default, PartialEq)]
struct Row {
    injected: usize,
    /// Violations that came about while a fault of this kind held.
    violations: usize,
    /// From the end of the fault until a mail sent after it was delivered.
    recoveries: Vec<Millis>,
}

/// The table of faults, with the portal's edits as its last line.
pub(crate) fn table(
    plan: &Plan,
    journal: &Journal,
    snapshot: &Snapshot,
    violations: &[Violation],
) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["fault", "injected", "violations", "recovery p50", "recovery max"]);
    let seconds = |millis: Option<Millis>| {
        millis.map_or_else(|| "-".to_owned(), |millis| format!("{:.2} s", millis as f64 / 1000.0))
    };
    for (kind, row) in rows(plan, journal, snapshot, violations) {
        let median = row.recoveries.get(row.recoveries.len() / 2).copied();
        let longest = row.recoveries.last().copied();
        table.add_row([
            kind.name(),
            row.injected.to_string(),
            row.violations.to_string(),
            seconds(median),
            seconds(longest),
        ]);
    }
    let during_none = violations.iter().filter(|violation| violation.span.is_none()).count();
    let edits = journal.edited.len().to_string();
    table.add_row(["portal edits", &edits, "-", "-", "-"]);
    if during_none > 0 {
        table.add_row(["(at no time that is known)", "-", &during_none.to_string(), "-", "-"]);
    }
    for column in 1..=4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// How long mails took from their first sending to their end, as p50 and maximum.
pub(crate) fn delivery(
    plan: &Plan,
    journal: &Journal,
    snapshot: &Snapshot,
) -> Option<(Millis, Millis)> {
    let mut took: Vec<Millis> =
        delivered(plan, journal, snapshot).into_iter().map(|(sent, done)| done - sent).collect();
    took.sort_unstable();
    Some((*took.get(took.len() / 2)?, *took.last()?))
}

/// `faults=N accepted=N lost=N duplicated=N stale=N wrong=N`.
pub(crate) fn last_line(journal: &Journal, violations: &[Violation]) -> String {
    let count = |class| violations.iter().filter(|violation| violation.class == class).count();
    format!(
        "faults={} accepted={} lost={} duplicated={} stale={} wrong={}",
        journal.injected.len(),
        accepted(journal),
        count(Class::Lost),
        count(Class::Duplicated),
        count(Class::Stale),
        count(Class::Wrong)
    )
}

/// Mails with at least one 200.
pub(crate) fn accepted(journal: &Journal) -> usize {
    let taken = |answer: &Answer| matches!(answer, Answer::Accepted { .. });
    let mails = journal.attempts.iter().filter(|attempt| taken(&attempt.answer));
    mails.map(|attempt| attempt.mail).collect::<std::collections::HashSet<_>>().len()
}

fn rows(
    plan: &Plan,
    journal: &Journal,
    snapshot: &Snapshot,
    violations: &[Violation],
) -> BTreeMap<FaultKind, Row> {
    let mut rows: BTreeMap<FaultKind, Row> =
        FaultKind::all().into_iter().map(|kind| (kind, Row::default())).collect();
    let delivered = delivered(plan, journal, snapshot);
    for injected in &journal.injected {
        let row = rows.entry(injected.kind).or_default();
        row.injected += 1;
        row.recoveries.extend(recovery(injected.ended, &delivered));
    }
    for row in rows.values_mut() {
        row.recoveries.sort_unstable();
    }
    for (first, last) in violations.iter().filter_map(|violation| violation.span) {
        let mut during: Vec<FaultKind> = journal
            .injected
            .iter()
            .filter(|injected| injected.began <= last && injected.ended >= first)
            .map(|injected| injected.kind)
            .collect();
        during.sort_unstable();
        during.dedup();
        for kind in during {
            rows.entry(kind).or_default().violations += 1;
        }
    }
    rows
}

/// When each mail that made a message was sent for the first time, and when its message ended.
fn delivered(plan: &Plan, journal: &Journal, snapshot: &Snapshot) -> Vec<(Millis, Millis)> {
    let mut first_sent: BTreeMap<String, Millis> = BTreeMap::new();
    for attempt in &journal.attempts {
        let sent = first_sent.entry(plan.mails[attempt.mail].ticket()).or_insert(attempt.sent);
        *sent = (*sent).min(attempt.sent);
    }
    let sent_of_row: BTreeMap<i64, Millis> = snapshot
        .mails
        .iter()
        .filter_map(|row| Some((row.id, *first_sent.get(&row.ticket)?)))
        .collect();
    let ended = snapshot.messages.iter().filter(|message| message.operation == "UPDATE");
    ended
        .filter_map(|message| Some((*sent_of_row.get(&message.mail_id)?, message.processed_at?)))
        .collect()
}

fn recovery(ended: Millis, delivered: &[(Millis, Millis)]) -> Option<Millis> {
    let after = delivered.iter().filter(|(sent, _)| *sent >= ended);
    after.map(|(_, done)| done - ended).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_counts_to_the_first_end_of_a_mail_sent_after_the_fault() {
        let delivered = [(90, 150), (110, 400), (120, 300)];
        assert_eq!(recovery(100, &delivered), Some(200));
        assert_eq!(recovery(200, &delivered), None);
    }

    #[test]
    fn the_last_line_counts_by_class_and_each_mail_once() {
        let answer = Answer::Accepted { email_id: 1, is_duplicate: false };
        let attempt = crate::journal::Attempt { mail: 1, sent: 0, ended: 1, answer };
        let journal = Journal { attempts: vec![attempt.clone(), attempt], ..Journal::default() };
        let stale = Violation { class: Class::Stale, what: String::new(), span: None };
        assert_eq!(
            last_line(&journal, &[stale]),
            "faults=0 accepted=1 lost=0 duplicated=0 stale=1 wrong=0"
        );
    }
}
