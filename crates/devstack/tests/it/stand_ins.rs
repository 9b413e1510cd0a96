//! A folder of programs which look like the services from outside: they answer `/readyz`, say a
//! line, and drain on SIGTERM.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const SERVICE: &str = r#"#!/usr/bin/env python3
import http.server, os, signal, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *arguments):
        pass

def drain(*arguments):
    print("drained", flush=True)
    os._exit(0)

signal.signal(signal.SIGTERM, drain)
host, port = os.environ["LISTEN_ADDR"].split(":")
print("process", os.getpid(), flush=True)
http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
"#;

const MIGRATE: &str = "#!/bin/sh\necho \"migrated with $*\"\n";

const CLIENTS: &str = r#"[{"_id": "a", "aktenzeichen": "1_25"}, {"_id": "b"}]"#;

/// A repository's folder with sample clients, and the programs of the stack in `bin/`.
pub(crate) struct Repository {
    folder: TempDir,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let parent = std::env::var("TEST_DATA_DIR").expect("run ./justw test");
        let folder = tempfile::Builder::new().prefix("stack-").tempdir_in(parent).unwrap();
        let repository = Self { folder };
        fs::create_dir_all(repository.programs()).unwrap();
        fs::create_dir_all(repository.path().join("samples")).unwrap();
        fs::write(repository.path().join("samples/clients.json"), CLIENTS).unwrap();
        for (name, script) in
            [("ingest", SERVICE), ("relay", SERVICE), ("reconciler", SERVICE), ("migrate", MIGRATE)]
        {
            let program = repository.programs().join(name);
            fs::write(&program, script).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::copy(env!("CARGO_BIN_EXE_devstack"), repository.programs().join("devstack")).unwrap();
        repository
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn programs(&self) -> PathBuf {
        self.path().join("bin")
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        // Ends what a failed test left running, and removes data outside the folder.
        let _ = devstack::postgres::remove_data(&self.path().join(".dev/postgres"));
        let _ = devstack::mongo::remove_data(&self.path().join(".dev/mongodb"));
    }
}
