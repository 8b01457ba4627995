#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod backend;
mod batch;
mod chunks;
mod compact;
mod digesting;
mod directory;
mod engine;
mod faults;
mod health;
mod index;
mod ingest;
mod inventory;
mod keys;
mod options;
mod pack;
mod quarantine;
mod remove;
mod s3;
mod serve;
mod stop;
mod store;
mod sweep;
mod verify;

pub use directory::{DirectoryStore, Disk, LocalDisk};
pub use engine::Engine;
pub use faults::CODES;
pub use options::{BackendOptions, EngineOptions};
pub use s3::{BucketNamedIn, CredentialsMissing, S3Credentials, S3Keys, S3Options, UnfinishedUploads};
