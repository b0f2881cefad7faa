//! What the page asks of the browser. On the server nothing of it is ever called.

pub use implementation::*;

#[cfg(feature = "hydrate")]
mod implementation {
    use super::super::form::Answers;
    use domain::catalogue::Catalogue;
    use leptos::ev;
    use leptos::html;
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast;
    use std::cell::RefCell;
    use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, HtmlInputElement};

    thread_local! {
        // Read once a document; a page that is opened again finds it here.
        static CATALOGUE: RefCell<Option<Catalogue>> = const { RefCell::new(None) };
    }

    fn form(node: NodeRef<html::Div>) -> Option<HtmlFormElement> {
        node.get_untracked()?.closest("form").ok()??.dyn_into().ok()
    }

    fn find(node: NodeRef<html::Div>, selector: &str) -> Option<Element> {
        form(node)?.query_selector(selector).ok()?
    }

    /// What stands in the form.
    pub fn answers(node: NodeRef<html::Div>) -> Option<Answers> {
        let data = FormData::new_with_form(&form(node)?).ok()?;
        let all = |name: &str| {
            data.get_all(name)
                .iter()
                .filter_map(|it| it.as_string())
                .collect()
        };
        Some(Answers::read(&all))
    }

    fn input(event: &ev::Event) -> Option<HtmlInputElement> {
        event.target()?.dyn_into().ok()
    }

    /// The name of the input that an event is about.
    pub fn input_name(event: &ev::Event) -> Option<String> {
        Some(input(event)?.name())
    }

    /// Clicks what the selector finds, as often as it finds something that is left to click.
    pub fn click_all(node: NodeRef<html::Div>, selector: &str) {
        // A bound, in case that a click changes nothing.
        for _ in 0..500 {
            let Some(element) = find(node, selector) else {
                break;
            };
            element.unchecked_into::<HtmlElement>().click();
        }
    }

    /// Puts text into an input.
    pub fn write(node: NodeRef<html::Div>, selector: &str, text: &str) {
        if let Some(element) = find(node, selector) {
            element.unchecked_into::<HtmlInputElement>().set_value(text);
        }
    }

    /// Gives the focus to what the selector finds, once what changed now has been drawn.
    pub fn focus_later(node: NodeRef<html::Div>, selector: String) {
        request_animation_frame(move || {
            if let Some(element) = find(node, &selector) {
                let _ = element.unchecked_into::<HtmlElement>().focus();
            }
        });
    }

    /// Loads the catalogue; whether it is there now.
    pub async fn load_catalogue(version: &str) -> bool {
        if CATALOGUE.with_borrow(Option::is_some) {
            return true;
        }
        let Ok(response) = gloo_net::http::Request::get(&format!("/v1/catalogue/{version}"))
            .send()
            .await
        else {
            return false;
        };
        let Ok(bytes) = response.binary().await else {
            return false;
        };
        match serde_json::from_slice(&bytes) {
            Ok(catalogue) if response.ok() => {
                CATALOGUE.set(Some(catalogue));
                true
            }
            _ => false,
        }
    }

    /// Works with the catalogue, where it has been loaded.
    pub fn with_catalogue<T>(work: impl FnOnce(&Catalogue) -> T) -> Option<T> {
        CATALOGUE.with_borrow(|catalogue| catalogue.as_ref().map(work))
    }
}

#[cfg(not(feature = "hydrate"))]
mod implementation {
    #![allow(missing_docs, reason = "the other half has them")]
    use super::super::form::Answers;
    use domain::catalogue::Catalogue;
    use leptos::ev;
    use leptos::html;
    use leptos::prelude::*;

    pub fn answers(_: NodeRef<html::Div>) -> Option<Answers> {
        None
    }
    pub fn input_name(_: &ev::Event) -> Option<String> {
        None
    }
    pub fn click_all(_: NodeRef<html::Div>, _: &str) {}
    pub fn write(_: NodeRef<html::Div>, _: &str, _: &str) {}
    pub fn focus_later(_: NodeRef<html::Div>, _: String) {}
    #[allow(clippy::unused_async, reason = "the other half awaits")]
    pub async fn load_catalogue(_: &str) -> bool {
        false
    }
    pub fn with_catalogue<T>(_: impl FnOnce(&Catalogue) -> T) -> Option<T> {
        None
    }
}
