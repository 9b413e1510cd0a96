//! One process of a service.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::logs::Logs;
use crate::process::{ManagedProcess, Signal, server_command};
use crate::stack::restart_line;

const FIRST_BACK_OFF: Duration = Duration::from_millis(100);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);
/// A service that has run this long is healthy: its next restart comes at once again.
const HEALTHY_AFTER: Duration = Duration::from_secs(10);

/// The kinds of service, each a program of this name beside `devstack`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ingest,
    Relay,
    Reconciler,
}

impl Kind {
    pub fn program(self) -> &'static str {
        match self {
            Kind::Ingest => "ingest",
            Kind::Relay => "relay",
            Kind::Reconciler => "reconciler",
        }
    }
}

/// A service's process: it may be signalled, killed and started again on the same port.
pub struct Service {
    kind: Kind,
    name: String,
    program: PathBuf,
    environment: Vec<(String, String)>,
    port: u16,
    logs: Logs,
    process: Option<ManagedProcess>,
    started: Instant,
    quick_ends: u32,
}

impl Service {
    /// Named, not yet started. `number` counts the processes of a kind from 1.
    pub(crate) fn new(
        kind: Kind,
        number: usize,
        programs: &Path,
        port: u16,
        environment: &[(String, String)],
        logs: &Logs,
    ) -> Self {
        Self {
            kind,
            name: format!("{}-{number}", kind.program()),
            program: programs.join(kind.program()),
            environment: environment.to_vec(),
            port,
            logs: logs.clone(),
            process: None,
            started: Instant::now(),
            quick_ends: 0,
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// As its log lines show it: `relay-2`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sets a variable for this process alone, stronger than those of all. It holds from the next
    /// start on.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn start(&mut self) -> Result<()> {
        ensure!(
            self.program.is_file(),
            "{} is not built: run cargo build --workspace --bins",
            self.program.display()
        );
        let (reader, writer) = std::io::pipe().context("couldn't make a pipe for the log")?;
        let mut command = server_command(&self.program, None);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("LISTEN_ADDR", format!("127.0.0.1:{}", self.port));
        command.stdout(writer.try_clone()?).stderr(writer);
        self.process = Some(ManagedProcess::start(command)?);
        self.started = Instant::now();
        self.logs.follow(&self.name, reader);
        Ok(())
    }

    /// The process's id while there is one.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(ManagedProcess::id)
    }

    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(ManagedProcess::is_running)
    }

    /// How it ended, when it was started and has ended.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(ManagedProcess::exit_status)
    }

    /// Sends any signal: `TERM` to drain it, `STOP` and `CONT` to freeze and thaw it, `KILL`.
    pub fn signal(&mut self, signal: Signal) {
        if let Some(process) = &mut self.process {
            process.signal(signal);
        }
    }

    /// Whether `/readyz` answers 200.
    pub async fn is_ready(&self, http: &reqwest::Client) -> bool {
        let answer = http.get(format!("{}/readyz", self.url())).send().await;
        answer.is_ok_and(|answer| answer.status() == reqwest::StatusCode::OK)
    }

    /// Starts it again if it has ended, with a line that says so and a growing pause after ends
    /// in quick succession.
    pub fn tend(&mut self) {
        if self.is_running() || Instant::now() < self.started + self.back_off() {
            return;
        }
        let line = restart_line(self.exit_status());
        self.logs.line(&self.name, &line);
        if self.started.elapsed() < HEALTHY_AFTER {
            self.quick_ends += 1;
        } else {
            self.quick_ends = 0;
        }
        if let Err(error) = self.start() {
            self.logs.line(&self.name, &format!("{error:#}"));
            self.started = Instant::now();
        }
    }

    fn back_off(&self) -> Duration {
        let doublings = self.quick_ends.min(16);
        let pause = FIRST_BACK_OFF.saturating_mul(2_u32.saturating_pow(doublings));
        if self.quick_ends == 0 { Duration::ZERO } else { pause.min(LONGEST_BACK_OFF) }
    }
}
