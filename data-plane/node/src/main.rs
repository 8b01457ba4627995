//! The data-plane process: reads its settings, opens a node, and runs it until it is asked to end.

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use artifactstore_kit::{Shutdown, Sources, telemetry};
use artifactstore_node::{Node, NodeOptions, NodeSettings, help, process_refused, settings_refused};
use artifactstore_types::Fault;
use tokio::runtime;

/// What commands read, which may run in the same environment.
const READ_BY_COMMANDS: [&str; 4] =
    ["ARTIFACTSTORE_SERVER", "ARTIFACTSTORE_EMBEDDED", "ARTIFACTSTORE_NAMESPACE", "ARTIFACTSTORE_ACTOR"];

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    let ended = match words.iter().map(AsRef::as_ref).collect::<Vec<_>>()[..] {
        [] => run(),
        ["check"] => settings().and_then(|settings| shown(&settings.told()?)),
        ["--help" | "-h" | "help"] => shown(&help()),
        ["--version" | "-V"] => shown(concat!("artifactstore-data-plane ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => Err(settings_refused("the command line says what is not understood; --help shows what is")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // Nobody is left to tell where standard error is closed.
            let _ = writeln!(io::stderr(), "error[{}]: {}{}", fault.code, fault.message, subject(&fault));
            ExitCode::from(fault.category.exit_code())
        }
    }
}

fn subject(fault: &Fault) -> String {
    fault.subject.as_ref().map(|subject| format!(" ({subject})")).unwrap_or_default()
}

fn shown(text: &str) -> Result<(), Fault> {
    io::stdout().write_all(text.as_bytes()).map_err(process_refused)
}

fn settings() -> Result<NodeSettings, Fault> {
    NodeSettings::load(&Sources::of_process(&READ_BY_COMMANDS).map_err(settings_refused)?)
}

fn run() -> Result<(), Fault> {
    let settings = settings()?;
    telemetry::init(&settings.log_level, settings.log_format).map_err(process_refused)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(process_refused)?;
    let ended = runtime.block_on(serve(&settings));
    // Threads that still read or write for a transfer that was cut are not waited for longer than this.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn serve(settings: &NodeSettings) -> Result<(), Fault> {
    let shutdown = Shutdown::new();
    tokio::spawn(shutdown.on_signals().map_err(process_refused)?);
    let node = Node::open(NodeOptions::from_settings(settings)?).await?;
    let description = node.description();
    shown(&format!("{} gRPC {} HTTP http://{}\n", description.node_id, description.endpoint, node.http_addr()))?;
    Box::pin(node.run(&shutdown)).await
}
