//! Sending files: the small ones in one stream, the large ones one by one, a few at once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use artifactstore_types::{ContentAddress, Fault, FileRecord};
use futures::{StreamExt as _, future, stream};

use super::{round::Round, transfer::Transfer};
use crate::{
    ByteStream, FileSource, LocalFile, Progress, Step, faults,
    read::{self, Sending},
};

/// How many large files are sent at once. One alone cannot use two cores, because SHA-256 cannot be split; more than a
/// few only share them.
const LARGE_AT_ONCE: usize = 3;

/// What has passed of one large file, and why no more came.
#[derive(Default)]
struct Passage {
    bytes: AtomicU64,
    failure: OnceLock<Fault>,
}

impl Transfer {
    pub async fn send(&self, wanted: Vec<Sending>) -> Result<Round, Fault> {
        let limit = self.connection.small_file_limit() as u64;
        let (small, large): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|sending| self.files[sending.index].size_bytes <= limit);
        let (mut small, large) = future::try_join(self.send_small(small), self.send_large(large)).await?;
        small.add(large);
        Ok(small)
    }

    async fn send_small(&self, wanted: Vec<Sending>) -> Result<Round, Fault> {
        let mut round = Round::default();
        if wanted.is_empty() {
            return Ok(round);
        }
        let wanted: Arc<[Sending]> = wanted.into();
        let unreadable = Arc::new(OnceLock::new());
        let sent = Arc::clone(&self.sent);
        let files = read::small_files(Arc::clone(&self.files), Arc::clone(&wanted), Arc::clone(&unreadable))
            .inspect(move |file| _ = sent.fetch_add(file.bytes.len() as u64, Ordering::Relaxed))
            .boxed();
        let mut answers = self.connection.ingest_files(&self.upload, files);
        let mut unanswered = wanted.iter();
        while let Some(answer) = answers.next().await {
            match (answer, unanswered.next()) {
                (Ok(record), Some(sending)) => {
                    self.require_answers(sending.index, sending.declared, &record)?;
                    self.progress.on(Step::Bytes(record.size_bytes));
                    self.progress.on(Step::Files(1));
                    round.done.push(sending.index);
                }
                (Err(fault), _) => round.note(fault)?,
                (Ok(_), None) => return Err(faults::answer_unfit("ingest files", "answered more often than asked")),
            }
        }
        // The store saw a stream that ended early, and is not to blame for answers that are missing.
        if let Some(fault) = unreadable.get() {
            return Err(fault.clone());
        }
        if unanswered.next().is_some() && round.passing.is_none() {
            return Err(faults::answer_unfit("ingest files", "left files unanswered"));
        }
        Ok(round)
    }

    async fn send_large(&self, wanted: Vec<Sending>) -> Result<Round, Fault> {
        let mut round = Round::default();
        let mut sending = stream::iter(wanted)
            .map(|sending| async move { (sending.index, self.send_one(sending).await) })
            .buffer_unordered(LARGE_AT_ONCE);
        while let Some((index, sent)) = sending.next().await {
            match sent {
                Ok(()) => round.done.push(index),
                Err(fault) => round.note(fault)?,
            }
        }
        Ok(round)
    }

    async fn send_one(&self, sending: Sending) -> Result<(), Fault> {
        let Sending { index, declared } = sending;
        let header = read::header(&self.files[index], declared);
        let passage = Arc::new(Passage::default());
        let source = Observed {
            files: Arc::clone(&self.files),
            index,
            sent: Arc::clone(&self.sent),
            progress: Arc::clone(&self.progress),
            passage: Arc::clone(&passage),
        };
        match self.connection.ingest_source(&self.upload, header, Arc::new(source)).await {
            Ok(record) => {
                self.require_answers(index, declared, &record)?;
                self.progress.on(Step::Files(1));
                Ok(())
            }
            Err(fault) => {
                self.progress.on(Step::Repeated(passage.bytes.load(Ordering::Relaxed)));
                // The store may have put the failure of its source into words of its own.
                Err(passage.failure.get().cloned().unwrap_or(fault))
            }
        }
    }

    /// The store must have registered the file it was given, under the address it was to have.
    pub fn require_answers(
        &self,
        index: usize,
        declared: Option<ContentAddress>,
        record: &FileRecord,
    ) -> Result<(), Fault> {
        let file = &self.files[index];
        let same = record.package_id == self.upload.package_id
            && record.relative_path == file.relative_path
            && record.size_bytes == file.size_bytes
            && record.executable == file.executable
            && declared.is_none_or(|address| address == record.content_address);
        if same {
            Ok(())
        } else {
            Err(faults::answer_unfit("add file", "registered something else than it was given")
                .about(&file.relative_path))
        }
    }
}

/// One file of the push, whose progress is told as it is read.
struct Observed {
    files: Arc<[LocalFile]>,
    index: usize,
    sent: Arc<AtomicU64>,
    progress: Arc<dyn Progress>,
    passage: Arc<Passage>,
}

impl FileSource for Observed {
    fn size_bytes(&self) -> u64 {
        self.files[self.index].size_bytes
    }

    fn open(&self, offset: u64) -> ByteStream {
        // What had passed beyond the place where it goes on has to pass again.
        let passed = self.passage.bytes.swap(offset, Ordering::Relaxed);
        self.progress.on(Step::Repeated(passed.saturating_sub(offset)));
        let (sent, progress, passage) = (Arc::clone(&self.sent), Arc::clone(&self.progress), Arc::clone(&self.passage));
        read::chunks(Arc::clone(&self.files), self.index, offset)
            .inspect(move |chunk| match chunk {
                Ok(chunk) => {
                    let length = chunk.len() as u64;
                    passage.bytes.fetch_add(length, Ordering::Relaxed);
                    sent.fetch_add(length, Ordering::Relaxed);
                    progress.on(Step::Bytes(length));
                }
                Err(fault) => _ = passage.failure.set(fault.clone()),
            })
            .boxed()
    }
}
