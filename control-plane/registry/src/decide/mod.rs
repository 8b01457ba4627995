//! Decisions: what a command leads to, given the state of its package and the facts it needs. Pure and total; one file a
//! command. A decision is all or nothing unless the command says that its items stand for themselves.

mod commit_files;
mod create_package;
mod fail_package;
mod finalize_package;
#[cfg(test)]
mod tests;

use artifactstore_types::{PackageStatus, Timestamp};

use crate::{Event, Facts, Package, PackageCommand, Refusal, Request};

pub use commit_files::MAX_FILES_PER_PACKAGE;
pub(crate) use finalize_package::Summary;

/// What a command leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When it holds from: the time of the command, except that a package is finalized at the time in its manifest.
    pub at: Timestamp,
    /// The facts, in order; none where there is nothing left to do.
    pub events: Vec<Event>,
    /// Items refused on their own, by index.
    pub refused: Vec<(usize, Refusal)>,
}

impl Decision {
    fn new(at: Timestamp, events: Vec<Event>) -> Self {
        Self { at, events, refused: Vec::new() }
    }

    /// There is nothing left to do.
    fn nothing(command: &PackageCommand) -> Self {
        Self::new(command.at, Vec::new())
    }
}

/// Decides a command about a package; `summary` is what its manifest says, if it brings one. `facts` must hold what
/// [`crate::Needs`] asks for it.
///
/// # Errors
/// The rule that refuses the command as a whole.
pub(crate) fn decide(
    state: Option<&Package>,
    facts: &Facts,
    command: &PackageCommand,
    summary: Option<Result<&Summary, &Refusal>>,
) -> Result<Decision, Refusal> {
    match (&command.request, state) {
        (Request::CreatePackage(_), Some(_)) => Err(Refusal::PackageExists),
        (Request::CreatePackage(new), None) => create_package::decide(facts, command, new),
        (_, None) => Err(Refusal::PackageNotFound),
        (Request::CommitFiles(commit), Some(package)) => commit_files::decide(package, facts, command, commit),
        (Request::FinalizePackage(finalize), Some(package)) => {
            let summary = summary.ok_or_else(|| Refusal::BadManifest("it was not read".to_owned()))?;
            finalize_package::decide(package, facts, command, finalize, summary)
        }
        (Request::FailPackage { reason }, Some(package)) => fail_package::decide(package, command, reason),
    }
}

/// Refuses a package that takes no more changes.
fn require_open(package: &Package) -> Result<(), Refusal> {
    match (package.status, package.manifest_digest) {
        (PackageStatus::Created | PackageStatus::Uploading, _) => Ok(()),
        (PackageStatus::Finalized, Some(manifest_digest)) => Err(Refusal::PackageFinalized { manifest_digest }),
        (closed, _) => Err(Refusal::PackageClosed(closed)),
    }
}
