//! Digests: which algorithms exist, the value of one, and both of a byte stream in a single pass (ADR 0001).

use std::{fmt, io, str::FromStr};

use sha2::Digest as _;

/// A digest algorithm this store knows. The set is closed: a digest of an algorithm that cannot be recomputed here
/// proves nothing here (ADR 0001). Names are `[a-z][a-z0-9_-]*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// BLAKE3 with a 256-bit output: the primary algorithm, from which storage keys derive.
    Blake3,
    /// SHA-256 (FIPS 180-4): always kept beside the primary, for everyone else.
    Sha256,
}

impl Algorithm {
    /// Every algorithm known, the primary first.
    pub const ALL: [Self; 2] = [Self::Blake3, Self::Sha256];
    /// The algorithm whose address names a blob.
    pub const PRIMARY: Self = Self::Blake3;

    /// The name in addresses and columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blake3 => "blake3",
            Self::Sha256 => "sha256",
        }
    }

    /// The algorithm of that name, if it is known.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: &[u8]) -> Digest {
        match self {
            Self::Blake3 => Digest::new(self, *blake3::hash(bytes).as_bytes()),
            Self::Sha256 => Digest::new(self, sha2::Sha256::digest(bytes).into()),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestRefused {
    /// The algorithm is not one of [`Algorithm::ALL`]; the first 32 characters of what was named.
    #[error("unknown digest algorithm {0:?}: known are blake3 and sha256")]
    UnknownAlgorithm(String),
    /// The hex part has another length than the algorithm's digest.
    #[error("a {algorithm} digest has 64 hexadecimal digits, not {found}")]
    WrongLength {
        /// The algorithm named.
        algorithm: Algorithm,
        /// How many characters were found.
        found: usize,
    },
    /// The hex part holds something other than `0-9a-f`.
    #[error("a digest is written in lower-case hexadecimal digits")]
    NotLowerHex,
}

/// One digest value: an algorithm and its 32 bytes. Every algorithm known has a 256-bit output.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: [u8; 32],
}

impl Digest {
    /// The digest with these bytes.
    pub const fn new(algorithm: Algorithm, bytes: [u8; 32]) -> Self {
        Self { algorithm, bytes }
    }

    /// Reads a lower-case hexadecimal digest of `algorithm`.
    ///
    /// # Errors
    /// Upper-case digits, other characters and a wrong length are refused.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Result<Self, DigestRefused> {
        let digits: &[u8; 64] = text
            .as_bytes()
            .try_into()
            .map_err(|_| DigestRefused::WrongLength { algorithm, found: text.chars().count() })?;
        let mut bytes = [0; 32];
        let mut beyond = 0;
        // Without a branch for each digit: manifests hold thousands of digests.
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (nibble(pair[0]), nibble(pair[1]));
            beyond |= high | low;
            *byte = high << 4 | low;
        }
        if beyond > 0x0f { Err(DigestRefused::NotLowerHex) } else { Ok(Self { algorithm, bytes }) }
    }

    /// The algorithm that made it.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        String::from_utf8_lossy(&self.digits()).into_owned()
    }

    /// Digits without a string of their own: a registry writes several digests for every file.
    fn digits(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.bytes) {
            pair[0] = digit(byte >> 4);
            pair[1] = digit(byte & 0x0f);
        }
        digits
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        f.write_str(self.algorithm.name())?;
        f.write_str(":")?;
        f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, digits) = text.split_once(':').unwrap_or((text, ""));
        let algorithm =
            Algorithm::find(name).ok_or_else(|| DigestRefused::UnknownAlgorithm(name.chars().take(32).collect()))?;
        Self::from_hex(algorithm, digits)
    }
}

/// The lower-case hexadecimal digit of a value below 16.
const fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

/// The value of a lower-case hexadecimal digit; all ones for anything else.
const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 0xff,
    }
}

/// Both digests of one run of bytes, and how many bytes there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DualDigest {
    /// The BLAKE3 digest: the primary, whose address names the blob.
    pub blake3: Digest,
    /// The SHA-256 digest.
    pub sha256: Digest,
    /// The number of bytes digested.
    pub size_bytes: u64,
}

impl DualDigest {
    /// Both digests of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            blake3: Algorithm::Blake3.digest(bytes),
            sha256: Algorithm::Sha256.digest(bytes),
            size_bytes: bytes.len() as u64,
        }
    }

    /// Both digests of everything a reader gives, in one pass and constant memory.
    ///
    /// # Errors
    /// Whatever the reader fails with.
    pub fn of_reader(mut reader: impl io::Read) -> io::Result<Self> {
        let mut hasher = DualHasher::default();
        let mut chunk = vec![0; 256 * 1024];
        loop {
            match reader.read(&mut chunk) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.update(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest of `algorithm`.
    pub const fn by(&self, algorithm: Algorithm) -> Digest {
        match algorithm {
            Algorithm::Blake3 => self.blake3,
            Algorithm::Sha256 => self.sha256,
        }
    }
}

/// Computes both digests incrementally; the bytes are read once.
#[derive(Clone, Default)]
pub struct DualHasher {
    blake3: blake3::Hasher,
    sha256: sha2::Sha256,
    size_bytes: u64,
}

impl DualHasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
        self.sha256.update(bytes);
        self.size_bytes += bytes.len() as u64;
    }

    /// The digests of everything added.
    pub fn finish(self) -> DualDigest {
        DualDigest {
            blake3: Digest::new(Algorithm::Blake3, *self.blake3.finalize().as_bytes()),
            sha256: Digest::new(Algorithm::Sha256, self.sha256.finalize().into()),
            size_bytes: self.size_bytes,
        }
    }
}
