//! The menu: what each campus sells, to whom, and when it can be collected.

mod demo;
mod filter;
mod read;
mod sale;
mod state;

pub use demo::seed;
pub use filter::MenuFilter;
pub use read::{ItemDetail, Menu, MenuCard, OptionMark, campus, campuses, item, menu};
pub(crate) use read::{restrictions, restrictions_of};
pub use sale::{FreeSlot, available_at, contents, free_slots, price, slot_at};
pub use state::{may_set_state, set_campus_state};
