//! Step B: the synced mails of the last hours against what MongoDB shows. Reads only.
//!
//! Two looks. The first streams all mails by key and keeps, of those that look wrong, the newest of
//! each target; a mail that is older than what its entry shows never gets that far. The second look,
//! after a pause, reads those few again, Postgres first and MongoDB after it, and only what it
//! confirms counts. So a delivery or a portal's write in between is never drift, and memory does not
//! grow with the number of mails.

mod confirm;
mod extra;
mod judge;
mod locate;
mod pages;
mod patience;
mod subject;
mod suspects;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clients::store::StoreError;
use domain::logging::chain;
use domain::models::comparison::{self, SyncedMail};
use serde::Serialize;
use slog::warn;

pub(crate) use self::subject::Subject;

use self::judge::{Judgement, judge};
use self::locate::{Place, Search, locate};
use self::pages::{Pages, listed_bytes, parts, with_texts};
use self::patience::Slices;
use self::subject::Uncompared;
use self::suspects::{Order, Suspects};
use crate::finding::Findings;
use crate::halt::Halt;
use crate::run::{Reconciler, RunError};

/// Which mails are compared: those that were received or delivered since a moment. Delivery counts
/// as well, because what an outage held up, or an operator replays, may be older than any lookback
/// when it is written.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    pub since: DateTime<Utc>,
    /// The beginning of the comparison, so that it has an end.
    pub until: DateTime<Utc>,
}

impl Scope {
    pub fn of_last_hours(hours: u32) -> Self {
        let until = Utc::now();
        Self { since: until - Duration::from_secs(u64::from(hours) * 3_600), until }
    }

    /// Who was received after this is compared by its receipt, which includes all that was delivered
    /// since and was not late; who was received before it, if it was delivered late.
    pub(crate) fn received_since(&self) -> DateTime<Utc> {
        self.since - comparison::LATE_AFTER
    }
}

/// What a comparison saw and found.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pub counts: Counts,
    pub findings: Findings,
    /// Both looks at the mails came to their end, so that what is known about targets is all there
    /// is to know; what may be missing are entries without a mail.
    pub has_seen_all_mails: bool,
    /// Why it did not get to its end, in words.
    pub cut_short: Option<String>,
}

/// What the first look made of each mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub mails: u64,
    pub in_sync: u64,
    /// The entry shows a newer mail.
    pub superseded: u64,
    pub in_flight: u64,
    pub dead_lettered: u64,
    /// No amount can be read from message or extraction.
    pub unreadable: u64,
    /// Shown nowhere, and nobody can tell any more which entry it was for.
    pub undecided: u64,
    /// Looked wrong at first and right at the second look.
    pub unconfirmed: u64,
    /// Looked wrong at first, and were not looked at again, because so many did: what the report
    /// counts by type is less than there is.
    pub not_looked_at_again: u64,
}

/// How far a comparison is, for whoever watches.
#[derive(Debug, Default)]
pub struct Progress(AtomicU64);

impl Progress {
    pub fn mails(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a step of a comparison failed.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares, with both looks. MongoDB being away cuts it short; nothing is found then that was not
/// confirmed before.
pub async fn compare(
    reconciler: &Reconciler,
    scope: Scope,
    halt: &Halt,
    progress: &Progress,
) -> Result<Comparison, RunError> {
    let mut comparison = Comparison::default();
    compare_into(reconciler, scope, halt, progress, &mut comparison).await?;
    Ok(comparison)
}

/// As [`compare`], for a caller who wants to know what was seen before an error, too.
pub(crate) async fn compare_into(
    reconciler: &Reconciler,
    scope: Scope,
    halt: &Halt,
    progress: &Progress,
    comparison: &mut Comparison,
) -> Result<(), RunError> {
    let result = look_twice(reconciler, scope, halt, progress, comparison).await;
    match result {
        Ok(()) => {}
        Err(StepError::Run(error)) => return Err(error),
        Err(StepError::Store(error)) => {
            warn!(reconciler.log, "comparison cut short"; "error" => chain(&error));
            let mails = comparison.counts.mails;
            let words = if error.is_infrastructure() { "is away" } else { "refuses" };
            comparison.cut_short =
                Some(format!("MongoDB {words}: comparison ended after {mails} mails ({error})"));
        }
    }
    Ok(())
}

async fn look_twice(
    reconciler: &Reconciler,
    scope: Scope,
    halt: &Halt,
    progress: &Progress,
    comparison: &mut Comparison,
) -> Result<(), StepError> {
    // With patience only for what goes away in the middle: an audit shall not keep anybody waiting.
    reconciler.store.ping().await?;
    let mut suspects = Suspects::default();
    look_at_mails(reconciler, scope, halt, progress, comparison, &mut suspects).await?;
    let stalled = confirm::first_look_at_stalled(reconciler, scope).await?;
    comparison.counts.not_looked_at_again = suspects.beyond_memory();
    let suspects = suspects.into_newest();
    if !suspects.is_empty() || stalled.is_some() {
        halt.pause(reconciler.settings.compare.confirm_delay).await?;
        confirm::second_look_at_mails(reconciler, halt, suspects, comparison).await?;
        confirm::second_look_at_stalled(reconciler, scope, stalled, comparison).await?;
    }
    comparison.has_seen_all_mails = true;
    // Last, because it walks over the whole collection: what it cannot finish costs nothing else.
    extra::look_twice(reconciler, halt, comparison).await
}

/// The first look: every mail once.
async fn look_at_mails(
    reconciler: &Reconciler,
    scope: Scope,
    halt: &Halt,
    progress: &Progress,
    comparison: &mut Comparison,
    suspects: &mut Suspects,
) -> Result<(), StepError> {
    let mut pages = Pages::new(reconciler, scope);
    let mut page = pages.next().await?;
    while !page.0.is_empty() {
        halt.check()?;
        let began = Instant::now();
        // The next page comes from Postgres while this one is held against MongoDB.
        let (mails, weight) = (page.0.len() as u64, listed_bytes(&page.0));
        let (next, looked) = tokio::join!(
            pages.next(),
            look_at_page(reconciler, halt, page, &mut comparison.counts, suspects)
        );
        looked?;
        progress.0.fetch_add(mails, Ordering::Relaxed);
        pages.adapt(weight, began.elapsed());
        page = next?;
    }
    Ok(())
}

async fn look_at_page(
    reconciler: &Reconciler,
    halt: &Halt,
    (page, order): (Vec<SyncedMail>, Order),
    counts: &mut Counts,
    suspects: &mut Suspects,
) -> Result<(), StepError> {
    counts.mails += page.len() as u64;
    let guard = reconciler.guard();
    for part in parts(page) {
        let part = with_texts(reconciler, part).await?;
        let subjects = read_subjects(&part, counts);
        let mut slices = Slices::of(&subjects);
        while let Some(slice) = slices.next() {
            let read = || locate(&reconciler.store, slice, Search::Quick);
            let Some(located) = slices.read(halt, read).await? else { continue };
            for (subject, place) in slice.iter().zip(&located.places) {
                suspects.pass(subject, order);
                match place {
                    Place::Entry(place) => match judge(subject, located.entry(*place), guard) {
                        Judgement::InSync => counts.in_sync += 1,
                        Judgement::Superseded => counts.superseded += 1,
                        Judgement::Differs(_) => {
                            suspects.add(Some(&located.target(*place)), subject);
                        }
                    },
                    Place::Gone(_) => suspects.add(None, subject),
                    Place::Undecided(_) => counts.undecided += 1,
                }
            }
        }
    }
    Ok(())
}

fn read_subjects(page: &[SyncedMail], counts: &mut Counts) -> Vec<Subject> {
    let mut subjects = Vec::with_capacity(page.len());
    for mail in page {
        match Subject::read(mail) {
            Ok(subject) => subjects.push(subject),
            Err(Uncompared::InFlight) => counts.in_flight += 1,
            Err(Uncompared::DeadLettered) => counts.dead_lettered += 1,
            Err(Uncompared::Unreadable) => counts.unreadable += 1,
        }
    }
    subjects
}
