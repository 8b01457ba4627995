//! Keys in files: PKCS#8 PEM (RFC 8410), as `openssl genpkey -algorithm ed25519` writes it, readable by the owner alone.
//! Invariant: a file of a key's name holds a whole key or is not there, and is never overwritten.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes, spki::der::pem::LineEnding};

use super::{key::SigningKey, refused::KeyFileRefused};

/// Longer than any PEM of an Ed25519 key; what is longer is not read.
const MOST_BYTES: u64 = 4096;

impl SigningKey {
    /// Reads the key of a file.
    ///
    /// # Errors
    /// A file that cannot be read, that others may read, or that holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyFileRefused> {
        let failed = |source| KeyFileRefused::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileRefused::OpenToOthers { path: path.to_owned(), mode });
        }
        let mut pem = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut pem).map_err(failed)?;
        let key = std::str::from_utf8(&pem).ok().and_then(|pem| ed25519_dalek::SigningKey::from_pkcs8_pem(pem).ok());
        key.map(Self::from).ok_or_else(|| KeyFileRefused::NotAKey { path: path.to_owned() })
    }

    /// Writes the key to a new file with mode 0600, durably.
    ///
    /// # Errors
    /// A file that exists already, or cannot be written.
    pub fn store(&self, path: &Path) -> Result<(), KeyFileRefused> {
        match self.write_new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeyFileRefused::Exists { path: path.to_owned() })
            }
            written => written.map_err(|source| KeyFileRefused::Io { path: path.to_owned(), source }),
        }
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        // Without the public key beside it: OpenSSL reads no PKCS#8 of version 2.
        let pair = KeypairBytes { secret_key: self.dalek().to_bytes(), public_key: None };
        let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        let mut unfinished = path.to_owned();
        unfinished.add_extension(format!("{}.new", self.key_id()));
        // Left by a crash in the middle; nobody else's, for it bears this key's name.
        if let Err(error) = fs::remove_file(&unfinished)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        // A link, and not a rename: it fails where the name is taken.
        let linked = fs::hard_link(&unfinished, path);
        fs::remove_file(&unfinished)?;
        linked?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}
