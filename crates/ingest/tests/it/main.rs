//! Ingest from outside: over HTTP, on real databases, also as a process.

mod command_line;
mod degraded;
mod outages;
mod process;
mod processing;
mod support;
mod webhook;
