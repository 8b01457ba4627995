//! What streams of either direction share: how bytes are cut into messages, and the faults of parts that are missing
//! or out of order.

use std::{iter, time::Duration};

use artifactstore_types::{Category, Fault, Retry};
use bytes::Bytes;
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use crate::{codes, limits};

/// `bytes` in pieces that fit a message, none of them empty. Nothing is copied.
pub fn chunks(mut bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    iter::from_fn(move || {
        let next = bytes.split_to(bytes.len().min(limits::MAX_CHUNK_BYTES));
        (!next.is_empty()).then_some(next)
    })
}

/// The same bytes in pieces that fit a message.
pub fn chunked(bytes: BoxStream<'static, Result<Bytes, Fault>>) -> BoxStream<'static, Result<Bytes, Fault>> {
    bytes.map_ok(|bytes| stream::iter(chunks(bytes).map(Ok::<Bytes, Fault>))).try_flatten().boxed()
}

/// The fault of a part that may not come where it came.
pub fn out_of_order(what: &str) -> Fault {
    Fault::new(codes::ORDER, Category::Invalid, format!("stream refused: {what}"))
}

/// The fault of an upload that ended before its end: whoever sent it went away.
pub fn truncated() -> Fault {
    Fault::new(codes::TRUNCATED, Category::Cancelled, "stream ended before its end").with_retry(Retry::SameRequest)
}

/// The fault of an answer that ended before its end: the store, or what lies between, gave it up. Nobody here did.
pub fn cut_short() -> Fault {
    Fault::new(codes::TRUNCATED, Category::Unavailable, "answer ended before its end")
}

/// The fault of a call that was not answered in time.
pub fn no_answer_in(limit: Duration) -> Fault {
    Fault::new(codes::DEADLINE, Category::DeadlineExceeded, format!("no answer in {limit:?}")).with_unknown_outcome()
}

/// The fault of a stream on which nothing came for too long.
pub(crate) fn nothing_more_in(limit: Duration) -> Fault {
    Fault::new(codes::IDLE, Category::DeadlineExceeded, format!("stream: nothing more came for {limit:?}"))
}

/// The fault of a stream of which nothing was taken for too long.
pub(crate) fn nothing_taken_in(limit: Duration) -> Fault {
    Fault::new(codes::IDLE, Category::DeadlineExceeded, format!("stream: nothing more was taken for {limit:?}"))
}
