//! A store of a test's own, and running the command on it.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A directory with a store in `store/` and files to push in `tree/`.
pub struct Store {
    directory: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Store {
    pub fn new() -> Self {
        let store = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(store.at("tree")).unwrap();
        store
    }

    /// A path beside the store.
    pub fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Writes a file to push.
    pub fn file(&self, path: &str, bytes: &[u8]) {
        let path = self.at("tree").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn executable(&self, path: &str, bytes: &[u8]) {
        self.file(path, bytes);
        fs::set_permissions(self.at("tree").join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The command on this store, in the directory it is in.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = elsewhere(arguments);
        command.arg("--embedded").arg(self.at("store")).current_dir(self.directory.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that must end well, and reads the one object it prints.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--json"]].concat()).well();
        let lines = run.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        serde_json::from_str(&lines[0]).unwrap()
    }

    /// Pushes `tree/`, and gives what it prints.
    #[track_caller]
    pub fn push(&self) -> Value {
        self.json(&PUSH)
    }

    /// Pushes `tree/`, and gives the package.
    #[track_caller]
    pub fn pushed(&self) -> String {
        text(&self.push()["package_id"])
    }

    /// How many packages there are.
    pub fn count(&self) -> usize {
        self.run(&["ls", "--json"]).well().lines().len()
    }
}

/// A push of `tree/`.
pub const PUSH: [&str; 10] =
    ["push", "tree", "--name", "nightly", "--producer", "ci", "--subject", "service", "--class", "raw-evidence"];

/// The command, with nothing of this process's environment that could steer it.
pub fn elsewhere(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_artifactstore"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ARTIFACTSTORE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("USER", "tester").stdin(Stdio::null());
    command
}

impl Run {
    pub fn of(output: Output) -> Self {
        let code = output.status.code().expect("the command was not killed");
        Self { code, stdout: output.stdout, stderr: String::from_utf8(output.stderr).unwrap() }
    }

    /// Runs a command that was started, to its end.
    pub fn end_of(mut child: Child) -> Self {
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let output = child.wait_with_output().unwrap();
        Self { stderr, ..Self::of(output) }
    }

    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// Asserts how it failed: exit code and fault code, and that nothing was printed.
    #[track_caller]
    pub fn failed(self, code: i32, fault: &str) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(self.stderr.starts_with(&format!("error[{fault}]: ")), "{}", self.stderr);
        assert_eq!(self.stdout, b"");
        self
    }

    pub fn lines(&self) -> Vec<String> {
        String::from_utf8(self.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
    }

    pub fn objects(&self) -> Vec<Value> {
        self.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Every entry below a directory: path, whether it may be executed, bytes.
pub fn contents(directory: &Path) -> Vec<(String, bool, Vec<u8>)> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let relative = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
                let executable = fs::metadata(&path).unwrap().permissions().mode() & 0o100 != 0;
                found.push((relative, executable, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
