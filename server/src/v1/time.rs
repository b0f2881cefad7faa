//! Times on the wire.

use crate::http::problem::ApiError;
use domain::invalid::InvalidCode;

/// RFC 3339 of microseconds since 1970 UTC.
pub fn rfc3339(micros: i64) -> String {
    // Out of range only beyond the year 9999, where no clock of ours stands.
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}

/// Microseconds since 1970 UTC of RFC 3339, as it stands in a field.
///
/// # Errors
/// [`InvalidCode::Malformed`] at the field where it is no such time.
pub fn micros(field: &str, text: &str) -> Result<i64, ApiError> {
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_microsecond)
        .map_err(|_| service::Error::invalid(field, InvalidCode::Malformed).into())
}
