//! How much a node has to do: transfers under way, of which there are at most so many. What each may hold in memory is
//! bounded by windows and by the engine, so the number of them bounds the whole.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use artifactstore_types::{Fault, NodeLoad};

use crate::faults;

/// How many transfers may be under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Uploads.
    pub uploads: u32,
    /// Downloads.
    pub downloads: u32,
}

/// How much there is to do. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Load {
    limits: Limits,
    uploads: Arc<AtomicU32>,
    downloads: Arc<AtomicU32>,
}

impl Load {
    pub fn new(limits: Limits) -> Self {
        Self { limits, uploads: Arc::default(), downloads: Arc::default() }
    }

    /// Takes a place for an upload, for as long as the answer lives.
    pub fn begin_upload(&self) -> Result<Place, Fault> {
        Place::take(&self.uploads, self.limits.uploads).ok_or_else(|| faults::too_many("uploads", self.limits.uploads))
    }

    /// Takes a place for a download, for as long as the answer lives.
    pub fn begin_download(&self) -> Result<Place, Fault> {
        let limit = self.limits.downloads;
        Place::take(&self.downloads, limit).ok_or_else(|| faults::too_many("downloads", limit))
    }

    /// What is said of it to control planes.
    pub fn told(&self) -> NodeLoad {
        let uploads = self.uploads.load(Ordering::Relaxed);
        let downloads = self.downloads.load(Ordering::Relaxed);
        let share = |taken: u32, limit: u32| u64::from(taken) * 100 / u64::from(limit.max(1));
        let busiest = share(uploads, self.limits.uploads).max(share(downloads, self.limits.downloads));
        NodeLoad { load_percent: u8::try_from(busiest.min(100)).unwrap_or(100), uploads, downloads }
    }
}

/// A place that a transfer takes; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicU32>);

impl Place {
    fn take(taken: &Arc<AtomicU32>, limit: u32) -> Option<Self> {
        let more = |now: u32| (now < limit).then(|| now + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Self(Arc::clone(taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_as_many_as_it_may_and_one_more_when_one_has_ended() {
        let load = Load::new(Limits { uploads: 2, downloads: 4 });
        let (first, _second) = (load.begin_upload().unwrap(), load.begin_upload().unwrap());
        let fault = load.begin_upload().unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.retry), ("AS-NODE-0015", artifactstore_types::Retry::SameRequest));
        drop(first);
        let _third = load.clone().begin_upload().unwrap();
        assert!(load.begin_upload().is_err());
    }

    #[test]
    fn tells_how_full_it_is_where_it_is_fullest() {
        let load = Load::new(Limits { uploads: 4, downloads: 4 });
        assert_eq!(load.told(), NodeLoad::default());
        let _upload = load.begin_upload().unwrap();
        let _downloads = [load.begin_download().unwrap(), load.begin_download().unwrap()];
        assert_eq!(load.told(), NodeLoad { load_percent: 50, uploads: 1, downloads: 2 });
    }
}
