#![doc = include_str!("../README.md")]

mod http;
pub mod logs;
pub mod mongo;
pub mod postgres;
pub mod process;
mod programs;
mod run_dir;
pub mod secrets;
pub mod service;
pub mod stack;
mod storage;

pub use http::http_client_builder;
pub use mongo::MongoServer;
pub use postgres::PostgresServer;
pub use run_dir::RunDir;
pub use stack::{Replicas, Stack, StackOptions};
pub use storage::{Lifetime, free_port, write_private};
