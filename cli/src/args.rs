//! What can be said on the command line. Only its form is checked here; every word becomes a value of its own type, so
//! that a command never sees a bad one.

use std::{error::Error, net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use artifactstore_embedded::list_event_types;
use artifactstore_kit::LogFilter;
use artifactstore_types::{
    Actor, ClassName, ContentAddress, ContractStream, EventType, Name, Namespace, PackageId, PackageStatus, Producer,
    RelativePath, Sequence, Subject,
};
use clap::{Args, Parser, Subcommand, ValueHint, builder::TypedValueParser as _};

mod contracts;
mod help;

pub use contracts::{Append, Contracts, Fixtures, Reduce, Schemas, State, StreamOf, Validate, VerifyParity, Watch};

use crate::values::{Format, Pair, Range, address, count, duration, sequence};

/// The artifactstore command.
#[derive(Debug, Parser)]
#[command(
    name = "artifactstore",
    version,
    about = "Preserves evidence",
    long_about = help::LONG_ABOUT,
    after_help = help::AFTER_HELP,
    propagate_version = false,
    max_term_width = 110
)]
pub struct Cli {
    /// What is said for every command.
    #[command(flatten)]
    pub global: Global,
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// What is said for every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Write JSON to standard output, one object a line, and errors as JSON to standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// Work on the store in this directory, without a server [env: ARTIFACTSTORE_EMBEDDED]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "server")]
    pub embedded: Option<PathBuf>,

    /// Work on the store behind this server [env: ARTIFACTSTORE_SERVER] [default: http://127.0.0.1:7070]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub server: Option<String>,

    /// The namespace to work in [env: ARTIFACTSTORE_NAMESPACE] [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub namespace: Option<Namespace>,

    /// On whose behalf changes are made [env: ARTIFACTSTORE_ACTOR] [default: the name of the user]
    #[arg(long, global = true, value_name = "NAME")]
    pub actor: Option<Actor>,

    /// Give up after this long: 90, 90s, 15m or 2h
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Say nothing but results, what was left out, and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// What is logged to standard error: a level, or directives such as info,module=debug [default: warn; off with --json]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<LogFilter>,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Push the files of a directory as a package
    #[command(long_about = help::PUSH, after_help = help::PUSH_EXAMPLES)]
    Push(Push),
    /// Pull a finalized package into a directory
    #[command(long_about = help::PULL, after_help = help::PULL_EXAMPLES)]
    Pull(Pull),
    /// Write one file of a package, or a range of it
    #[command(long_about = help::GET, after_help = help::GET_EXAMPLES)]
    Get(Get),
    /// List packages, the newest first
    #[command(after_help = help::LS_EXAMPLES)]
    Ls(Ls),
    /// Show a package
    #[command(after_help = help::SHOW_EXAMPLES)]
    Show(Show),
    /// Write the manifest of a finalized package, exactly
    #[command(long_about = help::MANIFEST, after_help = help::MANIFEST_EXAMPLES)]
    Manifest(Manifest),
    /// Read every stored byte of a package again and compare
    #[command(long_about = help::VERIFY, after_help = help::VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Close an open package under its manifest
    #[command(long_about = help::FINALIZE, after_help = help::FINALIZE_EXAMPLES)]
    Finalize(Finalize),
    /// Give an open package up
    #[command(after_help = help::FAIL_EXAMPLES)]
    Fail(Fail),
    /// List events, and wait for more
    #[command(long_about = help::TAIL, after_help = help::TAIL_EXAMPLES)]
    Tail(Tail),
    /// Say how the store is
    #[command(long_about = help::HEALTH, after_help = help::HEALTH_EXAMPLES)]
    Health,
    /// Run a server on this machine: gRPC on 7070, HTTP on 7071
    #[command(long_about = help::DEV, after_help = help::DEV_EXAMPLES)]
    Dev(Dev),
    /// Bring a database up to date
    #[command(long_about = help::MIGRATE, after_help = help::MIGRATE_EXAMPLES)]
    Migrate(Migrate),
    /// Fold the event log again
    #[command(long_about = help::REPLAY, after_help = help::REPLAY_EXAMPLES)]
    Replay(Replay),
    /// Validate, reduce and keep the events of contracts that others rely on
    #[command(subcommand, long_about = help::CONTRACTS, after_help = help::CONTRACTS_EXAMPLES)]
    Contracts(Contracts),
    /// Say which version this is
    #[command(after_help = help::VERSION_EXAMPLES)]
    Version,
    /// Write the completions of a shell
    #[command(after_help = help::COMPLETIONS_EXAMPLES)]
    Completions(Completions),
}

/// `push`
#[derive(Debug, Args)]
pub struct Push {
    /// The directory
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: PathBuf,
    /// What the package is called; need not be unique
    #[arg(long, required_unless_present = "into")]
    pub name: Option<Name>,
    /// The system that made it
    #[arg(long, required_unless_present = "into")]
    pub producer: Option<Producer>,
    /// What it is evidence about
    #[arg(long, required_unless_present = "into")]
    pub subject: Option<Subject>,
    /// Its retention class, such as raw-evidence
    #[arg(long, required_unless_present = "into")]
    pub class: Option<ClassName>,
    /// What kind of package it is
    #[arg(long, conflicts_with = "into")]
    pub kind: Option<Name>,
    /// Something to be kept with it; can be said again
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "into")]
    pub meta: Vec<Pair>,
    /// A source it was made from, such as a commit; can be said again
    #[arg(long, value_name = "REF", conflicts_with = "into")]
    pub source_ref: Vec<String>,
    /// The version of the producer
    #[arg(long, value_name = "VERSION", conflicts_with = "into")]
    pub producer_version: Option<String>,
    /// Add to this open package instead of making one
    #[arg(long, value_name = "PACKAGE", conflicts_with_all = ["name", "producer", "subject", "class"])]
    pub into: Option<PackageId>,
    /// Bind paths that exist in the package to the new bytes
    #[arg(long)]
    pub replace: bool,
    /// Leave the package open
    #[arg(long)]
    pub no_finalize: bool,
    /// Leave out symbolic links, sockets, pipes and devices, and say so, instead of refusing them
    #[arg(long)]
    pub skip_special: bool,
}

/// `pull`
#[derive(Debug, Args)]
pub struct Pull {
    /// The package
    pub package: PackageId,
    /// Where to; made if it does not exist
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: PathBuf,
    /// Replace files that are there already; others stay
    #[arg(long)]
    pub overwrite: bool,
    /// The manifest digest it must have, where that was kept elsewhere
    #[arg(long, value_name = "DIGEST")]
    pub manifest_digest: Option<ContentAddress>,
}

/// `get`
#[derive(Debug, Args)]
pub struct Get {
    /// The package
    pub package: PackageId,
    /// The file in it
    #[arg(value_name = "PATH")]
    pub path: RelativePath,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Only these bytes, counted from 0, the last one included: 0-1023, or 1024- to the end
    #[arg(long, value_name = "FIRST-LAST", allow_hyphen_values = true)]
    pub range: Option<Range>,
}

/// `ls`
#[derive(Debug, Args)]
pub struct Ls {
    /// Only packages in this state
    #[arg(long, value_parser = status_parser())]
    pub status: Option<PackageStatus>,
    /// Only packages of this producer
    #[arg(long)]
    pub producer: Option<Producer>,
    /// Only packages about this subject
    #[arg(long)]
    pub subject: Option<Subject>,
    /// Only packages of this retention class
    #[arg(long)]
    pub class: Option<ClassName>,
    /// Only packages of this name
    #[arg(long)]
    pub name: Option<Name>,
    /// At most this many [default: all]
    #[arg(long, value_name = "COUNT", value_parser = count, allow_hyphen_values = true)]
    pub limit: Option<NonZeroUsize>,
}

/// `show`
#[derive(Debug, Args)]
pub struct Show {
    /// The package
    pub package: PackageId,
    /// Its files too
    #[arg(long)]
    pub files: bool,
}

/// `manifest`
#[derive(Debug, Args)]
pub struct Manifest {
    /// The package
    pub package: PackageId,
    /// Which form [default: cbor; json on a terminal and with --json]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The package
    pub package: PackageId,
    /// A directory that should hold exactly its files
    #[arg(long = "dir", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: Option<PathBuf>,
    /// Pass over symbolic links, sockets, pipes and devices in the directory, and say so
    #[arg(long, requires = "directory")]
    pub skip_special: bool,
    /// The manifest digest it must have, where that was kept elsewhere
    #[arg(long, value_name = "DIGEST")]
    pub manifest_digest: Option<ContentAddress>,
}

/// `finalize`
#[derive(Debug, Args)]
pub struct Finalize {
    /// The package
    pub package: PackageId,
}

/// `fail`
#[derive(Debug, Args)]
pub struct Fail {
    /// The package
    pub package: PackageId,
    /// Why, for whoever asks later
    #[arg(long)]
    pub reason: String,
}

/// `tail`
#[derive(Debug, Args)]
pub struct Tail {
    /// Only events after this sequence
    #[arg(long, value_name = "SEQUENCE", value_parser = sequence, default_value_t = 0, allow_hyphen_values = true)]
    pub since: Sequence,
    /// Wait for more at the end
    #[arg(long, short)]
    pub follow: bool,
    /// Only events of this type; can be said again
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type_parser())]
    pub types: Vec<EventType>,
    /// Only events about this package, or this stream: NAMESPACE/FAMILY/KEY
    #[arg(long, value_name = "PACKAGE|STREAM", value_parser = event_subject)]
    pub subject: Option<EventSubject>,
}

/// What events may be about.
#[derive(Clone, Debug)]
pub enum EventSubject {
    /// A package.
    Package(PackageId),
    /// A stream of contract events.
    Stream(ContractStream),
}

/// `dev`
#[derive(Debug, Args)]
pub struct Dev {
    /// Where gRPC is served [env: ARTIFACTSTORE_GRPC_ADDR] [default: 127.0.0.1:7070]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub grpc_addr: Option<SocketAddr>,
    /// Where HTTP is served [env: ARTIFACTSTORE_HTTP_ADDR] [default: 127.0.0.1:7071]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub http_addr: Option<SocketAddr>,
}

/// `migrate`
#[derive(Debug, Args)]
pub struct Migrate {
    /// Drop everything first; every package and event is lost
    #[arg(long)]
    pub fresh: bool,
    /// Do not ask
    #[arg(long, requires = "fresh")]
    pub yes: bool,
}

/// `replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// Check every event, fold the log beside the views, compare, and change nothing
    #[arg(long)]
    pub check: bool,
}

/// `completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

fn status_parser() -> impl clap::builder::TypedValueParser<Value = PackageStatus> {
    let names = PackageStatus::ALL.map(PackageStatus::name);
    clap::builder::PossibleValuesParser::new(names).try_map(|name| PackageStatus::find(&name).ok_or("no such status"))
}

fn event_subject(text: &str) -> Result<EventSubject, Box<dyn Error + Send + Sync>> {
    // The id of a package has no slash, and a stream has two.
    if text.contains('/') { Ok(EventSubject::Stream(text.parse()?)) } else { Ok(EventSubject::Package(text.parse()?)) }
}

fn event_type_parser() -> impl clap::builder::TypedValueParser<Value = EventType> {
    clap::builder::PossibleValuesParser::new(list_event_types()).try_map(EventType::new)
}

impl Command {
    /// Whether it works on a store, wherever that is.
    pub const fn needs_store(&self) -> bool {
        match self {
            Self::Contracts(contracts) => contracts.needs_store(),
            Self::Version | Self::Completions(_) => false,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
