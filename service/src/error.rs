//! How a use case fails.

use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;

/// What each use case returns.
pub type Result<T> = std::result::Result<T, Error>;

/// How a use case fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that whoever asked should know.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The database.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A fault of the program.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// One refused field.
    #[must_use]
    pub fn invalid(field: &str, code: InvalidCode) -> Self {
        Self::Problem(Problem::Invalid {
            fields: vec![InvalidField::new(field, code)],
        })
    }

    /// Refused fields.
    #[must_use]
    pub fn invalid_fields(fields: Vec<InvalidField>) -> Self {
        Self::Problem(Problem::Invalid { fields })
    }

    /// Whether the same may work later: the database is away, full or busy.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Problem(Problem::Unavailable) | Self::Storage(storage::Error::Unavailable(_))
        )
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Refuses a page of none, or of more entries than a list gives at once.
pub(crate) fn check_limit(limit: i64, most: i64) -> Result<()> {
    if (1..=most).contains(&limit) {
        Ok(())
    } else {
        let code = InvalidCode::OutOfRange { min: 1, max: most };
        Err(Error::invalid("limit", code))
    }
}

/// What leaves the product. What is behind a fault is logged here, and only here.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) => problem,
            Error::Storage(storage::Error::Unavailable(cause)) => {
                tracing::warn!(%cause, "the database is unavailable");
                Self::Unavailable
            }
            Error::Storage(cause) => {
                tracing::error!(%cause, "the database refused");
                Self::Internal
            }
            Error::Internal(cause) => {
                tracing::error!(%cause, "internal error");
                Self::Internal
            }
        }
    }
}
