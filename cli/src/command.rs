//! The commands, one a file: each takes its arguments, makes one call on the client, and has the answer shown.

mod completions;
mod contracts;
mod dev;
mod fail;
mod finalize;
mod get;
mod health;
mod ls;
mod manifest;
mod migrate;
mod nodes;
mod pull;
mod push;
mod replay;
mod show;
mod tail;
mod verify;
mod version;

use artifactstore_types::Category;

use crate::{
    args::{Cli, Command},
    context::Context,
    output::Stop,
};

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All is well.
    Well,
    /// What it found has this exit code.
    With(Category),
}

/// Runs a command.
pub async fn run(cli: Cli, context: &mut Context) -> Result<Ended, Stop> {
    match cli.command {
        Command::Push(arguments) => push::run(arguments, context).await,
        Command::Pull(arguments) => pull::run(arguments, context).await,
        Command::Get(arguments) => get::run(arguments, context).await,
        Command::Ls(arguments) => ls::run(arguments, context).await,
        Command::Show(arguments) => show::run(arguments, context).await,
        Command::Manifest(arguments) => manifest::run(arguments, context).await,
        Command::Verify(arguments) => verify::run(arguments, context).await,
        Command::Finalize(arguments) => finalize::run(arguments, context).await,
        Command::Fail(arguments) => fail::run(arguments, context).await,
        Command::Tail(arguments) => tail::run(arguments, context).await,
        Command::Nodes(part) => nodes::run(part, context).await,
        Command::Health => health::run(context).await,
        Command::Dev(arguments) => dev::run(arguments, &cli.global, context).await,
        Command::Migrate(arguments) => migrate::run(arguments, &cli.global, context).await,
        Command::Replay(arguments) => replay::run(arguments, &cli.global, context).await,
        Command::Contracts(part) => contracts::run(part, context).await,
        Command::Version => version::run(context),
        Command::Completions(arguments) => completions::run(&arguments, context),
    }
}
