//! A written batch, as the answers to those who asked.

use std::fmt::Display;

use artifactstore_registry::{Accepted, Command, PackageCommand, Prepared, Refusal, Request};
use artifactstore_types::{EventRecord, Fault};

use crate::Committed;

/// What each command is answered, in order, once `events` are durable.
pub(crate) fn answers(
    commands: &[Prepared],
    decided: Vec<Result<Accepted, Refusal>>,
    events: Vec<EventRecord>,
) -> Vec<Result<Committed, Fault>> {
    let mut events = events.into_iter();
    let answer = |(prepared, decided): (&Prepared, Result<Accepted, Refusal>)| {
        let (operation, about): (_, &dyn Display) = match &prepared.command {
            Command::Package(PackageCommand { package_id, request, .. }) => (operation(request), package_id),
            Command::AppendContractEvents(append) => ("append contract events", &append.origin.namespace),
        };
        match decided {
            Ok(accepted) => Ok(Committed {
                events: events.by_ref().take(accepted.events.len()).collect(),
                files: accepted.files,
                refused: refused(accepted.refused, operation, about),
                repeated: accepted.repeated,
                unchanged: accepted.unchanged,
            }),
            Err(refusal) => Err(refusal.into_fault(operation, about)),
        }
    };
    commands.iter().zip(decided).map(answer).collect()
}

fn refused(refused: Vec<(usize, Refusal)>, operation: &'static str, about: &dyn Display) -> Vec<(usize, Fault)> {
    refused.into_iter().map(|(index, refusal)| (index, refusal.into_fault(operation, about))).collect()
}

fn operation(request: &Request) -> &'static str {
    match request {
        Request::CreatePackage(_) => "create package",
        Request::CommitFiles(_) => "commit files",
        Request::FinalizePackage(_) => "finalize package",
        Request::FailPackage { .. } => "fail package",
    }
}
