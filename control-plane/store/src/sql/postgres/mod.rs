//! PostgreSQL: rows travel as arrays, several writes as one statement (each a part of its `WITH`), the log's lock is a row
//! lock, and the plan of a statement is always by index, since one made while a table was small would be kept when it is
//! not.

mod copy;
mod faults;
mod open;
mod wakeups;

use artifactstore_types::Fault;
use futures::stream::BoxStream;
use sqlx::{
    Arguments as _, AssertSqlSafe, Executor as _, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::{
    engine::{Argument, Column, Engine, Rows, Scanned, arguments, columns},
    statements::{self, Statement, Statements},
    write::Write,
};

pub(crate) use open::open;

columns!(PgRow);

/// The SQLSTATEs of a division by zero, since the log ends elsewhere, and of a lock that another holds.
const NOT_MOVED: [&str; 2] = ["22012", "55P03"];

const FINISH_SHADOWS: &str = include_str!("../scripts/postgres/finish_shadows.sql");

/// The engine.
pub(crate) struct PostgresEngine;

impl Engine for PostgresEngine {
    type Db = Postgres;

    const STATEMENTS: &'static Statements = &statements::POSTGRES;
    const BEGIN_APPEND: &'static str =
        "BEGIN; SELECT sequence, log_id FROM event_log_head WHERE singleton = 1 FOR UPDATE";
    // Under the log's lock, what is not there was not committed.
    const SETTLE: &'static str = "ROLLBACK";
    const COMMITS_AT_ONCE: bool = true;
    const BEGIN_SNAPSHOT: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    const DROP_EVERYTHING: &'static str = include_str!("../scripts/postgres/drop_everything.sql");
    const PREPARE_TO_FOLD: &'static str = include_str!("../scripts/postgres/prepare_to_fold.sql");
    const CREATE_SHADOWS: &'static str = include_str!("../scripts/postgres/create_shadows.sql");
    const FINISH_SHADOWS: &'static [&'static str] = &[FINISH_SHADOWS];
    const BEGIN_REPLAY: &'static [&'static str] = &[Self::CREATE_SHADOWS];
    const END_REPLAY: &'static [&'static str] =
        &[FINISH_SHADOWS, include_str!("../scripts/postgres/replace_views.sql")];
    const MIGRATIONS: &'static [(i64, &'static str, &'static str)] = super::migrations::POSTGRES;

    async fn fetch(
        connection: &mut PgConnection,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let arguments = arguments!(Postgres, arguments);
        connection.fetch_all(sqlx::query_with(statement.text, arguments)).await
    }

    fn scan<'c>(
        connection: &'c mut PgConnection,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<BoxStream<'c, Scanned<Self>>, sqlx::Error> {
        let arguments = arguments!(Postgres, arguments);
        Ok(connection.fetch(sqlx::query_with(statement.text, arguments)))
    }

    async fn fetch_bulk(
        connection: &mut PgConnection,
        statement: &'static Statement,
        rows: &Rows<'_>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut arguments = PgArguments::default();
        add_rows(&mut arguments, rows)?;
        connection.fetch_all(sqlx::query_with(statement.text, arguments)).await
    }

    async fn append(
        connection: &mut PgConnection,
        writes: &[Write<'_>],
        advance: &Write<'_>,
    ) -> Result<bool, sqlx::Error> {
        // Of a statement that fails nothing is kept. So it is made to fail where no head was moved, and before it does
        // anything else: what is asked for at its end is done first. The head is also what it locks first, as all do.
        let all: Vec<_> = std::iter::once(advance).chain(writes).collect();
        match connection.execute(together(&all, "SELECT 1 / (SELECT count(*) FROM w0)")?).await {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| NOT_MOVED.contains(&&*code)) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn load(connection: &mut PgConnection, writes: Vec<Write<'_>>) -> Result<(), sqlx::Error> {
        let mut others = Vec::new();
        for write in &writes {
            match copy::copy_of(write.0) {
                Some(copy) => copy::copy(connection, copy, &write.1).await?,
                None => others.push(write),
            }
        }
        if others.is_empty() {
            return Ok(());
        }
        connection.execute(together(&others, "SELECT 1")?).await.map(drop)
    }

    async fn fetch_script(connection: &mut PgConnection, script: &'static str) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::raw_sql(script).fetch_all(connection).await
    }

    async fn run(connection: &mut PgConnection, script: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(script).execute(connection).await.map(drop)
    }

    fn fault(operation: &str, error: &sqlx::Error) -> Fault {
        faults::fault(operation, error)
    }
}

/// One statement of all these, each a part of its `WITH`, and what it ends with.
fn together(writes: &[&Write<'_>], last: &str) -> Result<Query<'static, Postgres, PgArguments>, sqlx::Error> {
    let mut arguments = PgArguments::default();
    let mut parts = Vec::with_capacity(writes.len());
    for (place, (statement, rows)) in writes.iter().enumerate() {
        parts.push(format!("w{place} AS (\n{})", renumbered(statement.text, arguments.len())));
        add_rows(&mut arguments, rows)?;
    }
    let text = format!("WITH {} {last}", parts.join(", "));
    Ok(sqlx::query_with(AssertSqlSafe(text), arguments))
}

/// One array a column.
fn add_rows(arguments: &mut PgArguments, rows: &Rows<'_>) -> Result<(), sqlx::Error> {
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
    Ok(())
}

/// The same statement, whose arguments come after `before` others: `$1` becomes `$(before + 1)`.
fn renumbered(text: &str, before: usize) -> String {
    let mut pieces = text.split('$');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let number = number.parse::<usize>().map_or_else(|_| number.to_owned(), |number| (number + before).to_string());
        out.extend(["$", &number, rest]);
    }
    out
}
