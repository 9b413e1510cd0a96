//! A database pair with mails, messages and clients, and relays over it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bson::{Document, doc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use domain::models::outbox_message::{self, OutboxMessage};
use domain::service::Context;
use domain::settings::{
    LogFormat, LogLevel, LogSettings, MongoSettings, PostgresSettings, ServiceSettings,
};
use relay::service::RelayService;
use relay::settings::{DeliverySettings, GuardDowngrade, RelaySettings};
use serde_json::{Value, json};
use test_support::wait_until;
use tokio::task::JoinHandle;

pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Where a test's databases are.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) postgres_url: String,
    pub(crate) mongodb_url: String,
    pub(crate) database: String,
}

impl Place {
    pub(crate) fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.postgres_url).unwrap()
    }

    pub(crate) async fn clients(&self) -> mongodb::Collection<Document> {
        let client = mongodb::Client::with_uri_str(&self.mongodb_url).await.unwrap();
        client.database(&self.database).collection("clients")
    }

    pub(crate) fn settings(&self) -> RelaySettings {
        RelaySettings {
            service: ServiceSettings {
                listen_addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                log: LogSettings { log_format: LogFormat::Json, log_level: LogLevel::Error },
            },
            postgres: PostgresSettings {
                database_url: Some(self.postgres_url.as_str().into()),
                database_url_file: None,
            },
            mongo: MongoSettings {
                mongodb_url: Some(self.mongodb_url.as_str().into()),
                mongodb_url_file: None,
                mongodb_database: Some(self.database.clone()),
            },
            delivery: DeliverySettings {
                batch_size: 500,
                write_timeout: Duration::from_millis(2_000),
                retry_base: Duration::from_millis(20),
                guard_downgrade: GuardDowngrade::Review,
                guard_jump_factor: 20,
            },
            poll_interval: Duration::from_millis(100),
            workers: 2,
        }
    }

    /// The environment of a relay that runs as a process.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", self.postgres_url.clone()),
            ("MONGODB_URL", self.mongodb_url.clone()),
            ("MONGODB_DATABASE", self.database.clone()),
            ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
            ("LOG_LEVEL", "error".to_owned()),
            ("RELAY_POLL_INTERVAL_MS", "100".to_owned()),
        ]
    }
}

/// A relay in this process.
pub(crate) struct RunningRelay {
    pub(crate) context: Context,
    pub(crate) address: SocketAddr,
    task: JoinHandle<anyhow::Result<()>>,
}

impl RunningRelay {
    pub(crate) fn start(settings: RelaySettings) -> Self {
        let context = Context::detached(slog::Logger::root(slog::Discard, slog::o!()));
        let service = RelayService::bind(settings).unwrap();
        let address = service.address();
        let task = tokio::spawn(service.run(context.clone()));
        Self { context, address, task }
    }

    /// How often an outcome was counted.
    pub(crate) fn outcomes(&self, label: &str) -> u64 {
        self.counted(|value| value == label)
    }

    fn counted(&self, is_meant: impl Fn(&str) -> bool) -> u64 {
        let family = self
            .context
            .metrics
            .gather()
            .into_iter()
            .find(|family| family.name() == "claimsync_outbox_outcomes_total");
        let metrics = family.map(|family| family.get_metric().to_vec()).unwrap_or_default();
        metrics
            .iter()
            .filter(|metric| metric.get_label().iter().any(|pair| is_meant(pair.value())))
            .map(|metric| metric.get_counter().get_value() as u64)
            .sum()
    }

    pub(crate) async fn stop(self) {
        self.context.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// One client with one creditor entry, as the portal would write it.
pub(crate) fn client(number: usize) -> Document {
    doc! {
        "aktenzeichen": format!("{}_26", 1000 + number),
        "firstName": "Erika",
        "lastName": format!("Muster{number}"),
        "portal_note": "keep me",
        "final_creditor_list": [{
            "id": format!("e-{number}"),
            "sender_name": format!("Bank {number}"),
            "sender_email": format!("post@bank{number}.example"),
            "claim_amount": 1000.0,
            "contact_status": "contacted",
            "portal_field": [1, 2, 3],
        }],
    }
}

/// A version 1 payload for [`client`] `number`.
pub(crate) fn payload(number: usize, amount: &str, received_at: &str) -> Value {
    json!({
        "version": 1,
        "client_name": format!("Erika Muster{number}"),
        "client_aktenzeichen": format!("{}_26", 1000 + number),
        "creditor_email": format!("post@bank{number}.example"),
        "creditor_name": format!("Bank {number}"),
        "new_debt_amount": amount,
        "response_text": "Die Forderung beträgt …",
        "reference_numbers": [],
        "extraction_confidence": 0.9,
        "received_at": received_at,
    })
}

/// Puts a mail and its message into Postgres, as ingest leaves them. Returns (mail, message).
pub(crate) fn enqueue(conn: &mut PgConnection, payload: &Value) -> (i32, i64) {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Integer)]
        id: i32,
    }
    let received_at: Option<chrono::DateTime<chrono::Utc>> =
        payload["received_at"].as_str().map(|text| text.parse().unwrap());
    let mail: Id = diesel::sql_query(
        "INSERT INTO incoming_emails (zendesk_ticket_id, from_email, processing_status, received_at)
         VALUES ('1', 'x@y.example', 'matching', coalesce($1, now())) RETURNING id",
    )
    .bind::<Nullable<Timestamptz>, _>(received_at)
    .get_result(conn)
    .unwrap();
    let message = enqueue_for(conn, &mail.id.to_string(), &payload.to_string());
    (mail.id, message)
}

/// Puts a message with any payload text into the outbox.
pub(crate) fn enqueue_for(conn: &mut PgConnection, aggregate_id: &str, payload: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let row: Id = diesel::sql_query(
        "INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload, idempotency_key)
         VALUES ('creditor_debt_update', $1, 'UPDATE', $2::json, gen_random_uuid()::text)
         RETURNING id",
    )
    .bind::<Text, _>(aggregate_id)
    .bind::<Text, _>(payload)
    .get_result(conn)
    .unwrap();
    row.id
}

/// `count` mails for `clients` clients at once, each with an amount of its own; all received within
/// minutes, in order.
pub(crate) fn enqueue_many(conn: &mut PgConnection, clients: usize, count: usize) {
    diesel::sql_query(
        "WITH mails AS (
           INSERT INTO incoming_emails (zendesk_ticket_id, from_email, processing_status, received_at)
           SELECT n::text, 'x@y.example', 'matching',
                  timestamptz '2026-03-01 00:00Z' + n * interval '1 second'
             FROM generate_series(0, $2 - 1) n
           RETURNING id, zendesk_ticket_id::int AS n, received_at
         )
         INSERT INTO outbox_messages (aggregate_type, aggregate_id, operation, payload, idempotency_key)
         SELECT 'creditor_debt_update', id::text, 'UPDATE',
                json_build_object('version', 1, 'client_name', 'Erika Muster' || (n % $1),
                  'client_aktenzeichen', (1000 + n % $1) || '_26',
                  'creditor_email', 'post@bank' || (n % $1) || '.example',
                  'new_debt_amount', (1000 + n) || '.50', 'reference_numbers', json_build_array(),
                  'received_at', to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')),
                'many:' || id
           FROM mails ORDER BY n",
    )
    .bind::<Integer, _>(i32::try_from(clients).unwrap())
    .bind::<Integer, _>(i32::try_from(count).unwrap())
    .execute(conn)
    .unwrap();
}

pub(crate) fn message(conn: &mut PgConnection, id: i64) -> OutboxMessage {
    outbox_message::find(conn, id).unwrap().unwrap()
}

/// (processing_status, match_status, sync_status, sync_error) of a mail.
pub(crate) fn statuses(
    conn: &mut PgConnection,
    mail: i32,
) -> (String, Option<String>, String, Option<String>) {
    let mail = domain::models::incoming_email::find(conn, mail).unwrap().unwrap();
    (mail.processing_status.unwrap(), mail.match_status, mail.sync_status, mail.sync_error)
}

pub(crate) fn pending(conn: &mut PgConnection) -> i64 {
    outbox_message::figures(conn).unwrap().pending
}

pub(crate) async fn wait_until_delivered(place: &Place) {
    let mut conn = place.connect();
    wait_until(LIMIT, || std::future::ready(pending(&mut conn) == 0)).await;
}

/// The only entry of [`client`] `number`.
pub(crate) async fn entry(place: &Place, number: usize) -> Document {
    let filter = doc! { "lastName": format!("Muster{number}") };
    let client = place.clients().await.find_one(filter).await.unwrap().unwrap();
    client.get_array("final_creditor_list").unwrap()[0].as_document().unwrap().clone()
}

pub(crate) async fn amount(place: &Place, number: usize) -> Option<f64> {
    entry(place, number).await.get_f64("current_debt_amount").ok()
}

/// Waits until these relays have counted so many outcomes in all: they count what is written down already.
pub(crate) async fn wait_until_counted(relays: &[RunningRelay], all: u64) {
    let counted = || relays.iter().map(|relay| relay.counted(|_| true)).sum::<u64>();
    wait_until(LIMIT, || std::future::ready(counted() >= all)).await;
}
