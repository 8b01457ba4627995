//! The bucket as an `ObjectStore`. Its promise beyond that of `object_store`'s own: a write that is acknowledged was asked
//! for again and lies there with its size, and `head` says yes only of what can also be read.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result, multipart::MultipartStore as _, path::Path, prefix::PrefixStore,
};

use super::{clients::Clients, copy, options::S3Options, read, remove, unfinished::UnfinishedUploads, upload::Upload};

/// A bucket.
#[derive(Clone, Debug)]
pub(crate) struct S3Store {
    clients: Clients,
    prefix: Path,
    copy_limit_bytes: u64,
}

/// A write was acknowledged, and what lies there now has another size.
#[derive(Debug, thiserror::Error)]
#[error("the store acknowledged {written} bytes and has {found}")]
struct Differs {
    written: u64,
    found: u64,
}

impl S3Store {
    /// A bucket, which is not asked anything yet.
    pub fn new(options: &S3Options) -> Result<Self> {
        if let Some(refusal) = options.refusal() {
            return Err(Error::NotSupported { source: refusal.into() });
        }
        let clients = Clients::new(options)?;
        let prefix = Path::parse(options.prefix.as_deref().unwrap_or_default())?;
        Ok(Self { clients, prefix, copy_limit_bytes: options.copy_limit_bytes })
    }

    /// The part of the bucket under the prefix.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::new(PrefixStore::new(self.clone(), self.prefix.clone()))
    }

    /// The same, asked once and not held up by anything: to see whether it is well.
    pub fn promptly(&self) -> Arc<dyn ObjectStore> {
        Arc::new(PrefixStore::new(self.clients.prompt.clone(), self.prefix.clone()))
    }

    /// The uploads nobody has ended, under the prefix.
    pub fn unfinished(&self) -> UnfinishedUploads {
        UnfinishedUploads::new(self.clients.clone(), self.prefix.clone())
    }

    /// Fails unless an object has this size.
    async fn must_have(&self, key: &Path, bytes: u64) -> Result<()> {
        must_have(&self.clients, key, bytes).await
    }

    /// Whether an object has exactly these bytes. Of a write that was made again after its answer was lost, the first may
    /// have succeeded.
    async fn has(&self, key: &Path, payload: &PutPayload) -> Result<bool> {
        let found = read::get(&self.clients.usual, key, GetOptions::default()).await?;
        if found.meta.size != payload.content_length() as u64 {
            return Ok(false);
        }
        let found = found.bytes().await?;
        let mut rest = &found[..];
        Ok(payload.iter().all(|chunk| match rest.strip_prefix(&chunk[..]) {
            Some(behind) => {
                rest = behind;
                true
            }
            None => false,
        }))
    }
}

/// Fails unless an object has this size.
pub(super) async fn must_have(clients: &Clients, key: &Path, written: u64) -> Result<()> {
    let found = read::head(&clients.usual, key, GetOptions::default()).await?.meta.size;
    if found == written {
        return Ok(());
    }
    Err(Error::Generic { store: "S3", source: Box::new(Differs { written, found }) })
}

impl fmt::Display for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Store({}, {})", self.clients.usual, self.prefix)
    }
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn put_opts(&self, key: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let bytes = payload.content_length() as u64;
        let creates = options.mode == PutMode::Create;
        let result = match self.clients.usual.put_opts(key, payload.clone(), options).await {
            Err(Error::AlreadyExists { .. }) if creates && self.has(key, &payload).await? => {
                PutResult { e_tag: None, version: None, extensions: object_store::Extensions::default() }
            }
            other => other?,
        };
        self.must_have(key, bytes).await?;
        Ok(result)
    }

    async fn put_multipart_opts(&self, key: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let id = self.clients.usual.create_multipart_opts(key, options).await?;
        Ok(Box::new(Upload::new(self.clients.clone(), key.clone(), id)))
    }

    async fn get_opts(&self, key: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            read::head(&self.clients.usual, key, options).await
        } else {
            read::get(&self.clients.usual, key, options).await
        }
    }

    fn delete_stream(&self, keys: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.clients.usual.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.clients.usual.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.clients.usual.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.clients.usual.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        if options.mode != CopyMode::Overwrite {
            // Stores ignore the condition; to ask for it would be to rest on it.
            return Err(Error::NotSupported { source: "a copy that does not overwrite".into() });
        }
        let bytes = self.head(from).await?.size;
        if bytes <= self.copy_limit_bytes {
            self.clients.patient.copy_opts(from, to, options).await?;
        } else {
            copy::in_parts(&self.clients, from, to, bytes, self.copy_limit_bytes).await?;
        }
        self.must_have(to, bytes).await
    }

    /// A copy, then a removal of what was copied: what another node has written over it meanwhile stays.
    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        if options.target_mode != RenameTargetMode::Overwrite {
            return Err(Error::NotSupported { source: "a move that does not overwrite".into() });
        }
        let seen = self.head(from).await?;
        self.copy(from, to).await?;
        remove::if_unchanged(&self.clients, from, &seen).await
    }
}
