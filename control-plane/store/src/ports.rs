//! The capabilities the registry needs of a database, as ports. Memory, SQLite and PostgreSQL implement them; one
//! conformance suite holds them to the same behaviour.

use artifactstore_registry::{Command, node::NodeCommand, view::ContractStateRow};
use artifactstore_types::{
    ContentAddress, ContractState, ContractStream, ControlKey, EventRecord, Fault, FileId, FileRecord, Namespace,
    NodeHeard, NodeId, NodeRecord, PackageFilter, PackageId, PackageRecord, RelativePath, RetentionClass, Sequence,
    StoredLocation, Timestamp,
};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use crate::{Finding, Leases, NodeChanged};

/// What became of a command that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The events appended for it, in order. Empty where there was nothing left to do.
    pub events: Vec<EventRecord>,
    /// The files it has bound, in order.
    pub files: Vec<FileRecord>,
    /// Which items of the command were refused on their own, by index.
    pub refused: Vec<(usize, Fault)>,
    /// Which items of the command were in the log already, by index, each with its sequence.
    pub repeated: Vec<(usize, Sequence)>,
    /// Which files of the command were there already as they would have been made, by index.
    pub unchanged: Vec<usize>,
}

/// The append-only log, and the only way to change anything.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Decides and appends these commands in order, in one transaction, with the views they change. Each stands or
    /// falls alone: a refused one appends nothing and does not touch its neighbours. When this returns, what was
    /// accepted is durable. A fault of the database itself is answered to every command, with its outcome.
    async fn commit(&self, commands: Vec<Command>) -> Vec<Result<Committed, Fault>>;

    /// Up to `limit` events after `since`, in order, without gap.
    async fn list_events(&self, since: Sequence, limit: usize) -> Result<Vec<EventRecord>, Fault>;

    /// The sequence of the last event; 0 in an empty log.
    async fn load_head(&self) -> Result<Sequence, Fault>;

    /// Changes whenever the log may have grown, whoever appended. A hint: the poll is the truth.
    fn wakeups(&self) -> watch::Receiver<Sequence>;
}

/// The tables folded from the log.
#[async_trait]
pub trait Views: Send + Sync + 'static {
    /// A package.
    async fn find_package(&self, id: PackageId) -> Result<Option<PackageRecord>, Fault>;

    /// Packages, the newest first (created_at, then id, both descending), strictly after `after` in that order.
    async fn list_packages(
        &self,
        filter: &PackageFilter,
        after: Option<(Timestamp, PackageId)>,
        limit: u16,
    ) -> Result<Vec<PackageRecord>, Fault>;

    /// Files of a package in the order of their paths' bytes, strictly after `after`.
    async fn list_files(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
        limit: u32,
    ) -> Result<Vec<FileRecord>, Fault>;

    /// The same files, each with every location of its blob, ordered by backend, key and where in the object.
    async fn list_placed_files(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
        limit: u32,
    ) -> Result<Vec<PlacedFile>, Fault>;

    /// A file by its path.
    async fn find_file(&self, package: PackageId, path: &RelativePath) -> Result<Option<FileRecord>, Fault>;

    /// A file by its id.
    async fn find_file_by_id(&self, id: FileId) -> Result<Option<FileRecord>, Fault>;

    /// Every location of these blobs, ordered by address, backend, key; at most 10,000 addresses.
    async fn list_locations(&self, addresses: &[ContentAddress]) -> Result<Vec<StoredLocation>, Fault>;

    /// For each address, a file of this namespace that has that blob, in the order asked; at most 10,000 addresses.
    async fn find_blobs(
        &self,
        namespace: &Namespace,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<FileRecord>>, Fault>;

    /// Which of these sizes (in bytes) blobs of this namespace have, in the order asked; at most 10,000 sizes.
    async fn have_sizes(&self, namespace: &Namespace, sizes: &[u64]) -> Result<Vec<bool>, Fault>;

    /// The canonical CBOR manifest of a package, exactly as its `v1.package.finalized` event carries it, once there is one.
    async fn find_manifest(&self, package: PackageId) -> Result<Option<Bytes>, Fault>;

    /// The retention classes, by name.
    async fn list_classes(&self) -> Result<Vec<RetentionClass>, Fault>;
}

/// A file, and where its blob lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFile {
    /// The file.
    pub file: FileRecord,
    /// Every location of its blob.
    pub locations: Vec<StoredLocation>,
}

/// The states of streams of contract events.
#[async_trait]
pub trait ContractViews: Send + Sync + 'static {
    /// The state of a stream: as it is, or, where `at` is given, as it was after the last of its events up to that
    /// sequence. None where it has no event, or had none then. As it is, it is read; as it was, it is folded.
    async fn find_contract_state(
        &self,
        stream: &ContractStream,
        at: Option<Sequence>,
    ) -> Result<Option<ContractState>, Fault>;
}

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many events were folded.
    pub events: u64,
    /// The sequence of the last of them.
    pub head: Sequence,
}

/// What a check of log and views found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many events were read.
    pub events: u64,
    /// The sequence of the last of them.
    pub head: Sequence,
    /// What is wrong, the first hundred of it; empty means all is well.
    pub findings: Vec<Finding>,
}

/// Progress of a long operation over the log: events done, and how many there are.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Upkeep of the database.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// Brings the schema up to date and says which migrations were applied. With `fresh`, everything is dropped first.
    async fn migrate(&self, fresh: bool) -> Result<Vec<String>, Fault>;

    /// Answers when the database does, and its schema is the one this program knows.
    async fn ping(&self) -> Result<(), Fault>;

    /// Ends every connection and lets the database go, so that it can be opened again at once; later calls fail.
    async fn close(&self);

    /// Empties the views and folds the log again, in one transaction. Every event is verified as it is read: a log that
    /// is damaged is refused, and nothing has changed.
    async fn replay(&self, progress: Progress<'_>) -> Result<Replayed, Fault>;

    /// Reads the whole log, checks every digest, leaf, sequence and revision, folds it anew and compares the result with
    /// the views, byte for byte, and the classes every store starts with. Changes nothing.
    async fn check(&self, progress: Progress<'_>) -> Result<Checked, Fault>;
}

/// The nodes, and what is known of them beside the log.
#[async_trait]
pub trait Nodes: Send + Sync + 'static {
    /// Decides and appends one command, in a transaction of its own, with the view it changes. When this returns, what
    /// was accepted is durable.
    async fn change_node(&self, command: NodeCommand) -> Result<NodeChanged, Fault>;

    /// Every node, removed ones too, in the order of ids, with what was heard of it last.
    async fn list_nodes(&self) -> Result<Vec<NodeRecord>, Fault>;

    /// Keeps what was heard of nodes; where something later is kept already, that stays. No part of the log.
    async fn record_heartbeats(&self, heard: &[(NodeId, NodeHeard)]) -> Result<(), Fault>;

    /// The public keys of control planes that are not over at `now`, in the order of their bytes.
    async fn list_control_keys(&self, now: Timestamp) -> Result<Vec<ControlKey>, Fault>;

    /// Trusts a key, or one that is trusted already for longer. No part of the log.
    async fn trust_control_key(&self, key: &ControlKey) -> Result<(), Fault>;

    /// Forgets the statements that were committed before `then`, and the keys that were over by then.
    async fn forget_before(&self, then: Timestamp) -> Result<(), Fault>;
}

/// All of it: what a service is given.
pub trait RegistryStore: EventLog + Views + ContractViews + Nodes + Leases + Upkeep {}

impl<T: EventLog + Views + ContractViews + Nodes + Leases + Upkeep> RegistryStore for T {}

/// A row of the view as those who ask see it.
pub(crate) fn state_of(stream: &ContractStream, row: ContractStateRow) -> ContractState {
    ContractState {
        stream: stream.clone(),
        sequence: row.last_event_sequence,
        event_count: row.event_count,
        json: row.state,
        failed: row.failed,
    }
}

/// Puts locations in the order [`Views::list_locations`] gives them: by address, backend and key, then by where in the
/// object.
pub(crate) fn in_order(found: &mut [StoredLocation]) {
    found.sort_by(|left, right| {
        let (at, other) = (&left.location, &right.location);
        (left.content_address, &at.backend_id, &at.key, at.offset, at.length).cmp(&(
            right.content_address,
            &other.backend_id,
            &other.key,
            other.offset,
            other.length,
        ))
    });
}
