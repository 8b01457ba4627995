//! A part of a bucket of a real store, with a proxy before it, and the ways a test looks into it past the engine.

use std::{process::Command, sync::Arc, time::Duration};

use artifactstore_engine::{BackendOptions, S3Credentials, S3Keys, S3Options};
use artifactstore_testkit::rgw::TestBucket;
use object_store::{
    ObjectStore,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    prefix::PrefixStore,
    signer::{Method, SignedUrlOptions, Signer as _},
};

use super::{backend_id, proxy::Proxy};

/// The part of the bucket.
pub struct Bucket {
    pub proxy: Proxy,
    pub at: TestBucket,
}

/// How an engine opens a part of a bucket.
pub fn options_at(at: &TestBucket) -> S3Options {
    let credentials = S3Credentials::Keys(S3Keys {
        access_key_id: at.access_key_id.clone(),
        secret_access_key: at.secret_access_key.clone(),
        session_token: None,
    });
    S3Options {
        endpoint: Some(at.endpoint.clone()),
        region: at.region.clone(),
        prefix: Some(at.prefix.clone()),
        allow_http: true,
        retry_for: Duration::from_secs(10),
        ..S3Options::new(&at.bucket, credentials)
    }
}

/// The same as a backend.
pub fn backend_at(at: &TestBucket) -> BackendOptions {
    BackendOptions::s3(backend_id(), &options_at(at)).unwrap()
}

impl Bucket {
    /// A part that nobody else uses; `None` where there is no store, which is printed.
    pub async fn find() -> Option<Self> {
        let at = TestBucket::find().await?;
        Some(Self { proxy: Proxy::before(&at.endpoint).await, at })
    }

    /// How an engine opens it, through the proxy.
    pub fn options(&self) -> S3Options {
        S3Options { endpoint: Some(self.proxy.endpoint()), ..options_at(&self.at) }
    }

    /// The same past the proxy.
    pub fn straight(&self) -> BackendOptions {
        backend_at(&self.at)
    }

    /// The same as a backend.
    pub fn backend(&self) -> BackendOptions {
        BackendOptions::s3(backend_id(), &self.options()).unwrap()
    }

    /// The whole bucket, past the engine and the proxy.
    pub fn client(&self) -> AmazonS3 {
        let builder = AmazonS3Builder::new().with_bucket_name(&self.at.bucket).with_region(&self.at.region);
        let builder = builder.with_endpoint(&self.at.endpoint).with_allow_http(true);
        let builder = builder.with_access_key_id(&self.at.access_key_id);
        builder.with_secret_access_key(&self.at.secret_access_key).build().unwrap()
    }

    /// What lies in this part of it, past the engine and the proxy.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::new(PrefixStore::new(self.client(), &*self.at.prefix))
    }

    /// The keys of uploads that nobody has ended, in this part of it; at most a thousand.
    pub async fn uploads(&self) -> Vec<String> {
        let query = [("uploads", ""), ("prefix", &*self.at.prefix)];
        let options = SignedUrlOptions::default().with_query(query);
        let (client, all) = (self.client(), Path::default());
        let url = client.signed_url_opts(Method::GET, &all, Duration::from_mins(1), &options).await.unwrap();
        let curl = Command::new("curl").args(["--silent", "--fail", url.as_str()]).output().unwrap();
        assert!(curl.status.success(), "{curl:?}");
        let page = String::from_utf8(curl.stdout).unwrap();
        let keys = page.split("<Upload><Key>").skip(1).map(|upload| upload.split('<').next().unwrap_or_default());
        keys.map(|key| key.strip_prefix(&self.at.prefix).unwrap_or(key).trim_start_matches('/').to_owned()).collect()
    }
}
