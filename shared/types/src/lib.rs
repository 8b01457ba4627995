//! The words of the domain, the same in every layer: ids, digests, names, ranges, times, faults and the records
//! that travel between planes. Everything here is a checked value: what has been constructed is valid. Nothing here
//! performs I/O, waits, or knows a wire format.
#![deny(missing_docs)]

mod address;
mod clock;
mod contract;
mod digest;
mod event;
mod fault;
mod health;
mod ids;
mod name;
mod package;
mod page;
mod path;
mod range;
mod receipt;
mod retention;
mod serial;
mod timestamp;
mod upload;
mod value;
mod verification;

pub use address::{ContentAddress, ContentAddressRefused};
pub use clock::{Clock, Ids, SystemClock, SystemIds};
pub use contract::{AppendedContractEvent, ContractOrigin, ContractState, ContractStream, Parity, PathParity};
pub use digest::{Algorithm, Digest, DigestRefused, DualDigest, DualHasher};
pub use event::{EventFilter, EventRecord, LeafHash, Sequence, SubjectKind};
pub use fault::{Category, Fault, Outcome, Retry};
pub use health::{BackendHealth, Health};
pub use ids::{EventId, FileId, IdRefused, PackageId};
pub use name::{
    Actor, BackendId, ClassName, EventType, FamilyName, MediaType, Name, NameRefused, Namespace, NodeId, Producer,
    StreamKey, Subject,
};
pub use package::{FileRecord, NewPackage, PackageFilter, PackageRecord, PackageStatus, Provenance, ProvenanceRefused};
pub use page::{Page, PageSize, PageToken};
pub use path::{PathRefused, RelativePath};
pub use range::{ByteRange, RangeRefused};
pub use receipt::{Location, Receipt, StoredLocation};
pub use retention::{RetentionClass, RetentionRecord};
pub use timestamp::{Timestamp, TimestampRefused};
pub use upload::{FileHeader, PlanAnswer, PlannedFile, SmallFile, Upload};
pub use value::{MAX_SAFE_INTEGER, Metadata, Value, ValueRefused};
pub use verification::{FileVerification, Mismatch};
