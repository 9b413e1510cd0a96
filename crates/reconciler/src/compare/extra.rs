//! Entries that show a creditor's response which no mail is behind.

use std::collections::{BTreeSet, HashMap, HashSet};

use clients::document::{
    CREDITOR_RESPONSE, ClientDocument, CreditorEntry, EntryIdentity, SyncState,
};
use clients::matching::sender_keys;
use clients::store::{ClientStore, StoreError};
use domain::models::comparison;
use mongodb::bson::Bson;

use super::confirm::id_text;
use super::patience::{with_patience, with_patience_unless};
use super::{Comparison, StepError};
use crate::finding::{Finding, MismatchKind};
use crate::halt::Halt;
use crate::run::{Reconciler, RunError};

/// Clients whose entries are held against Postgres at once.
const BATCH: usize = 500;

/// Suspects of one round; so many are in memory, however many there are.
const ROUND: usize = 10_000;

/// Documents of the collection that one read walks over.
const LONGEST_PART: u64 = 500;
const SHORTEST_PART: u64 = 25;

/// Addresses that are read from Postgres at once.
const SENDERS: i64 = 10_000;

/// An entry without a mail, as the first look saw it.
struct ExtraSuspect {
    client_id: Bson,
    identity: Option<EntryIdentity>,
    origin: Origin,
}

/// Where an entry's amount says that it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Origin {
    Mail(i32),
    /// It carries no mark, as what the Python service wrote: some mail of its sender will do.
    Sender(String),
    /// Neither mark nor sender.
    Nobody,
}

/// Walks over all entries with a response, in rounds of two looks each.
pub(super) async fn look_twice(
    reconciler: &Reconciler,
    halt: &Halt,
    comparison: &mut Comparison,
) -> Result<(), StepError> {
    let mut walk = Walk { from: None, length: LONGEST_PART, is_over: false };
    while !walk.is_over {
        let mut suspects = Vec::new();
        while suspects.len() < ROUND
            && let Some(clients) = walk.next(&reconciler.store, halt).await?
        {
            for clients in clients.chunks(BATCH) {
                suspects.extend(without_mail(reconciler, clients).await?);
            }
        }
        let suspects = without_sender(reconciler, halt, suspects).await?;
        if !suspects.is_empty() {
            halt.pause(reconciler.settings.compare.confirm_delay).await?;
            second_look(reconciler, halt, &suspects, comparison).await?;
        }
    }
    Ok(())
}

/// Where the walk over the collection is.
struct Walk {
    from: Option<Bson>,
    length: u64,
    is_over: bool,
}

impl Walk {
    /// The clients with responses of the next parts that have any; `None` at the end.
    async fn next(
        &mut self,
        store: &ClientStore,
        halt: &Halt,
    ) -> Result<Option<Vec<ClientDocument>>, StepError> {
        while !self.is_over {
            halt.check()?;
            let (from, length) = (self.from.clone(), self.length);
            let is_too_long = |error: &StoreError| length > SHORTEST_PART && error.is_timeout();
            let read = || read_part(store, from.as_ref(), length);
            match with_patience_unless(halt, is_too_long, read).await {
                Ok((before, clients)) => {
                    self.is_over = before.is_none();
                    self.from = before;
                    self.length = (length * 2).min(LONGEST_PART);
                    if !clients.is_empty() {
                        return Ok(Some(clients));
                    }
                }
                Err(StepError::Store(error)) if is_too_long(&error) => {
                    self.length = (length / 4).max(SHORTEST_PART);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

async fn read_part(
    store: &ClientStore,
    from: Option<&Bson>,
    length: u64,
) -> Result<(Option<Bson>, Vec<ClientDocument>), StoreError> {
    let before = store.end_of_part(from, length).await?;
    let clients = store.find_responded(from, before.as_ref()).await?;
    Ok((before, clients))
}

/// Counts what still is there and still has no mail.
async fn second_look(
    reconciler: &Reconciler,
    halt: &Halt,
    suspects: &[ExtraSuspect],
    comparison: &mut Comparison,
) -> Result<(), StepError> {
    for suspects in suspects.chunks(BATCH) {
        halt.check()?;
        let ids: Vec<Bson> = suspects.iter().map(|suspect| suspect.client_id.clone()).collect();
        let clients = with_patience(halt, || reconciler.store.find_by_ids(&ids)).await?;
        for again in without_mail(reconciler, &clients).await? {
            let was_suspect = suspects.iter().any(|suspect| {
                suspect.client_id == again.client_id
                    && suspect.identity == again.identity
                    && suspect.origin == again.origin
            });
            if was_suspect {
                comparison.findings.add(finding(&again));
            }
        }
    }
    Ok(())
}

/// Leaves out the entries whose sender wrote under another address of its own, or in other letters.
/// They were written by the Python service, whose matching was its own; for each round at most all
/// addresses are read once.
async fn without_sender(
    reconciler: &Reconciler,
    halt: &Halt,
    mut suspects: Vec<ExtraSuspect>,
) -> Result<Vec<ExtraSuspect>, StepError> {
    let mut wanted: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, suspect) in suspects.iter().enumerate() {
        if let Origin::Sender(sender) = &suspect.origin {
            for key in sender_keys(sender) {
                wanted.entry(key).or_default().push(at);
            }
        }
    }
    let mut found: HashSet<usize> = HashSet::new();
    let mut after = String::new();
    while !wanted.is_empty() {
        halt.check()?;
        let from = after.clone();
        let read = move |conn: &mut _| comparison::senders_after(conn, &from, SENDERS);
        let senders = reconciler.database.query(read).await.map_err(RunError::from)?;
        for key in senders.iter().flat_map(|sender| sender_keys(sender)) {
            found.extend(wanted.remove(&key).unwrap_or_default());
        }
        match senders.into_iter().last() {
            Some(last) => after = last,
            None => break,
        }
    }
    let mut at = 0..;
    suspects.retain(|_| at.next().is_none_or(|at| !found.contains(&at)));
    Ok(suspects)
}

async fn without_mail(
    reconciler: &Reconciler,
    clients: &[ClientDocument],
) -> Result<Vec<ExtraSuspect>, RunError> {
    let entries: Vec<(&ClientDocument, &CreditorEntry, Origin)> = clients
        .iter()
        .flat_map(|client| client.creditors.iter().map(move |entry| (client, entry)))
        .filter(|(_, entry)| entry.amount_source.as_deref() == Some(CREDITOR_RESPONSE))
        .filter_map(|(client, entry)| Some((client, entry, origin(entry)?)))
        .collect();
    let ids: Vec<i32> = entries
        .iter()
        .filter_map(|(_, _, origin)| if let Origin::Mail(id) = origin { Some(*id) } else { None })
        .collect();
    let senders: BTreeSet<String> = entries
        .iter()
        .filter_map(
            |(_, _, origin)| {
                if let Origin::Sender(sender) = origin { Some(sender) } else { None }
            },
        )
        .flat_map(|sender| [sender.clone(), sender.to_lowercase()])
        .collect();
    let senders: Vec<String> = senders.into_iter().collect();
    let (mails, senders): (HashSet<i32>, HashSet<String>) = reconciler
        .database
        .query(move |conn| {
            let mails = comparison::existing(conn, &ids)?;
            let senders = if senders.is_empty() {
                Vec::new()
            } else {
                comparison::senders_with_mail(conn, &senders)?
            };
            Ok((mails.into_iter().collect(), senders.into_iter().collect()))
        })
        .await?;
    let has_mail = |origin: &Origin| match origin {
        Origin::Mail(id) => mails.contains(id),
        Origin::Sender(sender) => {
            senders.contains(sender) || senders.contains(&sender.to_lowercase())
        }
        Origin::Nobody => false,
    };
    Ok(entries
        .into_iter()
        .filter(|(_, _, origin)| !has_mail(origin))
        .map(|(client, entry, origin)| ExtraSuspect {
            client_id: client.id.clone(),
            identity: entry.identity.clone(),
            origin,
        })
        .collect())
}

/// `None` for a mark that cannot be read: the mail behind it, if there is one, finds it.
fn origin(entry: &CreditorEntry) -> Option<Origin> {
    match &entry.sync {
        SyncState::Unreadable => None,
        // No mail has a number beyond the column's.
        SyncState::Marked(mark) => {
            Some(Origin::Mail(mark.fence.email_id().try_into().unwrap_or(0)))
        }
        SyncState::Unmarked => Some(match &entry.sender_email {
            Some(sender) => Origin::Sender(sender.clone()),
            None => Origin::Nobody,
        }),
    }
}

fn finding(suspect: &ExtraSuspect) -> Finding {
    let (email_id, reason) = match &suspect.origin {
        Origin::Mail(id) => (Some(*id), "no_such_mail"),
        Origin::Sender(_) => (None, "no_mail_of_this_sender"),
        Origin::Nobody => (None, "neither_mark_nor_sender"),
    };
    Finding {
        kind: MismatchKind::ExtraInMongo,
        email_id,
        outbox_id: None,
        client_id: Some(id_text(&suspect.client_id)),
        entry: suspect.identity.as_ref().map(entry_text),
        field: "amount_source",
        expected: None,
        found: Some(CREDITOR_RESPONSE.to_owned()),
        reason,
        repairable: false,
        repaired: false,
        repair: None,
    }
}

/// Names an entry without its sender's address, which is personal data.
pub(super) fn entry_text(identity: &EntryIdentity) -> String {
    match identity {
        EntryIdentity::Id(id) => id_text(id),
        EntryIdentity::Sender(sender) => match &sender.reference {
            Bson::Null => "by its sender".to_owned(),
            reference => format!("reference {}", id_text(reference)),
        },
    }
}
