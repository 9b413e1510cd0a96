//! MongoDB databases for tests.

use std::thread;

use devstack::{Lifetime, MongoServer};
use mongodb::Client;
use tempfile::TempDir;

use crate::{private_dir, required_variable, unique_name};

/// A fresh database on the server that all tests share. Dropped with this value, even when the
/// test panics.
#[derive(Debug)]
pub struct TestMongo {
    url: String,
    name: String,
}

impl TestMongo {
    /// Names the database; MongoDB makes it with the first write.
    pub fn create() -> Self {
        Self { url: required_variable("TEST_MONGODB_URL"), name: unique_name() }
    }

    /// For `MONGODB_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For `MONGODB_DATABASE`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database through a new client of the current runtime.
    pub async fn database(&self) -> mongodb::Database {
        database(&self.url, &self.name).await
    }
}

impl Drop for TestMongo {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        // A thread of its own: the test's runtime may be this thread's, or gone already.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime
                .block_on(async { Client::with_uri_str(url).await?.database(&name).drop().await })
        });
        let _: thread::Result<mongodb::error::Result<()>> = dropping.join();
    }
}

/// A server of one test's own, for tests which stop, kill or freeze it by
/// [`server`](Self::server).
#[derive(Debug)]
pub struct PrivateMongo {
    // Before the folder, so that it stops before its files are removed.
    pub server: MongoServer,
    _dir: TempDir,
}

impl PrivateMongo {
    pub async fn start() -> Self {
        let dir = private_dir();
        let server = MongoServer::start(&dir.path().join("mongodb"), None, Lifetime::Throwaway)
            .await
            .expect("a private MongoDB starts");
        Self { server, _dir: dir }
    }

    /// For `MONGODB_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// For `MONGODB_DATABASE`.
    pub fn name(&self) -> &'static str {
        "claimsync"
    }

    /// The database through a new client of the current runtime.
    pub async fn database(&self) -> mongodb::Database {
        database(&self.url(), self.name()).await
    }
}

async fn database(url: &str, name: &str) -> mongodb::Database {
    Client::with_uri_str(url).await.expect("the URL is well formed").database(name)
}
