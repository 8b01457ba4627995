//! Obligations 11 and 12: what a plane says it holds.

use std::collections::BTreeMap;

use artifactstore_types::{Category, ContentAddress, Location};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Content, Look, Subject, Verdict, Violation, ingests::sizes};
use crate::spi::{DataPlane, IngestHints};

/// 11. `have_objects` answers in the order asked, and yes only for what can be served now.
///
/// # Errors
/// The obligation is not kept.
pub async fn presence_is_answered_in_order(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(11);
    let plane = subject.plane();
    let mut stored = store_all_sizes(&look, subject).await?;
    let (gone, gone_from) = stored.pop().ok_or_else(|| look.violation("there is nothing to try"))?;
    look.answer(plane.delete_object(gone, &gone_from).await, "delete_object")?;
    let mut asked = vec![gone];
    for (nth, (address, _)) in (0..).zip(&stored) {
        asked.extend([*address, Content::new(nth, 99).address(), *address]);
    }
    let places: BTreeMap<_, _> = stored.iter().cloned().collect();
    let wanted: Vec<Option<Location>> = asked.iter().map(|address| places.get(address).cloned()).collect();
    let found = look.answer(plane.have_objects(None, &asked).await, "have_objects")?;
    look.must_eq(&found, &wanted, "have_objects")?;
    let nothing = look.answer(plane.have_objects(None, &[]).await, "have_objects of nothing")?;
    look.must(nothing.is_empty(), "an answer to no question")?;
    let too_many = vec![gone; 10_001];
    let fault = look.fault(plane.have_objects(None, &too_many).await, "have_objects of 10,001 addresses")?;
    look.must_eq(&fault.category, &Category::Invalid, "have_objects of 10,001 addresses")?;
    for (address, location) in &stored {
        if !look.offered(subject.damage(location, super::Damage::Gone).await, "stored bytes that vanish") {
            break;
        }
        let found = look.answer(plane.have_objects(None, &[*address]).await, "have_objects")?;
        look.must_eq(&found, &vec![None], "what is said of a blob that vanished")?;
    }
    Ok(look.end())
}

/// 12. `inventory` lists every stored blob once over its pages, and nothing else.
///
/// # Errors
/// The obligation is not kept.
pub async fn inventory_lists_each_blob_once(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(12);
    let plane = subject.plane();
    let mut stored: BTreeMap<_, _> = store_all_sizes(&look, subject).await?.into_iter().collect();
    let contents: Vec<_> = (5_000..5_100).map(|seed| Content::new(seed, 200)).collect();
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts: Result<Vec<_>, _> = plane.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await;
    for receipt in look.answer(receipts, "ingest_batch")? {
        stored.insert(receipt.address(), receipt.location);
    }
    let some: Vec<_> = stored.keys().step_by(3).copied().collect();
    for address in some {
        if let Some(location) = stored.remove(&address) {
            look.answer(plane.delete_object(address, &location).await, "delete_object")?;
        }
    }
    drop(plane);
    for crashed in [false, true] {
        if crashed && !look.offered(subject.crash().await, "a crash") {
            break;
        }
        for limit in [1, 7, 10_000] {
            let listed = list_all(&look, &*subject.plane(), limit).await?;
            look.must_eq(&listed, &stored, &format!("the inventory in pages of {limit}"))?;
        }
    }
    let cursor = Some("../no cursor".to_owned());
    let fault = look.fault(subject.plane().inventory(None, cursor, 10).await, "inventory from a made-up cursor")?;
    look.must_eq(&fault.category, &Category::Invalid, "inventory from a made-up cursor")?;
    Ok(look.end())
}

async fn store_all_sizes(look: &Look, subject: &dyn Subject) -> Result<Vec<(ContentAddress, Location)>, Violation> {
    let mut stored = Vec::new();
    for (seed, size) in (0..).zip(sizes(subject)) {
        let content = Content::new(seed, size);
        let receipt = subject.plane().ingest_stream(IngestHints::default(), content.stream(100_000)).await;
        stored.push((content.address(), look.answer(receipt, "ingest_stream")?.location));
    }
    Ok(stored)
}

async fn list_all(
    look: &Look,
    plane: &dyn DataPlane,
    limit: usize,
) -> Result<BTreeMap<ContentAddress, Location>, Violation> {
    let mut listed = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = look.answer(plane.inventory(None, cursor, limit).await, "inventory")?;
        look.must(page.entries.len() <= limit, format!("a page of {limit} has {}", page.entries.len()))?;
        for entry in page.entries {
            let before = listed.insert(entry.content_address, entry.location);
            look.must(before.is_none(), format!("{} is listed twice", entry.content_address))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(listed);
        }
    }
}
