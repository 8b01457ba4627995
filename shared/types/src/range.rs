//! Byte ranges of a blob, as RFC 9110 §14 asks for them and as they come out against a known size.

use std::ops::Range;

/// A range as asked for: from `offset`, for `length` bytes or to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte wanted, counted from 0.
    pub offset: u64,
    /// How many bytes; `None` means to the end. More than there are means to the end, too (RFC 9110 §14.1.2); 0 is
    /// nothing, which RFC 9110 has no form for.
    pub length: Option<u64>,
}

/// The range asked for holds no byte of the blob (HTTP 416).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("range starts at byte {offset}, but there are {size_bytes} bytes")]
pub struct RangeRefused {
    /// The offset asked for.
    pub offset: u64,
    /// The size of the blob.
    pub size_bytes: u64,
}

impl ByteRange {
    /// Everything.
    pub const ALL: Self = Self { offset: 0, length: None };

    /// The bytes this means in a blob of `size_bytes`. The whole of an empty blob is empty and right.
    ///
    /// # Errors
    /// A range that starts at or beyond the end, except `0..` of an empty blob.
    pub fn resolve(self, size_bytes: u64) -> Result<Range<u64>, RangeRefused> {
        if self.offset > size_bytes || (self.offset == size_bytes && self != Self::ALL) {
            return Err(RangeRefused { offset: self.offset, size_bytes });
        }
        let end = self.length.map_or(size_bytes, |length| self.offset.saturating_add(length).min(size_bytes));
        Ok(self.offset..end)
    }
}
