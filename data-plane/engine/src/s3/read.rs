//! Reading. A large object is read in windows, each a request of its own that is tried again by itself, a few ahead of
//! whoever reads: so a reader that is slow holds no connection, and one that is fast does not wait.

use std::{collections::VecDeque, ops::Range};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    Error, GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore as _, ObjectStoreExt as _, Result,
    aws::AmazonS3, path::Path,
};
use tokio_util::task::AbortOnDropHandle;

use super::refusal::{RefusalKind, refusal_of};

/// How much is asked for at once.
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;
/// How many windows are asked for ahead.
const WINDOWS_AHEAD: usize = 3;
/// No piece that is handed on is larger.
const PIECE_BYTES: usize = 1024 * 1024;

/// What is known of an object, by reading its first byte: a gateway may know of an object that it cannot read.
pub(super) async fn head(client: &AmazonS3, key: &Path, options: GetOptions) -> Result<GetResult> {
    let first = GetOptions { head: false, range: Some(GetRange::Bounded(0..1)), ..options.clone() };
    let meta = match client.get_opts(key, first).await {
        Ok(found) => {
            let meta = found.meta.clone();
            // Read, so that the connection can be used again.
            found.bytes().await?;
            meta
        }
        // An empty object has no first byte.
        Err(error) if is_empty_range(&error) => {
            return client.get_opts(key, GetOptions { head: true, ..options }).await;
        }
        Err(error) => return Err(error),
    };
    let range = 0..meta.size;
    Ok(answer(meta, range, Bytes::new()))
}

/// An object, or a range of it.
pub(super) async fn get(client: &AmazonS3, key: &Path, options: GetOptions) -> Result<GetResult> {
    let asked = match &options.range {
        None => 0..u64::MAX,
        Some(GetRange::Bounded(range)) => range.clone(),
        // The end of an object is small.
        Some(_) => return client.get_opts(key, options).await,
    };
    let window = asked.start..asked.end.min(asked.start.saturating_add(WINDOW_BYTES));
    let first = GetOptions { range: Some(GetRange::Bounded(window)), ..options.clone() };
    let found = match client.get_opts(key, first).await {
        Ok(found) => found,
        Err(error) if options.range.is_none() && is_empty_range(&error) => {
            let meta = client.head(key).await?;
            return Ok(answer(meta, 0..0, Bytes::new()));
        }
        Err(error) => return Err(error),
    };
    let (meta, attributes, extensions) = (found.meta.clone(), found.attributes.clone(), found.extensions.clone());
    let (range, rest) = (asked.start..asked.end.min(meta.size), found.range.end);
    let mut windows =
        Windows { client: client.clone(), key: key.clone(), options, rest: rest..range.end, coming: VecDeque::new() };
    windows.ask_ahead();
    let first = found.bytes().await?;
    let bytes = stream::once(async { Ok(first) }).chain(windows.into_stream());
    let pieces = bytes.map_ok(|window| stream::iter(pieces(window).map(Ok))).try_flatten();
    Ok(GetResult { payload: GetResultPayload::Stream(pieces.boxed()), meta, range, attributes, extensions })
}

fn is_empty_range(error: &Error) -> bool {
    refusal_of(error).is_some_and(|refusal| refusal.kind == RefusalKind::EmptyRange)
}

fn answer(meta: object_store::ObjectMeta, range: Range<u64>, bytes: Bytes) -> GetResult {
    GetResult {
        payload: GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed()),
        meta,
        range,
        attributes: object_store::Attributes::default(),
        extensions: object_store::Extensions::default(),
    }
}

fn pieces(mut window: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let piece = window.split_to(window.len().min(PIECE_BYTES));
        (!piece.is_empty()).then_some(piece)
    })
}

/// What is still to be read of an object, and what has been asked for. Dropping it takes the questions back.
struct Windows {
    client: AmazonS3,
    key: Path,
    options: GetOptions,
    rest: Range<u64>,
    coming: VecDeque<AbortOnDropHandle<Result<Bytes>>>,
}

impl Windows {
    fn ask_ahead(&mut self) {
        while self.coming.len() < WINDOWS_AHEAD && !self.rest.is_empty() {
            let end = self.rest.end.min(self.rest.start + WINDOW_BYTES);
            let range = self.rest.start..end;
            self.rest.start = end;
            let (client, key) = (self.client.clone(), self.key.clone());
            let options = GetOptions { range: Some(GetRange::Bounded(range)), ..self.options.clone() };
            let window = async move { client.get_opts(&key, options).await?.bytes().await };
            self.coming.push_back(AbortOnDropHandle::new(tokio::spawn(window)));
        }
    }

    fn into_stream(self) -> impl futures::Stream<Item = Result<Bytes>> {
        stream::try_unfold(self, |mut windows| async move {
            windows.ask_ahead();
            let Some(next) = windows.coming.pop_front() else { return Ok(None) };
            let window = next.await??;
            Ok(Some((window, windows)))
        })
    }
}
