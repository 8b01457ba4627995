//! The keys themselves. Invariants: a [`PublicKey`] is a point that signatures can bind (never of small order), and
//! verification is strict, so that one signature has one form. Where keys are kept is left to the sibling modules.

use std::{fmt, io, str::FromStr};

use artifactstore_types::Algorithm;
use ed25519_dalek::Signer as _;

use super::refused::{KeyRefused, SignatureRefused};

/// An Ed25519 signature (RFC 8032 §5.1.6).
pub type Signature = [u8; 64];

/// The name of a key: the first 16 bytes of the SHA-256 of its public key, written in 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// The identifier with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = KeyRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_lower_hex(text).map(Self)
    }
}

/// The half of a key that everyone may know. As text: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// The key with these bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// Bytes that are no point of the curve, and points of small order, under which one signature fits many messages.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyRefused> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyRefused::NotOnCurve)?;
        if key.is_weak() { Err(KeyRefused::SmallOrder) } else { Ok(Self(key)) }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Its name.
    pub fn key_id(&self) -> KeyId {
        let digest = Algorithm::Sha256.digest(self.bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest.bytes()[..16]);
        KeyId(id)
    }

    /// Whether the owner of this key signed exactly `message`.
    ///
    /// # Errors
    /// Any other signature, a second form of the right one included.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureRefused> {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).map_err(|_| SignatureRefused)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(&from_lower_hex(text)?)
    }
}

/// A key that signs. Its secret is shown by nothing and overwritten when it is dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of this secret (RFC 8032 §5.1.5).
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(secret))
    }

    /// A new key from 32 bytes of `entropy`, which must be fit for secrets: a process passes `/dev/urandom`.
    ///
    /// # Errors
    /// Whatever the source fails with, an early end included.
    pub fn generate(entropy: &mut impl io::Read) -> io::Result<Self> {
        let mut secret = [0; 32];
        entropy.read_exact(&mut secret)?;
        Ok(Self::from_secret(&secret))
    }

    /// The half that everyone may know.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Its name.
    pub fn key_id(&self) -> KeyId {
        self.public_key().key_id()
    }

    /// Signs `message`. The same message always gets the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message).to_bytes()
    }

    pub(super) fn dalek(&self) -> &ed25519_dalek::SigningKey {
        &self.0
    }
}

impl From<ed25519_dalek::SigningKey> for SigningKey {
    fn from(key: ed25519_dalek::SigningKey) -> Self {
        Self(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.key_id())
    }
}

/// Only lower-case digits: one value, one text.
fn from_lower_hex<const N: usize>(text: &str) -> Result<[u8; N], KeyRefused> {
    let mut bytes = [0; N];
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut bytes).is_err() {
        return Err(KeyRefused::NotHex { digits: 2 * N });
    }
    Ok(bytes)
}
