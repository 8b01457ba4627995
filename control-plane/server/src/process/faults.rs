//! Every fault of the process itself.

use std::fmt;

use artifactstore_types::{Category, Fault};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-CONTROL-0001", "the settings of the control plane are not understood"),
    ("AS-CONTROL-0002", "the operating system refuses the control plane something it cannot do without"),
];

/// The fault of settings, or a command line, that are not understood.
pub fn settings_refused(why: impl fmt::Display) -> Fault {
    Fault::new("AS-CONTROL-0001", Category::Invalid, format!("read settings: {why}"))
}

/// The fault of a process that cannot be one.
pub fn process_refused(why: impl fmt::Display) -> Fault {
    Fault::new("AS-CONTROL-0002", Category::FailedPrecondition, format!("start: {why}"))
}
