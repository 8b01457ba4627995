//! A PostgreSQL server of one test's own, which can be crashed and started again.

use std::{path::Path, process::Command};

use tempfile::TempDir;

/// A running server; dropped, it is stopped and removed.
pub struct Server {
    directory: TempDir,
    url: String,
}

impl Server {
    /// Starts a new one.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = up(directory.path());
        Self { directory, url }
    }

    /// Its first database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it as a crash would.
    pub fn crash(&self) {
        down(self.directory.path(), &[("PG_MODE", "immediate")]);
    }

    /// Starts it again.
    pub fn restart(&self) {
        up(self.directory.path());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        down(self.directory.path(), &[("PG_MODE", "immediate"), ("PG_WIPE", "1")]);
    }
}

fn up(directory: &Path) -> String {
    let output = script("pg-up").env("PG_DIR", directory).output().unwrap();
    assert!(output.status.success(), "pg-up: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn down(directory: &Path, environment: &[(&str, &str)]) {
    let status = script("pg-down").env("PG_DIR", directory).envs(environment.iter().copied()).status().unwrap();
    assert!(status.success());
}

fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/dev").join(name))
}
