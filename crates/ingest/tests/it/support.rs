//! An ingest in this process on a database of its own, signed webhooks, and an extractor that does
//! what a test tells it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::extraction::{Extraction, Intent};
use domain::models::incoming_email::{self, IncomingEmail};
use domain::money::Money;
use domain::service::Context;
use extraction::clean::CleanedMail;
use extraction::provider::BoxFuture;
use extraction::{ExtractError, Extractor};
use hmac::{Hmac, KeyInit, Mac};
use ingest::Service;
use ingest::cli::Arguments;
use ingest::settings::{Config, Provider};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use test_support::{TestPostgres, wait_until};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const SECRET: &str = "a secret of the tests";

/// Checked settings for a database, with more flags.
pub(crate) fn config(database_url: &str, flags: &[&str]) -> Config {
    config_with_secrets(database_url, SECRET, flags)
}

/// The same, but for the secrets.
pub(crate) fn config_with_secrets(database_url: &str, secrets: &str, flags: &[&str]) -> Config {
    let fixed = ["ingest", "--database-url", database_url, "--webhook-secret", secrets];
    Arguments::try_parse_from(fixed.iter().chain(flags)).unwrap().settings.validate().unwrap()
}

/// The same with an extractor of the test's own.
pub(crate) fn config_with(database_url: &str, extractor: Arc<Scripted>, flags: &[&str]) -> Config {
    let mut config = config(database_url, flags);
    config.provider = Provider { extractor, ..config.provider };
    config
}

/// An ingest in this process.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    pub(crate) context: Context,
    http: reqwest::Client,
    task: JoinHandle<anyhow::Result<()>>,
}

impl App {
    pub(crate) fn start(config: Config) -> Self {
        let context = Context::detached(slog::Logger::root(slog::Discard, slog::o!()));
        let service = Service::bind(config).unwrap();
        let address = service.address();
        let task = tokio::spawn(service.run(context.clone()));
        Self { address, context, http: http_client(), task }
    }

    /// Started, and ready to accept.
    pub(crate) async fn ready(config: Config) -> Self {
        let app = Self::start(config);
        app.wait_until_ready().await;
        app
    }

    pub(crate) async fn wait_until_ready(&self) {
        wait_until(LIMIT, || async { self.get("/readyz").await.status == 200 }).await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    /// Sends a request without a body.
    pub(crate) async fn ask(&self, method: Method, path: &str) -> Answer {
        Answer::of(self.http.request(method, self.url(path)).send().await.unwrap()).await
    }

    /// Posts a mail, signed now.
    pub(crate) async fn post(&self, mail: &Value) -> Answer {
        self.send(Post::new(mail.clone())).await
    }

    pub(crate) async fn send(&self, post: Post) -> Answer {
        let mut request = self
            .http
            .post(self.url("/api/v1/zendesk/webhook"))
            .header("content-type", post.content_type)
            .header("x-zendesk-webhook-invocation-id", "01TEST");
        if let Some(signature) = post.signature() {
            request = request
                .header("x-zendesk-webhook-signature", signature)
                .header("x-zendesk-webhook-signature-timestamp", &post.timestamp);
        }
        Answer::of(request.body(post.body).send().await.unwrap()).await
    }

    /// Posts a mail that must be accepted; returns its id.
    pub(crate) async fn accept(&self, mail: &Value) -> i32 {
        let answer = self.post(mail).await;
        assert_eq!((answer.status, answer.json["status"].as_str()), (200, Some("accepted")));
        answer.json["email_id"].as_i64().unwrap().try_into().unwrap()
    }

    pub(crate) async fn metrics(&self) -> String {
        self.get("/metrics").await.text
    }

    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let metrics = self.metrics().await;
        let found = metrics.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("no metric {line} in\n{metrics}"))
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.context.shutdown.cancel();
        self.task.await.unwrap()
    }

    /// Waits for a service that ends by itself.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        tokio::time::timeout(LIMIT, self.task).await.expect("it ends by itself").unwrap()
    }
}

pub(crate) fn http_client() -> reqwest::Client {
    test_support::http_client_builder().timeout(Duration::from_secs(20)).build().unwrap()
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<u64>,
    pub(crate) allow: Option<String>,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let (status, content_type) = (response.status().as_u16(), header("content-type"));
        let retry_after = header("retry-after").map(|seconds| seconds.parse().unwrap());
        let allow = header("allow");
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let content_type = content_type.unwrap_or_default();
        Self { status, content_type, retry_after, allow, text, json }
    }

    /// A problem document of this status that says when to come again exactly where it should.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.content_type, "application/problem+json");
        assert_eq!(self.json["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(self.json[member].is_string(), "{member} is missing in {}", self.text);
        }
        let comes_again = matches!(status, 429 | 503);
        assert_eq!(self.retry_after.is_some_and(|s| (1..60).contains(&s)), comes_again);
    }
}

/// A webhook to be sent.
pub(crate) struct Post {
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    pub(crate) secret: Option<&'static str>,
    pub(crate) timestamp: String,
}

impl Post {
    pub(crate) fn new(mail: Value) -> Self {
        Self::raw(mail.to_string().into_bytes())
    }

    pub(crate) fn raw(body: Vec<u8>) -> Self {
        Self {
            body,
            content_type: "application/json",
            secret: Some(SECRET),
            timestamp: stamped(TimeDelta::zero()),
        }
    }

    pub(crate) fn signature(&self) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret?.as_bytes()).unwrap();
        mac.update(self.timestamp.as_bytes());
        mac.update(&self.body);
        Some(STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// A timestamp as old as this.
pub(crate) fn stamped(age: TimeDelta) -> String {
    (Utc::now() - age).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A mail with what is required, told apart by its number.
pub(crate) fn mail(number: usize) -> Value {
    json!({
        "ticket_id": format!("{}", 20_000 + number),
        "webhook_id": format!("wh-{number}"),
        "from_email": "inkasso@bank.example",
        "subject": "AW: Ihre Anfrage",
        "body_text": "Die Gesamtforderung beträgt 899,00 EUR.",
    })
}

/// A mail that the rules read as a clear statement.
pub(crate) fn statement(number: usize) -> Value {
    json!({
        "ticket_id": 22549, "webhook_id": format!("statement-{number}"),
        "from_email": "inkasso@musterbank.example", "from_name": "Musterbank AG",
        "subject": "Max Mustermann - Ihr Zeichen 1381/25", "received_at": "2026-03-11 09:14:22",
        "body_text": "Sehr geehrte Damen und Herren,\n\nIhr Mandant: Max Mustermann\nIhr \
            Zeichen: 1381/25\n\nDie Gesamtforderung beträgt zum heutigen Tag 1.234,56 EUR.\n\n\
            Mit freundlichen Grüßen\nMusterbank AG",
    })
}

/// What a clear statement reads like.
pub(crate) fn clear_statement() -> Extraction {
    Extraction {
        is_creditor_reply: true,
        intent: Intent::DebtStatement,
        client_name: Some("Anna Beispiel".to_owned()),
        client_aktenzeichen: None,
        creditor_name: Some("Musterbank AG".to_owned()),
        debt_amount: Some(Money::from_cents(89_900)),
        reference_numbers: vec![],
        confidence: 0.9,
        summary: String::new(),
        doubts: vec![],
        evidence: Default::default(),
        provider: "rules".to_owned(),
        model: None,
        prompt_version: None,
    }
}

/// What a scripted extractor does with a mail.
pub(crate) enum Act {
    Read,
    Panic,
    /// Until the gate opens.
    Wait,
    Unavailable,
    Reject,
}

/// An extractor that looks at the subject and does what the test wants.
pub(crate) struct Scripted {
    script: Box<dyn Fn(&CleanedMail) -> Act + Send + Sync>,
    gate: Semaphore,
    pub(crate) asked: AtomicUsize,
    pub(crate) at_once: AtomicUsize,
    pub(crate) most_at_once: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&CleanedMail) -> Act + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            gate: Semaphore::new(0),
            asked: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    /// Reads every mail as a clear statement.
    pub(crate) fn reading() -> Arc<Self> {
        Self::new(|_| Act::Read)
    }

    /// Lets all that wait, and all that come, go on.
    pub(crate) fn open_gate(&self) {
        self.gate.add_permits(10_000);
    }

    pub(crate) async fn wait_until_asked(&self, times: usize) {
        wait_until(LIMIT, || async { self.asked.load(Ordering::SeqCst) >= times }).await;
    }
}

impl Extractor for Scripted {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn extract<'a>(
        &'a self,
        mail: &'a CleanedMail,
    ) -> BoxFuture<'a, Result<Extraction, ExtractError>> {
        Box::pin(async move {
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            self.asked.fetch_add(1, Ordering::SeqCst);
            let act = (self.script)(mail);
            if matches!(act, Act::Wait) {
                self.gate.acquire().await.unwrap().forget();
            }
            tokio::task::yield_now().await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            match act {
                Act::Read | Act::Wait => Ok(clear_statement()),
                Act::Panic => panic!("the test wants it"),
                Act::Unavailable => Err(ExtractError::Unavailable {
                    retry_after: Some(Duration::from_millis(50)),
                    reason: "the test wants it".to_owned(),
                }),
                Act::Reject => Err(ExtractError::Rejected { reason: "no JSON".to_owned() }),
            }
        })
    }
}

pub(crate) fn find(postgres: &TestPostgres, id: i32) -> IncomingEmail {
    incoming_email::find(&mut postgres.connect(), id).unwrap().unwrap()
}

/// Waits until a mail has this processing status, and returns it.
pub(crate) async fn wait_for_status(
    postgres: &TestPostgres,
    id: i32,
    status: &str,
) -> IncomingEmail {
    wait_until(LIMIT, || async { find(postgres, id).processing_status.as_deref() == Some(status) })
        .await;
    find(postgres, id)
}

pub(crate) fn count(connection: &mut PgConnection, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(connection).unwrap().count
}

pub(crate) fn run_sql(postgres: &TestPostgres, sql: &str) {
    use diesel::connection::SimpleConnection;
    postgres.connect().batch_execute(sql).unwrap();
}

pub(crate) fn parse_utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}
