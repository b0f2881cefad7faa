//! What a database can answer besides rows.

/// Why a statement or transaction did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Locked, full, read-only, unreachable, out of connections: it may work later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A uniqueness rule refused the row.
    #[error("the row exists already: {0}")]
    Duplicate(#[source] sqlx::Error),
    /// The linked SQLite has a defect that can lose committed data.
    #[error("SQLite {0} is too old: 3.51.3 mends a defect of the write-ahead log")]
    OldSqlite(&'static str),
    /// The address of the database can't be read.
    #[error("not a database address: {0}")]
    Address(String),
    /// A row does not have the shape that it must have, or a statement is wrong.
    #[error(transparent)]
    Other(sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl Error {
    /// Whether the transaction was given up for another's sake, as where both waited for each other: the
    /// same at once may work.
    #[must_use]
    pub fn is_clash(&self) -> bool {
        let Self::Unavailable(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error
            .code()
            .is_some_and(|code| code.len() == 5 && code.starts_with("40"))
    }

    /// A column holds what is none of the choices.
    pub(crate) fn unreadable(text: &str) -> Self {
        Self::Other(sqlx::Error::Decode(
            format!("{text:?} is none of the choices").into(),
        ))
    }
}

/// Primary result codes of SQLite that pass: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
const SQLITE_PASSING: [u32; 6] = [5, 6, 8, 10, 13, 14];
/// Classes of PostgreSQL's SQLSTATE that pass: connection, resources, intervention, system error, and
/// rollbacks because of another transaction; and a transaction that stood still for too long, with which
/// the connection is gone.
const POSTGRES_PASSING: [&str; 6] = ["08", "53", "57", "58", "40", "25P03"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let passing = match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(database) => {
                if database.is_unique_violation() {
                    return Self::Duplicate(error);
                }
                database
                    .code()
                    .is_some_and(|code| match code.parse::<u32>() {
                        Ok(number) if code.len() < 5 => SQLITE_PASSING.contains(&(number & 0xff)),
                        _ => POSTGRES_PASSING.iter().any(|class| code.starts_with(class)),
                    })
            }
            _ => false,
        };
        if passing {
            Self::Unavailable(error)
        } else {
            Self::Other(error)
        }
    }
}
