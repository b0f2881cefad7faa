//! What happens, followed by a page of somebody who waits for an order: a module of its own, so that
//! nobody else loads it.
//!
//! It keeps a WebSocket to the server open, asks after a lost connection for what was missed, and tells
//! the page of each event by a `nutriflow:event` at the document, which brings the page's parts up to
//! date (`app/src/components/live.js`). When a meal is ready, or something of it is out of stock, it
//! says so wherever the member is. What it
//! says comes from the page: `app/src/components/follow.rs` is the other half.

mod page;
mod socket;

use page::Page;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// Follows for as long as the page is open; nothing where the page has no place for it.
#[wasm_bindgen]
pub fn follow() {
    if let Some(page) = Page::current() {
        spawn_local(socket::run(page));
    }
}
