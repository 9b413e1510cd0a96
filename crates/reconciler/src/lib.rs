#![doc = include_str!("../README.md")]

mod admin;
pub mod cleanup;
pub mod clock;
pub mod command;
pub mod deliver;
pub mod finding;
pub mod leader;
mod metrics;
pub mod record;
pub mod run;
pub mod service;
pub mod settings;
