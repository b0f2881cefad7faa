//! The panel of those who run an institution: its stock, its queues, its jobs, and how the system is.
//!
//! Administrators change things here, operators look at jobs and the system, staff keep the stock. Who
//! may is decided in `service`; the pages show buttons only to those for whom they work.

pub mod dead_events;
mod frame;
pub mod job;
pub mod jobs;
mod line;
pub mod payments;
pub mod queue;
pub mod queues;
mod say;
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
