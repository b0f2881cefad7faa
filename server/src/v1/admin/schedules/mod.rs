//! What is done again and again.

pub mod run;
