//! The diet engine.

use serde::{Deserialize, Serialize};

/// Why no week exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Infeasible {}
