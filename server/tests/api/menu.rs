//! Campuses and menus over the API.

use crate::app::{Caller, TestApp, profile, text};
use crate::engines::{Engine, on_both_engines};
use domain::account::Role;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use service::Ctx;

on_both_engines!(
    everybody_may_read_the_menu,
    a_menu_is_filtered_by_its_address,
    a_members_profile_marks_the_menu,
    the_kitchen_sets_the_state_of_its_campus,
);

const MENU: &str = "/v1/campuses/north/menu";

async fn seeded(engine: &Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    let ctx = Ctx::system(&app.service, app.service.institution(None).unwrap(), "test");
    service::menu::seed(&ctx).await.unwrap();
    app
}

async fn read(caller: &Caller, query: &str) -> Value {
    let answer = caller.get(&format!("{MENU}{query}")).await;
    answer.expect(StatusCode::OK)
}

fn references(menu: &Value) -> Vec<String> {
    let items = menu["items"].as_array().unwrap().iter();
    items.map(|item| text(&item["reference"])).collect()
}

/// The item of a dish or product, as the menu has it.
fn item<'a>(menu: &'a Value, reference: &str) -> &'a Value {
    let mut items = menu["items"].as_array().unwrap().iter();
    items.find(|item| item["reference"] == reference).unwrap()
}

async fn everybody_may_read_the_menu(engine: &Engine) {
    let app = seeded(engine).await;
    let anybody = app.anonymous();
    let campuses = anybody.get("/v1/campuses").await.expect(StatusCode::OK);
    let slugs: Vec<String> = campuses["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|campus| text(&campus["slug"]))
        .collect();
    assert_eq!(slugs, ["lakeside", "north"]);
    let north = &campuses["items"][1];
    assert_eq!(north["name"], "North campus");
    assert_eq!(
        (&north["state"], &north["currency"]),
        (&json!("OPEN"), &json!("USD"))
    );
    assert_eq!(north["hours"][0], json!([{ "opens": 450, "closes": 1230 }]));
    assert_eq!(campuses["nextCursor"], Value::Null);

    let menu = read(&anybody, "").await;
    assert!(references(&menu).len() >= 50);
    assert_eq!(menu["campus"]["slug"], "north");
    let slots = menu["slots"].as_array().unwrap();
    assert!(slots.len() > 100);
    assert_eq!(slots[0]["left"], 30);
    let tacos = item(&menu, "tacos-de-camote-y-frijol-negro");
    assert_eq!(tacos["kind"], "DISH");
    assert_eq!(tacos["price"], 540);
    assert_eq!(tacos["configurable"], true);
    assert_eq!(tacos["forbidden"], json!([]));
    assert!(tacos["energy"].as_f64().unwrap() > 300.0);
    assert!(tacos["protein"].as_f64().unwrap() > 10.0);
    assert!(tacos["diets"].as_array().unwrap().contains(&json!("VEGAN")));
    assert!(tacos["left"].as_i64().unwrap() > 0);
    // One of the next slots is one of its first.
    let first = text(&tacos["firstSlot"]);
    assert!(slots.iter().any(|slot| slot["startsAt"] == first.as_str()));

    let path = format!("{MENU}/{}", text(&tacos["itemId"]));
    let whole = anybody.get(&path).await.expect(StatusCode::OK);
    assert_eq!(whole["itemId"], tacos["itemId"]);
    let groups = whole["options"]["groups"].as_array().unwrap();
    let keys: Vec<String> = groups.iter().map(|group| text(&group["key"])).collect();
    assert_eq!(keys, ["salsa", "heat", "mexican-extras"]);
    assert_eq!(groups[0]["min"], 1);
    assert_eq!(
        whole["options"]["rules"][0],
        json!({ "kind": "REQUIRES", "option": "extra-chili", "other": "salsa-hot" })
    );
    assert_eq!(whole["simplest"], json!(["salsa-mild"]));
    assert_eq!(whole["sale"]["from"], 690);
    assert!(whole["nutrients"]["fiber"]["amount"].as_f64().unwrap() > 5.0);

    let spanish = anybody
        .request(Method::GET, MENU)
        .header(header::ACCEPT_LANGUAGE, "es-MX");
    let spanish = crate::app::Answer::of(spanish).await.expect(StatusCode::OK);
    assert_eq!(spanish["campus"]["name"], "Campus Norte");
    assert_eq!(
        item(&spanish, "tacos-de-camote-y-frijol-negro")["name"],
        "Tacos de camote y frijol negro"
    );

    for nothing in [
        "/v1/campuses/south/menu".to_owned(),
        "/v1/campuses/%00/menu".to_owned(),
        "/v1/campuses/north%00/menu".to_owned(),
        format!("{MENU}/nothing"),
        format!("{MENU}/00000000-0000-7000-8000-000000000000"),
        path.replace("north", "lakeside"),
    ] {
        anybody.get(&nothing).await.problem(404, "NOT_FOUND");
    }
    let description = anybody.get("/v1/openapi.json").await.expect(StatusCode::OK);
    for path in [
        "/v1/campuses",
        "/v1/campuses/{campus}/menu",
        "/v1/campuses/{campus}/menu/{item}",
        "/v1/campuses/{campus}/state",
    ] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
    app.stop().await;
}

async fn a_menu_is_filtered_by_its_address(engine: &Engine) {
    let app = seeded(engine).await;
    let anybody = app.anonymous();
    let found = async |query: &str| references(&read(&anybody, query).await);
    assert_eq!(
        found("?q=Platano%20CACAHUATE").await,
        ["licuado-platano-avena-cacahuate"]
    );
    assert_eq!(found("?q=nothing+like+it").await.len(), 0);
    // Empty fields of a form are none.
    let all = found("").await;
    assert_eq!(found("?q=&without=").await, all);
    let vegan = found("?diet=VEGAN").await;
    assert!(vegan.len() < all.len());
    assert!(vegan.contains(&"dal-tadka".to_owned()) && !vegan.contains(&"mango-lassi".to_owned()));
    let without = found("?without=MILK,%20soy").await;
    assert!(!without.contains(&"mango-lassi".to_owned()) && without.contains(&"apple".to_owned()));
    assert_eq!(found("?maxPrice=80").await, ["banana"]);
    assert_eq!(found("?readyWithin=0").await.len(), 0);
    assert_eq!(found("?diet=VEGAN&maxPrice=90&q=man").await, ["apple"]);

    let long = format!("q={}", "x".repeat(101));
    for (query, field, code) in [
        ("diet=SOUP", "diet", "UNKNOWN_CHOICE"),
        ("without=MILK,KRYPTONITE", "without", "UNKNOWN_CHOICE"),
        ("maxPrice=-1", "maxPrice", "OUT_OF_RANGE"),
        ("maxPrice=cheap", "maxPrice", "MALFORMED"),
        ("readyWithin=100000", "readyWithin", "OUT_OF_RANGE"),
        ("hideForbidden=perhaps", "hideForbidden", "MALFORMED"),
        ("colour=red", "colour", "UNKNOWN_FIELD"),
        (long.as_str(), "q", "TOO_LONG"),
    ] {
        let answer = anybody.get(&format!("{MENU}?{query}")).await;
        let problem = answer.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
        assert_eq!(problem["errors"][0]["code"], code, "{query}");
    }
    app.stop().await;
}

async fn a_members_profile_marks_the_menu(engine: &Engine) {
    let app = seeded(engine).await;
    let ana = app.member("ana").await;
    let mut answers = profile();
    answers["allergens"] = json!(["MILK"]);
    answers["diet"] = json!("VEGETARIAN");
    ana.put("/v1/profile", &answers)
        .await
        .expect(StatusCode::OK);
    let menu = read(&ana, "").await;
    assert_eq!(
        item(&menu, "mango-lassi")["forbidden"],
        json!([{ "reason": "ALLERGEN", "allergen": "MILK" }])
    );
    assert_eq!(
        item(&menu, "kung-pao-chicken")["forbidden"][0],
        json!({ "reason": "DIET", "diet": "VEGETARIAN" })
    );
    let hidden = read(&ana, "?hideForbidden=true").await;
    assert!(!references(&hidden).contains(&"mango-lassi".to_owned()));
    assert_eq!(
        hidden["hidden"].as_u64().unwrap() as usize,
        references(&menu).len() - references(&hidden).len()
    );
    let tacos = item(&menu, "tacos-de-camote-y-frijol-negro");
    assert_eq!(tacos["forbidden"], json!([]));
    let path = format!("{MENU}/{}", text(&tacos["itemId"]));
    let whole = ana.get(&path).await.expect(StatusCode::OK);
    assert_eq!(
        whole["forbiddenOptions"]["sour-cream"],
        json!([{ "reason": "ALLERGEN", "allergen": "MILK" }])
    );
    assert_eq!(whole["forbiddenOptions"]["extra-avocado"], Value::Null);
    app.stop().await;
}

async fn the_kitchen_sets_the_state_of_its_campus(engine: &Engine) {
    let app = seeded(engine).await;
    let sam = app.with_role("sam", Role::Staff).await;
    let path = "/v1/campuses/north/state";
    let open = json!({ "state": "OPEN" });
    app.anonymous()
        .put(path, &open)
        .await
        .problem(401, "UNAUTHENTICATED");
    let ana = app.member("ana").await;
    ana.put(path, &open).await.problem(403, "FORBIDDEN");
    sam.put("/v1/campuses/south/state", &open)
        .await
        .problem(404, "NOT_FOUND");

    for (body, field, code) in [
        (json!({}), "state", "REQUIRED"),
        (json!({ "state": "SHUT" }), "state", "UNKNOWN_CHOICE"),
        (json!({ "state": "BUSY" }), "minutes", "REQUIRED"),
        (
            json!({ "state": "BUSY", "minutes": 0 }),
            "minutes",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "state": "BUSY", "minutes": "ten" }),
            "minutes",
            "MALFORMED",
        ),
        (
            json!({ "state": "OPEN", "minutes": 5 }),
            "minutes",
            "UNKNOWN_FIELD",
        ),
        (json!({ "state": "PAUSED" }), "until", "REQUIRED"),
        (
            json!({ "state": "PAUSED", "until": "tomorrow" }),
            "until",
            "MALFORMED",
        ),
        (
            json!({ "state": "PAUSED", "until": "2026-01-01T00:00:00Z" }),
            "until",
            "NOT_WITHIN_DAYS",
        ),
        (
            json!({ "state": "BUSY", "minutes": 5, "until": "2026-01-01T00:00:00Z" }),
            "until",
            "UNKNOWN_FIELD",
        ),
    ] {
        let problem = sam.put(path, &body).await.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
        assert_eq!(problem["errors"][0]["code"], code, "{body}");
        assert!(
            text(&problem["errors"][0]["message"]).contains(' '),
            "{body}"
        );
    }

    let busy = json!({ "state": "BUSY", "minutes": 35 });
    let campus = sam.put(path, &busy).await.expect(StatusCode::OK);
    assert_eq!(
        (&campus["state"], &campus["busyMinutes"]),
        (&json!("BUSY"), &json!(35))
    );
    let now = app.service.now();
    let until = jiff::Timestamp::from_microsecond(now + 3_600_000_000).unwrap();
    let pause = json!({ "state": "PAUSED", "until": until.to_string() });
    let campus = sam.put(path, &pause).await.expect(StatusCode::OK);
    assert_eq!(campus["state"], "PAUSED");
    assert_eq!(campus["pausedUntil"], until.to_string());
    let menu = read(&ana, "").await;
    assert_eq!(menu["campus"]["state"], "PAUSED");
    assert_eq!(menu["slots"], json!([]));
    let campus = sam.put(path, &open).await.expect(StatusCode::OK);
    assert_eq!(campus["pausedUntil"], Value::Null);
    assert!(!read(&ana, "").await["slots"].as_array().unwrap().is_empty());
    app.stop().await;
}
