//! Retention classes and the expiry they give. The five classes every store starts with are seeded by the migrations
//! under these names and durations; a test of the store compares the two.

use artifactstore_types::{RetentionClass, Timestamp};

use crate::event::DefaultApplied;

const DAY: u64 = 24 * 60 * 60;

/// A class every store starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultClass {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// How long, in seconds; `None` means for ever.
    pub duration_seconds: Option<u64>,
}

/// The five classes, the shortest first: 7 days, 90 days, 400 days, ten years with their leap days, for ever.
pub const DEFAULT_CLASSES: [DefaultClass; 5] = [
    DefaultClass {
        name: "transient",
        description: "intermediate results that nobody will ask for after the week",
        duration_seconds: Some(7 * DAY),
    },
    DefaultClass {
        name: "raw-evidence",
        description: "raw output of checks and crawls, until it has been summarized",
        duration_seconds: Some(90 * DAY),
    },
    DefaultClass {
        name: "summary-evidence",
        description: "summaries and reports, beyond a yearly audit",
        duration_seconds: Some(400 * DAY),
    },
    DefaultClass {
        name: "release-evidence",
        description: "evidence behind a release, for ten years",
        duration_seconds: Some(3653 * DAY),
    },
    DefaultClass { name: "permanent-record", description: "records that are never deleted", duration_seconds: None },
];

/// When retention ends by default, counted from creation or finalization; `None` means never.
pub fn default_expiry(class: &RetentionClass, counted_from: Timestamp) -> Option<Timestamp> {
    class.duration_seconds.map(|seconds| counted_from.plus_seconds(seconds))
}

/// The event that says so.
pub(crate) fn default_applied(class: &RetentionClass, counted_from: Timestamp) -> DefaultApplied {
    DefaultApplied {
        class: class.name.clone(),
        expires_at: default_expiry(class, counted_from),
        counted_from,
        duration_seconds: class.duration_seconds,
    }
}
