//! The synced mails in the order of their keys, in pages that suit the speed of the databases: first
//! the few that were received before the lookback and delivered in it, then all that were received
//! in it.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::models::comparison::{self, SyncedMail};

use super::Scope;
use super::suspects::Order;
use crate::run::{Reconciler, RunError};

const FIRST_PAGE: i64 = 250;
const SMALLEST_PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 2_000;

/// So much text is in memory for each of two pages, and for the part of a page that is looked at. A
/// mail may say two words or two megabytes.
const MOST_BYTES: i64 = 4 * 1024 * 1024;

/// A page that took less may be larger, one that took more shall be smaller: nobody else's query
/// should wait long behind ours, and a wish to stop is heard between two pages.
const QUICK: Duration = Duration::from_millis(150);
const SLOW: Duration = Duration::from_millis(500);

/// Where the stream of mails is.
pub(super) struct Pages<'a> {
    reconciler: &'a Reconciler,
    scope: Scope,
    source: Source,
    after: (DateTime<Utc>, i32),
    size: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// By delivery.
    Late,
    /// By receipt.
    Received,
}

impl<'a> Pages<'a> {
    pub(super) fn new(reconciler: &'a Reconciler, scope: Scope) -> Self {
        Self {
            reconciler,
            scope,
            source: Source::Late,
            // Ids begin at 1, so this is before the first mail of that moment.
            after: (scope.since, 0),
            size: FIRST_PAGE,
        }
    }

    /// The next page, its long texts left out; an empty one is the end.
    pub(super) async fn next(&mut self) -> Result<(Vec<SyncedMail>, Order), RunError> {
        if self.source == Source::Late {
            let page = self.read().await?;
            if let Some(last) = page.last() {
                self.after = (last.matched_at.unwrap_or(self.after.0), last.id);
                return Ok((page, Order::Any));
            }
            self.source = Source::Received;
            self.after = (self.scope.received_since(), 0);
        }
        let page = self.read().await?;
        if let Some(last) = page.last() {
            self.after = (last.received_at, last.id);
        }
        Ok((page, Order::ByFence))
    }

    async fn read(&mut self) -> Result<Vec<SyncedMail>, RunError> {
        let (source, scope, after) = (self.source, self.scope, self.after);
        loop {
            let size = self.size;
            let read = move |conn: &mut _| match source {
                Source::Late => {
                    comparison::late_page(conn, after, scope.until, scope.received_since(), size)
                }
                Source::Received => comparison::synced_page(conn, after, scope.until, size),
            };
            match self.reconciler.database.query(read).await {
                Ok(page) => return Ok(page),
                Err(error) if error.is_statement_timeout() && size > SMALLEST_PAGE => {
                    self.size = halved(size);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Chooses the size of the pages to come from what one of them cost.
    pub(super) fn adapt(&mut self, bytes: i64, took: Duration) {
        self.size = next_size(self.size, took, bytes);
    }
}

/// How much text a page holds.
pub(super) fn listed_bytes(page: &[SyncedMail]) -> i64 {
    page.iter().filter(|mail| !mail.is_without_texts()).map(|mail| mail.text_bytes).sum()
}

/// Cuts a page, in its order, into parts whose texts fit into memory together.
pub(super) fn parts(page: Vec<SyncedMail>) -> Vec<Vec<SyncedMail>> {
    let mut parts: Vec<Vec<SyncedMail>> = Vec::new();
    let mut bytes = 0;
    for mail in page {
        bytes += mail.text_bytes;
        match parts.last_mut() {
            Some(part) if bytes <= MOST_BYTES => part.push(mail),
            _ => {
                bytes = mail.text_bytes;
                parts.push(vec![mail]);
            }
        }
    }
    parts
}

/// Reads the texts that a page left out. A mail that does not count as synced any more is left out.
pub(super) async fn with_texts(
    reconciler: &Reconciler,
    mut part: Vec<SyncedMail>,
) -> Result<Vec<SyncedMail>, RunError> {
    let ids: Vec<i32> =
        part.iter().filter(|mail| mail.is_without_texts()).map(|mail| mail.id).collect();
    if ids.is_empty() {
        return Ok(part);
    }
    let read = move |conn: &mut _| comparison::synced_by_ids(conn, &ids);
    let read = reconciler.database.query(read).await?;
    let mut read: HashMap<i32, SyncedMail> = read.into_iter().map(|mail| (mail.id, mail)).collect();
    part.retain_mut(|mail| {
        if !mail.is_without_texts() {
            return true;
        }
        read.remove(&mail.id).is_some_and(|with_texts| {
            *mail = with_texts;
            true
        })
    });
    Ok(part)
}

fn next_size(size: i64, took: Duration, bytes: i64) -> i64 {
    if bytes > MOST_BYTES || took > SLOW {
        halved(size)
    } else if bytes < MOST_BYTES / 2 && took < QUICK {
        (size * 2).min(LARGEST_PAGE)
    } else {
        size
    }
}

fn halved(size: i64) -> i64 {
    (size / 2).max(SMALLEST_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_grow_while_they_are_quick_and_light_and_shrink_when_they_are_not() {
        let quick = Duration::from_millis(20);
        assert_eq!(next_size(250, quick, 100), 500);
        assert_eq!(next_size(LARGEST_PAGE, quick, 100), LARGEST_PAGE);
        assert_eq!(next_size(250, quick, MOST_BYTES - 1), 250);
        assert_eq!(next_size(250, quick, MOST_BYTES + 1), 125);
        assert_eq!(next_size(250, Duration::from_secs(1), 100), 125);
        assert_eq!(next_size(SMALLEST_PAGE, Duration::from_secs(1), 100), SMALLEST_PAGE);
    }

    fn mail(id: i32, text_bytes: i64) -> SyncedMail {
        SyncedMail {
            id,
            received_at: DateTime::UNIX_EPOCH,
            matched_at: None,
            from_email: String::new(),
            outbox_id: None,
            payload: None,
            match_reasons: None,
            extracted_data: None,
            cleaned_body: None,
            text_bytes,
            is_in_flight: false,
            is_dead: false,
        }
    }

    #[test]
    fn the_texts_of_a_part_fit_into_memory_whatever_creditors_write() {
        let sizes = [1, MOST_BYTES - 1, 1, 1, MOST_BYTES * 3, 2, MOST_BYTES - 3];
        let page = (1..).zip(sizes).map(|(id, bytes)| mail(id, bytes)).collect();
        let parts: Vec<Vec<i32>> =
            parts(page).iter().map(|part| part.iter().map(|mail| mail.id).collect()).collect();
        assert_eq!(parts, [vec![1, 2], vec![3, 4], vec![5], vec![6, 7]]);
        assert!(super::parts(Vec::new()).is_empty());
    }
}
