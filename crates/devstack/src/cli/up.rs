//! `devstack up`: the stack in the foreground.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use devstack::logs::Logs;
use devstack::secrets::Secrets;
use devstack::stack::programs_beside_this_one;
use devstack::{Lifetime, Replicas, Stack, StackOptions, write_private};

use super::samples;
use super::stop_signal::StopSignal;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Processes of ingest
    #[arg(long, env = "INGESTS", default_value_t = 1, value_name = "N")]
    ingests: usize,
    /// Processes of relay
    #[arg(long, env = "RELAYS", default_value_t = 1, value_name = "N")]
    relays: usize,
    /// Processes of reconciler
    #[arg(long, env = "RECONCILERS", default_value_t = 1, value_name = "N")]
    reconcilers: usize,
}

pub(crate) async fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let dev = root.join(".dev");
    fs::create_dir_all(&dev).with_context(|| format!("couldn't make {}", dev.display()))?;
    let _lock = UpLock::take(&dev)?;
    let env_file = EnvFile(dev.join("env"));
    env_file.remove();
    let mut stop_signal = StopSignal::listen()?;
    let logs = Logs::to_stdout();
    let options = StackOptions {
        dir: dev.clone(),
        lifetime: Lifetime::Kept,
        programs: programs_beside_this_one()?,
        replicas: Replicas {
            ingests: arguments.ingests,
            relays: arguments.relays,
            reconcilers: arguments.reconcilers,
        },
        secrets: Secrets::load_or_make(&dev.join("secrets"))?,
        environment: vec![],
        logs: logs.clone(),
    };
    // Dropping the half-started stack stops what runs already.
    let mut stack = tokio::select! {
        stack = start(root, options, &logs) => stack?,
        () = stop_signal.first() => return Ok(ExitCode::SUCCESS),
    };
    env_file.write(&stack.environment())?;
    for (name, value) in stack.environment() {
        if name.ends_with("_URL") && value.starts_with("http") {
            logs.line("devstack", &format!("{name}={value}"));
        }
    }
    logs.line("devstack", "all are ready; .dev/env says where; Ctrl-C stops");
    tokio::select! {
        () = stack.keep_running() => {}
        () = stop_signal.first() => {}
    }
    logs.line("devstack", "stopping; Ctrl-C again kills");
    env_file.remove();
    stack.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn start(root: &Path, options: StackOptions, logs: &Logs) -> Result<Stack> {
    let mut stack = Stack::prepare(options).await?;
    let clients = stack.clients().await?;
    if clients.estimated_document_count().await? == 0 {
        let documents = samples::clients(root)?;
        logs.line("devstack", &format!("adding {} sample clients", documents.len()));
        clients.insert_many(documents).await?;
    }
    stack.start_services().await?;
    Ok(stack)
}

/// Held by the one `up` of a repository, and by `reset`.
pub(crate) struct UpLock(#[expect(dead_code, reason = "holds the lock while it lives")] File);

impl UpLock {
    pub(crate) fn take(dev: &Path) -> Result<Self> {
        let path = dev.join("up.lock");
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("couldn't open {}", path.display()))?;
        if file.try_lock().is_err() {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!("`up` is running here already (process {}): stop that one first", holder.trim());
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self(file))
    }
}

/// `.dev/env`: there as long as the stack is ready to be used.
struct EnvFile(PathBuf);

impl EnvFile {
    /// Appears whole or not at all, and for its owner alone, since it holds the secrets.
    fn write(&self, environment: &[(&str, String)]) -> Result<()> {
        let lines: String =
            environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let unfinished = self.0.with_extension("new");
        let _ = fs::remove_file(&unfinished);
        write_private(&unfinished, &lines)?;
        fs::rename(&unfinished, &self.0)
            .with_context(|| format!("couldn't write {}", self.0.display()))
    }

    fn remove(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        self.remove();
    }
}
