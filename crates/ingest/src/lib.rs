#![doc = include_str!("../README.md")]

mod acceptor;
mod backlog;
mod circuit;
pub mod cli;
mod degraded;
mod inbox;
mod metrics;
mod notifier;
mod processing;
mod service;
pub mod settings;
mod status;
mod webhook;

pub use service::Service;
pub use webhook::{FieldError, parse_webhook};
