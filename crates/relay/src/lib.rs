#![doc = include_str!("../README.md")]

pub mod batch;
pub mod dead;
pub mod metrics;
pub mod outcome;
mod pace;
pub mod retry;
pub mod service;
pub mod settings;
mod wake;
