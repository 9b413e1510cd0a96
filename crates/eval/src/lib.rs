#![doc = include_str!("../README.md")]

pub mod corpus;
pub mod hostile;
pub mod mutate;
pub mod report;
pub mod run;
pub mod train;
