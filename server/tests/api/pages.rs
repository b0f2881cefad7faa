//! Pages and their forms, as a browser without JavaScript meets them.

use crate::app::{Answer, PASSWORD, TestApp};
use crate::engines::{Engine, on_both_engines};
use reqwest::{Method, StatusCode, header};

on_both_engines!(
    a_refused_form_keeps_what_was_typed,
    a_form_that_is_not_ours_is_refused,
    pages_speak_the_language_that_is_asked_for,
);

/// The `<input>` of a name in a page.
fn input<'a>(page: &'a str, name: &str) -> &'a str {
    let mut inputs = page
        .split("<input")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap());
    inputs
        .find(|input| input.contains(&format!("name=\"{name}\"")))
        .unwrap_or_else(|| panic!("{name}: {page}"))
}

async fn a_refused_form_keeps_what_was_typed(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let submit = async |name: &str, email: &str, password: &str| {
        let form = [
            ("_action", "/api/sign-up"),
            ("name", name),
            ("email", email),
            ("password", password),
        ];
        let request = app
            .client
            .post(format!("{}/sign-up", app.base))
            .header("sec-fetch-site", "same-origin");
        Answer::of(request.header(header::ACCEPT, "text/html").form(&form)).await
    };
    let answer = submit("Ana \"<b>\" O'Hara", "ana@example", "short").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let page = &answer.body;
    assert!(
        input(page, "name").contains("value=\"Ana &quot;&lt;b&gt;&quot; O"),
        "{}",
        input(page, "name")
    );
    assert!(!input(page, "name").contains("aria-invalid=\"true\""));
    for field in ["email", "password"] {
        assert!(
            input(page, field).contains("aria-invalid=\"true\""),
            "{}",
            input(page, field)
        );
    }
    assert!(input(page, "email").contains("value=\"ana@example\""));
    assert!(
        input(page, "email").contains("autofocus"),
        "the first refused field"
    );
    assert!(!input(page, "password").contains("autofocus"));
    assert!(!page.contains("short"), "a password is never sent back");
    assert!(page.contains("Write an e-mail address like"));
    assert_eq!(engine.raw("SELECT COUNT(*) FROM account").await, ["0"]);

    let answer = submit("Ana", "ana@example.org", PASSWORD).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/profile"),
        "{answer:?}"
    );
    assert!(
        answer
            .header("set-cookie")
            .starts_with("nutriflow_session=")
    );

    let answer = submit("Ana", "ana@example.org", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("already has an account"));
    app.stop().await;
}

async fn a_form_that_is_not_ours_is_refused(engine: &Engine) {
    let app = TestApp::start(engine).await;
    for (body, status) in [
        ("", 405),
        ("name=Ana", 405),
        ("_action=https://elsewhere.example/api/sign-up", 400),
        ("_action=//elsewhere.example/api/sign-up", 400),
        ("_action=/v1/profile", 400),
        ("_action=%00", 400),
    ] {
        let request = app
            .anonymous()
            .request(Method::POST, "/sign-up")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        assert_eq!(Answer::of(request).await.status, status, "{body}");
    }
    for body in [
        "_action=/api/no-such-function",
        "_action=/api/sign-up&email[]=x&%ff=%fe",
        "_action=/api/sign-up&name=%00",
    ] {
        let request = app
            .anonymous()
            .request(Method::POST, "/sign-up")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let answer = Answer::of(request).await;
        assert!(
            answer.status.is_client_error() || answer.status.is_server_error(),
            "{body}: {}",
            answer.status
        );
        assert!(!answer.body.is_empty(), "{body}");
    }
    assert_eq!(engine.raw("SELECT COUNT(*) FROM account").await, ["0"]);
    app.stop().await;
}

async fn pages_speak_the_language_that_is_asked_for(engine: &Engine) {
    let app = TestApp::start(engine).await;
    for (header_value, cookie, language) in [
        ("en", "", "en"),
        ("es-MX,es;q=0.9", "", "es"),
        ("fr", "", "en"),
        ("en", "language=es", "es"),
        ("es", "language=klingon", "es"),
    ] {
        let request = app
            .anonymous()
            .request(Method::GET, "/sign-in")
            .header(header::ACCEPT_LANGUAGE, header_value)
            .header(header::COOKIE, cookie);
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.body.contains(&format!("<html lang=\"{language}\"")),
            "{header_value} {cookie}"
        );
    }
    app.stop().await;
}
