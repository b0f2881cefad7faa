//! The panel of those who run an institution: what it sells and to whom, its stock, its queues, its jobs,
//! and how the system is.
//!
//! Administrators change things here, operators look, staff see the orders and keep the stock. Who may is
//! decided in `service`; the pages show buttons only to those for whom they work.

pub mod audit;
pub mod campuses;
pub mod dead_events;
pub mod deliveries;
pub mod delivery;
mod frame;
pub mod job;
pub mod jobs;
mod line;
mod list;
pub mod menu;
pub mod menu_item;
pub mod order;
pub mod orders;
pub mod overview;
pub mod payments;
pub mod people;
pub mod queue;
pub mod queues;
mod say;
pub mod search;
pub mod stock;
pub mod stock_item;
pub mod system;

use leptos::prelude::*;
use leptos_router::components::Redirect;

/// Leads to where most visits of the panel begin.
#[component]
pub fn AdminPage() -> impl IntoView {
    view! { <Redirect path=frame::beginning()/> }
}
