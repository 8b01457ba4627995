//! One stream of an upload, from where the last one stopped: to the end of the blob, or to where this one stops.

use std::{future::Ready, sync::Arc};

use artifactstore_dataplane::{ByteStream, IngestHints};
use artifactstore_types::{Category, ContentAddress, DualDigest, Fault, Receipt, Timestamp};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use object_store::path::Path;

use super::{
    MOST_PARTS, PART_BYTES, UploadKey, Uploads,
    digests::{Digests, Snapshot},
    parts::Parts,
    record::{Open, Record, State},
    turns::Turn,
};
use crate::{
    backend::Backend,
    chunks::Chunks,
    faults,
    ingest::{check_declared, ingest, is_here},
    keys,
    quarantine::{self, Examined},
    stop::Stop,
};

/// A record is made anew when so many more parts have arrived: a crash costs no more than these.
const RECORDED_PARTS: usize = 4;

/// A stream of an upload, about to be read.
pub(super) struct Uploading {
    pub backend: Arc<Backend>,
    pub key: UploadKey,
    pub hints: IngestHints,
    pub offset: u64,
    pub turn: Turn,
}

impl Uploading {
    pub async fn run(self, bytes: ByteStream) -> Result<Receipt, Fault> {
        let Some(uploads) = &self.backend.uploads else { return Err(faults::no_upload()) };
        let record = uploads.records.find(self.key).await?;
        let declared = self.hints.declared;
        let chunks = Chunks::new(bytes);
        match record {
            None if self.offset == 0 => self.begin(chunks).await,
            None => Err(faults::no_upload()),
            Some(record) if record.offset() != self.offset || record.declared != declared => {
                Err(faults::other_offset(record.offset()))
            }
            Some(Record { state: State::Done(digests, stored_at), .. }) => self.done(chunks, digests, stored_at).await,
            Some(Record { state: State::Open(open), begun_at, .. }) => self.go_on(chunks, open, begun_at).await,
        }
    }

    /// Reads the first part; what ends within it is an ingest like any other, and so is what is here already.
    async fn begin(mut self, mut chunks: Chunks) -> Result<Receipt, Fault> {
        let (mut first, mut bytes) = (Vec::new(), 0);
        let ended = loop {
            if bytes >= PART_BYTES {
                break false;
            }
            match chunks.next().await? {
                Some(chunk) => {
                    bytes += chunk.len();
                    first.push(chunk);
                }
                None => break true,
            }
        };
        let backend = Arc::clone(&self.backend);
        let is_here = match self.hints.declared {
            Some(declared) if !ended => is_here(&backend, declared, self.hints.size_hint).await?,
            _ => ended,
        };
        if is_here {
            let came = stream::iter(first.into_iter().map(Ok));
            let rest = stream::unfold(chunks, |mut chunks| async move {
                let next = chunks.next().await.transpose()?;
                Some((next, chunks))
            });
            return Box::pin(ingest(&backend, self.hints, came.chain(rest).boxed())).await;
        }
        let Some(uploads) = &backend.uploads else { return Err(faults::no_upload()) };
        let target = self.hints.declared.map_or_else(|| keys::staging(backend.ids.next()), keys::blob);
        let begin = uploads.parts.create_multipart(&target);
        let multipart_id = backend.store.bounded("beginning an upload", 0, begin).await?;
        let parts = self.parts(uploads, target, multipart_id, Vec::new(), None);
        let digests = Digests::start(None)?;
        let begun_at = backend.clock.now();
        let going = Going::new(parts, digests, &self, begun_at, 0);
        self.read(uploads, first, chunks, going).await
    }

    async fn go_on(mut self, chunks: Chunks, open: Open, begun_at: Timestamp) -> Result<Receipt, Fault> {
        let backend = Arc::clone(&self.backend);
        let Some(uploads) = &backend.uploads else { return Err(faults::no_upload()) };
        let Open { target, multipart_id, part_ids, digests } = open;
        let started = Digests::start(Some(&digests))?;
        let recorded = part_ids.len();
        let parts = self.parts(uploads, Path::from(target), multipart_id, part_ids, Some(digests));
        let going = Going::new(parts, started, &self, begun_at, recorded);
        self.read(uploads, Vec::new(), chunks, going).await
    }

    fn parts(
        &self,
        uploads: &Uploads,
        target: Path,
        multipart_id: String,
        arrived: Vec<String>,
        digests: Option<Snapshot>,
    ) -> Parts {
        let multipart = Arc::clone(&uploads.parts);
        Parts::new(self.backend.store.clone(), multipart, target, multipart_id, arrived, digests)
    }

    /// It is durable, and the client has not heard of it: nothing more comes.
    async fn done(self, mut chunks: Chunks, digests: DualDigest, stored_at: Timestamp) -> Result<Receipt, Fault> {
        if chunks.next().await?.is_some() {
            return Err(faults::other_offset(digests.size_bytes));
        }
        let address = ContentAddress::from_blake3(*digests.blake3.bytes());
        // Nothing of it comes again, so what lies there is all there is.
        if let Examined::Sound(_) = quarantine::examine(&self.backend, address).await? {
            return Ok(self.backend.receipt_of_own(digests, stored_at));
        }
        if let Some(uploads) = &self.backend.uploads {
            uploads.records.remove(self.key).await?;
        }
        Err(faults::no_upload())
    }

    /// Reads to the end; or, where that does not come, records how far it came.
    async fn read(
        &mut self,
        uploads: &Uploads,
        first: Vec<Bytes>,
        chunks: Chunks,
        mut going: Going,
    ) -> Result<Receipt, Fault> {
        let mut stop = uploads.stop.clone();
        let stored = async {
            for chunk in first {
                going.add(uploads, chunk).await?;
            }
            going.read(uploads, chunks, &mut self.turn, &mut stop).await?;
            going.send_last().await?;
            going.finish(&self.backend, uploads).await
        };
        let stored = stored.await;
        match &stored {
            // The store knows nothing of it any more: there is nothing to go on with.
            Err(fault) if fault.category == Category::NotFound => {
                uploads.records.remove(self.key).await?;
                return Err(faults::no_upload());
            }
            Err(_) if !going.over => going.put_down(uploads).await,
            _ => {}
        }
        stored
    }
}

/// An upload while it is being written.
struct Going {
    parts: Parts,
    digests: Digests,
    /// What has come of the next part.
    part: Vec<Bytes>,
    part_bytes: usize,
    begun_at: Timestamp,
    declared: Option<ContentAddress>,
    key: UploadKey,
    /// How many parts the record on disk has; 0 where there is none.
    recorded: usize,
    /// Whether nothing of it can be gone on with, because the bytes are not those declared.
    over: bool,
}

impl Going {
    fn new(parts: Parts, digests: Digests, of: &Uploading, begun_at: Timestamp, recorded: usize) -> Self {
        let (key, declared) = (of.key, of.hints.declared);
        Self { parts, digests, part: Vec::new(), part_bytes: 0, begun_at, declared, key, recorded, over: false }
    }

    async fn read(
        &mut self,
        uploads: &Uploads,
        mut chunks: Chunks,
        turn: &mut Turn,
        stop: &mut Stop,
    ) -> Result<(), Fault> {
        loop {
            let next = tokio::select! {
                next = chunks.next() => next?,
                () = turn.wanted() => return Err(faults::upload_taken()),
                () = stop.said() => return Err(faults::stopped()),
            };
            match next {
                Some(chunk) => self.add(uploads, chunk).await?,
                None => return Ok(()),
            }
        }
    }

    /// Adds the next bytes; parts end where they must, whatever the chunks.
    async fn add(&mut self, uploads: &Uploads, mut chunk: Bytes) -> Result<(), Fault> {
        while !chunk.is_empty() {
            let now = chunk.split_to(chunk.len().min(PART_BYTES - self.part_bytes));
            self.part_bytes += now.len();
            self.part.push(now.clone());
            self.digests.update(now).await?;
            if self.part_bytes == PART_BYTES {
                self.send_part(uploads).await?;
            }
        }
        Ok(())
    }

    async fn send_part(&mut self, uploads: &Uploads) -> Result<(), Fault> {
        // One is left for what comes after the last whole part.
        if self.parts.sent() + 1 >= MOST_PARTS {
            return Err(faults::upload_too_large(MOST_PARTS as u64 * PART_BYTES as u64));
        }
        self.part_bytes = 0;
        let digests = self.digests.snapshot().await?;
        self.parts.send(std::mem::take(&mut self.part), Some(digests)).await?;
        if self.parts.whole() >= self.recorded + RECORDED_PARTS {
            self.record(uploads).await?;
        }
        Ok(())
    }

    /// Sends what comes after the last whole part, and waits until every part has arrived.
    async fn send_last(&mut self) -> Result<(), Fault> {
        let last = std::mem::take(&mut self.part);
        if !last.is_empty() {
            self.parts.send(last, None::<Ready<Result<Snapshot, Fault>>>).await?;
        }
        self.parts.all_arrive().await
    }

    /// Records the whole parts that have arrived.
    async fn record(&mut self, uploads: &Uploads) -> Result<(), Fault> {
        let Some(digests) = self.parts.digests.clone() else { return Ok(()) };
        let whole = self.parts.whole();
        let open = Open {
            target: self.parts.target.to_string(),
            multipart_id: self.parts.multipart_id.clone(),
            part_ids: self.parts.arrived[..whole].to_vec(),
            digests,
        };
        let record = Record { begun_at: self.begun_at, declared: self.declared, state: State::Open(open) };
        if self.recorded == 0 {
            uploads.records.add(self.key, &record).await?;
        } else {
            uploads.records.set(self.key, &record).await?;
        }
        self.recorded = whole;
        Ok(())
    }

    /// The stream stopped: what has arrived is kept, to be gone on with.
    async fn put_down(&mut self, uploads: &Uploads) {
        self.parts.settle().await;
        if self.parts.whole() > self.recorded
            && let Err(fault) = self.record(uploads).await
        {
            tracing::warn!(%fault, upload = %self.key, "what came of an upload is not recorded");
        }
        if self.recorded == 0 {
            self.parts.abort().await;
        }
    }

    /// Every part has arrived: makes one object of them, under the address of the bytes.
    async fn finish(&mut self, backend: &Arc<Backend>, uploads: &Uploads) -> Result<Receipt, Fault> {
        let digests = self.digests.finish().await?;
        if let Err(fault) = check_declared(self.declared, &digests) {
            self.over = true;
            self.parts.abort().await;
            uploads.records.remove(self.key).await?;
            return Err(fault);
        }
        let to = keys::blob(ContentAddress::from_blake3(*digests.blake3.bytes()));
        let _placing = backend.placing.read().await;
        self.parts.complete(digests.size_bytes).await?;
        // A store's word for it is not enough: what lies there now must be as large as what was sent.
        let found = backend.store.find(&self.parts.target).await?;
        if found.is_none_or(|meta| meta.size != digests.size_bytes) {
            return Err(faults::stored_otherwise(&backend.id));
        }
        if self.parts.target != to {
            backend.store.rename(&self.parts.target, &to, digests.size_bytes).await?;
        }
        let stored_at = backend.clock.now();
        let done = Record { begun_at: self.begun_at, declared: self.declared, state: State::Done(digests, stored_at) };
        // That the client may ask again is a kindness; what it asked for is done.
        let recorded = match self.recorded {
            0 => uploads.records.add(self.key, &done).await,
            _ => uploads.records.set(self.key, &done).await,
        };
        if let Err(fault) = recorded {
            tracing::warn!(%fault, upload = %self.key, "that an upload is done is not recorded");
        }
        Ok(backend.receipt_of_own(digests, stored_at))
    }
}
