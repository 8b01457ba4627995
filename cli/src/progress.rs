//! How far a long operation is, where somebody looks: a bar on standard error, gone when it is done.

use std::{
    io::{self, IsTerminal as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use artifactstore_client::{Progress, Step};
use indicatif::{BinaryBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

const BYTES: &str = "{prefix} {wide_bar} {binary_bytes}/{binary_total_bytes}, {msg}, {binary_bytes_per_sec}";
const EVENTS: &str = "{prefix} {wide_bar} {human_pos}/{human_len} events";
/// How often a bar is drawn though nothing has happened, so that it shows that the command is alive.
const TICK: Duration = Duration::from_millis(250);

/// Whether anybody looks: never where standard output or standard error is a pipe or a file.
pub fn is_seen() -> bool {
    io::stderr().is_terminal() && io::stdout().is_terminal()
}

/// Files and bytes that are pushed, pulled or verified.
struct Files {
    bar: Cleared,
    done: AtomicU64,
    planned: AtomicU64,
    compared: AtomicU64,
}

/// Events that are folded.
pub struct Events(Cleared);

/// A bar that does not outlive its operation.
struct Cleared(ProgressBar);

/// Somebody to tell how far files are.
pub fn files(what: &'static str, shown: bool) -> Arc<dyn Progress> {
    if shown {
        let zero = AtomicU64::default;
        Arc::new(Files { bar: Cleared::new(what, BYTES, true), done: zero(), planned: zero(), compared: zero() })
    } else {
        Arc::new(())
    }
}

/// Somebody to tell how far events are.
pub fn events(what: &'static str, shown: bool) -> Events {
    Events(Cleared::new(what, EVENTS, shown))
}

impl Progress for Files {
    fn on(&self, step: Step) {
        match step {
            Step::Planned { files, bytes } => {
                self.bar.0.set_length(bytes);
                self.bar.0.set_position(0);
                self.planned.store(files, Ordering::Relaxed);
                self.done.store(0, Ordering::Relaxed);
                self.show_files();
            }
            Step::Compared(bytes) => {
                self.compared.fetch_add(bytes, Ordering::Relaxed);
                self.show_files();
            }
            Step::Bytes(bytes) => self.bar.0.inc(bytes),
            Step::Repeated(bytes) => self.bar.0.dec(bytes),
            Step::Files(files) => {
                self.done.fetch_add(files, Ordering::Relaxed);
                self.show_files();
            }
        }
    }
}

impl Files {
    fn show_files(&self) {
        let (done, planned) = (self.done.load(Ordering::Relaxed), self.planned.load(Ordering::Relaxed));
        let files = format!("{}/{} files", HumanCount(done), HumanCount(planned));
        self.bar.0.set_message(match self.compared.load(Ordering::Relaxed) {
            0 => files,
            bytes => format!("{files}, {} compared", BinaryBytes(bytes)),
        });
    }
}

impl Events {
    /// Called as events are done.
    pub fn on(&self, done: u64, all: u64) {
        self.0.0.set_length(all);
        self.0.0.set_position(done);
    }
}

impl Cleared {
    fn new(what: &'static str, template: &str, shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_prefix(what);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if shown {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }
}

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
