#![doc = include_str!("../README.md")]

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bson::Document;
use chrono::{SecondsFormat, Utc};
use clap::Parser;
use domain::service::Context;
use hmac::{Hmac, KeyInit, Mac};
use ingest::settings::IngestSettings;
use relay::service::RelayService;
use relay::settings::RelaySettings;
use serde_json::Value;
use sha2::Sha256;
use test_support::{TestMongo, TestPostgres};
use tokio::task::JoinHandle;

const SECRET: &str = "end-to-end secret";

#[derive(Parser)]
struct IngestArguments {
    #[command(flatten)]
    settings: IngestSettings,
}

#[derive(Parser)]
struct RelayArguments {
    #[command(flatten)]
    settings: RelaySettings,
}

/// Ingest and a relay over databases of their own.
pub struct System {
    pub postgres: TestPostgres,
    pub mongo: TestMongo,
    ingest_address: SocketAddr,
    http: reqwest::Client,
    shutdown: Context,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl System {
    /// Starts both services over `postgres`, which is migrated.
    pub async fn start(postgres: TestPostgres) -> Self {
        let mongo = TestMongo::create();
        let shutdown = context();
        let (postgres_url, mongodb_url) = (postgres.url(), mongo.url().to_owned());
        let common = [
            "--database-url",
            &postgres_url,
            "--mongodb-url",
            &mongodb_url,
            "--mongodb-database",
            mongo.name(),
            "--listen-addr",
            "127.0.0.1:0",
        ];
        let arguments = ["ingest"].into_iter().chain(common).chain(["--webhook-secret", SECRET]);
        let config =
            IngestArguments::parse_from(arguments).settings.validate().expect("valid settings");
        let ingest = ingest::Service::bind(config).expect("port 0 is free");
        let arguments = ["relay"].into_iter().chain(common);
        let relay = RelayService::bind(RelayArguments::parse_from(arguments).settings)
            .expect("port 0 is free");
        let ingest_address = ingest.address();
        // Each service has a registry of its own, as it would as a process.
        let services = [context_like(&shutdown), context_like(&shutdown)];
        let [for_ingest, for_relay] = services;
        let tasks = vec![tokio::spawn(ingest.run(for_ingest)), tokio::spawn(relay.run(for_relay))];
        let http = test_support::http_client();
        Self { postgres, mongo, ingest_address, http, shutdown, tasks }
    }

    pub async fn clients(&self) -> mongodb::Collection<Document> {
        self.mongo.database().await.collection("clients")
    }

    /// Posts one webhook, signed as Zendesk signs. Waits while the service still starts.
    pub async fn post(&self, webhook: &Value) -> (u16, Value) {
        let body = webhook.to_string();
        let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key length");
        mac.update(timestamp.as_bytes());
        mac.update(body.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let url = format!("http://{}/api/v1/zendesk/webhook", self.ingest_address);
        loop {
            let response = self
                .http
                .post(&url)
                .header("content-type", "application/json")
                .header("x-zendesk-webhook-signature", &signature)
                .header("x-zendesk-webhook-signature-timestamp", &timestamp)
                .body(body.clone())
                .send()
                .await
                .expect("ingest answers");
            let status = response.status().as_u16();
            let answer = response.json().await.expect("every answer is JSON");
            if status != 503 {
                return (status, answer);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops both services in order.
    pub async fn stop(self) {
        self.shutdown.shutdown.cancel();
        for task in self.tasks {
            task.await.expect("no panic").expect("a clean stop");
        }
    }
}

fn context() -> Context {
    Context::detached(slog::Logger::root(slog::Discard, slog::o!()))
}

fn context_like(other: &Context) -> Context {
    Context { shutdown: other.shutdown.clone(), ..context() }
}
