//! What holds for every request: ids, headers, origins, the description of the API.

use crate::app::{Answer, TestApp, registration};
use crate::engines::{Engine, on_both_engines};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;

on_both_engines!(
    request_ids_are_taken_when_sound_and_made_otherwise,
    other_origins_change_nothing,
    every_answer_is_protected_and_cached_as_it_may_be,
    the_description_lists_every_endpoint,
);

async fn request_ids_are_taken_when_sound_and_made_otherwise(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let longest = "x".repeat(64);
    let too_long = "x".repeat(65);
    for (given, taken) in [
        ("abc-DEF_1.2", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("", false),
        ("a b", false),
        ("a\"b", false),
        ("<script>", false),
        ("{\"level\":\"error\"}", false),
        ("é", false),
    ] {
        for path in ["/livez", "/v1/dishes", "/v1/nothing", "/"] {
            let request = app
                .anonymous()
                .request(Method::GET, path)
                .header("x-request-id", given);
            let answer = Answer::of(request).await;
            let id = answer.header("x-request-id");
            assert_eq!(id == given, taken, "{given:?} {path}: {id:?}");
            assert!(!id.is_empty() && id.len() <= 64);
        }
    }
    let (one, other) = (
        app.anonymous().get("/livez").await,
        app.anonymous().get("/livez").await,
    );
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));

    // The job that a request causes bears its id.
    let ana = app.eater("ana").await;
    let request = ana
        .request(Method::POST, "/v1/diet/plans")
        .json(&json!({ "week": "2027-W01" }));
    Answer::of(request.header("x-request-id", "cause-1"))
        .await
        .expect(StatusCode::ACCEPTED);
    let causes = "SELECT request_id FROM job WHERE kind = 'plan.compute'";
    assert_eq!(engine.raw(causes).await, ["cause-1"]);
    app.stop().await;
}

async fn other_origins_change_nothing(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let own = app.base.as_str();
    let cases: [(&[(&str, &str)], bool); 11] = [
        (&[], true),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "nonsense")], false),
        (&[("origin", own)], true),
        (&[("origin", "https://elsewhere.example")], false),
        (&[("origin", "null")], false),
        (&[("sec-fetch-site", "same-origin"), ("origin", own)], true),
        (&[("sec-fetch-site", "cross-site"), ("origin", own)], false),
    ];
    for (number, (headers, passes)) in cases.into_iter().enumerate() {
        let name = format!("member{number}");
        let email = format!("{name}@example.org");
        let form = [
            ("name", name.as_str()),
            ("email", &email),
            ("password", "a quiet sentence"),
        ];
        for (path, passed) in [
            ("/api/sign-up", StatusCode::OK),
            ("/preferences", StatusCode::SEE_OTHER),
        ] {
            let mut request = app
                .client
                .post(format!("{own}{path}"))
                .header("accept", "application/json")
                .form(&form);
            for (header, value) in headers {
                request = request.header(*header, *value);
            }
            let answer = Answer::of(request).await;
            if passes {
                assert_eq!(answer.status, passed, "{path} {headers:?}: {answer:?}");
            } else {
                answer.problem(403, "FORBIDDEN");
            }
        }
        let made = engine
            .raw(&format!(
                "SELECT COUNT(*) FROM account WHERE name = '{name}'"
            ))
            .await;
        assert_eq!(made == ["1"], passes, "{headers:?}");
    }
    // With the cookie of whoever has signed in, to the API as well.
    for (site, status) in [("cross-site", 403), ("same-origin", 200)] {
        let request = app
            .client
            .put(format!("{own}/v1/profile"))
            .json(&crate::app::profile());
        let answer = Answer::of(request.header("sec-fetch-site", site)).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    // Reading is nothing that another page could do harm with.
    let request = app
        .client
        .get(format!("{own}/v1/profile"))
        .header("sec-fetch-site", "cross-site");
    Answer::of(request).await.expect(StatusCode::OK);
    app.stop().await;
}

async fn every_answer_is_protected_and_cached_as_it_may_be(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let nobody = app.anonymous();
    for path in [
        "/",
        "/sign-in",
        "/livez",
        "/v1/dishes",
        "/v1/profile",
        "/v1/nothing",
        "/no-such-page",
        "/v1/openapi.json",
    ] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe-eval") || policy.contains("wasm-unsafe-eval"),
            "{path}: {policy}"
        );
    }

    // A page's scripts are those that bear its nonce, which no two pages share.
    let page = nobody.get("/sign-in").await;
    let nonce = |policy: &str| {
        policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned()
    };
    let first = nonce(page.header("content-security-policy"));
    assert!(
        page.body.contains(&format!("nonce=\"{first}\"")),
        "{}",
        page.body
    );
    let again = nobody.get("/sign-in").await;
    assert_ne!(first, nonce(again.header("content-security-policy")));
    assert!(page.header("cache-control").contains("no-cache"));

    // What has its version in its name never changes.
    let immutable = "public, max-age=31536000, immutable";
    let version = &app.service.catalogue().version;
    let catalogue = nobody
        .request(Method::GET, &format!("/v1/catalogue/{version}"))
        .send()
        .await
        .unwrap();
    assert_eq!(catalogue.status(), StatusCode::OK);
    assert_eq!(catalogue.headers()["cache-control"], immutable);
    assert_eq!(
        nobody
            .get("/v1/catalogue/older")
            .await
            .header("cache-control"),
        ""
    );
    let style = page
        .body
        .split("href=\"/pkg/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let style = nobody.get(&format!("/pkg/{style}")).await;
    // Without a bundle there is no such file.
    match style.status {
        StatusCode::OK => assert_eq!(style.header("cache-control"), immutable),
        status => assert_eq!(
            (status, style.header("cache-control")),
            (StatusCode::NOT_FOUND, "")
        ),
    }
    for path in [
        "/pkg/..%2f..%2fCargo.toml",
        "/pkg/../manifest.json",
        "/manifest.json",
        "/pkg/missing.js",
    ] {
        assert_eq!(
            nobody.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }

    assert_eq!(nobody.get("/livez").await.status, StatusCode::OK);
    assert_eq!(nobody.get("/readyz").await.status, StatusCode::OK);

    // Going back leads to this site alone.
    for (back, location) in [
        ("/plan?week=2027-W01", "/plan?week=2027-W01"),
        ("https://elsewhere.example", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
        ("", "/"),
    ] {
        let form = [("language", "es"), ("back", back)];
        let answer = Answer::of(nobody.request(Method::POST, "/preferences").form(&form)).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, location),
            "{back:?}"
        );
        assert!(
            answer.header("set-cookie").starts_with("language=es;"),
            "{back:?}"
        );
    }
    app.stop().await;
}

async fn the_description_lists_every_endpoint(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let document = app
        .anonymous()
        .get("/v1/openapi.json")
        .await
        .expect(StatusCode::OK);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is not described"
        );
    }
    let mut listed = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            listed.insert(format!("{} {path}", method.to_uppercase()));
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(
                operation["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    // 101 leads to a WebSocket.
                    .any(|status| status.starts_with('2') || status == "101")
            );
        }
    }
    let expected = [
        "DELETE /v1/admin/menu-items/{itemId}",
        "DELETE /v1/cart",
        "DELETE /v1/cart/lines/{lineId}",
        "DELETE /v1/notifications/browsers/{browserId}",
        "GET /v1/admin/audit",
        "GET /v1/admin/audit/export",
        "GET /v1/admin/campuses/{campus}",
        "GET /v1/admin/dead-events",
        "GET /v1/admin/deliveries",
        "GET /v1/admin/deliveries/export",
        "GET /v1/admin/deliveries/{deliveryId}",
        "GET /v1/admin/jobs",
        "GET /v1/admin/jobs/{jobId}",
        "GET /v1/admin/menu-items",
        "GET /v1/admin/menu-items/export",
        "GET /v1/admin/menu-items/{itemId}",
        "GET /v1/admin/menu-options",
        "GET /v1/admin/orders",
        "GET /v1/admin/orders/export",
        "GET /v1/admin/orders/{orderId}",
        "GET /v1/admin/overview",
        "GET /v1/admin/payments",
        "GET /v1/admin/people",
        "GET /v1/admin/people/export",
        "GET /v1/admin/people/{accountId}",
        "GET /v1/admin/queues",
        "GET /v1/admin/search",
        "GET /v1/admin/system",
        "GET /v1/campuses",
        "GET /v1/campuses/{campus}/board",
        "GET /v1/campuses/{campus}/kitchen",
        "GET /v1/campuses/{campus}/menu",
        "GET /v1/campuses/{campus}/menu/{item}",
        "GET /v1/campuses/{campus}/payments",
        "GET /v1/cart",
        "GET /v1/diet/jobs/{jobId}",
        "GET /v1/diet/plans",
        "GET /v1/diet/plans/{planId}",
        "GET /v1/dishes",
        "GET /v1/dishes/{dishId}",
        "GET /v1/events",
        "GET /v1/foods",
        "GET /v1/inbox",
        "GET /v1/notifications/preferences",
        "GET /v1/orders",
        "GET /v1/orders/{orderId}",
        "GET /v1/orders/{orderId}/status",
        "GET /v1/orders/{orderId}/substitutes",
        "GET /v1/profile",
        "GET /v1/staff/orders",
        "GET /v1/stock",
        "GET /v1/stock/export",
        "GET /v1/stock/{item}/movements",
        "GET /v1/wallet",
        "GET /v1/wallet/entries",
        "GET /v1/wallet/top-ups/{topUpId}",
        "PATCH /v1/admin/people/{accountId}",
        "PATCH /v1/admin/queues/{name}",
        "PATCH /v1/cart/lines/{lineId}",
        "POST /v1/admin/changes/{changeId}/undo",
        "POST /v1/admin/dead-events/{eventId}/repeat",
        "POST /v1/admin/deliveries/{deliveryId}/repeat",
        "POST /v1/admin/jobs/change",
        "POST /v1/admin/jobs/{jobId}/change",
        "POST /v1/admin/menu-items",
        "POST /v1/admin/menu-items/{itemId}/restore",
        "POST /v1/admin/orders/{orderId}/refunds",
        "POST /v1/admin/schedules/{kind}/run",
        "POST /v1/auth/register",
        "POST /v1/auth/token",
        "POST /v1/cart/lines",
        "POST /v1/cart/plan",
        "POST /v1/diet/plans",
        "POST /v1/inbox/{messageId}/read",
        "POST /v1/notifications/browsers",
        "POST /v1/notifications/phone/code",
        "POST /v1/notifications/phone/confirmation",
        "POST /v1/orders",
        "POST /v1/orders/{orderId}/advance",
        "POST /v1/orders/{orderId}/answer",
        "POST /v1/orders/{orderId}/cancel",
        "POST /v1/orders/{orderId}/refuse",
        "POST /v1/stock/import",
        "POST /v1/stock/{item}/movements",
        "POST /v1/wallet/top-ups",
        "POST /v1/wallets/{account}/top-ups",
        "POST /v1/webhooks/stripe",
        "PUT /v1/admin/campuses/{campus}",
        "PUT /v1/admin/menu-items/{itemId}",
        "PUT /v1/admin/payments/{campus}",
        "PUT /v1/campuses/{campus}/state",
        "PUT /v1/notifications/preferences",
        "PUT /v1/profile",
    ];
    assert_eq!(listed, expected.map(str::to_owned).into());
    // Each of them exists: none is an unknown route.
    let ana = app.member("ana").await;
    for endpoint in expected {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let path = path.replace("{dishId}", &app.service.catalogue().dishes[0].id.0);
        let request = ana
            .request(method.parse().unwrap(), &path)
            .json(&registration("ben"));
        let answer = Answer::of(request).await;
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{endpoint}");
        // She has no profile, no short messages are sent, and no gateway tells anything here.
        let nothing = [
            "/v1/notifications/phone/code",
            "/v1/profile",
            "/v1/webhooks/stripe",
        ];
        let nothing = nothing.contains(&path.as_str());
        assert!(
            answer.status != StatusCode::NOT_FOUND || path.contains('{') || nothing,
            "{endpoint}"
        );
    }
    let browser = app.anonymous().get("/v1/docs/").await;
    assert_eq!(browser.status, StatusCode::OK);
    assert!(browser.header("content-type").starts_with("text/html"));
    app.stop().await;
}
