//! The run-up that all services share: log, runtime, signals, metrics, the HTTP endpoints that an
//! operator and Kubernetes look at. A service hands over one async function and gets a [`Context`].

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};
use futures::future::BoxFuture;
use prometheus::{Encoder, Registry, TextEncoder};
use serde::Serialize;
use slog::{Logger, error, info, o};
use tokio_util::sync::CancellationToken;

use crate::settings::ServiceSettings;
use crate::{logging, problem};

/// A question to a dependency that takes longer than this counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// What a service gets from the run-up.
#[derive(Clone)]
pub struct Context {
    pub log: Logger,
    pub metrics: Registry,
    /// Cancelled by SIGTERM or SIGINT, or by a test: finish what is in hand and return.
    pub shutdown: CancellationToken,
}

impl Context {
    /// A context for tests and one-off commands: its own registry, and nothing cancels it but the
    /// caller.
    pub fn detached(log: Logger) -> Self {
        Self { log, metrics: Registry::new(), shutdown: CancellationToken::new() }
    }
}

/// Runs a service to its end: starts the log and the runtime, turns signals into the context's
/// cancellation, and logs once what the service failed with.
pub fn run<F, Fut>(service: &'static str, settings: &ServiceSettings, serve: F) -> ExitCode
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let (log, _guard) = logging::start(&settings.log, service);
    info!(log, "starting"; "version" => env!("CARGO_PKG_VERSION"), "revision" => revision());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(log, "couldn't start the runtime"; "error" => %error);
            return ExitCode::from(2);
        }
    };
    let context = Context { log: log.clone(), ..Context::detached(log.clone()) };
    let result = runtime.block_on(async {
        let signals = tokio::spawn(cancel_on_signal(context.clone()));
        let result = serve(context).await;
        signals.abort();
        result
    });
    // A blocking call that hangs on a dead connection must not hold the process beyond this.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(()) => {
            info!(log, "stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            error!(log, "failed"; "error" => format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn revision() -> &'static str {
    option_env!("CLAIMSYNC_REVISION").unwrap_or("unknown")
}

/// SIGTERM and SIGINT are one and the same wish.
async fn cancel_on_signal(context: Context) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        error!(context.log, "couldn't listen for signals; only a kill ends this process");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!(context.log, "asked to stop; finishing what is in hand");
    context.shutdown.cancel();
}

/// How one dependency is doing.
#[derive(Clone, Debug, Serialize)]
pub struct DependencyHealth {
    pub name: &'static str,
    pub ok: bool,
    /// Words for a person; no secret, no address.
    pub detail: String,
}

impl DependencyHealth {
    pub fn from_result<E: std::fmt::Display>(name: &'static str, result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self { name, ok: true, detail: "ok".to_owned() },
            Err(error) => Self { name, ok: false, detail: error.to_string() },
        }
    }
}

type Check = Arc<dyn Fn() -> BoxFuture<'static, DependencyHealth> + Send + Sync>;
type Refresh = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// `/healthz`, `/readyz` and `/metrics`.
#[derive(Clone)]
pub struct OperatorEndpoints {
    context: Context,
    checks: Vec<(&'static str, Check)>,
    refresh: Option<Refresh>,
    degraded: bool,
}

impl OperatorEndpoints {
    pub fn new(context: &Context) -> Self {
        Self { context: context.clone(), checks: Vec::new(), refresh: None, degraded: false }
    }

    /// Adds a dependency that `/readyz` asks and names.
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let check = move || -> BoxFuture<'static, DependencyHealth> {
            let future = check();
            Box::pin(async move {
                DependencyHealth::from_result(name, future.await.map_err(|e| format!("{e:#}")))
            })
        };
        self.checks.push((name, Arc::new(check)));
        self
    }

    /// Brings gauges that are read from a database up to date, right before a scrape.
    pub fn refresh_before_scrape<F, Fut>(mut self, refresh: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.refresh = Some(Arc::new(move || Box::pin(refresh())));
        self
    }

    /// Makes `/readyz` say `degraded` where it would say `ok`.
    pub fn degraded(mut self) -> Self {
        self.degraded = true;
        self
    }

    /// Adds the three routes to an application.
    pub fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(web::Data::new(self.clone()))
            .service(web::resource("/healthz").route(web::get().to(healthz)))
            .service(web::resource("/readyz").route(web::get().to(readyz)))
            .service(web::resource("/metrics").route(web::get().to(metrics)));
    }
}

/// Alive, also while draining.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "ok"}))
}

async fn readyz(endpoints: web::Data<OperatorEndpoints>) -> HttpResponse {
    let asked = endpoints.checks.iter().map(|(name, check)| async {
        tokio::time::timeout(CHECK_TIMEOUT, check()).await.unwrap_or(DependencyHealth {
            name,
            ok: false,
            detail: format!("no answer within {} s", CHECK_TIMEOUT.as_secs()),
        })
    });
    let dependencies = futures::future::join_all(asked).await;
    let draining = endpoints.context.shutdown.is_cancelled();
    let all_ok = dependencies.iter().all(|dependency| dependency.ok);
    let status = match (draining, all_ok, endpoints.degraded) {
        (true, _, _) => "draining",
        (false, false, _) => "unavailable",
        (false, true, true) => "degraded",
        (false, true, false) => "ok",
    };
    let body = serde_json::json!({"status": status, "dependencies": dependencies});
    if draining || !all_ok {
        HttpResponse::ServiceUnavailable().json(body)
    } else {
        HttpResponse::Ok().json(body)
    }
}

async fn metrics(endpoints: web::Data<OperatorEndpoints>) -> HttpResponse {
    if let Some(refresh) = &endpoints.refresh {
        // A database that is away must not take the other metrics with it.
        tokio::time::timeout(CHECK_TIMEOUT, refresh()).await.ok();
    }
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    match encoder.encode(&endpoints.context.metrics.gather(), &mut text) {
        Ok(()) => HttpResponse::Ok().content_type(encoder.format_type()).body(text),
        Err(error) => {
            error!(endpoints.context.log, "couldn't encode the metrics"; "error" => %error);
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// A bound listener, so that a test can ask for port 0 and learn the port before anything runs.
pub struct BoundHttp {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl BoundHttp {
    pub fn bind(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).with_context(|| {
            format!("couldn't listen on {address}; is LISTEN_ADDR free and ours?")
        })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Serves until the context is cancelled, then lets requests in hand finish.
    ///
    /// `configure` adds the service's own routes to the operator endpoints. Other paths and methods
    /// are answered with a [`problem`]; for a method to be told from a path, each path must be a
    /// `web::resource`, since actix answers 404 to a wrong method of an `App::route`.
    pub async fn serve<C>(
        self,
        context: &Context,
        endpoints: OperatorEndpoints,
        configure: C,
    ) -> Result<()>
    where
        C: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let log = context.log.new(o!("address" => self.address.to_string()));
        let server = HttpServer::new(move || {
            let endpoints = endpoints.clone();
            let configure = configure.clone();
            actix_web::App::new()
                .wrap(from_fn(problem::explain_wrong_method))
                .default_service(web::to(problem::no_such_path))
                .configure(move |app| endpoints.configure(app))
                .configure(move |app| configure(app))
        })
        .workers(HTTP_WORKERS)
        .client_request_timeout(LONGEST_HEAD)
        .disable_signals()
        .shutdown_timeout(5)
        .listen(self.listener)?
        .run();
        info!(log, "listening");
        let handle = server.handle();
        let stop = {
            let shutdown = context.shutdown.clone();
            tokio::spawn(async move {
                shutdown.cancelled().await;
                handle.stop(true).await;
            })
        };
        let result = server.await.context("the HTTP server failed");
        stop.abort();
        result
    }
}

/// A request whose head is not here by then is answered 408, which Zendesk does not send again: so this
/// is longer than any sender waits (12 s). With actix's 5 s a process that was frozen for a moment refused, as
/// it woke, mails that had been in its socket all along.
const LONGEST_HEAD: Duration = Duration::from_secs(30);

/// The work behind a request waits for Postgres, so two threads are plenty for one office and for
/// a thousand.
const HTTP_WORKERS: usize = 2;
