//! Obligation 18: what is remembered of damage, and how it is repaired.

use artifactstore_types::{ByteRange, Fault, Location, Receipt};
use futures::{StreamExt as _, stream};

use super::{
    Content, Damage, Look, Subject, Verdict, Violation,
    content::collect,
    ingests::{must_be_absent, must_be_served, sizes},
};
use crate::spi::{DataPlane, IngestHints};

/// Who finds the damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finder {
    Read,
    Verification,
}

/// 18. A blob that a read or a verification found damaged is not said to be here, also after a crash. Ingesting the same
///     bytes again stores them anew; from then on it is served where the new receipt says.
///
/// # Errors
/// The obligation is not kept.
pub async fn what_was_damaged_is_stored_anew(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(18);
    let mut stored = Vec::new();
    let damages = [Damage::FlippedBit, Damage::Cut, Damage::Gone];
    for (nth, size) in (0..).zip(sizes(subject).into_iter().filter(|size| *size > 1)) {
        for (kind, damage) in (0..).zip(damages) {
            for (who, finder) in (0..).zip([Finder::Read, Finder::Verification]) {
                let content = Content::new(nth + 1_000 * (kind + 10 * who), size);
                let receipt = ingest(&*subject.plane(), &content, false).await;
                let location = look.answer(receipt, "ingest_stream")?.location;
                if !look.offered(subject.damage(&location, damage).await, "damaged bytes") {
                    return Ok(look.end());
                }
                find(&look, &*subject.plane(), &content, &location, finder).await?;
                must_be_absent(&look, &*subject.plane(), content.address()).await?;
                stored.push((content, format!("{size} bytes after {damage:?}, found by {finder:?}")));
            }
        }
    }
    if look.offered(subject.crash().await, "a crash") {
        for (content, _) in &stored {
            must_be_absent(&look, &*subject.plane(), content.address()).await?;
        }
    }
    let plane = subject.plane();
    for (nth, (content, what)) in stored.iter().enumerate() {
        let again = look.answer(ingest(&*plane, content, nth % 2 == 0).await, &format!("ingest again: {what}"))?;
        look.must_eq(&again.digests, &content.digests, what)?;
        must_be_served(&look, &*plane, content, &again.location).await?;
        let have = look.answer(plane.have_objects(None, &[content.address()]).await, "have_objects")?;
        look.must_eq(&have, &vec![Some(again.location.clone())], what)?;
        let found = look.answer(plane.verify_object(content.address(), &again.location).await, "verify_object")?;
        look.must_eq(&found.mismatch, &None, what)?;
    }
    must_take_a_batch(&look, subject).await?;
    Ok(look.end())
}

/// The same of blobs that come many at once.
async fn must_take_a_batch(look: &Look, subject: &mut dyn Subject) -> Result<(), Violation> {
    let contents: Vec<_> = (50_000..50_020).map(|seed| Content::new(seed, 700)).collect();
    let receipts = look.answer(ingest_batch(&*subject.plane(), &contents).await, "ingest_batch")?;
    subject.damage(&receipts[7].location, Damage::FlippedBit).await;
    let plane = subject.plane();
    find(look, &*plane, &contents[7], &receipts[7].location, Finder::Verification).await?;
    let again = look.answer(ingest_batch(&*plane, &contents).await, "ingest_batch, again")?;
    for (content, receipt) in contents.iter().zip(&again) {
        must_be_served(look, &*plane, content, &receipt.location).await?;
    }
    let kept = again.iter().zip(&receipts).filter(|(again, before)| again.location == before.location);
    look.must(kept.count() >= contents.len() - 1, "what is not damaged was stored again")
}

async fn ingest(plane: &dyn DataPlane, content: &Content, declared: bool) -> Result<Receipt, Fault> {
    let declared = declared.then(|| content.address());
    plane.ingest_stream(IngestHints { declared, ..IngestHints::default() }, content.stream(100_000)).await
}

async fn ingest_batch(plane: &dyn DataPlane, contents: &[Content]) -> Result<Vec<Receipt>, Fault> {
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    plane.ingest_batch(None, stream::iter(blobs).boxed()).collect::<Vec<_>>().await.into_iter().collect()
}

async fn find(
    look: &Look,
    plane: &dyn DataPlane,
    content: &Content,
    location: &Location,
    finder: Finder,
) -> Result<(), Violation> {
    match finder {
        Finder::Read => {
            let served = collect(plane.serve_object(content.address(), location, ByteRange::ALL).await).await;
            look.fault(served, "serve_object of a damaged blob").map(drop)
        }
        Finder::Verification => {
            let found = look.answer(plane.verify_object(content.address(), location).await, "verify_object")?;
            look.must(found.mismatch.is_some(), "verify_object finds a damaged blob well")
        }
    }
}
