//! The bytes of a stream in pieces of a size worth working on: what comes in crumbs is gathered, what comes in one large
//! piece is cut. Only crumbs are copied, so that a small piece never holds a large buffer alive.

use artifactstore_dataplane::ByteStream;
use artifactstore_types::Fault;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;

/// No piece is larger.
const LARGEST_BYTES: usize = 1024 * 1024;
/// Pieces smaller than this are gathered.
const CRUMB_BYTES: usize = 16 * 1024;
/// Crumbs are gathered into pieces of this size.
const GATHERED_BYTES: usize = 256 * 1024;

/// Cuts and gathers a stream.
pub(crate) struct Chunks {
    stream: ByteStream,
    crumbs: BytesMut,
    /// A piece that came after crumbs that go first.
    next: Bytes,
    ended: bool,
}

impl Chunks {
    pub fn new(stream: ByteStream) -> Self {
        Self { stream, crumbs: BytesMut::new(), next: Bytes::new(), ended: false }
    }

    /// The next bytes, never empty; `None` at the end. Fails with the stream's own fault.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if self.crumbs.len() >= GATHERED_BYTES || (!self.crumbs.is_empty() && (self.ended || !self.next.is_empty()))
            {
                return Ok(Some(self.crumbs.split().freeze()));
            }
            if !self.next.is_empty() {
                let piece = self.next.split_to(self.next.len().min(LARGEST_BYTES));
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            match self.stream.try_next().await? {
                None => self.ended = true,
                Some(crumb) if crumb.len() < CRUMB_BYTES => {
                    if self.crumbs.capacity() == 0 {
                        self.crumbs.reserve(crumb.len().max(CRUMB_BYTES));
                    }
                    self.crumbs.extend_from_slice(&crumb);
                }
                Some(piece) => self.next = piece,
            }
        }
    }
}
