//! Orders over the API, and a server that is killed while it takes them.

use crate::app::{Answer, Caller, TestApp, start_service, text};
use crate::binary::Process;
use crate::engines::{Engine, eventually, on_both_engines};
use domain::account::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service::{Ctx, Service};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use storage::ledger::{Decision, Ledger};
use tokio::sync::Notify;

on_both_engines!(
    an_order_is_placed_followed_and_cancelled,
    the_same_request_gets_the_same_answer_byte_for_byte,
    a_request_that_can_be_no_order_says_why,
    another_members_order_is_not_there,
    staff_move_an_order_on,
    no_kill_loses_an_order_or_takes_money_for_nothing,
);

/// How often a server is killed while it takes orders, on each engine; 52 times in all.
const KILLS_SQLITE: usize = 40;
const KILLS_POSTGRES: usize = 12;
/// How long it may take until a server that has just been started takes an order.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens the demo's campuses around the clock, with room for everybody.
async fn stock_up(engine: &Engine, service: &Arc<Service>) {
    let ctx = Ctx::system(service, service.institution(None).unwrap(), "test");
    service::menu::seed(&ctx).await.unwrap();
    let day = r#"[{"opens":0,"closes":1440}]"#;
    let hours = format!("[{}]", [day; 7].join(","));
    let sale = r#"{"days":[0,1,2,3,4,5,6],"from":0,"until":1440}"#;
    let name = match engine.database {
        storage::Database::Sqlite(_) => "hex(item_id)",
        storage::Database::Postgres(_) => "CAST(item_id AS TEXT)",
    };
    for statement in [
        // By the ledger, which has to add up in the end.
        format!(
            "INSERT INTO stock_movement (id, item_id, kind, quantity, on_hand_change, reserved_change, cause, at)
            SELECT item_id, item_id, 'RECEIVED', 1000000, 1000000, 0, 'test:' || {name}, 0 FROM stock"
        ),
        "UPDATE stock SET on_hand = on_hand + 1000000".to_owned(),
        format!("UPDATE campus SET hours = '{hours}', slot_minutes = 15, slot_capacity = 1000000"),
        format!("UPDATE menu_item SET sale = '{sale}'"),
    ] {
        engine.raw(&statement).await;
    }
}

pub async fn open(engine: &Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    stock_up(engine, &app.service).await;
    app
}

/// A quarter of an hour that begins in more than half an hour, as it is written on the wire. A kitchen's day ends an
/// hour after midnight.
fn slot() -> String {
    let later = jiff::Timestamp::now().as_second() + 45 * 60;
    let slot = jiff::Timestamp::from_second(later.div_euclid(900) * 900);
    slot.unwrap().to_string()
}

/// An item without options, and its price.
async fn plain_item(caller: &Caller) -> (String, i64) {
    let menu = caller.get("/v1/campuses/north/menu").await;
    let menu = menu.expect(StatusCode::OK);
    let mut items = menu["items"].as_array().unwrap().iter();
    let water = items
        .find(|item| item["reference"] == "still-water")
        .unwrap();
    (text(&water["itemId"]), water["price"].as_i64().unwrap())
}

async fn request(caller: &Caller, quantity: i64) -> Value {
    let (item, price) = plain_item(caller).await;
    json!({
        "campus": "north", "slotAt": slot(), "payment": "SIMULATED",
        "lines": [{ "itemId": item, "quantity": quantity, "unitPrice": price }],
    })
}

async fn post(caller: &Caller, key: &str, body: &Value) -> Answer {
    let request = caller.request(Method::POST, "/v1/orders").json(body);
    Answer::of(request.header("idempotency-key", key)).await
}

pub async fn order(caller: &Caller, key: &str) -> String {
    let body = request(caller, 1).await;
    let answer = post(caller, key, &body).await;
    text(&answer.expect(StatusCode::ACCEPTED)["orderId"])
}

/// Waits until an order stands so.
pub async fn stands(caller: &Caller, order: &str, status: &str) -> Value {
    eventually(status, async || {
        let answer = caller.get(&format!("/v1/orders/{order}")).await;
        let order = answer.expect(StatusCode::OK);
        (order["status"] == status).then_some(order)
    })
    .await
}

async fn an_order_is_placed_followed_and_cancelled(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let body = request(&ana, 2).await;
    let answer = post(&ana, "one", &body).await;
    let accepted = answer.expect(StatusCode::ACCEPTED);
    let id = text(&accepted["orderId"]);
    assert_eq!(accepted["status"], "PENDING");
    assert_eq!(answer.header("location"), format!("/v1/orders/{id}"));
    let confirmed = stands(&ana, &id, "CONFIRMED").await;
    assert_eq!(confirmed["number"], 1);
    assert_eq!(confirmed["lines"][0]["quantity"], 2);
    assert_eq!(confirmed["paymentDetails"]["state"], "CHARGED");
    assert_eq!(confirmed["steps"].as_array().unwrap().len(), 6);
    let list = ana.get("/v1/orders?status=CONFIRMED").await;
    assert_eq!(list.expect(StatusCode::OK)["items"][0]["orderId"], id);
    let cancel = ana
        .post(&format!("/v1/orders/{id}/cancel"), &json!({}))
        .await;
    assert_eq!(cancel.status, StatusCode::ACCEPTED);
    eventually("the money goes back", async || {
        let order = stands(&ana, &id, "CANCELLED").await;
        (order["paymentDetails"]["state"] == "REFUNDED").then_some(())
    })
    .await;
    let again = ana
        .post(&format!("/v1/orders/{id}/cancel"), &json!({}))
        .await;
    again.problem(409, "CONFLICT");
    app.stop().await;
}

async fn the_same_request_gets_the_same_answer_byte_for_byte(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let body = request(&ana, 1).await;
    let all = (0..100).map(|_| post(&ana, "the same", &body));
    let answers = futures::future::join_all(all).await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        assert_eq!(answer.body, answers[0].body);
        assert_eq!(answer.header("location"), answers[0].header("location"));
    }
    assert_eq!(engine.raw("SELECT COUNT(*) FROM orders").await, ["1"]);
    let id = text(&answers[0].json()["orderId"]);
    stands(&ana, &id, "CONFIRMED").await;
    // Also long after, whatever became of it.
    assert_eq!(post(&ana, "the same", &body).await.body, answers[0].body);
    let other = request(&ana, 2).await;
    let refused = post(&ana, "the same", &other).await.problem(422, "INVALID");
    assert_eq!(refused["errors"][0]["code"], "KEY_REUSED");
    app.stop().await;
}

async fn a_request_that_can_be_no_order_says_why(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let good = request(&ana, 1).await;
    let keyless = ana.post("/v1/orders", &good).await;
    keyless.problem(400, "KEY_MISSING");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    for (body, field) in [
        (
            changed(&|it| it["lines"][0]["quantity"] = json!(0)),
            "lines[0].quantity",
        ),
        (
            changed(&|it| it["lines"][0]["quantity"] = json!(-1)),
            "lines[0].quantity",
        ),
        (
            changed(&|it| it["lines"][0]["quantity"] = json!(1_000_000_000)),
            "lines[0].quantity",
        ),
        (changed(&|it| it["campus"] = json!("moon")), "campus"),
        (changed(&|it| it["payment"] = json!("SHELLS")), "payment"),
        (changed(&|it| it["slotAt"] = json!("noon")), "slotAt"),
        (changed(&|it| it["lines"] = json!([])), "lines"),
        (changed(&|it| it["tip"] = json!(1)), "tip"),
        (
            changed(&|it| it["lines"][0]["itemId"] = json!(uuid::Uuid::nil())),
            "lines[0].itemId",
        ),
        // What another campus sells.
        (
            changed(&|it| it["campus"] = json!("lakeside")),
            "lines[0].itemId",
        ),
    ] {
        let refused = post(&ana, "key", &body).await.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let price = good["lines"][0]["unitPrice"].as_i64().unwrap();
    let forged = changed(&|it| it["lines"][0]["unitPrice"] = json!(1));
    let refused = post(&ana, "key", &forged)
        .await
        .problem(409, "ORDER_REFUSED");
    assert_eq!(
        refused["refusals"],
        json!([{ "code": "STALE_PRICE", "line": 0, "offered": 1, "price": price }])
    );
    let unknown = changed(&|it| it["lines"][0]["options"] = json!(["gold-leaf"]));
    let refused = post(&ana, "key", &unknown)
        .await
        .problem(409, "ORDER_REFUSED");
    assert_eq!(refused["refusals"][0]["code"], "BROKEN_RULES", "{refused}");
    let past = changed(&|it| it["slotAt"] = json!("2020-01-01T12:00:00Z"));
    let refused = post(&ana, "key", &past).await.problem(409, "ORDER_REFUSED");
    assert_eq!(refused["refusals"][0]["code"], "NOT_COLLECTABLE");
    let anonymous = post(&app.anonymous(), "key", &good).await;
    anonymous.problem(401, "UNAUTHENTICATED");
    assert_eq!(engine.raw("SELECT COUNT(*) FROM orders").await, ["0"]);
    app.stop().await;
}

async fn another_members_order_is_not_there(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let id = order(&ana, "one").await;
    let omar = app.member("omar").await;
    for path in [
        format!("/v1/orders/{id}"),
        format!("/v1/orders/{id}/status"),
    ] {
        omar.get(&path).await.problem(404, "NOT_FOUND");
    }
    let cancel = omar
        .post(&format!("/v1/orders/{id}/cancel"), &json!({}))
        .await;
    cancel.problem(404, "NOT_FOUND");
    let advance = json!({ "advance": "START" });
    let advance = omar
        .post(&format!("/v1/orders/{id}/advance"), &advance)
        .await;
    advance.problem(403, "FORBIDDEN");
    omar.get("/v1/orders/no-id").await.problem(404, "NOT_FOUND");
    app.stop().await;
}

async fn staff_move_an_order_on(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let id = order(&ana, "one").await;
    stands(&ana, &id, "CONFIRMED").await;
    let sam = app.with_role("sam", Role::Staff).await;
    // The slot may be tomorrow's by now.
    let today = sam.get("/v1/staff/orders?campus=north").await;
    today.expect(StatusCode::OK);
    sam.get("/v1/staff/orders?campus=moon")
        .await
        .problem(404, "NOT_FOUND");
    for (advance, status) in [
        ("START", "PREPARING"),
        ("READY", "READY"),
        ("COLLECTED", "COLLECTED"),
    ] {
        let body = json!({ "advance": advance });
        let path = format!("/v1/orders/{id}/advance");
        let done = sam.post(&path, &body).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
        stands(&ana, &id, status).await;
        sam.post(&path, &body).await.problem(409, "CONFLICT");
    }
    app.stop().await;
}

/// Makes the institution and what it sells, before a process of its own serves it.
async fn prepare(engine: &Engine) {
    let service = start_service(engine.database.clone(), &engine.slug).await;
    stock_up(engine, &service).await;
    let institution = service.institution(None).unwrap();
    institution.gateways.ledger().db().close().await;
    institution.db.close().await;
}

/// Orders one after the other until the server is gone; what it has acknowledged.
async fn orders_until_killed(
    caller: Caller,
    body: Value,
    round: usize,
    who: usize,
    begun: Arc<Notify>,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let key = format!("{round}-{who}-{number}");
        let request = caller.request(Method::POST, "/v1/orders").json(&body);
        let Ok(response) = request.header("idempotency-key", key).send().await else {
            break;
        };
        let status = response.status();
        let Ok(answer) = response.text().await else {
            break;
        };
        if status == StatusCode::ACCEPTED {
            let answer: Value = serde_json::from_str(&answer).unwrap();
            acknowledged.push(text(&answer["orderId"]));
            begun.notify_one();
        }
    }
    acknowledged
}

async fn no_kill_loses_an_order_or_takes_money_for_nothing(engine: &Engine) {
    const BUYERS: usize = 3;
    let kills = match engine.database {
        storage::Database::Sqlite(_) => KILLS_SQLITE,
        storage::Database::Postgres(_) => KILLS_POSTGRES,
    };
    prepare(engine).await;
    // It fails often, says no often, and its answers get lost after it has charged.
    let gateway = [
        ("NUTRIFLOW_ALLOW_SIMULATED_CARDS", "true"),
        ("NUTRIFLOW_GATEWAY_DELAY", "false"),
        ("NUTRIFLOW_GATEWAY_FRAUD_RULES", "false"),
        ("NUTRIFLOW_GATEWAY_RATES", "10,10,10"),
    ];
    let mut process = Process::start_with(engine, &gateway).await;
    let ana = process.anonymous().register("ana").await;
    let body = request(&ana, 1).await;
    let mut acknowledged = Vec::new();
    for round in 0..kills {
        let begun = Arc::new(Notify::new());
        let buyers: Vec<_> = (0..BUYERS)
            .map(|who| {
                let caller = ana.at(&process.base);
                let begun = Arc::clone(&begun);
                tokio::spawn(orders_until_killed(caller, body.clone(), round, who, begun))
            })
            .collect();
        tokio::time::timeout(PATIENCE, begun.notified())
            .await
            .expect("orders are taken");
        // At a random moment, while some are placed, some paid and some undone.
        let moment = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() % 200;
        tokio::time::sleep(Duration::from_millis(moment.into())).await;
        process.kill();
        for buyer in buyers {
            acknowledged.extend(buyer.await.unwrap());
        }
        process = Process::start_with(engine, &gateway).await;
        // A job that three workers died of is given up for a while.
        eventually("what has died twice ends", async || {
            let open = engine
                .raw("SELECT COUNT(*) FROM job WHERE deaths >= 2 AND finished_at IS NULL")
                .await;
            (open == ["0"]).then_some(())
        })
        .await;
    }
    eventually("every order ends", async || {
        let living = "SELECT COUNT(*) FROM saga WHERE phase IN ('FORWARD', 'BACK')";
        (engine.raw(living).await == ["0"]).then_some(())
    })
    .await;
    eventually("every event is delivered", async || {
        let left = "SELECT COUNT(*) FROM outbox WHERE live_at IS NULL OR inbox_at IS NULL";
        (engine.raw(left).await == ["0"]).then_some(())
    })
    .await;
    drop(process);
    assert!(acknowledged.len() >= kills, "there was load");
    let known: BTreeSet<String> = engine
        .raw(match engine.database {
            storage::Database::Sqlite(_) => "SELECT lower(hex(id)) FROM orders",
            storage::Database::Postgres(_) => {
                "SELECT replace(CAST(id AS TEXT), '-', '') FROM orders"
            }
        })
        .await
        .into_iter()
        .collect();
    for order in &acknowledged {
        assert!(known.contains(&order.replace('-', "")), "{order} is lost");
    }
    for (query, what) in [
        (
            "SELECT COUNT(*) FROM stock WHERE on_hand <> (SELECT COALESCE(SUM(on_hand_change), 0)
                FROM stock_movement WHERE stock_movement.item_id = stock.item_id) OR reserved <> 0",
            "the ledger of stock adds up, and nothing is kept",
        ),
        (
            "SELECT COUNT(*) FROM orders WHERE state = 'CONFIRMED' AND NOT EXISTS
                (SELECT 1 FROM payment WHERE payment.order_id = orders.id AND payment.state = 'CHARGED')",
            "no meal without a payment",
        ),
        (
            "SELECT COUNT(*) FROM slot WHERE taken <> (SELECT COUNT(*) FROM orders
                WHERE orders.slot_at = slot.starts_at AND orders.campus_id = slot.campus_id
                    AND state <> 'CANCELLED')",
            "slots have what orders take",
        ),
        (
            "SELECT (SELECT COUNT(*) FROM outbox) - (SELECT COUNT(*) FROM live_event)",
            "each event is told once",
        ),
    ] {
        assert_eq!(engine.raw(query).await, ["0"], "{what}");
    }
    let ledger = Ledger::open(&engine.database, &engine.slug).await.unwrap();
    let charges = ledger.charges().await.unwrap();
    ledger.db().close().await;
    let made: Vec<_> = charges
        .iter()
        .filter(|charge| charge.decision == Decision::Approved)
        .collect();
    let orders: BTreeSet<_> = made.iter().map(|charge| charge.order_id).collect();
    assert_eq!(orders.len(), made.len(), "at most one charge an order");
    let kept = made.iter().filter(|charge| charge.is_kept()).count();
    let confirmed = engine
        .raw("SELECT COUNT(*) FROM orders WHERE state = 'CONFIRMED'")
        .await;
    assert_eq!(confirmed, [kept.to_string()], "who paid has a meal");
}
