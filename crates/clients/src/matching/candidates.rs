//! Client documents prepared for matching many payloads.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::organisation::{NameInFile, Organisation};
use super::person::FileName;
use super::reference::{CaseNumber, compact};
use super::sender::{Address, addresses};
use crate::document::{ClientDocument, CreditorEntry};

/// The clients that a payload may be for. What the matching compares is folded when it is first
/// asked for: of most clients that is the Aktenzeichen and the one name beside it.
pub struct Candidates<'a> {
    clients: &'a [ClientDocument],
    pub(super) prepared: Vec<PreparedClient<'a>>,
    pub(super) by_exact: HashMap<String, Vec<usize>>,
    pub(super) by_bare: HashMap<String, Vec<usize>>,
    pub(super) by_stripped: HashMap<String, Vec<usize>>,
    by_name: OnceLock<HashMap<String, Vec<usize>>>,
    by_reference: OnceLock<HashMap<String, Vec<(usize, usize)>>>,
}

pub(super) struct PreparedClient<'a> {
    client: &'a ClientDocument,
    pub(super) case_number: Option<CaseNumber>,
    name: OnceLock<FileName>,
    entries: OnceLock<Vec<PreparedEntry<'a>>>,
}

pub(super) struct PreparedEntry<'a> {
    pub(super) addresses: Vec<Address>,
    pub(super) reference: Option<String>,
    pub(super) sender: NameInFile<'a>,
    pub(super) creditor: Option<NameInFile<'a>>,
}

impl<'a> Candidates<'a> {
    pub fn new(clients: &'a [ClientDocument]) -> Self {
        let prepared: Vec<_> = clients.iter().map(PreparedClient::of).collect();
        let (mut by_exact, mut by_bare, mut by_stripped) =
            (HashMap::new(), HashMap::new(), HashMap::new());
        for (at, client) in prepared.iter().enumerate() {
            if let Some(number) = &client.case_number {
                push(&mut by_exact, number.exact.clone(), at);
                push(&mut by_bare, number.bare.clone(), at);
                push(&mut by_stripped, number.stripped.clone(), at);
            }
        }
        let (by_name, by_reference) = (OnceLock::new(), OnceLock::new());
        Self { clients, prepared, by_exact, by_bare, by_stripped, by_name, by_reference }
    }

    /// The documents, in the order that [`super::Match::client`] counts.
    pub fn clients(&self) -> &'a [ClientDocument] {
        self.clients
    }

    /// Clients by full name, in either order.
    pub(super) fn by_name(&self) -> &HashMap<String, Vec<usize>> {
        self.by_name.get_or_init(|| {
            let mut by_name = HashMap::new();
            for (at, client) in self.prepared.iter().enumerate() {
                for key in client.name().keys() {
                    push(&mut by_name, key, at);
                }
            }
            by_name
        })
    }

    /// Client and entry, by compact reference.
    pub(super) fn by_reference(&self) -> &HashMap<String, Vec<(usize, usize)>> {
        self.by_reference.get_or_init(|| {
            let mut by_reference = HashMap::new();
            for (at, client) in self.clients.iter().enumerate() {
                for (entry_at, entry) in client.creditors.iter().enumerate() {
                    if let Some(reference) = compact_reference(entry) {
                        push(&mut by_reference, reference, (at, entry_at));
                    }
                }
            }
            by_reference
        })
    }
}

fn push<T: PartialEq>(map: &mut HashMap<String, Vec<T>>, key: String, value: T) {
    let values = map.entry(key).or_default();
    if !values.contains(&value) {
        values.push(value);
    }
}

pub(super) fn compact_reference(entry: &CreditorEntry) -> Option<String> {
    entry.reference_number.as_deref().and_then(compact)
}

impl<'a> PreparedClient<'a> {
    fn of(client: &'a ClientDocument) -> Self {
        Self {
            client,
            case_number: client.aktenzeichen.as_deref().and_then(CaseNumber::read),
            name: OnceLock::new(),
            entries: OnceLock::new(),
        }
    }

    pub(super) fn name(&self) -> &FileName {
        self.name.get_or_init(|| FileName::of(self.client))
    }

    pub(super) fn entries(&self) -> &[PreparedEntry<'a>] {
        self.entries.get_or_init(|| self.client.creditors.iter().map(PreparedEntry::of).collect())
    }
}

impl<'a> PreparedEntry<'a> {
    fn of(entry: &'a CreditorEntry) -> Self {
        Self {
            addresses: addresses(entry.sender_email.as_deref().unwrap_or_default()),
            reference: compact_reference(entry),
            sender: NameInFile::new(entry.sender_name.as_deref().unwrap_or_default()),
            creditor: entry.creditor_name.as_deref().map(NameInFile::new),
        }
    }

    pub(super) fn has_address(&self, sender: &Address) -> bool {
        self.addresses.iter().any(|address| address.full == sender.full)
    }

    /// By domain; a domain that many share says nothing.
    pub(super) fn has_organisation(&self, sender: &Address) -> bool {
        let organisation = sender.organisation();
        organisation.is_some()
            && self.addresses.iter().any(|address| address.organisation() == organisation)
    }

    pub(super) fn may_be_from(&self, sender: &Address) -> bool {
        self.has_address(sender) || self.has_organisation(sender)
    }

    /// Whether a name in a mail is this entry's sender or the creditor that it acts for.
    pub(super) fn is_called(&self, name: &Organisation) -> bool {
        let creditor = self.creditor.as_ref();
        self.sender.folded().agrees(name) || creditor.is_some_and(|own| own.folded().agrees(name))
    }
}
