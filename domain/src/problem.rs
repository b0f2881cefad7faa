//! What can go wrong, as whoever asked gets to know it.

use crate::engine::Infeasible;
use crate::invalid::InvalidField;
use crate::order::OrderRefusal;
use crate::text::Localized;
use serde::{Deserialize, Serialize};

/// An error as it leaves the product: on REST, in the pages and in the command line.
///
/// Nothing internal is in it; what is behind an [`Problem::Internal`] stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(
    tag = "type",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Problem {
    /// The request can't be read at all.
    #[error("malformed request")]
    Malformed,
    /// Some fields are refused.
    #[error("invalid fields")]
    Invalid {
        /// Which, and why.
        fields: Vec<InvalidField>,
    },
    /// There is no such thing, or not for this person.
    #[error("not found")]
    NotFound,
    /// It contradicts the state of things.
    #[error("conflict")]
    Conflict,
    /// Known, but not allowed.
    #[error("forbidden")]
    Forbidden,
    /// Not known who asks.
    #[error("unauthenticated")]
    Unauthenticated,
    /// E-mail and password do not belong together.
    #[error("wrong credentials")]
    WrongCredentials,
    /// A profile is needed first.
    #[error("profile missing")]
    ProfileMissing,
    /// No week meets every constraint.
    #[error("infeasible")]
    Infeasible {
        /// Which constraints conflict, and what would help.
        reason: Infeasible,
    },
    /// An order can't be taken as it was asked for.
    #[error("order refused")]
    OrderRefused {
        /// Why; what concerns lines in their order. Pages are rendered on the server: what runs in the
        /// browser places no order, and need not carry what reads this.
        #[cfg_attr(target_family = "wasm", serde(skip))]
        refusals: Vec<OrderRefusal>,
    },
    /// A request that must carry an idempotency key carries none.
    #[error("idempotency key missing")]
    KeyMissing,
    /// A message that must be signed is not, or was signed too long ago.
    #[error("signature refused")]
    SignatureRefused,
    /// A cart holds things of one campus, and this is sold at another.
    #[error("the cart is of another campus")]
    OtherCampus {
        /// Where the things in the cart are sold.
        campus: Localized<String>,
    },
    /// The body is larger than allowed.
    #[error("too large")]
    TooLarge,
    /// Too many requests.
    #[error("rate limited")]
    RateLimited {
        /// Seconds until the next one is taken.
        after: i64,
    },
    /// The database can't take it just now.
    #[error("unavailable")]
    Unavailable,
    /// Whoever ran it died, again and again.
    #[error("worker died")]
    WorkerDied,
    /// A fault on this side.
    #[error("internal")]
    Internal,
}

impl Problem {
    /// The stable name, SCREAMING_SNAKE_CASE.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::Invalid { .. } => "INVALID",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Forbidden => "FORBIDDEN",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::WrongCredentials => "WRONG_CREDENTIALS",
            Self::ProfileMissing => "PROFILE_MISSING",
            Self::Infeasible { .. } => "INFEASIBLE",
            Self::OrderRefused { .. } => "ORDER_REFUSED",
            Self::KeyMissing => "KEY_MISSING",
            Self::SignatureRefused => "SIGNATURE_REFUSED",
            Self::OtherCampus { .. } => "OTHER_CAMPUS",
            Self::TooLarge => "TOO_LARGE",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::WorkerDied => "WORKER_DIED",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status that says it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::KeyMissing | Self::SignatureRefused => 400,
            Self::Unauthenticated | Self::WrongCredentials => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict
            | Self::ProfileMissing
            | Self::OrderRefused { .. }
            | Self::OtherCampus { .. } => 409,
            Self::TooLarge => 413,
            Self::Invalid { .. } | Self::Infeasible { .. } => 422,
            Self::RateLimited { .. } => 429,
            Self::WorkerDied | Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}
