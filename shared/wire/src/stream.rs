//! What streams of either direction share: how bytes are cut into messages, and the faults of parts that are missing
//! or out of order.

use std::{iter, time::Duration};

use artifactstore_types::{Category, Fault, Retry};
use bytes::Bytes;

use crate::{codes, limits};

/// `bytes` in pieces that fit a message, none of them empty. Nothing is copied.
pub fn chunks(mut bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    iter::from_fn(move || {
        let next = bytes.split_to(bytes.len().min(limits::MAX_CHUNK_BYTES));
        (!next.is_empty()).then_some(next)
    })
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
