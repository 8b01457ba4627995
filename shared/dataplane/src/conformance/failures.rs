//! Obligation 14: what faults say.

use artifactstore_types::{BackendId, ByteRange, Category, Fault, Location, Retry};
use futures::{StreamExt as _, stream};

use super::{Content, Look, Subject, Verdict, ingests::must_be_served};
use crate::spi::{DataPlane, IngestHints};

/// 14. Unknown backends are `NotFound`; an unreachable backend is `Unavailable`, with `Retry` and `Outcome` as they are.
///
/// # Errors
/// The obligation is not kept.
pub async fn failures_say_what_they_mean(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(14);
    let unknown: BackendId =
        "nowhere".parse().map_err(|refused| look.violation(format!("a backend id is refused: {refused}")))?;
    let (small, large) = (Content::new(1, 100), Content::new(2, 3_000_000));
    let plane = subject.plane();
    let mut locations = Vec::new();
    for content in [&small, &large] {
        let receipt = plane.ingest_stream(IngestHints::default(), content.stream(70_000)).await;
        locations.push(look.answer(receipt, "ingest_stream")?.location);
    }
    for (content, location) in [&small, &large].into_iter().zip(&locations) {
        let elsewhere = Location { backend_id: unknown.clone(), ..location.clone() };
        for (operation, answer) in every_call(&*plane, content, &elsewhere, Some(unknown.clone())).await {
            let fault = look.fault(answer, &format!("{operation} of an unknown backend"))?;
            look.must_eq(&fault.category, &Category::NotFound, operation)?;
            look.must_eq(&fault.retry, &Retry::Never, operation)?;
        }
    }
    let health = plane.backend_health().await;
    look.must(health.iter().all(|backend| backend.reachable), format!("a backend is unwell: {health:?}"))?;
    if !look.offered(subject.set_reachable(false).await, "a backend that cannot be reached") {
        return Ok(look.end());
    }
    let health = plane.backend_health().await;
    let found = health.iter().find(|backend| backend.backend_id == subject.backend_id());
    look.must(found.is_some_and(|backend| !backend.reachable && backend.reason.is_some()), format!("{health:?}"))?;
    for (nth, location) in (3..).zip(&locations) {
        let new = Content::new(nth, usize::try_from(location.length).unwrap_or(0));
        let stored = [&small, &large].into_iter().find(|content| content.digests.size_bytes == location.length);
        let ingests = [
            ("ingest_stream", plane.ingest_stream(IngestHints::default(), new.stream(70_000)).await.map(drop)),
            (
                "serve_object",
                match stored {
                    Some(stored) => plane.serve_object(stored.address(), location, ByteRange::ALL).await.map(drop),
                    None => Ok(()),
                },
            ),
        ];
        for (operation, answer) in ingests {
            let fault = look.fault(answer, &format!("{operation} of a backend that cannot be reached"))?;
            look.must_eq(&fault.category, &Category::Unavailable, operation)?;
            look.must_eq(&fault.retry, &Retry::SameRequest, operation)?;
        }
    }
    for (operation, answer) in every_call(&*plane, &large, &locations[1], None).await {
        let fault = look.fault(answer, &format!("{operation} of a backend that cannot be reached"))?;
        look.must_eq(&fault.category, &Category::Unavailable, operation)?;
    }
    if look.offered(subject.set_reachable(true).await, "a backend that comes back") {
        for (content, location) in [&small, &large].into_iter().zip(&locations) {
            must_be_served(&look, &*plane, content, location).await?;
        }
        let receipt = plane.ingest_stream(IngestHints::default(), Content::new(9, 50).stream(10)).await;
        look.answer(receipt, "ingest_stream into a backend that came back")?;
    }
    Ok(look.end())
}

async fn every_call(
    plane: &dyn DataPlane,
    content: &Content,
    location: &Location,
    backend_id: Option<BackendId>,
) -> Vec<(&'static str, Result<(), Fault>)> {
    let address = content.address();
    let hints = IngestHints { backend_id: backend_id.clone(), ..IngestHints::default() };
    let batch = plane.ingest_batch(backend_id.clone(), stream::iter([Content::new(99, 60).blob()]).boxed());
    let batch: Vec<_> = batch.collect().await;
    vec![
        ("ingest_stream", plane.ingest_stream(hints, Content::new(98, 200_000).stream(70_000)).await.map(drop)),
        ("ingest_batch", batch.into_iter().collect::<Result<Vec<_>, _>>().map(drop)),
        ("serve_object", plane.serve_object(address, location, ByteRange::ALL).await.map(drop)),
        ("verify_object", plane.verify_object(address, location).await.map(drop)),
        ("delete_object", plane.delete_object(address, location).await.map(drop)),
        (
            "have_objects",
            plane.have_objects(backend_id.clone(), &[Content::new(97, 300_000).address()]).await.map(drop),
        ),
        ("inventory", plane.inventory(backend_id, None, 10).await.map(drop)),
    ]
}
