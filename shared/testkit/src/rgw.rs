//! An S3 store for tests: every test that asks gets a prefix of its own in a bucket, so that tests run side by side. The
//! store is the one that the environment names, in the words of `deploy/dev/rgw-up`, or else a Ceph RGW that is started
//! for the purpose where Ceph is installed. Where it is not, there is none, and a test says so and passes.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use artifactstore_types::{Ids as _, SystemIds};

use crate::service::{Running, Service, Stop};

/// The variable whose presence says that the environment names a store.
pub const BUCKET_VARIABLE: &str = "ARTIFACTSTORE_TEST_S3_BUCKET";

const RGW: Service = Service { name: "rgw", variables: "RGW", running: &["mon.pid", "osd.pid", "rgw.pid"] };

/// A part of a bucket that nobody else uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestBucket {
    /// Where requests go.
    pub endpoint: String,
    /// The region they are signed for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What the keys of this test begin with.
    pub prefix: String,
    /// The name of the keys they are signed with.
    pub access_key_id: String,
    /// The secret one.
    pub secret_access_key: String,
}

impl TestBucket {
    /// A part of a bucket, or `None` where there is no store: the reason is printed.
    ///
    /// # Panics
    /// Ceph is installed and does not start, or the environment names a store by half.
    pub async fn find() -> Option<Self> {
        let variables = tokio::task::spawn_blocking(variables).await.expect("a store for tests");
        if variables.is_none() {
            no_store();
        }
        variables.map(|variables| Self::of(&variables))
    }

    fn of(variables: &BTreeMap<String, String>) -> Self {
        let variable = |name: &str| variables.get(name).cloned();
        let must = |name: &str| variable(name).unwrap_or_else(|| panic!("{BUCKET_VARIABLE} is set and {name} is not"));
        Self {
            endpoint: must("AWS_ENDPOINT_URL"),
            region: variable("AWS_DEFAULT_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
            bucket: must(BUCKET_VARIABLE),
            prefix: format!("test-{}", SystemIds.next().simple()),
            access_key_id: must("AWS_ACCESS_KEY_ID"),
            secret_access_key: must("AWS_SECRET_ACCESS_KEY"),
        }
    }
}

/// A whole Ceph RGW for one test, which may do to it what it likes. It goes when this is dropped.
pub struct OwnStore {
    folder: PathBuf,
    running: Running,
}

impl OwnStore {
    /// Starts one, or `None` where Ceph is not installed: that is printed.
    ///
    /// # Panics
    /// It does not start.
    pub async fn find() -> Option<Self> {
        if !is_installed() {
            no_ceph();
            return None;
        }
        let start = || {
            let folder = env::temp_dir().join(format!("artifactstore-testkit-rgw-{}", SystemIds.next().simple()));
            fs::create_dir(&folder).expect("make a folder for a store");
            let running = RGW.start_in(&folder.join("store"));
            Self { folder, running }
        };
        Some(tokio::task::spawn_blocking(start).await.expect("a store of a test's own"))
    }

    /// A part of its bucket.
    pub fn bucket(&self) -> TestBucket {
        TestBucket::of(&exports(&self.running.printed))
    }

    /// Kills the daemons of these names: `rgw`, `osd`, `mon`.
    ///
    /// # Panics
    /// They do not end.
    pub fn crash(&self, daemons: &[&str]) {
        RGW.stop(&self.store(), &Stop { only: daemons, wipe: false });
    }

    /// Starts what does not run.
    ///
    /// # Panics
    /// It does not start.
    pub fn start(&self) {
        RGW.run(&self.store());
    }

    fn store(&self) -> PathBuf {
        self.folder.join("store")
    }
}

impl Drop for OwnStore {
    fn drop(&mut self) {
        RGW.stop(&self.store(), &Stop { only: &["rgw", "osd", "mon"], wipe: true });
        // What stays behind is no reason to fail a test, or to panic a second time.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[expect(clippy::print_stdout, reason = "a test that looks at nothing says so")]
fn no_store() {
    println!("skipped: {BUCKET_VARIABLE} names no S3 store, and Ceph is not installed to start one");
}

#[expect(clippy::print_stdout, reason = "a test that looks at nothing says so")]
fn no_ceph() {
    println!("skipped: Ceph is not installed, and no other store may be killed");
}

fn variables() -> Option<BTreeMap<String, String>> {
    static STARTED: OnceLock<Option<Running>> = OnceLock::new();
    if env::var(BUCKET_VARIABLE).is_ok_and(|bucket| !bucket.is_empty()) {
        return Some(env::vars().collect());
    }
    let started = STARTED.get_or_init(|| is_installed().then(|| RGW.start()));
    started.as_ref().map(|running| exports(&running.printed))
}

fn is_installed() -> bool {
    let installed =
        |program: &str| ["/usr/bin", "/usr/local/bin"].iter().any(|at| Path::new(at).join(program).exists());
    ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin"].into_iter().all(installed)
}

/// The variables that a script exports.
fn exports(printed: &str) -> BTreeMap<String, String> {
    let export =
        |line: &str| line.strip_prefix("export ")?.split_once('=').map(|(name, value)| (name.into(), value.into()));
    printed.lines().filter_map(export).collect()
}
