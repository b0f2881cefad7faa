//! What the page asks of the browser. On the server nothing of it is ever called.

pub use implementation::*;

#[cfg(feature = "hydrate")]
mod implementation {
    use super::super::form::Answers;
    use leptos::ev;
    use leptos::html;
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast;
    use leptos::wasm_bindgen::prelude::Closure;
    use std::cell::RefCell;
    use std::rc::Rc;
    use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, HtmlInputElement};
    use web_sys::{MessageEvent, Worker};

    thread_local! {
        // One a document. Not in the reactive system, whose values a server drops on any thread.
        static PLANNER: RefCell<Option<Worker>> = const { RefCell::new(None) };
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

    /// Starts the engine's worker; `places` tell it what to load. Each question gets one answer, in
    /// turn, and `None` where it cannot be given. Whether it was started.
    pub fn start_planner(
        script: &str,
        places: &str,
        hear: impl Fn(Option<String>) + 'static,
    ) -> bool {
        let Ok(worker) = Worker::new(script) else {
            return false;
        };
        let hear = Rc::new(hear);
        let failed = Rc::clone(&hear);
        let on_message = move |event: MessageEvent| {
            hear(event.data().as_string().filter(|it| !it.is_empty()));
        };
        let on_error = move || failed(None);
        // Both live as long as the page.
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(on_message).into_js_value();
        let on_error = Closure::<dyn Fn()>::new(on_error).into_js_value();
        worker.set_onmessage(Some(on_message.unchecked_ref()));
        worker.set_onerror(Some(on_error.unchecked_ref()));
        let told = worker.post_message(&places.into()).is_ok();
        PLANNER.set(Some(worker));
        told
    }

    /// Asks the worker for a preview.
    pub fn ask_planner(request: &str) {
        PLANNER.with_borrow(|worker| {
            if let Some(worker) = worker {
                // Fails only for values that cannot be copied, and text can.
                let _ = worker.post_message(&request.into());
            }
        });
    }
}

#[cfg(not(feature = "hydrate"))]
mod implementation {
    #![allow(missing_docs, reason = "the other half has them")]
    use super::super::form::Answers;
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

    pub fn start_planner(_: &str, _: &str, _: impl Fn(Option<String>) + 'static) -> bool {
        false
    }
    pub fn ask_planner(_: &str) {}
}
