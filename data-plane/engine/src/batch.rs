//! Many small blobs in one stream. One task digests what has come, group by group, and hands the groups to the packer;
//! another waits for the packs and answers in the order of the blobs. Groups are bounded in bytes and number, so memory
//! does not grow with the batch.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use artifactstore_dataplane::Blob;
use artifactstore_types::{DualDigest, Fault, Receipt};
use futures::{FutureExt as _, Stream, StreamExt as _, stream::BoxStream};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    backend::Backend,
    faults,
    ingest::check_declared,
    pack::packer::{Placement, Prepared},
};

/// A group has at most this many blobs.
const GROUP_BLOBS: usize = 256;
/// A group ends when it has this many bytes.
const GROUP_BYTES: usize = 1024 * 1024;
/// How many groups may be digested and not answered.
const GROUPS_AHEAD: usize = 64;
/// How many answers may wait for whoever takes them.
const ANSWERS_AHEAD: usize = 1024;

/// A group on its way: per blob its digests, or why it was refused.
struct Group {
    blobs: Vec<Result<DualDigest, Fault>>,
    placements: oneshot::Receiver<Result<Vec<Placement>, Fault>>,
}

/// Stores the blobs of a stream.
pub(crate) fn ingest(
    backend: Arc<Backend>,
    blobs: BoxStream<'static, Blob>,
) -> BoxStream<'static, Result<Receipt, Fault>> {
    let (groups, grouped) = mpsc::channel(GROUPS_AHEAD);
    let (answers, answered) = mpsc::channel(ANSWERS_AHEAD);
    let runtime = backend.runtime.clone();
    // Dropping the answer drops the tasks, and with them the caller that the packer looks for.
    let mut tasks = JoinSet::new();
    tasks.spawn_on(digest(Arc::clone(&backend), blobs, groups), &runtime);
    tasks.spawn_on(answer(backend, grouped, answers), &runtime);
    Answers { answered, _tasks: tasks }.boxed()
}

/// The answers of a batch, with the tasks that give them.
struct Answers {
    answered: mpsc::Receiver<Result<Receipt, Fault>>,
    _tasks: JoinSet<()>,
}

impl Stream for Answers {
    type Item = Result<Receipt, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.answered.poll_recv(cx)
    }
}

async fn digest(backend: Arc<Backend>, mut blobs: BoxStream<'static, Blob>, groups: mpsc::Sender<Group>) {
    let caller = Arc::new(());
    let mut open = Some(backend.packer.open_batch());
    while open.is_some() {
        let Gathered { group, prepared, ended } = gather(&backend, &mut blobs).await;
        let end = if ended { open.take() } else { None };
        let packed = backend.packer.pack(prepared, Arc::downgrade(&caller), end).await;
        let placements = packed.unwrap_or_else(|_| {
            // The packer has ended: this group is answered so, and nothing more is taken.
            open = None;
            oneshot::channel().1
        });
        if groups.send(Group { blobs: group, placements }).await.is_err() {
            return;
        }
    }
    drop(groups);
    // The blobs are wanted until every answer was given, and this task is dropped with the answers.
    std::future::pending::<()>().await;
    drop(caller);
}

/// Blobs that came together.
#[derive(Default)]
struct Gathered {
    group: Vec<Result<DualDigest, Fault>>,
    prepared: Vec<Prepared>,
    /// Whether they are the last.
    ended: bool,
}

/// Waits for a blob, and takes what else is there already.
async fn gather(backend: &Backend, blobs: &mut BoxStream<'static, Blob>) -> Gathered {
    let mut gathered = Gathered::default();
    let mut bytes = 0;
    let mut next = Some(blobs.next().await);
    while let Some(came) = next {
        let Some(blob) = came else {
            gathered.ended = true;
            break;
        };
        bytes += blob.bytes.len();
        let digests = prepare(backend, blob).map(|blob| {
            let digests = blob.digests;
            gathered.prepared.push(blob);
            digests
        });
        gathered.group.push(digests);
        let room = gathered.group.len() < GROUP_BLOBS && bytes < GROUP_BYTES;
        next = if room { blobs.next().now_or_never() } else { None };
    }
    gathered
}

fn prepare(backend: &Backend, blob: Blob) -> Result<Prepared, Fault> {
    let limit = backend.pack_threshold_bytes;
    if blob.bytes.len() > limit {
        return Err(faults::blob_too_large(limit, blob.bytes.len()));
    }
    let digests = DualDigest::of(&blob.bytes);
    check_declared(blob.declared, &digests)?;
    Ok(Prepared { bytes: blob.bytes, digests })
}

async fn answer(
    backend: Arc<Backend>,
    mut groups: mpsc::Receiver<Group>,
    answers: mpsc::Sender<Result<Receipt, Fault>>,
) {
    while let Some(group) = groups.recv().await {
        let placements = group.placements.await.map_err(|_| faults::stopped()).flatten();
        let (mut placements, failed) = match placements {
            Ok(placements) => (placements.into_iter(), None),
            Err(fault) => (Vec::new().into_iter(), Some(fault)),
        };
        for blob in group.blobs {
            let answer = match (blob, &failed) {
                (Err(refused), _) => Err(refused),
                (Ok(_), Some(fault)) => Err(fault.clone()),
                (Ok(digests), None) => match placements.next() {
                    Some(placement) => placement.place().await.map(|place| backend.receipt_of_packed(digests, place)),
                    None => Err(faults::stopped()),
                },
            };
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    }
}
