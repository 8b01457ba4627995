//! Where a bucket is and how it is asked.

use std::{path::PathBuf, time::Duration};

use super::credentials::S3Credentials;

const MIB: usize = 1024 * 1024;
const GIB: u64 = 1024 * 1024 * 1024;
/// The protocol's own bound, of all parts but the last.
const SMALLEST_PART_BYTES: usize = 5 * MIB;
/// Beyond it, what is held for one blob is no longer small.
const LARGEST_PART_BYTES: usize = 64 * MIB;

/// A bucket, or a part of one, as a backend.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// The bucket. It is not made here.
    pub bucket: String,
    /// Where requests go, such as `https://rgw.example.org`; `None` is Amazon's, by region.
    pub endpoint: Option<String>,
    /// The region requests are signed for.
    pub region: String,
    /// What all keys begin with, so that several backends can share a bucket.
    pub prefix: Option<String>,
    /// What requests are signed with.
    pub credentials: S3Credentials,
    /// Where a request names the bucket.
    pub named_in: BucketNamedIn,
    /// Whether the endpoint may be plain HTTP, on which anybody on the way can read along.
    pub allow_http: bool,
    /// A file of certificates, in PEM, that are trusted beside the system's.
    pub ca_certificates: Option<PathBuf>,
    /// How many requests run at once.
    pub connections: usize,
    /// How many bytes of a large blob are sent at once, between 5 MiB and 64 MiB. Three of them are held for each blob.
    pub part_bytes: usize,
    /// The largest object that the store copies in one request; a larger one is copied in parts. At least
    /// 5 MiB.
    pub copy_limit_bytes: u64,
    /// Whether what is sent is digested once more, so that the store notices bytes that changed on the way. TLS does the
    /// same at less cost.
    pub sign_payload: bool,
    /// For how long a request that may yet succeed is made again.
    pub retry_for: Duration,
    /// Whether nodes beside this one have the same bucket and prefix open. Where one has it alone, its own index of packs
    /// says what was deleted; where several have, the bucket is asked.
    pub shared: bool,
    /// The file that caches where packed blobs lie, on a disk of this machine; `None` keeps it in memory.
    pub index_path: Option<PathBuf>,
}

/// Where a request names the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketNamedIn {
    /// In the path, as most stores but Amazon's want it.
    Path,
    /// In the host name; an endpoint that is given has it there already.
    Host,
}

impl S3Options {
    /// A bucket of Amazon's in `us-east-1` with the usual sizes; whatever else it is, is set on the answer.
    pub fn new(bucket: impl Into<String>, credentials: S3Credentials) -> Self {
        Self {
            bucket: bucket.into(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            prefix: None,
            credentials,
            named_in: BucketNamedIn::Path,
            allow_http: false,
            ca_certificates: None,
            connections: 64,
            part_bytes: 8 * MIB,
            copy_limit_bytes: 5 * GIB,
            sign_payload: false,
            retry_for: Duration::from_secs(25),
            shared: true,
            index_path: None,
        }
    }

    /// Why these options cannot work, where that can be told without asking.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        let plain = |prefix: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            prefix.split('/').all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(plain))
        };
        let part_bytes = SMALLEST_PART_BYTES..=LARGEST_PART_BYTES;
        match self {
            _ if self.bucket.is_empty() => Some("it has no name"),
            _ if self.prefix.as_deref().is_some_and(|prefix| !plain(prefix)) => {
                Some("a prefix is letters, digits, '-', '_' and '.', with '/' between")
            }
            _ if self.connections == 0 => Some("no request may be made"),
            _ if !part_bytes.contains(&self.part_bytes) => Some("a part has between 5 MiB and 64 MiB"),
            _ if self.copy_limit_bytes < SMALLEST_PART_BYTES as u64 => Some("a copy has 5 MiB or more"),
            _ => None,
        }
    }
}
