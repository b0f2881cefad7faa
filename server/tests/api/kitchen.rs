//! The kitchen over the API, and what everybody may see of it.

use crate::app::{Caller, TestApp, text};
use crate::engines::{Engine, eventually, on_both_engines};
use crate::orders::{open, order, stands};
use domain::account::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

on_both_engines!(
    something_is_out_of_stock_and_something_else_is_taken,
    what_can_be_no_refusal_or_answer_says_why,
    the_hall_learns_numbers_and_nothing_else,
    the_list_of_orders_has_moved,
    a_display_asks_for_what_has_changed,
);

struct Setting {
    app: TestApp,
    ana: Caller,
    sam: Caller,
    order: String,
    /// What Ana has ordered.
    item: String,
}

async fn setting(engine: &Engine) -> Setting {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let sam = app.with_role("sam", Role::Staff).await;
    let order = order(&ana, "one").await;
    let confirmed = stands(&ana, &order, "CONFIRMED").await;
    let item = text(&confirmed["lines"][0]["itemId"]);
    Setting {
        app,
        ana,
        sam,
        order,
        item,
    }
}

impl Setting {
    async fn kitchen(&self) -> Vec<Value> {
        let kitchen = self.sam.get("/v1/campuses/north/kitchen").await;
        let kitchen = kitchen.expect(StatusCode::OK);
        kitchen["items"].as_array().unwrap().clone()
    }

    async fn substitutes(&self) -> Vec<String> {
        let path = format!("/v1/orders/{}/substitutes?itemId={}", self.order, self.item);
        let found = self.sam.get(&path).await.expect(StatusCode::OK);
        let items = found["items"].as_array().unwrap();
        items.iter().map(|item| text(&item["itemId"])).collect()
    }

    fn path(&self, verb: &str) -> String {
        format!("/v1/orders/{}/{verb}", self.order)
    }
}

async fn something_is_out_of_stock_and_something_else_is_taken(engine: &Engine) {
    let it = setting(engine).await;
    let kitchen = it.kitchen().await;
    assert_eq!(kitchen.len(), 1);
    assert_eq!(kitchen[0]["orderId"], it.order);
    assert_eq!(kitchen[0]["next"], "START");
    assert_eq!(kitchen[0]["lines"][0]["station"], "DRINKS");
    let hot = it.sam.get("/v1/campuses/north/kitchen?station=HOT").await;
    assert_eq!(hot.expect(StatusCode::OK)["items"], json!([]));

    let found = it.substitutes().await;
    assert!((1..=6).contains(&found.len()), "{found:?}");
    assert!(!found.contains(&it.item));
    let shortage = json!({ "itemId": it.item, "substitutes": [found[0]] });
    let refused = it.sam.post(&it.path("refuse"), &shortage).await;
    assert_eq!(refused.status, StatusCode::NO_CONTENT, "{refused:?}");
    let again = it.sam.post(&it.path("refuse"), &shortage).await;
    again.problem(409, "CONFLICT");
    let start = json!({ "advance": "START" });
    let start = it.sam.post(&it.path("advance"), &start).await;
    start.problem(409, "CONFLICT");
    assert!(it.kitchen().await[0]["asked"]["expiresAt"].is_string());

    let asked = stands(&it.ana, &it.order, "CONFIRMED").await;
    assert_eq!(asked["offers"][0]["state"], "OFFERED");
    assert_eq!(asked["offers"][0]["choices"][0]["itemId"], found[0]);
    eventually("the inbox tells it", async || {
        let inbox = it.ana.get("/v1/inbox").await.expect(StatusCode::OK);
        let kinds = inbox["items"].as_array().unwrap().iter();
        kinds
            .map(|message| &message["kind"])
            .any(|kind| kind == "SUBSTITUTE_OFFERED")
            .then_some(())
    })
    .await;
    let accept = json!({ "answer": "ACCEPT", "itemId": found[0] });
    let omar = it.app.member("omar").await;
    for other in [&omar, &it.sam] {
        let answer = other.post(&it.path("answer"), &accept).await;
        answer.problem(404, "NOT_FOUND");
    }
    let accepted = it.ana.post(&it.path("answer"), &accept).await;
    assert_eq!(accepted.status, StatusCode::NO_CONTENT, "{accepted:?}");
    let taken = stands(&it.ana, &it.order, "CONFIRMED").await;
    assert_eq!(taken["offers"][0]["state"], "ACCEPTED");
    assert_eq!(taken["lines"][0]["itemId"], found[0]);
    let late = json!({ "answer": "DECLINE" });
    let late = it.ana.post(&it.path("answer"), &late).await;
    late.problem(409, "CONFLICT");
    it.app.stop().await;
}

async fn what_can_be_no_refusal_or_answer_says_why(engine: &Engine) {
    let it = setting(engine).await;
    let found = it.substitutes().await;
    let nil = uuid::Uuid::nil();
    let many: Vec<&String> = std::iter::repeat_n(&found[0], 4).collect();
    for (body, field) in [
        (json!({}), "itemId"),
        (json!({ "itemId": "soup" }), "itemId"),
        (json!({ "itemId": nil }), "itemId"),
        (
            json!({ "itemId": it.item, "substitutes": [nil] }),
            "substitutes",
        ),
        (
            json!({ "itemId": it.item, "substitutes": [it.item] }),
            "substitutes",
        ),
        (
            json!({ "itemId": it.item, "substitutes": many }),
            "substitutes",
        ),
        (json!({ "itemId": it.item, "why": "" }), "why"),
    ] {
        let refused = it.sam.post(&it.path("refuse"), &body).await;
        let refused = refused.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    for (body, field) in [
        (json!({ "answer": "ACCEPT" }), "itemId"),
        (json!({ "answer": "DECLINE", "itemId": nil }), "itemId"),
        (json!({ "answer": "LATER" }), "answer"),
    ] {
        let refused = it.ana.post(&it.path("answer"), &body).await;
        let refused = refused.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let shortage = json!({ "itemId": it.item });
    let member = it.ana.post(&it.path("refuse"), &shortage).await;
    member.problem(403, "FORBIDDEN");
    let kitchen = it.ana.get("/v1/campuses/north/kitchen").await;
    kitchen.problem(403, "FORBIDDEN");
    let nobody = it.app.anonymous().get("/v1/campuses/north/kitchen").await;
    nobody.problem(401, "UNAUTHENTICATED");
    let moon = it.sam.get("/v1/campuses/moon/kitchen").await;
    moon.problem(404, "NOT_FOUND");
    let oven = it.sam.get("/v1/campuses/north/kitchen?station=OVEN").await;
    oven.problem(422, "INVALID");
    // Nothing of that has changed anything.
    let order = stands(&it.ana, &it.order, "CONFIRMED").await;
    assert_eq!(order["offers"], json!([]));
    it.app.stop().await;
}

async fn the_hall_learns_numbers_and_nothing_else(engine: &Engine) {
    let it = setting(engine).await;
    let anonymous = it.app.anonymous();
    for (advance, board) in [
        ("START", json!({ "cooking": [1], "ready": [] })),
        ("READY", json!({ "cooking": [], "ready": [1] })),
        ("COLLECTED", json!({ "cooking": [], "ready": [] })),
    ] {
        let advance = json!({ "advance": advance });
        let done = it.sam.post(&it.path("advance"), &advance).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
        let called = anonymous.get("/v1/campuses/north/board").await;
        assert_eq!(called.expect(StatusCode::OK), board);
        let page = anonymous.get("/board/north").await;
        assert_eq!(page.status, StatusCode::OK);
        for secret in [it.order.as_str(), it.item.as_str(), "ana", "@example.org"] {
            let main = page.body.split("<main").nth(1).unwrap();
            let main = main.split("</main>").next().unwrap();
            assert!(!main.contains(secret), "{secret}: {main}");
        }
        // Nobody who has not signed in follows anything.
        assert!(!page.body.contains("/v1/events"));
    }
    let moon = anonymous.get("/v1/campuses/moon/board").await;
    moon.problem(404, "NOT_FOUND");
    let moon = anonymous.get("/board/moon").await;
    assert_eq!(moon.status, StatusCode::NOT_FOUND);
    it.app.stop().await;
}

async fn the_list_of_orders_has_moved(engine: &Engine) {
    let app = open(engine).await;
    let anonymous = app.anonymous();
    for (old, new) in [
        ("/staff/orders", "/kitchen"),
        ("/staff/orders?campus=north", "/kitchen/north"),
        ("/staff/orders?campus=//evil.example", "/kitchen"),
        ("/staff/orders?campus=..%2Fadmin", "/kitchen"),
    ] {
        let answer = anonymous.get(old).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.header("location"), new);
    }
    app.stop().await;
}

async fn a_display_asks_for_what_has_changed(engine: &Engine) {
    let it = setting(engine).await;
    let other = order(&it.ana, "two").await;
    stands(&it.ana, &other, "CONFIRMED").await;
    let page = it.sam.get("/kitchen/north").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("data-same"));
    let some = it.sam.get(&format!("/kitchen/north?only={other}")).await;
    assert_eq!(some.status, StatusCode::OK);
    // Both are named, and one is told.
    for order in [&it.order, &other] {
        assert!(some.body.contains(&format!("data-key=\"{order}\"")));
    }
    assert_eq!(some.body.matches("data-same").count(), 1);
    assert!(some.body.contains(&format!("value=\"{other}:START\"")));
    assert!(!some.body.contains(&format!("value=\"{}:START\"", it.order)));
    let none = it.sam.get("/kitchen/north?only=no-id").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    it.app.stop().await;
}
