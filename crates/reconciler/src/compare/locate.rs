//! Which entry each mail is for.
//!
//! First by the mark: the entry that carries a mail's id is where its message was written, whatever
//! the portal has renamed since. Only for mails that no entry shows the matching library is asked,
//! as it was for the delivery.

use std::collections::HashMap;

use clients::document::{ClientDocument, CreditorEntry};
use clients::matching::{Candidates, MatchDecision};
use clients::store::{ClientStore, StoreError};

use super::subject::{Subject, mentions_reference};

/// Where a mail's entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Entry(EntryPlace),
    /// The client or the entry is not there.
    Gone(&'static str),
    /// Nobody can tell any more, which says nothing about what is shown.
    Undecided(&'static str),
}

/// Positions in [`Located::clients`] and in that client's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryPlace {
    client: usize,
    entry: usize,
    pub evidence: Evidence,
    /// A delivery now would find this entry too. Unknown (false) for an entry found by its mark,
    /// unless asked for.
    pub is_matched: bool,
}

/// By what an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It shows this very mail.
    Mark,
    /// The matching library, with the creditor's own number.
    Reference,
    /// The matching library, without one.
    Sender,
}

/// How much is asked of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Match only what no mark shows.
    Quick,
    /// Match all, so that it is known what a repair would find.
    Thorough,
}

/// The places of a batch, in the order of its mails.
#[derive(Debug, Default)]
pub(crate) struct Located {
    clients: Vec<ClientDocument>,
    pub places: Vec<Place>,
}

impl Located {
    pub(crate) fn client(&self, place: EntryPlace) -> &ClientDocument {
        &self.clients[place.client]
    }

    pub(crate) fn entry(&self, place: EntryPlace) -> &CreditorEntry {
        &self.clients[place.client].creditors[place.entry]
    }

    /// A text that is equal for one and the same entry only.
    pub(crate) fn target(&self, place: EntryPlace) -> String {
        let (client, entry) = (self.client(place), self.entry(place));
        match &entry.identity {
            Some(identity) => format!("{} {}", client.id, identity.key()),
            // Nothing names it, but the mail that it shows.
            None => format!("{} {:?}", client.id, entry.sync.mark().map(|mark| mark.fence)),
        }
    }
}

/// Finds the entries of a batch of mails in one to four reads.
pub(crate) async fn locate(
    store: &ClientStore,
    subjects: &[Subject],
    search: Search,
) -> Result<Located, StoreError> {
    let ids: Vec<i32> = subjects.iter().map(|subject| subject.email_id).collect();
    let mut clients = store.find_showing(&ids).await?;
    let shown = entries_by_mark(&clients);
    let place_of =
        |subject: &Subject| match shown.get(&i64::from(subject.email_id)).map(Vec::as_slice) {
            Some([(client, entry)]) => Some((*client, *entry)),
            // Shown nowhere, or by copies of one entry.
            _ => None,
        };
    let places: Vec<Option<(usize, usize)>> = subjects.iter().map(place_of).collect();
    let to_match: Vec<usize> = (0..subjects.len())
        .filter(|at| search == Search::Thorough || places[*at].is_none())
        .collect();
    let updates: Vec<_> = to_match.iter().map(|at| &subjects[*at].update).collect();
    let first_candidate = clients.len();
    if !updates.is_empty() {
        clients.extend(store.find_candidates(&updates).await?);
    }
    let candidates = Candidates::new(&clients[first_candidate..]);
    let mut matched: HashMap<usize, MatchDecision> = to_match
        .into_iter()
        .map(|at| (at, candidates.match_update(&subjects[at].update)))
        .collect();
    let places = places
        .into_iter()
        .enumerate()
        .map(|(at, shown)| {
            let decision = matched.remove(&at);
            decide(&clients, first_candidate, &subjects[at], shown, decision)
        })
        .collect();
    Ok(Located { clients, places })
}

fn entries_by_mark(clients: &[ClientDocument]) -> HashMap<i64, Vec<(usize, usize)>> {
    let mut shown: HashMap<i64, Vec<(usize, usize)>> = HashMap::new();
    for (client_at, client) in clients.iter().enumerate() {
        for (entry_at, entry) in client.creditors.iter().enumerate() {
            if let Some(mark) = entry.sync.mark() {
                shown.entry(mark.fence.email_id()).or_default().push((client_at, entry_at));
            }
        }
    }
    shown
}

fn decide(
    clients: &[ClientDocument],
    first_candidate: usize,
    subject: &Subject,
    shown: Option<(usize, usize)>,
    decision: Option<MatchDecision>,
) -> Place {
    match (shown, decision) {
        (Some((client, entry)), decision) => {
            let is_matched = matches!(decision, Some(MatchDecision::Matched(found))
                if clients[first_candidate + found.client].id == clients[client].id
                    && clients[client].creditors[entry].identity.as_ref() == Some(&found.identity));
            let evidence = Evidence::Mark;
            Place::Entry(EntryPlace { client, entry, evidence, is_matched })
        }
        (None, Some(MatchDecision::Matched(found))) => {
            // The entry that had the cited number is gone, and another one of the same sender is
            // left: it is not this mail's.
            let evidence = if mentions_reference(&found.reasons.join(" ")) {
                Evidence::Reference
            } else if subject.was_matched_by_reference {
                return Place::Gone("entry_not_found");
            } else {
                Evidence::Sender
            };
            let client = first_candidate + found.client;
            Place::Entry(EntryPlace { client, entry: found.entry, evidence, is_matched: true })
        }
        (None, Some(MatchDecision::NotFound(refusal))) => Place::Gone(refusal.code),
        (None, Some(MatchDecision::Review(refusal))) => match refusal.code {
            "unknown_sender" | "sender_of_other_clients" | "lookalike_sender" => {
                Place::Gone("entry_not_found")
            }
            code => Place::Undecided(code),
        },
        (None, None) => Place::Undecided("not_matched"),
    }
}
