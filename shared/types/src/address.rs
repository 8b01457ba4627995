//! Content addresses: the name of a blob is the digest of its bytes, `<algorithm>:<lower-case hex>` (ADR 0001).

use std::{fmt, str::FromStr};

use crate::digest::{Algorithm, Digest, DigestRefused};

/// The name of a blob: `blake3:…` (64 lower-case hexadecimal digits). Only the primary algorithm names blobs, so two
/// addresses are equal exactly when the bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentAddress(Digest);

/// Why a text or digest is not a content address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentAddressRefused {
    /// There is no `:` between algorithm and digits.
    #[error("a content address is written <algorithm>:<hex>")]
    NoSeparator,
    /// The digest part is malformed.
    #[error(transparent)]
    Digest(#[from] DigestRefused),
    /// The algorithm is known but does not name blobs.
    #[error("a content address uses blake3; {0} only accompanies it")]
    NotPrimary(Algorithm),
}

impl ContentAddress {
    /// The address of bytes with this raw BLAKE3 digest.
    pub const fn from_blake3(bytes: [u8; 32]) -> Self {
        Self(Digest::new(Algorithm::PRIMARY, bytes))
    }

    /// The address of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Algorithm::PRIMARY.digest(bytes))
    }

    /// The digest it is made of.
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// The raw digest bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    /// The algorithm part.
    pub const fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    /// The hexadecimal part.
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

impl TryFrom<Digest> for ContentAddress {
    type Error = ContentAddressRefused;

    fn try_from(digest: Digest) -> Result<Self, Self::Error> {
        if digest.algorithm() == Algorithm::PRIMARY {
            Ok(Self(digest))
        } else {
            Err(ContentAddressRefused::NotPrimary(digest.algorithm()))
        }
    }
}

impl FromStr for ContentAddress {
    type Err = ContentAddressRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains(':') {
            return Err(ContentAddressRefused::NoSeparator);
        }
        text.parse::<Digest>()?.try_into()
    }
}

impl fmt::Display for ContentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ContentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
