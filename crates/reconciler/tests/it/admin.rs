//! The service as an administrator sees it.

use domain::service::Context;
use reconciler::run::Start;
use reconciler::service::ReconcilerService;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use slog::{Discard, Logger, o};
use test_support::wait_until;
use tokio::task::JoinHandle;

use crate::world::{PATIENCE, World};

struct Service {
    http: Client,
    url: String,
    context: Context,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    /// Its own clock stays silent: a first run would come in between.
    async fn start(world: &World, extra: &[&str]) -> Self {
        let mut settings = world.settings(extra);
        settings.service.listen_addr = "127.0.0.1:0".parse().unwrap();
        let service = ReconcilerService::bind(settings).unwrap();
        let url = format!("http://{}", service.address());
        let context = Context::detached(Logger::root(Discard, o!()));
        let running = tokio::task::spawn_local(service.run(context.clone()));
        Self { http: test_support::http_client(), url, context, running }
    }

    async fn ask(&self, method: Method, path: &str, token: &str) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/admin/reconciliation/{path}", self.url);
        let answer = self.http.request(method, url).bearer_auth(token).send().await.unwrap();
        let status = answer.status();
        if status.is_client_error() || status.is_server_error() {
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
        (status, answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, "token").await
    }

    async fn trigger(&self) -> (StatusCode, Value) {
        self.ask(Method::POST, "trigger", "token").await
    }

    async fn metrics(&self) -> String {
        let answer = self.http.get(format!("{}/metrics", self.url)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    async fn run_to_its_end(&self) -> Value {
        let (status, begun) = self.trigger().await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let path = format!("reports/{}", begun["report_id"]);
        wait_until(PATIENCE, || async { self.get(&path).await.1["status"] != "running" }).await;
        self.get(&path).await.1
    }

    async fn stop(self) {
        self.context.shutdown.cancel();
        self.running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn runs_are_triggered_and_reports_read_with_the_token_only() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let world = World::empty().await;
            // A fresh success keeps the clock's first run away until the next hour.
            world.run().await;
            let service = Service::start(&world, &[]).await;
            for token in ["", "wrong", "toke", "token2"] {
                let (status, _) = service.ask(Method::POST, "trigger", token).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED);
                let (status, _) = service.ask(Method::GET, "reports", token).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED);
            }
            let ids = [
                service.run_to_its_end().await["id"].as_i64().unwrap(),
                service.run_to_its_end().await["id"].as_i64().unwrap(),
            ];
            let report = service.get(&format!("reports/{}", ids[1])).await.1;
            assert_eq!(report["status"], "completed");
            assert_eq!(report["details"]["trigger"], "admin_api");

            let (_, page) = service.get("reports?limit=1").await;
            assert_eq!(page["reports"][0]["id"], ids[1]);
            let (_, page) =
                service.get(&format!("reports?limit=1&before={}", page["next_before"])).await;
            assert_eq!(page["reports"][0]["id"], ids[0]);
            for path in ["reports/9999", "reports/x"] {
                assert_eq!(service.get(path).await.0, StatusCode::NOT_FOUND);
            }
            for path in ["reports?limit=0", "reports?limit=101", "reports?before=x"] {
                assert_eq!(service.get(path).await.0, StatusCode::BAD_REQUEST);
            }

            let Start::Begun(others) = world.reconciler.begin(None).await.unwrap() else {
                panic!("nobody runs")
            };
            assert_eq!(service.trigger().await.0, StatusCode::CONFLICT);
            drop(others);

            for (method, path, expected) in [
                (Method::GET, "", StatusCode::NOT_FOUND),
                (Method::GET, "report", StatusCode::NOT_FOUND),
                (Method::GET, "trigger", StatusCode::METHOD_NOT_ALLOWED),
                (Method::DELETE, "reports/1", StatusCode::METHOD_NOT_ALLOWED),
            ] {
                let (status, problem) = service.ask(method, path, "token").await;
                assert_eq!((status, &problem["status"]), (expected, &expected.as_u16().into()));
            }

            let metrics = service.metrics().await;
            assert!(metrics.contains("claimsync_reconcile_mismatches{type=\"data_mismatch\"} 0"));
            assert!(!metrics.contains("claimsync_reconcile_last_success_timestamp_seconds 0"));
            service.stop().await;
        })
        .await;
}

#[tokio::test]
async fn a_run_without_mongodb_leaves_the_alarms_of_the_last_comparison_standing() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let world = World::seeded().await;
            world.lose_writes(300).await;
            let refused = world.run().await;
            let mut cut_off = world;
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            cut_off.mongo_url = format!("mongodb://{}", free.local_addr().unwrap());
            drop(free);
            let service = Service::start(&cut_off, &[]).await;
            let report = service.run_to_its_end().await;
            assert_eq!(report["status"], "completed");
            assert!(report["details"]["cut_short"].as_str().unwrap().contains("is away"));

            let metrics = service.metrics().await;
            let value = |name: &str| -> f64 {
                let line = metrics.lines().find(|line| line.starts_with(name)).unwrap();
                line.rsplit_once(' ').unwrap().1.parse().unwrap()
            };
            assert_eq!(value("claimsync_reconcile_mismatches{type=\"data_mismatch\"}"), 300.0);
            assert_eq!(value("claimsync_reconcile_repairs_refused"), 1.0);
            assert_eq!(value("claimsync_reconcile_checked_mails"), 3_000.0);
            let compared = refused.completed_at.unwrap().timestamp() as f64;
            assert_eq!(value("claimsync_reconcile_last_compared_timestamp_seconds"), compared);
            assert!(value("claimsync_reconcile_last_success_timestamp_seconds") > compared);
            service.stop().await;
        })
        .await;
}

#[tokio::test]
async fn without_postgres_the_admin_api_says_unavailable() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let mut world = World::empty().await;
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            world.postgres_url = format!("postgres://nobody@127.0.0.1:{port}/nothing");
            let service = Service::start(&world, &[]).await;
            assert_eq!(service.trigger().await.0, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(service.get("reports").await.0, StatusCode::SERVICE_UNAVAILABLE);
            service.stop().await;
        })
        .await;
}

#[tokio::test]
async fn a_service_without_a_token_refuses_to_start() {
    let world = World::empty().await;
    let mut settings = world.settings(&[]);
    settings.admin_token = None;
    let error = ReconcilerService::bind(settings).err().expect("it does not start");
    assert!(error.to_string().starts_with("ADMIN_TOKEN is not set"));
}
