//! A private MongoDB server on 127.0.0.1: a replica set of one, since transactions and majority
//! writes want one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mongodb::bson::{Document, doc};
use mongodb::error::ErrorKind;
use rustix::process::Signal;

use crate::process::{ManagedProcess, end_marked, server_command};
use crate::programs::mongod;
use crate::storage::{Lifetime, free_port, log_tail};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const REPLICA_SET: &str = "claimsync";
const PROGRAM: &str = "mongod";

/// The server's error code for `NotYetInitialized`.
const NOT_YET_INITIALIZED: i32 = 94;

/// A server that stops when dropped.
#[derive(Debug)]
pub struct MongoServer {
    process: Option<ManagedProcess>,
    program: PathBuf,
    dir: PathBuf,
    port: u16,
    lifetime: Lifetime,
}

impl MongoServer {
    /// Starts a server on the data in `dir`, which is made when it is not there, and waits until
    /// it is the primary of its replica set. Without a port it takes a free one.
    ///
    /// What an earlier run left running on the same data is ended first.
    pub async fn start(dir: &Path, port: Option<u16>, lifetime: Lifetime) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("couldn't make {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let program = mongod(&dir)?;
        let port = port.map_or_else(free_port, Ok)?;
        let mut server = Self { process: None, program, dir, port, lifetime };
        end_marked(PROGRAM, &mark(&server.dir));
        if lifetime == Lifetime::Throwaway {
            server.remove_data();
        }
        fs::create_dir_all(server.data())
            .with_context(|| format!("couldn't make {}", server.data().display()))?;
        server.launch().await?;
        Ok(server)
    }

    /// Where to connect; the database is named apart from it.
    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?replicaSet={REPLICA_SET}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How it ended, when it was started and has ended.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(ManagedProcess::exit_status)
    }

    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(ManagedProcess::is_running)
    }

    /// Stops in order.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::TERM, STOP_LIMIT);
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Freezes the server (`SIGSTOP`).
    pub fn pause(&mut self) {
        if let Some(process) = &mut self.process {
            process.signal(Signal::STOP);
        }
    }

    /// Thaws what [`pause`](Self::pause) froze.
    pub fn resume(&mut self) {
        if let Some(process) = &mut self.process {
            process.signal(Signal::CONT);
        }
    }

    /// Starts again on the same port and data after [`stop`](Self::stop), [`kill`](Self::kill) or
    /// a crash; a server that still runs is stopped first.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop();
        self.launch().await
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("mongod.log")
    }

    fn remove_data(&self) {
        let _ = fs::remove_dir_all(self.data());
    }

    async fn launch(&mut self) -> Result<()> {
        let log = File::create(self.log())
            .with_context(|| format!("couldn't write {}", self.log().display()))?;
        let mut command = server_command(&self.program, None);
        command.arg("--dbpath").arg(self.data());
        command.args(["--bind_ip", "127.0.0.1", "--port", &self.port.to_string()]);
        command.args(["--replSet", REPLICA_SET, "--oplogSize", "256", "--nounixsocket"]);
        command.args(["--wiredTigerCacheSizeGB", "0.25", "--quiet"]);
        command.args(["--setParameter", "diagnosticDataCollectionEnabled=false"]);
        // By default a primary lingers 15 s after SIGTERM to send its clients elsewhere.
        command.args(["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"]);
        command.stdout(log.try_clone()?).stderr(log);
        self.process = Some(ManagedProcess::start(command)?);
        self.wait_primary().await
    }

    async fn wait_primary(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(end) = self.exit_status() {
                bail!(
                    "MongoDB did not start ({end}); {} ends with:\n  {}",
                    self.log().display(),
                    log_tail(&self.log())
                );
            }
            match self.become_primary().await {
                Ok(true) => return Ok(()),
                outcome if Instant::now() >= deadline => {
                    outcome.context("MongoDB takes too long to start")?;
                    bail!("MongoDB takes too long to become primary");
                }
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// One step towards a primary: makes the replica set, or tells it its new port.
    async fn become_primary(&self) -> Result<bool> {
        let own_address = format!("127.0.0.1:{}", self.port);
        let url =
            format!("mongodb://{own_address}/?directConnection=true&serverSelectionTimeoutMS=1000");
        let admin = mongodb::Client::with_uri_str(&url).await?.database("admin");
        match admin.run_command(doc! {"replSetGetConfig": 1}).await {
            Ok(reply) => {
                let mut config = reply.get_document("config")?.clone();
                if change_address(&mut config, &own_address)? {
                    let change = doc! {"replSetReconfig": config, "force": true};
                    admin.run_command(change).await?;
                }
            }
            Err(error) if is_not_yet_initialized(&error) => {
                let members = vec![doc! {"_id": 0, "host": &own_address}];
                let config = doc! {"_id": REPLICA_SET, "members": members};
                admin.run_command(doc! {"replSetInitiate": config}).await?;
            }
            Err(error) => return Err(error.into()),
        }
        let hello = admin.run_command(doc! {"hello": 1}).await?;
        Ok(hello.get_bool("isWritablePrimary").unwrap_or(false))
    }
}

impl Drop for MongoServer {
    fn drop(&mut self) {
        match self.lifetime {
            Lifetime::Kept => self.stop(),
            Lifetime::Throwaway => {
                self.kill();
                self.remove_data();
            }
        }
    }
}

/// Removes the data of the server for `dir`, ending it if an earlier run left it behind.
pub fn remove_data(dir: &Path) -> Result<()> {
    if dir.exists() {
        end_marked(PROGRAM, &mark(&dir.canonicalize()?));
        fs::remove_dir_all(dir).with_context(|| format!("couldn't remove {}", dir.display()))?;
    }
    Ok(())
}

/// What stands in the command line of the server for this folder.
fn mark(dir: &Path) -> String {
    format!("--dbpath\0{}\0", dir.join("data").display())
}

/// Puts the address into the configuration. `false` when it is there already.
fn change_address(config: &mut Document, address: &str) -> Result<bool> {
    let version = config.get_i32("version").unwrap_or(1);
    let member = config
        .get_array_mut("members")?
        .first_mut()
        .and_then(|member| member.as_document_mut())
        .context("the replica set has no member")?;
    if member.get_str("host").ok() == Some(address) {
        return Ok(false);
    }
    member.insert("host", address);
    config.insert("version", version + 1);
    Ok(true)
}

fn is_not_yet_initialized(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::Command(command) if command.code == NOT_YET_INITIALIZED)
}
