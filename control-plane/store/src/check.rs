//! What a check of the database can find wrong, as values: in the log, in the views folded from it, in the classes every
//! store starts with.

use std::fmt;

use artifactstore_registry::DEFAULT_CLASSES;
use artifactstore_types::{RetentionClass, Sequence};

use crate::Checked;

/// How many findings are kept.
const MOST: usize = 100;

/// Something wrong in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// These events are not there.
    EventsMissing {
        /// The first of them.
        first: Sequence,
        /// The last of them.
        last: Sequence,
    },
    /// There are events that the head of the log does not count.
    EventsBeyondHead {
        /// Where the head says that the log ends.
        head: Sequence,
        /// The last event.
        last: Sequence,
    },
    /// An event's payload is not what its digest says.
    PayloadAltered {
        /// The event.
        sequence: Sequence,
    },
    /// An event's other columns are not what its leaf hash says.
    ColumnsAltered {
        /// The event.
        sequence: Sequence,
    },
    /// An event cannot be read.
    EventUnreadable {
        /// The event.
        sequence: Sequence,
        /// Why not.
        reason: String,
    },
    /// An event does not follow the one its subject had before.
    EventOutOfTurn {
        /// The event.
        sequence: Sequence,
    },
    /// The log cannot be folded, so nothing can be said of the views.
    Unfoldable {
        /// Why not.
        reason: String,
    },
    /// A row of a view is not what the log folds to.
    Row {
        /// The view.
        view: &'static str,
        /// The row's key: of an id its hexadecimal digits.
        key: String,
        /// What is wrong with it.
        difference: Difference,
    },
    /// A retention class that every store starts with is not as it was.
    Class {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        difference: Difference,
    },
}

/// How something that is kept differs from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra,
    /// It is another.
    Altered,
}

impl Finding {
    /// The event this is about, or the first of several.
    pub fn sequence(&self) -> Option<Sequence> {
        match self {
            Self::EventsMissing { first, .. } => Some(*first),
            Self::EventsBeyondHead { head, .. } => Some(head + 1),
            Self::PayloadAltered { sequence }
            | Self::ColumnsAltered { sequence }
            | Self::EventUnreadable { sequence, .. }
            | Self::EventOutOfTurn { sequence } => Some(*sequence),
            Self::Unfoldable { .. } | Self::Row { .. } | Self::Class { .. } => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventsMissing { first, last } if first == last => write!(f, "event {first} is missing"),
            Self::EventsMissing { first, last } => write!(f, "events {first} to {last} are missing"),
            Self::EventsBeyondHead { head, last } => {
                write!(f, "the head of the log says that it ends at event {head}, but it goes on to event {last}")
            }
            Self::PayloadAltered { sequence } => write!(f, "event {sequence}: its payload is not what its digest says"),
            Self::ColumnsAltered { sequence } => {
                write!(f, "event {sequence}: its columns are not what its leaf hash says")
            }
            Self::EventUnreadable { sequence, reason } => write!(f, "event {sequence}: {reason}"),
            Self::EventOutOfTurn { sequence } => {
                write!(f, "event {sequence}: it does not follow the one its subject had before")
            }
            Self::Unfoldable { reason } => write!(f, "the log cannot be folded: {reason}"),
            Self::Row { view, key, difference } => write!(f, "{view}: row {key} {difference}"),
            Self::Class { name, difference } => write!(f, "retention_classes: {name} {difference}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Extra => "should not be there",
            Self::Altered => "is not what it should be",
        })
    }
}

impl Checked {
    /// Adds what was found, as long as there is room.
    pub(crate) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        let room = MOST - self.findings.len();
        self.findings.extend(findings.into_iter().take(room));
    }
}

/// What a log whose last event is `last` lacks, or has too much, where its head says that it ends at `head`.
pub(crate) fn check_end(head: Sequence, last: Sequence) -> Option<Finding> {
    match last {
        last if last < head => Some(Finding::EventsMissing { first: last + 1, last: head }),
        last if last > head => Some(Finding::EventsBeyondHead { head, last }),
        _ => None,
    }
}

/// What is wrong with the classes every store starts with, among these. Others may have been added.
pub(crate) fn check_classes(classes: &[RetentionClass]) -> Vec<Finding> {
    let check = |default: artifactstore_registry::DefaultClass| {
        let kept = classes.iter().find(|class| class.name.as_str() == default.name);
        let as_it_was = |class: &RetentionClass| {
            class.description == default.description && class.duration_seconds == default.duration_seconds
        };
        let difference = match kept {
            None => Difference::Missing,
            Some(class) if !as_it_was(class) => Difference::Altered,
            Some(_) => return None,
        };
        Some(Finding::Class { name: default.name, difference })
    };
    DEFAULT_CLASSES.into_iter().filter_map(check).collect()
}
