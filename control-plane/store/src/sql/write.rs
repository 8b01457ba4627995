//! Writes events and row changes, each kind with one statement, whatever their number.

use std::borrow::Cow;

use artifactstore_registry::view::{FileRow, ViewBatch, blob_key};
use artifactstore_types::{EventRecord, Fault, PackageRecord, Provenance, Timestamp};

use super::{
    Session, contracts,
    decode::ProvenanceColumn,
    engine::{Column, Engine, Rows},
    statements::Statement,
    writer::LogEnd,
};
use crate::faults;

/// One statement and the rows it is for.
pub(super) type Write<'a> = (&'static Statement, Rows<'a>);

impl<E: Engine> Session<'_, E> {
    /// Appends events to a log that ends at `before`, moves its head behind them, and applies their row changes: all of it,
    /// or nothing where the log ends elsewhere.
    pub(super) async fn append(
        &mut self,
        before: LogEnd,
        events: &[EventRecord],
        views: &ViewBatch,
    ) -> Result<bool, Fault> {
        let mut writes = view_writes::<E>(views)?;
        writes.push(of(&E::STATEMENTS.append_events, event_columns(events)?));
        let head = [before.head + events.len() as u64, before.head];
        let [after, head] = head.map(|sequence| all_signed(std::iter::once(sequence)));
        let advance = of(&E::STATEMENTS.advance_head, vec![after?, head?, Column::Int(vec![before.log_id])]);
        let appended = E::append(self.connection, &with_rows(writes), &advance).await;
        appended.map_err(|error| E::fault(self.operation, &error))
    }

    /// Applies the row changes of a fold.
    pub(super) async fn load(&mut self, views: &ViewBatch) -> Result<(), Fault> {
        let writes = with_rows(view_writes::<E>(views)?);
        E::load(self.connection, writes).await.map_err(|error| E::fault(self.operation, &error))
    }
}

fn with_rows(mut writes: Vec<Write<'_>>) -> Vec<Write<'_>> {
    writes.retain(|(_, rows)| rows.count > 0);
    writes
}

/// The row changes of a batch. No row is in two of them, so none depends on another.
fn view_writes<E: Engine>(views: &ViewBatch) -> Result<Vec<Write<'_>>, Fault> {
    let statements = E::STATEMENTS;
    Ok(vec![
        of(&statements.insert_packages, package_columns(&views.packages)?),
        of(&statements.advance_packages, advance_columns(views)?),
        of(&statements.insert_files, file_columns(&views.files)?),
        of(&statements.rebind_files, rebound_columns(&views.rebound)?),
        of(&statements.add_locations, location_columns(views)?),
        of(&statements.set_retention, retention_columns(views)),
        of(&statements.insert_contract_events, contracts::event_columns(&views.contract_events)?),
        of(&statements.set_contract_states, contracts::state_columns(&views.contract_states)?),
    ])
}

pub(super) fn of<'a>(statement: &'static Statement, columns: Vec<Column<'a>>) -> Write<'a> {
    (statement, Rows::new(columns))
}

/// A count or size as the databases hold it. The rules keep all of them far below this; what does not fit was not made by
/// this program.
fn signed(count: u64) -> Result<i64, Fault> {
    i64::try_from(count).map_err(|_| faults::unwritable(count))
}

pub(super) fn all_signed(counts: impl Iterator<Item = u64>) -> Result<Column<'static>, Fault> {
    counts.map(signed).collect::<Result<_, _>>().map(Column::Int)
}

pub(super) fn text<'a>(cells: impl Iterator<Item = &'a str>) -> Column<'a> {
    Column::Text(cells.map(Cow::Borrowed).collect())
}

fn maybe_text<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Column<'a> {
    Column::MaybeText(cells.map(|cell| cell.map(Cow::Borrowed)).collect())
}

fn owned(cells: impl Iterator<Item = String>) -> Column<'static> {
    Column::Text(cells.map(Cow::Owned).collect())
}

fn times(cells: impl Iterator<Item = Timestamp>) -> Column<'static> {
    Column::Int(cells.map(Timestamp::micros).collect())
}

fn maybe_times(cells: impl Iterator<Item = Option<Timestamp>>) -> Column<'static> {
    Column::MaybeInt(cells.map(|cell| cell.map(Timestamp::micros)).collect())
}

fn event_columns(events: &[EventRecord]) -> Result<Vec<Column<'_>>, Fault> {
    let each = || events.iter();
    Ok(vec![
        all_signed(each().map(|event| event.sequence))?,
        Column::Id(each().map(|event| *event.event_id.uuid().as_bytes()).collect()),
        text(each().map(|event| event.namespace.as_str())),
        text(each().map(|event| event.event_type.as_str())),
        text(each().map(|event| event.subject_kind.name())),
        text(each().map(|event| event.subject_id.as_str())),
        all_signed(each().map(|event| event.subject_revision))?,
        text(each().map(|event| event.actor.as_str())),
        times(each().map(|event| event.recorded_at)),
        Column::Bytes(each().map(|event| &*event.payload).collect()),
        Column::Digest(each().map(|event| event.payload_digest).collect()),
        Column::Digest(each().map(|event| event.leaf_hash).collect()),
    ])
}

fn package_columns(packages: &[PackageRecord]) -> Result<Vec<Column<'_>>, Fault> {
    let each = || packages.iter();
    let said = || packages.iter().map(|package| &package.package);
    Ok(vec![
        Column::Id(each().map(|package| *package.package_id.uuid().as_bytes()).collect()),
        text(said().map(|package| package.namespace.as_str())),
        text(said().map(|package| package.name.as_str())),
        text(said().map(|package| package.producer.as_str())),
        text(said().map(|package| package.subject.as_str())),
        maybe_text(said().map(|package| package.kind.as_ref().map(artifactstore_types::Name::as_str))),
        text(said().map(|package| package.class.as_str())),
        json(said().map(|package| &package.metadata))?,
        json(said().map(|package| provenance(&package.provenance)))?,
        text(each().map(|package| package.actor.as_str())),
        text(each().map(|package| package.status.name())),
        times(each().map(|package| package.created_at)),
        maybe_times(each().map(|package| package.finalized_at)),
        Column::MaybeDigest(each().map(|package| package.manifest_digest.map(|digest| *digest.bytes())).collect()),
        maybe_text(each().map(|package| package.failure_reason.as_deref())),
        all_signed(each().map(|package| package.file_count))?,
        all_signed(each().map(|package| package.size_bytes))?,
        all_signed(each().map(|package| package.revision))?,
        all_signed(each().map(|package| package.last_event_sequence))?,
    ])
}

fn json(values: impl Iterator<Item = impl serde::Serialize>) -> Result<Column<'static>, Fault> {
    let texts = values.map(|value| serde_json::to_string(&value).map(Cow::Owned)).collect::<Result<_, _>>();
    texts.map(Column::Text).map_err(faults::unwritable)
}

fn provenance(said: &Provenance) -> ProvenanceColumn {
    let Provenance { source_refs, producer_version, extra } = said.clone();
    ProvenanceColumn { source_refs, producer_version, extra }
}

fn advance_columns(views: &ViewBatch) -> Result<Vec<Column<'_>>, Fault> {
    let each = || views.advances.iter();
    Ok(vec![
        Column::Id(each().map(|advance| *advance.package_id.uuid().as_bytes()).collect()),
        maybe_text(each().map(|advance| advance.status.map(artifactstore_types::PackageStatus::name))),
        maybe_times(each().map(|advance| advance.finalized_at)),
        Column::MaybeDigest(each().map(|advance| advance.manifest_digest.map(|digest| *digest.bytes())).collect()),
        maybe_text(each().map(|advance| advance.failure_reason.as_deref())),
        all_signed(each().map(|advance| advance.files_added))?,
        Column::Int(each().map(|advance| advance.bytes_added).collect()),
        all_signed(each().map(|advance| advance.revision))?,
        all_signed(each().map(|advance| advance.last_event_sequence))?,
    ])
}

fn file_columns(files: &[FileRow]) -> Result<Vec<Column<'_>>, Fault> {
    let each = || files.iter().map(|row| &row.file);
    Ok(vec![
        Column::Id(each().map(|file| *file.file_id.uuid().as_bytes()).collect()),
        Column::Id(each().map(|file| *file.package_id.uuid().as_bytes()).collect()),
        text(files.iter().map(|row| row.namespace.as_str())),
        text(each().map(|file| file.relative_path.as_str())),
        text(each().map(|file| file.media_type.as_str())),
        Column::Bool(each().map(|file| file.executable).collect()),
        all_signed(each().map(|file| file.size_bytes))?,
        text(each().map(|file| file.content_address.algorithm().name())),
        Column::Digest(each().map(|file| *file.content_address.bytes()).collect()),
        Column::Digest(each().map(|file| *file.sha256.bytes()).collect()),
        owned(each().map(|file| file.content_address.to_string())),
        blob_keys(files),
        times(each().map(|file| file.created_at)),
    ])
}

fn rebound_columns(files: &[FileRow]) -> Result<Vec<Column<'_>>, Fault> {
    let each = || files.iter().map(|row| &row.file);
    Ok(vec![
        Column::Id(each().map(|file| *file.file_id.uuid().as_bytes()).collect()),
        text(each().map(|file| file.media_type.as_str())),
        Column::Bool(each().map(|file| file.executable).collect()),
        all_signed(each().map(|file| file.size_bytes))?,
        text(each().map(|file| file.content_address.algorithm().name())),
        Column::Digest(each().map(|file| *file.content_address.bytes()).collect()),
        Column::Digest(each().map(|file| *file.sha256.bytes()).collect()),
        owned(each().map(|file| file.content_address.to_string())),
        blob_keys(files),
    ])
}

fn blob_keys(files: &[FileRow]) -> Column<'static> {
    Column::Int(files.iter().map(|row| blob_key(&row.namespace, &row.file.content_address)).collect())
}

fn location_columns(views: &ViewBatch) -> Result<Vec<Column<'_>>, Fault> {
    let each = || views.locations.iter().map(|row| &row.stored);
    Ok(vec![
        Column::Id(views.locations.iter().map(|row| row.storage_location_id).collect()),
        owned(each().map(|stored| stored.content_address.to_string())),
        text(each().map(|stored| stored.location.backend_id.as_str())),
        text(each().map(|stored| stored.location.key.as_str())),
        all_signed(each().map(|stored| stored.location.offset))?,
        all_signed(each().map(|stored| stored.location.length))?,
        text(each().map(|stored| stored.node_id.as_str())),
        times(each().map(|stored| stored.stored_at)),
    ])
}

fn retention_columns(views: &ViewBatch) -> Vec<Column<'_>> {
    let each = || views.retention.iter();
    vec![
        Column::Id(each().map(|row| *row.package_id.uuid().as_bytes()).collect()),
        text(each().map(|row| row.class.as_str())),
        maybe_times(each().map(|row| row.current_expires_at)),
    ]
}
