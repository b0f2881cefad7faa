//! Which ways to pay campuses take.

pub(crate) mod list;
pub(crate) mod put;
