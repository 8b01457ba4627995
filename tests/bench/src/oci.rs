//! The peer of B3 that many use for evidence today: an OCI registry, to which every file is pushed as a blob, as the
//! distribution specification says (POST for a place, PUT with the digest).

use std::{fs, path::Path, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, StatusCode, Url, header};

use crate::{
    measure::{Clock, Failure, Taken},
    small_files::files_of,
};

const AT_ONCE: usize = 32;

/// Pushes every file of a tree as a blob of the repository `bench`.
pub async fn push_blobs(registry: &str, source: &Path) -> Result<Taken, Failure> {
    let (client, base) = (Client::new(), Arc::new(Url::parse(registry)?));
    let paths = files_of(source)?;
    let clock = Clock::start();
    stream::iter(paths)
        .map(|path| push_blob(client.clone(), Arc::clone(&base), path))
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |()| Ok(()))
        .await?;
    Ok(clock.stop())
}

async fn push_blob(client: Client, base: Arc<Url>, path: impl AsRef<Path>) -> Result<(), Failure> {
    let bytes = fs::read(path)?;
    let digest = artifactstore_types::DualDigest::of(&bytes).sha256;
    let opened = client.post(base.join("v2/bench/blobs/uploads/")?).send().await?.error_for_status()?;
    let place = opened.headers().get(header::LOCATION).ok_or("the registry names no place for a blob")?;
    let mut place = base.join(place.to_str()?)?;
    place.query_pairs_mut().append_pair("digest", &format!("sha256:{}", digest.hex()));
    let stored = client.put(place).header(header::CONTENT_TYPE, "application/octet-stream").body(bytes).send().await?;
    match stored.status() {
        StatusCode::CREATED => Ok(()),
        status => Err(format!("the registry answered a blob with {status}").into()),
    }
}
