//! Holding a state against stored bytes: the files it speaks of and the files of a finalized package, both in the order of
//! their paths, side by side. Where both have a path and agree on its SHA-256, the stored bytes are read again.
//!
//! What is held in memory is the state's list of files, which is bounded, and one page of the package's.

use std::{iter::Peekable, vec};

use artifactstore_registry::contract::{FileReference, References, references};
use artifactstore_types::{
    Algorithm, ContractStream, Digest, Fault, FileRecord, PackageId, PackageRecord, PackageStatus, Parity, PathParity,
};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use tokio::task::spawn_blocking;

use crate::{Service, faults};

const OPERATION: &str = "verify dossier";
/// How many blobs are read at once.
const READS: usize = 4;

impl Service {
    pub(crate) fn verify_dossier(
        &self,
        stream: &ContractStream,
        package: PackageId,
    ) -> BoxStream<'static, Result<PathParity, Fault>> {
        let (service, stream) = (self.clone(), stream.clone());
        let opened = async move {
            service.require_finalized_in(&stream, package).await?;
            let state = service.load_contract_state(&stream, None).await?;
            // A state may be large: not on a thread that serves others.
            let read = spawn_blocking(move || references(&state)).await;
            let read = read.map_err(|lost| faults::thread_lost(OPERATION, &lost))?;
            let References { files, exhaustive } = read.map_err(|refusal| refusal.into_fault(OPERATION, &stream))?;
            let pairs = pairs(files, service.all_files(package));
            let wanted = pairs.try_filter(move |pair| {
                std::future::ready(exhaustive || !matches!(pair, Pair { reference: None, .. }))
            });
            Ok::<_, Fault>(
                wanted
                    .map_ok(move |pair| {
                        let service = service.clone();
                        async move { service.compare(pair).await }
                    })
                    .try_buffered(READS),
            )
        };
        opened.into_stream().try_flatten().boxed()
    }

    /// The package, if it is finalized. One of another namespace is not there.
    async fn require_finalized_in(&self, stream: &ContractStream, id: PackageId) -> Result<PackageRecord, Fault> {
        let package = self.require_package(id).await?;
        if package.package.namespace != stream.namespace {
            return Err(faults::package_not_found(id));
        }
        if package.status == PackageStatus::Finalized {
            Ok(package)
        } else {
            Err(faults::not_finalized(OPERATION, &package))
        }
    }

    async fn compare(&self, Pair { reference, file }: Pair) -> Result<PathParity, Fault> {
        let actual = file.as_ref().map(|file| file.sha256);
        let expected = reference.as_ref().map(|it| format!("{}:{}", it.algorithm, bare(it)));
        let path = match (&reference, &file) {
            (Some(reference), _) => reference.path.clone(),
            (None, Some(file)) => file.relative_path.to_string(),
            (None, None) => String::new(),
        };
        let parity = match (reference, file) {
            (None, _) => Parity::Unknown,
            (Some(reference), _) if reference.superseded => Parity::Superseded,
            (Some(_), None) => Parity::Missing,
            (Some(reference), Some(file)) => match agree(&reference, &file) {
                Some(true) if self.verify_file(file).await?.mismatch.is_some() => Parity::Damaged,
                Some(true) => Parity::Same,
                Some(false) => Parity::Mutated,
                None => Parity::NotComparable,
            },
        };
        Ok(PathParity { path, parity, expected, actual })
    }
}

/// Whether a file is what a state says; nothing where the state does not say it in terms that are registered.
fn agree(reference: &FileReference, file: &FileRecord) -> Option<bool> {
    if reference.size_bytes.is_some_and(|size| size != file.size_bytes) {
        return Some(false);
    }
    let sha256 = Some(bare(reference)).filter(|_| reference.algorithm == Algorithm::Sha256.name());
    let expected = sha256.and_then(|hex| format!("sha256:{}", hex.to_ascii_lowercase()).parse::<Digest>().ok());
    expected.map(|expected| expected == file.sha256)
}

/// A fingerprint without its algorithm, which some emitters write before it.
fn bare(reference: &FileReference) -> &str {
    let with_algorithm = reference.hash.split_once(':').filter(|(algorithm, _)| *algorithm == reference.algorithm);
    with_algorithm.map_or(&*reference.hash, |(_, bare)| bare)
}

/// A path: what the state says of it, and the file of the package that has it.
struct Pair {
    reference: Option<FileReference>,
    file: Option<FileRecord>,
}

/// Every path that either side has, in order, with what each side has there.
fn pairs(
    references: Vec<FileReference>,
    files: BoxStream<'static, Result<FileRecord, Fault>>,
) -> impl futures::Stream<Item = Result<Pair, Fault>> + Send {
    struct Sides {
        references: Peekable<vec::IntoIter<FileReference>>,
        files: BoxStream<'static, Result<FileRecord, Fault>>,
        /// The next file, once it was asked for; none after the last.
        file: Option<FileRecord>,
        begun: bool,
    }
    let sides = Sides { references: references.into_iter().peekable(), files, file: None, begun: false };
    stream::try_unfold(sides, |mut sides| async move {
        if !std::mem::replace(&mut sides.begun, true) {
            sides.file = sides.files.try_next().await?;
        }
        let pair = match (sides.references.peek(), &sides.file) {
            (None, None) => return Ok(None),
            (Some(reference), Some(file)) if reference.path == file.relative_path.as_str() => {
                // A path that the state names twice stands beside its file both times.
                let file = file.clone();
                let reference = sides.references.next();
                let again = sides.references.peek().is_some_and(|next| next.path == file.relative_path.as_str());
                if !again {
                    sides.file = sides.files.try_next().await?;
                }
                Pair { reference, file: Some(file) }
            }
            (Some(reference), Some(file)) if reference.path.as_str() > file.relative_path.as_str() => {
                let file = sides.file.take();
                sides.file = sides.files.try_next().await?;
                Pair { reference: None, file }
            }
            (None, Some(_)) => {
                let file = sides.file.take();
                sides.file = sides.files.try_next().await?;
                Pair { reference: None, file }
            }
            (Some(_), _) => Pair { reference: sides.references.next(), file: None },
        };
        Ok(Some((pair, sides)))
    })
}
