#![doc = include_str!("../README.md")]

pub mod clean;
pub mod dates;
mod fold;
pub mod ground;
mod mail;
pub mod money;
mod pattern;
pub mod provider;
pub mod providers;
pub mod rules;
pub mod sentences;
mod tail;

pub use mail::Mail;
pub use provider::{ExtractError, Extractor, RulesExtractor};
