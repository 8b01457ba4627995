//! B10: from the start of a program to the moment its HTTP health check says that it serves.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::time;

use crate::measure::{self, Clock, Failure, Series};

/// How long a program may take.
const LIMIT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(5);

/// Starts `program` with `arguments` again and again; it must answer at `health` once it serves.
pub async fn run(rounds: usize, health: SocketAddr, program: &Path, arguments: &[String]) -> Result<(), Failure> {
    let url = format!("http://{health}/health");
    let mut serving = Series::new("start to serving");
    for _ in 0..rounds {
        let clock = Clock::start();
        let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let served = time::timeout(LIMIT, async {
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                time::sleep(PAUSE).await;
            }
        });
        let served = served.await;
        let taken = clock.stop();
        child.kill()?;
        child.wait()?;
        served.map_err(|_| format!("{} did not serve within {LIMIT:?}", program.display()))?;
        serving.add(taken);
    }
    measure::say(&format!("B10 {} {}, {rounds} rounds", program.display(), arguments.join(" ")));
    serving.report_seconds();
    Ok(())
}
