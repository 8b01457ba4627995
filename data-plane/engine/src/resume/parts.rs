//! Parts on their way to the store: a few at once, in any order; what counts is how many have arrived from the first on.

use std::{collections::BTreeMap, sync::Arc};

use artifactstore_types::Fault;
use bytes::Bytes;
use object_store::{
    multipart::{MultipartStore, PartId},
    path::Path,
};
use tokio::task::JoinSet;

use super::digests::Snapshot;
use crate::{faults, store::Store};

/// How many parts are on their way at once.
const AT_ONCE: usize = 2;

/// The parts of one upload.
pub(super) struct Parts {
    pub store: Store,
    pub multipart: Arc<dyn MultipartStore>,
    pub target: Path,
    pub multipart_id: String,
    /// Those that have arrived, from the first on.
    pub arrived: Vec<String>,
    /// Both digests at the end of the last whole one of these.
    pub digests: Option<Snapshot>,
    /// How many of these are whole: all, but for the last part of an upload.
    whole: usize,
    /// Those that have arrived before one that has not.
    early: BTreeMap<usize, (String, Option<Snapshot>)>,
    under_way: JoinSet<Result<Arrived, Fault>>,
    sent: usize,
}

struct Arrived {
    number: usize,
    part_id: String,
    digests: Option<Snapshot>,
}

impl Parts {
    pub fn new(
        store: Store,
        multipart: Arc<dyn MultipartStore>,
        target: Path,
        multipart_id: String,
        arrived: Vec<String>,
        digests: Option<Snapshot>,
    ) -> Self {
        let sent = arrived.len();
        let (early, under_way, whole) = (BTreeMap::new(), JoinSet::new(), sent);
        Self { store, multipart, target, multipart_id, arrived, digests, whole, early, under_way, sent }
    }

    /// How many whole parts have arrived, from the first on.
    pub fn whole(&self) -> usize {
        self.whole
    }

    /// How many parts have been sent.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// Sends the next part on its way, with the digests at its end where it is a whole one. Waits while enough are.
    pub async fn send(
        &mut self,
        part: Vec<Bytes>,
        digests: Option<impl Future<Output = Result<Snapshot, Fault>> + Send + 'static>,
    ) -> Result<(), Fault> {
        while self.under_way.len() >= AT_ONCE {
            self.one_arrives().await?;
        }
        let (store, multipart) = (self.store.clone(), Arc::clone(&self.multipart));
        let (target, id, number) = (self.target.clone(), self.multipart_id.clone(), self.sent);
        let bytes = part.iter().map(Bytes::len).sum::<usize>() as u64;
        self.under_way.spawn(async move {
            let sent = multipart.put_part(&target, &id, number, part.into_iter().collect());
            let PartId { content_id } = store.bounded("writing a part", bytes, sent).await?;
            let digests = match digests {
                Some(digests) => Some(digests.await?),
                None => None,
            };
            Ok(Arrived { number, part_id: content_id, digests })
        });
        self.sent += 1;
        Ok(())
    }

    /// Waits until a part has arrived, if one is on its way.
    pub async fn one_arrives(&mut self) -> Result<(), Fault> {
        let Some(arrived) = self.under_way.join_next().await else { return Ok(()) };
        let Arrived { number, part_id, digests } = arrived.map_err(|_| faults::stopped())??;
        self.early.insert(number, (part_id, digests));
        while let Some((part_id, digests)) = self.early.remove(&self.arrived.len()) {
            self.arrived.push(part_id);
            if digests.is_some() {
                self.digests = digests;
                self.whole = self.arrived.len();
            }
        }
        Ok(())
    }

    /// Waits until every part has arrived.
    pub async fn all_arrive(&mut self) -> Result<(), Fault> {
        while !self.under_way.is_empty() {
            self.one_arrives().await?;
        }
        Ok(())
    }

    /// Waits for what is on its way, whatever becomes of it: what has arrived then counts.
    pub async fn settle(&mut self) {
        while !self.under_way.is_empty() {
            if let Err(fault) = self.one_arrives().await {
                tracing::debug!(%fault, "a part did not arrive");
            }
        }
    }

    /// Makes an object of all parts.
    pub async fn complete(&self, size_bytes: u64) -> Result<(), Fault> {
        let parts = self.arrived.iter().map(|content_id| PartId { content_id: content_id.clone() }).collect();
        let complete = self.multipart.complete_multipart(&self.target, &self.multipart_id, parts);
        let completed = self.store.bounded("completing an upload", size_bytes, complete).await;
        completed.map(drop).map_err(Fault::with_unknown_outcome)
    }

    /// Takes every part back.
    pub async fn abort(&mut self) {
        self.under_way.shutdown().await;
        abort(&self.store, &*self.multipart, &self.target, &self.multipart_id).await;
    }
}

/// Takes back the parts of an upload. What cannot be taken back now, the store's own sweeping finds.
pub(super) async fn abort(store: &Store, multipart: &dyn MultipartStore, target: &Path, multipart_id: &str) {
    let id = multipart_id.to_owned();
    if let Err(fault) = store.bounded("aborting an upload", 0, multipart.abort_multipart(target, &id)).await {
        tracing::debug!(%fault, "parts of an upload could not be taken back");
    }
}
