//! Obligations 13 and 16: blobs beside each other, and blobs of nothing.

use artifactstore_types::{ByteRange, Category, Outcome};
use futures::{StreamExt as _, stream};

use super::{
    Content, Look, Subject, Verdict,
    content::collect,
    ingests::{must_be_absent, must_be_served},
};
use crate::spi::{Blob, IngestHints};

/// 13. A batch answers each blob on its own, in order: one refused blob does not refuse its neighbours.
///
/// # Errors
/// The obligation is not kept.
pub async fn a_batch_answers_each_blob_on_its_own(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(13);
    let plane = subject.plane();
    let limit = plane.batch_blob_limit();
    let mut blobs = Vec::new();
    let mut wanted = Vec::new();
    for seed in 0..1_200 {
        let size = match seed % 8 {
            0 => 0,
            1 => limit,
            2 => limit + 1,
            _ => 50 + usize::try_from(seed).unwrap_or(0),
        };
        let content = Content::new(seed, size);
        let declared = match seed % 5 {
            0 => Some(Content::new(seed, 7).address()),
            1 => Some(content.address()),
            _ => None,
        };
        let refusal = match (size > limit, declared.is_some_and(|declared| declared != content.address())) {
            (true, _) => Some(Category::Exhausted),
            (false, true) => Some(Category::Invalid),
            (false, false) => None,
        };
        blobs.push(Blob { bytes: content.bytes.clone(), declared });
        wanted.push((content, refusal));
    }
    let answers: Vec<_> = plane.ingest_batch(None, stream::iter(blobs).boxed()).collect().await;
    look.must_eq(&answers.len(), &wanted.len(), "the number of answers")?;
    for (answer, (content, refusal)) in answers.into_iter().zip(&wanted) {
        let Some(refusal) = refusal else {
            let receipt = look.answer(answer, "a good blob of a batch")?;
            look.must_eq(&receipt.digests, &content.digests, "the receipt of a blob of a batch")?;
            must_be_served(&look, &*plane, content, &receipt.location).await?;
            continue;
        };
        let fault = look.fault(answer, "a bad blob of a batch")?;
        look.must_eq(&fault.category, refusal, "the refusal of a blob of a batch")?;
        look.must_eq(&fault.outcome, &Outcome::NotApplied, "the refusal of a blob of a batch")?;
        if content.digests.size_bytes > 0 {
            must_be_absent(&look, &*plane, content.address()).await?;
        }
    }
    let none: Vec<_> = plane.ingest_batch(None, stream::empty().boxed()).collect().await;
    look.must(none.is_empty(), "an empty batch was answered")?;
    Ok(look.end())
}

/// 16. Empty blobs are blobs.
///
/// # Errors
/// The obligation is not kept.
pub async fn empty_blobs_are_blobs(subject: &mut dyn Subject) -> Verdict {
    let look = Look::at(16);
    let plane = subject.plane();
    let empty = Content::new(0, 0);
    for batched in [false, true] {
        let answer = if batched {
            plane.ingest_batch(None, stream::iter([empty.declared_blob()]).boxed()).collect::<Vec<_>>().await.pop()
        } else {
            // A chunk of nothing is not an end.
            let nothing = stream::iter([Ok(empty.bytes.clone()), Ok(empty.bytes.clone())]).boxed();
            Some(plane.ingest_stream(IngestHints::default(), nothing).await)
        };
        let answer = answer.ok_or_else(|| look.violation("an empty blob was not answered"))?;
        let receipt = look.answer(answer, "ingesting an empty blob")?;
        look.must_eq(&receipt.digests, &empty.digests, "the receipt of an empty blob")?;
        let served = plane.serve_object(empty.address(), &receipt.location, ByteRange::ALL).await;
        let bytes = look.answer(collect(served).await, "serving an empty blob")?;
        look.must(bytes.is_empty(), "an empty blob has bytes")?;
        let have = look.answer(plane.have_objects(None, &[empty.address()]).await, "have_objects")?;
        look.must_eq(&have, &vec![Some(receipt.location.clone())], "where an empty blob lies")?;
        let found = look.answer(plane.verify_object(empty.address(), &receipt.location).await, "verify_object")?;
        look.must_eq(&found.mismatch, &None, "the mismatch of an empty blob")?;
        let listed = look.answer(plane.inventory(None, None, 10).await, "inventory")?;
        look.must_eq(&listed.entries.len(), &1, "how often an empty blob is listed")?;
        let deletion = look.answer(plane.delete_object(empty.address(), &receipt.location).await, "delete_object")?;
        look.must(deletion.deleted, "an empty blob was not there to delete")?;
        must_be_absent(&look, &*plane, empty.address()).await?;
    }
    Ok(look.end())
}
