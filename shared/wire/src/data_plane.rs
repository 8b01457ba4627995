//! What passes between a control plane and a node: where bytes lie, what they are, and the node's word for it.

use artifactstore_types::{
    Algorithm, ContentAddress, Digest, DualDigest, Fault, Location, Mismatch, Receipt, Timestamp,
};

use crate::{
    field, limits, time,
    v1::{self, blob_result},
};

impl From<Location> for v1::Location {
    fn from(location: Location) -> Self {
        Self {
            backend_id: location.backend_id.to_string(),
            key: location.key,
            offset: location.offset,
            length: location.length,
        }
    }
}

impl TryFrom<v1::Location> for Location {
    type Error = Fault;

    fn try_from(location: v1::Location) -> Result<Self, Fault> {
        let v1::Location { backend_id, key, offset, length } = location;
        if !(1..=limits::OBJECT_KEY_BYTES).contains(&key.len()) {
            let why = format_args!("it has {} bytes; 1 to {} are the limits", key.len(), limits::OBJECT_KEY_BYTES);
            return Err(field::refused("key", why));
        }
        if offset.checked_add(length).is_none() {
            return Err(field::refused("length", "it ends beyond any object"));
        }
        Ok(Self { backend_id: field::parsed("backend_id", &backend_id)?, key, offset, length })
    }
}

impl From<DualDigest> for v1::BlobDigests {
    fn from(digests: DualDigest) -> Self {
        Self {
            content_address: digests.blake3.to_string(),
            sha256: digests.sha256.to_string(),
            size_bytes: digests.size_bytes,
        }
    }
}

impl TryFrom<v1::BlobDigests> for DualDigest {
    type Error = Fault;

    fn try_from(digests: v1::BlobDigests) -> Result<Self, Fault> {
        let address: ContentAddress = field::parsed("content_address", &digests.content_address)?;
        let sha256 = sha256("sha256", &digests.sha256)?;
        Ok(Self { blake3: address.digest(), sha256, size_bytes: digests.size_bytes })
    }
}

/// A text field that holds a SHA-256 digest.
pub(crate) fn sha256(field: &str, text: &str) -> Result<Digest, Fault> {
    let digest: Digest = field::parsed(field, text)?;
    match digest.algorithm() {
        Algorithm::Sha256 => Ok(digest),
        Algorithm::Blake3 => Err(field::refused(field, "it is a blake3 digest")),
    }
}

impl From<Receipt> for v1::Receipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            digests: Some(receipt.digests.into()),
            location: Some(receipt.location.into()),
            node_id: receipt.node_id.to_string(),
            stored_at: Some(time::encode(receipt.stored_at)),
        }
    }
}

impl TryFrom<v1::Receipt> for Receipt {
    type Error = Fault;

    fn try_from(receipt: v1::Receipt) -> Result<Self, Fault> {
        let digests: DualDigest = field::converted("digests", receipt.digests)?;
        let location: Location = field::converted("location", receipt.location)?;
        if location.length != digests.size_bytes {
            return Err(field::refused("location.length", "it is not the size of the blob"));
        }
        Ok(Self {
            digests,
            location,
            node_id: field::parsed("node_id", &receipt.node_id)?,
            stored_at: time::decode("stored_at", receipt.stored_at)?,
        })
    }
}

impl From<Result<Receipt, Fault>> for v1::BlobResult {
    fn from(result: Result<Receipt, Fault>) -> Self {
        let result = match result {
            Ok(receipt) => blob_result::Result::Receipt(receipt.into()),
            Err(fault) => blob_result::Result::Fault(fault.into()),
        };
        Self { result: Some(result) }
    }
}

impl v1::BlobResult {
    /// What became of the blob.
    ///
    /// # Errors
    /// A result that cannot be read; the fault of the blob itself is within.
    pub fn decoded(self) -> Result<Result<Receipt, Fault>, Fault> {
        match field::required("result", self.result)? {
            blob_result::Result::Receipt(receipt) => field::converted("receipt", Some(receipt)).map(Ok),
            blob_result::Result::Fault(fault) => field::converted("fault", Some(fault)).map(Err),
        }
    }
}

impl v1::ObjectPlace {
    /// The place of a blob that lies there, or of one that is not here.
    pub fn of(location: Option<Location>) -> Self {
        Self { location: location.map(Into::into) }
    }

    /// Where the blob lies, if it is here.
    ///
    /// # Errors
    /// A location that cannot be read.
    pub fn decoded(self) -> Result<Option<Location>, Fault> {
        self.location.map(|location| field::converted("location", Some(location))).transpose()
    }
}

impl v1::InventoryEntry {
    /// The entry of a blob that was stored there at that time.
    pub fn of(address: ContentAddress, location: Location, stored_at: Timestamp) -> Self {
        Self {
            content_address: address.to_string(),
            location: Some(location.into()),
            stored_at: Some(time::encode(stored_at)),
        }
    }

    /// The blob, where it lies, and when it was stored.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn decoded(self) -> Result<(ContentAddress, Location, Timestamp), Fault> {
        let address = field::parsed("content_address", &self.content_address)?;
        Ok((address, field::converted("location", self.location)?, time::decode("stored_at", self.stored_at)?))
    }
}

/// The mismatch as its number.
pub fn encode_mismatch(mismatch: Mismatch) -> i32 {
    let mismatch = match mismatch {
        Mismatch::Missing => v1::Mismatch::Missing,
        Mismatch::Size => v1::Mismatch::Size,
        Mismatch::Digest => v1::Mismatch::Digest,
        // A kind this crate does not know yet is a difference all the same.
        _ => v1::Mismatch::Unspecified,
    };
    mismatch.into()
}

/// The mismatch with this number, where there is one.
///
/// # Errors
/// A number that is no mismatch.
pub fn decode_mismatch(number: Option<i32>) -> Result<Option<Mismatch>, Fault> {
    match number.map(v1::Mismatch::try_from) {
        None => Ok(None),
        Some(Ok(v1::Mismatch::Missing)) => Ok(Some(Mismatch::Missing)),
        Some(Ok(v1::Mismatch::Size)) => Ok(Some(Mismatch::Size)),
        Some(Ok(v1::Mismatch::Digest)) => Ok(Some(Mismatch::Digest)),
        Some(Ok(v1::Mismatch::Unspecified) | Err(_)) => Err(field::refused("mismatch", "it is not one known")),
    }
}

#[cfg(test)]
mod tests;
