//! Ways to pay over HTTP: what campuses take, and what the gateway of cards tells.

use crate::app::{Answer, Caller, TestApp};
use crate::engines::{Engine, on_both_engines};
use domain::account::Role;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service::Ctx;
use service::gateways::{GatewaySettings, StripeSettings};
use service::notify::NotifySettings;
use sha2::Sha256;

on_both_engines!(
    an_administrator_chooses_what_a_campus_takes,
    an_order_is_paid_as_its_campus_takes_it,
    a_message_is_taken_with_a_sound_signature_alone,
    where_cards_are_not_taken_nothing_listens,
);

const SECRET: &str = "whsec_canary_of_the_tests";
const WEBHOOK: &str = "/v1/webhooks/stripe";

/// The product with what the demo sells; cards are asked where nobody answers.
async fn start(engine: &Engine, stripe: bool) -> TestApp {
    let gateway = GatewaySettings {
        stripe: stripe.then(|| StripeSettings {
            base: "http://127.0.0.1:9".to_owned(),
            ..StripeSettings::new("sk_test_canary", SECRET)
        }),
        ..GatewaySettings::kind()
    };
    let database = engine.database.clone();
    let notify = NotifySettings::default();
    let app = TestApp::start_with(database, &engine.slug, gateway, notify).await;
    let ctx = Ctx::system(&app.service, app.service.institution(None).unwrap(), "test");
    service::menu::seed(&ctx).await.unwrap();
    app
}

/// Chooses what a campus takes, after a look at what it takes where that may be seen.
async fn choose(caller: &Caller, campus: &str, gateways: &Value) -> Answer {
    let known = caller.get("/v1/admin/payments").await.json();
    let campuses = known["items"].as_array().cloned().unwrap_or_default();
    let seen = campuses.iter().find(|one| one["campus"] == campus);
    let seen = seen.map_or_else(|| json!([]), |one| one["accepted"].clone());
    choose_after(caller, campus, &seen, gateways).await
}

async fn choose_after(caller: &Caller, campus: &str, seen: &Value, gateways: &Value) -> Answer {
    let body = json!({ "seen": seen, "gateways": gateways });
    caller
        .put(&format!("/v1/admin/payments/{campus}"), &body)
        .await
}

async fn an_administrator_chooses_what_a_campus_takes(engine: &Engine) {
    let app = start(engine, true).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let known = ada.get("/v1/admin/payments").await.expect(StatusCode::OK);
    let usual = json!(["SIMULATED", "WALLET"]);
    assert_eq!(known["items"][1]["campus"], "north");
    assert_eq!(known["items"][1]["accepted"], usual);
    assert_eq!(
        known["gateways"][2],
        json!({ "gateway": "STRIPE", "setUp": true })
    );

    let chosen = choose(&ada, "north", &json!(["STRIPE", "WALLET"])).await;
    assert_eq!(chosen.status, StatusCode::NO_CONTENT, "{chosen:?}");
    let anybody = app.anonymous();
    let offered = async |campus: &str| {
        let answer = anybody
            .get(&format!("/v1/campuses/{campus}/payments"))
            .await;
        answer.expect(StatusCode::OK)["items"].clone()
    };
    assert_eq!(offered("north").await, json!(["WALLET", "STRIPE"]));
    assert_eq!(offered("lakeside").await, usual);
    // Somebody who has seen what it took before is told, unless they want what it takes now.
    choose_after(&ada, "north", &usual, &json!(["WALLET"]))
        .await
        .problem(409, "CONFLICT");
    let again = choose_after(&ada, "north", &usual, &json!(["STRIPE", "WALLET"])).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT, "{again:?}");
    anybody
        .get("/v1/campuses/moon/payments")
        .await
        .problem(404, "NOT_FOUND");

    choose(&ada, "moon", &usual).await.problem(404, "NOT_FOUND");
    for bad in [json!([]), json!(["GOLD"]), json!("WALLET")] {
        choose(&ada, "north", &bad).await.problem(422, "INVALID");
    }
    for role in [Role::Member, Role::Staff, Role::Operator] {
        let other = app.with_role(&role.key().to_lowercase(), role).await;
        let refused = choose(&other, "north", &usual).await;
        refused.problem(403, "FORBIDDEN");
        let refused = other.get("/v1/admin/payments").await;
        refused.problem(403, "FORBIDDEN");
    }
    choose(&anybody, "north", &usual)
        .await
        .problem(401, "UNAUTHENTICATED");
    assert_eq!(offered("north").await, json!(["WALLET", "STRIPE"]));
    let log = ada.get("/v1/admin/audit?action=campus.payments").await;
    let log = log.expect(StatusCode::OK);
    assert_eq!(log["count"], 1, "{log}");
    assert_eq!(log["items"][0]["subject"], "north");
    assert_eq!(
        log["items"][0]["difference"],
        json!({
            "SIMULATED": { "before": true, "after": false },
            "STRIPE": { "before": false, "after": true },
        })
    );
    app.stop().await;
}

/// An order of something simple, as the menu has it.
async fn wanted(caller: &Caller) -> Value {
    let menu = caller.get("/v1/campuses/north/menu").await;
    let menu = menu.expect(StatusCode::OK);
    let items = menu["items"].as_array().unwrap();
    let item = items
        .iter()
        .find(|item| item["configurable"] == false && !item["firstSlot"].is_null())
        .unwrap();
    json!({ "campus": "north", "slotAt": item["firstSlot"], "lines": [
        { "itemId": item["itemId"], "quantity": 1, "unitPrice": item["price"] }] })
}

async fn order(caller: &Caller, key: &str, body: &Value) -> Answer {
    let request = caller.request(Method::POST, "/v1/orders").json(body);
    Answer::of(request.header("idempotency-key", key)).await
}

async fn an_order_is_paid_as_its_campus_takes_it(engine: &Engine) {
    let app = start(engine, true).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let chosen = choose(&ada, "north", &json!(["STRIPE"])).await;
    assert_eq!(chosen.status, StatusCode::NO_CONTENT, "{chosen:?}");
    let ana = app.member("ana").await;
    let wanted = wanted(&ana).await;
    let with = |payment: &str, method: Value| {
        let mut body = wanted.clone();
        body["payment"] = json!(payment);
        if !method.is_null() {
            body["paymentMethod"] = method;
        }
        body
    };
    for (body, field, code) in [
        (
            with("WALLET", Value::Null),
            "payment",
            "PAYMENT_NOT_ACCEPTED",
        ),
        (with("STRIPE", Value::Null), "paymentMethod", "REQUIRED"),
        (
            with("STRIPE", json!("4242424242424242")),
            "paymentMethod",
            "MALFORMED",
        ),
    ] {
        let refused = order(&ana, "one", &body).await.problem(422, "INVALID");
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code))
        );
        assert!(error["message"].as_str().unwrap().contains(' '), "{error}");
    }
    let placed = order(&ana, "one", &with("STRIPE", json!("pm_card_visa"))).await;
    placed.expect(StatusCode::ACCEPTED);
    app.stop().await;
}

fn sign(secret: &str, moment: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{moment}.{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("t={moment},v1={signature}")
}

async fn send(app: &TestApp, signature: Option<String>, body: &str) -> Answer {
    let request = app.anonymous().request(Method::POST, WEBHOOK);
    let request = request
        .header("content-type", "application/json; charset=utf-8")
        .body(body.to_owned());
    Answer::of(match signature {
        Some(signature) => request.header("stripe-signature", signature),
        None => request,
    })
    .await
}

async fn a_message_is_taken_with_a_sound_signature_alone(engine: &Engine) {
    let app = start(engine, true).await;
    let now = app.service.now() / 1_000_000;
    let event = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "data": { "object": { "id": "pi_1", "object": "payment_intent" } } });
    let body = event.to_string();
    let year = 365 * 24 * 3600;
    for signature in [
        None,
        Some(String::new()),
        Some("t=1,v1=00".to_owned()),
        Some(sign("whsec_of_another", now, &body)),
        Some(sign(SECRET, now, "{}")),
        Some(sign(SECRET, now - year, &body)),
        Some(sign(SECRET, now + year, &body)),
    ] {
        let refused = send(&app, signature, &body).await;
        let said = refused.problem(400, "SIGNATURE_REFUSED");
        assert!(!said.to_string().contains("canary"));
    }
    for unreadable in ["", "{", "{}", "[]"] {
        let signature = sign(SECRET, now, unreadable);
        let refused = send(&app, Some(signature), unreadable).await;
        refused.problem(400, "MALFORMED");
    }
    let large = format!("{{\"id\":\"{}\"}}", "x".repeat(100_000));
    let refused = send(&app, Some(sign(SECRET, now, &large)), &large).await;
    refused.problem(413, "TOO_LARGE");
    let count = async || engine.raw("SELECT COUNT(*) FROM card_event").await;
    assert_eq!(count().await, ["0"]);

    // Taken, whether it is known here or not, and taken again.
    let other = sign("whsec_of_yesterday", now, &body);
    let both = format!("{other},{}", sign(SECRET, now, &body));
    for signature in [sign(SECRET, now, &body), both] {
        let taken = send(&app, Some(signature), &body).await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    }
    assert_eq!(count().await, ["1"]);
    app.stop().await;
}

async fn where_cards_are_not_taken_nothing_listens(engine: &Engine) {
    let app = start(engine, false).await;
    let now = app.service.now() / 1_000_000;
    let refused = send(&app, Some(sign(SECRET, now, "{}")), "{}").await;
    refused.problem(404, "NOT_FOUND");
    let ada = app.with_role("ada", Role::Admin).await;
    let refused = choose(&ada, "north", &json!(["STRIPE"])).await;
    let said = refused.problem(422, "INVALID");
    assert_eq!(said["errors"][0]["code"], "PAYMENT_NOT_SET_UP");
    app.stop().await;
}
