//! Loading rows in bulk, by `COPY` in its binary format
//! (<https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT>): a third of what an insert costs. It
//! serves the fold of a whole log, into tables of one connection in which nothing stands yet.

use sqlx::PgConnection;

use super::super::{
    engine::{Column, Rows},
    statements::{self, Statement},
};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: i16 = -1;
const NULL: i32 = -1;

/// The `COPY` that adds the same rows as this statement, where there is one.
pub(super) fn copy_of(statement: &'static Statement) -> Option<&'static str> {
    let statements = &statements::POSTGRES;
    if std::ptr::eq(statement, &raw const statements.insert_files) {
        Some(include_str!("../scripts/postgres/copy_files.sql"))
    } else if std::ptr::eq(statement, &raw const statements.add_locations) {
        Some(include_str!("../scripts/postgres/copy_locations.sql"))
    } else {
        None
    }
}

/// Runs a `COPY` with these rows.
pub(super) async fn copy(connection: &mut PgConnection, copy: &str, rows: &Rows<'_>) -> Result<(), sqlx::Error> {
    let data = encode(rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let mut copying = connection.copy_in_raw(copy).await?;
    copying.send(data).await?;
    copying.finish().await.map(drop)
}

fn encode(rows: &Rows<'_>) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let fields = i16::try_from(rows.columns.len())?;
    let mut out = HEADER.to_vec();
    for row in 0..rows.count {
        out.extend(fields.to_be_bytes());
        for column in &rows.columns {
            match cell(column, row) {
                Some(cell) => {
                    let bytes = cell.bytes();
                    out.extend(i32::try_from(bytes.len())?.to_be_bytes());
                    out.extend(bytes);
                }
                None => out.extend(NULL.to_be_bytes()),
            }
        }
    }
    out.extend(TRAILER.to_be_bytes());
    Ok(out)
}

enum Cell<'a> {
    Int([u8; 8]),
    Bytes(&'a [u8]),
    Bool([u8; 1]),
}

impl Cell<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Int(bytes) => bytes,
            Self::Bytes(bytes) => bytes,
            Self::Bool(byte) => byte,
        }
    }
}

fn cell<'a>(column: &'a Column<'_>, row: usize) -> Option<Cell<'a>> {
    let int = |int: i64| Cell::Int(int.to_be_bytes());
    Some(match column {
        Column::Int(cells) => int(cells[row]),
        Column::MaybeInt(cells) => int(cells[row]?),
        Column::Text(cells) => Cell::Bytes(cells[row].as_bytes()),
        Column::MaybeText(cells) => Cell::Bytes(cells[row].as_ref()?.as_bytes()),
        Column::Id(cells) => Cell::Bytes(&cells[row]),
        Column::Digest(cells) => Cell::Bytes(&cells[row]),
        Column::MaybeDigest(cells) => Cell::Bytes(cells[row].as_ref()?),
        Column::Bytes(cells) => Cell::Bytes(cells[row]),
        Column::Bool(cells) => Cell::Bool([u8::from(cells[row])]),
    })
}
