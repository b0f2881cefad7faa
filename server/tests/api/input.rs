//! What is refused, and how it is said.

use crate::app::{Answer, TestApp, profile, registration};
use crate::engines::{Engine, on_both_engines};
use reqwest::{Method, header};
use serde_json::{Value, json};

on_both_engines!(
    impossible_values_are_refused_by_field_in_either_language,
    unreadable_requests_are_problems,
    a_body_that_is_too_large_is_refused,
    a_search_takes_anything,
);

/// The profile with one field set.
fn with(field: &str, value: Value) -> Value {
    let mut changed = profile();
    changed[field] = value;
    changed
}

async fn impossible_values_are_refused_by_field_in_either_language(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.eater("ana").await;
    let nothing = || Value::Null;
    let cases = [
        (
            Method::PUT,
            "/v1/profile",
            with("age", json!(300)),
            "age",
            "OUT_OF_RANGE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("age", json!(-1)),
            "age",
            "OUT_OF_RANGE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("age", json!(1e300)),
            "age",
            "OUT_OF_RANGE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("age", json!("old")),
            "age",
            "MALFORMED",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("age", nothing()),
            "age",
            "REQUIRED",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("heightCm", json!(0)),
            "heightCm",
            "OUT_OF_RANGE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("weightKg", json!(9000)),
            "weightKg",
            "OUT_OF_RANGE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("sex", json!("X")),
            "sex",
            "UNKNOWN_CHOICE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("allergens", json!(["EGG", "KRYPTONITE"])),
            "allergens[1]",
            "UNKNOWN_CHOICE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("allergens", json!([7])),
            "allergens[0]",
            "MALFORMED",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("dislikedFoods", json!(["99999"])),
            "dislikedFoods[0]",
            "NOT_IN_CATALOGUE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("dislikedDishes", json!(["'; --"])),
            "dislikedDishes[0]",
            "NOT_IN_CATALOGUE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("dislikedDishes", json!(["no-such-dish"])),
            "dislikedDishes[0]",
            "NOT_IN_CATALOGUE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("weeklyBudget", json!(1)),
            "weeklyBudget",
            "OUT_OF_RANGE",
        ),
        (
            Method::PUT,
            "/v1/profile",
            with("favouriteColour", json!("red")),
            "favouriteColour",
            "UNKNOWN_FIELD",
        ),
        (
            Method::POST,
            "/v1/diet/plans",
            json!({ "week": "2026-W54" }),
            "week",
            "NO_SUCH_WEEK",
        ),
        (
            Method::POST,
            "/v1/diet/plans",
            json!({ "week": "2025-W53" }),
            "week",
            "NO_SUCH_WEEK",
        ),
        (
            Method::POST,
            "/v1/diet/plans",
            json!({ "week": "soon" }),
            "week",
            "NO_SUCH_WEEK",
        ),
        (
            Method::POST,
            "/v1/diet/plans",
            json!({ "week": 3 }),
            "week",
            "MALFORMED",
        ),
        (
            Method::POST,
            "/v1/diet/plans",
            json!({}),
            "week",
            "REQUIRED",
        ),
        (
            Method::POST,
            "/v1/diet/plans",
            json!({ "week": "2027-W01", "days": 5 }),
            "days",
            "UNKNOWN_FIELD",
        ),
        (
            Method::POST,
            "/v1/auth/register",
            json!({ "name": "A", "email": "nonsense", "password": "a quiet sentence" }),
            "email",
            "NOT_AN_EMAIL",
        ),
        (
            Method::POST,
            "/v1/auth/register",
            json!({ "name": " ", "email": "a@b.org", "password": "a quiet sentence" }),
            "name",
            "REQUIRED",
        ),
        (
            Method::POST,
            "/v1/auth/register",
            json!({ "name": "A\u{0}", "email": "a@b.org", "password": "a quiet sentence" }),
            "name",
            "MALFORMED",
        ),
        (
            Method::POST,
            "/v1/auth/register",
            json!({ "name": "A", "email": "a@b.org", "password": "short" }),
            "password",
            "TOO_SHORT",
        ),
        (
            Method::POST,
            "/v1/auth/register",
            json!({ "name": "A", "email": "a@b.org", "password": "password123" }),
            "password",
            "GUESSABLE_PASSWORD",
        ),
        (
            Method::GET,
            "/v1/diet/plans?limit=0",
            nothing(),
            "limit",
            "OUT_OF_RANGE",
        ),
        (
            Method::GET,
            "/v1/diet/plans?limit=many",
            nothing(),
            "limit",
            "MALFORMED",
        ),
        (
            Method::GET,
            "/v1/diet/plans?cursor=first",
            nothing(),
            "cursor",
            "MALFORMED",
        ),
        (
            Method::GET,
            "/v1/diet/plans?page=2",
            nothing(),
            "page",
            "UNKNOWN_FIELD",
        ),
        (Method::GET, "/v1/foods", nothing(), "q", "REQUIRED"),
    ];
    for (method, path, body, field, code) in cases {
        let mut messages = Vec::new();
        for language in ["en-GB,en;q=0.9", "es-MX,es;q=0.9,en;q=0.5"] {
            let mut request = ana
                .request(method.clone(), path)
                .header(header::ACCEPT_LANGUAGE, language);
            if !body.is_null() {
                request = request.json(&body);
            }
            let document = Answer::of(request).await.problem(422, "INVALID");
            let errors = document["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{path} {body}: {document}");
            assert_eq!(
                (&errors[0]["field"], &errors[0]["code"]),
                (&json!(field), &json!(code)),
                "{path} {body}"
            );
            let message = errors[0]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(' ') && !message.contains('{'), "{message}");
            messages.push((message, document["title"].as_str().unwrap().to_owned()));
        }
        assert_ne!(messages[0].0, messages[1].0, "{path} {body}");
        assert_ne!(messages[0].1, messages[1].1, "{path} {body}");
    }
    // Every refused field at once.
    let empty = ana
        .put("/v1/profile", &json!({}))
        .await
        .problem(422, "INVALID");
    let fields: Vec<_> = empty["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!(fields, ["sex", "age", "heightCm", "weightKg", "activity"]);
    app.stop().await;
}

async fn unreadable_requests_are_problems(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.eater("ana").await;
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "[\"FEMALE\", 21]",
        "3",
        "\"x\"",
        "\u{0}",
        "{\"we",
        "{week: 1}",
        &deep,
    ] {
        for (method, path) in [
            (Method::PUT, "/v1/profile"),
            (Method::POST, "/v1/diet/plans"),
        ] {
            let request = ana
                .request(method, path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_owned());
            Answer::of(request).await.problem(400, "MALFORMED");
        }
    }
    let not_utf8 = ana
        .request(Method::PUT, "/v1/profile")
        .body(vec![b'"', 0xff, b'"']);
    Answer::of(not_utf8).await.problem(400, "MALFORMED");

    for path in [
        "/v1/nothing",
        "/v1/",
        "/v1/diet",
        "/v1/diet/plans/a/b",
        "/v1/dishes/no-such-dish",
        "/v1/catalogue/other",
    ] {
        ana.get(path).await.problem(404, "NOT_FOUND");
    }
    for path in ["/v1/dishes/%ff", "/v1/diet/jobs/%ff"] {
        let answer = ana.get(path).await;
        answer.problem(
            answer.status.as_u16(),
            if answer.status == 404 {
                "NOT_FOUND"
            } else {
                "MALFORMED"
            },
        );
    }
    for (method, path) in [
        (Method::DELETE, "/v1/profile"),
        (Method::PUT, "/v1/diet/plans"),
        (Method::GET, "/v1/auth/token"),
        (Method::POST, "/v1/foods"),
    ] {
        let answer = Answer::of(ana.request(method, path)).await;
        answer.problem(405, "NOT_FOUND");
        assert!(!answer.header("allow").is_empty(), "{path}");
    }
    app.stop().await;
}

async fn a_body_that_is_too_large_is_refused(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    let large = "x".repeat(10_000_000);
    for (method, path, kind) in [
        (Method::PUT, "/v1/profile", "application/json"),
        (Method::POST, "/v1/auth/register", "application/json"),
        (
            Method::POST,
            "/sign-up",
            "application/x-www-form-urlencoded",
        ),
        (
            Method::POST,
            "/api/sign-up",
            "application/x-www-form-urlencoded",
        ),
        (
            Method::POST,
            "/preferences",
            "application/x-www-form-urlencoded",
        ),
    ] {
        let request = ana
            .request(method, path)
            .header(header::CONTENT_TYPE, kind)
            .body(format!("name={large}"));
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 413, "{path}");
        if path.starts_with("/v1/") {
            answer.problem(413, "TOO_LARGE");
        }
    }
    // A body of a size that is not told beforehand is cut off as well.
    let parts =
        futures::stream::iter((0..1000).map(|_| Ok::<_, std::io::Error>("y".repeat(10_000))));
    let chunked = ana
        .request(Method::POST, "/api/sign-up")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(reqwest::Body::wrap_stream(parts));
    if let Ok(response) = chunked.send().await {
        assert!(response.status().is_client_error() || response.status().is_server_error());
    }
    // It goes on serving.
    app.anonymous()
        .post("/v1/auth/register", &registration("ben"))
        .await
        .expect(reqwest::StatusCode::CREATED);
    app.stop().await;
}

async fn a_search_takes_anything(engine: &Engine) {
    let app = TestApp::start(engine).await;
    for text in [
        "%22%3B%20DROP%20TABLE%20food",
        "*%20OR",
        "%27",
        "%00",
        "a%26b",
        "NEAR(",
        "%F0%9F%A5%91",
        "",
    ] {
        let found = app.anonymous().get(&format!("/v1/foods?q={text}")).await;
        assert!(
            found.expect(reqwest::StatusCode::OK)["items"].is_array(),
            "{text}"
        );
    }
    let found = app
        .anonymous()
        .get("/v1/foods?q=jalape%C3%B1o%20raw")
        .await
        .expect(reqwest::StatusCode::OK);
    assert_eq!(found["items"][0]["ndbNo"], "11979");
    let long = "x".repeat(101);
    let refused = app
        .anonymous()
        .get(&format!("/v1/foods?q={long}"))
        .await
        .problem(422, "INVALID");
    assert_eq!(refused["errors"][0]["field"], "q");
    app.stop().await;
}
