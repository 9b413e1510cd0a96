//! The query for the clients that a batch of payloads may be about.

use std::collections::BTreeSet;

use bson::{Bson, Document, doc};
use domain::payload::DebtUpdate;

use super::{ClientStore, StoreError, indexes};
use crate::document::{CREDITOR_LIST, ClientDocument};
use crate::identity::bson_key;
use crate::matching::{Candidates, CaseNumber, MOST_REFERENCES, compact, lookup_names};

impl ClientStore {
    /// All clients that the matching must see to decide about these payloads: those with a cited
    /// number as Aktenzeichen, those with a cited reference in an entry, and, where the
    /// Aktenzeichen does not settle it, those with the name.
    ///
    /// Two reads at once for numbers, a third for names where one is needed.
    pub async fn find_candidates(
        &self,
        updates: &[&DebtUpdate],
    ) -> Result<Vec<ClientDocument>, StoreError> {
        let of_size = |update: &&&DebtUpdate| update.reference_numbers.len() <= MOST_REFERENCES;
        let updates: &[&DebtUpdate] = &updates.iter().filter(of_size).copied().collect::<Vec<_>>();
        let numbers = case_numbers(updates);
        let (by_number, by_reference) = futures::try_join!(
            self.read_any(in_values("aktenzeichen", numbers.clone()), indexes::names_and_numbers()),
            self.read_any(references(updates, &numbers), indexes::references()),
        )?;
        let mut clients = Vec::new();
        let mut seen = BTreeSet::new();
        let mut add = |clients: &mut Vec<ClientDocument>, found: Vec<ClientDocument>| {
            for client in found {
                if seen.insert(bson_key(&client.id)) {
                    clients.push(client);
                }
            }
        };
        add(&mut clients, by_number);
        add(&mut clients, by_reference);
        let names = names(updates, &Candidates::new(&clients));
        let by_name = self.read_any(names, indexes::names_and_numbers()).await?;
        add(&mut clients, by_name);
        Ok(clients)
    }

    async fn read_any(
        &self,
        filter: Option<Document>,
        collation: mongodb::options::Collation,
    ) -> Result<Vec<ClientDocument>, StoreError> {
        match filter {
            Some(filter) => self.read(filter, Some(collation)).await,
            None => Ok(Vec::new()),
        }
    }
}

/// All spellings of the numbers that are cited, as an Aktenzeichen or among the references.
fn case_numbers(updates: &[&DebtUpdate]) -> BTreeSet<String> {
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
    values
}

/// Clients with an entry whose reference is cited, but for those that their Aktenzeichen finds.
fn references(updates: &[&DebtUpdate], numbers: &BTreeSet<String>) -> Option<Document> {
    let cited = updates
        .iter()
        .flat_map(|update| update.reference_numbers.iter().chain(&update.client_aktenzeichen));
    let values = cited.filter_map(|text| compact(text)).collect();
    let mut filter = in_values(&format!("{CREDITOR_LIST}.reference_number"), values)?;
    // This query's collation holds apart more than the other's, so whom it leaves out is found there.
    let found: Vec<&str> = numbers.iter().map(String::as_str).collect();
    filter.insert("aktenzeichen", doc! { "$nin": found });
    Some(filter)
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
