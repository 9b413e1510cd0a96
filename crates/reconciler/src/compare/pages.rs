//! The synced mails in the order of their key, in pages that suit the speed of the databases.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::models::comparison::{self, SyncedMail};

use super::Scope;
use crate::run::{Reconciler, RunError};

const FIRST_PAGE: i64 = 250;
const SMALLEST_PAGE: i64 = 50;
/// Two pages are in memory, each mail with its text.
const LARGEST_PAGE: i64 = 2_000;

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

    pub(super) fn adapt(&mut self, took: Duration) {
        if took < QUICK {
            self.size = (self.size * 2).min(LARGEST_PAGE);
        } else if took > SLOW {
            self.size = (self.size / 2).max(SMALLEST_PAGE);
        }
    }
}
