//! Obligations 1 to 5: what a receipt means, and what there is without one.

use std::pin::pin;

use artifactstore_types::{ByteRange, Category, ContentAddress, Fault, Location, Receipt};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::join_all, stream};

use super::{Content, Look, Subject, Verdict, Violation, content::collect};
use crate::spi::{DataPlane, IngestHints};

/// Chunks of this many bytes, which no buffer is a multiple of.
const ODD_CHUNK: usize = 37_123;

/// 1. A receipt is returned only when the bytes are durable: they survive a crash of process and machine.
///
/// # Errors
/// The obligation is not kept.
pub async fn a_receipt_survives_a_crash(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(1);
    let plane = subject.plane();
    let mut stored = Vec::new();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let receipt = plane.ingest_stream(IngestHints::default(), content.stream(ODD_CHUNK)).await;
        stored.push((content, look.answer(receipt, "ingest_stream")?));
    }
    let small: Vec<_> = (1000..1100).map(|seed| Content::new(seed, 900)).collect();
    let blobs: Vec<_> = small.iter().map(Content::blob).collect();
    let receipts = plane.ingest_batch(None, stream::iter(blobs).boxed()).try_collect::<Vec<_>>().await;
    stored.extend(small.into_iter().zip(look.answer(receipts, "ingest_batch")?));
    drop(plane);
    if look.offered(subject.crash().await, "a crash") {
        let plane = subject.plane();
        for (content, receipt) in &stored {
            must_be_served(&look, &*plane, content, &receipt.location).await?;
        }
    }
    Ok(look.end())
}

/// 2. The receipt's digests and size are those of the bytes received, computed while they passed, never taken over.
///
/// # Errors
/// The obligation is not kept.
pub async fn a_receipt_tells_the_bytes_received(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(2);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        // Few chunks a blob, or the whole suite is spent on the smallest.
        let smallest_chunk = (size / 1000).max(1);
        for chunk in [smallest_chunk, ODD_CHUNK, 256 * 1024, size.max(1)] {
            for declared in [None, Some(content.address())] {
                // A hint about the size is only a hint, right or wrong.
                let size_hint = declared.map(|_| 5);
                let hints = IngestHints { size_hint, declared, ..IngestHints::default() };
                let receipt = look.answer(plane.ingest_stream(hints, content.stream(chunk)).await, "ingest_stream")?;
                let what = format!("the receipt of {size} bytes in chunks of {chunk}");
                look.must_eq(&receipt.digests, &content.digests, &what)?;
                look.must_eq(&receipt.location.length, &(size as u64), &what)?;
                look.must_eq(&receipt.node_id, &plane.node_id(), &what)?;
                look.must_eq(&receipt.location.backend_id, &subject.backend_id(), &what)?;
            }
        }
    }
    Ok(look.end())
}

/// 3. A failed or cancelled ingest leaves nothing readable and nothing listed.
///
/// # Errors
/// The obligation is not kept.
pub async fn a_failed_ingest_leaves_nothing(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(3);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let own = Fault::new("AS-TEST-0001", Category::Cancelled, "the sender gave up");
        let failing = content.stream(ODD_CHUNK).chain(stream::iter([Err(own.clone())])).boxed();
        let failed = plane.ingest_stream(IngestHints::default(), failing).await;
        let fault = look.fault(failed, "ingest_stream of a stream that fails")?;
        look.must_eq(&fault.category, &own.category, "the fault of a stream that fails")?;
        look.must_eq(&fault.code, &own.code, "the fault of a stream that fails")?;
        must_be_absent(&look, &*plane, content.address()).await?;

        let (taken, all_taken) = tokio::sync::oneshot::channel();
        let end = stream::once(async move {
            // The plane asked for more, so it has everything so far.
            let _ = taken.send(());
            std::future::pending::<Result<Bytes, Fault>>().await
        });
        let unending = content.stream(ODD_CHUNK).chain(end).boxed();
        {
            let mut ingest = pin!(plane.ingest_stream(IngestHints::default(), unending).fuse());
            let mut all_taken = pin!(all_taken.fuse());
            futures::select! {
                answer = ingest => look.fault(answer, "ingest_stream of a stream that has not ended").map(drop)?,
                _ = all_taken => {}
            }
        }
        must_be_absent(&look, &*plane, content.address()).await?;
    }
    let never_taken = Content::new(77, 500);
    drop(plane.ingest_batch(None, stream::pending().boxed()));
    must_be_absent(&look, &*plane, never_taken.address()).await?;
    let listed = look.answer(plane.inventory(None, None, 100).await, "inventory")?;
    look.must(listed.entries.is_empty(), format!("there is {:?}", listed.entries))?;
    Ok(look.end())
}

/// 4. Ingesting the same bytes again, also at the same time, succeeds; the receipts name the same location.
///
/// # Errors
/// The obligation is not kept.
pub async fn the_same_bytes_get_the_same_place(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(4);
    let plane = subject.plane();
    let limit = plane.batch_blob_limit();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let at_once = (0..6).map(|_| plane.ingest_stream(IngestHints::default(), content.stream(ODD_CHUNK)));
        let mut answers = join_all(at_once).await;
        let declared = IngestHints { declared: Some(content.address()), ..IngestHints::default() };
        answers.push(plane.ingest_stream(declared, content.stream(ODD_CHUNK)).await);
        if size <= limit {
            let twice = vec![content.blob(), content.declared_blob()];
            answers.extend(plane.ingest_batch(None, stream::iter(twice).boxed()).collect::<Vec<_>>().await);
        }
        let receipts = look.answer(answers.into_iter().collect::<Result<Vec<Receipt>, Fault>>(), "ingest")?;
        for receipt in &receipts {
            look.must_eq(&receipt.location, &receipts[0].location, "the same bytes again")?;
            look.must_eq(&receipt.digests, &content.digests, "the same bytes again")?;
        }
        must_be_served(&look, &*plane, &content, &receipts[0].location).await?;
    }
    let content = Content::new(500, 300);
    let batches = (0..4).map(|_| {
        let blobs: Vec<_> = (0..50).map(|_| content.blob()).collect();
        plane.ingest_batch(None, stream::iter(blobs).boxed()).try_collect::<Vec<_>>()
    });
    let batches = join_all(batches).await.into_iter().collect::<Result<Vec<_>, _>>();
    let receipts = look.answer(batches, "ingest_batch")?.concat();
    look.must_eq(&receipts.len(), &200, "receipts of four batches of 50")?;
    look.must(receipts.iter().all(|r| r.location == receipts[0].location), "one blob got several places")?;
    Ok(look.end())
}

/// 5. A wrong declared address is refused with `Invalid`, and nothing is kept.
///
/// # Errors
/// The obligation is not kept.
pub async fn a_wrong_address_is_refused(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(5);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let (wrong, right) = (Content::new(seed, size), Content::new(seed + 1_000, size + 1));
        let declared = IngestHints { declared: Some(right.address()), ..IngestHints::default() };
        // Once while nothing lies under the declared address, once while the right bytes do.
        for _ in 0..2 {
            let refused = plane.ingest_stream(declared.clone(), wrong.stream(ODD_CHUNK)).await;
            let fault = look.fault(refused, "ingest_stream of other bytes than declared")?;
            look.must_eq(&fault.category, &Category::Invalid, "the refusal of other bytes")?;
            must_be_absent(&look, &*plane, wrong.address()).await?;
            let stored = plane.ingest_stream(declared.clone(), right.stream(ODD_CHUNK)).await;
            let location = look.answer(stored, "ingest_stream of the declared bytes")?.location;
            must_be_served(&look, &*plane, &right, &location).await?;
        }
    }
    Ok(look.end())
}

/// Sizes worth trying: none, one, and around whatever the subject names.
pub(super) fn sizes(subject: &dyn Subject) -> Vec<usize> {
    let around = |boundary: usize| [boundary.saturating_sub(1), boundary, boundary + 1];
    let mut sizes: Vec<_> = subject.boundaries().into_iter().flat_map(around).collect();
    sizes.extend([0, 1]);
    sizes.sort_unstable();
    sizes.dedup();
    // The smallest address the same bytes whatever the seed.
    sizes
}

pub(super) async fn must_be_absent(
    look: &Look,
    plane: &dyn DataPlane,
    address: ContentAddress,
) -> Result<(), Violation> {
    let have = look.answer(plane.have_objects(None, &[address]).await, "have_objects")?;
    look.must(have == [None], format!("{address} is said to be at {have:?}"))
}

pub(super) async fn must_be_served(
    look: &Look,
    plane: &dyn DataPlane,
    content: &Content,
    location: &Location,
) -> Result<(), Violation> {
    let served = collect(plane.serve_object(content.address(), location, ByteRange::ALL).await).await;
    let bytes = look.answer(served, "serve_object")?;
    look.must(bytes == content.bytes, format!("other bytes were served for {location:?}"))
}
