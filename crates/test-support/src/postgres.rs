//! PostgreSQL databases for tests.

use devstack::{Lifetime, PostgresServer};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use tempfile::TempDir;

use crate::{private_dir, required_variable, unique_name};

/// A fresh, migrated database on the server that all tests share. Dropped with this value, even
/// when the test panics or leaves connections open.
#[derive(Debug)]
pub struct TestPostgres {
    server_url: String,
    name: String,
}

impl TestPostgres {
    /// With all migrations run.
    pub fn create() -> Self {
        let database = Self::create_empty();
        migrate(&mut database.connect());
        database
    }

    /// Without any table, for tests of the migrations themselves.
    pub fn create_empty() -> Self {
        let server_url = required_variable("TEST_POSTGRES_URL");
        let name = unique_name();
        connect(&server_url)
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database can be made on the test server");
        Self { server_url, name }
    }

    /// For `DATABASE_URL`.
    pub fn url(&self) -> String {
        let (server, _) = self.server_url.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{}", self.name)
    }

    /// A connection outside any pool, for looking at the outcome.
    pub fn connect(&self) -> PgConnection {
        connect(&self.url())
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        // A test may have stopped the server; then there is nothing to drop.
        if let Ok(mut connection) = PgConnection::establish(&self.server_url) {
            let drop_database = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            let _ = connection.batch_execute(&drop_database);
        }
    }
}

/// A server of one test's own with a migrated database, for tests which stop, kill or freeze it
/// by [`server`](Self::server).
#[derive(Debug)]
pub struct PrivatePostgres {
    // Before the folder, so that it stops before its files are removed.
    pub server: PostgresServer,
    _dir: TempDir,
}

impl PrivatePostgres {
    pub async fn start() -> Self {
        let dir = private_dir();
        let server = PostgresServer::start(&dir.path().join("postgres"), None, Lifetime::Throwaway)
            .await
            .expect("a private PostgreSQL starts");
        server.create_database("claimsync").await.expect("a database can be made");
        let private = Self { server, _dir: dir };
        let url = private.url();
        tokio::task::spawn_blocking(move || migrate(&mut connect(&url)))
            .await
            .expect("the migrations run");
        private
    }

    /// For `DATABASE_URL`.
    pub fn url(&self) -> String {
        self.server.url("claimsync")
    }
}

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("the test server accepts connections")
}

fn migrate(connection: &mut PgConnection) {
    migrate::run_up(connection).expect("the migrations run on an empty database");
}
