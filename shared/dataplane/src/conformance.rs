//! The obligations of [`crate::DataPlane`], each as a function over any implementation.
//!
//! An implementation offers a [`Subject`]: itself, and as much as it can of what a test needs besides (opening it again
//! as after a crash, damaging what it stored, cutting it off). [`data_plane_conformance!`](crate::data_plane_conformance)
//! makes one test of each obligation, so that a failure names the sentence that was broken:
//!
//! ```ignore
//! mod in_memory {
//!     artifactstore_dataplane::data_plane_conformance!(memory_subject());
//! }
//! ```
//!
//! Every function takes a fresh subject with nothing stored. None waits for time to pass.

mod batches;
mod content;
mod deletions;
mod failures;
mod ingests;
mod listings;
mod memory;
mod reads;
mod repairs;
mod subject;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use artifactstore_types::Fault;

pub use self::{
    batches::{a_batch_answers_each_blob_on_its_own, empty_blobs_are_blobs},
    content::{Content, stream_of},
    deletions::{deletion_is_idempotent, deletion_spares_its_neighbours, what_is_compacted_stays_readable},
    failures::failures_say_what_they_mean,
    ingests::{
        a_failed_ingest_leaves_nothing, a_receipt_survives_a_crash, a_receipt_tells_the_bytes_received,
        a_wrong_address_is_refused, the_same_bytes_get_the_same_place,
    },
    listings::{inventory_lists_each_blob_once, presence_is_answered_in_order},
    memory::memory_is_bounded,
    reads::{a_range_is_that_range_of_the_whole, damaged_bytes_never_end_well, verification_reads_again},
    repairs::what_was_damaged_is_stored_anew,
    subject::{Damage, Offered, Subject},
};

/// What a subject did not keep.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of the obligation.
    pub obligation: u8,
    /// What was seen.
    pub what: String,
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "obligation {} is not kept: {}", self.obligation, self.what)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

/// An obligation that was kept, as far as the subject let it be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What could not be looked at, because the subject does not offer it.
    pub not_looked_at: Vec<&'static str>,
}

/// What checking an obligation comes to.
pub type Verdict = Result<Kept, Violation>;

/// Collects what is seen while one obligation is looked at.
pub(crate) struct Look {
    obligation: u8,
    kept: Kept,
}

impl Look {
    fn at(obligation: u8) -> Self {
        Self { obligation, kept: Kept::default() }
    }

    fn violation(&self, what: impl Into<String>) -> Violation {
        Violation { obligation: self.obligation, what: what.into() }
    }

    fn must(&self, holds: bool, what: impl Into<String>) -> Result<(), Violation> {
        if holds { Ok(()) } else { Err(self.violation(what)) }
    }

    fn must_eq<T: fmt::Debug + PartialEq>(&self, found: &T, wanted: &T, what: &str) -> Result<(), Violation> {
        self.must(found == wanted, format!("{what}: found {found:?}, wanted {wanted:?}"))
    }

    /// The answer, where there must be one.
    fn answer<T>(&self, answer: Result<T, Fault>, operation: &str) -> Result<T, Violation> {
        answer.map_err(|fault| self.violation(format!("{operation} failed: {fault:?}")))
    }

    /// The fault, where there must be one.
    fn fault<T>(&self, answer: Result<T, Fault>, operation: &str) -> Result<Fault, Violation> {
        match answer {
            Ok(_) => Err(self.violation(format!("{operation} succeeded"))),
            Err(fault) => Ok(fault),
        }
    }

    /// Whether the subject did it; notes where it does not offer it.
    fn offered(&mut self, offered: Offered, what: &'static str) -> bool {
        if offered == Offered::No {
            self.kept.not_looked_at.push(what);
        }
        offered == Offered::Yes
    }

    fn end(self) -> Kept {
        self.kept
    }
}

/// Makes one `tokio` test of every obligation. `$subject` is evaluated in each test, in an async context, and gives a
/// fresh [`Subject`](crate::conformance::Subject).
#[macro_export]
macro_rules! data_plane_conformance {
    ($subject:expr) => {
        $crate::data_plane_conformance! { @each ($subject)
            a_receipt_survives_a_crash
            a_receipt_tells_the_bytes_received
            a_failed_ingest_leaves_nothing
            the_same_bytes_get_the_same_place
            a_wrong_address_is_refused
            a_range_is_that_range_of_the_whole
            damaged_bytes_never_end_well
            verification_reads_again
            deletion_is_idempotent
            deletion_spares_its_neighbours
            presence_is_answered_in_order
            inventory_lists_each_blob_once
            a_batch_answers_each_blob_on_its_own
            failures_say_what_they_mean
            memory_is_bounded
            empty_blobs_are_blobs
            what_is_compacted_stays_readable
            what_was_damaged_is_stored_anew
        }
    };
    (@each $subject:tt $($obligation:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $obligation() -> ::std::result::Result<(), $crate::conformance::Violation> {
                let mut subject = $subject;
                let kept = $crate::conformance::$obligation(&mut subject).await?;
                for what in kept.not_looked_at {
                    ::std::println!("not looked at, because the subject does not offer it: {what}");
                }
                Ok(())
            }
        )+
    };
}
