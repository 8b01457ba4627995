//! A service for tests where none is named: one for all test processes of a user, started by the first and stopped when
//! none has needed it for a while. A test run may be one process or hundreds one after the other, so no process can know
//! that it is the last: each holds a lock as long as it lives, and whoever started the service also started a janitor,
//! which stops it once the lock is free.

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Asks again and again whether the lock `$0` is free, and holds it while it runs `$1`; 75 says that it was not free.
/// It goes to the background, so that nobody has to wait for it.
const JANITOR: &str = r#"
while sleep 30; do
  flock --exclusive --nonblock --conflict-exit-code 75 "$0" "$1"
  [ $? = 75 ] || exit
done &
"#;

/// A service that scripts of `deploy/dev` start and stop.
pub(crate) struct Service {
    /// The part of the scripts' names before `-up` and `-down`.
    pub name: &'static str,
    /// What their variables begin with.
    pub variables: &'static str,
    /// Files in its folder that change exactly when it is started.
    pub running: &'static [&'static str],
}

/// What of it ends, and whether its folder goes too.
pub(crate) struct Stop<'a> {
    pub only: &'a [&'a str],
    pub wipe: bool,
}

/// A service that runs, and is not stopped while this lives.
pub(crate) struct Running {
    /// What its script printed.
    pub printed: String,
    _in_use: File,
}

impl Service {
    /// Starts it, unless it runs already.
    pub fn start(&self) -> Running {
        let user = env::var("USER").unwrap_or_else(|_| "tests".to_owned());
        let folder = env::temp_dir().join(format!("artifactstore-testkit-{}-{user}", self.name));
        self.start_in(&folder)
    }

    /// The same in a folder that the caller names.
    pub fn start_in(&self, folder: &Path) -> Running {
        let in_use = lock_file(folder, "in-use");
        in_use.lock_shared().expect("wait for the janitor");
        let starting = lock_file(folder, "starting");
        starting.lock().expect("wait for another process that starts the service");

        let serving = || self.running.iter().map(|file| fs::read(folder.join(file)).ok()).collect::<Vec<_>>();
        let served = serving();
        let printed = self.run(folder);
        if serving() != served {
            let janitor = Command::new("sh")
                .args(["-c", JANITOR])
                .args([lock_path(folder, "in-use"), self.script("down")])
                .env(self.variable("DIR"), folder)
                .env(self.variable("WIPE"), "1")
                .process_group(0)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            assert!(janitor.expect("run a shell").success(), "the janitor did not start");
        }
        Running { printed, _in_use: in_use }
    }

    /// Runs the script that starts it, and returns what it printed.
    pub fn run(&self, folder: &Path) -> String {
        let mut command = Command::new(self.script("up"));
        let output = command.env(self.variable("DIR"), folder).output().expect("run a script of deploy/dev");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Crashes it, or parts of it.
    pub fn stop(&self, folder: &Path, how: &Stop<'_>) {
        let mut command = Command::new(self.script("down"));
        command.env(self.variable("DIR"), folder).env(self.variable("MODE"), "immediate");
        command.env(self.variable("ONLY"), how.only.join(" "));
        command.env(self.variable("WIPE"), if how.wipe { "1" } else { "0" });
        let output = command.output().expect("run a script of deploy/dev");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn script(&self, way: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../deploy/dev/{}-{way}", self.name))
    }

    fn variable(&self, name: &str) -> String {
        format!("{}_{name}", self.variables)
    }
}

/// Locks lie beside the folder: the folder belongs to the service, and goes with it.
fn lock_path(folder: &Path, name: &str) -> PathBuf {
    folder.with_added_extension(name)
}

fn lock_file(folder: &Path, name: &str) -> File {
    let path = lock_path(folder, name);
    File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
