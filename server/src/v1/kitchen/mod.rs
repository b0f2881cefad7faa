//! What kitchens have to do, and what is called out.

pub(crate) mod board;
pub(crate) mod get;
