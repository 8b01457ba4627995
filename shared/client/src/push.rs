//! Pushing a directory: everything that is in it, or nothing that could be mistaken for it.
//!
//! The directory is examined whole before the store hears of it. Only what the store lacks is sent. A package made for
//! a push that then fails is given up, with the reason, so that it never looks like one that is still being filled; the
//! push can simply be run again, and what has arrived is not sent twice.

use std::{future::Future, path::PathBuf, pin::pin, sync::Arc, time::Duration};

use artifactstore_types::{Actor, Fault, NewPackage, PackageId, PackageRecord, Upload};
use tokio::{task, time};

use crate::{Connection, Progress, RefusedEntry, Step, Walk, faults, retry, walk};

mod round;
mod send;
mod transfer;

use transfer::Transfer;

/// How long giving a package up may take before the failure is reported without it.
const GIVE_UP_DEADLINE: Duration = Duration::from_secs(5);
/// The longest reason a package can be given up with, in bytes.
const REASON_BYTES: usize = 2_000;

/// Which package files go into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushTarget {
    /// A package made for this push; given up if the push fails.
    New(Box<NewPackage>),
    /// An open package, which others may be adding to at the same time; left open if the push fails. Files that are
    /// in it already, the same, are not sent again.
    Open(PackageId),
}

/// What is to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRequest {
    /// The directory.
    pub directory: PathBuf,
    /// Where its files go.
    pub target: PushTarget,
    /// On whose behalf.
    pub actor: Actor,
    /// Whether a path that exists in the package is bound to the new blob instead of refused.
    pub replace: bool,
    /// Whether the package is finalized once everything is in it.
    pub finalize: bool,
    /// Whether symbolic links, sockets, named pipes and devices are left out instead of refused.
    pub skip_special: bool,
}

/// What a push did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The package as it is now.
    pub package: PackageRecord,
    /// How many files the directory has.
    pub file_count: u64,
    /// The sum of their sizes.
    pub bytes: u64,
    /// How many bytes of file contents were sent, repeats included.
    pub bytes_sent: u64,
    /// Special files that were left out on request.
    pub skipped: Vec<RefusedEntry>,
}

/// Pushes a directory. Stops when `interrupt` is ready, which says why: it is the fault the push then ends with, and the
/// message of either says what became of the package.
///
/// # Errors
/// What the directory holds that a package cannot (nothing has happened then), a file that changed while it was read,
/// an interruption, or whatever the store refuses. Passing failures are retried before they are reported.
pub async fn push(
    connection: &Arc<dyn Connection>,
    request: PushRequest,
    progress: Arc<dyn Progress>,
    interrupt: impl Future<Output = Fault> + Send,
) -> Result<Pushed, Fault> {
    let mut interrupt = pin!(interrupt);
    let PushRequest { directory, target, actor, replace, finalize, skip_special } = request;
    let walked = tokio::select! {
        biased;
        fault = &mut interrupt => return Err(fault),
        walked = task::spawn_blocking(move || walk(&directory, skip_special)) => walked,
    };
    let Walk { files, skipped, total_bytes } = walked.map_err(|_| faults::thread_lost("read directory"))??;
    let file_count = files.len() as u64;
    progress.on(Step::Planned { files: file_count, bytes: total_bytes });

    let own = matches!(target, PushTarget::New(_));
    let opening = async {
        match target {
            PushTarget::New(new) => retry::once(|| connection.create_package(&actor, (*new).clone())).await,
            PushTarget::Open(id) => retry::idempotent(|| connection.load_package(id)).await,
        }
    };
    let package = tokio::select! {
        biased;
        fault = &mut interrupt => return Err(if own { faults::perhaps_made(fault) } else { fault }),
        package = opening => package?,
    };
    let id = package.package_id;
    let upload = Upload { package_id: id, actor: actor.clone(), replace };
    let mut transfer = Transfer::new(Arc::clone(connection), upload, files.into(), progress);
    let work = async {
        transfer.run(package.file_count > 0).await?;
        if finalize {
            retry::idempotent(|| connection.finalize_package(&actor, id)).await
        } else {
            retry::idempotent(|| connection.load_package(id)).await
        }
    };
    let mut interrupted = false;
    let done = tokio::select! {
        biased;
        fault = &mut interrupt => {
            interrupted = true;
            Err(fault)
        }
        done = work => done,
    };
    match done {
        Ok(package) => {
            Ok(Pushed { package, file_count, bytes: total_bytes, bytes_sent: transfer.bytes_sent(), skipped })
        }
        Err(fault) if own => Err(give_up(connection, &actor, id, fault).await),
        Err(fault) if interrupted => Err(faults::left_as_it_is(fault, id).with_unknown_outcome()),
        Err(fault) => Err(faults::left_as_it_is(fault, id)),
    }
}

/// Tells the store that nothing more will come, as far as the store can be told.
async fn give_up(connection: &Arc<dyn Connection>, actor: &Actor, id: PackageId, fault: Fault) -> Fault {
    let mut reason = format!("push: {fault}");
    reason.truncate(reason.floor_char_boundary(REASON_BYTES));
    let failing = connection.fail_package(actor, id, &reason);
    match time::timeout(GIVE_UP_DEADLINE, failing).await {
        Ok(Ok(_)) => faults::given_up(fault, id),
        Ok(Err(_)) | Err(_) => faults::left_as_it_is(fault, id).with_unknown_outcome(),
    }
}

#[cfg(test)]
mod tests;
