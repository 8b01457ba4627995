//! SQLite: one connection writes, a few read, and rows travel as repeated groups of arguments. Each statement costs two
//! hops between threads, so the more rows one takes the better.

mod faults;
mod lock;
mod open;

use artifactstore_types::Fault;
use sqlx::{
    Arguments as _, AssertSqlSafe, Executor as _, Sqlite, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    engine::{Argument, Column, Engine, Rows, arguments, columns},
    statements::{self, SIZES, Statement, Statements},
};

use crate::leases::LocalLeases;

pub(crate) use open::open;

columns!(SqliteRow);

/// The engine.
pub(crate) struct SqliteEngine;

impl Engine for SqliteEngine {
    type Leases = LocalLeases;
    type Db = Sqlite;

    const STATEMENTS: &'static Statements = &statements::SQLITE;
    const BEGIN_APPEND: &'static str = "BEGIN IMMEDIATE; SELECT sequence FROM event_log_head WHERE singleton = 1";
    const BEGIN_SNAPSHOT: &'static str = "BEGIN DEFERRED";
    const DROP_EVERYTHING: &'static str = include_str!("../scripts/sqlite/drop_everything.sql");
    const CREATE_SHADOWS: &'static str = include_str!("../scripts/sqlite/create_shadows.sql");
    const MIGRATIONS: &'static [(i64, &'static str, &'static str)] = super::migrations::SQLITE;

    async fn fetch(
        connection: &mut SqliteConnection,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let arguments = arguments!(Sqlite, arguments);
        connection.fetch_all(sqlx::query_with(statement.text, arguments)).await
    }

    async fn fetch_bulk(
        connection: &mut SqliteConnection,
        statement: &'static Statement,
        rows: &Rows<'_>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let mut found = Vec::new();
        let mut start = 0;
        for (size, group) in SIZES.iter().enumerate() {
            while rows.count - start >= *group {
                let mut arguments = SqliteArguments::default();
                arguments.reserve(group * rows.columns.len(), 0);
                for row in start..start + group {
                    add_row(&mut arguments, rows, row)?;
                }
                let text = AssertSqlSafe(statement.repeated(size));
                found.extend(connection.fetch_all(sqlx::query_with(text, arguments)).await?);
                start += group;
            }
        }
        Ok(found)
    }

    async fn write(
        connection: &mut SqliteConnection,
        writes: &[(&'static Statement, Rows<'_>)],
    ) -> Result<(), sqlx::Error> {
        for (statement, rows) in writes {
            Self::fetch_bulk(connection, statement, rows).await?;
        }
        Ok(())
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
