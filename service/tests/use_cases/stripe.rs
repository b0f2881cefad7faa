//! A server that speaks Stripe's wire format as it is published, with what goes wrong there: forms in, JSON
//! out, keys that make a request the same one, error objects, and events that it would send.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use service::gateways::{GatewaySettings, StripeSettings};
use sha2::Sha256;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

const KEY: &str = "sk_test_of_the_tests";
const SECRET: &str = "whsec_of_the_tests";
/// A card that is declined the first time, and might pass the second.
pub const HESITANT: &str = "pm_card_hesitant";

/// What the server does with a call, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Fails with a status, and does nothing; that with 500 is what its key gives from then on.
    Fail(u16),
    /// Breaks the connection off, and does nothing.
    Deaf,
    /// Does it, and breaks the connection off.
    Mute,
    /// Does it, and answers after a time.
    Slow(Duration),
    /// Does it, tells of it, and answers once that was heard.
    Tell,
    /// Does it, tells of it and answers at the same time.
    TellAlong,
    /// Does it, tells of it, and breaks the connection off.
    TellAndMute,
    /// Does it, and what was given back by it fails before that is answered.
    Bounce,
}

/// Hears what is told: events as they are sent.
pub type Hook = Arc<dyn Fn(Vec<Value>) -> BoxFuture<'static, ()> + Send + Sync>;

/// A payment as the server knows it.
#[derive(Debug, Clone)]
pub struct Intent {
    pub amount: i64,
    pub currency: String,
    pub key: String,
    pub status: &'static str,
    pub error: Option<Value>,
    /// How often money was taken, and all of it given back.
    pub captured: i64,
    pub refunded: i64,
    /// How much was given back, whole or in parts.
    pub given_back: i64,
    tries: i64,
}

#[derive(Default)]
struct World {
    next: u64,
    intents: BTreeMap<String, Intent>,
    /// The newest last.
    refunds: Vec<Value>,
    /// What was asked for under a key, and what was answered.
    answered: HashMap<String, (String, u16, Value)>,
    acts: HashMap<&'static str, VecDeque<Act>>,
    hook: Option<Hook>,
    events: Vec<Value>,
    /// Requests that Stripe would not understand.
    strange: Vec<String>,
    calls: Vec<&'static str>,
}

/// The server.
#[derive(Clone)]
pub struct Stripe {
    base: String,
    world: Arc<Mutex<World>>,
}

impl Stripe {
    /// Starts it on the runtime of whoever calls; it ends with that.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stripe = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            world: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(stripe.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stripe
    }

    /// Settings that lead there; the simulated gateway approves of everything.
    pub fn settings(&self) -> GatewaySettings {
        GatewaySettings {
            stripe: Some(StripeSettings {
                base: self.base.clone(),
                ..StripeSettings::new(KEY, SECRET)
            }),
            ..GatewaySettings::kind()
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Has calls of a kind (`create`, `look`, `confirm`, `cancel`, `refund`, `refunds`) go so, one after the
    /// other.
    pub fn will(&self, operation: &'static str, acts: &[Act]) {
        self.world()
            .acts
            .insert(operation, acts.iter().copied().collect());
    }

    /// Tells somebody what happens, where an act says so.
    pub fn tells(&self, hook: Hook) {
        self.world().hook = Some(hook);
    }

    /// What has happened since this was last asked.
    pub fn events(&self) -> Vec<Value> {
        std::mem::take(&mut self.world().events)
    }

    /// Everything that has happened.
    pub fn all_events(&self) -> Vec<Value> {
        self.world().events.clone()
    }

    /// Everything that was ever begun.
    pub fn intents(&self) -> BTreeMap<String, Intent> {
        self.world().intents.clone()
    }

    /// What was begun under a key.
    pub fn of(&self, key: &str) -> Vec<(String, Intent)> {
        let intents = self.intents().into_iter();
        intents.filter(|(_, intent)| intent.key == key).collect()
    }

    /// How often money was taken under a key, and given back.
    pub fn moved(&self, key: &str) -> (i64, i64) {
        let intents = self.of(key);
        let sum =
            |of: fn(&Intent) -> i64| intents.iter().map(|(_, intent)| of(intent)).sum::<i64>();
        (sum(|intent| intent.captured), sum(|intent| intent.refunded))
    }

    /// How much was given back under a key.
    pub fn given_back(&self, key: &str) -> i64 {
        let intents = self.of(key);
        intents.iter().map(|(_, intent)| intent.given_back).sum()
    }

    /// What it was asked to do, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.world().calls.clone()
    }

    /// Requests that Stripe would not understand.
    pub fn strange(&self) -> Vec<String> {
        self.world().strange.clone()
    }

    /// Money moves though nobody asked for it: as at Stripe's own pages.
    pub fn by_hand(&self, intent: &str, operation: &str) -> Vec<Value> {
        let mut world = self.world();
        let World {
            intents,
            events,
            next,
            ..
        } = &mut *world;
        let found = intents.get_mut(intent).unwrap();
        match operation {
            "capture" => {
                found.captured += 1;
                found.status = "succeeded";
            }
            _ => {
                found.refunded += 1;
                found.given_back = found.amount;
            }
        }
        let event = match operation {
            "capture" => event(
                next,
                "payment_intent.succeeded",
                shown(intent, found, false),
            ),
            _ => event(next, "charge.refunded", charge(intent, found)),
        };
        events.push(event.clone());
        vec![event]
    }

    /// Gives a part back, or what is left, as somebody does at Stripe's own pages; what it tells of that.
    pub fn give_back_by_hand(&self, intent: &str, amount: i64) -> Value {
        let mut world = self.world();
        let form = HashMap::from([
            ("payment_intent".to_owned(), intent.to_owned()),
            ("amount".to_owned(), amount.to_string()),
        ]);
        let (status, answer) = world.refund(&form);
        assert_eq!(status, 200, "{answer}");
        world.events.last().unwrap().clone()
    }

    /// What was given back under a key, the newest last.
    pub fn refunds_of(&self, key: &str) -> Vec<String> {
        let intents: Vec<String> = self.of(key).into_iter().map(|(id, _)| id).collect();
        let world = self.world();
        let of_key = |refund: &&Value| {
            let intent = refund["payment_intent"].as_str();
            intent.is_some_and(|intent| intents.iter().any(|known| known == intent))
        };
        let refunds = world.refunds.iter().filter(of_key);
        refunds
            .map(|refund| refund["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The bank of a card does not take back what a refund gave; what is told of that, by each name that it has.
    pub fn fail_refund(&self, id: &str) -> Vec<Value> {
        self.world().fail_refund(id)
    }

    /// What it tells of a dispute about an intent's charge.
    pub fn disputes(&self, intent: &str, kind: &str, status: &str) -> Value {
        let mut world = self.world();
        let object = json!({ "id": "dp_1", "object": "dispute", "amount": 450, "currency": "usd",
            "charge": format!("ch_{intent}"), "payment_intent": intent, "reason": "product_not_received",
            "status": status });
        event(&mut world.next, kind, object)
    }

    /// What it says of an intent whose card is declined for good, whether that is so or not.
    pub fn declined(&self, intent: &str) -> Value {
        let mut world = self.world();
        let object = json!({ "id": intent, "object": "payment_intent", "status": "requires_payment_method",
            "last_payment_error": card_error("card_declined", "generic_decline") });
        event(&mut world.next, "payment_intent.payment_failed", object)
    }
}

/// The header that goes with a body at a moment, in microseconds.
pub fn sign(body: &[u8], now: i64) -> String {
    let moment = now / 1_000_000;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{moment}.").as_bytes());
    mac.update(body);
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("t={moment},v1={signature}")
}

fn event(next: &mut u64, kind: &str, object: Value) -> Value {
    *next += 1;
    json!({ "id": format!("evt_{next}"), "object": "event", "api_version": "2024-06-20",
        "created": 1_700_000_000 + *next, "livemode": false, "type": kind, "data": { "object": object } })
}

fn shown(id: &str, intent: &Intent, whole: bool) -> Value {
    let charge = match (intent.captured > 0, whole) {
        (true, true) => charge(id, intent),
        (true, false) => json!(format!("ch_{id}")),
        (false, _) => Value::Null,
    };
    json!({ "id": id, "object": "payment_intent", "amount": intent.amount, "currency": intent.currency,
        "status": intent.status, "metadata": { "key": intent.key }, "last_payment_error": intent.error,
        "latest_charge": charge, "client_secret": "of nobody's business" })
}

fn charge(id: &str, intent: &Intent) -> Value {
    json!({ "id": format!("ch_{id}"), "object": "charge", "payment_intent": id, "amount": intent.amount,
        "amount_refunded": intent.given_back, "refunded": intent.refunded > 0 })
}

fn card_error(code: &str, decline_code: &str) -> Value {
    json!({ "type": "card_error", "code": code, "decline_code": decline_code,
        "message": "Your card was declined.", "doc_url": "https://stripe.com/docs/error-codes" })
}

fn invalid(code: &str, param: Option<&str>) -> (u16, Value) {
    let error =
        json!({ "type": "invalid_request_error", "code": code, "param": param, "message": "No." });
    (400, json!({ "error": error }))
}

impl World {
    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{}", self.next)
    }

    fn create(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let Ok(amount) = field("amount").parse() else {
            return invalid("parameter_invalid_integer", Some("amount"));
        };
        let intent = Intent {
            amount,
            currency: field("currency"),
            key: field("metadata[key]"),
            status: "requires_payment_method",
            error: None,
            captured: 0,
            refunded: 0,
            given_back: 0,
            tries: 0,
        };
        let id = self.id("pi");
        let answer = shown(&id, &intent, false);
        self.intents.insert(id, intent);
        (200, answer)
    }

    fn confirm(&mut self, id: &str, form: &HashMap<String, String>) -> (u16, Value) {
        let Some(intent) = self.intents.get_mut(id) else {
            return invalid("resource_missing", Some("intent"));
        };
        if !["requires_payment_method", "requires_confirmation"].contains(&intent.status) {
            let (status, mut body) = invalid("payment_intent_unexpected_state", None);
            body["error"]["payment_intent"] = shown(id, intent, false);
            return (status, body);
        }
        let method = form
            .get("payment_method")
            .map(String::as_str)
            .unwrap_or_default();
        intent.tries += 1;
        let error = match method {
            "pm_card_visa" | "pm_card_mastercard" => None,
            HESITANT if intent.tries == 1 => Some(card_error("card_declined", "try_again_later")),
            HESITANT => None,
            "pm_card_visa_chargeDeclinedInsufficientFunds" => {
                Some(card_error("card_declined", "insufficient_funds"))
            }
            "pm_card_visa_chargeDeclined" => Some(card_error("card_declined", "generic_decline")),
            _ => return invalid("resource_missing", Some("payment_method")),
        };
        intent.error.clone_from(&error);
        let kind = match &error {
            None => {
                intent.status = "succeeded";
                intent.captured += 1;
                "payment_intent.succeeded"
            }
            Some(_) => {
                intent.status = "requires_payment_method";
                "payment_intent.payment_failed"
            }
        };
        let answer = shown(id, intent, false);
        self.events
            .push(event(&mut self.next, kind, answer.clone()));
        match error {
            None => (200, answer),
            Some(mut error) => {
                error["payment_intent"] = answer;
                (402, json!({ "error": error }))
            }
        }
    }

    fn cancel(&mut self, id: &str) -> (u16, Value) {
        let Some(intent) = self.intents.get_mut(id) else {
            return invalid("resource_missing", Some("intent"));
        };
        if ["succeeded", "canceled"].contains(&intent.status) {
            let (status, mut body) = invalid("payment_intent_unexpected_state", None);
            body["error"]["payment_intent"] = shown(id, intent, false);
            return (status, body);
        }
        intent.status = "canceled";
        let answer = shown(id, intent, false);
        let event = event(&mut self.next, "payment_intent.canceled", answer.clone());
        self.events.push(event);
        (200, answer)
    }

    fn refund(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        let id = form.get("payment_intent").cloned().unwrap_or_default();
        let Some(intent) = self.intents.get_mut(&id) else {
            return invalid("resource_missing", Some("payment_intent"));
        };
        if intent.captured == 0 {
            return invalid("payment_intent_unexpected_state", None);
        }
        if intent.refunded > 0 {
            return invalid("charge_already_refunded", None);
        }
        let left = intent.amount - intent.given_back;
        // All that is left, where nothing is said.
        let amount = match form.get("amount").map(|amount| amount.parse::<i64>()) {
            None => left,
            Some(Ok(amount)) if (1..=left).contains(&amount) => amount,
            Some(_) => {
                let error = json!({ "type": "invalid_request_error", "param": "amount",
                    "message": "It is more than is left of the charge." });
                return (400, json!({ "error": error }));
            }
        };
        intent.given_back += amount;
        if intent.given_back == intent.amount {
            intent.refunded += 1;
        }
        let object = charge(&id, intent);
        self.events
            .push(event(&mut self.next, "charge.refunded", object));
        let refund = self.id("re");
        let answer = json!({ "id": refund, "object": "refund", "amount": amount, "payment_intent": id,
            "charge": format!("ch_{id}"), "status": "succeeded", "metadata": { "key": form.get("metadata[key]") } });
        self.refunds.push(answer.clone());
        (200, answer)
    }

    fn fail_refund(&mut self, id: &str) -> Vec<Value> {
        let Self {
            intents,
            refunds,
            events,
            next,
            ..
        } = self;
        let mut known = refunds.iter_mut();
        let refund = known.find(|refund| refund["id"] == *id).unwrap();
        refund["status"] = json!("failed");
        refund["failure_reason"] = json!("lost_or_stolen_card");
        let intent = refund["payment_intent"].as_str().unwrap();
        let intent = intents.get_mut(intent).unwrap();
        intent.given_back -= refund["amount"].as_i64().unwrap();
        intent.refunded = 0;
        let mut told = Vec::new();
        for kind in ["refund.failed", "charge.refund.updated"] {
            told.push(event(next, kind, refund.clone()));
        }
        events.extend(told.clone());
        told
    }

    /// The refunds of an intent, the newest first.
    fn refunds(&self, query: &str) -> (u16, Value) {
        let wanted: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let intent = wanted.get("payment_intent");
        let of_intent =
            |refund: &&Value| refund["payment_intent"].as_str() == intent.map(String::as_str);
        let data: Vec<&Value> = self.refunds.iter().rev().filter(of_intent).collect();
        (
            200,
            json!({ "object": "list", "data": data, "has_more": false }),
        )
    }

    fn look(&self, id: &str, whole: bool) -> (u16, Value) {
        match self.intents.get(id) {
            Some(intent) => (200, shown(id, intent, whole)),
            None => {
                let (_, body) = invalid("resource_missing", Some("intent"));
                (404, body)
            }
        }
    }
}

/// What a path asks for, and of which intent.
fn operation(method: &Method, path: &str) -> Option<(&'static str, String)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let named = |operation, id: &str| Some((operation, id.to_owned()));
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["v1", "payment_intents"]) => named("create", ""),
        ("GET", ["v1", "payment_intents", id]) => named("look", id),
        ("POST", ["v1", "payment_intents", id, "confirm"]) => named("confirm", id),
        ("POST", ["v1", "payment_intents", id, "cancel"]) => named("cancel", id),
        ("POST", ["v1", "refunds"]) => named("refund", ""),
        ("GET", ["v1", "refunds"]) => named("refunds", ""),
        _ => None,
    }
}

fn api_error(status: u16) -> (u16, Value) {
    (
        status,
        json!({ "error": { "type": "api_error", "message": "Something is wrong here." } }),
    )
}

fn json_answer((status, body): (u16, Value), replayed: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = (status, Json(body)).into_response();
    if replayed {
        let value = "true".parse().unwrap();
        response.headers_mut().insert("idempotent-replayed", value);
    }
    response
}

/// An answer that breaks off.
fn broken() -> Response {
    let error = std::io::Error::other("the line is dead");
    let parts = futures::stream::once(async move { Err::<String, _>(error) });
    Response::new(Body::from_stream(parts))
}

/// What is strange about a request, where something is.
fn strangeness(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let post = method == Method::POST;
    if header("stripe-version").is_none_or(str::is_empty) {
        return Some("no version");
    }
    if post && header("content-type") != Some("application/x-www-form-urlencoded") {
        return Some("no form");
    }
    if post && header("idempotency-key").is_none_or(|key| key.is_empty() || key.len() > 255) {
        return Some("no key");
    }
    None
}

async fn answer(State(stripe): State<Stripe>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let text = |name: &str| {
        let value = head.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    if text("authorization").as_deref() != Some("Bearer sk_test_of_the_tests") {
        let error =
            json!({ "type": "invalid_request_error", "message": "Invalid API Key provided" });
        return json_answer((401, json!({ "error": error })), false);
    }
    let known = operation(&head.method, path);
    let strange = strangeness(&head.method, &head.headers);
    let (Some((operation, id)), None) = (known, strange) else {
        let said = format!("{} {path}: {strange:?}", head.method);
        stripe.world().strange.push(said);
        return json_answer(invalid("url_invalid", None), false);
    };
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let key = text("idempotency-key");
    let asked = format!("{path} {body}");
    let (act, outcome, told) = {
        let mut world = stripe.world();
        world.calls.push(operation);
        let act = world.acts.get_mut(operation).and_then(VecDeque::pop_front);
        let before = key
            .as_ref()
            .and_then(|key| world.answered.get(key).cloned());
        let mut told = Vec::new();
        let outcome = match (act, before) {
            (Some(Act::Deaf), _) => None,
            (_, Some((same, status, body))) if same == asked => Some((status, body, true)),
            (_, Some(_)) => {
                let error = json!({ "type": "idempotency_error", "message": "Another request." });
                world
                    .strange
                    .push(format!("{asked}: the key of another request"));
                Some((400, json!({ "error": error }), false))
            }
            (Some(Act::Fail(status)), None) => {
                let (status, body) = api_error(status);
                if let (500, Some(key)) = (status, &key) {
                    world
                        .answered
                        .insert(key.clone(), (asked, status, body.clone()));
                }
                Some((status, body, false))
            }
            (_, None) => {
                let first = world.events.len();
                let (status, mut body) = match operation {
                    "create" => world.create(&form),
                    "confirm" => world.confirm(&id, &form),
                    "cancel" => world.cancel(&id),
                    "refund" => world.refund(&form),
                    "refunds" => world.refunds(query),
                    _ => world.look(&id, query.contains("expand")),
                };
                told = world.events[first..].to_vec();
                if act == Some(Act::Bounce) {
                    let refund = body["id"].as_str().unwrap().to_owned();
                    world.fail_refund(&refund);
                    body["status"] = json!("failed");
                }
                if let Some(key) = &key {
                    world
                        .answered
                        .insert(key.clone(), (asked, status, body.clone()));
                }
                Some((status, body, false))
            }
        };
        (act, outcome, told)
    };
    let hook = stripe.world().hook.clone();
    let tell = async move {
        if let Some(hook) = hook {
            hook(told).await;
        }
    };
    let Some((status, body, replayed)) = outcome else {
        return broken();
    };
    match act {
        Some(Act::Mute) => return broken(),
        Some(Act::Slow(time)) => tokio::time::sleep(time).await,
        Some(Act::Tell) => tell.await,
        Some(Act::TellAlong) => drop(tokio::spawn(tell)),
        Some(Act::TellAndMute) => {
            tell.await;
            return broken();
        }
        Some(Act::Fail(_) | Act::Deaf | Act::Bounce) | None => {}
    }
    json_answer((status, body), replayed)
}
