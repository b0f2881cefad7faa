//! A week of meals: at a glance, day by day, and how to get one.

pub mod api;
#[cfg(feature = "ssr")]
pub(crate) mod build;
mod day;
mod frame;
#[cfg(feature = "ssr")]
pub(crate) mod numbers;
#[cfg(feature = "ssr")]
pub(crate) mod trouble;
mod view;
mod waiting;

pub(crate) use day::draw_bar;
pub(crate) use frame::{answer, no_plan, version_source, week_head};
pub use view::PlanPage;
pub(crate) use waiting::load_again_soon;
