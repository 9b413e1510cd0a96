//! Child processes that cannot outlive this one.
//!
//! The surprising rule: Linux ties the parent-death signal to the *thread* that started the child,
//! so every child is started by one thread that lives as long as the process.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// How long a killed process may take to disappear.
const KILL_LIMIT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running child. It is killed when dropped, and by the kernel when this process dies.
#[derive(Debug)]
pub struct ManagedProcess {
    child: Child,
}

impl ManagedProcess {
    /// Starts a command made by [`dependent_command`].
    pub(crate) fn start(command: Command) -> Result<Self> {
        let program = command.get_program().to_owned();
        let child = start_from_lasting_thread(command)
            .with_context(|| format!("couldn't start {}", program.display()))?;
        Ok(Self { child })
    }

    /// Runs a command in the foreground, with this process's terminal and more environment.
    pub fn run(command_line: &[OsString], environment: &[(&str, String)]) -> Result<Self> {
        let (program, arguments) = command_line.split_first().context("the command is empty")?;
        let mut command = dependent_command(Path::new(program), None);
        command.args(arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Self::start(command)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, or `None` while it runs.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub fn is_running(&mut self) -> bool {
        self.exit_status().is_none()
    }

    /// Sends a signal; a process that has ended already is left alone.
    pub fn signal(&mut self, signal: Signal) {
        if self.is_running() {
            // It may end between the check and the call: its id stays reserved until it is
            // waited for, so nobody else can be hit.
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    /// Waits up to `limit` for the end. `false` when it still runs.
    pub fn wait(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_running() {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(POLL_INTERVAL);
        }
        true
    }

    /// Asks with `signal`, waits up to `limit`, then kills. `true` when it went by itself.
    pub fn stop(&mut self, signal: Signal, limit: Duration) -> bool {
        self.signal(signal);
        let went = self.wait(limit);
        if !went {
            self.kill();
        }
        went
    }

    /// Kills (`SIGKILL`) and waits for the end.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait(KILL_LIMIT);
    }
}

impl Drop for ManagedProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The user and group that a child runs as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

/// A command that dies with this process and may run as someone else.
pub(crate) fn dependent_command(program: &Path, identity: Option<Identity>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(identity) = identity {
        command.arg(format!("--reuid={}", identity.user));
        command.arg(format!("--regid={}", identity.group));
        command.arg("--clear-groups");
    }
    command.arg("--").arg(program);
    command
}

/// The same for a server: without input, and in a process group of its own, so that Ctrl-C on the
/// terminal reaches only the parent, which then stops all in order.
pub(crate) fn server_command(program: &Path, identity: Option<Identity>) -> Command {
    let mut command = dependent_command(program, identity);
    command.stdin(Stdio::null()).process_group(0);
    command
}

/// The ids of all processes called `name` that carry `mark` in their command line.
///
/// This finds what an earlier run left behind as well as a server's own children.
pub(crate) fn find_marked(name: &str, mark: &str) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found: Vec<Pid> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|id| {
            let read = |file: &str| fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
            read("comm").trim_ascii() == name.as_bytes()
                && String::from_utf8_lossy(&read("cmdline")).contains(mark)
        })
        .filter_map(Pid::from_raw)
        .collect();
    // Parents come first, so that a stopped or killed parent starts no further child.
    found.sort_by_key(|id| id.as_raw_nonzero());
    found
}

pub(crate) fn signal_marked(name: &str, mark: &str, signal: Signal) {
    for id in find_marked(name, mark) {
        let _ = kill_process(id, signal);
    }
}

/// Kills all processes called `name` that carry `mark`, and waits until they are gone.
pub(crate) fn end_marked(name: &str, mark: &str) {
    let deadline = Instant::now() + KILL_LIMIT;
    while Instant::now() < deadline && !find_marked(name, mark).is_empty() {
        signal_marked(name, mark, Signal::KILL);
        thread::sleep(POLL_INTERVAL);
    }
}

struct Order {
    command: Command,
    reply: mpsc::Sender<io::Result<Child>>,
}

fn start_from_lasting_thread(command: Command) -> io::Result<Child> {
    static STARTER: OnceLock<Mutex<mpsc::Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for mut order in orders {
                let _ = order.reply.send(order.command.spawn());
            }
        });
        Mutex::new(sender)
    });
    let gone = || io::Error::other("the thread that starts processes is gone");
    let (reply, answer) = mpsc::channel();
    {
        let sender = starter.lock().map_err(|_| gone())?;
        sender.send(Order { command, reply }).map_err(|_| gone())?;
    }
    answer.recv().map_err(|_| gone())?
}
