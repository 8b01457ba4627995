//! What can be said to `contracts`. Types, families and categories are those of the catalogue, so a new family can be
//! named here without a change.

use std::path::PathBuf;

use artifactstore_contracts::{
    catalogue::{FAMILIES, Family, find_family},
    validator::list_event_types,
};
use artifactstore_types::{PackageId, Sequence, StreamKey};
use clap::{
    Args, Subcommand, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::help;

/// `contracts`
#[derive(Debug, Subcommand)]
pub enum Contracts {
    /// Validate a payload, or a stream of them
    #[command(long_about = help::VALIDATE, after_help = help::VALIDATE_EXAMPLES)]
    Validate(Validate),
    /// Reduce a stream of envelopes to its state
    #[command(long_about = help::REDUCE, after_help = help::REDUCE_EXAMPLES)]
    Reduce(Reduce),
    /// List, write or check the JSON Schemas
    #[command(long_about = help::SCHEMAS, after_help = help::SCHEMAS_EXAMPLES)]
    Schemas(Schemas),
    /// List documents and streams with known verdicts
    #[command(after_help = help::FIXTURES_EXAMPLES)]
    Fixtures(Fixtures),
    /// Append events to a store
    #[command(long_about = help::APPEND, after_help = help::APPEND_EXAMPLES)]
    Append(Append),
    /// Write the state of a stream that a store keeps
    #[command(long_about = help::STATE, after_help = help::STATE_EXAMPLES)]
    State(State),
    /// Write the state of a stream, and then each new one
    #[command(long_about = help::WATCH, after_help = help::WATCH_EXAMPLES)]
    Watch(Watch),
    /// Hold the files that a state speaks of against a finalized package
    #[command(long_about = help::PARITY, after_help = help::PARITY_EXAMPLES)]
    Verify(VerifyParity),
}

impl Contracts {
    /// Whether it works on a store.
    pub const fn needs_store(&self) -> bool {
        matches!(self, Self::Append(_) | Self::State(_) | Self::Watch(_) | Self::Verify(_))
    }
}

/// `contracts validate`
#[derive(Debug, Args)]
pub struct Validate {
    /// The type of the payload; Event for an envelope
    #[arg(
        long = "type",
        value_name = "TYPE",
        required_unless_present = "jsonl",
        conflicts_with = "jsonl",
        value_parser = PossibleValuesParser::new(list_event_types())
    )]
    pub event_type: Option<String>,
    /// Read {"event_type": …, "payload": …} from each line, and write a result for each
    #[arg(long)]
    pub jsonl: bool,
    /// What to read; standard input if it is - or not said
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// `contracts reduce`
#[derive(Debug, Args)]
pub struct Reduce {
    /// The family whose state is wanted
    #[arg(value_parser = family_parser())]
    pub family: &'static Family,
    /// What to read; standard input if it is - or not said
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// `contracts schemas`
#[derive(Debug, Args)]
pub struct Schemas {
    /// Compare with the types, and write nothing
    #[arg(long)]
    pub check: bool,
    /// The directory to write to, or to check; made if it does not exist
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

/// `contracts fixtures`
#[derive(Debug, Args)]
pub struct Fixtures {
    /// Only those of this category [default: all]
    #[arg(value_parser = PossibleValuesParser::new(FAMILIES.iter().map(|family| family.category)))]
    pub category: Option<String>,
}

/// `contracts append`
#[derive(Debug, Args)]
pub struct Append {
    /// Append all of them or, if one is refused, none; at most 1,000
    #[arg(long)]
    pub all_or_none: bool,
    /// What to read, an envelope a line; standard input if it is - or not said
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// Which stream is meant.
#[derive(Clone, Debug, Args)]
pub struct StreamOf {
    /// The family of the stream
    #[arg(value_parser = family_parser())]
    pub family: &'static Family,
    /// Which stream of the family: PROJECT/MISSION/RUN of an audit, PROJECT/FEATURE/BRANCH/MISSION/VERSION of a dossier
    pub key: StreamKey,
}

/// `contracts state`
#[derive(Debug, Args)]
pub struct State {
    /// Which stream is meant.
    #[command(flatten)]
    pub stream: StreamOf,
    /// As it was after the event at this sequence [default: as it is]
    #[arg(long, value_name = "SEQUENCE")]
    pub at: Option<Sequence>,
}

/// `contracts watch`
#[derive(Debug, Args)]
pub struct Watch {
    /// Which stream is meant.
    #[command(flatten)]
    pub stream: StreamOf,
}

/// `contracts verify`
#[derive(Debug, Args)]
pub struct VerifyParity {
    /// Which stream is meant.
    #[command(flatten)]
    pub stream: StreamOf,
    /// The package
    pub package: PackageId,
}

fn family_parser() -> impl TypedValueParser<Value = &'static Family> {
    let names = FAMILIES.iter().map(|family| family.name);
    PossibleValuesParser::new(names).try_map(|name| find_family(&name).ok_or("no such family"))
}
