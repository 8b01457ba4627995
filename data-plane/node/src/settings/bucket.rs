//! A bucket as a backend, as the settings tell of it. What each word means for the store is the engine's.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};

use artifactstore_engine::{BucketNamedIn, S3Credentials, S3Options};
use artifactstore_types::Fault;
use serde::Deserialize;

use super::{refused, seconds};

/// A bucket, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketSettings {
    /// Its name over the whole site.
    pub id: String,
    /// The bucket; it must exist.
    pub bucket: String,
    /// Where requests go, such as `https://rgw.example.org`. Default Amazon's, by region.
    pub endpoint: Option<String>,
    /// What requests are signed for. Default `us-east-1`.
    pub region: Option<String>,
    /// What every key begins with. Default nothing.
    pub prefix: Option<String>,
    /// Whether the `path` or the `host` name of a request names the bucket. Default `path`.
    #[serde(default)]
    pub named_in: NamedIn,
    /// Whether the endpoint may be plain HTTP. Default no.
    #[serde(default)]
    pub allow_http: bool,
    /// A PEM file of certificates to trust beside the system's.
    pub ca_certificates: Option<PathBuf>,
    /// How many requests run at once. Default 64.
    pub connections: Option<NonZeroUsize>,
    /// How many bytes of a large blob are sent at once. Default 8 MiB.
    pub part_bytes: Option<usize>,
    /// The largest object that is copied in one request, in bytes. Default 5 GiB.
    pub copy_limit_bytes: Option<u64>,
    /// Whether the store is to check each part, for endpoints without TLS. Default no.
    #[serde(default)]
    pub sign_payload: bool,
    /// For how long a request that may yet succeed is made again, in seconds. Default 25.
    pub retry_seconds: Option<NonZeroU32>,
    /// Whether other nodes have this bucket and prefix open too. Default yes.
    pub shared: Option<bool>,
    /// The local file that caches where packed blobs lie, this backend's alone. Uploads that can be gone on with are
    /// recorded beside it.
    pub index_path: PathBuf,
    /// The file with the keys, as the AWS tools write it. Default the usual places.
    pub credentials_file: Option<PathBuf>,
    /// The section of that file. Default `default`.
    pub profile: Option<String>,
}

/// Where a request names the bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedIn {
    /// In its path.
    #[default]
    Path,
    /// In the name of the host.
    Host,
}

impl BucketSettings {
    /// Whether other nodes may have it open too.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.unwrap_or(true)
    }

    pub(super) fn told(&self) -> String {
        let at = self.endpoint.as_deref().unwrap_or("Amazon");
        let prefix = self.prefix.as_deref().map(|prefix| format!("/{prefix}")).unwrap_or_default();
        let shared = if self.is_shared() { "shared" } else { "this node's alone" };
        format!("the bucket {}{prefix} at {at}, {shared}", self.bucket)
    }

    /// What they mean. Keys that are not in a file of their own are looked for by `variable`.
    pub(crate) fn options(&self, variable: impl Fn(&str) -> Option<String>) -> Result<S3Options, Fault> {
        let credentials = match (&self.credentials_file, &self.profile) {
            (Some(path), profile) => {
                let profile = profile.clone().unwrap_or_else(|| "default".to_owned());
                S3Credentials::File { path: path.clone(), profile }
            }
            (None, Some(_)) => return Err(refused("backends", "profile is for a credentials_file")),
            (None, None) => S3Credentials::find(variable).map_err(|missing| refused("backends", missing))?,
        };
        let usual = S3Options::new(&self.bucket, credentials);
        Ok(S3Options {
            endpoint: self.endpoint.clone(),
            region: self.region.clone().unwrap_or_else(|| usual.region.clone()),
            prefix: self.prefix.clone(),
            named_in: match self.named_in {
                NamedIn::Path => BucketNamedIn::Path,
                NamedIn::Host => BucketNamedIn::Host,
            },
            allow_http: self.allow_http,
            ca_certificates: self.ca_certificates.clone(),
            connections: self.connections.map_or(usual.connections, NonZeroUsize::get),
            part_bytes: self.part_bytes.unwrap_or(usual.part_bytes),
            copy_limit_bytes: self.copy_limit_bytes.unwrap_or(usual.copy_limit_bytes),
            sign_payload: self.sign_payload,
            retry_for: self.retry_seconds.map_or(usual.retry_for, seconds),
            shared: self.is_shared(),
            index_path: Some(self.index_path.clone()),
            ..usual
        })
    }
}
