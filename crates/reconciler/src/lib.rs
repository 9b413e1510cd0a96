#![doc = include_str!("../README.md")]

mod admin;
pub mod audit;
pub mod cleanup;
pub mod clock;
pub mod command;
pub mod compare;
pub mod deliver;
pub mod finding;
pub mod guard;
pub mod halt;
pub mod leader;
mod metrics;
pub mod record;
pub mod repair;
pub mod run;
pub mod service;
pub mod settings;
