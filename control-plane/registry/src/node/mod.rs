//! Nodes: which of them are known, under which key, and where each is in its life. A [`NodeCommand`] is decided against
//! every node there is, since a backend that is not shared belongs to one of them; what is decided is folded into
//! [`crate::view`] like everything else. Commands about nodes are few, so each is a transaction of its own.

mod command;
mod decide;
mod decided;
mod event;
mod refusal;

#[cfg(test)]
mod tests;

pub use command::{NodeCommand, NodeRequest};
pub use decided::NodeDecided;
pub use event::{NodeEvent, NodeRegistered, NodeSuspected};
pub use refusal::{CODES, NodeRefusal};
