use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use test_support::wait_until;

use crate::stand_ins::Repository;

const LIMIT: Duration = Duration::from_secs(60);

/// A running `devstack up`.
struct Up {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Up {
    fn start(repository: &Repository, variables: &[(&str, &str)]) -> Self {
        let mut child = command(repository, &["up"])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        Self { child, lines }
    }

    /// The next line that contains `text`; lines before it are dropped.
    fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("no line: {text}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Ends it with a signal and returns its exit code, if it has one.
    fn end(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(repository: &Repository, arguments: &[&str]) -> Command {
    let mut command = Command::new(repository.programs().join("devstack"));
    command.arg("--root").arg(repository.path()).args(arguments).stdin(Stdio::null());
    command
}

fn run(repository: &Repository, arguments: &[&str]) -> Output {
    command(repository, arguments).output().unwrap()
}

fn env_file(repository: &Repository) -> HashMap<String, String> {
    let text = fs::read_to_string(repository.path().join(".dev/env")).unwrap();
    let variables = text.lines().map(|line| line.split_once('=').unwrap());
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn process_of(line: &str) -> Pid {
    Pid::from_raw(line.rsplit(' ').next().unwrap().parse().unwrap()).unwrap()
}

async fn clients(repository: &Repository) -> mongodb::Collection<Document> {
    let env = env_file(repository);
    let client = mongodb::Client::with_uri_str(&env["MONGODB_URL"]).await.unwrap();
    client.database(&env["MONGODB_DATABASE"]).collection("clients")
}

#[tokio::test]
async fn data_survives_a_stop_and_a_kill_and_goes_with_reset() {
    let repository = Repository::new();
    let mut up = Up::start(&repository, &[("RELAYS", "2")]);
    up.line_with("migrated with up");
    up.line_with("adding 2 sample clients");
    up.line_with("relay-2");
    up.line_with("all are ready");
    let env = env_file(&repository);
    for name in ["DATABASE_URL", "WEBHOOK_SECRET", "ADMIN_TOKEN", "RELAY_URL", "RECONCILER_URL"] {
        assert!(!env[name].is_empty(), "{name}");
    }
    let ready = is_ready(&env["INGEST_URL"]).await;
    assert!(ready);
    clients(&repository).await.insert_one(doc! {"_id": "c"}).await.unwrap();

    let refused = run(&repository, &["up"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("running here already"));
    assert_eq!(run(&repository, &["reset", "--yes"]).status.code(), Some(1));

    assert_eq!(up.end(Signal::TERM), Some(0));
    up.line_with("drained");
    assert!(!repository.path().join(".dev/env").exists());

    let mut up = Up::start(&repository, &[]);
    up.line_with("all are ready");
    assert_eq!(env_file(&repository)["WEBHOOK_SECRET"], env["WEBHOOK_SECRET"]);
    assert_eq!(clients(&repository).await.count_documents(doc! {}).await.unwrap(), 3);
    assert_eq!(up.end(Signal::KILL), None);

    let mut up = Up::start(&repository, &[]);
    up.line_with("all are ready");
    assert_eq!(clients(&repository).await.count_documents(doc! {}).await.unwrap(), 3);
    assert_eq!(up.end(Signal::INT), Some(0));

    assert_eq!(run(&repository, &["reset"]).status.code(), Some(1), "it must be confirmed");
    assert_eq!(run(&repository, &["reset", "--yes"]).status.code(), Some(0));
    let up = Up::start(&repository, &[]);
    up.line_with("adding 2 sample clients");
}

#[tokio::test]
async fn what_dies_is_started_again_with_a_line_and_nothing_outlives_a_killed_stack() {
    let repository = Repository::new();
    let mut up = Up::start(&repository, &[]);
    let relay = process_of(&up.line_with("relay-1      | process"));
    up.line_with("all are ready");
    let env = env_file(&repository);

    kill_process(relay, Signal::KILL).unwrap();
    up.line_with("relay-1      | ended (signal: 9 (SIGKILL)); starting it again");
    let relay = process_of(&up.line_with("relay-1      | process"));
    wait_until(LIMIT, async || is_ready(&env["RELAY_URL"]).await).await;

    let data = fs::canonicalize(repository.path().join(".dev/postgres/data")).unwrap();
    let postmaster = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let postmaster = process_of(postmaster.lines().next().unwrap());
    let mongod = fs::read_to_string(repository.path().join(".dev/mongodb/data/mongod.lock"));
    let mongod = process_of(mongod.unwrap().trim());
    kill_process(postmaster, Signal::KILL).unwrap();
    up.line_with("postgres     | ended");
    kill_process(mongod, Signal::KILL).unwrap();
    up.line_with("mongodb      | ended");
    let clients = clients(&repository).await;
    wait_until(LIMIT, async || clients.count_documents(doc! {}).await.is_ok_and(|n| n == 2)).await;

    up.end(Signal::KILL);
    wait_until(LIMIT, async || test_kill_process(relay).is_err()).await;
    let folder = repository.path().to_str().unwrap();
    let is_mongod_gone = || {
        let found = Command::new("pgrep").args(["-f", &format!("{folder}/.dev")]).output().unwrap();
        found.stdout.is_empty()
    };
    wait_until(LIMIT, async || is_mongod_gone()).await;
}

async fn is_ready(url: &str) -> bool {
    let client = devstack::http_client_builder().build().unwrap();
    client.get(format!("{url}/readyz")).send().await.is_ok_and(|answer| answer.status() == 200)
}
