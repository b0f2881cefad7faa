//! Changes of jobs that can be taken back.

pub mod undo;
