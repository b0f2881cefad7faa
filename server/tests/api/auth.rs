//! Tokens of the API and sessions of browsers.

use crate::app::{Answer, Caller, PASSWORD, TestApp, registration, text};
use crate::engines::{Engine, on_both_engines};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

on_both_engines!(
    tokens_are_issued_and_rotated,
    wrong_credentials_tell_nothing,
    a_browser_signs_in_and_out
);

async fn tokens_are_issued_and_rotated(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let nobody = app.anonymous();
    let registered = nobody
        .post("/v1/auth/register", &registration("ana"))
        .await
        .expect(StatusCode::CREATED);
    let taken = nobody
        .post("/v1/auth/register", &registration("ana"))
        .await
        .problem(422, "INVALID");
    assert_eq!(
        (&taken["errors"][0]["field"], &taken["errors"][0]["code"]),
        (&json!("email"), &json!("EMAIL_TAKEN"))
    );

    let credentials = json!({ "email": "ana@example.org", "password": PASSWORD });
    let answer = nobody.post("/v1/auth/token", &credentials).await;
    let first = answer.expect(StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        (&first["tokenType"], &first["expiresIn"]),
        (&json!("Bearer"), &json!(900))
    );
    let refresh = async |pair: &Value| {
        nobody
            .post(
                "/v1/auth/token",
                &json!({ "refreshToken": pair["refreshToken"] }),
            )
            .await
    };
    let second = refresh(&first).await.expect(StatusCode::OK);
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    let ana = Caller::new(&app.base, Some(text(&second["accessToken"])));
    ana.get("/v1/diet/plans").await.expect(StatusCode::OK);

    refresh(&first).await.problem(401, "WRONG_CREDENTIALS");
    refresh(&second).await.problem(401, "WRONG_CREDENTIALS");
    refresh(&registered).await.expect(StatusCode::OK);
    refresh(&json!({ "refreshToken": "made up" }))
        .await
        .problem(401, "WRONG_CREDENTIALS");

    // A signed token is not taken from anybody else, nor with anything changed.
    let token = text(&second["accessToken"]);
    let (rest, signature) = token.rsplit_once('.').unwrap();
    let unsigned = "eyJhbGciOiJub25lIn0.".to_owned() + rest.split_once('.').unwrap().1 + ".";
    for bad in [
        format!("{rest}x.{signature}"),
        format!("{rest}."),
        unsigned,
        "x".to_owned(),
        String::new(),
    ] {
        let answer = Caller::new(&app.base, Some(bad))
            .get("/v1/diet/plans")
            .await;
        answer.problem(401, "UNAUTHENTICATED");
    }
    let basic = nobody
        .request(Method::GET, "/v1/profile")
        .basic_auth("ana@example.org", Some(PASSWORD));
    Answer::of(basic).await.problem(401, "UNAUTHENTICATED");
    app.stop().await;
}

async fn wrong_credentials_tell_nothing(engine: &Engine) {
    let app = TestApp::start(engine).await;
    app.member("ana").await;
    let mut bodies = Vec::new();
    for (email, password) in [
        ("ana@example.org", "another sentence"),
        ("nobody@example.org", "another sentence"),
        ("not an address", "another sentence"),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = app.anonymous().post("/v1/auth/token", &body).await;
        let mut document = answer.problem(401, "WRONG_CREDENTIALS");
        document["requestId"] = Value::Null;
        let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        bodies.push((document, headers));
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0], bodies[2]);

    for (body, field) in [
        (json!({}), "email"),
        (json!({ "email": "ana@example.org" }), "password"),
        (
            json!({ "email": "a@b.org", "password": PASSWORD, "refreshToken": "x" }),
            "refreshToken",
        ),
    ] {
        let document = app
            .anonymous()
            .post("/v1/auth/token", &body)
            .await
            .problem(422, "INVALID");
        assert_eq!(document["errors"][0]["field"], field, "{body}");
    }
    app.stop().await;
}

async fn a_browser_signs_in_and_out(engine: &Engine) {
    let app = TestApp::start(engine).await;
    app.member("ana").await;
    let post = |path: &str, fields: &[(&str, &str)]| {
        app.client
            .post(format!("{}{path}", app.base))
            .header("sec-fetch-site", "same-origin")
            .form(fields)
    };
    let sign_in = [
        ("_action", "/api/sign-in"),
        ("email", "ana@example.org"),
        ("password", PASSWORD),
        ("next", "/account"),
    ];
    let answer = Answer::of(post("/sign-in", &sign_in)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert_eq!(answer.header("location"), "/account");
    let cookie = answer.header("set-cookie");
    for part in [
        "nutriflow_session=",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // The cookie signs in to the API as well.
    let plans = || app.client.get(format!("{}/v1/diet/plans", app.base));
    Answer::of(plans()).await.expect(StatusCode::OK);

    let away = [
        ("_action", "/api/sign-in"),
        ("email", "ana@example.org"),
        ("password", PASSWORD),
        ("next", "//elsewhere.example"),
    ];
    let answer = Answer::of(post("/sign-in", &away)).await;
    assert_eq!(answer.header("location"), "/plan", "it leads nowhere else");

    let session = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let answer = Answer::of(post("/sign-out", &[])).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
    Answer::of(plans()).await.problem(401, "UNAUTHENTICATED");
    // Whoever kept the cookie has nothing of it.
    let kept = app
        .anonymous()
        .request(Method::GET, "/v1/diet/plans")
        .header(header::COOKIE, session);
    Answer::of(kept).await.problem(401, "UNAUTHENTICATED");
    app.stop().await;
}
