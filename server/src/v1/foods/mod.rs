//! The food table.

pub mod search;
