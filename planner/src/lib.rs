//! The diet engine as a module of its own, for a worker in the browser.
//!
//! A page that previews a plan loads it after everything else, and the page's own thread stays free
//! while a week is computed. `worker.js` is the other half.

use domain::catalogue::Catalogue;
use domain::preview::{Request, preview};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// The engine with the catalogue that it plans with.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Planner {
    catalogue: Catalogue,
}

#[wasm_bindgen]
impl Planner {
    /// Reads the catalogue's JSON.
    ///
    /// # Errors
    /// When it is not a catalogue.
    #[wasm_bindgen(constructor)]
    pub fn new(catalogue: &[u8]) -> Result<Self, JsError> {
        Ok(Self {
            catalogue: serde_json::from_slice(catalogue)?,
        })
    }

    /// Answers a [`Request`] with a [`domain::preview::Preview`], both in JSON.
    ///
    /// # Errors
    /// When it is not a request.
    pub fn preview(&self, request: &str) -> Result<String, JsError> {
        let request: Request = serde_json::from_str(request)?;
        Ok(serde_json::to_string(&preview(&request, &self.catalogue))?)
    }
}
