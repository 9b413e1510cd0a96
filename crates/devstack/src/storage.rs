//! Where a private database server keeps its files, and for how long.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// What becomes of a server's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Kept at stop, and as safe against a power cut as in production.
    Kept,
    /// Removed at stop. Speed comes before safety against a power cut; a killed server still
    /// recovers everything it has acknowledged.
    Throwaway,
}

/// A port of 127.0.0.1 that is free now.
pub fn free_port() -> Result<u16> {
    let listener = listen_anywhere()?;
    Ok(listener.local_addr().context("couldn't read the free port")?.port())
}

/// Several such ports, each another one.
pub(crate) fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners: Vec<TcpListener> =
        (0..count).map(|_| listen_anywhere()).collect::<Result<_>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

fn listen_anywhere() -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).context("couldn't find a free port on 127.0.0.1")
}

/// Makes a file that only its owner can read.
pub fn write_private(file: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .with_context(|| format!("couldn't write {}", file.display()))
}

/// The last lines of a server's log, to explain why it did not start.
pub(crate) fn log_tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines.len().saturating_sub(5);
    lines[tail..].join("\n  ")
}
