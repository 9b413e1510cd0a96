//! The second look: what looked wrong is read again, and what it finds counts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use clients::matching::Evidence;
use domain::models::comparison::{self, StalledMail};

use super::judge::{Difference, Judgement, judge};
use super::locate::{FoundBy, Located, Place, Search, locate};
use super::pages::{parts, with_texts};
use super::patience::Slices;
use super::subject::Subject;
use super::suspects::Suspect;
use super::{Comparison, Counts, Scope, StepError, read_subjects};
use crate::finding::{Finding, MOST_LISTED, MismatchKind};
use crate::halt::Halt;
use crate::run::{Reconciler, RunError};

const BATCH: usize = 500;

/// How long a mail may stand between two statuses.
const STALLED_AFTER_SECONDS: f64 = 3_600.0;

pub(super) async fn second_look_at_mails(
    reconciler: &Reconciler,
    halt: &Halt,
    mut suspects: Vec<Suspect>,
    comparison: &mut Comparison,
) -> Result<(), StepError> {
    suspects.sort_unstable_by_key(|suspect| suspect.email_id);
    for suspects in suspects.chunks(BATCH) {
        halt.check()?;
        let ids: Vec<i32> = suspects.iter().map(|suspect| suspect.email_id).collect();
        let outlived: HashSet<i32> = suspects
            .iter()
            .filter(|suspect| suspect.is_outlived)
            .map(|suspect| suspect.email_id)
            .collect();
        let before = comparison.findings.total();
        // Postgres first: a mail that is synced now was written to MongoDB before the next read.
        let mails = reconciler
            .database
            .query(move |conn| comparison::synced_listed_by_ids(conn, &ids))
            .await
            .map_err(RunError::from)?;
        for part in parts(mails) {
            let part = with_texts(reconciler, part).await?;
            let subjects = read_subjects(&part, &mut Counts::default());
            let mut slices = Slices::of(&subjects);
            while let Some(slice) = slices.next() {
                let read = || locate(&reconciler.store, slice, Search::Thorough);
                let Some(located) = slices.read(halt, read).await? else { continue };
                for (subject, place) in slice.iter().zip(&located.places) {
                    if is_in_doubt(place) && outlived.contains(&subject.email_id) {
                        continue;
                    }
                    if let Some(finding) = find(reconciler, subject, *place, &located) {
                        comparison.findings.add(finding);
                    }
                }
            }
        }
        let confirmed = comparison.findings.total() - before;
        comparison.counts.unconfirmed += suspects.len() as u64 - confirmed;
    }
    Ok(())
}

/// Nothing names the entry that the mail was for: it is gone, or another one was found without the
/// creditor's number, which may have taken its place. Then a newer mail to the same addressee speaks
/// for both.
fn is_in_doubt(place: &Place) -> bool {
    match place {
        Place::Gone(_) => true,
        Place::Entry(place) => matches!(place.found_by,
            FoundBy::Matching(evidence) if evidence < Evidence::Reference),
        Place::Undecided(_) => false,
    }
}

fn find(
    reconciler: &Reconciler,
    subject: &Subject,
    place: Place,
    located: &Located,
) -> Option<Finding> {
    let amount = Some(subject.update.new_debt_amount.to_string());
    let (difference, client_id, entry) = match place {
        Place::Undecided(_) => return None,
        Place::Gone(reason) => {
            let difference = Difference {
                kind: MismatchKind::MissingInMongo,
                field: if reason == "client_not_found" { "client" } else { "entry" },
                expected: amount,
                found: None,
                reason,
                repairable: false,
            };
            (difference, None, None)
        }
        Place::Entry(place) => {
            let (client, entry) = (located.client(place), located.entry(place));
            match judge(subject, entry, reconciler.guard()) {
                Judgement::InSync | Judgement::Superseded => return None,
                Judgement::Differs(difference) => {
                    // The relay would look for the entry anew, and find another one or none.
                    let repairable = difference.repairable && place.is_matched;
                    let difference = Difference { repairable, ..difference };
                    (difference, Some(id_text(&client.id)), entry.identity.as_ref())
                }
            }
        }
    };
    Some(Finding {
        kind: difference.kind,
        email_id: Some(subject.email_id),
        outbox_id: subject.outbox_id,
        client_id,
        entry: entry.map(super::extra::entry_text),
        field: difference.field,
        expected: difference.expected,
        found: difference.found,
        reason: difference.reason,
        repairable: difference.repairable,
        repaired: false,
        repair: None,
    })
}

/// The moment since before which mails stand still, if there are any.
pub(super) async fn first_look_at_stalled(
    reconciler: &Reconciler,
    scope: Scope,
) -> Result<Option<DateTime<Utc>>, RunError> {
    let read = move |conn: &mut _| {
        let before = comparison::moment_before(conn, STALLED_AFTER_SECONDS)?;
        let stalled = comparison::stalled(conn, before, scope.since, 1)?;
        Ok((!stalled.is_empty()).then_some(before))
    };
    Ok(reconciler.database.query(read).await?)
}

/// Stalled at both looks: what moved in between has not stood still since before that moment.
pub(super) async fn second_look_at_stalled(
    reconciler: &Reconciler,
    scope: Scope,
    before: Option<DateTime<Utc>>,
    comparison: &mut Comparison,
) -> Result<(), RunError> {
    let Some(before) = before else { return Ok(()) };
    let read =
        move |conn: &mut _| comparison::stalled(conn, before, scope.since, MOST_LISTED as i64);
    let stalled = reconciler.database.query(read).await?;
    let total = stalled.first().map_or(0, |mail| mail.total);
    let unlisted = u64::try_from(total).unwrap_or_default() - stalled.len() as u64;
    for StalledMail { id, processing_status, sync_status, .. } in stalled {
        comparison.findings.add(Finding {
            kind: MismatchKind::Stalled,
            email_id: Some(id),
            outbox_id: None,
            client_id: None,
            entry: None,
            field: "processing_status",
            expected: Some("a final status".to_owned()),
            found: Some(format!("{processing_status}, sync {sync_status}")),
            reason: "over_an_hour_without_change",
            repairable: false,
            repaired: false,
            repair: None,
        });
    }
    comparison.findings.add_unlisted(MismatchKind::Stalled, unlisted);
    Ok(())
}

/// An `_id` as a person would look for it.
pub(super) fn id_text(id: &mongodb::bson::Bson) -> String {
    match id {
        mongodb::bson::Bson::ObjectId(id) => id.to_hex(),
        mongodb::bson::Bson::String(text) => text.clone(),
        other => other.to_string(),
    }
}
