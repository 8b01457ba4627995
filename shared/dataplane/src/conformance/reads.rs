//! Obligations 6 to 8: what is served, and what verification finds.

use artifactstore_types::{ByteRange, Category, Fault, Location, Mismatch};

use super::{Content, Damage, Look, Subject, Verdict, Violation, content::collect, ingests::sizes};
use crate::spi::{DataPlane, IngestHints};

/// 6. A range equals that range of the whole; a range that starts beyond the end is refused with `OutOfRange`.
///
/// # Errors
/// The obligation is not kept.
pub async fn a_range_is_that_range_of_the_whole(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(6);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let location = store(&look, &*plane, &content).await?;
        let size = size as u64;
        let offsets = [0, 1, size / 2, size.saturating_sub(1), size, size + 1, u64::MAX];
        let lengths = [None, Some(0), Some(1), Some(size / 2), Some(size), Some(size + 1), Some(u64::MAX)];
        for range in offsets.iter().flat_map(|offset| lengths.map(|length| ByteRange { offset: *offset, length })) {
            let served = plane.serve_object(content.address(), &location, range).await;
            let Ok(wanted) = range.resolve(size) else {
                let fault = look.fault(served, &format!("serve_object of {range:?} of {size} bytes"))?;
                look.must_eq(&fault.category, &Category::OutOfRange, "a range beyond the end")?;
                continue;
            };
            let served = look.answer(served, "serve_object of a range")?;
            look.must_eq(&served.blob.size_bytes, &size, "the size of the whole")?;
            look.must_eq(&served.blob.range, &wanted, "the range served")?;
            let whole = wanted == (0..size);
            look.must(served.blob.verified || !whole, format!("the whole of {size} bytes is not verified"))?;
            let bytes = look.answer(collect(Ok(served)).await, "the stream of a range")?;
            let wanted = content.bytes.slice(in_memory(wanted.start)..in_memory(wanted.end));
            look.must(bytes == wanted, format!("{range:?} of {size} bytes is not that range of the whole"))?;
        }
    }
    Ok(look.end())
}

/// 7. The whole of a blob is served verified: bytes that are not what they were end the stream with `DataLoss`, and are
///    never followed by a clean end.
///
/// # Errors
/// The obligation is not kept.
pub async fn damaged_bytes_never_end_well(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(7);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject).into_iter().filter(|size| *size > 1)) {
        for (damage, seed) in [(Damage::FlippedBit, seed), (Damage::Cut, seed + 1000)] {
            let content = Content::new(seed, size);
            let location = store(&look, &*plane, &content).await?;
            if !look.offered(subject.damage(&location, damage).await, "damaged bytes") {
                return Ok(look.end());
            }
            let served = collect(plane.serve_object(content.address(), &location, ByteRange::ALL).await).await;
            let fault: Fault = look.fault(served, &format!("serving {size} bytes after {damage:?}"))?;
            look.must_eq(&fault.category, &Category::DataLoss, "the fault of damaged bytes")?;
        }
    }
    Ok(look.end())
}

/// 8. Verification reads the stored bytes again; it reports a missing, shortened or altered blob as a mismatch, not as a
///    fault.
///
/// # Errors
/// The obligation is not kept.
pub async fn verification_reads_again(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(8);
    let plane = subject.plane();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let location = store(&look, &*plane, &content).await?;
        let found = look.answer(plane.verify_object(content.address(), &location).await, "verify_object")?;
        look.must_eq(&found.mismatch, &None, "the mismatch of intact bytes")?;
        look.must_eq(&found.actual, &Some(content.digests), "the digests of intact bytes")?;
        look.must_eq(&found.content_address, &content.address(), "the address verified")?;
    }
    let damages =
        [(Damage::FlippedBit, Mismatch::Digest), (Damage::Cut, Mismatch::Size), (Damage::Gone, Mismatch::Missing)];
    for (seed, size) in (0..).zip(sizes(subject).into_iter().filter(|size| *size > 1)) {
        for (nth, (damage, mismatch)) in (1..).zip(damages) {
            let content = Content::new(seed + 1000 * nth, size);
            let location = store(&look, &*plane, &content).await?;
            if !look.offered(subject.damage(&location, damage).await, "damaged bytes") {
                return Ok(look.end());
            }
            let found = plane.verify_object(content.address(), &location).await;
            let found = look.answer(found, &format!("verify_object of {size} bytes after {damage:?}"))?;
            look.must_eq(&found.mismatch, &Some(mismatch), &format!("{size} bytes after {damage:?}"))?;
        }
    }
    Ok(look.end())
}

async fn store(look: &Look, plane: &dyn DataPlane, content: &Content) -> Result<Location, Violation> {
    let receipt = plane.ingest_stream(IngestHints::default(), content.stream(100_000)).await;
    Ok(look.answer(receipt, "ingest_stream")?.location)
}

fn in_memory(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
