//! What every process that serves calls needs around its handlers: two doors (gRPC for the work, HTTP for whoever asks how
//! it is), and what is true of every call: a deadline, a request id, one log line, statuses with details.
//!
//! A process brings its services and says, as a [`Checked`], how it is; [`Doors`] binds, serves, and ends in order.
//! What a call means is the handlers'; when a process ends is `kit`'s.
#![deny(missing_docs)]

mod connections;
mod deadline;
mod details;
mod doors;
mod faults;
mod options;
mod probe;
mod reports;
mod statuses;

pub use doors::{Doors, Offer};
pub use faults::{CODES, health_unknown, not_begun, shutting_down};
pub use options::DoorOptions;
pub use probe::{Backend, probed};
pub use statuses::{Checked, Standing};
