#![doc = include_str!("../README.md")]

mod http;
mod mongo;
mod postgres;
mod wait;

pub use http::{http_client, http_client_builder, http_get};
pub use mongo::{PrivateMongo, TestMongo};
pub use postgres::{PrivatePostgres, TestPostgres};
pub use wait::wait_until;

/// The variable that `./justw test` sets, or the way to get it.
fn required_variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run ./justw test, which starts the databases of the tests")
    })
}

/// A name that no other test uses.
fn unique_name() -> String {
    format!("test_{}", uuid::Uuid::new_v4().simple())
}

/// A folder for a server of one test's own, inside the run's folder, which the next run sweeps if
/// this one is killed.
fn private_dir() -> tempfile::TempDir {
    let parent = required_variable("TEST_DATA_DIR");
    tempfile::Builder::new()
        .prefix("private-")
        .tempdir_in(parent)
        .expect("the run's folder is writable")
}
