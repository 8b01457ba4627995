//! Short text without a heap behind it: a stream holds millions of identifiers and times.

/// ASCII text of at most `N` bytes. What is unused stays zero, so that comparing bytes compares text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Inline<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Inline<N> {
    pub(super) fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// Appends one ASCII byte; what does not fit is dropped, and callers write into a text sized for the longest form.
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
    }

    pub(super) fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}
