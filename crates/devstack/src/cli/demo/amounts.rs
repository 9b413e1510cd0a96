//! The amounts that the clients' documents show at one moment.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use mongodb::Collection;
use mongodb::bson::{Bson, Document, doc};

/// By Aktenzeichen and entry id, in euro with two decimals; an entry without an amount is absent.
#[derive(Debug)]
pub(super) struct Amounts(BTreeMap<(String, String), String>);

impl Amounts {
    pub(super) async fn read(clients: &Collection<Document>) -> Result<Self> {
        let mut found = BTreeMap::new();
        let mut cursor = clients.find(doc! {}).await?;
        while cursor.advance().await? {
            let client = cursor.deserialize_current()?;
            let aktenzeichen = client.get_str("aktenzeichen").context("a client has no number")?;
            for entry in client.get_array("final_creditor_list")? {
                let entry = entry.as_document().context("an entry is not a document")?;
                let id = entry.get_str("id").context("an entry has no id")?;
                if let Some(amount) = entry.get("current_debt_amount") {
                    found.insert((aktenzeichen.to_owned(), id.to_owned()), shown(amount));
                }
            }
        }
        Ok(Self(found))
    }

    pub(super) fn get(&self, client: &str, entry: &str) -> Option<&str> {
        self.0.get(&(client.to_owned(), entry.to_owned())).map(String::as_str)
    }

    /// The entries that do not show the same in both.
    pub(super) fn changed_to<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let entries: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        entries
            .into_iter()
            .filter(|entry| self.0.get(*entry) != other.0.get(*entry))
            .map(|(client, entry)| (client.as_str(), entry.as_str()))
    }

    #[cfg(test)]
    pub(super) fn of(amounts: &[(&str, &str, &str)]) -> Self {
        let owned = |(client, entry, amount): &(&str, &str, &str)| {
            (((*client).to_owned(), (*entry).to_owned()), (*amount).to_owned())
        };
        Self(amounts.iter().map(owned).collect())
    }
}

/// The field is a double in the portal's documents; anything else is shown as it is.
fn shown(amount: &Bson) -> String {
    match amount {
        Bson::Double(amount) => format!("{amount:.2}"),
        other => other.to_string(),
    }
}
