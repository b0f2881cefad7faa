//! Who a member is and what they may eat: a form in four steps, with targets that follow it live.
//!
//! The form is one and is read as a whole: [`form::Answers`] are what stands in it, as text, and
//! become a profile by the same code here, in the browser and in `PUT /v1/profile`.

pub mod api;
mod aside;
mod browser;
mod dislikes;
mod form;
mod island;
mod live;
mod preview;
#[cfg(feature = "ssr")]
mod search;
mod steps;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub use view::ProfilePage;

/// The name of a value without fields on the wire: `VEGAN_B12`, `dairy_eggs`.
fn wire_name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
