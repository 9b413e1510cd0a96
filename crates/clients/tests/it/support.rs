//! A store on a database of its own, and payloads for the client that the tests use.

use bson::{Bson, DateTime, Document, doc};
use chrono::{TimeZone, Utc};
use clients::fence::Operation;
use clients::guard::GuardSettings;
use clients::plan::{Message, Outcome, OutcomeKind};
use clients::store::{ClientStore, StoreSettings};
use domain::fence::Fence;
use domain::money::Money;
use domain::payload::{DebtUpdate, PAYLOAD_VERSION};
use mongodb::{Collection, Database};
use test_support::TestMongo;

pub(crate) struct Shelf {
    // Dropped last: it drops the database.
    pub(crate) store: ClientStore,
    pub(crate) database: Database,
    pub(crate) clients: Collection<Document>,
    _mongo: TestMongo,
}

impl Shelf {
    pub(crate) async fn with(documents: impl IntoIterator<Item = Document>) -> Self {
        let mongo = TestMongo::create();
        let database = mongo.database().await;
        let clients = database.collection::<Document>("clients");
        let documents: Vec<Document> = documents.into_iter().collect();
        if !documents.is_empty() {
            clients.insert_many(documents).await.unwrap();
        }
        let settings = StoreSettings { timeout: std::time::Duration::from_secs(20) };
        let store = ClientStore::new(database.clone(), settings);
        Self { store, database, clients, _mongo: mongo }
    }

    pub(crate) async fn client(&self, id: impl Into<Bson>) -> Document {
        self.clients.find_one(doc! { "_id": id.into() }).await.unwrap().expect("client is there")
    }

    pub(crate) async fn entry(&self, id: impl Into<Bson>, position: usize) -> Document {
        entry_at(&self.client(id).await, position).clone()
    }

    /// What the entry of the client `max` shows as its current amount.
    pub(crate) async fn amount(&self, position: usize) -> Option<f64> {
        self.entry("max", position).await.get("current_debt_amount").and_then(Bson::as_f64)
    }

    pub(crate) async fn set(&self, id: &str, update: Document) {
        let result = self.clients.update_one(doc! { "_id": id }, update).await.unwrap();
        assert_eq!(result.modified_count, 1);
    }

    pub(crate) async fn deliver(&self, messages: &[Letter]) -> Vec<Outcome> {
        let messages: Vec<Message<'_>> = messages.iter().map(Letter::message).collect();
        self.store.deliver(&messages, GuardSettings::default()).await.unwrap()
    }

    pub(crate) async fn deliver_one(&self, letter: &Letter) -> OutcomeKind {
        self.deliver(std::slice::from_ref(letter)).await.remove(0).kind
    }
}

pub(crate) fn entry_at(client: &Document, position: usize) -> &Document {
    client.get_array("final_creditor_list").unwrap()[position].as_document().unwrap()
}

/// An outbox row: mail `email_id` of minute `minute`, for the entry `a` of the client `max`.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) outbox_id: i64,
    pub(crate) fence: Fence,
    pub(crate) operation: Operation,
    pub(crate) update: DebtUpdate,
}

impl Letter {
    pub(crate) fn new(minute: u32, email_id: i64, amount: &str) -> Self {
        let received_at = Utc.with_ymd_and_hms(2026, 3, 11, 8, minute, 0).unwrap();
        Self {
            outbox_id: 1_000 + email_id,
            fence: Fence::new(received_at, email_id),
            operation: Operation::Update,
            update: DebtUpdate {
                version: PAYLOAD_VERSION,
                client_name: Some("Max Mustermann".to_owned()),
                client_aktenzeichen: Some("1381/25".to_owned()),
                creditor_email: "inkasso@bank.example".to_owned(),
                creditor_name: None,
                new_debt_amount: amount.parse::<Money>().unwrap(),
                response_text: Some("$amount: siehe oben".to_owned()),
                reference_numbers: vec!["1381/25".to_owned()],
                extraction_confidence: Some(0.93),
                received_at: Some(received_at),
            },
        }
    }

    pub(crate) fn repair(self) -> Self {
        Self { operation: Operation::Repair, outbox_id: self.outbox_id + 100_000, ..self }
    }

    pub(crate) fn citing(mut self, reference: &str) -> Self {
        self.update.reference_numbers.push(reference.to_owned());
        self
    }

    pub(crate) fn message(&self) -> Message<'_> {
        Message {
            outbox_id: self.outbox_id,
            fence: self.fence,
            operation: self.operation,
            update: &self.update,
        }
    }
}

/// The client `max`, with fields of the portal's own around two entries of different senders.
pub(crate) fn max() -> Document {
    doc! {
        "_id": "max",
        "aktenzeichen": "1381_25",
        "firstName": "Max",
        "lastName": "Mustermann",
        "portal": { "notes": ["ruft zurück", 3], "opened": DateTime::from_millis(1) },
        "final_creditor_list": [
            {
                "id": "a",
                "sender_name": "Musterbank AG",
                "sender_email": "inkasso@bank.example",
                "reference_number": "MB-100200",
                "claim_amount": 1_200.5,
                "contact_status": "contacted",
                "portal_flags": { "seen": true },
            },
            {
                "id": "b",
                "sender_name": "Stadtwerke Lerchenau",
                "sender_email": "forderung@stadtwerke.example",
                "reference_number": "SW-300400",
                "claim_amount": 300,
                "contact_status": "contacted",
            },
        ],
        "updatedBy": "clerk",
    }
}
