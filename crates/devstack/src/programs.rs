//! Where the database servers' programs are on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The oldest PostgreSQL that the schema and the queries are tried on.
const OLDEST_POSTGRES: u32 = 14;

/// Where `scripts/setup` puts the server from PyPI, below the repository.
const PRIVATE_MONGOD: &str = ".dev/tools/mongodb/bin/mongod";

/// The folder with `postgres` and `initdb`: from PATH, else the newest that Debian installed.
pub(crate) fn postgres_bin_dir() -> Result<PathBuf> {
    let on_path = find_on_path("postgres").and_then(|program| Some(program.parent()?.to_owned()));
    let mut installed: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            (version >= OLDEST_POSTGRES).then(|| (version, entry.path().join("bin")))
        })
        .collect();
    installed.sort();
    on_path
        .into_iter()
        .chain(installed.into_iter().rev().map(|(_, folder)| folder))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .with_context(|| {
            format!("no PostgreSQL {OLDEST_POSTGRES} or newer on this machine: run ./justw setup")
        })
}

/// `mongod`: from PATH, else the private one of the repository that holds the data's folder or
/// the current one.
pub(crate) fn mongod(dir: &Path) -> Result<PathBuf> {
    if let Some(program) = find_on_path("mongod") {
        return Ok(program);
    }
    let current = env::current_dir().context("couldn't read the current folder")?;
    dir.ancestors()
        .chain(current.ancestors())
        .map(|folder| folder.join(PRIVATE_MONGOD))
        .find(|program| program.is_file())
        .context("no mongod on this machine: run ./justw setup")
}

/// Follows links, since Debian's `postgres` may be linked from elsewhere without its neighbours.
fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| is_executable(program))
        .and_then(|program| program.canonicalize().ok())
}

fn is_executable(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(program)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
