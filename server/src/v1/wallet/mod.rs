//! What members have here, how it came and went, and topping it up.

pub(crate) mod balance;
pub(crate) mod entries;
pub(crate) mod get_top_up;
pub(crate) mod top_up;
pub(crate) mod top_up_by_staff;
