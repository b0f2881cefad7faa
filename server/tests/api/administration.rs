//! The administrators' panel over the API, and its pages without a browser.

use crate::app::{Answer, Caller, TestApp, client, text};
use crate::engines::{Engine, eventually, on_both_engines};
use domain::account::Role;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use service::Ctx;

on_both_engines!(
    an_order_is_found_and_given_back,
    an_item_is_edited_in_the_version_that_was_seen,
    people_and_the_log_are_for_administrators,
    a_file_goes_out_of_each_list,
    the_editor_keeps_what_was_typed_without_a_script,
    the_panel_answers_what_its_addresses_say,
);

/// The demo's campuses, open around the clock, with room and portions for everybody.
async fn open(engine: &Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    let ctx = Ctx::system(&app.service, app.service.institution(None).unwrap(), "test");
    service::menu::seed(&ctx).await.unwrap();
    let day = r#"[{"opens":0,"closes":1440}]"#;
    let hours = format!("[{}]", [day; 7].join(","));
    let sale = r#"{"days":[0,1,2,3,4,5,6],"from":0,"until":1440}"#;
    for statement in [
        format!("UPDATE campus SET hours = '{hours}', slot_minutes = 15, slot_capacity = 100000"),
        format!("UPDATE menu_item SET sale = '{sale}'"),
    ] {
        engine.raw(&statement).await;
    }
    app
}

/// An order of water that was paid, and what it cost.
async fn paid(caller: &Caller) -> (String, i64) {
    let menu = caller.get("/v1/campuses/north/menu").await;
    let menu = menu.expect(StatusCode::OK);
    let mut items = menu["items"].as_array().unwrap().iter();
    let water = items
        .find(|item| item["reference"] == "still-water")
        .unwrap();
    let price = water["price"].as_i64().unwrap();
    let later = jiff::Timestamp::now().as_second() + 3 * 3600;
    let slot = jiff::Timestamp::from_second(later.div_euclid(900) * 900).unwrap();
    let body = json!({
        "campus": "north", "slotAt": slot.to_string(), "payment": "SIMULATED",
        "lines": [{ "itemId": water["itemId"], "quantity": 2, "unitPrice": price }],
    });
    let request = caller.request(Method::POST, "/v1/orders").json(&body);
    let answer = Answer::of(request.header("idempotency-key", "one")).await;
    let id = text(&answer.expect(StatusCode::ACCEPTED)["orderId"]);
    eventually("it is paid", async || {
        let order = caller.get(&format!("/v1/orders/{id}")).await;
        (order.expect(StatusCode::OK)["status"] == "CONFIRMED").then_some(())
    })
    .await;
    (id, 2 * price)
}

async fn refund(caller: &Caller, order: &str, key: &str, body: &Value) -> Answer {
    let path = format!("/v1/admin/orders/{order}/refunds");
    let request = caller.request(Method::POST, &path).json(body);
    Answer::of(request.header("idempotency-key", key)).await
}

async fn an_order_is_found_and_given_back(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let ada = app.with_role("ada", Role::Admin).await;
    let sam = app.with_role("sam", Role::Staff).await;
    let (id, total) = paid(&ana).await;
    for query in [
        "",
        "?number=1",
        "?person=ANA",
        "?status=CONFIRMED&campus=north",
        "?sort=SLOT",
    ] {
        let list = sam.get(&format!("/v1/admin/orders{query}")).await;
        let list = list.expect(StatusCode::OK);
        assert_eq!(list["items"][0]["orderId"], id, "{query}: {list}");
        assert_eq!(list["count"], 1, "{query}");
    }
    for query in [
        "?number=2",
        "?person=omar",
        "?status=READY",
        "?campus=lakeside",
    ] {
        let list = sam.get(&format!("/v1/admin/orders{query}")).await;
        assert_eq!(list.expect(StatusCode::OK)["count"], 0, "{query}");
    }
    for (query, field) in [
        ("campus=moon", "campus"),
        ("limit=0", "limit"),
        ("sort=COLOUR", "sort"),
        ("since=noon", "since"),
    ] {
        let refused = sam.get(&format!("/v1/admin/orders?{query}")).await;
        let refused = refused.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }

    let body = json!({ "reason": "It was cold", "amount": total + 1 });
    let refused = refund(&ada, &id, "k", &body).await.problem(422, "INVALID");
    assert_eq!(refused["errors"][0]["code"], "MORE_THAN_PAID", "{refused}");
    assert_eq!(refused["errors"][0]["left"], total);
    refund(&sam, &id, "k", &body)
        .await
        .problem(403, "FORBIDDEN");
    let keyless = format!("/v1/admin/orders/{id}/refunds");
    ada.post(&keyless, &body).await.problem(400, "KEY_MISSING");
    let part = json!({ "reason": "It was cold", "amount": 1 });
    let first = refund(&ada, &id, "one", &part)
        .await
        .expect(StatusCode::ACCEPTED);
    let again = refund(&ada, &id, "one", &part)
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(first["refundId"], again["refundId"]);
    let detail = eventually("it is given back", async || {
        let detail = ada.get(&format!("/v1/admin/orders/{id}")).await;
        let detail = detail.expect(StatusCode::OK);
        (detail["refunds"][0]["state"] == "DONE").then_some(detail)
    })
    .await;
    assert_eq!(detail["refundable"], total - 1);
    assert_eq!(detail["returnedElsewhere"], 0);
    assert_eq!(detail["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(detail["steps"].as_array().unwrap().len(), 6);
    assert_eq!(detail["email"], "ana@example.org");
    let events = detail["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["kind"] == "ORDER_CREATED"));
    ana.get(&format!("/v1/admin/orders/{id}"))
        .await
        .problem(403, "FORBIDDEN");
    app.stop().await;
}

async fn an_item_is_edited_in_the_version_that_was_seen(engine: &Engine) {
    let app = open(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let list = ada
        .get("/v1/admin/menu-items?campus=north&kind=PRODUCT")
        .await;
    let list = list.expect(StatusCode::OK);
    let id = text(&list["items"][0]["itemId"]);
    let path = format!("/v1/admin/menu-items/{id}");
    let item = ada.get(&path).await.expect(StatusCode::OK);
    assert_eq!(item["version"], 1);
    let body = |price: i64| {
        json!({
            "price": price, "minutes": item["minutes"], "active": true, "position": item["position"],
            "sale": item["sale"], "options": item["options"],
        })
    };
    let edited = ada.put(&format!("{path}?version=1"), &body(777)).await;
    let edited = edited.expect(StatusCode::OK);
    assert_eq!(
        (&edited["price"], &edited["version"]),
        (&json!(777), &json!(2))
    );
    let late = ada.put(&format!("{path}?version=1"), &body(888)).await;
    late.problem(409, "CONFLICT");
    let wrong = ada.put(&format!("{path}?version=2"), &body(-1)).await;
    assert_eq!(wrong.problem(422, "INVALID")["errors"][0]["field"], "price");

    // An option that contradicts itself is named.
    let options = ada
        .get("/v1/admin/menu-options")
        .await
        .expect(StatusCode::OK);
    let key = |place: usize| text(&options["items"][place]["key"]);
    let group = |name: &str, min: i64, option: String| {
        json!({
            "key": name, "name": { "en": name, "es": name }, "min": min, "max": 1,
            "options": [{ "key": option, "price": 0 }],
        })
    };
    let mut contradiction = body(777);
    contradiction["options"] = json!({
        "groups": [group("size", 1, key(0)), group("milk", 0, key(1))],
        "rules": [{ "kind": "EXCLUDES", "option": key(0), "other": key(1) }],
    });
    let wrong = ada.put(&format!("{path}?version=2"), &contradiction).await;
    let wrong = wrong.problem(422, "INVALID");
    assert_eq!(wrong["errors"][0]["code"], "NEVER_CHOSEN", "{wrong}");
    assert_eq!(wrong["errors"][0]["option"], options["items"][1]["name"]);
    assert_eq!(
        ada.get(&path).await.expect(StatusCode::OK)["version"],
        2,
        "nothing changed"
    );

    let delete = |version: i64| {
        let request = ada.request(Method::DELETE, &format!("{path}?version={version}"));
        Answer::of(request)
    };
    delete(1).await.problem(409, "CONFLICT");
    assert_eq!(delete(2).await.status, StatusCode::NO_CONTENT);
    let gone = ada.get(&format!("/v1/campuses/north/menu/{id}")).await;
    gone.problem(404, "NOT_FOUND");
    let restored = ada
        .post(&format!("{path}/restore?version=3"), &json!({}))
        .await;
    assert_eq!(restored.status, StatusCode::NO_CONTENT);

    let campus = ada
        .get("/v1/admin/campuses/north")
        .await
        .expect(StatusCode::OK);
    let body = json!({
        "version": campus["version"], "name": campus["name"], "hours": campus["hours"],
        "slotMinutes": 0, "slotCapacity": 5, "leadMinutes": 10,
    });
    let wrong = ada.put("/v1/admin/campuses/north", &body).await;
    assert_eq!(
        wrong.problem(422, "INVALID")["errors"][0]["field"],
        "slotMinutes"
    );
    app.stop().await;
}

async fn people_and_the_log_are_for_administrators(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let ada = app.with_role("ada", Role::Admin).await;
    let sam = app.with_role("sam", Role::Staff).await;
    let omar = app.with_role("omar", Role::Operator).await;
    for path in [
        "/v1/admin/people",
        "/v1/admin/people/export",
        "/v1/admin/audit",
        "/v1/admin/audit/export",
    ] {
        app.anonymous()
            .get(path)
            .await
            .problem(401, "UNAUTHENTICATED");
        for caller in [&ana, &sam, &omar] {
            caller.get(path).await.problem(403, "FORBIDDEN");
        }
    }
    let list = ada
        .get("/v1/admin/people?text=ana")
        .await
        .expect(StatusCode::OK);
    assert_eq!(list["count"], 1, "{list}");
    let id = text(&list["items"][0]["accountId"]);
    let path = format!("/v1/admin/people/{id}");
    let patch = async |body: Value| Answer::of(ada.request(Method::PATCH, &path).json(&body)).await;
    let seen = |role: &str| json!({ "role": role, "active": true });
    let wrong = patch(json!({ "seen": seen("MEMBER"), "role": "CHEF" })).await;
    assert_eq!(wrong.problem(422, "INVALID")["errors"][0]["field"], "role");
    let wrong = patch(json!({ "seen": seen("CHEF"), "role": "STAFF" })).await;
    let wrong = wrong.problem(422, "INVALID");
    assert_eq!(wrong["errors"][0]["field"], "seen.role");
    let blind = patch(json!({ "role": "STAFF" })).await;
    let blind = blind.problem(422, "INVALID");
    assert_eq!(blind["errors"][0]["field"], "seen");
    let now = patch(json!({ "seen": seen("MEMBER"), "role": "STAFF" }))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&now["role"], &now["active"]),
        (&json!("STAFF"), &json!(true))
    );
    // Of two who have seen the same, the second is told.
    patch(json!({ "seen": seen("MEMBER"), "role": "OPERATOR" }))
        .await
        .problem(409, "CONFLICT");
    patch(json!({ "seen": seen("STAFF"), "active": false }))
        .await
        .expect(StatusCode::OK);
    let credentials = json!({ "email": "ana@example.org", "password": crate::app::PASSWORD });
    let refused = app.anonymous().post("/v1/auth/token", &credentials).await;
    refused.problem(401, "WRONG_CREDENTIALS");

    let log = ada.get("/v1/admin/audit?action=person.edit&limit=1").await;
    let log = log.expect(StatusCode::OK);
    assert_eq!(log["count"], 2, "{log}");
    assert_eq!(
        log["items"][0]["difference"],
        json!({ "active": { "before": true, "after": false } })
    );
    assert_eq!(log["items"][0]["subject"], id);
    let cursor = text(&log["nextCursor"]);
    let rest = ada
        .get(&format!(
            "/v1/admin/audit?action=person.edit&limit=1&cursor={cursor}"
        ))
        .await;
    let rest = rest.expect(StatusCode::OK);
    assert_eq!(rest["items"][0]["difference"]["role"]["after"], "STAFF");
    assert_eq!(rest["nextCursor"], Value::Null);
    app.stop().await;
}

async fn a_file_goes_out_of_each_list(engine: &Engine) {
    let app = open(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    for (path, head) in [
        ("/v1/admin/orders/export", "order,number,state"),
        ("/v1/admin/people/export", "person,name,email"),
        ("/v1/admin/audit/export", "time_utc,actor"),
        (
            "/v1/admin/menu-items/export?campus=north",
            "item,campus,kind",
        ),
    ] {
        let file = ada.get(path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        assert!(
            file.header("content-disposition")
                .contains("attachment; filename=\"nutriflow-")
        );
        assert!(
            file.body.trim_start_matches('\u{feff}').starts_with(head),
            "{path}: {}",
            file.body
        );
    }
    let overview = ada.get("/v1/admin/overview?days=30&campus=north").await;
    assert_eq!(
        overview.expect(StatusCode::OK)["days"]
            .as_array()
            .unwrap()
            .len(),
        30
    );
    let found = ada
        .get("/v1/admin/search?q=ada")
        .await
        .expect(StatusCode::OK);
    let kinds: Vec<&Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| &hit["kind"])
        .collect();
    assert!(kinds.contains(&&json!("PERSON")), "{found}");
    app.stop().await;
}

/// A browser that has signed in.
async fn browser(app: &TestApp, name: &str, role: Role) -> Client {
    app.with_role(name, role).await;
    let client = client();
    let email = format!("{name}@example.org");
    let form = [
        ("_action", "/api/sign-in"),
        ("email", email.as_str()),
        ("password", crate::app::PASSWORD),
    ];
    let answer = client
        .post(format!("{}/sign-in", app.base))
        .form(&form)
        .send()
        .await;
    assert_eq!(answer.unwrap().status(), StatusCode::SEE_OTHER);
    client
}

async fn page(app: &TestApp, client: &Client, path: &str) -> Answer {
    Answer::of(client.get(format!("{}{path}", app.base))).await
}

async fn the_editor_keeps_what_was_typed_without_a_script(engine: &Engine) {
    let app = open(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let eve = browser(&app, "eve", Role::Admin).await;
    let list = ada
        .get("/v1/admin/menu-items?campus=north&kind=PRODUCT")
        .await;
    let id = text(&list.expect(StatusCode::OK)["items"][0]["itemId"]);
    let options = ada
        .get("/v1/admin/menu-options")
        .await
        .expect(StatusCode::OK);
    let key = |place: usize| text(&options["items"][place]["key"]);
    let (one, two) = (key(0), key(1));
    let path = format!("/admin/menu/{id}");
    let form = page(&app, &eve, &path).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    let send = async |version: &str, price: &str, rule: &str| {
        let fields = [
            ("_action", "/api/admin/menu/save"),
            ("item", id.as_str()),
            ("version", version),
            ("campus", "north"),
            ("currency", "USD"),
            ("price", price),
            ("minutes", "5"),
            ("position", "3"),
            ("station", "COLD"),
            ("active", "true"),
            ("days[]", "0"),
            ("days[]", "4"),
            ("from", "07:30"),
            ("until", "24:00"),
            ("options[g0_key]", ""),
            ("options[g0_en]", "Si<ze"),
            ("options[g0_es]", "Tamaño"),
            ("options[g0_min]", "1"),
            ("options[g0_max]", "1"),
            ("options[o0_0_key]", one.as_str()),
            ("options[o0_0_price]", "1.50"),
            ("options[g1_key]", ""),
            ("options[g1_en]", "Milk"),
            ("options[g1_es]", "Leche"),
            ("options[g1_min]", "0"),
            ("options[g1_max]", "1"),
            ("options[o1_0_key]", two.as_str()),
            ("options[o1_0_price]", "0"),
            ("options[r0_option]", one.as_str()),
            ("options[r0_kind]", rule),
            (
                "options[r0_other]",
                if rule.is_empty() { "" } else { two.as_str() },
            ),
        ];
        let request = eve.post(format!("{}{path}", app.base)).form(&fields);
        Answer::of(request).await
    };
    let refused = send("1", "a lot", "REQUIRES").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in [
        "value=\"a lot\"",
        "value=\"Si&lt;ze\"",
        "value=\"1.50\"",
        "value=\"07:30\"",
    ] {
        assert!(refused.body.contains(kept), "{kept}: {}", refused.body);
    }
    let refused = send("1", "2.40", "EXCLUDES").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("could never be chosen"),
        "{}",
        refused.body
    );
    assert!(
        refused.body.contains("id=\"o1_0_key-error\""),
        "{}",
        refused.body
    );
    let saved = send("1", "2.40", "REQUIRES").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert_eq!(saved.header("location"), format!("{path}?saved=1"));
    let item = ada.get(&format!("/v1/admin/menu-items/{id}")).await;
    let item = item.expect(StatusCode::OK);
    assert_eq!(
        item["sale"],
        json!({ "days": [0, 4], "from": 450, "until": 1440 })
    );
    assert_eq!(item["options"]["groups"][0]["options"][0]["price"], 150);
    // Whoever was later is told, and keeps what they typed.
    let late = send("1", "9.90", "REQUIRES").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("value=\"9.90\""));
    assert!(late.body.contains("Somebody else has changed this item"));
    app.stop().await;
}

async fn the_panel_answers_what_its_addresses_say(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let (order, _) = paid(&ana).await;
    let ada = browser(&app, "ada", Role::Admin).await;
    let sam = browser(&app, "sam", Role::Staff).await;
    let omar = browser(&app, "omar", Role::Operator).await;
    let begin = page(&app, &ada, "/admin").await;
    assert_eq!(begin.header("location"), "/admin/overview");
    let detail = format!("/admin/orders/{order}");
    for (path, admin, operator, staff) in [
        ("/admin/overview?days=30", 200, 200, 403),
        (
            "/admin/orders?state=CONFIRMED&sort=SLOT&order=ASC",
            200,
            200,
            200,
        ),
        (detail.as_str(), 200, 200, 200),
        (
            "/admin/menu?campus=north&sort=PRICE&order=DESC",
            200,
            200,
            403,
        ),
        ("/admin/menu/new?campus=north", 200, 403, 403),
        ("/admin/campuses", 200, 200, 403),
        ("/admin/campuses/north", 200, 200, 403),
        ("/admin/people?role=STAFF&active=yes", 200, 403, 403),
        ("/admin/audit?action=menu.seed", 200, 403, 403),
        ("/admin/search?q=1", 200, 200, 200),
        ("/admin/orders?state=EATEN", 400, 400, 400),
        ("/admin/orders?number=many", 422, 422, 422),
        ("/admin/orders/soup", 404, 404, 404),
        ("/admin/campuses/moon", 404, 404, 403),
        ("/admin/people?role=CHEF", 400, 400, 400),
    ] {
        for (client, status) in [(&ada, admin), (&omar, operator), (&sam, staff)] {
            let answer = page(&app, client, path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}");
        }
    }
    let looking = page(&app, &omar, &format!("{detail}?ask=refund")).await;
    assert!(!looking.body.contains("/api/admin/order/refund"));
    let asking = page(&app, &ada, &format!("{detail}?ask=refund")).await;
    assert!(asking.body.contains("/api/admin/order/refund"));
    let hits = page(&app, &sam, "/admin/search?q=1").await;
    assert!(
        hits.body.contains(&format!("href=\"{detail}\"")),
        "{}",
        hits.body
    );
    app.stop().await;
}
