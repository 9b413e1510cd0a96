//! A private PostgreSQL server on 127.0.0.1, beside whatever else runs on the machine.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tokio_postgres::NoTls;

use crate::process::{
    Identity, ManagedProcess, dependent_command, end_marked, server_command, signal_marked,
};
use crate::programs::postgres_bin_dir;
use crate::storage::{Lifetime, free_port, log_tail, write_private};

/// Recovery after a kill under load takes a while on a slow disk.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const USER: &str = "claimsync";
const PROGRAM: &str = "postgres";
/// The database that every cluster has.
const MAINTENANCE: &str = "postgres";

/// A server that stops when dropped.
#[derive(Debug)]
pub struct PostgresServer {
    process: Option<ManagedProcess>,
    place: Place,
    programs: PathBuf,
    log: PathBuf,
    password: String,
    port: u16,
    lifetime: Lifetime,
}

impl PostgresServer {
    /// Starts a server on the data in `dir`, which is made when it is not there, and waits until
    /// it accepts connections. Without a port it takes a free one.
    ///
    /// What an earlier run left running on the same data is ended first.
    pub async fn start(dir: &Path, port: Option<u16>, lifetime: Lifetime) -> Result<Self> {
        let programs = postgres_bin_dir()?;
        let place = Place::prepare(dir)?;
        end_marked(PROGRAM, &place.mark);
        if lifetime == Lifetime::Throwaway {
            place.empty()?;
        }
        let password = password(dir, &place)?;
        if !place.data().join("PG_VERSION").exists() {
            place.make_cluster(&programs, &password)?;
        }
        let log = dir.join("postgres.log");
        let port = port.map_or_else(free_port, Ok)?;
        let mut server = Self { process: None, place, programs, log, password, port, lifetime };
        server.launch().await?;
        Ok(server)
    }

    /// Where to connect, as `postgres://…/database`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
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

    /// Makes a database unless it is there.
    pub async fn create_database(&self, name: &str) -> Result<()> {
        let client = self.connect(MAINTENANCE).await?;
        let known = client.query("SELECT FROM pg_database WHERE datname = $1", &[&name]).await?;
        if known.is_empty() {
            client.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await?;
        }
        Ok(())
    }

    /// A session on a database of this server.
    pub async fn connect(&self, database: &str) -> Result<tokio_postgres::Client> {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await?;
        // It ends with the client; an error reaches the client's own calls.
        tokio::spawn(connection);
        Ok(client)
    }

    /// Stops in order: sessions are ended, nothing needs recovery afterwards.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::INT, STOP_LIMIT);
        }
        end_marked(PROGRAM, &self.place.mark);
    }

    /// `kill -9` for the server and all its sessions, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::KILL);
        }
        end_marked(PROGRAM, &self.place.mark);
    }

    /// Freezes the server and all its sessions (`SIGSTOP`).
    pub fn pause(&self) {
        signal_marked(PROGRAM, &self.place.mark, Signal::STOP);
    }

    /// Thaws what [`pause`](Self::pause) froze.
    pub fn resume(&self) {
        signal_marked(PROGRAM, &self.place.mark, Signal::CONT);
    }

    /// Starts again on the same port and data after [`stop`](Self::stop), [`kill`](Self::kill) or
    /// a crash; a server that still runs is stopped first.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop();
        self.launch().await
    }

    async fn launch(&mut self) -> Result<()> {
        // No process of this cluster is left. A killed one that nobody has waited for yet still
        // counts as alive for PostgreSQL, which would refuse to start beside it.
        let _ = fs::remove_file(self.place.data().join("postmaster.pid"));
        let log = File::create(&self.log)
            .with_context(|| format!("couldn't write {}", self.log.display()))?;
        let mut command = server_command(&self.programs.join(PROGRAM), self.place.identity);
        command.arg("-D").arg(self.place.data()).args(["-h", "127.0.0.1", "-k", ""]);
        command.arg("-p").arg(self.port.to_string());
        let mark = format!("cluster_name={}", self.place.mark);
        let mut settings = vec![
            mark.as_str(),
            // Many pools of many tests share one server.
            "max_connections=400",
            "shared_buffers=128MB",
            "log_min_messages=warning",
        ];
        if self.lifetime == Lifetime::Throwaway {
            settings.extend(["fsync=off", "synchronous_commit=on", "full_page_writes=off"]);
        }
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        command.current_dir("/").stdout(log.try_clone()?).stderr(log);
        self.process = Some(ManagedProcess::start(command)?);
        self.wait_ready().await
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(end) = self.exit_status() {
                bail!(
                    "PostgreSQL did not start ({end}); {} ends with:\n  {}",
                    self.log.display(),
                    log_tail(&self.log)
                );
            }
            match self.connect(MAINTENANCE).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() >= deadline => {
                    return Err(error).context("PostgreSQL takes too long to start");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        match self.lifetime {
            Lifetime::Kept => self.stop(),
            Lifetime::Throwaway => {
                if let Some(mut process) = self.process.take() {
                    process.stop(Signal::QUIT, STOP_LIMIT);
                }
                end_marked(PROGRAM, &self.place.mark);
                self.place.remove();
            }
        }
    }
}

/// The folder of the data, and whom it belongs to.
///
/// PostgreSQL refuses to run as root, and the user it runs as instead often cannot enter the
/// repository (one under `/root`, or in a `mktemp -d`): then the data lies under `/var/tmp`, with
/// a link from the folder that was asked for.
#[derive(Debug)]
struct Place {
    /// The folder that was asked for.
    asked: PathBuf,
    home: PathBuf,
    identity: Option<Identity>,
    /// Stands in the command line of every process of this server.
    mark: String,
}

impl Place {
    fn prepare(asked: &Path) -> Result<Self> {
        fs::create_dir_all(asked).with_context(|| format!("couldn't make {}", asked.display()))?;
        let asked = asked.canonicalize()?;
        let digest = Sha256::digest(asked.as_os_str().as_encoded_bytes());
        let mark: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mark = format!("claimsync-{mark}");
        if !rustix::process::geteuid().is_root() {
            let home = asked.clone();
            return Ok(Self { asked, home, identity: None, mark });
        }
        let identity = unprivileged_user()?;
        let home = Path::new("/var/tmp").join(&mark);
        let place = Self { asked, home, identity: Some(identity), mark };
        place.make_home(identity)?;
        Ok(place)
    }

    fn make_home(&self, identity: Identity) -> Result<()> {
        let home = self.home.display();
        match fs::DirBuilder::new().mode(0o700).create(&self.home) {
            Ok(()) => chown(&self.home, Some(identity.user), Some(identity.group))
                .with_context(|| format!("couldn't give {home} to the database's user"))?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(&self.home)?;
                // Everybody may write to /var/tmp: someone else's folder is not ours to use.
                ensure!(
                    found.is_dir() && found.uid() == identity.user,
                    "{home} belongs to somebody else: remove it"
                );
            }
            Err(error) => return Err(error).with_context(|| format!("couldn't make {home}")),
        }
        let link = self.asked.join("data");
        if fs::read_link(&link).ok().as_deref() != Some(&self.data()) {
            let _ = fs::remove_file(&link);
            symlink(self.data(), &link)
                .with_context(|| format!("couldn't link {}", link.display()))?;
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Runs `initdb` beside the final place, so that an interrupted run leaves no half cluster.
    fn make_cluster(&self, programs: &Path, password: &str) -> Result<()> {
        let unfinished = self.home.join("data.new");
        let password_file = self.home.join("password.new");
        let _ = fs::remove_dir_all(&unfinished);
        let _ = fs::remove_file(&password_file);
        write_private(&password_file, password)?;
        let mut command = match self.identity {
            Some(identity) => {
                chown(&password_file, Some(identity.user), Some(identity.group))?;
                dependent_command(&programs.join("initdb"), Some(identity))
            }
            None => Command::new(programs.join("initdb")),
        };
        command.args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        command.args(["--username", USER]).arg("--pwfile").arg(&password_file);
        command.arg("-D").arg(&unfinished).current_dir("/");
        let output = command.output().context("couldn't run initdb")?;
        let _ = fs::remove_file(&password_file);
        if !output.status.success() {
            bail!("initdb failed:\n  {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        fs::rename(&unfinished, self.data()).context("couldn't move the new cluster into place")
    }

    fn empty(&self) -> Result<()> {
        match fs::remove_dir_all(self.data()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("couldn't empty {}", self.data().display()))
            }
            _ => Ok(()),
        }
    }

    fn remove(&self) {
        let _ = fs::remove_dir_all(self.data());
        if self.identity.is_some() {
            let _ = fs::remove_dir_all(&self.home);
            let _ = fs::remove_file(self.asked.join("data"));
        }
    }
}

/// Removes the data of the server for `dir`, ending it if an earlier run left it behind.
pub fn remove_data(dir: &Path) -> Result<()> {
    if dir.exists() {
        let place = Place::prepare(dir)?;
        end_marked(PROGRAM, &place.mark);
        place.remove();
        fs::remove_dir_all(dir).with_context(|| format!("couldn't remove {}", dir.display()))?;
    }
    Ok(())
}

/// The cluster's password, made together with the cluster.
fn password(dir: &Path, place: &Place) -> Result<String> {
    let file = dir.join("password");
    if place.data().join("PG_VERSION").exists() {
        return fs::read_to_string(&file)
            .with_context(|| format!("couldn't read {}: run ./justw reset", file.display()));
    }
    let password = uuid::Uuid::new_v4().simple().to_string();
    let _ = fs::remove_file(&file);
    write_private(&file, &password)?;
    Ok(password)
}

/// `postgres`, which Debian's package makes, else `nobody`.
fn unprivileged_user() -> Result<Identity> {
    let users = fs::read_to_string("/etc/passwd").context("couldn't read /etc/passwd")?;
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [found, _, user, group, ..] = fields[..] else { return None };
            let identity = Identity { user: user.parse().ok()?, group: group.parse().ok()? };
            (found == name).then_some(identity)
        })
    };
    find("postgres").or_else(|| find("nobody")).context(
        "PostgreSQL does not run as root, and neither `postgres` nor `nobody` is a user here",
    )
}
