//! The clients with a creditor's response, all of them, read in parts.
//!
//! No index finds them, so that the whole collection is walked; where few have one, a query over all
//! of it would run for longer than any limit. Each part is a range of `_id`s that holds a known
//! number of documents. The ranges are bounds of the index itself, because a comparison in a filter
//! would leave out every `_id` of another type.

use bson::{Bson, Document, doc};
use futures::stream::TryStreamExt;
use mongodb::action::Action as _;
use mongodb::options::Hint;

use super::{ClientStore, StoreError, collect};
use crate::document::{CREDITOR_LIST, CREDITOR_RESPONSE, ClientDocument};

impl ClientStore {
    /// The first `_id` beyond a part of `length` documents that begins with `from`, or with the
    /// first of all. `None` if the part is the last one.
    pub async fn end_of_part(
        &self,
        from: Option<&Bson>,
        length: u64,
    ) -> Result<Option<Bson>, StoreError> {
        // From the index alone: the documents are not read.
        let find = self
            .clients
            .find(doc! {})
            .projection(doc! { "_id": 1 })
            .hint(by_id())
            .optional(from, |find, from| find.min(doc! { "_id": from.clone() }))
            .sort(doc! { "_id": 1 })
            .skip(length)
            .limit(1)
            .max_time(self.settings.timeout);
        let first = async { find.await?.try_next().await };
        let first: Option<Document> = self.in_time("read the clients' ids", first).await?;
        Ok(first.and_then(|client| client.get("_id").cloned()))
    }

    /// Clients with at least one entry that shows a creditor's response: in the order of `_id`, from
    /// the first `_id` on and before the second, `None` being an end of the collection.
    pub async fn find_responded(
        &self,
        from: Option<&Bson>,
        before: Option<&Bson>,
    ) -> Result<Vec<ClientDocument>, StoreError> {
        let find = self
            .clients
            .find(doc! { format!("{CREDITOR_LIST}.amount_source"): CREDITOR_RESPONSE })
            .projection(ClientDocument::projection())
            .hint(by_id())
            .optional(from, |find, from| find.min(doc! { "_id": from.clone() }))
            .optional(before, |find, before| find.max(doc! { "_id": before.clone() }))
            .sort(doc! { "_id": 1 })
            .max_time(self.settings.timeout);
        self.in_time("read clients with responses", collect(find)).await
    }
}

fn by_id() -> Hint {
    Hint::Keys(doc! { "_id": 1 })
}
