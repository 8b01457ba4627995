//! A command with what can be worked out before the log is locked: a manifest of many files takes milliseconds to read,
//! and everybody else would wait.

use crate::{Command, PackageCommand, Refusal, Request, decide::Summary};

/// A command, ready to be decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The command.
    pub command: Command,
    manifest: Option<Result<Summary, Refusal>>,
}

impl Prepared {
    /// The command's manifest, or why it is refused.
    pub(crate) fn manifest(&self) -> Option<Result<&Summary, &Refusal>> {
        self.manifest.as_ref().map(Result::as_ref)
    }
}

impl From<Command> for Prepared {
    fn from(command: Command) -> Self {
        let manifest = match &command {
            Command::Package(PackageCommand { request: Request::FinalizePackage(finalize), .. }) => {
                Some(Summary::read(&finalize.manifest))
            }
            Command::Package(_) | Command::AppendContractEvents(_) => None,
        };
        Self { command, manifest }
    }
}
