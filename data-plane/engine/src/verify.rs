//! Reading a blob again and digesting it. Whatever lies there is an answer; only a backend that does not answer is a
//! fault. What is found damaged is left to `quarantine`, and is what lies there until it is stored again.

use artifactstore_dataplane::Verification;
use artifactstore_types::{ContentAddress, DualDigest, Fault, Location, Mismatch};
use futures::TryStreamExt as _;

use crate::{
    backend::Backend,
    digesting::Digesting,
    keys::{self, PackId, Stored},
    quarantine, serve,
    store::Piece,
};

/// Digests what lies at a location.
pub(crate) async fn verify(
    backend: &Backend,
    address: ContentAddress,
    location: &Location,
) -> Result<Verification, Fault> {
    let actual = match serve::named(address, location)? {
        None => Found::Nothing,
        Some(Stored::Blob(_)) => digest_own(backend, address).await?,
        Some(Stored::Pack(pack)) => digest_packed(backend, pack, address, location).await?,
    };
    let (actual, mismatch) = match actual {
        Found::Nothing => (None, Some(Mismatch::Missing)),
        Found::Cut => (None, Some(Mismatch::Size)),
        Found::Bytes(actual) if actual.size_bytes != location.length => (Some(actual), Some(Mismatch::Size)),
        Found::Bytes(actual) if actual.blake3 != address.digest() => (Some(actual), Some(Mismatch::Digest)),
        Found::Bytes(actual) => (Some(actual), None),
    };
    Ok(Verification { content_address: address, actual, mismatch })
}

enum Found {
    Nothing,
    /// The pack ends before the blob does.
    Cut,
    Bytes(DualDigest),
}

async fn digest_own(backend: &Backend, address: ContentAddress) -> Result<Found, Fault> {
    let found = match backend.store.stream(&keys::blob(address), None).await? {
        Some(found) => Some(found),
        None => match quarantine::find_aside(backend, address).await? {
            Some(aside) => backend.store.stream(&aside, None).await?,
            None => None,
        },
    };
    let Some((_, mut bytes)) = found else { return Ok(Found::Nothing) };
    let mut digesting = Digesting::start()?;
    while let Some(chunk) = bytes.try_next().await? {
        digesting.update(chunk).await?;
    }
    drop(bytes);
    let actual = digesting.finish().await?;
    if actual.blake3 != address.digest() {
        quarantine::doubt_own(backend, address).await;
    }
    Ok(Found::Bytes(actual))
}

async fn digest_packed(
    backend: &Backend,
    pack: PackId,
    address: ContentAddress,
    location: &Location,
) -> Result<Found, Fault> {
    let Some(end) = location.offset.checked_add(location.length) else { return Ok(Found::Nothing) };
    if location.length > serve::MOST_PACKED_BYTES || backend.index.is_dead(&backend.packs, pack, address).await? {
        return Ok(Found::Nothing);
    }
    Ok(match backend.store.read(&keys::pack(pack), location.offset..end).await? {
        Piece::Missing => Found::Nothing,
        Piece::Short => Found::Cut,
        Piece::Bytes(bytes) => {
            let actual = DualDigest::of(&bytes);
            if actual.blake3 != address.digest() {
                quarantine::doubt_packed(backend, pack, address, location).await?;
            }
            Found::Bytes(actual)
        }
    })
}
