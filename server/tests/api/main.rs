//! The product as its callers meet it: over HTTP, on each engine.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod administration;
mod app;
mod auth;
mod binary;
mod board;
mod cards;
mod carts;
#[path = "../../../storage/tests/support/engines.rs"]
mod engines;
mod events;
mod http;
mod input;
mod kitchen;
mod menu;
mod notifications;
mod operations;
mod orders;
mod pages;
mod plans;
mod processes;
#[path = "../../../storage/tests/contract/side.rs"]
mod side;
mod stock;
mod trouble;
mod wallet;

/// An institution with every food.
async fn prepare(engine: &engines::Engine) {
    app::start_service(engine.database.clone(), &engine.slug).await;
}
