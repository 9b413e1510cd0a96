//! The mails that looked wrong at the first look: of each target the newest, and nothing of the
//! others. Pure.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use domain::fence::Fence;

use super::subject::Subject;

/// A mail to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspect {
    pub(crate) email_id: i32,
    /// A newer mail of the same sender about the same client came by.
    pub(crate) is_outlived: bool,
}

/// Filled by the stream of mails, which must come in the order of their fences.
///
/// Texts would be most of the memory, so that hashes stand for them. A collision hides one target
/// until the next run, which hashes with other keys.
#[derive(Default)]
pub(crate) struct Suspects {
    by_target: HashMap<u64, Seen>,
    /// For the addressees of suspects only: the newest mail that came by.
    newest_to: HashMap<u64, Fence>,
    hasher: RandomState,
}

#[derive(Clone, Copy)]
struct Seen {
    email_id: i32,
    fence: Fence,
    addressee: u64,
}

impl Suspects {
    /// Every mail passes, so that it is known which suspects have a successor.
    pub(crate) fn pass(&mut self, subject: &Subject) {
        if self.newest_to.is_empty() {
            return;
        }
        if let Some(newest) = self.newest_to.get_mut(&addressee(&self.hasher, subject)) {
            *newest = subject.fence.max(*newest);
        }
    }

    /// `target` is the entry, if there is one.
    pub(crate) fn add(&mut self, target: Option<&str>, subject: &Subject) {
        let addressee = addressee(&self.hasher, subject);
        self.newest_to.entry(addressee).or_insert(subject.fence);
        let target = target.map_or(addressee, |target| self.hasher.hash_one(target));
        let seen = Seen { email_id: subject.email_id, fence: subject.fence, addressee };
        let newest = self.by_target.entry(target).or_insert(seen);
        if newest.fence < seen.fence {
            *newest = seen;
        }
    }

    pub(crate) fn into_newest(self) -> Vec<Suspect> {
        let newest_to = self.newest_to;
        self.by_target
            .into_values()
            .map(|seen| Suspect {
                email_id: seen.email_id,
                is_outlived: newest_to.get(&seen.addressee).is_some_and(|f| *f > seen.fence),
            })
            .collect()
    }
}

/// Stands for whom a mail is about, in its own words.
fn addressee(hasher: &RandomState, subject: &Subject) -> u64 {
    let update = &subject.update;
    hasher.hash_one((
        &update.client_aktenzeichen,
        &update.client_name,
        &update.creditor_email,
        &update.creditor_name,
    ))
}
