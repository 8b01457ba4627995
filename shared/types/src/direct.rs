//! Bytes that go straight between a client and a node: what is asked for, what permits it, and what a node states.

use std::fmt;

use bytes::Bytes;

use crate::{
    address::ContentAddress,
    name::{Endpoint, NodeId},
    path::RelativePath,
    receipt::Location,
    timestamp::Timestamp,
    upload::FileHeader,
};

/// The text of a ticket: whoever has it may do what it permits, so it is shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketToken(String);

impl TicketToken {
    /// The text, to be sent to whom it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for TicketToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketToken(…)")
    }
}

/// What a ticket to send is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketTarget {
    /// One file.
    File {
        /// Where in the package.
        relative_path: RelativePath,
        /// How many bytes it has, at most.
        size_bytes: u64,
        /// The address its bytes must have, where declared.
        declared: Option<ContentAddress>,
    },
    /// Many small files, in one stream.
    Batch {
        /// How many bytes they have together, at most.
        size_bytes: u64,
    },
}

/// A ticket, and where to go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTicket {
    /// The ticket.
    pub ticket: TicketToken,
    /// The node that takes it.
    pub node_id: NodeId,
    /// Where that is reached.
    pub endpoint: Endpoint,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a node states under a ticket, opaque to whoever carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketStatement {
    /// The ticket that the node was shown.
    pub ticket: TicketToken,
    /// The statement, as it came from the node.
    pub statement: Bytes,
}

/// A path to bind to a blob that a node states to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedFile {
    /// What it is; `declared` is ignored.
    pub header: FileHeader,
    /// Which of the statements that are shown, from 0.
    pub statement: usize,
    /// Which of the receipts in it, from 0.
    pub receipt: usize,
}

/// A node that has a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadSource {
    /// A ticket to read them.
    pub issued: IssuedTicket,
    /// Where they lie there.
    pub location: Location,
}
