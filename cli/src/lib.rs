//! The artifactstore command: reads the command line, runs one command, and says how it ended. What commands do is in
//! the client; what is shown is in `render`; here is only what a process owes its caller.

mod args;
mod command;
mod context;
mod database;
mod faults;
mod input;
mod output;
mod progress;
mod render;
mod store;
mod values;

pub use faults::CODES;

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use artifactstore_kit::{LogFilter, LogFormat, Shutdown, telemetry};
use artifactstore_types::{Category, Fault};
use clap::{CommandFactory as _, Parser as _, error::ErrorKind};
use tokio::{runtime, time};

use crate::{
    args::{Cli, Command},
    command::Ended,
    context::Context,
    output::Stop,
};

/// How long work that was asked to stop may take to do so.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Runs the command that the process was given, and says how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let json = cli.global.json;
    match run(cli) {
        Ok(Ended::Well) | Err(Stop::OutputClosed) => ExitCode::SUCCESS,
        Ok(Ended::With(category)) => ExitCode::from(category.exit_code()),
        Err(Stop::Fault(fault)) => failed(&fault, json),
    }
}

fn run(cli: Cli) -> Result<Ended, Stop> {
    let (level, format) = logging(&cli)?;
    telemetry::init(&level, format).map_err(faults::no_runtime)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(faults::no_runtime)?;
    let ended = runtime.block_on(run_to_end(cli));
    // Threads that still read or write for a command that has ended are not waited for longer than this.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// What is logged, and how: a server is told by its settings, any other command by its command line alone.
fn logging(cli: &Cli) -> Result<(LogFilter, LogFormat), Fault> {
    let (level, format) = if matches!(cli.command, Command::Dev(_)) {
        let settings = database::settings()?;
        (settings.log_level, settings.log_format)
    } else {
        ("warn".parse().map_err(faults::no_runtime)?, LogFormat::Text)
    };
    Ok((cli.global.log_level.clone().unwrap_or(level), format))
}

/// Runs the command until it ends, a second signal comes, or it does not stop when it should.
async fn run_to_end(cli: Cli) -> Result<Ended, Stop> {
    let shutdown = Shutdown::new();
    let signals = shutdown.on_signals().map_err(faults::no_runtime)?;
    tokio::spawn(signals);
    let timeout = cli.global.timeout;
    let mut context = Context::new(&cli.global, shutdown.clone())?;
    let mut work = std::pin::pin!(async {
        let ended = command::run(cli, &mut context).await?;
        context.output.flush()?;
        Ok(ended)
    });
    let late = async {
        match timeout {
            Some(timeout) => time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = shutdown.hard().cancelled() => return Err(faults::interrupted().into()),
        ended = &mut work => return ended,
        () = late => {}
    }
    shutdown.request();
    let stopped = tokio::select! {
        () = shutdown.hard().cancelled() => Err(faults::interrupted().into()),
        stopped = time::timeout(STOP_DEADLINE, work) => stopped.unwrap_or_else(|_| Err(faults::interrupted().into())),
    };
    match stopped {
        Err(Stop::Fault(fault)) if fault.category == Category::Cancelled => Err(faults::too_late(fault).into()),
        stopped => stopped,
    }
}

/// Answers a command line that is no command: with help, where that was asked for, or with a fault.
fn not_understood(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Clap knows whether colours are wanted. A reader that has gone away has seen enough.
            match error.print() {
                Err(failure) if failure.kind() != io::ErrorKind::BrokenPipe => {
                    failed(&faults::not_written("standard output", &failure), false)
                }
                _ => ExitCode::SUCCESS,
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let help = Cli::command().render_help();
            let _ = write!(io::stderr(), "{help}");
            ExitCode::from(Category::Invalid.exit_code())
        }
        _ => {
            let text = error.to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
            let text = text.split("\n\nFor more information").next().unwrap_or(text);
            let json = env::args_os().any(|argument| argument == "--json");
            failed(&faults::not_understood(text), json)
        }
    }
}

/// Says what failed on standard error, in the form asked for.
fn failed(fault: &Fault, json: bool) -> ExitCode {
    let text = if json {
        serde_json::to_string(&render::fault::json(fault)).unwrap_or_default()
    } else {
        render::fault::shown(fault)
    };
    // Nobody is left to tell where standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(fault.category.exit_code())
}
