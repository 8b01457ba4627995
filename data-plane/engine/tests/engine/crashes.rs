//! The power is cut before every single step the disk takes, while blobs of every kind are stored, deleted and moved. On
//! what is left an engine opens, and whatever was acknowledged before that step is as it was said to be.

use std::{fs, path::Path, sync::Arc};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Disk, Engine};
use artifactstore_types::{ByteRange, Category, Location};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::support::{
    backend_id,
    forgetful_disk::{ForgetfulDisk, Ignored, Names},
    open,
};

/// Something that was acknowledged when so many steps had been taken.
struct Acknowledged {
    steps: usize,
    what: What,
    content: Content,
    location: Location,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Stored,
    Deleted,
}

struct Run {
    engine: Engine,
    disk: Arc<ForgetfulDisk>,
    acknowledged: Vec<Acknowledged>,
    /// Deletions that were asked for when so many steps had been taken; from then on either answer is right.
    begun: Vec<(usize, Location)>,
}

impl Run {
    fn note(&mut self, what: What, content: &Content, location: &Location) {
        let steps = self.disk.steps();
        let (content, location) = (content.clone(), location.clone());
        self.acknowledged.push(Acknowledged { steps, what, content, location });
    }

    async fn store(&mut self, content: &Content) -> Location {
        let receipt = self.engine.ingest_stream(IngestHints::default(), content.stream(100_000)).await.unwrap();
        self.note(What::Stored, content, &receipt.location);
        receipt.location
    }

    async fn store_batch(&mut self, contents: &[Content]) -> Vec<Location> {
        let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
        let receipts = self.engine.ingest_batch(None, stream::iter(blobs).boxed());
        let receipts: Vec<_> = receipts.try_collect().await.unwrap();
        let locations: Vec<_> = receipts.into_iter().map(|receipt| receipt.location).collect();
        contents.iter().zip(&locations).for_each(|(content, location)| self.note(What::Stored, content, location));
        locations
    }

    async fn delete(&mut self, content: &Content, location: &Location) {
        self.begun.push((self.disk.steps(), location.clone()));
        assert!(self.engine.delete_object(content.address(), location).await.unwrap().deleted);
        self.note(What::Deleted, content, location);
    }
}

#[tokio::test]
async fn what_was_acknowledged_holds_after_a_power_cut_at_any_step() {
    let folder = tempfile::tempdir().unwrap();
    let (root, images) = (folder.path().join("root"), folder.path().join("images"));
    fs::create_dir(&root).unwrap();
    let disk = Arc::new(ForgetfulDisk::holding(&root, Ignored::Nothing));
    let backend = BackendOptions::directory_on(backend_id(), &root, Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
    let engine = open(backend).await;
    disk.picture_every_step(&root, &images);
    let mut run = Run { engine, disk, acknowledged: Vec::new(), begun: Vec::new() };

    let (small, large, multipart) = (Content::new(1, 10), Content::new(2, 90_000), Content::new(3, 2_500_000));
    run.store(&small).await;
    let large_at = run.store(&large).await;
    run.store(&multipart).await;
    let batch: Vec<_> = (10..18).map(|seed| Content::new(seed, 100)).collect();
    let locations = run.store_batch(&batch).await;
    run.delete(&large, &large_at).await;
    for nth in 0..3 {
        run.delete(&batch[nth], &locations[nth]).await;
    }
    let compaction = run.engine.compact(None, &locations[0].key).await.unwrap();
    assert_eq!(compaction.moved.len(), 5);
    for receipt in &compaction.moved {
        let content = batch.iter().find(|content| content.address() == receipt.address()).unwrap().clone();
        run.note(What::Stored, &content, &receipt.location);
    }
    for nth in 3..8 {
        run.delete(&batch[nth], &locations[nth]).await;
    }
    run.store(&large).await;
    run.store_batch(&batch).await;
    run.engine.close().await;

    assert!(run.disk.steps() > 50, "{}", run.disk.steps());
    for step in 0..run.disk.steps() {
        for names in [Names::Synced, Names::Current] {
            let image = ForgetfulDisk::image(&images, step, names);
            holds(&run, step, &image).await.unwrap_or_else(|broken| panic!("step {step}, names {names:?}: {broken}"));
        }
    }
}

/// Whether everything acknowledged before `step` is so in `image`.
async fn holds(run: &Run, step: usize, image: &Path) -> Result<(), String> {
    let engine = open(BackendOptions::directory(backend_id(), image).unwrap()).await;
    for done in run.acknowledged.iter().filter(|done| done.steps <= step) {
        let (address, location) = (done.content.address(), &done.location);
        let later = |other: &&Acknowledged| other.steps >= done.steps && other.location == *location;
        let stored_again = run.acknowledged.iter().filter(later).any(|other| other.what == What::Stored);
        let touched = run.begun.iter().any(|(begun, at)| begun >= &done.steps && *begun <= step && at == location);
        let served = engine.serve_object(address, location, ByteRange::ALL).await;
        let served = match served {
            Ok(served) => served.bytes.try_collect::<Vec<_>>().await.map(|chunks| chunks.concat()),
            Err(fault) => Err(fault),
        };
        match (done.what, served) {
            (What::Stored, Ok(bytes)) if bytes == done.content.bytes => {}
            (What::Stored, Err(fault)) if touched && fault.category == Category::NotFound => {}
            (What::Deleted, Err(fault)) if fault.category == Category::NotFound => {}
            (What::Deleted, Ok(_)) if stored_again => {}
            (what, served) => return Err(format!("{what:?} at {location:?}, but {:?}", served.map(|b| b.len()))),
        }
    }
    let mut cursor = None;
    loop {
        let page = engine.inventory(None, cursor, 100).await.map_err(|fault| fault.to_string())?;
        for entry in page.entries {
            let found = engine.verify_object(entry.content_address, &entry.location).await;
            let mismatch = found.map_err(|fault| fault.to_string())?.mismatch;
            if mismatch.is_some() {
                return Err(format!("{entry:?} is listed, but {mismatch:?}"));
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    engine.close().await;
    Ok(())
}
