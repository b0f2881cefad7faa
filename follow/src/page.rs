//! The page: what it keeps, what it is told, and what it says.

use js_sys::{Date, JSON, Reflect};
use std::cell::Cell;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CustomEvent, CustomEventInit, Document, Element, HtmlElement, Response, Window};

/// What the document is told of an event.
const EVENT: &str = "nutriflow:event";
/// What it is told when following begins or ends.
const FOLLOW: &str = "nutriflow:follow";
/// How many toasts stand at once; the oldest go.
const TOASTS_MOST: u32 = 3;
/// What is also in the inbox.
const MESSAGES: [&str; 5] = [
    "ORDER_CONFIRMED",
    "ORDER_READY",
    "ORDER_CANCELLED",
    "PAYMENT_REFUNDED",
    "SUBSTITUTE_OFFERED",
];
/// How old what has happened may be to be worth a toast, in milliseconds.
const TOAST_AGE_MOST: f64 = 600_000.0;
/// From how many unread messages on the number is not told.
const UNREAD_MOST: u32 = 100;

/// The page around the module.
pub struct Page {
    window: Window,
    document: Document,
    /// Where toasts go, with what they say in the page's language.
    place: Element,
    /// The number of the last event that is known here: first of all of those that the page shows.
    last: Cell<Option<i64>>,
    /// By how many milliseconds this clock is ahead of the server's.
    ahead: Cell<f64>,
}

impl Page {
    /// The page, where somebody follows.
    pub fn current() -> Option<Self> {
        let window = web_sys::window()?;
        let document = window.document()?;
        let place = document.query_selector("[data-follow]").ok()??;
        let shown = place.get_attribute("data-after");
        Some(Self {
            window,
            document,
            last: Cell::new(shown.and_then(|number| number.parse().ok())),
            ahead: Cell::new(0.0),
            place,
        })
    }

    fn text(&self, name: &str) -> String {
        self.place
            .get_attribute(&format!("data-{name}"))
            .unwrap_or_default()
    }

    /// Where the events are, after a number.
    pub fn address(&self, after: Option<i64>) -> String {
        let location = self.window.location();
        let scheme = match location.protocol().as_deref() {
            Ok("https:") => "wss",
            _ => "ws",
        };
        let host = location.host().unwrap_or_default();
        let path = self.text("follow");
        let query = after.map_or_else(String::new, |after| format!("?after={after}"));
        format!("{scheme}://{host}{path}{query}")
    }

    /// The number of the last event that the page shows or has heard of.
    pub fn last(&self) -> Option<i64> {
        self.last.get()
    }

    /// Tells the page whether it will hear of events.
    pub fn follows(&self, open: bool) {
        self.tell(FOLLOW, &JsValue::from_bool(open));
    }

    fn tell(&self, name: &str, detail: &JsValue) {
        let init = CustomEventInit::new();
        init.set_detail(detail);
        if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
            let _ = self.document.dispatch_event(&event);
        }
    }

    /// Takes a message in. `resumed` says that what came before it is known.
    pub fn hear(&self, text: &str, resumed: bool) {
        let Ok(event) = JSON::parse(text) else {
            return;
        };
        let kind = string(&event, "kind");
        match kind.as_str() {
            "HEARTBEAT" => return,
            // The page may be older than the connection.
            "CONNECTED" if resumed => {}
            _ => self.tell(EVENT, &event),
        }
        let age = Date::now() - Date::parse(&string(&event, "at"));
        if kind == "CONNECTED" || kind == "RESET" {
            self.ahead.set(age);
        }
        if field(&event, "own").as_bool() == Some(true) {
            let text = match kind.as_str() {
                "ORDER_READY" => "ready",
                "SUBSTITUTE_OFFERED" => "substitute",
                _ => "",
            };
            if !text.is_empty() && age - self.ahead.get() < TOAST_AGE_MOST {
                // A page without a place for it is no page of ours.
                let _ = self.announce(text, &event);
            }
            if MESSAGES.contains(&kind.as_str()) {
                self.count_unread();
            }
        }
        if let Some(id) = field(&event, "id").as_f64() {
            self.last.set(Some(id as i64));
        }
    }

    /// Says that a meal is ready, or that something of it is out of stock.
    fn announce(&self, text: &str, event: &JsValue) -> Result<(), JsValue> {
        let order = string(event, "orderId");
        let language = self
            .document
            .document_element()
            .and_then(|html| html.get_attribute("lang"))
            .unwrap_or_default();
        let number = field(event, "number").as_f64().unwrap_or_default();
        let campus = string(&field(event, "campus"), &language);
        let item = string(&field(event, "item"), &language);
        let said = self
            .text(text)
            .replace("{number}", &number.to_string())
            .replace("{item}", &item)
            .replace("{campus}", &campus);

        let toast = self.document.create_element("div")?;
        toast.set_class_name("toast");
        let text = self.document.create_element("p")?;
        text.set_text_content(Some(&said));
        let link = self.document.create_element("a")?;
        link.set_class_name("btn btn--s");
        link.set_attribute("href", &format!("/orders/{order}"))?;
        link.set_text_content(Some(&self.text("open")));
        let button = self.document.create_element("button")?;
        button.set_class_name("btn btn--s btn--quiet");
        button.set_attribute("type", "button")?;
        button.set_text_content(Some(&self.text("dismiss")));
        let (gone, document) = (toast.clone(), self.document.clone());
        let dismiss = Closure::once_into_js(move || {
            gone.remove();
            // Whoever dismissed it with the keyboard stays on the page.
            if let Some(main) = document.get_element_by_id("main")
                && let Ok(main) = main.dyn_into::<HtmlElement>()
            {
                let _ = main.focus();
            }
        });
        button.add_event_listener_with_callback("click", dismiss.unchecked_ref())?;
        for part in [&text, &link, &button] {
            toast.append_child(part)?;
        }
        self.place.append_child(&toast)?;
        while self.place.child_element_count() > TOASTS_MOST
            && let Some(oldest) = self.place.first_element_child()
        {
            oldest.remove();
        }
        Ok(())
    }

    /// Has the inbox's badge show how much there is to read.
    fn count_unread(&self) {
        let (window, document) = (self.window.clone(), self.document.clone());
        spawn_local(async move {
            // The next event or page counts anew.
            let _ = show_unread(&window, &document).await;
        });
    }
}

async fn show_unread(window: &Window, document: &Document) -> Result<(), JsValue> {
    let answer = JsFuture::from(window.fetch_with_str("/v1/inbox?limit=1")).await?;
    let answer: Response = answer.dyn_into()?;
    if !answer.ok() {
        return Ok(());
    }
    let page = JsFuture::from(answer.json()?).await?;
    let unread = field(&page, "unread").as_f64().unwrap_or_default() as u32;
    let Some(inbox) = document.query_selector("[data-inbox]")? else {
        return Ok(());
    };
    let shown = if unread < UNREAD_MOST {
        unread.to_string()
    } else {
        format!("{}+", UNREAD_MOST - 1)
    };
    let label = inbox
        .get_attribute(match unread {
            0 => "data-none",
            1 => "data-one",
            _ => "data-some",
        })
        .unwrap_or_default()
        .replace("{count}", &shown);
    inbox.set_attribute("aria-label", &label)?;
    if let Some(badge) = inbox.query_selector(".badge")? {
        badge.set_text_content(Some(&shown));
        badge.toggle_attribute_with_force("hidden", unread == 0)?;
    }
    Ok(())
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn string(value: &JsValue, name: &str) -> String {
    field(value, name).as_string().unwrap_or_default()
}
