//! A site, and what tests do to it again and again.

use std::{fs, path::Path, path::PathBuf, sync::Arc, time::Duration};

use artifactstore_client::{
    Connection, PullRequest, PushRequest, PushTarget, Pushed, VerifyRequest, pull, push, verify,
};
use artifactstore_testkit::{
    new_package,
    postgres::{Gate, TestDatabase},
};
use artifactstore_types::{Fault, IdempotencyKey, Ids as _, NodeRecord, NodeStatus, PackageId, SystemIds};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::process::Process;

/// How long anything may take to come about before a test says that it does not.
const PATIENCE: Duration = Duration::from_mins(1);

/// Two control planes on one PostgreSQL, and some nodes.
pub struct Site {
    pub control_planes: Vec<Process>,
    pub nodes: Vec<Process>,
    /// What stands between the control planes and their database.
    pub gate: Gate,
    pub folder: TempDir,
    _database: TestDatabase,
}

impl Site {
    /// Starts one with so many nodes, each on a directory of its own, and waits until all of them are active.
    pub async fn start(node_count: usize) -> Self {
        let database = TestDatabase::create().await;
        let gate = Gate::before(database.url()).await;
        let folder = tempfile::tempdir().unwrap();
        let mut site = Self { control_planes: Vec::new(), nodes: Vec::new(), gate, folder, _database: database };
        for name in ["control-a", "control-b"] {
            site.control_planes.push(site.control_plane(name));
        }
        for number in 1..=node_count {
            site.nodes.push(site.node(number, "127.0.0.1:0"));
        }
        for control_plane in 0..2 {
            for number in 1..=node_count {
                site.node_becomes(control_plane, number, NodeStatus::Active).await;
            }
        }
        site
    }

    fn control_plane(&self, name: &str) -> Process {
        let path = |file: String| self.folder.path().join(file).display().to_string();
        let variables = [
            ("CONTROL_PLANE_ID", name.to_owned()),
            ("DATABASE_URL", self.gate.url().to_owned()),
            ("MIGRATIONS", "apply".to_owned()),
            ("KEY_FILE", path(format!("keys/{name}.pem"))),
            ("JOIN_TOKEN", "open sesame".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("HEARTBEAT_SECONDS", "1".to_owned()),
            ("SILENCE_SECONDS", "4".to_owned()),
            ("HEALTH_TIMEOUT_SECONDS", "2".to_owned()),
            ("DRAIN_TIMEOUT_SECONDS", "5".to_owned()),
        ];
        Process::start("artifactstore-control-plane", name, self.folder.path(), &variables)
    }

    /// Starts a node where it was, or at a new place.
    pub fn node(&self, number: usize, address: &str) -> Process {
        let name = format!("node-{number}");
        let control_planes: Vec<_> = self.control_planes.iter().map(|process| format!("{:?}", process.grpc)).collect();
        let file = self.folder.path().join(format!("{name}.toml"));
        let text = format!(
            "node_id = \"{name}\"\njoin_token = \"open sesame\"\ncontrol_planes = [{}]\nkey_file = \"{}\"\n\
            grpc_addr = \"{address}\"\nhttp_addr = \"127.0.0.1:0\"\ndrain_timeout_seconds = 5\n\
            [[backends]]\nkind = \"local\"\nid = \"local-{number}\"\nroot = \"{}\"\n",
            control_planes.join(", "),
            self.folder.path().join(format!("keys/{name}.pem")).display(),
            self.storage(number).display(),
        );
        fs::write(&file, text).unwrap();
        let variables = [("CONFIG", file.display().to_string())];
        Process::start("artifactstore-data-plane", &name, self.folder.path(), &variables)
    }

    /// Starts a node again that was ended, where it was.
    pub fn restart_node(&mut self, number: usize) {
        let address = self.nodes[number - 1].grpc.trim_start_matches("http://").to_owned();
        self.nodes[number - 1] = self.node(number, &address);
    }

    /// The directory of a node's backend.
    pub fn storage(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("storage-{number}"))
    }

    /// How many bytes of blobs a node keeps.
    pub fn kept(&self, number: usize) -> u64 {
        ["blake3", "packs"].iter().map(|folder| bytes_below(&self.storage(number).join(folder))).sum()
    }

    pub fn connection(&self, control_plane: usize) -> Arc<dyn Connection> {
        self.control_planes[control_plane].connection()
    }

    /// A node, as a control plane shows it.
    pub async fn node_record(&self, control_plane: usize, number: usize) -> Result<NodeRecord, Fault> {
        self.control_planes[control_plane].remote().load_node(&format!("node-{number}").parse().unwrap()).await
    }

    pub async fn node_becomes(&self, control_plane: usize, number: usize, wanted: NodeStatus) {
        eventually(&format!("node-{number} is {}", wanted.name()), async || {
            self.node_record(control_plane, number).await.is_ok_and(|node| node.status == wanted)
        })
        .await;
    }
}

/// Waits until this is so.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "it does not come about that {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| {
        if entry.path().is_dir() { bytes_below(&entry.path()) } else { entry.metadata().map_or(0, |found| found.len()) }
    };
    entries.filter_map(Result::ok).map(size).sum()
}

/// Makes a directory of files, each of these sizes and unlike every other.
pub fn directory(folder: &Path, name: &str, sizes: &[usize]) -> PathBuf {
    let directory = folder.join(name);
    fs::create_dir_all(directory.join("sub")).unwrap();
    for (number, size) in sizes.iter().enumerate() {
        let mut bytes = vec![0; *size];
        blake3::Hasher::new().update(format!("{name} {number}").as_bytes()).finalize_xof().fill(&mut bytes);
        let folder = if number % 3 == 0 { "sub/" } else { "" };
        fs::write(directory.join(format!("{folder}file-{number}")), bytes).unwrap();
    }
    directory
}

/// A push of a directory as a new package.
pub fn request(directory: &Path) -> PushRequest {
    PushRequest {
        directory: directory.to_owned(),
        target: PushTarget::New(Box::new(new_package("split"))),
        actor: "tester".parse().unwrap(),
        replace: false,
        finalize: true,
        skip_special: false,
        idempotency_key: Some(IdempotencyKey::new(SystemIds.next())),
    }
}

pub async fn push_all(connection: &Arc<dyn Connection>, directory: &Path) -> Pushed {
    push(connection, request(directory), Arc::new(()), std::future::pending()).await.unwrap()
}

/// Pulls a package and compares every file with the directory it was made of; has the store read all of it again.
pub async fn prove(connection: &Arc<dyn Connection>, package: PackageId, directory: &Path, copy: &Path) {
    let request = PullRequest { package, directory: copy.to_owned(), overwrite: false, expected: None };
    pull(connection, request, Arc::new(()), std::future::pending()).await.unwrap();
    let request = VerifyRequest { package, directory: Some(directory.to_owned()), skip_special: false, expected: None };
    let verified = verify(connection, request, Arc::new(())).await.unwrap();
    assert_eq!(verified.findings, [], "{verified:?}");
    assert_eq!(listed(copy), listed(directory));
}

/// Every file below a directory, with its bytes.
fn listed(directory: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(directory).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}
