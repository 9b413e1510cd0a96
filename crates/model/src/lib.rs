#![doc = include_str!("../README.md")]

mod check;
mod clients;
mod counterexamples;
mod ends;
mod explain;
mod guards;
mod ingest;
mod portal;
mod properties;
mod protocol;
mod reconciler;
mod relay;
pub mod scenario;
mod state;

pub use check::{Counterexample, Report, check, counterexample};
pub use counterexamples::Expected;
pub use explain::Explanation;
pub use guards::Guard;
pub use scenario::Scenario;
