//! Bytes to store: repeatable, of any size, unlike each other; and streams that bring them in any way.

use artifactstore_types::{ContentAddress, DualDigest, Fault};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::spi::{Blob, ByteStream, Served};

/// Bytes with their digests.
#[derive(Clone, Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Bytes,
    /// Their digests.
    pub digests: DualDigest,
}

impl Content {
    /// `size` bytes that depend on `seed` and look random. The same arguments give the same bytes.
    pub fn new(seed: u64, size: usize) -> Self {
        let mut bytes = Vec::with_capacity(size.next_multiple_of(8));
        let mut state = seed;
        while bytes.len() < size {
            // SplitMix64: a counter, mixed.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state ^ (state >> 30);
            word = word.wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word ^= word >> 27;
            word = word.wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
        }
        bytes.truncate(size);
        let digests = DualDigest::of(&bytes);
        Self { bytes: bytes.into(), digests }
    }

    /// The name of these bytes.
    pub fn address(&self) -> ContentAddress {
        ContentAddress::from_blake3(*self.digests.blake3.bytes())
    }

    /// The bytes as a stream in chunks of `chunk_bytes`.
    pub fn stream(&self, chunk_bytes: usize) -> ByteStream {
        stream_of(self.bytes.clone(), chunk_bytes)
    }

    /// The bytes as a blob of a batch.
    pub fn blob(&self) -> Blob {
        Blob { bytes: self.bytes.clone(), declared: None }
    }

    /// The bytes as a blob of a batch that says its own address.
    pub fn declared_blob(&self) -> Blob {
        Blob { bytes: self.bytes.clone(), declared: Some(self.address()) }
    }
}

/// `bytes` as a stream in chunks of `chunk_bytes`.
pub fn stream_of(bytes: Bytes, chunk_bytes: usize) -> ByteStream {
    let mut left = bytes;
    let chunks = std::iter::from_fn(move || {
        let next = left.split_to(left.len().min(chunk_bytes.max(1)));
        (!next.is_empty()).then_some(Ok(next))
    });
    stream::iter(chunks).boxed()
}

/// Everything a served stream gives, or the fault it ends with.
pub(super) async fn collect(served: Result<Served, Fault>) -> Result<Bytes, Fault> {
    let chunks: Vec<Bytes> = served?.bytes.try_collect().await?;
    Ok(chunks.concat().into())
}
