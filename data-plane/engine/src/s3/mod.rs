//! A bucket as a backend: [`S3Options`] say where it is and how it is asked, everything else here turns it into an
//! `ObjectStore` that keeps what the engine relies on:
//!
//! * what is acknowledged lies there with the size it was sent with, asked again after each write (`store`, `upload`);
//! * objects of any size are written, copied (`copy`) and read (`read`), in bounded memory;
//! * at most so many requests run at once; what may pass is tried again for a bounded time with growing, random pauses,
//!   what will not pass is not (`clients`, `connection`, `refusal`);
//! * uploads that nobody ends can be found and aborted (`unfinished`).
//!
//! Nothing rests on what gateways are known to ignore: conditions on completions and copies, and checksum headers. What
//! is packed, staged or addressed is the engine's, as on any other store.

mod clients;
mod connection;
mod copy;
mod credentials;
mod options;
mod read;
mod refusal;
mod remove;
mod request;
mod store;
mod unfinished;
mod upload;

pub use self::{
    credentials::{CredentialsMissing, S3Credentials, S3Keys},
    options::{BucketNamedIn, S3Options},
    unfinished::UnfinishedUploads,
};
pub(crate) use self::{
    refusal::{Refusal, RefusalKind, refusal_of},
    store::S3Store,
    unfinished::Begun,
};
