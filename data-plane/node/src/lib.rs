//! A data-plane node: the process beside the bytes.
//!
//! It opens its backends, announces itself to its control planes, and serves two services on one port: the SPI for
//! control planes that show a control token, and transfers for clients that show a ticket. What it stores it answers for
//! with its key. What a blob, a pack or a digest is belongs to `engine`; what a ticket permits and what a receipt says, to
//! `dataplane`; which node a blob goes to, to the control plane.
#![deny(missing_docs)]

mod backends;
mod faults;
mod http;
mod load;
mod node;
mod options;
mod readiness;
mod registration;
mod settings;
mod site;
mod transfer;

pub use faults::{CODES, process_refused, settings_refused};
pub use load::Limits;
pub use node::Node;
pub use options::{Identity, NodeOptions};
pub use settings::{BackendSettings, BucketSettings, NamedIn, NodeSettings, help};
