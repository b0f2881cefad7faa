//! Statements, and the macros that run one text on whichever engine a transaction is of.

use crate::db::Dialect;
use crate::{Result, Tx};
use sqlx::FromRow;
use sqlx::sqlite::SqliteRow;

/// One SQL statement.
#[derive(Debug)]
pub struct Statement {
    /// Its name in the code.
    pub name: &'static str,
    /// How many parameters it takes.
    pub parameters: usize,
    /// Its text for SQLite.
    pub sqlite: &'static str,
    /// Its text for PostgreSQL.
    pub postgres: &'static str,
}

impl Statement {
    /// The text for a dialect.
    #[must_use]
    pub const fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    /// Whether it may change rows on SQLite.
    pub(crate) fn writes(&self) -> bool {
        let first = self.sqlite.split_whitespace().next();
        !matches!(first, Some("SELECT" | "BEGIN" | "COMMIT"))
    }
}

/// Declares the statements of a file, and `STATEMENTS`, the list of them. A text is a literal, or in
/// parentheses what gives one, as a macro where several statements differ in little.
macro_rules! statements {
    ($($name:ident($parameters:literal) = $sqlite:tt $(| $postgres:tt)?;)*) => {
        $(static $name: $crate::Statement = $crate::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            parameters: $parameters,
            sqlite: $crate::statement::statements!(@text $sqlite),
            postgres: $crate::statement::statements!(@postgres $sqlite $(, $postgres)?),
        };)*
        /// The statements of this file.
        pub(crate) const STATEMENTS: &[&$crate::Statement] = &[$(&$name),*];
    };
    (@postgres $sqlite:tt) => { $crate::statement::statements!(@text $sqlite) };
    (@postgres $sqlite:tt, $postgres:tt) => { $crate::statement::statements!(@text $postgres) };
    (@text ($text:expr)) => { $text };
    (@text $text:literal) => { $text };
}
pub(crate) use statements;

/// Gives the transaction the parameters of a statement and hands it on, each engine its own way.
macro_rules! run {
    ($tx:expr, $statement:expr, [$($bind:expr),*], $sqlite:ident => $on_sqlite:expr, $postgres:ident => $on_postgres:expr) => {{
        debug_assert_eq!(
            $statement.parameters,
            <[()]>::len(&[$($crate::statement::run!(@unit $bind)),*]),
            "{}", $statement.name
        );
        match $tx {
            $crate::Tx::Sqlite(tx) => {
                let $sqlite = &mut tx.transaction;
                $($sqlite.bind($bind)?;)*
                $on_sqlite
            }
            $crate::Tx::Postgres(tx) => {
                let $postgres = &mut *tx.connection;
                $on_postgres
            }
        }
    }};
    (@unit $bind:expr) => { () };
}
pub(crate) use run;

/// All rows of a statement.
macro_rules! rows {
    ($tx:expr, $row:ty, $statement:expr $(, $bind:expr)* $(,)?) => {
        $crate::statement::run!($tx, $statement, [$($bind),*],
            transaction => transaction.rows::<$row>(&$statement).await,
            connection => sqlx::query_as::<_, $row>($statement.postgres)$(.bind($bind))*
                .fetch_all(connection).await.map_err($crate::Error::from))
    };
}
pub(crate) use rows;

/// The one row of a statement, where there is one.
macro_rules! optional {
    ($tx:expr, $row:ty, $statement:expr $(, $bind:expr)* $(,)?) => {
        $crate::statement::run!($tx, $statement, [$($bind),*],
            transaction => transaction.first::<$row>(&$statement).await,
            connection => sqlx::query_as::<_, $row>($statement.postgres)$(.bind($bind))*
                .fetch_optional(connection).await.map_err($crate::Error::from))
    };
}
pub(crate) use optional;

/// Asks for all rows of a statement, to be had by [`Asked::answer`]. On SQLite it goes together with what else is
/// asked for before that.
macro_rules! ask {
    ($tx:expr, $row:ty, $statement:expr $(, $bind:expr)* $(,)?) => {
        $crate::statement::run!($tx, $statement, [$($bind),*],
            transaction => transaction.ask(&$statement).await.map($crate::statement::Asked::<Vec<$row>>::waits),
            connection => sqlx::query_as::<_, $row>($statement.postgres)$(.bind($bind))*
                .fetch_all(connection).await.map($crate::statement::Asked::here).map_err($crate::Error::from))
    };
}
pub(crate) use ask;

/// What was asked for in a transaction.
#[must_use = "the answer is what it was asked for"]
pub struct Asked<T>(Answer<T>);

enum Answer<T> {
    /// It is known.
    Here(T),
    /// The number of the question, and what its rows mean.
    Waits(usize, Box<Reading<T>>),
}

type Reading<T> = dyn FnOnce(Vec<SqliteRow>) -> Result<T> + Send + Sync;

impl<R: for<'r> FromRow<'r, SqliteRow>> Asked<Vec<R>> {
    pub(crate) fn waits(question: usize) -> Self {
        let read = |rows: Vec<SqliteRow>| {
            let rows = rows.iter().map(R::from_row);
            rows.collect::<std::result::Result<_, _>>()
                .map_err(crate::Error::from)
        };
        Self(Answer::Waits(question, Box::new(read)))
    }
}

impl<T: 'static> Asked<T> {
    pub(crate) const fn here(answer: T) -> Self {
        Self(Answer::Here(answer))
    }

    /// The same as something else.
    pub(crate) fn map<U: 'static>(self, then: fn(T) -> Result<U>) -> Result<Asked<U>> {
        Ok(Asked(match self.0 {
            Answer::Here(answer) => Answer::Here(then(answer)?),
            Answer::Waits(question, read) => {
                Answer::Waits(question, Box::new(move |rows| then(read(rows)?)))
            }
        }))
    }

    /// The answer, from the transaction that was asked.
    ///
    /// # Errors
    /// Where the database does.
    pub async fn answer(self, tx: &mut Tx) -> Result<T> {
        match (self.0, tx) {
            (Answer::Here(answer), _) => Ok(answer),
            (Answer::Waits(question, read), Tx::Sqlite(tx)) => {
                read(tx.transaction.answer(question).await?)
            }
            // Another transaction was asked.
            (Answer::Waits(..), Tx::Postgres(_)) => Err(sqlx::Error::RowNotFound.into()),
        }
    }
}

/// Executes a statement and gives the number of rows that it changed.
macro_rules! execute {
    ($tx:expr, $statement:expr $(, $bind:expr)* $(,)?) => {
        $crate::statement::run!($tx, $statement, [$($bind),*],
            transaction => transaction.execute(&$statement).await,
            connection => sqlx::query($statement.postgres)$(.bind($bind))*
                .execute(connection).await.map(|done| done.rows_affected()).map_err($crate::Error::from))
    };
}
pub(crate) use execute;

/// Executes a statement of which nobody asks how many rows it changed. On SQLite it is done with the next one or
/// the commit: so is it told where it fails.
macro_rules! later {
    ($tx:expr, $statement:expr $(, $bind:expr)* $(,)?) => {
        $crate::statement::run!($tx, $statement, [$($bind),*],
            transaction => transaction.later(&$statement).await,
            connection => sqlx::query($statement.postgres)$(.bind($bind))*
                .execute(connection).await.map(drop).map_err($crate::Error::from))
    };
}
pub(crate) use later;
