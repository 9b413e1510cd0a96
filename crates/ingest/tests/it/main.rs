//! Ingest from outside: over HTTP, on real databases, also as a process.

#![expect(clippy::unwrap_used, reason = "a test ends where its ground is missing")]

mod command_line;
mod degraded;
mod outages;
mod process;
mod processing;
mod support;
mod webhook;
