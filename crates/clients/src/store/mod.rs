//! Reading candidates from MongoDB and applying planned writes to it.
//!
//! Every call reads from or writes to the primary with majority concern, so that nothing is
//! decided on a version that a failover could take back, and ends within the time that the
//! settings allow.

mod candidates;
mod connect;
mod error;
mod indexes;
mod responded;
mod statement;
mod write;

use std::future::Future;
use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::options::{
    Collation, CollectionOptions, ReadConcern, ReadPreference, SelectionCriteria,
};
use mongodb::{Collection, Cursor, Database};

pub use error::{ErrorClass, StoreError};

use crate::document::{CREDITOR_LIST, ClientDocument};
use crate::guard::GuardSettings;
use crate::plan::{Message, Outcome, plan};

const COLLECTION: &str = "clients";

/// Time limits of the store.
#[derive(Clone, Copy, Debug)]
pub struct StoreSettings {
    /// For one command that writes, and for one that reads targets. After it the call fails as
    /// infrastructure, whatever the server still does.
    pub timeout: Duration,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_millis(2_000) }
    }
}

/// The collection `clients`.
#[derive(Clone, Debug)]
pub struct ClientStore {
    database: Database,
    clients: Collection<Document>,
    settings: StoreSettings,
}

impl ClientStore {
    pub fn new(database: Database, settings: StoreSettings) -> Self {
        let options = CollectionOptions::builder()
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .read_concern(ReadConcern::majority())
            .build();
        let clients = database.collection_with_options(COLLECTION, options);
        Self { database, clients, settings }
    }

    /// One batch from messages to outcomes, in their order: read candidates, plan, write, settle.
    ///
    /// An error means that nothing is known about the batch; applying it again is harmless.
    pub async fn deliver(
        &self,
        messages: &[Message<'_>],
        guard: GuardSettings,
    ) -> Result<Vec<Outcome>, StoreError> {
        let updates: Vec<_> = messages.iter().map(|message| message.update).collect();
        let clients = self.find_candidates(&updates).await?;
        let plan = plan(messages, &clients, guard);
        let outcomes = self.apply(&plan.writes).await?;
        Ok(plan.settle(&outcomes))
    }

    /// Whether the primary answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let action = "reach MongoDB";
        self.in_time(action, self.database.run_command(doc! { "ping": 1 })).await.map(drop)
    }

    /// The documents with these `_id`s, in no order.
    pub async fn find_by_ids(&self, ids: &[Bson]) -> Result<Vec<ClientDocument>, StoreError> {
        let filter = doc! { "_id": { "$in": ids } };
        self.read(filter, None).await
    }

    /// The clients with an entry that shows one of these mails, in no order.
    pub async fn find_showing(&self, email_ids: &[i32]) -> Result<Vec<ClientDocument>, StoreError> {
        let filter = doc! { format!("{CREDITOR_LIST}.sync.email_id"): { "$in": email_ids } };
        self.read(filter, None).await
    }

    /// One `find`, whole, within the time limit.
    async fn read(
        &self,
        filter: Document,
        collation: Option<Collation>,
    ) -> Result<Vec<ClientDocument>, StoreError> {
        let mut find = self
            .clients
            .find(filter)
            .projection(ClientDocument::projection())
            .max_time(self.settings.timeout);
        if let Some(collation) = collation {
            find = find.collation(collation);
        }
        self.in_time("read clients", collect(find)).await
    }

    /// The `_id`s alone.
    async fn read_ids(
        &self,
        filter: Document,
        collation: Collation,
    ) -> Result<Vec<Bson>, StoreError> {
        let find = self
            .clients
            .find(filter)
            .projection(doc! { "_id": 1 })
            .collation(collation)
            .max_time(self.settings.timeout);
        let ids = async {
            let mut cursor = find.await?;
            let mut ids = Vec::new();
            while cursor.advance().await? {
                if let Some(id) = cursor.current().get("_id")? {
                    ids.push(Bson::try_from(id)?);
                }
            }
            Ok(ids)
        };
        self.in_time("look up clients", ids).await
    }

    async fn in_time<T>(
        &self,
        action: &'static str,
        call: impl IntoFuture<Output = Result<T, mongodb::error::Error>, IntoFuture: Future>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.settings.timeout, call.into_future()).await {
            Ok(answer) => answer.map_err(|error| StoreError::driver(action, &error)),
            Err(_) => Err(StoreError::timeout(action, self.settings.timeout)),
        }
    }
}

/// All documents of a query, each read where the driver received it.
async fn collect(
    find: impl IntoFuture<Output = Result<Cursor<Document>, mongodb::error::Error>>,
) -> Result<Vec<ClientDocument>, mongodb::error::Error> {
    let mut cursor = find.await?;
    let mut clients = Vec::new();
    while cursor.advance().await? {
        clients.push(ClientDocument::from_raw(cursor.current())?);
    }
    Ok(clients)
}
