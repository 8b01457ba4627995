//! The typed client producers use: push, pull, verify, list, tail.
//!
//! [`Connection`] is what a store answers, in this process or behind the network; everything else here is written over
//! it, once: [`push()`] a directory, [`pull()`] it again, [`fetch()`] one file of it, [`verify()`] what is stored, [`tail()`] what happens.
#![deny(missing_docs)]

mod connection;
mod contracts;
mod faults;
mod fetch;
mod listing;
mod manifest;
mod media_type;
mod progress;
mod pull;
mod push;
mod read;
mod remote;
mod retry;
mod tail;
mod verify;
mod walk;
mod watch;

#[cfg(test)]
mod fake;

pub use connection::{ByteStream, Connection, Download, KnownFile, ManifestFormat, TailRequest};
pub use contracts::Contracts;
pub use faults::CODES;
pub use fetch::{Fetched, fetch};
pub use listing::{list_all_files, list_all_packages};
pub use progress::{Progress, Step};
pub use pull::{PullRequest, Pulled, pull};
pub use push::{PushRequest, PushTarget, Pushed, push};
pub use remote::{CODES as REMOTE_CODES, Remote, RemoteOptions};
pub use tail::tail;
pub use verify::{Finding, FindingKind, Verified, VerifyRequest, verify};
pub use walk::{EntryRefused, LocalFile, RefusedEntry, Walk, walk};
pub use watch::watch;
