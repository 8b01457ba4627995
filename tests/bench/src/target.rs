//! Where a workload pushes to: a store in this process, made anew for every round, or a site that runs already and is
//! reached over its endpoint. Of a site, what its processes use is read from outside.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use artifactstore_client::{Connection, Remote, RemoteOptions};
use artifactstore_embedded::{Embedded, EmbeddedOptions};

use crate::measure::{self, Clock, Failure, Series, Taken};

/// What a clock tick of `/proc` is, on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// A process of a site: `NAME=PID`.
#[derive(Clone, Debug)]
pub struct Process {
    name: String,
    pid: u32,
}

impl FromStr for Process {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is not NAME=PID");
        let (name, pid) = text.split_once('=').ok_or_else(refused)?;
        Ok(Self { name: name.to_owned(), pid: pid.parse().map_err(|_| refused())? })
    }
}

impl Process {
    fn cpu_used(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        // The name before it may hold anything; fields are counted from the bracket that closes it.
        let fields = stat.rsplit_once(')').map_or("", |(_, after)| after).split_whitespace();
        let ticks: u32 = fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        TICK * ticks
    }
}

/// Where to push to.
#[derive(Clone, Debug)]
pub enum Target {
    /// A store in this process.
    Embedded,
    /// A site, and those of its processes that are watched.
    Site { endpoint: String, processes: Vec<Process> },
}

/// A target that can be pushed to now.
pub struct Opened {
    pub connection: Arc<dyn Connection>,
    embedded: Option<(Embedded, PathBuf)>,
}

impl Target {
    pub fn new(server: Option<String>, processes: Vec<Process>) -> Self {
        server.map_or(Self::Embedded, |endpoint| Self::Site { endpoint, processes })
    }

    /// Its name in a report.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Site { .. } => "split",
        }
    }

    pub async fn open(&self, work: &Path) -> Result<Opened, Failure> {
        match self {
            Self::Embedded => {
                let directory = work.join("store");
                let embedded = Embedded::open(EmbeddedOptions::in_directory(&directory)).await?;
                Ok(Opened { connection: embedded.connection(), embedded: Some((embedded, directory)) })
            }
            Self::Site { endpoint, .. } => {
                let remote = Remote::connect(endpoint, RemoteOptions::default())?;
                Ok(Opened { connection: Arc::new(remote), embedded: None })
            }
        }
    }

    pub fn watch(&self) -> Watch {
        let processes = match self {
            Self::Embedded => Vec::new(),
            Self::Site { processes, .. } => processes.clone(),
        };
        let series = processes.iter().map(|process| Series::new(&format!("  of which {}", process.name))).collect();
        Watch { peaks: vec![0; processes.len() + 1], series, processes }
    }
}

impl Opened {
    /// Lets go of it, and of what it holds where that is this process's.
    pub async fn close(self) -> Result<(), Failure> {
        if let Some((embedded, directory)) = self.embedded {
            embedded.close().await;
            fs::remove_dir_all(directory)?;
        }
        Ok(())
    }
}

/// What the processes beside this one use.
pub struct Watch {
    processes: Vec<Process>,
    series: Vec<Series>,
    peaks: Vec<u64>,
}

/// A measurement under way.
pub struct Watched {
    clock: Clock,
    before: Vec<Duration>,
}

impl Watch {
    pub fn start(&self) -> Watched {
        measure::forget_peak("self");
        for process in &self.processes {
            measure::forget_peak(&process.pid.to_string());
        }
        Watched { before: self.processes.iter().map(Process::cpu_used).collect(), clock: Clock::start() }
    }

    /// Ends a measurement: what this process took, wall and CPU. What the others used is kept where it `counts`.
    pub fn stop(&mut self, watched: Watched, counts: bool) -> Taken {
        let Watched { clock, before } = watched;
        let taken = clock.stop();
        if counts {
            for ((process, series), before) in self.processes.iter().zip(&mut self.series).zip(before) {
                series.add(Taken { wall: taken.wall, cpu: process.cpu_used().saturating_sub(before) });
            }
            let pids = self.processes.iter().map(|process| process.pid.to_string());
            for (peak, process) in self.peaks.iter_mut().zip(std::iter::once("self".to_owned()).chain(pids)) {
                *peak = (*peak).max(measure::peak_mib(&process));
            }
        }
        taken
    }

    /// Prints CPU-seconds a unit of each process, and the most memory each has held.
    pub fn report(&self, units: f64, unit: &str) {
        for series in &self.series {
            series.report_cpu(units, unit);
        }
        let names = self.processes.iter().map(|process| process.name.as_str());
        let peaks = std::iter::once("this process").chain(names).zip(&self.peaks);
        let peaks: Vec<_> = peaks.map(|(name, mib)| format!("{name} {mib} MiB")).collect();
        measure::say(&format!("peak memory: {}", peaks.join(", ")));
    }
}
