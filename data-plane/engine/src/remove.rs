//! Deletion. A blob of its own is removed, with the copies of it that were found damaged. A packed one gets a tombstone, which the backend keeps beside the pack; when
//! nothing living is left in a pack, the pack is removed and then its tombstones.
//!
//! Deletions that arrive while others are being written share one tombstone per pack. Each is ordered so that a crash
//! after any step leaves a blob either served as before or dead for good:
//!
//! 1. the index says durably that the blob is dying: from here on it is not served and new bytes are stored anew;
//! 2. the tombstone is durable in the backend: from here on an index made anew says the same;
//! 3. the deletion is acknowledged.
//!
//! A crash between 1 and 2 leaves a death that is pending: deleting again finishes it, an index made anew forgets it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use artifactstore_types::{ContentAddress, Fault, Location};
use futures::{StreamExt as _, stream};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::{
    backend::Backend,
    faults,
    index::{Death, Index, living},
    keys::{self, Note, PackId, Stored},
    pack::packs::{FooterFound, Packs},
    quarantine, serve,
    stop::Stop,
};

/// How many deletions wait for the remover.
const QUEUE: usize = 1024;
/// How many packs lose blobs at once.
const PACKS_AT_ONCE: usize = 8;

/// Deletes a blob; says whether it was there.
pub(crate) async fn delete(backend: &Backend, address: ContentAddress, location: &Location) -> Result<bool, Fault> {
    match serve::named(address, location)? {
        None => Ok(false),
        Some(Stored::Blob(_)) => {
            let key = keys::blob(address);
            let mut there = backend.store.find(&key).await?.is_some();
            if there {
                backend.store.delete(&key).await?;
            }
            while let Some(aside) = quarantine::find_aside(backend, address).await? {
                backend.store.delete(&aside).await?;
                there = true;
            }
            Ok(there)
        }
        Some(Stored::Pack(pack)) => backend.remover.delete(pack, address).await,
    }
}

/// Hands deletions to the task that groups them.
#[derive(Clone)]
pub(crate) struct Remover {
    queue: mpsc::Sender<Request>,
}

struct Request {
    pack: PackId,
    address: ContentAddress,
    answer: oneshot::Sender<Result<bool, Fault>>,
}

impl Remover {
    /// Makes the remover and the task it hands deletions to. The task ends when `stop` says so or is gone.
    pub fn new(
        packs: Arc<Packs>,
        index: Arc<Index>,
        rewriting: Arc<Mutex<()>>,
        stop: Stop,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, requests) = mpsc::channel(QUEUE);
        (Self { queue }, run(packs, index, rewriting, requests, stop))
    }

    async fn delete(&self, pack: PackId, address: ContentAddress) -> Result<bool, Fault> {
        let (answer, deleted) = oneshot::channel();
        self.queue.send(Request { pack, address, answer }).await.map_err(|_| faults::stopped())?;
        deleted.await.map_err(|_| faults::stopped())?
    }
}

async fn run(
    packs: Arc<Packs>,
    index: Arc<Index>,
    rewriting: Arc<Mutex<()>>,
    mut requests: mpsc::Receiver<Request>,
    mut stop: Stop,
) {
    let mut waiting = Vec::new();
    loop {
        let received = tokio::select! {
            received = requests.recv_many(&mut waiting, QUEUE) => received,
            () = stop.said() => 0,
        };
        if received == 0 {
            return;
        }
        let mut by_pack: BTreeMap<PackId, Vec<Request>> = BTreeMap::new();
        for request in waiting.drain(..) {
            by_pack.entry(request.pack).or_default().push(request);
        }
        let _rewriting = rewriting.lock().await;
        let delete = |(pack, requests)| delete_from(&packs, &index, pack, requests);
        stream::iter(by_pack).map(delete).buffer_unordered(PACKS_AT_ONCE).collect::<()>().await;
    }
}

async fn delete_from(packs: &Packs, index: &Index, pack: PackId, requests: Vec<Request>) {
    let addresses = requests.iter().map(|request| request.address).collect();
    let mut deleted = bury(packs, index, pack, addresses).await;
    for request in requests {
        let answer = match &mut deleted {
            // Of two requests for the same blob, the first one deletes it.
            Ok(deleted) => Ok(deleted.insert(request.address, false).unwrap_or(false)),
            Err(fault) => Err(fault.clone()),
        };
        let _ = request.answer.send(answer);
    }
}

/// Deletes these blobs of a pack; says which were there.
async fn bury(
    packs: &Packs,
    index: &Index,
    pack: PackId,
    addresses: Vec<ContentAddress>,
) -> Result<HashMap<ContentAddress, bool>, Fault> {
    let footer = match packs.footer(pack).await? {
        FooterFound::Intact(footer) => footer,
        FooterFound::Missing => return Ok(HashMap::new()),
        FooterFound::Damaged => return Err(faults::damaged_pack(keys::pack(pack).as_ref())),
    };
    let mut dead = index.dead_of(packs, pack).await?;
    let buried = |address: &ContentAddress| dead.get(address) == Some(&Death::Settled);
    let held: HashSet<_> = footer.entries.iter().map(|entry| entry.address).collect();
    let dying: Vec<_> = addresses.into_iter().filter(|a| held.contains(a) && !buried(a)).collect();
    if dying.is_empty() {
        return Ok(HashMap::new());
    }
    dead.extend(dying.iter().map(|address| (*address, Death::Pending)));
    index.begin_death(packs, pack, dying.clone()).await?;
    if living(&footer, &dead).is_empty() {
        packs.remove(pack).await?;
        index.forget_pack(pack, dying.clone()).await;
    } else {
        packs.note(Note::Tombstone, pack, &dying).await?;
        index.settle_death(pack, dying.clone()).await;
    }
    Ok(dying.into_iter().map(|address| (address, true)).collect())
}
