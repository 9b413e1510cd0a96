//! Where a private database server keeps its files, and for how long.

use std::fs;
use std::net::TcpListener;
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
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).context("couldn't find a free port on 127.0.0.1")?;
    Ok(listener.local_addr().context("couldn't read the free port")?.port())
}

/// The last lines of a server's log, to explain why it did not start.
pub(crate) fn log_tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines.len().saturating_sub(5);
    lines[tail..].join("\n  ")
}
