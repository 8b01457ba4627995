//! A PostgreSQL for tests where none is named: one for all test processes of a user, started by the first and stopped
//! when none has needed it for a while. A test run may be one process or hundreds one after the other, so no process can
//! know that it is the last: each holds a lock as long as it lives, and whoever started the server also started a
//! janitor, which stops it once the lock is free.

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// Asks again and again whether the lock `$0` is free, and holds it while it runs `$1`; 75 says that it was not free.
/// It goes to the background, so that nobody has to wait for it.
const JANITOR: &str = r#"
while sleep 30; do
  flock --exclusive --nonblock --conflict-exit-code 75 "$0" "$1"
  [ $? = 75 ] || exit
done &
"#;

/// The URL of the server, which runs for as long as this process does.
pub(super) fn url() -> String {
    static CLUSTER: OnceLock<(String, File)> = OnceLock::new();
    let (url, _in_use) = CLUSTER.get_or_init(|| {
        let user = env::var("USER").unwrap_or_else(|_| "tests".to_owned());
        start(&env::temp_dir().join(format!("artifactstore-testkit-{user}")))
    });
    url.clone()
}

/// Starts the server in `folder`, unless it runs already. It is not stopped while the file returned is open.
fn start(folder: &Path) -> (String, File) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/dev");
    let in_use = lock_file(folder, "in-use");
    in_use.lock_shared().expect("wait for the janitor");
    let starting = lock_file(folder, "starting");
    starting.lock().expect("wait for another process that starts the server");

    // Its first lines are the server's process and start: it changes exactly when a server is started.
    let serving = || fs::read(folder.join("data/postmaster.pid")).unwrap_or_default();
    let served = serving();
    let output = Command::new(scripts.join("pg-up")).env("PG_DIR", folder).output().expect("run deploy/dev/pg-up");
    assert!(output.status.success(), "deploy/dev/pg-up: {}", String::from_utf8_lossy(&output.stderr));
    if serving() != served {
        let janitor = Command::new("sh")
            .args(["-c", JANITOR])
            .args([lock_path(folder, "in-use"), scripts.join("pg-down")])
            .env("PG_DIR", folder)
            .env("PG_WIPE", "1")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(janitor.expect("run a shell").success(), "the janitor did not start");
    }
    (String::from_utf8_lossy(&output.stdout).trim().to_owned(), in_use)
}

/// Locks lie beside the folder: the folder belongs to the server, and goes with it.
fn lock_path(folder: &Path, name: &str) -> PathBuf {
    folder.with_added_extension(name)
}

fn lock_file(folder: &Path, name: &str) -> File {
    let path = lock_path(folder, name);
    File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
