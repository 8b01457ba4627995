//! A file that can be read again from where it stood, so that an upload that broke off goes on instead of beginning anew.

use crate::ByteStream;

/// The bytes of one file, as often as they are wanted.
pub trait FileSource: Send + Sync + 'static {
    /// How many there are.
    fn size_bytes(&self) -> u64;

    /// Those from `offset` on. They must be the same every time; where they are not any more, the stream ends with a
    /// fault.
    fn open(&self, offset: u64) -> ByteStream;
}
