//! How a long operation tells how far it is. The library prints nothing; whoever wants to show something implements
//! [`Progress`].

/// One step of a long operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// What there is to do from here on; said before any other step, and again where another part begins.
    Planned {
        /// How many files.
        files: u64,
        /// The sum of their sizes.
        bytes: u64,
    },
    /// So many more bytes are dealt with: sent, received, read again, or found not to need any of it.
    Bytes(u64),
    /// So many more bytes were read to learn whether they have to be sent; nothing is dealt with by that alone.
    Compared(u64),
    /// So many more files are dealt with.
    Files(u64),
    /// So many bytes are to be moved again, because moving them failed and is repeated.
    Repeated(u64),
}

/// Somebody who is told how far an operation is. Must return at once; it is called for every chunk.
pub trait Progress: Send + Sync + 'static {
    /// Called at each step, from any thread.
    fn on(&self, step: Step);
}

/// Nobody.
impl Progress for () {
    fn on(&self, _step: Step) {}
}
