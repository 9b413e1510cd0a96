//! Extractors that ask a language model over its HTTP API.
//!
//! The model is a reader that nobody trusts: its answer is checked against the schema, the rules'
//! doubts are added to it, and [`crate::ground::ground`] drops what does not stand in the mail.
//! The state here (breaker, token budget, slots) belongs to one process and is lost with it.

mod answer;
mod breaker;
mod budget;
mod claude;
mod config;
mod fallback;
mod http;
mod model;
mod openai;
mod prompt;
mod veto;

pub use breaker::BreakerConfig;
pub use config::{Api, Backoff, ConfigError, ModelConfig};
pub use fallback::WithFallback;
pub use model::ModelExtractor;
pub use prompt::prompt_version;
