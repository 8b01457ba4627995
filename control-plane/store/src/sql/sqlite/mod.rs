//! SQLite: one connection writes, a few read, and rows travel as repeated groups of arguments. Each statement costs two
//! hops between threads, so the more rows one takes the better.

mod directory;
mod faults;
mod lock;
mod open;

use std::ops::Range;

use artifactstore_types::Fault;
use futures::stream::BoxStream;
use sqlx::{
    Arguments as _, AssertSqlSafe, Executor as _, Sqlite, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    engine::{Argument, Column, Engine, Rows, Scanned, arguments, columns},
    statements::{self, SIZES, Statement, Statements},
    write::Write,
};

pub(crate) use open::open;

columns!(SqliteRow);

/// The place in [`SIZES`] of a single row.
const ONE: usize = SIZES.len() - 1;

/// The engine.
pub(crate) struct SqliteEngine;

impl Engine for SqliteEngine {
    type Db = Sqlite;

    const STATEMENTS: &'static Statements = &statements::SQLITE;
    const BEGIN_APPEND: &'static str =
        "BEGIN IMMEDIATE; SELECT sequence, log_id FROM event_log_head WHERE singleton = 1";
    // Pages of the commit that failed may lie behind the end of the write-ahead log, where a crash would find them complete
    // and count them. A commit that changes nothing is written over them.
    const SETTLE: &'static str = "UPDATE event_log_head SET sequence = sequence; COMMIT";
    const COMMITS_AT_ONCE: bool = false;
    const BEGIN_SNAPSHOT: &'static str = "BEGIN DEFERRED";
    const DROP_EVERYTHING: &'static str = include_str!("../scripts/sqlite/drop_everything.sql");
    const PREPARE_TO_FOLD: &'static str = include_str!("../scripts/sqlite/prepare_to_fold.sql");
    const CREATE_SHADOWS: &'static str = include_str!("../scripts/sqlite/create_shadows.sql");
    const FINISH_SHADOWS: &'static [&'static str] = &[];
    // Readers go on with the views as they were whatever is done to them here, so the fold goes into the views themselves.
    const BEGIN_REPLAY: &'static [&'static str] = &[include_str!("../scripts/sqlite/clear_views.sql")];
    const END_REPLAY: &'static [&'static str] = &[];
    const MIGRATIONS: &'static [(i64, &'static str, &'static str)] = super::migrations::SQLITE;

    async fn fetch(
        connection: &mut SqliteConnection,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let arguments = arguments!(Sqlite, arguments);
        connection.fetch_all(sqlx::query_with(statement.text, arguments)).await
    }

    fn scan<'c>(
        connection: &'c mut SqliteConnection,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<BoxStream<'c, Scanned<Self>>, sqlx::Error> {
        let arguments = arguments!(Sqlite, arguments);
        Ok(connection.fetch(sqlx::query_with(statement.text, arguments)))
    }

    async fn fetch_bulk(
        connection: &mut SqliteConnection,
        statement: &'static Statement,
        rows: &Rows<'_>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let mut found = Vec::new();
        for (size, group) in groups(rows.count) {
            let text = AssertSqlSafe(statement.repeated(size));
            found.extend(connection.fetch_all(sqlx::query_with(text, group_arguments(rows, group)?)).await?);
        }
        Ok(found)
    }

    async fn append(
        connection: &mut SqliteConnection,
        writes: &[Write<'_>],
        (advance, rows): &Write<'_>,
    ) -> Result<bool, sqlx::Error> {
        write(connection, writes).await?;
        let query = sqlx::query_with(AssertSqlSafe(advance.repeated(ONE)), group_arguments(rows, 0..rows.count)?);
        Ok(connection.execute(query).await?.rows_affected() == 1)
    }

    async fn load(connection: &mut SqliteConnection, writes: Vec<Write<'_>>) -> Result<(), sqlx::Error> {
        write(connection, &writes).await
    }

    async fn fetch_script(
        connection: &mut SqliteConnection,
        script: &'static str,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        sqlx::raw_sql(script).fetch_all(connection).await
    }

    async fn run(connection: &mut SqliteConnection, script: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(script).execute(connection).await.map(drop)
    }

    fn fault(operation: &str, error: &sqlx::Error) -> Fault {
        faults::fault(operation, error)
    }
}

async fn write(connection: &mut SqliteConnection, writes: &[Write<'_>]) -> Result<(), sqlx::Error> {
    let mut texts = writes.iter().flat_map(|(statement, rows)| {
        groups(rows.count).map(|(size, group)| (statement.repeated(size), group_arguments(rows, group)))
    });
    let mut next = texts.next();
    while let Some((text, arguments)) = next {
        let write = connection.execute(sqlx::query_with(AssertSqlSafe(text), arguments?));
        // While the database's thread is busy with this group, the next one is put together.
        let (written, following) = tokio::join!(biased; write, async { texts.next() });
        written?;
        next = following;
    }
    Ok(())
}

/// Cuts this many rows into groups: for each the place of its size in [`SIZES`], and the rows.
fn groups(count: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    let (mut start, mut size) = (0, 0);
    std::iter::from_fn(move || {
        while count - start < *SIZES.get(size)? {
            size += 1;
        }
        let group = start..start + SIZES[size];
        start = group.end;
        Some((size, group))
    })
}

fn group_arguments(rows: &Rows<'_>, group: Range<usize>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(group.len() * rows.columns.len(), 0);
    for row in group {
        add_row(&mut arguments, rows, row)?;
    }
    Ok(arguments)
}

fn add_row(arguments: &mut SqliteArguments, rows: &Rows<'_>, row: usize) -> Result<(), sqlx::Error> {
    for column in &rows.columns {
        match column {
            Column::Int(cells) => arguments.add(cells[row]),
            Column::MaybeInt(cells) => arguments.add(cells[row]),
            Column::Text(cells) => arguments.add(&*cells[row]),
            Column::MaybeText(cells) => arguments.add(cells[row].as_deref()),
            Column::Id(cells) => arguments.add(cells[row].as_slice()),
            Column::Digest(cells) => arguments.add(cells[row].as_slice()),
            Column::MaybeDigest(cells) => arguments.add(cells[row].as_ref().map(<[u8; 32]>::as_slice)),
            Column::Bytes(cells) => arguments.add(cells[row]),
            Column::Bool(cells) => arguments.add(cells[row]),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}
