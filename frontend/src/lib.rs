//! The browser's entry point.

// Its islands are exported by their macro; without this line nothing would link them.
use app as _;

/// Prepares the browser for the islands of the page, which the page's script then calls by name.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
