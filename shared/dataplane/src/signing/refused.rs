//! Why keys, key files and signatures are refused. No text here holds a secret.

use std::path::PathBuf;

use super::key::KeyId;

/// Why a key or its name is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefused {
    /// The text is not so many lower-case hexadecimal digits.
    #[error("a key is written in {digits} lower-case hexadecimal digits")]
    NotHex {
        /// How many digits there must be.
        digits: usize,
    },
    /// The bytes are no point of the curve.
    #[error("the bytes are no Ed25519 public key")]
    NotOnCurve,
    /// The point is of small order.
    #[error("the public key is of small order")]
    SmallOrder,
    /// The key is in the ring as another holder's.
    #[error("key {0} belongs to another holder")]
    HeldByAnother(KeyId),
    /// No key of that name is in the ring.
    #[error("key {0} is not known")]
    Unknown(KeyId),
    /// The key is known, and not trusted at that time.
    #[error("key {0} is not trusted at this time")]
    OutsideWindow(KeyId),
}

/// The signature is not of this message under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is wrong")]
pub struct SignatureRefused;

/// Why a key file is not read, or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileRefused {
    /// The file cannot be read or written.
    #[error("{}: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file can be read by others than its owner.
    #[error("{}: mode {mode:04o} lets others read the key; it must be 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is a file of that name already.
    #[error("{}: exists already, and a key is never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something other than one Ed25519 private key in PKCS#8 PEM.
    #[error("{}: is not an Ed25519 private key in PKCS#8 PEM (RFC 8410)", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
}
