//! What differs between the engines, as one small port: how a statement is sent with its arguments, how many rows are
//! sent at once, how a transaction takes the log's lock, and what an error of the database means. Everything above is
//! written once, over [`Engine`].

use std::{borrow::Cow, future::Future};

use artifactstore_types::Fault;
use futures::stream::BoxStream;
use sqlx::{Database, migrate::Migrate};

use super::{
    statements::{Statement, Statements},
    write::Write,
};

/// A connection of an engine.
pub(crate) type Connection<E> = <<E as Engine>::Db as Database>::Connection;

/// A row of a long answer.
pub(crate) type Scanned<E> = Result<<<E as Engine>::Db as Database>::Row, sqlx::Error>;

/// One database engine.
pub(crate) trait Engine: Send + Sync + Sized + 'static {
    /// The driver.
    type Db: Database<Row: Columns, Connection: Migrate>;

    /// Its texts of the statements.
    const STATEMENTS: &'static Statements;
    /// Begins a transaction, takes the log's lock, and says where the log ends: nothing that a decision reads can change
    /// from then on.
    const BEGIN_APPEND: &'static str;
    /// Ends a transaction that has looked for a change and not found it, so that it can never come to be.
    const SETTLE: &'static str;
    /// Whether [`Engine::append`] on its own is a transaction.
    const COMMITS_AT_ONCE: bool;
    /// Begins a transaction that only reads, and sees one state of the database throughout.
    const BEGIN_SNAPSHOT: &'static str;
    /// Drops what its migrations have made.
    const DROP_EVERYTHING: &'static str;
    /// Lets a connection use what folding the whole log needs.
    const PREPARE_TO_FOLD: &'static str;
    /// Hides the views behind empty ones, for one connection, which are filled by folds alone.
    const CREATE_SHADOWS: &'static str;
    /// Makes of what was folded into them what the views would be.
    const FINISH_SHADOWS: &'static [&'static str];
    /// Makes a transaction ready to fold the log again.
    const BEGIN_REPLAY: &'static [&'static str];
    /// Puts what was folded since in the place of the views.
    const END_REPLAY: &'static [&'static str];
    /// Its migrations: number, name, text.
    const MIGRATIONS: &'static [(i64, &'static str, &'static str)];

    /// Sends a statement and reads every row of the answer.
    fn fetch(
        connection: &mut Connection<Self>,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> impl Future<Output = Result<Vec<<Self::Db as Database>::Row>, sqlx::Error>> + Send;

    /// Sends a statement and hands out the rows of the answer as they come.
    fn scan<'c>(
        connection: &'c mut Connection<Self>,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
    ) -> Result<BoxStream<'c, Scanned<Self>>, sqlx::Error>;

    /// Sends a statement that takes one set of arguments a row, for all rows, and reads every row of the answer.
    fn fetch_bulk(
        connection: &mut Connection<Self>,
        statement: &'static Statement,
        rows: &Rows<'_>,
    ) -> impl Future<Output = Result<Vec<<Self::Db as Database>::Row>, sqlx::Error>> + Send;

    /// Sends the statements of an append, each for its rows, with as few round trips as it can, and the one that moves the
    /// head. None may depend on what another of them does. Says whether the head was where `advance` expects it; where it
    /// was not, nothing has changed.
    fn append(
        connection: &mut Connection<Self>,
        writes: &[Write<'_>],
        advance: &Write<'_>,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Sends several statements of a fold, each for its rows.
    fn load(
        connection: &mut Connection<Self>,
        writes: Vec<Write<'_>>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Runs several statements without arguments, and reads every row of their answers.
    fn fetch_script(
        connection: &mut Connection<Self>,
        script: &'static str,
    ) -> impl Future<Output = Result<Vec<<Self::Db as Database>::Row>, sqlx::Error>> + Send;

    /// Runs several statements without arguments.
    fn run(
        connection: &mut Connection<Self>,
        script: &'static str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// What an error of the database means. Decided by its code, never by its text.
    fn fault(operation: &str, error: &sqlx::Error) -> Fault;
}

/// One argument of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument<'a> {
    Int(i64),
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Bytes(&'a [u8]),
}

/// One column of many rows.
#[derive(Clone, Debug)]
pub(crate) enum Column<'a> {
    Int(Vec<i64>),
    MaybeInt(Vec<Option<i64>>),
    Text(Vec<Cow<'a, str>>),
    MaybeText(Vec<Option<Cow<'a, str>>>),
    Id(Vec<[u8; 16]>),
    Digest(Vec<[u8; 32]>),
    MaybeDigest(Vec<Option<[u8; 32]>>),
    Bytes(Vec<&'a [u8]>),
    Bool(Vec<bool>),
}

/// The arguments of many rows, column by column, in the order the statement names them.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) count: usize,
    pub(crate) columns: Vec<Column<'a>>,
}

impl<'a> Rows<'a> {
    /// Rows of these columns, which must be equally long.
    pub(crate) fn new(columns: Vec<Column<'a>>) -> Self {
        let count = columns.first().map_or(0, Column::len);
        debug_assert!(columns.iter().all(|column| column.len() == count));
        Self { count, columns }
    }
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Int(cells) => cells.len(),
            Self::MaybeInt(cells) => cells.len(),
            Self::Text(cells) => cells.len(),
            Self::MaybeText(cells) => cells.len(),
            Self::Id(cells) => cells.len(),
            Self::Digest(cells) => cells.len(),
            Self::MaybeDigest(cells) => cells.len(),
            Self::Bytes(cells) => cells.len(),
            Self::Bool(cells) => cells.len(),
        }
    }
}

/// The columns of a row that was read, by their place in the statement.
pub(crate) trait Columns: Send + 'static {
    fn int(&self, at: usize) -> Result<i64, sqlx::Error>;
    fn maybe_int(&self, at: usize) -> Result<Option<i64>, sqlx::Error>;
    fn text(&self, at: usize) -> Result<&str, sqlx::Error>;
    fn maybe_text(&self, at: usize) -> Result<Option<&str>, sqlx::Error>;
    fn bytes(&self, at: usize) -> Result<&[u8], sqlx::Error>;
    fn maybe_bytes(&self, at: usize) -> Result<Option<&[u8]>, sqlx::Error>;
    fn flag(&self, at: usize) -> Result<bool, sqlx::Error>;
}

/// The columns of `$row` are read through the driver's own conversions.
macro_rules! columns {
    ($row:ty) => {
        impl $crate::sql::engine::Columns for $row {
            fn int(&self, at: usize) -> Result<i64, sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }

            fn maybe_int(&self, at: usize) -> Result<Option<i64>, sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }

            fn text(&self, at: usize) -> Result<&str, sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }

            fn maybe_text(&self, at: usize) -> Result<Option<&str>, sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }

            fn bytes(&self, at: usize) -> Result<&[u8], sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }

            fn maybe_bytes(&self, at: usize) -> Result<Option<&[u8]>, sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }

            fn flag(&self, at: usize) -> Result<bool, sqlx::Error> {
                sqlx::Row::try_get(self, at)
            }
        }
    };
}

/// The arguments of one statement, in the driver's form.
macro_rules! arguments {
    ($driver:ty, $arguments:expr) => {{
        let mut out = <$driver as sqlx::Database>::Arguments::default();
        for argument in $arguments {
            match *argument {
                $crate::sql::engine::Argument::Int(int) => out.add(int),
                $crate::sql::engine::Argument::Text(text) => out.add(text),
                $crate::sql::engine::Argument::MaybeText(text) => out.add(text),
                $crate::sql::engine::Argument::Bytes(bytes) => out.add(bytes),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        out
    }};
}

pub(super) use {arguments, columns};
