//! Entries that show a creditor's response which no mail is behind.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use clients::document::{
    CREDITOR_RESPONSE, ClientDocument, CreditorEntry, EntryIdentity, SyncState,
};
use clients::store::StoreError;
use domain::models::comparison;
use futures::{Stream, StreamExt};
use mongodb::bson::Bson;

use super::confirm::id_text;
use super::patience::with_patience;
use super::{Comparison, StepError};
use crate::finding::{Finding, MismatchKind};
use crate::halt::Halt;
use crate::run::{Reconciler, RunError};

/// Clients read at once.
const BATCH: usize = 500;

/// Beyond this many, no more are looked for.
const MOST_SUSPECTS: usize = 10_000;

/// Between two batches of the stream MongoDB may be silent for so long.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// An entry without a mail, as the first look saw it.
pub(super) struct ExtraSuspect {
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

/// Streams all entries with a response.
pub(super) async fn first_look(
    reconciler: &Reconciler,
    halt: &Halt,
) -> Result<Vec<ExtraSuspect>, StepError> {
    let stream = with_patience(halt, || reconciler.store.stream_responded(BATCH as u32)).await?;
    let mut stream = std::pin::pin!(stream.fuse());
    let mut suspects = Vec::new();
    while suspects.len() < MOST_SUSPECTS {
        halt.check()?;
        let batch = next_batch(&mut stream).await?;
        if batch.is_empty() {
            break;
        }
        suspects.extend(without_mail(reconciler, &batch).await?);
    }
    Ok(suspects)
}

/// Counts what still is there and still has no mail.
pub(super) async fn second_look(
    reconciler: &Reconciler,
    halt: &Halt,
    suspects: Vec<ExtraSuspect>,
    comparison: &mut Comparison,
) -> Result<(), StepError> {
    for suspects in suspects.chunks(BATCH) {
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

async fn next_batch(
    stream: &mut (impl Stream<Item = Result<ClientDocument, StoreError>> + Unpin),
) -> Result<Vec<ClientDocument>, StepError> {
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH {
        match tokio::time::timeout(LONGEST_SILENCE, stream.next()).await {
            Ok(Some(client)) => batch.push(client?),
            Ok(None) => break,
            Err(_) => {
                let action = "read clients with responses";
                return Err(StoreError::timeout(action, LONGEST_SILENCE).into());
            }
        }
    }
    Ok(batch)
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
                comparison::senders_with_synced_mail(conn, &senders)?
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
