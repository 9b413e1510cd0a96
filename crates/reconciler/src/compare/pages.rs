//! The synced mails in the order of their key, in pages that suit the speed of the databases.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::models::comparison::{self, SyncedMail};

use super::Scope;
use crate::run::{Reconciler, RunError};

const FIRST_PAGE: i64 = 250;
const SMALLEST_PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 2_000;

/// Two pages are in memory, each mail with its text, which may be two letters or two megabytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A page that took less may be larger, one that took more shall be smaller: nobody else's query
/// should wait long behind ours, and a wish to stop is heard between two pages.
const QUICK: Duration = Duration::from_millis(150);
const SLOW: Duration = Duration::from_millis(500);

/// Where the stream of mails is.
pub(super) struct Pages<'a> {
    reconciler: &'a Reconciler,
    after: (DateTime<Utc>, i32),
    until: DateTime<Utc>,
    size: i64,
}

impl<'a> Pages<'a> {
    pub(super) fn new(reconciler: &'a Reconciler, scope: Scope) -> Self {
        Self {
            reconciler,
            // Ids begin at 1, so this is before the first mail of that moment.
            after: (scope.since, 0),
            until: scope.until,
            size: FIRST_PAGE,
        }
    }

    /// The next page; an empty one is the end.
    pub(super) async fn next(&mut self) -> Result<Vec<SyncedMail>, RunError> {
        let (after, until, size) = (self.after, self.until, self.size);
        let read = move |conn: &mut _| comparison::synced_page(conn, after, until, size);
        let page = self.reconciler.database.query(read).await?;
        if let Some(last) = page.last() {
            self.after = (last.received_at, last.id);
        }
        Ok(page)
    }

    /// Chooses the size of the pages to come from what one of them cost.
    pub(super) fn adapt(&mut self, page: &[SyncedMail], took: Duration) {
        let bytes = page.iter().map(text_bytes).sum();
        self.size = next_size(self.size, took, bytes);
    }
}

fn next_size(size: i64, took: Duration, bytes: usize) -> i64 {
    if bytes > MOST_BYTES || took > SLOW {
        (size / 2).max(SMALLEST_PAGE)
    } else if bytes < MOST_BYTES / 2 && took < QUICK {
        (size * 2).min(LARGEST_PAGE)
    } else {
        size
    }
}

fn text_bytes(mail: &SyncedMail) -> usize {
    let texts = [&mail.payload, &mail.extracted_data];
    texts.into_iter().flatten().map(String::len).sum()
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
}
