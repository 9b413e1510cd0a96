#![doc = include_str!("../README.md")]

pub mod document;
pub mod fence;
pub mod guard;
mod identity;
pub mod matching;
pub mod plan;
pub mod store;
pub mod target;
