//! PostgreSQL: rows travel as arrays, the log's lock is a row lock, and the plan of a statement is always by index, since
//! one made while a table was small would be kept when it is not.

mod faults;
mod open;
mod wakeups;

use artifactstore_types::Fault;
use sqlx::{Arguments as _, Executor as _, PgConnection, Postgres, postgres::PgRow};

use super::{
    engine::{Argument, Column, Engine, Rows, arguments, columns},
    statements::{self, Statement, Statements},
};

pub(crate) use open::open;

columns!(PgRow);

/// The engine.
pub(crate) struct PostgresEngine;

impl Engine for PostgresEngine {
    type Db = Postgres;

    const STATEMENTS: &'static Statements = &statements::POSTGRES;
    const BEGIN_APPEND: &'static str = "BEGIN; SELECT sequence FROM event_log_head WHERE singleton = 1 FOR UPDATE";
    const BEGIN_SNAPSHOT: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    const DROP_EVERYTHING: &'static str = include_str!("../scripts/postgres/drop_everything.sql");
    const CREATE_SHADOWS: &'static str = include_str!("../scripts/postgres/create_shadows.sql");
    const MIGRATIONS: &'static [(i64, &'static str, &'static str)] = super::migrations::POSTGRES;

    async fn fetch(
        connection: &mut PgConnection,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let arguments = arguments!(Postgres, arguments);
        connection.fetch_all(sqlx::query_with(statement.text, arguments)).await
    }

    async fn fetch_bulk(
        connection: &mut PgConnection,
        statement: &'static Statement,
        rows: &Rows<'_>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut arguments = sqlx::postgres::PgArguments::default();
        for column in &rows.columns {
            match column {
                Column::Int(cells) => arguments.add(cells),
                Column::MaybeInt(cells) => arguments.add(cells),
                Column::Text(cells) => arguments.add(cells),
                Column::MaybeText(cells) => arguments.add(cells),
                Column::Id(cells) => arguments.add(cells),
                Column::Digest(cells) => arguments.add(cells),
                Column::MaybeDigest(cells) => arguments.add(cells),
                Column::Bytes(cells) => arguments.add(cells),
                Column::Bool(cells) => arguments.add(cells),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        connection.fetch_all(sqlx::query_with(statement.text, arguments)).await
    }

    async fn run(connection: &mut PgConnection, script: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(script).execute(connection).await.map(drop)
    }

    fn fault(operation: &str, error: &sqlx::Error) -> Fault {
        faults::fault(operation, error)
    }
}
