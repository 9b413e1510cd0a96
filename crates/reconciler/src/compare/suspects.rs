//! The mails that looked wrong at the first look: of each target the newest, and nothing of the
//! others. Pure.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use clients::matching::Evidence;
use domain::fence::Fence;

use super::subject::Subject;

/// A mail to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspect {
    pub(crate) email_id: i32,
    /// A newer mail to the same addressee came by.
    pub(crate) is_outlived: bool,
}

/// The most targets, and the most addressees, that are kept. When more look wrong, a person looks
/// before anything is repaired, and need not be told of each.
const MOST_KEPT: usize = 100_000;

/// In which order mails pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// What is newer than a suspect passes after it.
    ByFence,
    /// What is newer may have passed before.
    Any,
}

/// Filled by the stream of mails.
///
/// Texts would be most of the memory, so that hashes stand for them. A collision hides one target
/// until the next run, which hashes with other keys.
#[derive(Default)]
pub(crate) struct Suspects {
    by_target: HashMap<u64, Seen>,
    /// The newest mail that came by, for the addressees of suspects and of mails in no order.
    newest_to: HashMap<u64, Fence>,
    beyond_memory: u64,
    hasher: RandomState,
}

struct Seen {
    email_id: i32,
    fence: Fence,
    addressees: Vec<u64>,
}

impl Suspects {
    /// Every mail passes, so that it is known which suspects have a successor.
    pub(crate) fn pass(&mut self, subject: &Subject, order: Order) {
        if self.newest_to.is_empty() && order == Order::ByFence {
            return;
        }
        let addressee = addressee(&self.hasher, subject);
        for addressee in numbered(&self.hasher, addressee, subject).chain([addressee]) {
            if let Some(newest) = self.newest_to.get_mut(&addressee) {
                *newest = subject.fence.max(*newest);
            } else if order == Order::Any && self.newest_to.len() < MOST_KEPT {
                self.newest_to.insert(addressee, subject.fence);
            }
        }
    }

    /// `target` is the entry, if there is one.
    pub(crate) fn add(&mut self, target: Option<&str>, subject: &Subject) {
        let addressees = self.addressees(subject);
        let target = match target {
            Some(target) => self.hasher.hash_one(target),
            None => self.hasher.hash_one(&addressees),
        };
        if self.by_target.len() >= MOST_KEPT && !self.by_target.contains_key(&target) {
            self.beyond_memory += 1;
            return;
        }
        for addressee in &addressees {
            self.newest_to.entry(*addressee).or_insert(subject.fence);
        }
        let seen = Seen { email_id: subject.email_id, fence: subject.fence, addressees };
        match self.by_target.entry(target) {
            Entry::Vacant(vacant) => drop(vacant.insert(seen)),
            Entry::Occupied(mut newest) if newest.get().fence < seen.fence => {
                newest.insert(seen);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Mails that looked wrong and are not among the suspects, because there are too many.
    pub(crate) fn beyond_memory(&self) -> u64 {
        self.beyond_memory
    }

    pub(crate) fn into_newest(self) -> Vec<Suspect> {
        let newest_to = self.newest_to;
        let is_newer =
            |addressee: &u64, fence| newest_to.get(addressee).is_some_and(|f| *f > fence);
        self.by_target
            .into_values()
            .map(|seen| Suspect {
                email_id: seen.email_id,
                is_outlived: seen.addressees.iter().any(|to| is_newer(to, seen.fence)),
            })
            .collect()
    }

    /// Whom a newer mail must be about to take a suspect's place. A creditor that has several claims
    /// writes about each of them, so that a mail told apart by its number is outlived only by one
    /// that cites the number too.
    fn addressees(&self, subject: &Subject) -> Vec<u64> {
        let addressee = addressee(&self.hasher, subject);
        let mut addressees = Vec::new();
        if subject.was_one_of_several && subject.matched_by == Evidence::Reference {
            addressees.extend(numbered(&self.hasher, addressee, subject));
            addressees.sort_unstable();
        }
        if addressees.is_empty() {
            addressees.push(addressee);
        }
        addressees
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

/// The addressee together with each number that the mail cites, but for the office's own.
fn numbered(hasher: &RandomState, addressee: u64, subject: &Subject) -> impl Iterator<Item = u64> {
    let bare = |number: &str| -> String {
        number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
    };
    let update = &subject.update;
    let own = update.client_aktenzeichen.as_deref().map(bare);
    update
        .reference_numbers
        .iter()
        .map(move |number| bare(number))
        .filter(move |number| !own.as_ref().is_some_and(|own| number.ends_with(own.as_str())))
        .map(move |number| hasher.hash_one((addressee, number)))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::payload::DebtUpdate;
    use serde_json::json;

    use super::*;

    fn subject(email_id: i32, matched_by: Evidence, references: &[&str]) -> Subject {
        let update = DebtUpdate::from_json(&json!({
            "creditor_email": "post@agentur.example", "client_aktenzeichen": "1381/25",
            "new_debt_amount": "500.00", "reference_numbers": references,
        }))
        .unwrap();
        let received_at = DateTime::from_timestamp(i64::from(email_id), 0).unwrap();
        let fence = Fence::new(received_at, i64::from(email_id));
        let was_one_of_several = matched_by > Evidence::Sender;
        Subject { email_id, outbox_id: None, fence, update, matched_by, was_one_of_several }
    }

    /// Which of the mails, each without an entry and in this order, are outlived.
    fn outlived(mails: &[Subject]) -> Vec<(i32, bool)> {
        let mut suspects = Suspects::default();
        for mail in mails {
            suspects.pass(mail, Order::ByFence);
            suspects.add(None, mail);
        }
        let mut suspects: Vec<_> =
            suspects.into_newest().iter().map(|s| (s.email_id, s.is_outlived)).collect();
        suspects.sort_unstable();
        suspects
    }

    #[test]
    fn of_two_mails_to_one_addressee_the_newer_is_kept() {
        let mail = |id| subject(id, Evidence::Sender, &[]);
        assert_eq!(outlived(&[mail(1), mail(2)]), [(2, false)]);
    }

    #[test]
    fn a_mail_told_apart_by_its_number_is_outlived_only_by_one_that_cites_it() {
        let mail = |id, numbers: &[&str]| subject(id, Evidence::Reference, numbers);
        let other = mail(2, &["NL-999999-9", "Az. 1381/25"]);
        let first = mail(1, &["NL-884213-7", "1381_25"]);
        assert_eq!(outlived(&[first.clone(), other.clone()]), [(1, false), (2, false)]);
        let third = mail(3, &["NL 884213 7", "KD-5"]);
        assert_eq!(outlived(&[first, other, third]), [(1, true), (2, false), (3, false)]);
    }

    #[test]
    fn a_successor_that_passes_first_is_a_successor_too() {
        let mail = |id| subject(id, Evidence::Sender, &[]);
        for (order, is_outlived) in [(Order::Any, true), (Order::ByFence, false)] {
            let mut suspects = Suspects::default();
            suspects.pass(&mail(2), order);
            suspects.pass(&mail(1), order);
            suspects.add(Some("entry"), &mail(1));
            assert_eq!(suspects.into_newest(), [Suspect { email_id: 1, is_outlived }]);
        }
    }

    #[test]
    fn beyond_what_memory_holds_suspects_are_only_counted() {
        let mut suspects = Suspects::default();
        let mail = subject(1, Evidence::Sender, &[]);
        for target in 0..MOST_KEPT + 7 {
            suspects.add(Some(&target.to_string()), &mail);
        }
        suspects.add(Some("0"), &subject(2, Evidence::Sender, &[]));
        assert_eq!(suspects.beyond_memory(), 7);
        assert_eq!(suspects.into_newest().len(), MOST_KEPT);
    }
}
