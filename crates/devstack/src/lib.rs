#![doc = include_str!("../README.md")]

pub mod mongo;
pub mod postgres;
pub mod process;
mod programs;
mod run_dir;
mod storage;

pub use mongo::MongoServer;
pub use postgres::PostgresServer;
pub use run_dir::RunDir;
pub use storage::{Lifetime, free_port};
