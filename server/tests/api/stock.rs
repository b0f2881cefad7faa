//! Stock over the API, and the panel's pages of it without a browser.

use crate::app::{Answer, Caller, TestApp, client, text};
use crate::engines::{Engine, on_both_engines};
use domain::account::Role;
use domain::dish::DishId;
use domain::menu::{Campus, CampusState, MenuItemKind, Opening, OpeningHours, Options, Sale};
use domain::stock::MovementKind;
use domain::text::Localized;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use service::Ctx;
use storage::menu::MenuItemRow;
use storage::stock::{NewMovement, NewStock};
use uuid::Uuid;

on_both_engines!(
    the_table_is_listed_page_by_page,
    movements_are_written_down_and_listed,
    a_file_goes_out_and_comes_in,
    only_those_who_keep_the_stock_get_in,
    the_panel_corrects_a_count_without_a_script,
    the_panel_takes_a_file_without_a_script,
);

fn both(text: &str) -> Localized<String> {
    Localized {
        en: text.to_owned(),
        es: format!("{text} es"),
    }
}

/// A campus that sells dishes by these names, so many portions of each.
async fn stocked(app: &TestApp, dishes: &[(&str, i64)]) -> Vec<Uuid> {
    let ctx = Ctx::system(&app.service, app.service.institution(None).unwrap(), "test");
    let mut tx = ctx.institution.db.write().await.unwrap();
    let campus = Campus {
        id: app.service.next_id(),
        slug: "north".to_owned(),
        name: both("North"),
        currency: "USD".to_owned(),
        state: CampusState::Open,
        hours: OpeningHours(std::array::from_fn(|_| {
            vec![Opening {
                opens: 0,
                closes: 1440,
            }]
        })),
        slot_minutes: 15,
        slot_capacity: 10,
        lead_minutes: 15,
    };
    assert!(storage::campus::insert(&mut tx, &campus).await.unwrap());
    let items: Vec<MenuItemRow> = dishes
        .iter()
        .zip(0..)
        .map(|((name, _), position)| MenuItemRow {
            id: app.service.next_id(),
            campus_id: campus.id,
            kind: MenuItemKind::Dish(DishId(format!("dish-{position}"))),
            name: both(name),
            price: 450,
            options: Options::default(),
            sale: Sale::always(),
            minutes: 10,
            active: true,
            position,
            station: Default::default(),
        })
        .collect();
    storage::menu::insert(&mut tx, &items).await.unwrap();
    let counted: Vec<NewStock> = items
        .iter()
        .map(|item| NewStock {
            item_id: item.id,
            low_mark: 5,
        })
        .collect();
    storage::stock::open(&mut tx, &counted).await.unwrap();
    let received = items
        .iter()
        .zip(dishes)
        .filter(|(_, (_, portions))| *portions > 0)
        .map(|(item, (_, portions))| NewMovement {
            id: app.service.next_id(),
            item_id: item.id,
            kind: MovementKind::Received,
            quantity: *portions,
            cause: format!("test:{}", item.id),
            order_id: None,
            actor_id: None,
            note: String::new(),
            at: ctx.now(),
        })
        .collect();
    storage::stock::record(&mut tx, received).await.unwrap();
    tx.commit().await.unwrap();
    items.iter().map(|item| item.id).collect()
}

async fn the_table_is_listed_page_by_page(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let sam = app.with_role("sam", Role::Staff).await;
    let items = stocked(&app, &[("Soup", 9), ("Curry", 2), ("Arepa", 0)]).await;
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| text(&item["name"])).collect()
    };
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = sam.get(&format!("/v1/stock?limit=2{cursor}")).await;
        let page = page.expect(StatusCode::OK);
        assert_eq!((&page["count"], &page["low"]), (&json!(3), &json!(2)));
        assert_eq!(page["out"], 1);
        found.extend(names(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, ["Arepa", "Curry", "Soup"]);
    for (query, wanted) in [
        ("sort=AVAILABLE", vec!["Arepa", "Curry", "Soup"]),
        (
            "sort=ON_HAND&descending=true",
            vec!["Soup", "Curry", "Arepa"],
        ),
        ("shortage=OUT", vec!["Arepa"]),
        ("text=CURRY", vec!["Curry"]),
        ("campus=north&kind=PRODUCT", vec![]),
    ] {
        let page = sam.get(&format!("/v1/stock?{query}")).await;
        assert_eq!(names(&page.expect(StatusCode::OK)), wanted, "{query}");
    }
    let page = sam.get("/v1/stock?text=soup").await.expect(StatusCode::OK);
    assert_eq!(
        page["items"][0],
        json!({
            "itemId": items[0], "campus": "north", "campusName": "North", "kind": "DISH",
            "reference": "dish-0", "name": "Soup", "price": 450, "currency": "USD", "active": true,
            "onHand": 9, "reserved": 0, "available": 9, "lowMark": 5, "low": false, "out": false,
        })
    );
    for (query, field, code) in [
        ("sort=COLOUR", "sort", "UNKNOWN_CHOICE"),
        ("shortage=SOME", "shortage", "UNKNOWN_CHOICE"),
        ("campus=moon", "campus", "UNKNOWN_CHOICE"),
        ("limit=0", "limit", "OUT_OF_RANGE"),
        ("cursor=soup", "cursor", "MALFORMED"),
        ("colour=red", "colour", "UNKNOWN_FIELD"),
    ] {
        let problem = sam.get(&format!("/v1/stock?{query}")).await;
        let problem = problem.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
        assert_eq!(problem["errors"][0]["code"], code, "{query}");
    }
    app.stop().await;
}

/// Writes a movement down under a key.
async fn write(caller: &Caller, item: Uuid, key: Option<&str>, body: &Value) -> Answer {
    let path = format!("/v1/stock/{item}/movements");
    let mut request = caller.request(Method::POST, &path).json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Answer::of(request).await
}

async fn movements_are_written_down_and_listed(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let sam = app.with_role("sam", Role::Staff).await;
    let soup = stocked(&app, &[("Soup", 9)]).await[0];
    let wasted = json!({ "kind": "WASTED", "quantity": 2, "reason": "spilt" });
    let first = write(&sam, soup, Some("one"), &wasted).await;
    let written = first.expect(StatusCode::CREATED);
    assert_eq!(written["movement"]["kind"], "WASTED");
    assert_eq!(written["movement"]["onHandChange"], -2);
    assert_eq!(written["movement"]["actor"], "sam");
    assert_eq!(written["item"]["onHand"], 7);
    let again = write(&sam, soup, Some("one"), &wasted).await;
    let again = again.expect(StatusCode::CREATED);
    assert_eq!(again["movement"], written["movement"]);
    assert_eq!(again["item"]["onHand"], 7);
    let more = json!({ "kind": "CORRECTED", "quantity": 3, "reason": "found" });
    write(&sam, soup, None, &more)
        .await
        .expect(StatusCode::CREATED);

    let path = format!("/v1/stock/{soup}/movements");
    let page = sam.get(&format!("{path}?limit=2")).await;
    let page = page.expect(StatusCode::OK);
    let kinds: Vec<String> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["kind"]))
        .collect();
    assert_eq!(kinds, ["CORRECTED", "WASTED"]);
    let next = text(&page["nextCursor"]);
    let rest = sam.get(&format!("{path}?cursor={next}")).await;
    let rest = rest.expect(StatusCode::OK);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["nextCursor"], Value::Null);

    for (body, field, code) in [
        (json!({}), "kind", "REQUIRED"),
        (
            json!({ "kind": "SOLD", "quantity": 1 }),
            "kind",
            "UNKNOWN_CHOICE",
        ),
        (
            json!({ "kind": "RECEIVED", "quantity": 0 }),
            "quantity",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "kind": "RECEIVED", "quantity": 1_000_000_000 }),
            "quantity",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "kind": "RECEIVED", "quantity": 1.5 }),
            "quantity",
            "MALFORMED",
        ),
        (
            json!({ "kind": "WASTED", "quantity": 1 }),
            "reason",
            "REQUIRED",
        ),
        (
            json!({ "kind": "WASTED", "quantity": 11, "reason": "all" }),
            "quantity",
            "NOT_IN_STOCK",
        ),
        (
            json!({ "kind": "RECEIVED", "quantity": 1, "by": "me" }),
            "by",
            "UNKNOWN_FIELD",
        ),
    ] {
        let problem = write(&sam, soup, None, &body).await;
        let problem = problem.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
        assert_eq!(problem["errors"][0]["code"], code, "{body}");
        let message = text(&problem["errors"][0]["message"]);
        assert!(message.contains(' '), "{message}");
    }
    // Whoever says what they have seen is told that somebody was there since.
    let seen = format!("/v1/stock/{soup}/movements?lastMovement={}", Uuid::nil());
    sam.post(&seen, &wasted).await.problem(409, "CONFLICT");
    let reused = write(&sam, soup, Some("one"), &more).await;
    let reused = reused.problem(422, "INVALID");
    assert_eq!(reused["errors"][0]["code"], "KEY_REUSED");
    write(&sam, Uuid::nil(), None, &wasted)
        .await
        .problem(404, "NOT_FOUND");
    let nowhere = sam.get("/v1/stock/soup/movements").await;
    nowhere.problem(404, "NOT_FOUND");
    let page = sam.get("/v1/stock").await.expect(StatusCode::OK);
    assert_eq!(page["items"][0]["onHand"], 10);
    app.stop().await;
}

async fn upload(caller: &Caller, query: &str, file: impl Into<String>) -> Answer {
    let request = caller.request(Method::POST, &format!("/v1/stock/import{query}"));
    let request = request.header("content-type", "text/csv");
    Answer::of(request.body(file.into())).await
}

async fn a_file_goes_out_and_comes_in(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let sam = app.with_role("sam", Role::Staff).await;
    let items = stocked(&app, &[("Soup", 9), ("Curry", 2)]).await;
    let out = sam.get("/v1/stock/export?shortage=LOW").await;
    assert_eq!(out.status, StatusCode::OK);
    assert_eq!(out.header("content-type"), "text/csv; charset=utf-8");
    assert!(out.header("content-disposition").starts_with("attachment"));
    let line = format!("{},north,Curry,2,0,2,5,,,\r\n", items[1]);
    assert!(out.body.ends_with(&line), "{}", out.body);
    assert_eq!(out.body.lines().count(), 2);

    let filled = out.body.replace(",,,\r\n", ",RECEIVED,4,truck\r\n");
    let taken = upload(&sam, "", filled.clone()).await;
    assert_eq!(
        taken.expect(StatusCode::OK),
        json!({ "taken": 1, "silent": 0, "leftOut": 0, "refused": [] })
    );
    let bad = format!("{filled}{},,,,,,,WASTED,10,lost\r\n", items[0]);
    let refused = upload(&sam, "", bad.clone()).await;
    let refused = refused.problem(422, "INVALID");
    assert_eq!(refused["errors"][0]["field"], "lines[3].quantity");
    assert_eq!(refused["errors"][0]["code"], "NOT_IN_STOCK");
    assert_eq!(refused["errors"][0]["free"], 9);
    let taken = upload(&sam, "?badLines=LEAVE_OUT", bad).await;
    let taken = taken.expect(StatusCode::OK);
    assert_eq!((&taken["taken"], &taken["leftOut"]), (&json!(1), &json!(1)));
    assert_eq!(taken["refused"][0]["line"], 3);
    let error = &taken["refused"][0]["errors"][0];
    assert_eq!(error["field"], "quantity");
    assert!(text(&error["message"]).contains('9'));
    let page = sam
        .get("/v1/stock?sort=ON_HAND")
        .await
        .expect(StatusCode::OK);
    let levels: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["onHand"])
        .collect();
    assert_eq!(levels, [9, 10]);

    let wrong = upload(&sam, "?badLines=SHRUG", "item").await;
    assert_eq!(
        wrong.problem(422, "INVALID")["errors"][0]["field"],
        "badLines"
    );
    // More than other bodies may weigh, but a file; and too large a file.
    let line = format!("{},RECEIVED,1,{}\n", items[0], "x".repeat(150));
    let lines = |bytes: usize| line.repeat(bytes / line.len());
    let large = format!("item,kind,quantity,reason\n{}", lines(400_000));
    let taken = upload(&sam, "", large).await.expect(StatusCode::OK);
    assert!(taken["taken"].as_i64().unwrap() > 1000);
    for bytes in [600_000, 3_000_000] {
        let larger = format!("item,kind,quantity,reason\n{}", lines(bytes));
        upload(&sam, "", larger).await.problem(413, "TOO_LARGE");
    }
    app.stop().await;
}

async fn only_those_who_keep_the_stock_get_in(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let soup = stocked(&app, &[("Soup", 9)]).await[0];
    let received = json!({ "kind": "RECEIVED", "quantity": 1 });
    for (caller, status, code) in [
        (app.anonymous(), 401, "UNAUTHENTICATED"),
        (app.member("ana").await, 403, "FORBIDDEN"),
        (
            app.with_role("omar", Role::Operator).await,
            403,
            "FORBIDDEN",
        ),
    ] {
        let movements = format!("/v1/stock/{soup}/movements");
        for path in ["/v1/stock", movements.as_str(), "/v1/stock/export"] {
            caller.get(path).await.problem(status, code);
        }
        let written = write(&caller, soup, None, &received).await;
        written.problem(status, code);
        upload(&caller, "", "item").await.problem(status, code);
    }
    let ada = app.with_role("ada", Role::Admin).await;
    let page = ada.get("/v1/stock").await.expect(StatusCode::OK);
    assert_eq!(page["items"][0]["onHand"], 9);
    app.stop().await;
}

/// A browser that has signed in, and its name.
async fn browser(app: &TestApp, name: &str, role: Role) -> Client {
    app.with_role(name, role).await;
    let client = client();
    let form = [
        ("_action", "/api/sign-in"),
        ("email", &format!("{name}@example.org")),
        ("password", crate::app::PASSWORD),
    ];
    let answer = client
        .post(format!("{}/sign-in", app.base))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    client
}

async fn page(app: &TestApp, client: &Client, path: &str) -> Answer {
    Answer::of(client.get(format!("{}{path}", app.base))).await
}

/// The value of the last field of this name; the first may be the menu's above the page.
fn field(page: &Answer, name: &str) -> String {
    let (_, after) = page
        .body
        .rsplit_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no field {name} in {}", page.body));
    after.split('"').next().unwrap().to_owned()
}

async fn the_panel_corrects_a_count_without_a_script(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let items = stocked(&app, &[("Soup", 9), ("Curry <b>", 2)]).await;
    let sam = browser(&app, "sam", Role::Staff).await;
    // Staff see the stock and nothing else of the panel.
    let begin = page(&app, &sam, "/admin").await;
    assert_eq!(begin.header("location"), "/admin/stock");
    let table = page(&app, &sam, "/admin/stock?sort=AVAILABLE").await;
    assert_eq!(table.status, StatusCode::OK);
    assert!(table.body.contains("Curry &lt;b&gt;"));
    assert!(!table.body.contains("href=\"/admin/jobs\""));
    assert!(!table.body.contains("name=\"counted\""));

    let path = format!("/admin/stock?sort=AVAILABLE&correct={}", items[1]);
    let form = page(&app, &sam, &path).await;
    assert_eq!(field(&form, "seen"), "2");
    let send = async |counted: &str, reason: &str| {
        let back = field(&form, "back").replace("&amp;", "&");
        let fields = [
            ("_action", "/api/admin/stock/correct"),
            ("item", &items[1].to_string()),
            ("seen", "2"),
            ("key", &field(&form, "key")),
            ("back", &back),
            ("counted", counted),
            ("reason", reason),
        ];
        let request = sam.post(format!("{}{path}", app.base)).form(&fields);
        Answer::of(request).await
    };
    let refused = send("six", "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("value=\"six\""));
    let refused = send("6", "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        let done = send("6", "behind the rice").await;
        assert_eq!(done.status, StatusCode::SEE_OTHER);
        assert_eq!(
            done.header("location"),
            "/admin/stock?sort=AVAILABLE&corrected=1"
        );
    }
    let item = page(&app, &sam, &format!("/admin/stock/{}", items[1])).await;
    assert_eq!(item.status, StatusCode::OK);
    assert_eq!(item.body.matches("behind the rice").count(), 1);
    assert!(item.body.contains("<svg viewBox=\"0 0 14 100\""));

    for (path, status) in [
        ("/admin/stock?sort=COLOUR", StatusCode::BAD_REQUEST),
        ("/admin/stock?campus=moon", StatusCode::UNPROCESSABLE_ENTITY),
        ("/admin/stock/soup", StatusCode::NOT_FOUND),
        ("/admin/jobs", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(page(&app, &sam, path).await.status, status, "{path}");
    }
    let omar = browser(&app, "omar", Role::Operator).await;
    for path in ["/admin/stock", "/admin/stock/import"] {
        let answer = page(&app, &omar, path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let jobs = page(&app, &omar, "/admin/jobs").await;
    assert!(!jobs.body.contains("href=\"/admin/stock\""));
    app.stop().await;
}

/// A form with a file, as browsers send it.
fn multipart(fields: &[(&str, &str)], file: Option<&[u8]>) -> (String, Vec<u8>) {
    let boundary = "----a-line-between";
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    let name = if file.is_some() { "stock.csv" } else { "" };
    body.extend_from_slice(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n"
        )
        .as_bytes(),
    );
    body.extend_from_slice(file.unwrap_or_default());
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

async fn the_panel_takes_a_file_without_a_script(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let items = stocked(&app, &[("Soup", 9), ("Curry", 2)]).await;
    let sam = browser(&app, "sam", Role::Staff).await;
    let form = page(&app, &sam, "/admin/stock/import").await;
    assert_eq!(form.status, StatusCode::OK);
    let send = async |bad: &str, typed: &str, file: Option<&[u8]>| {
        let fields = [
            ("_action", "/api/admin/stock/import"),
            ("key", &field(&form, "key")),
            ("bad", bad),
            ("typed", typed),
        ];
        let (kind, body) = multipart(&fields, file);
        let request = sam.post(format!("{}/admin/stock/import", app.base));
        Answer::of(request.header("content-type", kind).body(body)).await
    };
    let file = format!(
        "item,kind,quantity,reason\r\n{},RECEIVED,3,</textarea><b>&amp;\r\n{},WASTED,5,lost\r\n",
        items[0], items[1]
    );
    let refused = send("REFUSE_ALL", "", Some(file.as_bytes())).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("<td>Portions that are free: 2."));
    // What was in the file stands there to be sent again, and is text.
    let kept = "RECEIVED,3,&lt;/textarea>&lt;b>&amp;amp;";
    assert!(refused.body.contains(kept), "{}", refused.body);
    assert!(refused.body.contains("value=\"LEAVE_OUT\""));
    let done = send("LEAVE_OUT", &file, None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.header("location"), "/admin/stock?taken=1&left=1");
    let table = page(&app, &sam, "/admin/stock?taken=1&left=1").await;
    assert!(table.body.contains("One line was left out."));

    let wrong = send("REFUSE_ALL", "", Some(b"item,kind\xff")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let columns = send("REFUSE_ALL", "item,kind\n", None).await;
    assert_eq!(columns.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(columns.body.contains("<code>quantity"));
    let large = "x".repeat(3_000_000);
    let large = send("REFUSE_ALL", &large, None).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    app.stop().await;
}
