//! Rows of the log, and of what is said about it.

use artifactstore_types::{EventId, EventRecord, EventType, Fault, Sequence};
use bytes::Bytes;

use super::{Columns, Reader, key};
use crate::{Difference, Finding, sql::writer::LogEnd};

/// Which column of an event is its payload.
const PAYLOAD: usize = 9;

/// An event, as `list_events` gives it. The payload is taken as it is.
pub(in crate::sql) fn event(row: &impl Columns) -> Result<EventRecord, Fault> {
    const COLUMNS: &[&str] = &[
        "sequence",
        "event_id",
        "namespace",
        "event_type",
        "subject_kind",
        "subject_id",
        "subject_revision",
        "actor",
        "recorded_at",
        "payload",
        "payload_digest",
        "leaf_hash",
    ];
    let mut read = Reader::new("events", COLUMNS, row);
    Ok(EventRecord {
        sequence: read.count()?,
        event_id: EventId::from_bytes(read.raw()?),
        namespace: read.word()?,
        event_type: read.word::<EventType>()?,
        subject_kind: read.kind()?,
        subject_id: read.text()?,
        subject_revision: read.count()?,
        actor: read.word()?,
        recorded_at: read.time()?,
        payload: read.bytes()?,
        payload_digest: read.raw()?,
        leaf_hash: read.raw()?,
    })
}

/// A payload that stands alone in its row.
pub(in crate::sql) fn payload(row: &impl Columns) -> Result<Bytes, Fault> {
    Reader::new("events", &["payload"], row).bytes()
}

/// How a row differs from what the log folds to, as the comparing statements give it.
pub(in crate::sql) fn row_difference(view: &'static str, row: &impl Columns) -> Result<Finding, Fault> {
    let mut read = Reader { at: 1, ..Reader::new(view, &["key", "is_kept", "is_folded"], row) };
    let difference = match (read.int()?, read.int()?) {
        (0, _) => Difference::Missing,
        (_, 0) => Difference::Extra,
        _ => Difference::Altered,
    };
    Ok(Finding::Row { view, key: key(row), difference })
}

/// The sequence that an event's row begins with, and how many bytes its payload has; nothing is asked of the rest.
pub(in crate::sql) fn event_place(row: &impl Columns) -> Result<(Sequence, usize), Fault> {
    let sequence = Reader::new("events", &["sequence"], row).count()?;
    Ok((sequence, row.bytes(PAYLOAD).map_or(0, <[u8]>::len)))
}

/// Where the log's head says that it ends, and where it does.
pub(in crate::sql) fn ends(row: &impl Columns) -> Result<(Sequence, Sequence), Fault> {
    let mut read = Reader::new("event_log_head", &["sequence", "last"], row);
    Ok((read.count()?, read.count()?))
}

/// A migration this database has had: its number, and whether it was applied as a whole.
pub(in crate::sql) fn migration(row: &impl Columns) -> Result<(i64, bool), Fault> {
    let mut read = Reader::new("_sqlx_migrations", &["version", "success"], row);
    Ok((read.int()?, read.flag()?))
}

/// Where the log ends, as the statement that takes its lock gives it.
pub(in crate::sql) fn log_end(row: &impl Columns) -> Result<LogEnd, Fault> {
    let mut read = Reader::new("event_log_head", &["sequence", "log_id"], row);
    Ok(LogEnd { head: read.count()?, log_id: read.int()? })
}

/// The id of an event, which stands alone in its row.
pub(in crate::sql) fn event_id(row: &impl Columns) -> Result<EventId, Fault> {
    Reader::new("events", &["event_id"], row).raw().map(EventId::from_bytes)
}
