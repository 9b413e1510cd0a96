//! The query for the clients that a batch of payloads may be about.

use std::collections::{BTreeSet, HashSet};
use std::iter;

use bson::{Bson, Document, doc};
use domain::payload::DebtUpdate;
use mongodb::options::Collation;

use super::{ClientStore, StoreError, indexes};
use crate::document::{CREDITOR_LIST, ClientDocument};
use crate::identity::bson_key;
use crate::matching::{Candidates, CaseNumber, Cited, MOST_REFERENCES, lookup_names};

impl ClientStore {
    /// All clients that the matching must see to decide about these payloads: those with the
    /// Aktenzeichen, and, as far as it leaves that open, those with a cited number as Aktenzeichen
    /// or in an entry, and those with the name.
    ///
    /// Most payloads need the first read alone.
    pub async fn find_candidates(
        &self,
        updates: &[&DebtUpdate],
    ) -> Result<Vec<ClientDocument>, StoreError> {
        let of_size = |update: &&&DebtUpdate| update.reference_numbers.len() <= MOST_REFERENCES;
        let updates: &[&DebtUpdate] = &updates.iter().filter(of_size).copied().collect::<Vec<_>>();
        let numbers = updates.iter().filter_map(|update| update.client_aktenzeichen.as_deref());
        let by_number = case_numbers(numbers.filter_map(CaseNumber::read));
        let mut clients = self.read_with(by_number, indexes::names_and_numbers()).await?;

        let known = Candidates::new(&clients);
        let open: Vec<Cited> =
            updates.iter().flat_map(|update| known.open_references(update)).collect();
        let by_reference = in_values(
            &format!("{CREDITOR_LIST}.reference_number"),
            open.iter().map(|cited| cited.compact.clone()).collect(),
        );
        let by_number = case_numbers(open.into_iter().filter_map(|cited| cited.case_number));
        let (by_number, by_reference) = futures::try_join!(
            self.ids_with(by_number, indexes::names_and_numbers()),
            self.ids_with(by_reference, indexes::references()),
        )?;
        self.read_missing(&mut clients, by_number).await?;
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

/// Clients with one of these numbers as Aktenzeichen, in all its spellings.
fn case_numbers(numbers: impl Iterator<Item = CaseNumber>) -> Option<Document> {
    let mut values = BTreeSet::new();
    for number in numbers {
        // Some files carry the label as part of the number.
        values.insert(format!("AZ_{}", number.bare));
        values.insert(number.exact);
        values.insert(number.bare);
    }
    in_values("aktenzeichen", values)
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

/// Clients with a name that is needed to decide, and those who share a first name with one and the
/// surname with another of them: one question costs far less than one for each name.
fn names(updates: &[&DebtUpdate], found: &Candidates<'_>) -> Option<Document> {
    let (mut first_names, mut last_names) = (BTreeSet::new(), BTreeSet::new());
    for update in updates {
        if let Some(name) = &update.client_name
            && !found.is_settled_by_case_number(update)
        {
            for (first, last) in lookup_names(name) {
                first_names.extend(spellings(first));
                last_names.extend(spellings(last));
            }
        }
    }
    let any = |names: BTreeSet<String>| doc! { "$in": names.into_iter().collect::<Vec<_>>() };
    (!last_names.is_empty())
        .then(|| doc! { "lastName": any(last_names), "firstName": any(first_names) })
}

/// The one letter of the Turkish alphabet that the collation keeps apart and the matching does
/// not: `Yıldırım` for `yildirim`.
fn spellings(name: String) -> impl Iterator<Item = String> {
    let dotless = name.contains('i').then(|| name.replace('i', "ı"));
    iter::once(name).chain(dotless)
}
