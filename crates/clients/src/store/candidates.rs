//! The query for the clients that a batch of payloads may be about.

use std::collections::{BTreeSet, HashSet};

use bson::{Bson, Document, doc};
use domain::payload::DebtUpdate;
use mongodb::options::Collation;

use super::{ClientStore, StoreError, indexes};
use crate::document::{CREDITOR_LIST, ClientDocument};
use crate::identity::bson_key;
use crate::matching::{Candidates, CaseNumber, MOST_REFERENCES, compact, lookup_names};

impl ClientStore {
    /// All clients that the matching must see to decide about these payloads: those with a cited
    /// number as Aktenzeichen, those with a cited reference in an entry, and, where the
    /// Aktenzeichen does not settle it, those with the name.
    ///
    /// Whom the creditor's references or the name find, the Aktenzeichen has nearly always found
    /// before; so those look-ups ask for the `_id` alone, and only who is new is read.
    pub async fn find_candidates(
        &self,
        updates: &[&DebtUpdate],
    ) -> Result<Vec<ClientDocument>, StoreError> {
        let of_size = |update: &&&DebtUpdate| update.reference_numbers.len() <= MOST_REFERENCES;
        let updates: &[&DebtUpdate] = &updates.iter().filter(of_size).copied().collect::<Vec<_>>();
        let (mut clients, by_reference) = futures::try_join!(
            self.read_with(case_numbers(updates), indexes::names_and_numbers()),
            self.ids_with(references(updates), indexes::references()),
        )?;
        self.read_missing(&mut clients, by_reference).await?;
        let names = names(updates, &Candidates::new(&clients));
        let by_name = self.ids_with(names, indexes::names_and_numbers()).await?;
        self.read_missing(&mut clients, by_name).await?;
        Ok(clients)
    }

    async fn read_with(
        &self,
        filter: Option<Document>,
        collation: Collation,
    ) -> Result<Vec<ClientDocument>, StoreError> {
        match filter {
            Some(filter) => self.read(filter, Some(collation)).await,
            None => Ok(Vec::new()),
        }
    }

    async fn ids_with(
        &self,
        filter: Option<Document>,
        collation: Collation,
    ) -> Result<Vec<Bson>, StoreError> {
        match filter {
            Some(filter) => self.read_ids(filter, collation).await,
            None => Ok(Vec::new()),
        }
    }

    /// Adds those of these clients that are not among the known ones.
    async fn read_missing(
        &self,
        clients: &mut Vec<ClientDocument>,
        mut ids: Vec<Bson>,
    ) -> Result<(), StoreError> {
        let known: HashSet<String> = clients.iter().map(|client| bson_key(&client.id)).collect();
        ids.retain(|id| !known.contains(&bson_key(id)));
        if !ids.is_empty() {
            clients.extend(self.find_by_ids(&ids).await?);
        }
        Ok(())
    }
}

/// All spellings of the numbers that are cited, as an Aktenzeichen or among the references.
fn case_numbers(updates: &[&DebtUpdate]) -> Option<Document> {
    let mut values = BTreeSet::new();
    for update in updates {
        let cited = update.client_aktenzeichen.iter().chain(&update.reference_numbers);
        for number in cited.filter_map(|text| CaseNumber::read(text)) {
            // Some files carry the label as part of the number.
            values.insert(format!("AZ_{}", number.bare));
            values.insert(number.exact);
            values.insert(number.bare);
        }
    }
    in_values("aktenzeichen", values)
}

/// Clients with an entry whose reference is cited.
fn references(updates: &[&DebtUpdate]) -> Option<Document> {
    let cited = updates
        .iter()
        .flat_map(|update| update.reference_numbers.iter().chain(&update.client_aktenzeichen));
    in_values(
        &format!("{CREDITOR_LIST}.reference_number"),
        cited.filter_map(|text| compact(text)).collect(),
    )
}

/// Texts, and the numbers that a document may hold in their place.
fn in_values(field: &str, values: BTreeSet<String>) -> Option<Document> {
    if values.is_empty() {
        return None;
    }
    let numbers: Vec<Bson> =
        values.iter().filter_map(|value| value.parse::<i64>().ok()).map(Bson::from).collect();
    let values: Vec<Bson> = values.into_iter().map(Bson::from).chain(numbers).collect();
    Some(doc! { field: { "$in": values } })
}

/// Clients with a name that is needed to decide.
fn names(updates: &[&DebtUpdate], found: &Candidates<'_>) -> Option<Document> {
    let mut pairs = BTreeSet::new();
    for update in updates {
        if let Some(name) = &update.client_name
            && !found.is_settled_by_case_number(update)
        {
            pairs.extend(lookup_names(name));
        }
    }
    let branches: Vec<Document> = pairs
        .into_iter()
        .map(|(first, last)| doc! { "lastName": spellings(last), "firstName": spellings(first) })
        .collect();
    (!branches.is_empty()).then(|| doc! { "$or": branches })
}

/// The one letter of the Turkish alphabet that the collation keeps apart and the matching does
/// not: `Yıldırım` for `yildirim`.
fn spellings(name: String) -> Bson {
    if name.contains('i') {
        let dotless = name.replace('i', "ı");
        Bson::from(doc! { "$in": [name, dotless] })
    } else {
        Bson::from(name)
    }
}
