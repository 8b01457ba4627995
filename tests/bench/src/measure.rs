//! Timing, medians and what a process used.

use std::time::{Duration, Instant};

/// Anything that stops a measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[expect(clippy::print_stdout, reason = "a benchmark exists to print what it measured")]
pub fn say(line: &str) {
    println!("{line}");
}

/// What one measurement took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub wall: Duration,
    pub cpu: Duration,
}

/// The times of one contender over all rounds.
pub struct Series {
    name: String,
    taken: Vec<Taken>,
}

impl Series {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), taken: Vec::new() }
    }

    pub fn add(&mut self, taken: Taken) {
        self.taken.push(taken);
    }

    fn sorted(&self, of: impl Fn(&Taken) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = self.taken.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Prints `units` a second and CPU-seconds a unit: minimum, median, maximum.
    pub fn report(&self, units: f64, unit: &str) {
        let rate = self.sorted(|taken| units / taken.wall.as_secs_f64());
        let cpu = self.sorted(|taken| taken.cpu.as_secs_f64() / units);
        say(&format!(
            "{:<44} {:>10.2} / {:>10.2} / {:>10.2} {unit}/s   {:.6} CPU-s/{unit}",
            self.name,
            rate[0],
            median(&rate),
            rate[rate.len() - 1],
            median(&cpu),
        ));
    }

    /// Prints seconds: minimum, median, maximum.
    pub fn report_seconds(&self) {
        let wall = self.sorted(|taken| taken.wall.as_secs_f64());
        let most = wall[wall.len() - 1];
        say(&format!("{:<44} {:>10.3} / {:>10.3} / {most:>10.3} s", self.name, wall[0], median(&wall)));
    }

    /// Prints CPU-seconds a unit: the median.
    pub fn report_cpu(&self, units: f64, unit: &str) {
        let cpu = self.sorted(|taken| taken.cpu.as_secs_f64() / units);
        say(&format!("{:<44} {:.6} CPU-s/{unit}", self.name, median(&cpu)));
    }

    /// The median over rounds of how many times faster this is than `other` in the same round.
    pub fn ratio(&self, other: &Self) -> f64 {
        let mut ratios: Vec<f64> = self
            .taken
            .iter()
            .zip(&other.taken)
            .map(|(mine, other)| other.wall.as_secs_f64() / mine.wall.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        median(&ratios)
    }
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// Starts a measurement of this process.
pub struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_used() }
    }

    pub fn stop(self) -> Taken {
        Taken { wall: self.wall.elapsed(), cpu: cpu_used().saturating_sub(self.cpu) }
    }
}

/// CPU time of this process, all threads.
fn cpu_used() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The most memory a process of `/proc` has held since [`forget_peak`], in MiB.
pub fn peak_mib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Starts counting the peak of a process of `/proc` anew.
pub fn forget_peak(process: &str) {
    // Where the kernel does not offer it, the peak is that of the whole run, which is only larger.
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// Lets the device finish what earlier measurements left to it.
pub fn settle() {
    rustix::fs::sync();
}
