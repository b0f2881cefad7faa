//! What NutriFlow knows: types, rules and the diet engine.
//!
//! Nothing here does I/O, reads a clock or makes randomness: the same arguments give the same
//! bytes on a server and in a browser.

pub mod account;
pub mod allergen;
pub mod amount;
pub mod breaker;
pub mod cart;
pub mod catalogue;
pub mod diet;
pub mod dish;
pub mod engine;
pub mod event;
pub mod food;
pub mod invalid;
pub mod job;
pub mod kitchen;
pub mod measure;
pub mod menu;
pub mod notification;
pub mod nutrient;
#[cfg(feature = "openapi")]
mod openapi;
pub mod order;
pub mod payment;
pub mod plan;
pub mod preview;
pub mod problem;
pub mod profile;
pub mod saga;
pub mod shopping;
pub mod stock;
pub mod target;
pub mod text;
pub mod week;
