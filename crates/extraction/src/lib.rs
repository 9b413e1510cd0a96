#![doc = include_str!("../README.md")]

pub mod clean;
pub mod ground;
mod mail;
pub mod provider;
pub mod providers;
pub mod rules;

pub use mail::Mail;
pub use provider::{ExtractError, Extractor, RulesExtractor};
