//! Statements, and the macros that run one text on whichever engine a transaction is of.

use crate::db::Dialect;

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
