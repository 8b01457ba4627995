//! For every obligation a plane that breaks it, which the suite must notice.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, Category, ContentAddress, Fault, Location, NodeId, Receipt,
};
use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, future::ready, stream, stream::BoxStream};

use super::{InMemory, in_memory};
use crate::{
    conformance::{self, Damage, Offered, Subject, Verdict},
    spi::{Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, Served, Verification},
};

/// What a plane does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sin {
    ForgetsInCrashes,
    MiscountsBytes,
    KeepsWhatFailed,
    StoresAnew,
    IgnoresDeclared,
    ShiftsRanges,
    EndsDamageWell,
    TrustsWhatLiesThere,
    AlwaysSaysDeleted,
    DeletesNeighbours,
    AnswersBackwards,
    ListsTwice,
    StopsAtRefusals,
    MistakesUnknownBackends,
    HoldsEverything,
    RefusesEmptyBlobs,
    DeletesWhatItMoved,
    ForgetsDamage,
}

/// Where blobs were said to lie.
type Told = Arc<Mutex<BTreeMap<ContentAddress, Location>>>;

struct Sinner {
    sin: Sin,
    good: Arc<dyn DataPlane>,
    calls: AtomicU64,
    told: Told,
}

impl Sinner {
    fn does(&self, sin: Sin) -> bool {
        self.sin == sin
    }

    fn tell(&self, mut receipt: Receipt) -> Receipt {
        if self.does(Sin::MiscountsBytes) {
            receipt.digests.size_bytes += 1;
        }
        if self.does(Sin::StoresAnew) {
            receipt.location.key = format!("{}-{}", receipt.location.key, self.calls.fetch_add(1, Ordering::AcqRel));
        }
        receipt
    }
}

#[async_trait]
impl DataPlane for Sinner {
    fn node_id(&self) -> NodeId {
        self.good.node_id()
    }

    async fn ingest_stream(&self, mut hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault> {
        if self.does(Sin::IgnoresDeclared) {
            hints.declared = None;
        }
        if self.does(Sin::RefusesEmptyBlobs) {
            let chunks: Vec<_> = bytes.try_collect().await?;
            if chunks.iter().all(bytes::Bytes::is_empty) {
                return Err(Fault::new("AS-TEST-0002", Category::Invalid, "nothing came"));
            }
            return self.good.ingest_stream(hints, stream::iter(chunks.into_iter().map(Ok)).boxed()).await;
        }
        if self.does(Sin::KeepsWhatFailed) {
            let came: Vec<_> = bytes.take_while(|chunk| ready(chunk.is_ok())).collect().await;
            return self.good.ingest_stream(hints, stream::iter(came).boxed()).await;
        }
        let receipt = self.good.ingest_stream(hints, bytes).await.map(|receipt| self.tell(receipt))?;
        self.told.lock().unwrap().insert(receipt.address(), receipt.location.clone());
        Ok(receipt)
    }

    fn ingest_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        let answers = self.good.ingest_batch(backend_id, blobs);
        if self.does(Sin::StopsAtRefusals) {
            return answers.take_while(|answer| ready(answer.is_ok())).boxed();
        }
        answers
    }

    fn batch_blob_limit(&self) -> usize {
        self.good.batch_blob_limit()
    }

    async fn serve_object(
        &self,
        address: ContentAddress,
        location: &Location,
        mut range: ByteRange,
    ) -> Result<Served, Fault> {
        if self.does(Sin::ShiftsRanges) && range.offset == 1 {
            range.offset = 0;
        }
        let mut served = self.good.serve_object(address, location, range).await?;
        if self.does(Sin::EndsDamageWell) {
            served.bytes = served.bytes.filter(|chunk| ready(chunk.is_ok())).boxed();
        }
        Ok(served)
    }

    async fn verify_object(&self, address: ContentAddress, location: &Location) -> Result<Verification, Fault> {
        let mut found = self.good.verify_object(address, location).await?;
        if self.does(Sin::TrustsWhatLiesThere) {
            found.mismatch = None;
        }
        Ok(found)
    }

    async fn delete_object(&self, address: ContentAddress, location: &Location) -> Result<Deletion, Fault> {
        let mut deletion = self.good.delete_object(address, location).await?;
        if self.does(Sin::AlwaysSaysDeleted) {
            deletion.deleted = true;
        }
        if self.does(Sin::DeletesNeighbours) {
            let listed = self.good.inventory(None, None, 1000).await?.entries;
            for entry in listed.iter().filter(|entry| entry.location.key == location.key) {
                self.good.delete_object(entry.content_address, &entry.location).await?;
            }
        }
        Ok(deletion)
    }

    async fn backend_health(&self) -> Vec<BackendHealth> {
        self.good.backend_health().await
    }

    async fn have_objects(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault> {
        let mut found = self.good.have_objects(backend_id, addresses).await;
        if let (true, Ok(found)) = (self.does(Sin::AnswersBackwards), &mut found) {
            found.reverse();
        }
        if let (true, Ok(found)) = (self.does(Sin::ForgetsDamage), &mut found) {
            let told = self.told.lock().unwrap();
            addresses.iter().zip(found).for_each(|(address, found)| *found = told.get(address).cloned());
        }
        match found {
            Err(fault) if self.does(Sin::MistakesUnknownBackends) => {
                Err(Fault { category: Category::Invalid, ..fault })
            }
            found => found,
        }
    }

    async fn inventory(
        &self,
        backend_id: Option<BackendId>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Inventory, Fault> {
        let mut page = self.good.inventory(backend_id, cursor, limit).await?;
        if self.does(Sin::ListsTwice) {
            page.entries.extend(page.entries.last().cloned());
        }
        Ok(page)
    }

    async fn compact(&self, backend_id: Option<BackendId>, key: &str) -> Result<Compaction, Fault> {
        let before = self.good.inventory(None, None, 1000).await?.entries;
        let compaction = self.good.compact(backend_id, key).await?;
        if self.does(Sin::DeletesWhatItMoved) {
            for entry in before.iter().filter(|entry| entry.location.key == key) {
                self.good.delete_object(entry.content_address, &entry.location).await?;
            }
        }
        Ok(compaction)
    }
}

struct SinfulSubject {
    sin: Sin,
    good: InMemory,
    told: Told,
}

#[async_trait]
impl Subject for SinfulSubject {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(Sinner {
            sin: self.sin,
            good: self.good.plane(),
            calls: AtomicU64::new(0),
            told: Arc::clone(&self.told),
        })
    }

    fn backend_id(&self) -> BackendId {
        self.good.backend_id()
    }

    fn boundaries(&self) -> Vec<usize> {
        vec![300]
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        (self.sin == Sin::HoldsEverything).then_some(1024 * 1024)
    }

    async fn crash(&mut self) -> Offered {
        if self.sin == Sin::ForgetsInCrashes {
            self.good = in_memory();
        }
        Offered::Yes
    }

    async fn damage(&mut self, location: &Location, damage: Damage) -> Offered {
        self.good.damage(location, damage).await
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        self.good.set_reachable(reachable).await
    }
}

type Look = for<'a> fn(&'a mut dyn Subject) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// Every obligation in order, with a sin against it.
fn sins() -> Vec<(Sin, Look)> {
    vec![
        (Sin::ForgetsInCrashes, |subject| Box::pin(conformance::a_receipt_survives_a_crash(subject))),
        (Sin::MiscountsBytes, |subject| Box::pin(conformance::a_receipt_tells_the_bytes_received(subject))),
        (Sin::KeepsWhatFailed, |subject| Box::pin(conformance::a_failed_ingest_leaves_nothing(subject))),
        (Sin::StoresAnew, |subject| Box::pin(conformance::the_same_bytes_get_the_same_place(subject))),
        (Sin::IgnoresDeclared, |subject| Box::pin(conformance::a_wrong_address_is_refused(subject))),
        (Sin::ShiftsRanges, |subject| Box::pin(conformance::a_range_is_that_range_of_the_whole(subject))),
        (Sin::EndsDamageWell, |subject| Box::pin(conformance::damaged_bytes_never_end_well(subject))),
        (Sin::TrustsWhatLiesThere, |subject| Box::pin(conformance::verification_reads_again(subject))),
        (Sin::AlwaysSaysDeleted, |subject| Box::pin(conformance::deletion_is_idempotent(subject))),
        (Sin::DeletesNeighbours, |subject| Box::pin(conformance::deletion_spares_its_neighbours(subject))),
        (Sin::AnswersBackwards, |subject| Box::pin(conformance::presence_is_answered_in_order(subject))),
        (Sin::ListsTwice, |subject| Box::pin(conformance::inventory_lists_each_blob_once(subject))),
        (Sin::StopsAtRefusals, |subject| Box::pin(conformance::a_batch_answers_each_blob_on_its_own(subject))),
        (Sin::MistakesUnknownBackends, |subject| Box::pin(conformance::failures_say_what_they_mean(subject))),
        (Sin::HoldsEverything, |subject| Box::pin(conformance::memory_is_bounded(subject))),
        (Sin::RefusesEmptyBlobs, |subject| Box::pin(conformance::empty_blobs_are_blobs(subject))),
        (Sin::DeletesWhatItMoved, |subject| Box::pin(conformance::what_is_compacted_stays_readable(subject))),
        (Sin::ForgetsDamage, |subject| Box::pin(conformance::what_was_damaged_is_stored_anew(subject))),
    ]
}

#[tokio::test]
async fn every_sin_is_noticed() {
    for (number, (sin, look)) in (1..).zip(sins()) {
        let mut subject = SinfulSubject { sin, good: in_memory(), told: Told::default() };
        let verdict = look(&mut subject).await;
        assert_eq!(verdict.map_err(|violation| violation.obligation), Err(number), "{sin:?}");
    }
}
