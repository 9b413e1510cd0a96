#![doc = include_str!("../README.md")]

pub mod corpus;
pub mod hostile;
pub mod report;
pub mod run;
