//! A written batch, as the answers to those who asked.

use artifactstore_registry::{Accepted, Prepared, Refusal, Request};
use artifactstore_types::{EventRecord, Fault, PackageId};

use crate::Committed;

/// What each command is answered, in order, once `events` are durable.
pub(crate) fn answers(
    commands: &[Prepared],
    decided: Vec<Result<Accepted, Refusal>>,
    events: Vec<EventRecord>,
) -> Vec<Result<Committed, Fault>> {
    let mut events = events.into_iter();
    let answer = |(prepared, decided): (&Prepared, Result<Accepted, Refusal>)| {
        let package = prepared.command.package_id;
        let operation = operation(&prepared.command.request);
        match decided {
            Ok(accepted) => Ok(Committed {
                events: events.by_ref().take(accepted.events.len()).collect(),
                files: accepted.files,
                refused: refused(accepted.refused, operation, package),
            }),
            Err(refusal) => Err(refusal.into_fault(operation, package)),
        }
    };
    commands.iter().zip(decided).map(answer).collect()
}

fn refused(refused: Vec<(usize, Refusal)>, operation: &'static str, package: PackageId) -> Vec<(usize, Fault)> {
    refused.into_iter().map(|(index, refusal)| (index, refusal.into_fault(operation, package))).collect()
}

fn operation(request: &Request) -> &'static str {
    match request {
        Request::CreatePackage(_) => "create package",
        Request::CommitFiles(_) => "commit files",
        Request::FinalizePackage(_) => "finalize package",
        Request::FailPackage { .. } => "fail package",
    }
}
