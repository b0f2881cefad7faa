//! One field that finds orders, dishes, people and jobs.

pub mod get;
