//! Bringing files into a package, round after round until all are in. A round that a passing failure interrupts is
//! followed by another one, for what the package then still lacks: what has arrived is found out, not assumed.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use artifactstore_types::{ContentAddress, Fault, FileRecord, Upload};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::time;

use super::round::Round;
use crate::{Connection, LocalFile, Progress, Step, faults, list_all_files, read, retry};

/// What is brought where, and what is known of it so far.
pub struct Transfer {
    pub connection: Arc<dyn Connection>,
    pub upload: Upload,
    pub files: Arc<[LocalFile]>,
    pub progress: Arc<dyn Progress>,
    /// The addresses of files that had to be digested, by index.
    pub addresses: HashMap<usize, ContentAddress>,
    /// Bytes of file contents that were sent, repeats included.
    pub sent: Arc<AtomicU64>,
}

impl Transfer {
    pub fn new(
        connection: Arc<dyn Connection>,
        upload: Upload,
        files: Arc<[LocalFile]>,
        progress: Arc<dyn Progress>,
    ) -> Self {
        Self { connection, upload, files, progress, addresses: HashMap::new(), sent: Arc::default() }
    }

    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Brings every file in. `reconcile` says that the package may have some of them already.
    pub async fn run(&mut self, reconcile: bool) -> Result<(), Fault> {
        let mut missing: Vec<usize> = (0..self.files.len()).collect();
        if reconcile {
            missing = self.still_missing(missing).await?;
        }
        let mut pauses = retry::pauses();
        while !missing.is_empty() {
            let Round { done, passing } = self.round(&missing).await?;
            let Some(fault) = passing else { return Ok(()) };
            if !done.is_empty() {
                pauses = retry::pauses();
            }
            let Some(pause) = pauses.next() else { return Err(fault) };
            time::sleep(pause).await;
            missing.retain(|index| done.binary_search(index).is_err());
            missing = self.still_missing(missing).await?;
        }
        Ok(())
    }

    /// Which of these files the package does not have yet, the same.
    async fn still_missing(&mut self, missing: Vec<usize>) -> Result<Vec<usize>, Fault> {
        let listed = list_all_files(&self.connection, self.upload.package_id);
        let registered: HashMap<_, FileRecord> =
            listed.map_ok(|file| (file.relative_path.clone(), file)).try_collect().await?;
        let looks_same = |index: &usize| {
            registered.get(&self.files[*index].relative_path).is_some_and(|it| alike(it, &self.files[*index]))
        };
        let candidates: Vec<usize> = missing.iter().copied().filter(looks_same).collect();
        self.digest(&candidates).await?;

        let mut still = Vec::with_capacity(missing.len());
        for index in missing {
            let file = &self.files[index];
            let Some(record) = registered.get(&file.relative_path) else {
                still.push(index);
                continue;
            };
            if alike(record, file) && self.addresses.get(&index) == Some(&record.content_address) {
                self.progress.on(Step::Bytes(file.size_bytes));
                self.progress.on(Step::Files(1));
            } else if self.upload.replace {
                still.push(index);
            } else {
                return Err(faults::path_taken(&file.relative_path));
            }
        }
        Ok(still)
    }

    /// Learns the addresses of these files.
    pub async fn digest(&mut self, indexes: &[usize]) -> Result<(), Fault> {
        let unknown: Arc<[usize]> =
            indexes.iter().copied().filter(|index| !self.addresses.contains_key(index)).collect();
        let progress = Arc::clone(&self.progress);
        let address = move |file: &LocalFile| read::address(file, |bytes| progress.on(Step::Compared(bytes)));
        let mut digested = std::pin::pin!(read::each(Arc::clone(&self.files), unknown, address));
        while let Some(digested) = digested.next().await {
            let (index, address) = digested?;
            self.addresses.insert(index, address);
        }
        Ok(())
    }
}

fn alike(record: &FileRecord, file: &LocalFile) -> bool {
    record.size_bytes == file.size_bytes && record.executable == file.executable
}
