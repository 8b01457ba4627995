//! Copying what is too large for one request, part by part, inside the store.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    Result,
    multipart::{MultipartStore as _, PartId},
    path::Path,
    signer::Method,
};
use serde::Deserialize;

use super::{
    clients::Clients,
    request::{RequestFailed, send},
};

/// The size of a copied part, where the store takes no less.
const PART_BYTES: u64 = 512 * 1024 * 1024;
/// How many parts are copied at once.
const PARTS_AT_ONCE: usize = 4;

/// Copies an object of `bytes` over whatever lies at `to`; no part is larger than `limit_bytes`.
pub(super) async fn in_parts(clients: &Clients, from: &Path, to: &Path, bytes: u64, limit_bytes: u64) -> Result<()> {
    let part_bytes = PART_BYTES.min(limit_bytes).max(1);
    let id = clients.patient.create_multipart(to).await?;
    let source = format!("/{}/{from}", clients.bucket);
    let copy = |number: u64| {
        let (start, source, id) = (number * part_bytes, &source, &id);
        let range = format!("bytes={start}-{}", (start + part_bytes).min(bytes) - 1);
        async move { copy_part(clients, source, &range, to, id, number + 1).await }
    };
    let copied = async {
        let parts = stream::iter(0..bytes.div_ceil(part_bytes)).map(copy).buffered(PARTS_AT_ONCE);
        let parts: Vec<PartId> = parts.try_collect().await?;
        clients.patient.complete_multipart(to, &id, parts).await
    };
    match copied.await {
        Ok(_) => Ok(()),
        Err(error) => {
            // What stays behind is found by the sweep.
            let _ = clients.usual.abort_multipart(to, &id).await;
            Err(error)
        }
    }
}

/// What the store says of a copied part.
#[derive(Deserialize)]
#[serde(rename = "CopyPartResult")]
struct Copied {
    #[serde(rename = "ETag")]
    e_tag: String,
}

async fn copy_part(clients: &Clients, source: &str, range: &str, to: &Path, id: &str, number: u64) -> Result<PartId> {
    let query = vec![("partNumber".to_owned(), number.to_string()), ("uploadId".to_owned(), id.to_owned())];
    let headers = [("x-amz-copy-source", source), ("x-amz-copy-source-range", range)];
    let answer = send(clients, &Method::PUT, to, query, &headers).await?;
    let copied: Copied = quick_xml::de::from_reader(&answer[..]).map_err(RequestFailed::Answer)?;
    Ok(PartId { content_id: copied.e_tag })
}
