//! Which entry each mail is for.
//!
//! First by the mark: the entry that carries a mail's id is where its message was written, whatever
//! the portal has renamed since. Only for mails that no entry shows the matching library is asked,
//! as it was for the delivery.

use std::collections::HashMap;

use clients::document::{ClientDocument, CreditorEntry};
use clients::matching::{Candidates, Evidence, MatchDecision};
use clients::store::{ClientStore, StoreError};

use super::subject::Subject;

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
    pub found_by: FoundBy,
    /// A delivery now would find this entry too. Unknown (false) for an entry found by its mark,
    /// unless asked for.
    pub is_matched: bool,
}

/// By what an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundBy {
    /// It shows this very mail.
    Mark,
    /// The matching library, with what speaks for the entry now.
    Matching(Evidence),
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
            Place::Entry(EntryPlace { client, entry, found_by: FoundBy::Mark, is_matched })
        }
        (None, Some(MatchDecision::Matched(found))) => {
            let evidence = Evidence::of(&found.reasons);
            // What spoke for the mail's entry speaks for none any more, and another one of the same
            // sender is left: the entry is gone, and this one is not the mail's.
            if evidence < subject.matched_by {
                return Place::Gone("entry_not_found");
            }
            let client = first_candidate + found.client;
            let found_by = FoundBy::Matching(evidence);
            Place::Entry(EntryPlace { client, entry: found.entry, found_by, is_matched: true })
        }
        (None, Some(MatchDecision::NotFound(refusal))) => Place::Gone(refusal.code),
        (None, Some(MatchDecision::Review(refusal))) => {
            if is_without_entry(refusal.code, subject.matched_by) {
                Place::Gone("entry_not_found")
            } else {
                Place::Undecided(refusal.code)
            }
        }
        (None, None) => Place::Undecided("not_matched"),
    }
}

/// Whether a doubt of the matching library means that the mail's entry is gone.
///
/// A mail that was told from others by its reference or by its creditor's name named one entry
/// without a doubt. If it does no longer, the doubt is about the entries that are left.
fn is_without_entry(code: &str, matched_by: Evidence) -> bool {
    match code {
        "unknown_sender" | "sender_of_other_clients" | "lookalike_sender" => true,
        "ambiguous_creditor"
        | "unknown_reference"
        | "unknown_creditor_name"
        | "creditor_name_of_other_entry"
        | "reference_of_other_entry"
        | "reference_of_other_client" => matched_by > Evidence::Sender,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::fence::Fence;
    use domain::payload::DebtUpdate;
    use mongodb::bson::{Bson, Document, doc};
    use serde_json::{Value, json};

    use super::*;

    /// A mail about client 1/26 from an agency.
    fn subject(matched_by: Evidence, facts: Value) -> Subject {
        let mut payload = json!({
            "creditor_email": "post@agentur.example", "client_aktenzeichen": "1/26",
            "new_debt_amount": "500.00",
        });
        payload.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        let update = DebtUpdate::from_json(&payload).unwrap();
        let fence = Fence::new(chrono::DateTime::UNIX_EPOCH, 7);
        let was_one_of_several = matched_by > Evidence::Sender;
        Subject { email_id: 7, outbox_id: None, fence, update, matched_by, was_one_of_several }
    }

    fn found(subject: &Subject, entries: &[Document]) -> Place {
        let entries: Vec<Bson> = entries.iter().cloned().map(Bson::Document).collect();
        let client = doc! { "_id": 1, "aktenzeichen": "1/26", "final_creditor_list": entries };
        let clients = [ClientDocument::from_bson(&client)];
        let decision = Candidates::new(&clients).match_update(&subject.update);
        decide(&clients, 0, subject, None, Some(decision))
    }

    fn entry(id: &str, fields: Document) -> Document {
        let mut entry = doc! { "id": id, "sender_email": "post@agentur.example",
        "sender_name": "Agentur" };
        entry.extend(fields);
        entry
    }

    const GONE: Place = Place::Gone("entry_not_found");

    #[test]
    fn an_entry_that_the_creditors_name_told_apart_leaves_its_mail_to_no_other() {
        let [a, b] = [("a", "Laden A"), ("b", "Laden B")]
            .map(|(id, name)| entry(id, doc! { "creditor_name": name }));
        let in_text = json!({ "response_text": "für unsere Mandantin Laden A fordern wir" });
        let by_agencys_name = json!({ "creditor_name": "Agentur",
            "response_text": "für unsere Mandantin Laden A fordern wir" });
        for facts in [in_text, by_agencys_name] {
            let mail = subject(Evidence::CreditorName, facts);
            let both = found(&mail, &[a.clone(), b.clone()]);
            assert!(matches!(both, Place::Entry(place) if place.entry == 0), "{both:?}");
            assert_eq!(found(&mail, std::slice::from_ref(&b)), GONE);
        }
    }

    #[test]
    fn an_entry_that_nothing_but_its_sender_spoke_for_may_be_found_by_it_again() {
        let mail = subject(Evidence::Sender, json!({}));
        let place = found(&mail, &[entry("b", doc! {})]);
        assert!(matches!(place, Place::Entry(EntryPlace { is_matched: true, .. })), "{place:?}");
    }

    #[test]
    fn one_entry_of_several_that_is_removed_is_gone_whatever_the_doubt_is_about_the_others() {
        let numbered = |id, number| entry(id, doc! { "reference_number": number });
        let named = |id, name| entry(id, doc! { "creditor_name": name });
        let number = json!({ "reference_numbers": ["NL-884213-7"] });
        let name = json!({ "creditor_name": "Laden A" });
        let cases = [
            (Evidence::Reference, &number, vec![numbered("b", "NL-999999-9")]),
            (Evidence::Reference, &number, vec![named("b", "Laden B"), named("c", "Laden C")]),
            (Evidence::CreditorName, &name, vec![named("b", "Laden B"), named("c", "Laden C")]),
            (Evidence::CreditorName, &name, vec![named("b", "Laden B")]),
        ];
        for (evidence, facts, left) in cases {
            let mail = subject(evidence, facts.clone());
            assert_eq!(found(&mail, &left), GONE, "{left:?}");
            // Without a word about how it was delivered, nobody can tell.
            let unknown = subject(Evidence::Sender, facts.clone());
            assert!(matches!(found(&unknown, &left), Place::Undecided(_)), "{left:?}");
        }
    }

    #[test]
    fn a_doubt_about_the_client_says_nothing_about_the_entry() {
        for code in ["ambiguous_client", "no_client", "aktenzeichen_contradicts_name"] {
            assert!(!is_without_entry(code, Evidence::Reference));
        }
    }
}
