//! How members are told, and what administrators see of it, over the API and on the panel's pages without a
//! browser.

use crate::app::{Answer, Caller, TestApp, client, text};
use crate::engines::{Engine, eventually, on_both_engines};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent};
use domain::text::Localized;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use service::Ctx;
use service::gateways::GatewaySettings;
use service::notify::{NotifySettings, Secret, SmsSettings, SmtpSettings};
use storage::outbox::NewEvent;
use uuid::Uuid;

on_both_engines!(
    preferences_are_read_and_replaced,
    a_phone_is_confirmed_by_the_code_that_went_there,
    browsers_are_named_by_their_push_services_alone,
    deliveries_are_listed_shown_and_sent_again,
    only_administrators_see_what_members_were_told,
    the_panel_shows_a_message_in_a_frame_that_allows_nothing,
    the_account_page_keeps_what_was_typed,
);

/// With an e-mail server that nobody ever reaches: what is to be sent stays so.
async fn started(engine: &Engine) -> TestApp {
    let notify = NotifySettings {
        smtp: Some(SmtpSettings {
            // A port that is reserved, and where nobody listens.
            url: Secret::new("smtp://127.0.0.1:1"),
            user: None,
            password: Secret::default(),
            from: "NutriFlow <meals@example.org>".to_owned(),
        }),
        ..NotifySettings::default()
    };
    start_with(engine, notify).await
}

async fn start_with(engine: &Engine, notify: NotifySettings) -> TestApp {
    let gateway = GatewaySettings::kind();
    TestApp::start_with(engine.database.clone(), &engine.slug, gateway, notify).await
}

/// Something has happened to an order of whoever calls.
async fn ready(app: &TestApp, email: &str, number: i64) {
    let institution = app.service.institution(None).unwrap();
    let ctx = Ctx::system(&app.service, institution, "a request");
    let mut tx = ctx.institution.db.write().await.unwrap();
    let account = storage::account::by_email(&mut tx, email).await.unwrap();
    let event = NewEvent {
        id: app.service.next_id(),
        aggregate: format!("order:{number}"),
        kind: OrderEvent::OrderReady,
        payload: EventPayload {
            order_id: Some(Uuid::from_u128(number as u128)),
            number: Some(number),
            campus: Some(Localized {
                en: "North <1>".to_owned(),
                es: "Norte <1>".to_owned(),
            }),
            ..EventPayload::default()
        },
        account_id: Some(account.unwrap().id),
        campus_id: None,
        request_id: "a request".to_owned(),
        at: app.service.now(),
    };
    storage::outbox::append(&mut tx, &[event]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Waits until so many deliveries are there, and gives them.
async fn deliveries(ada: &Caller, many: usize) -> Vec<Value> {
    eventually("deliveries are made", async || {
        let list = ada.get("/v1/admin/deliveries").await.expect(StatusCode::OK);
        let items = list["items"].as_array().unwrap().clone();
        (items.len() == many).then_some(items)
    })
    .await
}

async fn preferences_are_read_and_replaced(engine: &Engine) {
    let app = started(engine).await;
    let ana = app.member("ana").await;
    let path = "/v1/notifications/preferences";
    let usual = ana.get(path).await.expect(StatusCode::OK);
    assert_eq!(
        usual,
        json!({
            "inbox": true, "email": true, "sms": false, "push": false, "phone": null,
            "phoneConfirmed": false, "language": "en",
            "channels": ["EMAIL"], "pushKey": null, "browsers": []
        })
    );
    let wishes = json!({
        "inbox": true, "email": false, "sms": false, "push": false,
        "phone": "+52 (55) 1234-5678", "language": "es"
    });
    let kept = ana.put(path, &wishes).await.expect(StatusCode::OK);
    assert_eq!(kept["phone"], "+525512345678");
    assert_eq!(kept["language"], "es");
    assert_eq!(ana.get(path).await.expect(StatusCode::OK), kept);
    for (field, value, code) in [
        ("phone", json!("5512345678"), "NOT_A_PHONE_NUMBER"),
        ("language", json!("fr"), "UNKNOWN_CHOICE"),
        ("sms", json!(true), "UNKNOWN_CHOICE"),
        ("pigeon", json!(true), "UNKNOWN_FIELD"),
    ] {
        let mut wrong = wishes.clone();
        wrong[field] = value;
        let refused = ana.put(path, &wrong).await.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["code"], code, "{refused}");
    }
    assert_eq!(ana.get(path).await.expect(StatusCode::OK), kept);
    let nobody = app.anonymous();
    nobody.get(path).await.problem(401, "UNAUTHENTICATED");
    app.stop().await;
}

async fn a_phone_is_confirmed_by_the_code_that_went_there(engine: &Engine) {
    let notify = NotifySettings {
        sms: Some(SmsSettings {
            // Nobody listens there.
            base: "http://127.0.0.1:1".to_owned(),
            account: "AC0123".to_owned(),
            token: Secret::new("hidden"),
            from: "+12025550143".to_owned(),
        }),
        ..NotifySettings::default()
    };
    let app = start_with(engine, notify).await;
    let ana = app.member("ana").await;
    let ada = app.with_role("ada", Role::Admin).await;
    let (ask, confirm) = (
        "/v1/notifications/phone/code",
        "/v1/notifications/phone/confirmation",
    );
    let code = json!({ "code": "12 34" });
    ana.post(ask, &json!({})).await.problem(409, "CONFLICT");
    ana.post(confirm, &code).await.problem(409, "CONFLICT");
    let wishes = json!({
        "inbox": true, "email": false, "sms": true, "push": false,
        "phone": "+52 (55) 1234-5678", "language": "es"
    });
    let path = "/v1/notifications/preferences";
    let kept = ana.put(path, &wishes).await.expect(StatusCode::OK);
    assert_eq!(kept["phoneConfirmed"], false);
    let made = deliveries(&ada, 1).await.remove(0);
    assert_eq!(made["template"], "CODE");
    assert_eq!(made["recipient"], "+525512345678");
    assert_eq!(made["orderId"], Value::Null);
    let whole = format!("/v1/admin/deliveries/{}", text(&made["deliveryId"]));
    let whole = ada.get(&whole).await.expect(StatusCode::OK);
    assert!(text(&whole["short"]).starts_with("NutriFlow: ••••••"));
    for (body, error) in [
        (code.clone(), "WRONG_CODE"),
        (json!({ "code": "" }), "REQUIRED"),
        (json!({ "code": "1", "phone": "+1" }), "UNKNOWN_FIELD"),
    ] {
        let refused = ana.post(confirm, &body).await.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["code"], error, "{refused}");
    }
    for _ in 0..2 {
        let answer = ana.post(ask, &json!({})).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
    }
    let limited = ana.post(ask, &json!({})).await;
    assert!(!limited.header("retry-after").is_empty());
    limited.problem(429, "RATE_LIMITED");
    let nobody = app.anonymous();
    nobody
        .post(ask, &code)
        .await
        .problem(401, "UNAUTHENTICATED");
    nobody
        .post(confirm, &code)
        .await
        .problem(401, "UNAUTHENTICATED");
    app.stop().await;
}

async fn browsers_are_named_by_their_push_services_alone(engine: &Engine) {
    let (private_key, public_key) = service::notify::make_keys().unwrap();
    let notify = NotifySettings {
        push: Some(service::notify::PushSettings {
            private_key,
            public_key: public_key.clone(),
            contact: "mailto:meals@example.org".to_owned(),
        }),
        ..NotifySettings::default()
    };
    let app = start_with(engine, notify).await;
    let (ana, ben) = (app.member("ana").await, app.member("ben").await);
    let path = "/v1/notifications/browsers";
    let browser = |endpoint: &str| {
        json!({
            "endpoint": endpoint, "expirationTime": null,
            "keys": { "p256dh": public_key, "auth": "BTBZMqHH6r4Tts7J_aSIgg" }
        })
    };
    let made = ana
        .post(path, &browser("https://fcm.googleapis.com/fcm/send/abc"))
        .await
        .expect(StatusCode::CREATED);
    let id = text(&made["browserId"]);
    let known = ana
        .get("/v1/notifications/preferences")
        .await
        .expect(StatusCode::OK);
    assert_eq!(known["push"], true);
    assert_eq!(known["pushKey"], public_key);
    assert_eq!(known["browsers"][0]["service"], "fcm.googleapis.com");
    for elsewhere in [
        "https://127.0.0.1/latest/meta-data",
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com@evil.example/",
        "file:///etc/passwd",
    ] {
        let refused = ana.post(path, &browser(elsewhere)).await;
        let refused = refused.problem(422, "INVALID");
        assert_eq!(refused["errors"][0]["field"], "endpoint", "{elsewhere}");
    }
    let mut short = browser("https://fcm.googleapis.com/fcm/send/def");
    short["keys"]["p256dh"] = json!("BAAA");
    let refused = ana.post(path, &short).await.problem(422, "INVALID");
    assert_eq!(refused["errors"][0]["field"], "p256dh");
    let nobody = app.anonymous();
    nobody
        .post(path, &short)
        .await
        .problem(401, "UNAUTHENTICATED");
    // Another member's browser is not found.
    let own = format!("{path}/{id}");
    let remove = async |caller: &Caller| Answer::of(caller.request(Method::DELETE, &own)).await;
    remove(&ben).await.problem(404, "NOT_FOUND");
    assert_eq!(remove(&ana).await.status, StatusCode::NO_CONTENT);
    remove(&ana).await.problem(404, "NOT_FOUND");

    // Where somebody signed in by the browser, it takes none once they have signed out there.
    let page = |path: &str| {
        let request = app.client.post(format!("{}{path}", app.base));
        request.header("sec-fetch-site", "same-origin")
    };
    let form = [
        ("_action", "/api/sign-in"),
        ("email", "ana@example.org"),
        ("password", crate::app::PASSWORD),
    ];
    let signed_in = page("/sign-in").header("accept", "text/html").form(&form);
    assert_eq!(Answer::of(signed_in).await.status, StatusCode::SEE_OTHER);
    let hall = browser("https://fcm.googleapis.com/fcm/send/hall");
    Answer::of(page(path).json(&hall))
        .await
        .expect(StatusCode::CREATED);
    let known = async || {
        let known = ana.get("/v1/notifications/preferences").await;
        known.expect(StatusCode::OK)["browsers"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!(known().await, Some(1));
    let left = Answer::of(page("/sign-out")).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert_eq!(known().await, Some(0));
    app.stop().await;
}

async fn deliveries_are_listed_shown_and_sent_again(engine: &Engine) {
    let app = started(engine).await;
    app.member("ana").await;
    app.member("ben").await;
    let ada = app.with_role("ada", Role::Admin).await;
    ready(&app, "ana@example.org", 7).await;
    ready(&app, "ben@example.org", 8).await;
    deliveries(&ada, 2).await;
    let found = async |query: &str| {
        let path = format!("/v1/admin/deliveries?{query}");
        ada.get(&path).await.expect(StatusCode::OK)
    };
    let hers = found("text=ana").await;
    assert_eq!(hers["count"], 1);
    let item = &hers["items"][0];
    assert_eq!(item["channel"], "EMAIL");
    assert_eq!(item["template"], "READY");
    assert_eq!(item["recipient"], "ana@example.org");
    assert_eq!(item["requestId"], "a request");
    assert_eq!(found("text=8").await["items"][0]["number"], 8);
    assert_eq!(found("channel=SMS").await["count"], 0);
    assert_eq!(found("state=SENT").await["count"], 0);
    let first = found("limit=1&oldest=true").await;
    assert_eq!(first["items"][0]["number"], 7);
    let cursor = text(&first["nextCursor"]);
    let second = found(&format!("limit=1&oldest=true&cursor={cursor}")).await;
    assert_eq!(second["items"][0]["number"], 8);
    assert_eq!(second["nextCursor"], Value::Null);
    for wrong in [
        "channel=PIGEON",
        "state=LOST",
        "template=POEM",
        "limit=0",
        "x=1",
    ] {
        let path = format!("/v1/admin/deliveries?{wrong}");
        ada.get(&path).await.problem(422, "INVALID");
    }

    let id = text(&item["deliveryId"]);
    let whole = ada.get(&format!("/v1/admin/deliveries/{id}")).await;
    let whole = whole.expect(StatusCode::OK);
    assert_eq!(whole["subject"], "Order 7 is ready");
    assert_eq!(whole["member"], "ana");
    assert!(text(&whole["text"]).contains("North <1>"));
    assert!(text(&whole["html"]).contains("North &lt;1&gt;"));
    // Nobody has sent it yet, so it is not sent again.
    let again = format!("/v1/admin/deliveries/{id}/repeat");
    ada.post(&again, &json!({})).await.problem(409, "CONFLICT");
    let absent = Uuid::from_u128(1);
    let path = format!("/v1/admin/deliveries/{absent}");
    ada.get(&path).await.problem(404, "NOT_FOUND");
    // What was given up is queued anew.
    engine
        .raw("UPDATE delivery SET state = 'FAILED', error = 'REFUSED 550 no such user', job_id = id WHERE number = 7")
        .await;
    let failed = found("state=FAILED").await;
    assert_eq!(failed["items"][0]["error"], "REFUSED 550 no such user");
    let answer = ada.post(&again, &json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(found("state=FAILED").await["count"], 0);

    let file = ada.get("/v1/admin/deliveries/export?text=ana").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains("ana@example.org"), "{}", lines[1]);
    app.stop().await;
}

async fn only_administrators_see_what_members_were_told(engine: &Engine) {
    let app = started(engine).await;
    let ana = app.member("ana").await;
    let ada = app.with_role("ada", Role::Admin).await;
    ready(&app, "ana@example.org", 7).await;
    let id = text(&deliveries(&ada, 1).await[0]["deliveryId"]);
    let sara = app.with_role("sara", Role::Staff).await;
    let otto = app.with_role("otto", Role::Operator).await;
    for (caller, status, code) in [
        (&ana, 403, "FORBIDDEN"),
        (&sara, 403, "FORBIDDEN"),
        (&otto, 403, "FORBIDDEN"),
        (&app.anonymous(), 401, "UNAUTHENTICATED"),
    ] {
        for path in [
            "/v1/admin/deliveries".to_owned(),
            "/v1/admin/deliveries/export".to_owned(),
            format!("/v1/admin/deliveries/{id}"),
        ] {
            caller.get(&path).await.problem(status, code);
        }
        let again = format!("/v1/admin/deliveries/{id}/repeat");
        caller.post(&again, &json!({})).await.problem(status, code);
    }
    app.stop().await;
}

/// A browser in which an administrator has signed in.
async fn signed_in(app: &TestApp, name: &str) -> Client {
    let browser = client();
    let email = format!("{name}@example.org");
    let form = [
        ("_action", "/api/sign-in"),
        ("email", email.as_str()),
        ("password", crate::app::PASSWORD),
    ];
    let answer = browser
        .post(format!("{}/sign-in", app.base))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    browser
}

async fn the_panel_shows_a_message_in_a_frame_that_allows_nothing(engine: &Engine) {
    let app = started(engine).await;
    app.member("ana").await;
    let ada = app.with_role("ada", Role::Admin).await;
    ready(&app, "ana@example.org", 7).await;
    let id = text(&deliveries(&ada, 1).await[0]["deliveryId"]);
    let browser = signed_in(&app, "ada").await;
    let page = async |path: &str| Answer::of(browser.get(format!("{}{path}", app.base))).await;
    let list = page("/admin/deliveries?state=QUEUED").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.body.contains(&format!("/admin/deliveries/{id}")));
    assert_eq!(page("/admin/deliveries?state=LOST").await.status, 400);
    let whole = page(&format!("/admin/deliveries/{id}")).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert!(whole.body.contains("sandbox=\"\""), "{}", whole.body);
    // The document stands in an attribute, where none of it is markup.
    assert!(whole.body.contains("srcdoc=\""));
    assert!(!whole.body.contains("<h1 style=\"font"), "{}", whole.body);
    let policy = whole.header("content-security-policy");
    assert!(policy.contains("default-src 'self'"), "{policy}");
    app.stop().await;
}

async fn the_account_page_keeps_what_was_typed(engine: &Engine) {
    let app = started(engine).await;
    app.member("ana").await;
    let browser = signed_in(&app, "ana").await;
    let send = async |phone: &str| {
        let form = [
            ("_action", "/api/account/notifications/save"),
            ("channels[]", "INBOX"),
            ("channels[]", "EMAIL"),
            ("phone", phone),
            ("language", "es"),
        ];
        Answer::of(browser.post(format!("{}/account", app.base)).form(&form)).await
    };
    let refused = send("not a number").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = send("").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(
        saved.header("location"),
        "/account?saved=notifications#notifications"
    );
    let language = "SELECT language FROM contact";
    assert_eq!(engine.raw(language).await, ["es"]);
    app.stop().await;
}
