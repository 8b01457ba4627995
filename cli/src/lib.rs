//! The artifactstore command: reads the command line, runs one command, and says how it ended. What commands do is in
//! the client; what is shown is in `render`; here is only what a process owes its caller.

mod args;
mod command;
mod context;
mod database;
mod faults;
mod hints;
mod input;
mod output;
mod progress;
mod render;
mod stopping;
mod store;
mod told;
mod values;

pub use faults::CODES;

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use artifactstore_kit::{LogFilter, LogFormat, telemetry};
use artifactstore_types::{Category, Fault};
use clap::{CommandFactory as _, FromArgMatches as _, error::ErrorKind};
use tokio::{runtime, time};

use crate::{
    args::{Cli, Command},
    command::Ended,
    context::Context,
    output::Stop,
    stopping::Stopping,
    told::Told,
};

/// How long work that was asked to stop may take to do so.
const STOP_DEADLINE: Duration = Duration::from_secs(10);
/// How a command ends whose reader has gone away: as a shell tells of one that SIGPIPE (13) has ended.
const OUTPUT_CLOSED: u8 = 128 + 13;

/// Runs the command that the process was given, and says how it ended.
pub fn main() -> ExitCode {
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        let name = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok((name, Cli::from_arg_matches(&matches)?))
    });
    let (name, cli) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return not_understood(&error),
    };
    let json = cli.global.json;
    match run(&name, cli) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::With(category)) => ExitCode::from(category.exit_code()),
        Err(Stop::OutputClosed) => ExitCode::from(OUTPUT_CLOSED),
        Err(Stop::Fault(fault)) => failed(&fault, json),
    }
}

fn run(name: &str, cli: Cli) -> Result<Ended, Stop> {
    let (level, format) = logging(&cli)?;
    telemetry::init(&level, format).map_err(faults::no_runtime)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(faults::no_runtime)?;
    let ended = runtime.block_on(run_to_end(name, cli));
    // Threads that still read or write for a command that has ended are not waited for longer than this.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// What is logged, and how: a server is told by its settings, any other command by its command line alone. Where errors are
/// wanted as JSON, nothing that was not asked for stands beside them, and nothing that is not JSON.
fn logging(cli: &Cli) -> Result<(LogFilter, LogFormat), Fault> {
    let (level, format) = if matches!(cli.command, Command::Dev(_)) {
        let settings = database::settings()?;
        (settings.log_level, settings.log_format)
    } else {
        let (level, format) = if cli.global.json { ("off", LogFormat::Json) } else { ("warn", LogFormat::Text) };
        (level.parse().map_err(faults::no_runtime)?, format)
    };
    Ok((cli.global.log_level.clone().unwrap_or(level), format))
}

/// Runs the command until it ends, a second signal comes, or it does not stop when it should.
async fn run_to_end(name: &str, cli: Cli) -> Result<Ended, Stop> {
    let stopping = Stopping::new(name, cli.global.timeout);
    tokio::spawn(stopping.watch().map_err(faults::no_runtime)?);
    // A server has a deadline of its own for what is under way.
    let serves = matches!(cli.command, Command::Dev(_));
    let told = if cli.command.needs_store() { Told::of_process()? } else { Told::default() };
    let mut context = Context::new(&cli.global, &told, stopping.clone())?;
    let mut work = std::pin::pin!(async {
        let ended = command::run(cli, &mut context).await?;
        context.output.flush()?;
        Ok(ended)
    });
    tokio::select! {
        biased;
        fault = stopping.forced() => return Err(fault.into()),
        ended = &mut work => return ended,
        _ = stopping.asked(), if !serves => {}
    }
    tokio::select! {
        fault = stopping.forced() => Err(fault.into()),
        stopped = time::timeout(STOP_DEADLINE, work) => stopped.unwrap_or_else(|_| Err(stopping.left_behind().into())),
    }
}

/// Answers a command line that is no command: with help, where that was asked for, or with a fault.
fn not_understood(error: &clap::Error) -> ExitCode {
    let json = env::args_os().any(|argument| argument == "--json");
    match error.kind() {
        // Clap knows whether colours are wanted.
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) if failure.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(OUTPUT_CLOSED),
            Err(failure) => failed(&faults::not_written("standard output", &failure), json),
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(Category::Invalid.exit_code())
        }
        _ => {
            let text = error.to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
            let text = text.split("\n\nFor more information").next().unwrap_or(text);
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
