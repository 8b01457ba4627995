//! One process of a site: started, read until it says where it serves, and ended in whichever way a test wants.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use artifactstore_client::{Connection, Remote, RemoteOptions};

/// A running process. It is killed where a test ends before it did.
pub struct Process {
    child: Child,
    log: PathBuf,
    /// Where it serves gRPC.
    pub grpc: String,
}

impl Process {
    /// Starts a program of this workspace under a name of its own, with these variables and no others of the store's.
    pub fn start(program: &str, name: &str, folder: &Path, variables: &[(&str, String)]) -> Self {
        let log = folder.join(format!("{name}.log"));
        let logged = File::options().append(true).create(true).open(&log).unwrap();
        let mut command = Command::new(built(program));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("ARTIFACTSTORE_") {
                command.env_remove(variable);
            }
        }
        let variables = variables.iter().map(|(name, value)| (format!("ARTIFACTSTORE_{name}"), value));
        let mut child =
            command.envs(variables).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(logged).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "gRPC", grpc, "HTTP", _] = words[..] else {
            panic!("{name} said {line:?}: {}", fs::read_to_string(&log).unwrap());
        };
        Self { grpc: grpc.to_owned(), child, log }
    }

    /// What it has logged, it and those that ran under its name before.
    pub fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A client of it.
    pub fn remote(&self) -> Remote {
        Remote::connect(&self.grpc, RemoteOptions::default()).unwrap()
    }

    /// The same, as whoever works over a store sees it.
    pub fn connection(&self) -> std::sync::Arc<dyn Connection> {
        std::sync::Arc::new(self.remote())
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub fn end(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.logged());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program, or an example, that was built beside the tests.
pub fn built(program: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().find(|folder| folder.ends_with("deps")).unwrap().parent().unwrap();
    let path = folder.join(program);
    assert!(path.is_file(), "{} is not there: `cargo build --workspace --bins` builds it", path.display());
    path
}
