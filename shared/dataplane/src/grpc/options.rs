//! How a node is spoken to.

use std::time::Duration;

/// How a node is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemotePlaneOptions {
    /// How long a connection may take to stand.
    pub connect_timeout: Duration,
    /// How long a call may take to be answered, and longer where it has much to read; of a stream, its beginning.
    pub call_timeout: Duration,
    /// How long a stream may stand still, in either direction.
    pub stall_timeout: Duration,
}

impl Default for RemotePlaneOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_mins(2),
        }
    }
}
