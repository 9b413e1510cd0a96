//! A folder for one run, which the next run sweeps away if this one could not.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{mongo, postgres};

/// A test may run a whole repository's stack: `<run>/<repository>/.dev/postgres`.
const DEEPEST_SERVER: usize = 2;

/// `<parent>/<kind>-<process id>`, locked while this value lives and removed with it.
///
/// Several runs may go on side by side; those whose process has died are cleaned up by the next.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    lock: File,
}

impl RunDir {
    pub fn create(parent: &Path, kind: &str) -> Result<Self> {
        fs::create_dir_all(parent)
            .with_context(|| format!("couldn't make {}", parent.display()))?;
        sweep(parent, kind);
        let path = parent.join(format!("{kind}-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("couldn't make {}", path.display()))?;
        let lock = File::create(path.join("lock")).context("couldn't make the run's lock")?;
        lock.lock().context("couldn't take the run's lock")?;
        Ok(Self { path, lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the run's PostgreSQL belongs.
    pub fn postgres(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// Where the run's MongoDB belongs.
    pub fn mongodb(&self) -> PathBuf {
        self.path.join("mongodb")
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        remove(&self.path);
        let _ = self.lock.unlock();
    }
}

fn sweep(parent: &Path, kind: &str) {
    let prefix = format!("{kind}-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(&prefix) {
            continue;
        }
        let lock = File::open(entry.path().join("lock"));
        let is_alive =
            lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
        if !is_alive {
            remove(&entry.path());
        }
    }
}

/// Also ends and removes servers further down, which tests start for themselves.
fn remove(path: &Path) {
    for folder in folders_below(path, DEEPEST_SERVER) {
        let _ = postgres::remove_data(&folder.join("postgres"));
        let _ = mongo::remove_data(&folder.join("mongodb"));
    }
    let _ = fs::remove_dir_all(path);
}

/// The folder itself, and all others down to a depth; links are not followed.
fn folders_below(path: &Path, depth: usize) -> Vec<PathBuf> {
    let mut folders = vec![path.to_owned()];
    if depth > 0 {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.extend(folders_below(&entry.path(), depth - 1));
            }
        }
    }
    folders
}
