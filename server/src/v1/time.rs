//! Times on the wire.

/// RFC 3339 of microseconds since 1970 UTC.
pub fn rfc3339(micros: i64) -> String {
    // Out of range only beyond the year 9999, where no clock of ours stands.
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}
