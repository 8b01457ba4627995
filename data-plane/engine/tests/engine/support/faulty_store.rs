//! A store that fails when told to, before or after it has done what was asked.

use std::{
    fmt, io,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart, path::Path,
};

/// What a store is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Put,
    Part,
    Complete,
    Get,
    Delete,
    List,
    Rename,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// With this error, before anything is done.
    Before(io::ErrorKind),
    /// With this error, after all of it is done.
    After(io::ErrorKind),
    /// It never answers, after all of it is done.
    HangsAfter,
}

/// Says how a call fails, if it does.
type Plan = Box<dyn FnMut(Call, &Path) -> Option<Failure> + Send>;

/// The store.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    plan: Arc<Mutex<Plan>>,
}

impl FaultyStore {
    /// A store that does not fail yet.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, plan: Arc::new(Mutex::new(Box::new(|_, _| None))) }
    }

    /// Fails as `plan` says from now on.
    pub fn fail(&self, plan: impl FnMut(Call, &Path) -> Option<Failure> + Send + 'static) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    /// Fails no more.
    pub fn recover(&self) {
        self.fail(|_, _| None);
    }

    async fn run<T>(&self, call: Call, path: &Path, work: impl Future<Output = Result<T>>) -> Result<T> {
        let failure = (self.plan.lock().unwrap())(call, path);
        match failure {
            None => work.await,
            Some(Failure::Before(kind)) => Err(error(kind)),
            Some(Failure::After(kind)) => {
                work.await?;
                Err(error(kind))
            }
            Some(Failure::HangsAfter) => {
                work.await?;
                std::future::pending().await
            }
        }
    }
}

fn error(kind: io::ErrorKind) -> Error {
    Error::Generic { store: "faulty", source: Box::new(io::Error::from(kind)) }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyStore({})", self.inner)
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.run(Call::Put, location, self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(FaultyUpload { store: self.clone(), key: location.clone(), upload }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.run(Call::Get, location, self.inner.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Path| {
            let store = store.clone();
            async move {
                let one = stream::iter([Ok(location.clone())]).boxed();
                let delete = store.inner.delete_stream(one).try_collect::<Vec<_>>();
                store.run(Call::Delete, &location, delete).await.map(|_| location.clone())
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match (self.plan.lock().unwrap())(Call::List, &prefix.cloned().unwrap_or_default()) {
            Some(Failure::Before(kind) | Failure::After(kind)) => stream::iter([Err(error(kind))]).boxed(),
            Some(Failure::HangsAfter) => stream::pending().boxed(),
            None => self.inner.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.run(Call::Rename, to, self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.run(Call::Rename, to, self.inner.rename_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct FaultyUpload {
    store: FaultyStore,
    key: Path,
    upload: Box<dyn MultipartUpload>,
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (store, key, part) = (self.store.clone(), self.key.clone(), self.upload.put_part(data));
        Box::pin(async move { store.run(Call::Part, &key, part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let store = self.store.clone();
        let key = self.key.clone();
        store.run(Call::Complete, &key, self.upload.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
