//! The portal's edits: what they are, and how they are made.
//!
//! Each is one atomic update that applies only over the version before it, so that one whose
//! answer was lost can be repeated, and one that arrives late changes nothing. An amount set by
//! hand notes, in the same update, which mail it was put over: afterwards no clock is needed to say
//! whether the mail or the person came last.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;

use crate::journal::{Edited, Recorder, now};
use crate::office::{Office, Target};

/// The array of entries that the portal and the services share.
pub(crate) const LIST: &str = "final_creditor_list";

const ATTEMPT_LIMIT: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(200);

/// One edit of the plan.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Edit {
    pub(crate) number: usize,
    /// Milliseconds after the begin of the run.
    pub(crate) at_ms: u64,
    pub(crate) client: usize,
    pub(crate) kind: EditKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum EditKind {
    Reorder { dice: u64 },
    NoteOnEntry { target: usize, text: String },
    NoteOnClient { text: String },
    AmountByHand { target: usize, cents: i64 },
    Add { key: String },
    Remove { target: usize },
}

/// The clients as the portal has them at the begin.
pub(crate) fn documents(office: &Office) -> Vec<Document> {
    let entry = |number: &usize| entry(&office.targets[*number]);
    let document = |client: &crate::office::Client| {
        doc! {
            "_id": &client.id,
            "aktenzeichen": &client.aktenzeichen,
            "firstName": &client.first_name,
            "lastName": &client.last_name,
            "portal_version": 0_i64,
            LIST: client.targets.iter().map(entry).collect::<Vec<_>>(),
        }
    };
    office.clients.iter().map(document).collect()
}

fn entry(target: &Target) -> Document {
    let mut entry = doc! {
        "portal_key": &target.key,
        "sender_name": &target.sender_name,
        "sender_email": &target.sender_email,
        "reference_number": &target.reference,
        "claim_amount": target.claim_cents as f64 / 100.0,
        "contact_status": "contacted",
    };
    if target.has_id {
        entry.insert("id", format!("gl-{}", target.key));
    }
    if let Some(creditor) = &target.creditor_name {
        entry.insert("creditor_name", creditor);
    }
    entry
}

/// An entry that nobody writes to.
pub(crate) fn added_entry(key: &str) -> Document {
    doc! {
        "portal_key": key,
        "id": format!("gl-{key}"),
        "sender_name": format!("Neuzugang {key} KG"),
        "sender_email": format!("post@{key}.example"),
        "reference_number": format!("ZZ/{key}"),
        "claim_amount": 123.45,
        "contact_status": "no_response",
    }
}

/// The one who edits. Knows its own order of entries, which nobody else may change.
pub(crate) struct Portal {
    clients: Collection<Document>,
    office: Office,
    orders: HashMap<usize, Vec<String>>,
    versions: HashMap<usize, i64>,
}

impl Portal {
    pub(crate) fn new(clients: Collection<Document>, office: &Office) -> Self {
        let keys = |client: &crate::office::Client| {
            client.targets.iter().map(|target| office.targets[*target].key.clone()).collect()
        };
        let orders = office.clients.iter().map(keys).enumerate().collect();
        Self { clients, office: office.clone(), orders, versions: HashMap::new() }
    }

    /// Makes an edit, however often MongoDB has to be asked.
    pub(crate) async fn make(&mut self, edit: &Edit, recorder: &Recorder) {
        let order = self.orders.entry(edit.client).or_default();
        let version = self.versions.entry(edit.client).or_default();
        *version += 1;
        let version = *version;
        let change = change(&edit.kind, order, version, &self.office);
        let order = order.clone();
        let id = &self.office.clients[edit.client].id;
        let filter = doc! { "_id": id, "portal_version": version - 1 };
        let began = now();
        loop {
            let update = self.clients.update_one(filter.clone(), vec![change.clone()]);
            let answer = tokio::time::timeout(ATTEMPT_LIMIT, update.into_future()).await;
            if let Ok(Ok(answer)) = answer
                && (answer.matched_count == 1 || self.is_made(id, version).await)
            {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        recorder.edited(Edited { edit: edit.number, order, began, ended: now() });
    }

    /// Whether an earlier try whose answer was lost has made the edit.
    async fn is_made(&self, id: &str, version: i64) -> bool {
        let find = self.clients.find_one(doc! { "_id": id, "portal_version": version });
        matches!(tokio::time::timeout(ATTEMPT_LIMIT, find.into_future()).await, Ok(Ok(Some(_))))
    }
}

/// One stage of an update, and the order that it leaves.
fn change(kind: &EditKind, order: &mut Vec<String>, version: i64, office: &Office) -> Document {
    let list = format!("${LIST}");
    let key_of = |target: &usize| office.targets[*target].key.clone();
    let mut set = doc! { "portal_version": version };
    match kind {
        EditKind::Reorder { dice } => {
            order.shuffle(&mut StdRng::seed_from_u64(*dice));
            set.insert(
                LIST,
                doc! { "$map": {
                    "input": { "$literal": order.clone() },
                    "as": "key",
                    "in": { "$first": { "$filter": {
                        "input": &list,
                        "as": "entry",
                        "cond": { "$eq": ["$$entry.portal_key", "$$key"] },
                    } } },
                } },
            );
        }
        EditKind::NoteOnEntry { target, text } => {
            set.insert(LIST, merged(&key_of(target), doc! { "portal_note": text }));
        }
        EditKind::NoteOnClient { text } => {
            set.insert("portal_note", text);
        }
        EditKind::AmountByHand { target, cents } => {
            let amount = *cents as f64 / 100.0;
            let fields = doc! {
                "current_debt_amount": amount,
                "amount_source": "manual",
                "portal_by_hand": {
                    "amount": amount,
                    "over_email_id": { "$ifNull": ["$$entry.sync.email_id", Bson::Null] },
                    "over_outbox_id": { "$ifNull": ["$$entry.sync.outbox_id", Bson::Null] },
                },
            };
            set.insert(LIST, merged(&key_of(target), fields));
        }
        EditKind::Add { key } => {
            order.push(key.clone());
            let added = doc! { "$literal": [added_entry(key)] };
            set.insert(LIST, doc! { "$concatArrays": [&list, added] });
        }
        EditKind::Remove { target } => {
            let key = key_of(target);
            order.retain(|other| *other != key);
            let with = |comparison: &str| {
                doc! { "$filter": {
                    "input": &list,
                    "as": "entry",
                    "cond": { comparison: ["$$entry.portal_key", &key] },
                } }
            };
            set.insert(LIST, with("$ne"));
            // Kept aside as it was, so that it can be told which mails had reached it.
            let before = doc! { "$ifNull": ["$portal_removed", []] };
            set.insert("portal_removed", doc! { "$concatArrays": [before, with("$eq")] });
        }
    }
    doc! { "$set": set }
}

fn merged(key: &str, fields: Document) -> Document {
    doc! { "$map": {
        "input": format!("${LIST}"),
        "as": "entry",
        "in": { "$cond": [
            { "$eq": ["$$entry.portal_key", key] },
            { "$mergeObjects": ["$$entry", fields] },
            "$$entry",
        ] },
    } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_follows_each_edit() {
        let office = Office::new(1);
        let mut order = vec!["entry-000".to_owned(), "entry-001".to_owned()];
        change(&EditKind::Add { key: "added".to_owned() }, &mut order, 1, &office);
        assert_eq!(order, ["entry-000", "entry-001", "added"]);
        change(&EditKind::Remove { target: 1 }, &mut order, 2, &office);
        assert_eq!(order, ["entry-000", "added"]);
        let text = "x".to_owned();
        change(&EditKind::NoteOnEntry { target: 0, text }, &mut order, 3, &office);
        assert_eq!(order, ["entry-000", "added"]);
    }
}
