#![doc = include_str!("../README.md")]

pub mod database;
pub mod decision;
pub mod extraction;
pub mod fence;
pub mod idempotency;
pub mod jitter;
pub mod logging;
pub mod models;
pub mod money;
pub mod payload;
pub mod problem;
pub mod schema;
pub mod service;
pub mod settings;
pub mod status;
pub mod terminal;
