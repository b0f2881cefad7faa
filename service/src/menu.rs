//! The menu: what each campus sells, to whom, and when it can be collected.

mod campus_edit;
mod demo;
mod edit;
mod filter;
mod read;
mod sale;
mod state;

pub use campus_edit::{
    CampusDraft, CampusForEdit, campus_for_edit, check_viewer, edit_campus, may_edit,
};
pub use demo::seed;
pub use edit::{
    CatalogueChoice, ItemDraft, ItemForEdit, ItemRecord, MenuRecords, MenuSort, NewItem,
    OptionChoice, RecordFilter, Standing, choices, create_item, delete_item, export_csv,
    item_for_edit, living_orders, option_choices, records, restore_item, update_item,
};
pub use filter::MenuFilter;
pub use read::{ItemDetail, Menu, MenuCard, OptionMark, campus, campuses, item, menu};
pub(crate) use read::{restrictions, restrictions_of};
pub use sale::{FreeSlot, available_at, contents, free_slots, price, slot_at};
pub use state::{may_set_state, set_campus_state};
