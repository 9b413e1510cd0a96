//! Client documents prepared for matching many payloads.

use std::collections::HashMap;

use super::organisation::{NameInFile, Organisation};
use super::person::FileName;
use super::reference::{CaseNumber, compact};
use super::sender::{Address, addresses};
use crate::document::{ClientDocument, CreditorEntry};

/// The clients that a payload may be for, with everything folded and indexed once.
pub struct Candidates<'a> {
    clients: &'a [ClientDocument],
    pub(super) prepared: Vec<PreparedClient>,
    pub(super) by_exact: HashMap<String, Vec<usize>>,
    pub(super) by_bare: HashMap<String, Vec<usize>>,
    pub(super) by_stripped: HashMap<String, Vec<usize>>,
    pub(super) by_name: HashMap<String, Vec<usize>>,
    /// Client and entry, by compact reference.
    pub(super) by_reference: HashMap<String, Vec<(usize, usize)>>,
}

pub(super) struct PreparedClient {
    pub(super) case_number: Option<CaseNumber>,
    pub(super) name: FileName,
    pub(super) entries: Vec<PreparedEntry>,
}

pub(super) struct PreparedEntry {
    pub(super) addresses: Vec<Address>,
    pub(super) reference: Option<String>,
    pub(super) sender: NameInFile,
    pub(super) creditor: Option<NameInFile>,
}

impl<'a> Candidates<'a> {
    pub fn new(clients: &'a [ClientDocument]) -> Self {
        let mut candidates = Self {
            clients,
            prepared: Vec::with_capacity(clients.len()),
            by_exact: HashMap::new(),
            by_bare: HashMap::new(),
            by_stripped: HashMap::new(),
            by_name: HashMap::new(),
            by_reference: HashMap::new(),
        };
        for client in clients {
            candidates.add(client);
        }
        candidates
    }

    /// The documents, in the order that [`super::Match::client`] counts.
    pub fn clients(&self) -> &'a [ClientDocument] {
        self.clients
    }

    fn add(&mut self, client: &ClientDocument) {
        let at = self.prepared.len();
        let prepared = PreparedClient::of(client);
        if let Some(number) = &prepared.case_number {
            push(&mut self.by_exact, number.exact.clone(), at);
            push(&mut self.by_bare, number.bare.clone(), at);
            push(&mut self.by_stripped, number.stripped.clone(), at);
        }
        for key in prepared.name.keys() {
            push(&mut self.by_name, key, at);
        }
        for (entry_at, entry) in prepared.entries.iter().enumerate() {
            if let Some(reference) = &entry.reference {
                push(&mut self.by_reference, reference.clone(), (at, entry_at));
            }
        }
        self.prepared.push(prepared);
    }
}

fn push<T: PartialEq>(map: &mut HashMap<String, Vec<T>>, key: String, value: T) {
    let values = map.entry(key).or_default();
    if !values.contains(&value) {
        values.push(value);
    }
}

impl PreparedClient {
    fn of(client: &ClientDocument) -> Self {
        Self {
            case_number: client.aktenzeichen.as_deref().and_then(CaseNumber::read),
            name: FileName::of(client),
            entries: client.creditors.iter().map(PreparedEntry::of).collect(),
        }
    }
}

impl PreparedEntry {
    fn of(entry: &CreditorEntry) -> Self {
        Self {
            addresses: addresses(entry.sender_email.as_deref().unwrap_or_default()),
            reference: entry.reference_number.as_deref().and_then(compact),
            sender: NameInFile::new(entry.sender_name.as_deref().unwrap_or_default()),
            creditor: entry.creditor_name.as_deref().map(NameInFile::new),
        }
    }

    pub(super) fn has_address(&self, sender: &Address) -> bool {
        self.addresses.iter().any(|address| address.full == sender.full)
    }

    /// By domain; a domain that many share says nothing.
    pub(super) fn has_organisation(&self, sender: &Address) -> bool {
        sender.organisation.is_some()
            && self.addresses.iter().any(|address| address.organisation == sender.organisation)
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
