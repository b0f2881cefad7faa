//! Carts over the API and in the pages, with and without an account.

use crate::app::{Answer, Caller, TestApp, client, text};
use crate::engines::{Engine, on_both_engines};
use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};
use service::Ctx;

on_both_engines!(
    a_member_fills_changes_and_empties_a_cart,
    a_browser_keeps_its_cart_and_signing_in_takes_it_along,
    what_can_not_be_put_in_says_why_in_either_language,
    the_plan_fills_the_cart,
    pages_lead_from_the_menu_to_the_order,
    pages_say_what_is_wrong_where_it_is,
);

/// The demo's campuses, open around the clock.
async fn open(engine: &Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    let institution = app.service.institution(None).unwrap();
    let ctx = Ctx::system(&app.service, institution, "test");
    service::menu::seed(&ctx).await.unwrap();
    let day = r#"[{"opens":0,"closes":1440}]"#;
    let hours = format!("[{}]", [day; 7].join(","));
    let sale = r#"{"days":[0,1,2,3,4,5,6],"from":0,"until":1440}"#;
    for statement in [
        format!("UPDATE campus SET hours = '{hours}'"),
        format!("UPDATE menu_item SET sale = '{sale}'"),
    ] {
        engine.raw(&statement).await;
    }
    app
}

/// The item of a dish or product on a campus's menu.
async fn item(caller: &Caller, campus: &str, reference: &str) -> Value {
    let menu = caller.get(&format!("/v1/campuses/{campus}/menu")).await;
    let menu = menu.expect(StatusCode::OK);
    let mut items = menu["items"].as_array().unwrap().iter();
    items
        .find(|item| item["reference"] == reference)
        .unwrap()
        .clone()
}

async fn add(caller: &Caller, body: &Value) -> Answer {
    caller.post("/v1/cart/lines", body).await
}

async fn a_member_fills_changes_and_empties_a_cart(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let empty =
        json!({ "campus": null, "lines": [], "portions": 0, "total": 0, "orderable": false });
    assert_eq!(ana.get("/v1/cart").await.expect(StatusCode::OK), empty);

    let dish = item(&ana, "north", "chilaquiles-verdes").await;
    let id = text(&dish["itemId"]);
    let detail = ana.get(&format!("/v1/campuses/north/menu/{id}")).await;
    let mut options: Vec<String> = detail.expect(StatusCode::OK)["simplest"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    for option in &mut options {
        if option == "size-regular" {
            "size-large".clone_into(option);
        }
    }
    let body = json!({ "itemId": id, "quantity": 2, "options": options });
    let answer = add(&ana, &body).await;
    assert_eq!(answer.header("set-cookie"), "");
    let cart = answer.expect(StatusCode::OK);
    let line = &cart["lines"][0];
    let unit = dish["price"].as_i64().unwrap() + 240;
    assert_eq!(line["unitPrice"], unit, "{line}");
    assert_eq!(
        (&line["price"], &cart["total"]),
        (&json!(2 * unit), &json!(2 * unit))
    );
    assert_eq!(
        (&cart["portions"], &cart["orderable"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(cart["campus"]["slug"], "north");
    assert!(line["energy"].as_f64() > dish["energy"].as_f64());
    assert_eq!(
        (&line["kind"], &line["reference"]),
        (&json!("DISH"), &json!("chilaquiles-verdes"))
    );

    // The same choice is the same line.
    let again = add(&ana, &body).await.expect(StatusCode::OK);
    assert_eq!(again["lines"].as_array().unwrap().len(), 1);
    let path = format!("/v1/cart/lines/{}", text(&line["lineId"]));
    let change = ana
        .request(Method::PATCH, &path)
        .json(&json!({ "quantity": 1 }));
    let changed = Answer::of(change).await.expect(StatusCode::OK);
    assert_eq!(changed["portions"], 1);
    let removed = Answer::of(ana.request(Method::DELETE, &path)).await;
    assert_eq!(removed.expect(StatusCode::OK), empty);
    Answer::of(ana.request(Method::DELETE, &path))
        .await
        .problem(404, "NOT_FOUND");
    add(&ana, &body).await.expect(StatusCode::OK);
    let cleared = Answer::of(ana.request(Method::DELETE, "/v1/cart")).await;
    assert_eq!(cleared.expect(StatusCode::OK), empty);
    app.stop().await;
}

async fn a_browser_keeps_its_cart_and_signing_in_takes_it_along(engine: &Engine) {
    let app = open(engine).await;
    let nobody = app.anonymous();
    let water = text(&item(&nobody, "north", "still-water").await["itemId"]);
    // The caller's client keeps cookies.
    let answer = add(&nobody, &json!({ "itemId": water })).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("nutriflow_cart="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.expect(StatusCode::OK)["portions"], 1);
    // It is kept for as long as the cart from now on.
    let again = add(&nobody, &json!({ "itemId": water })).await;
    assert_eq!(again.header("set-cookie"), cookie);
    let seen = nobody.get("/v1/cart").await.expect(StatusCode::OK);
    assert_eq!(seen["portions"], 2);
    // Another browser has another cart.
    let other = app.anonymous().get("/v1/cart").await;
    assert_eq!(other.expect(StatusCode::OK)["portions"], 0);

    let token = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let sign_up = [
        ("_action", "/api/sign-up"),
        ("name", "Ana"),
        ("email", "ana@example.org"),
        ("password", crate::app::PASSWORD),
    ];
    let request = client()
        .post(format!("{}/sign-up", app.base))
        .header(header::COOKIE, format!("nutriflow_cart={token}"))
        .header(header::ACCEPT, "text/html")
        .form(&sign_up);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let cookies: Vec<&str> = answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert!(
        cookies
            .iter()
            .any(|one| one.starts_with("nutriflow_cart=;") && one.contains("Max-Age=0")),
        "{cookies:?}"
    );
    let session = cookies
        .iter()
        .find_map(|one| one.strip_prefix("nutriflow_session="))
        .and_then(|rest| rest.split(';').next())
        .unwrap();
    let request = client()
        .get(format!("{}/v1/cart", app.base))
        .header(header::COOKIE, format!("nutriflow_session={session}"));
    assert_eq!(
        Answer::of(request).await.expect(StatusCode::OK)["portions"],
        2
    );
    let left = nobody.get("/v1/cart").await.expect(StatusCode::OK);
    assert_eq!(left["portions"], 0);
    app.stop().await;
}

async fn what_can_not_be_put_in_says_why_in_either_language(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.member("ana").await;
    let water = text(&item(&ana, "north", "still-water").await["itemId"]);
    let dish = text(&item(&ana, "north", "chilaquiles-verdes").await["itemId"]);
    let cases = [
        (
            json!({ "itemId": water, "quantity": 0 }),
            "quantity",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "itemId": water, "quantity": -1 }),
            "quantity",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "itemId": water, "quantity": 1_000_000_000 }),
            "quantity",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "itemId": water, "quantity": 1.5 }),
            "quantity",
            "MALFORMED",
        ),
        (
            json!({ "itemId": water, "options": ["gold-leaf"] }),
            "options",
            "UNKNOWN_CHOICE",
        ),
        (json!({ "itemId": "soup" }), "itemId", "MALFORMED"),
        (json!({ "quantity": 1 }), "itemId", "REQUIRED"),
        (
            json!({ "itemId": water, "price": 1 }),
            "price",
            "UNKNOWN_FIELD",
        ),
        (json!({ "itemId": dish }), "options.size", "CHOOSE_AT_LEAST"),
    ];
    for (body, field, code) in cases {
        let mut said = Vec::new();
        for language in ["en", "es"] {
            let request = ana
                .request(Method::POST, "/v1/cart/lines")
                .header(header::ACCEPT_LANGUAGE, language)
                .json(&body);
            let document = Answer::of(request).await.problem(422, "INVALID");
            let errors = document["errors"].as_array().unwrap();
            let error = errors.iter().find(|error| error["field"] == field);
            let error = error.unwrap_or_else(|| panic!("{field}: {document}"));
            assert_eq!(error["code"], code, "{body}");
            let message = text(&error["message"]);
            assert!(message.contains(' ') && !message.contains('{'), "{message}");
            said.push(message);
        }
        assert_ne!(said[0], said[1], "{body}");
    }
    let nothing = json!({ "itemId": "00000000-0000-0000-0000-000000000000" });
    add(&ana, &nothing).await.problem(404, "NOT_FOUND");
    assert_eq!(
        ana.get("/v1/cart").await.expect(StatusCode::OK)["portions"],
        0
    );

    // One campus a cart.
    let lake = text(&item(&ana, "lakeside", "still-water").await["itemId"]);
    add(&ana, &json!({ "itemId": water }))
        .await
        .expect(StatusCode::OK);
    add(&ana, &json!({ "itemId": lake }))
        .await
        .problem(409, "OTHER_CAMPUS");
    let replaced = add(&ana, &json!({ "itemId": lake, "replace": true })).await;
    let cart = replaced.expect(StatusCode::OK);
    assert_eq!(
        (&cart["campus"]["slug"], &cart["portions"]),
        (&json!("lakeside"), &json!(1))
    );
    app.stop().await;
}

async fn the_plan_fills_the_cart(engine: &Engine) {
    let app = open(engine).await;
    let ana = app.eater("ana").await;
    let job = ana.ask("2027-W01").await;
    let plan = text(&ana.ended(&job).await["planId"]);
    let plan = ana.get(&format!("/v1/diet/plans/{plan}")).await;
    let plan = plan.expect(StatusCode::OK);
    let dish = text(&plan["plan"]["days"][0]["meals"][0]["dishId"]);
    engine
        .raw(&format!(
            "UPDATE menu_item SET reference = 'none' WHERE reference = '{dish}'"
        ))
        .await;
    let whole = json!({ "week": "2027-W01", "day": 0, "campus": "north" });
    let before = ana
        .post("/v1/cart/plan", &whole)
        .await
        .expect(StatusCode::OK);
    let missing = before["missing"].as_array().unwrap();
    assert!(
        missing.contains(&json!({ "dishId": dish, "reason": "NOT_SOLD" })),
        "{before}"
    );
    engine
        .raw(&format!(
            "UPDATE menu_item SET reference = '{dish}' WHERE position = 1 AND campus_id IN (SELECT id FROM campus WHERE slug = 'north')"
        ))
        .await;
    let one = json!({ "week": "2027-W01", "day": 0, "meal": 0, "campus": "north" });
    let after = ana.post("/v1/cart/plan", &one).await.expect(StatusCode::OK);
    assert_eq!(after["added"], json!([dish]));
    assert_eq!(after["missing"], json!([]));
    let lines = after["cart"]["lines"].as_array().unwrap();
    assert!(
        lines.iter().any(|line| line["reference"] == dish),
        "{after}"
    );

    let far = json!({ "week": "2027-W01", "day": 7 });
    ana.post("/v1/cart/plan", &far)
        .await
        .problem(404, "NOT_FOUND");
    let never = json!({ "week": "2027-W60", "day": 0 });
    ana.post("/v1/cart/plan", &never)
        .await
        .problem(422, "INVALID");
    let nobody = app.anonymous();
    nobody
        .post("/v1/cart/plan", &whole)
        .await
        .problem(401, "UNAUTHENTICATED");
    app.stop().await;
}

/// A browser without JavaScript.
struct Browser<'a> {
    app: &'a TestApp,
    client: Client,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            client: client(),
        }
    }

    async fn open(&self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.app.base));
        Answer::of(request.header(header::ACCEPT, "text/html")).await
    }

    async fn submit(&self, path: &str, action: &str, form: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("_action", action)];
        fields.extend_from_slice(form);
        let request = self
            .client
            .post(format!("{}{path}", self.app.base))
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "text/html")
            .form(&fields);
        Answer::of(request).await
    }

    async fn sign_up(&self, name: &str) {
        let email = format!("{name}@example.org");
        let form = [
            ("name", name),
            ("email", &*email),
            ("password", crate::app::PASSWORD),
        ];
        let answer = self.submit("/sign-up", "/api/sign-up", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    }
}

/// The value of a page's first input of a name.
fn value(page: &str, name: &str) -> String {
    let mut inputs = page
        .split("<input")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap());
    let input = inputs
        .find(|input| input.contains(&format!("name=\"{name}\"")) && !input.contains("disabled"))
        .unwrap_or_else(|| panic!("{name}: {page}"));
    let value = input.split("value=\"").nth(1).unwrap();
    value
        .split('"')
        .next()
        .unwrap()
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

async fn pages_lead_from_the_menu_to_the_order(engine: &Engine) {
    let app = open(engine).await;
    let browser = Browser::new(&app);
    let campuses = browser.open("/menu").await;
    assert!(campuses.body.contains("/menu/north"), "{campuses:?}");
    let menu = browser.open("/menu/north?q=water&price=2").await;
    assert!(
        menu.body.contains("Water") || menu.body.contains("water"),
        "{}",
        menu.body
    );
    assert!(!menu.body.contains("Chilaquiles"));
    assert_eq!(
        browser.open("/menu/moon").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.open("/menu/north/soup").await.status,
        StatusCode::NOT_FOUND
    );

    let water = text(&item(&app.anonymous(), "north", "still-water").await["itemId"]);
    let added = browser
        .submit(
            "/menu/north?q=water",
            "/api/cart/add",
            &[("item", &water), ("back", "/menu/north?q=water")],
        )
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{added:?}");
    assert_eq!(
        added.header("location"),
        format!("/menu/north?q=water&added={water}")
    );
    let checkout = browser.open("/checkout").await;
    assert!(
        checkout
            .header("location")
            .starts_with("/sign-in?next=/checkout"),
        "{checkout:?}"
    );

    browser.sign_up("ana").await;
    let checkout = browser.open("/checkout").await;
    assert_eq!(checkout.status, StatusCode::OK, "{checkout:?}");
    let page = &checkout.body;
    let form: Vec<(&str, String)> = ["campus", "lines", "key", "slot"]
        .into_iter()
        .map(|name| (name, value(page, name)))
        .chain([("gateway", "SIMULATED".to_owned())])
        .collect();
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    // Pressed twice, it is one order.
    let (one, two) = tokio::join!(
        browser.submit("/checkout", "/api/order/place", &form),
        browser.submit("/checkout", "/api/order/place", &form)
    );
    assert_eq!(one.status, StatusCode::SEE_OTHER, "{one:?}");
    assert_eq!(one.header("location"), two.header("location"));
    assert_eq!(engine.raw("SELECT COUNT(*) FROM orders").await, ["1"]);
    let order = browser.open(one.header("location")).await;
    assert_eq!(order.status, StatusCode::OK);
    assert!(order.body.contains("Order received") && order.body.contains("data-countdown"));
    assert!(order.body.contains("http-equiv=\"refresh\""));
    let cart = browser.open("/cart").await;
    assert!(cart.body.contains("Your cart is empty"));
    assert!(
        browser
            .open("/orders")
            .await
            .body
            .contains(one.header("location"))
    );

    // To anybody else it is not there.
    let other = Browser::new(&app);
    other.sign_up("ben").await;
    assert_eq!(
        other.open(one.header("location")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        other.open("/kitchen/north").await.status,
        StatusCode::FORBIDDEN
    );
    app.stop().await;
}

async fn pages_say_what_is_wrong_where_it_is(engine: &Engine) {
    let app = open(engine).await;
    let browser = Browser::new(&app);
    let dish = text(&item(&app.anonymous(), "north", "chilaquiles-verdes").await["itemId"]);
    let path = format!("/menu/north/{dish}");
    let page = browser.open(&path).await.body;
    assert!(page.contains("choices[size][]"), "{page}");
    let refused = browser
        .submit(
            &path,
            "/api/cart/add",
            &[
                ("item", &dish),
                ("choices[size][]", "size-regular"),
                ("choices[size][]", "size-large"),
                ("quantity", "two"),
            ],
        )
        .await;
    // The quantity can't be read, so that nothing else is looked at.
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Check how it is written"));
    let refused = browser
        .submit(
            &path,
            "/api/cart/add",
            &[
                ("item", &dish),
                ("choices[size][]", "size-regular"),
                ("choices[size][]", "size-large"),
                ("quantity", "2"),
            ],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"size-error\""),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("Choose 1 at most"));
    assert_eq!(value(&refused.body, "quantity"), "2");

    // Of another campus: what to do about it.
    let here = text(&item(&app.anonymous(), "north", "still-water").await["itemId"]);
    let there = text(&item(&app.anonymous(), "lakeside", "still-water").await["itemId"]);
    browser
        .submit("/menu/north", "/api/cart/add", &[("item", &here)])
        .await;
    let path = format!("/menu/lakeside/{there}");
    let asked = browser
        .submit(&path, "/api/cart/add", &[("item", &there)])
        .await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.body.contains("Look at the cart of North campus"));
    let button = format!("name=\"replace\" value=\"{there}\"");
    let replace = asked.body.find(&button).expect("a button");
    // Who presses Enter in a field presses the form's first button.
    assert!(
        asked
            .body
            .find("Add to the cart")
            .is_some_and(|add| add < replace)
    );
    let replaced = browser
        .submit(
            &path,
            "/api/cart/add",
            &[("item", &there), ("replace", &there)],
        )
        .await;
    assert_eq!(replaced.header("location"), "/cart");
    assert!(browser.open("/cart").await.body.contains("Lakeside campus"));

    // A checkout without a time, and with a price that is another one now.
    browser.sign_up("ana").await;
    let page = browser.open("/checkout").await.body;
    let (campus, lines, key) = (
        value(&page, "campus"),
        value(&page, "lines"),
        value(&page, "key"),
    );
    let form = |slot: &str| -> Vec<(String, String)> {
        [
            ("campus", &*campus),
            ("lines", &*lines),
            ("key", &*key),
            ("slot", slot),
            ("gateway", "WALLET"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    };
    let submit = async |form: Vec<(String, String)>| {
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        browser.submit("/checkout", "/api/order/place", &form).await
    };
    let untimed = submit(form("")).await;
    assert_eq!(untimed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(untimed.body.contains("id=\"slot-error\""));
    engine
        .raw("UPDATE menu_item SET price = 199 WHERE reference = 'still-water'")
        .await;
    let stale = submit(form(&value(&page, "slot"))).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    assert!(
        stale.body.contains("US$1.99 instead of US$1.40"),
        "{}",
        stale.body
    );
    assert_ne!(value(&stale.body, "key"), key);
    assert_eq!(engine.raw("SELECT COUNT(*) FROM orders").await, ["0"]);
    app.stop().await;
}
