//! Planning an upload: what has to be sent.
//!
//! Sizes come first and digests only where a size is known, so that a producer digests no file that is new anyway.
//! Only blobs of the caller's own namespace count, and only those whose bytes the data plane can serve now: a blob that
//! was lost is sent again, and so repaired.

use std::collections::{HashMap, HashSet};

use artifactstore_types::{Fault, Namespace, PackageId, PlanAnswer, PlannedFile};

use crate::{Service, faults};

/// How many files one plan may hold.
const MAX_PLANNED: usize = 10_000;

impl Service {
    pub(crate) async fn plan_upload(&self, id: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault> {
        if files.len() > MAX_PLANNED {
            return Err(faults::too_many_items("plan upload", MAX_PLANNED));
        }
        let package = self.require_open_package(id).await?;
        let namespace = &package.package.namespace;
        let here = self.receipts_of(namespace, files.iter().filter_map(|file| file.address)).await?;
        let undigested = files.iter().filter(|file| file.address.is_none()).map(|file| file.size_bytes);
        let sizes = self.known_sizes(namespace, undigested).await?;
        let answer = |file: &PlannedFile| match file.address {
            Some(address) if here.contains_key(&address) => PlanAnswer::Have,
            None if sizes.get(&file.size_bytes) == Some(&true) => PlanAnswer::DigestFirst,
            Some(_) | None => PlanAnswer::Send,
        };
        Ok(files.iter().map(answer).collect())
    }

    async fn known_sizes(
        &self,
        namespace: &Namespace,
        sizes: impl Iterator<Item = u64>,
    ) -> Result<HashMap<u64, bool>, Fault> {
        let sizes: Vec<_> = sizes.collect::<HashSet<_>>().into_iter().collect();
        let known = self.store().have_sizes(namespace, &sizes).await?;
        Ok(sizes.into_iter().zip(known).collect())
    }
}
