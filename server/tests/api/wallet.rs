//! Wallets over HTTP: what there is, how it came, and topping it up.

use crate::app::{Answer, Caller, TestApp, text};
use crate::engines::{Engine, eventually, on_both_engines};
use domain::account::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_both_engines!(
    a_member_tops_up_by_card_and_reads_it,
    the_same_key_is_the_same_answer,
    staff_top_up_and_members_do_not,
    a_wallet_is_nobody_elses,
    the_page_shows_what_came_and_takes_more,
    those_who_run_the_place_see_the_breakers,
);

/// A campus that sells in pesos, past the product's statements.
async fn campus(engine: &Engine) {
    let id = match engine.database {
        storage::Database::Sqlite(_) => "x'00000000000000000000000000000001'",
        storage::Database::Postgres(_) => "'00000000-0000-0000-0000-000000000001'",
    };
    engine
        .raw(&format!(
            "INSERT INTO campus (id, slug, name, currency, state, hours, slot_minutes, slot_capacity,
                lead_minutes)
            VALUES ({id}, 'north', '{{\"en\":\"North\",\"es\":\"Norte\"}}', 'MXN', 'OPEN', '[[],[],[],[],[],[],[]]', 15, 100, 10)"
        ))
        .await;
}

async fn start(engine: &Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    campus(engine).await;
    app
}

async fn post(caller: &Caller, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let request = caller.request(Method::POST, path).json(body);
    Answer::of(match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    })
    .await
}

async fn top_up(caller: &Caller, key: &str, amount: i64) -> Answer {
    let body = json!({ "amount": amount, "currency": "MXN" });
    post(caller, "/v1/wallet/top-ups", Some(key), &body).await
}

/// Waits until a top-up is over.
async fn settled(caller: &Caller, path: &str) -> Value {
    eventually("the top-up is over", async || {
        let top_up = caller.get(path).await.expect(StatusCode::OK);
        (top_up["status"] != "PENDING").then_some(top_up)
    })
    .await
}

async fn balances(caller: &Caller) -> Value {
    let wallet = caller.get("/v1/wallet").await.expect(StatusCode::OK);
    wallet["balances"].clone()
}

async fn a_member_tops_up_by_card_and_reads_it(engine: &Engine) {
    let app = start(engine).await;
    let ana = app.member("ana").await;
    let held = |balance: i64| json!([{ "currency": "MXN", "balance": balance }]);
    assert_eq!(balances(&ana).await, held(0));
    let none = ana.get("/v1/wallet/entries").await.expect(StatusCode::OK);
    assert_eq!(
        none,
        json!({ "currency": "MXN", "items": [], "nextCursor": null })
    );

    let mut paths = Vec::new();
    for (key, amount) in [("one", 25_000), ("two", 100), ("three", 300)] {
        let asked = top_up(&ana, key, amount).await;
        let accepted = asked.expect(StatusCode::ACCEPTED);
        assert_eq!(accepted["status"], "PENDING");
        let path = asked.header("location").to_owned();
        let id = text(&accepted["topUpId"]);
        assert_eq!(path, format!("/v1/wallet/top-ups/{id}"));
        let over = settled(&ana, &path).await;
        assert_eq!(
            (&over["status"], &over["declineReason"], &over["amount"]),
            (&json!("DONE"), &Value::Null, &json!(amount)),
            "{over}"
        );
        assert!(text(&over["createdAt"]).ends_with('Z'));
        paths.push(id);
    }
    assert_eq!(balances(&ana).await, held(25_400));
    let first = ana.get("/v1/wallet/entries?limit=2").await;
    let first = first.expect(StatusCode::OK);
    let cursor = text(&first["nextCursor"]);
    let rest = ana
        .get(&format!(
            "/v1/wallet/entries?currency=MXN&limit=2&cursor={cursor}"
        ))
        .await
        .expect(StatusCode::OK);
    assert_eq!(rest["nextCursor"], Value::Null);
    let amounts: Vec<&Value> = [&first, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|entry| &entry["amount"])
        .collect();
    assert_eq!(amounts, [&json!(300), &json!(100), &json!(25_000)]);
    let entry = &first["items"][0];
    assert_eq!(
        entry,
        &json!({
            "entryId": paths[2], "kind": "TOP_UP", "counterpart": "CARD", "amount": 300,
            "orderId": null, "note": null, "at": entry["at"],
        })
    );

    for query in ["limit=0", "limit=101", "currency=EUR", "page=2"] {
        let refused = ana.get(&format!("/v1/wallet/entries?{query}")).await;
        refused.problem(422, "INVALID");
    }
    app.stop().await;
}

async fn the_same_key_is_the_same_answer(engine: &Engine) {
    let app = start(engine).await;
    let ana = app.member("ana").await;
    let path = "/v1/wallet/top-ups";
    let body = json!({ "amount": 2_500, "currency": "MXN" });
    post(&ana, path, None, &body)
        .await
        .problem(400, "KEY_MISSING");
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let ana = ana.clone();
            tokio::spawn(async move { top_up(&ana, "one", 2_500).await })
        })
        .collect();
    let mut bodies = Vec::new();
    for caller in callers {
        let answer = caller.await.unwrap();
        answer.expect(StatusCode::ACCEPTED);
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let id = text(&serde_json::from_str::<Value>(&bodies[0]).unwrap()["topUpId"]);
    settled(&ana, &format!("{path}/{id}")).await;
    assert_eq!(top_up(&ana, "one", 2_500).await.body, bodies[0]);
    let other = top_up(&ana, "one", 2_501).await.problem(422, "INVALID");
    assert_eq!(other["errors"][0]["field"], "idempotencyKey", "{other}");
    assert_eq!(other["errors"][0]["code"], "KEY_REUSED", "{other}");
    assert_eq!(balances(&ana).await[0]["balance"], 2_500);

    for (body, field) in [
        (json!({ "amount": 99, "currency": "MXN" }), "amount"),
        (json!({ "amount": "25", "currency": "MXN" }), "amount"),
        (json!({ "amount": 2.5, "currency": "MXN" }), "amount"),
        (json!({ "currency": "MXN" }), "amount"),
        (json!({ "amount": 2_500, "currency": "EUR" }), "currency"),
        (json!({ "amount": 2_500 }), "currency"),
        (json!({ "amount": 2_500, "currency": "MXN", "x": 1 }), "x"),
    ] {
        let refused = post(&ana, path, Some("two"), &body).await;
        let refused = refused.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let anonymous = post(&app.anonymous(), path, Some("two"), &body).await;
    anonymous.problem(401, "UNAUTHENTICATED");
    assert_eq!(balances(&ana).await[0]["balance"], 2_500);
    app.stop().await;
}

async fn staff_top_up_and_members_do_not(engine: &Engine) {
    let app = start(engine).await;
    let ana = app.member("ana").await;
    let sam = app.with_role("sam", Role::Staff).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let omar = app.with_role("omar", Role::Operator).await;
    let account = "SELECT id FROM account WHERE email = 'ana@example.org'";
    let account = match engine.database {
        storage::Database::Sqlite(_) => {
            let hex = account.replace("SELECT id", "SELECT lower(hex(id))");
            engine.raw(&hex).await.remove(0)
        }
        storage::Database::Postgres(_) => {
            let text = account.replace("SELECT id", "SELECT CAST(id AS TEXT)");
            engine.raw(&text).await.remove(0)
        }
    };
    let path = format!("/v1/wallets/{account}/top-ups");
    let body = json!({ "amount": 5_000, "currency": "MXN", "reason": "Paid in cash" });
    for caller in [&ana, &omar] {
        let refused = post(caller, &path, Some("one"), &body).await;
        refused.problem(403, "FORBIDDEN");
    }
    post(&app.anonymous(), &path, Some("one"), &body)
        .await
        .problem(401, "UNAUTHENTICATED");
    post(&sam, &path, None, &body)
        .await
        .problem(400, "KEY_MISSING");
    let first = post(&sam, &path, Some("one"), &body).await;
    let made = first.expect(StatusCode::CREATED);
    let again = post(&sam, &path, Some("one"), &body).await;
    assert_eq!(again.expect(StatusCode::CREATED), made);
    // The same key of somebody else is another one.
    post(&ada, &path, Some("one"), &body)
        .await
        .expect(StatusCode::CREATED);
    let entries = ana.get("/v1/wallet/entries").await.expect(StatusCode::OK);
    assert_eq!(entries["items"].as_array().unwrap().len(), 2);
    let entry = &entries["items"][1];
    assert_eq!(
        (&entry["entryId"], &entry["counterpart"], &entry["note"]),
        (&made["entryId"], &json!("STAFF"), &json!("Paid in cash"))
    );
    assert_eq!(balances(&ana).await[0]["balance"], 10_000);

    let with = |field: &str, value: Value| {
        let mut changed = body.clone();
        changed[field] = value;
        changed
    };
    for (body, field) in [
        (with("reason", json!(" ")), "reason"),
        (with("reason", json!("x".repeat(201))), "reason"),
        (with("amount", json!(-5_000)), "amount"),
        (with("currency", json!("USD")), "currency"),
    ] {
        let refused = post(&sam, &path, Some("two"), &body).await;
        let refused = refused.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    for nobody in ["00000000-0000-7000-8000-000000000000", "nobody"] {
        let path = format!("/v1/wallets/{nobody}/top-ups");
        let refused = post(&sam, &path, Some("two"), &body).await;
        refused.problem(404, "NOT_FOUND");
    }
    assert_eq!(balances(&ana).await[0]["balance"], 10_000);
    app.stop().await;
}

async fn a_wallet_is_nobody_elses(engine: &Engine) {
    let app = start(engine).await;
    let (ana, ben) = (app.member("ana").await, app.member("ben").await);
    let asked = top_up(&ana, "one", 2_500).await;
    let path = asked.header("location").to_owned();
    settled(&ana, &path).await;
    ben.get(&path).await.problem(404, "NOT_FOUND");
    assert_eq!(balances(&ben).await[0]["balance"], 0);
    let entries = ben.get("/v1/wallet/entries").await.expect(StatusCode::OK);
    assert_eq!(entries["items"], json!([]));
    for path in ["/v1/wallet", "/v1/wallet/entries", path.as_str()] {
        let refused = app.anonymous().get(path).await;
        refused.problem(401, "UNAUTHENTICATED");
    }
    app.stop().await;
}

/// What stands between two texts of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap();
    rest.split_once(after).unwrap().0
}

async fn the_page_shows_what_came_and_takes_more(engine: &Engine) {
    let app = start(engine).await;
    let anonymous = app.client.get(format!("{}/wallet", app.base)).send().await;
    let anonymous = anonymous.unwrap();
    assert_eq!(
        anonymous.headers()["location"],
        "/sign-in?next=/wallet",
        "{anonymous:?}"
    );
    let sign_up = [
        ("_action", "/api/sign-up"),
        ("name", "Ana"),
        ("email", "ana@example.org"),
        ("password", crate::app::PASSWORD),
    ];
    let signed_up = app.client.post(format!("{}/sign-up", app.base));
    let signed_up = signed_up.form(&sign_up).send().await.unwrap();
    assert_eq!(signed_up.status(), StatusCode::SEE_OTHER);
    let read = async |path: &str| {
        let answer = app.client.get(format!("{}{path}", app.base)).send().await;
        Answer::read(answer.unwrap()).await
    };
    let page = read("/wallet").await;
    assert_eq!(page.status, StatusCode::OK);
    let key = between(&page.body, "name=\"key\" value=\"", "\"").to_owned();
    let send = async |amount: &str| {
        let form = [
            ("_action", "/api/wallet/top-up"),
            ("key", key.as_str()),
            ("currency", "MXN"),
            ("amount", amount),
        ];
        let request = app.client.post(format!("{}/wallet", app.base)).form(&form);
        Answer::read(request.send().await.unwrap()).await
    };
    for (amount, said) in [
        ("0.99", "between 1 and 500"),
        ("500.01", "between 1 and 500"),
        ("-5", "field__error"),
        ("five", "field__error"),
        ("", "field__error"),
    ] {
        let refused = send(amount).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{amount}");
        assert!(refused.body.contains(said), "{amount}: {}", refused.body);
    }
    // Sent twice, it is one top-up.
    let mut led_to = Vec::new();
    for _ in 0..2 {
        let sent = send("25,50").await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
        led_to.push(sent.header("location").to_owned());
    }
    led_to.dedup();
    assert_eq!(led_to.len(), 1);
    eventually("the page shows it", async || {
        let page = read(&led_to[0]).await;
        assert_eq!(page.status, StatusCode::OK);
        // While it is on its way, the page is loaded anew by itself.
        if page.header("refresh") == "1" {
            return None;
        }
        assert_eq!(page.body.matches("MX$25.50").count(), 3, "{}", page.body);
        assert!(page.body.contains("+MX$25.50"));
        Some(())
    })
    .await;
    assert_eq!(read("/wallet?top-up=nonsense").await.status, 404);
    app.stop().await;
}

async fn those_who_run_the_place_see_the_breakers(engine: &Engine) {
    let app = start(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let health = ada.get("/health/detailed").await.expect(StatusCode::OK);
    assert_eq!(
        health["breakers"],
        json!([
            { "gateway": "SIMULATED", "state": "CLOSED" },
            { "gateway": "WALLET", "state": "CLOSED" },
        ])
    );
    assert_eq!(health["ok"], true);
    engine
        .raw(
            "INSERT INTO breaker (name, state, failures, until, changed_at)
            VALUES ('SIMULATED', 'OPEN', 5, 9000000000000000, 1000000)",
        )
        .await;
    let health = ada.get("/health/detailed").await.expect(StatusCode::OK);
    assert_eq!(health["ok"], false);
    assert_eq!(health["breakers"][0]["state"], "OPEN", "{health}");
    assert!(health["breakers"][0]["sinceSeconds"].as_i64() > Some(0));
    assert!(health["breakers"][0]["nextTrySeconds"].as_i64() > Some(0));

    let page = ada.get("/admin/queues").await;
    assert_eq!(page.status, StatusCode::OK);
    let breakers = between(&page.body, "data-live=\"breakers\"", "</ul>");
    let (card, wallet) = breakers.split_once("data-key=\"WALLET\"").unwrap();
    assert!(
        card.contains("Card") && card.contains("Left alone"),
        "{card}"
    );
    assert!(card.contains("Tried again"), "{card}");
    assert!(
        wallet.contains("Wallet") && wallet.contains("Working"),
        "{wallet}"
    );
    assert!(!wallet.contains("Tried again"), "{wallet}");
    app.stop().await;
}
