//! The indexes and collations that find candidates.
//!
//! The collations make MongoDB fold what the matching folds: case, punctuation, ü and ue, ß and
//! ss. What they find is a superset; the pure matching decides.

use bson::doc;
use mongodb::IndexModel;
use mongodb::options::{Collation, CollationAlternate, CollationStrength, IndexOptions};

use super::{ClientStore, StoreError};
use crate::document::CREDITOR_LIST;

/// For Aktenzeichen and names: numbers by value, so that leading zeros do not count.
pub(super) fn names_and_numbers() -> Collation {
    let mut collation = folded();
    collation.numeric_ordering = Some(true);
    collation
}

/// For references, where `3300 118 204` and `3300118204` are the same digits.
pub(super) fn references() -> Collation {
    folded()
}

fn folded() -> Collation {
    Collation::builder()
        .locale("de@collation=phonebook".to_owned())
        .strength(CollationStrength::Primary)
        .alternate(CollationAlternate::Shifted)
        .build()
}

impl ClientStore {
    /// Creates the indexes for [`ClientStore::find_candidates`] and
    /// [`ClientStore::find_showing`], if they are missing.
    ///
    /// Without them everything still works, more slowly: a caller warns and goes on.
    pub async fn ensure_indexes(&self) -> Result<(), StoreError> {
        let index = |name: &str, keys, collation: Option<Collation>| {
            let options =
                IndexOptions::builder().name(name.to_owned()).collation(collation).build();
            IndexModel::builder().keys(keys).options(options).build()
        };
        let numbers = || Some(names_and_numbers());
        let indexes = [
            index("claimsync_aktenzeichen", doc! { "aktenzeichen": 1 }, numbers()),
            index("claimsync_name", doc! { "lastName": 1, "firstName": 1 }, numbers()),
            index(
                "claimsync_reference",
                doc! { format!("{CREDITOR_LIST}.reference_number"): 1 },
                Some(references()),
            ),
            index(
                "claimsync_shown_mail",
                doc! { format!("{CREDITOR_LIST}.sync.email_id"): 1 },
                None,
            ),
        ];
        // Without a time limit: building an index over a large collection may take minutes.
        self.clients
            .create_indexes(indexes)
            .await
            .map(drop)
            .map_err(|error| StoreError::driver("create the indexes on clients", &error))
    }
}
