//! Obligations 9, 10 and 17: what is left after a deletion and after a compaction.

use artifactstore_types::{ByteRange, Category, Receipt};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Content, Look, Subject, Verdict, Violation,
    content::collect,
    ingests::{must_be_absent, must_be_served, sizes},
};
use crate::spi::{DataPlane, IngestHints};

/// 9. Deletion is idempotent: the first says `deleted`, later ones do not, none fails. A deleted blob is `NotFound`.
///
/// # Errors
/// The obligation is not kept.
pub async fn deletion_is_idempotent(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(9);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let receipt = plane.ingest_stream(IngestHints::default(), content.stream(100_000)).await;
        let location = look.answer(receipt, "ingest_stream")?.location;
        for wanted in [true, false, false] {
            let deletion = look.answer(plane.delete_object(content.address(), &location).await, "delete_object")?;
            look.must_eq(&deletion.deleted, &wanted, "whether a deletion found something")?;
            must_not_be_found(&look, &*plane, &content, &location).await?;
        }
    }
    Ok(look.end())
}

/// 10. Deleting one blob leaves every other readable, those of the same pack included; ingesting it again repairs it.
///
/// # Errors
/// The obligation is not kept.
pub async fn deletion_spares_its_neighbours(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(10);
    let contents: Vec<_> = (0..40).map(|seed| Content::new(seed, 400 + usize::try_from(seed).unwrap_or(0))).collect();
    let receipts = store_batch(&look, &*subject.plane(), &contents).await?;
    for (content, receipt) in contents.iter().zip(&receipts).step_by(2) {
        let deletion = subject.plane().delete_object(content.address(), &receipt.location).await;
        look.must(look.answer(deletion, "delete_object")?.deleted, "a stored blob was not there to delete")?;
    }
    for crashed in [false, true] {
        if crashed && !look.offered(subject.crash().await, "a crash") {
            break;
        }
        let plane = subject.plane();
        for (nth, (content, receipt)) in contents.iter().zip(&receipts).enumerate() {
            if nth % 2 == 0 {
                must_not_be_found(&look, &*plane, content, &receipt.location).await?;
            } else {
                must_be_served(&look, &*plane, content, &receipt.location).await?;
            }
        }
    }
    let plane = subject.plane();
    let again = store_batch(&look, &*plane, &contents).await?;
    for (content, receipt) in contents.iter().zip(&again) {
        must_be_served(&look, &*plane, content, &receipt.location).await?;
    }
    Ok(look.end())
}

/// 17. After `compact` every blob of the pack that was to be kept can be read where its new receipt says, and until the
///     old pack is deleted also where it lay before.
///
/// # Errors
/// The obligation is not kept.
pub async fn what_is_compacted_stays_readable(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(17);
    let plane = subject.plane();
    let contents: Vec<_> = (0..30).map(|seed| Content::new(seed, 1000)).collect();
    let receipts = store_batch(&look, &*plane, &contents).await?;
    let key = &receipts[0].location.key;
    let pack: Vec<_> = contents.iter().zip(&receipts).filter(|(_, receipt)| receipt.location.key == *key).collect();
    let (dead, living) = pack.split_at(pack.len() / 3);
    for (content, receipt) in dead {
        look.answer(plane.delete_object(content.address(), &receipt.location).await, "delete_object")?;
    }
    let compaction = look.answer(plane.compact(None, key).await, "compact")?;
    look.must_eq(&compaction.moved.len(), &living.len(), "how many blobs were moved")?;
    look.must(compaction.after_bytes <= compaction.before_bytes, "a compacted pack has grown")?;
    // Whoever did not get the answer asks again, and must learn the same.
    let again = look.answer(plane.compact(None, key).await, "compact, again")?;
    let places = |moved: &[Receipt]| {
        let mut places: Vec<_> = moved.iter().map(|receipt| (receipt.address(), receipt.location.clone())).collect();
        places.sort_by_key(|(address, _)| *address);
        places
    };
    look.must_eq(&places(&again.moved), &places(&compaction.moved), "where a second compaction says blobs lie")?;
    for (content, before) in living {
        let moved = compaction.moved.iter().find(|receipt| receipt.address() == content.address());
        let Some(moved) = moved else { return Err(look.violation("a living blob has no new receipt")) };
        look.must_eq(&moved.digests, &content.digests, "the digests of a moved blob")?;
        look.must(moved.location != before.location, "a moved blob lies where it lay")?;
        must_be_served(&look, &*plane, content, &moved.location).await?;
        must_be_served(&look, &*plane, content, &before.location).await?;
        let have = look.answer(plane.have_objects(None, &[content.address()]).await, "have_objects")?;
        look.must_eq(&have, &vec![Some(moved.location.clone())], "where a moved blob is said to be")?;
    }
    for (content, before) in living {
        let deletion = plane.delete_object(content.address(), &before.location).await;
        look.must(look.answer(deletion, "delete_object of an old place")?.deleted, "an old place was empty")?;
    }
    for (content, before) in living {
        must_be_gone_from(&look, &*plane, content, &before.location).await?;
        let moved = compaction.moved.iter().find(|receipt| receipt.address() == content.address());
        if let Some(moved) = moved {
            must_be_served(&look, &*plane, content, &moved.location).await?;
        }
    }
    let unknown = look.fault(plane.compact(None, key).await, "compact of a pack that is gone")?;
    look.must_eq(&unknown.category, &Category::NotFound, "compact of a pack that is gone")?;
    Ok(look.end())
}

async fn store_batch(look: &Look, plane: &dyn DataPlane, contents: &[Content]) -> Result<Vec<Receipt>, Violation> {
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts = plane.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await;
    look.answer(receipts, "ingest_batch")
}

async fn must_not_be_found(
    look: &Look,
    plane: &dyn DataPlane,
    content: &Content,
    location: &artifactstore_types::Location,
) -> Result<(), Violation> {
    must_be_gone_from(look, plane, content, location).await?;
    must_be_absent(look, plane, content.address()).await
}

async fn must_be_gone_from(
    look: &Look,
    plane: &dyn DataPlane,
    content: &Content,
    location: &artifactstore_types::Location,
) -> Result<(), Violation> {
    let served = collect(plane.serve_object(content.address(), location, ByteRange::ALL).await).await;
    let fault = look.fault(served, "serve_object of a deleted blob")?;
    look.must_eq(&fault.category, &Category::NotFound, "serve_object of a deleted blob")
}
