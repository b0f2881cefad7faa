//! What happens, over a WebSocket; what was told, and what could not be.

use crate::app::{Answer, Caller, PASSWORD, TestApp, text};
use crate::engines::{Engine, eventually, on_both_engines};
use domain::account::Role;
use domain::event::{EventPayload, OrderEvent};
use domain::text::Localized;
use futures::StreamExt as _;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;
use storage::outbox::NewEvent;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

on_both_engines!(
    a_socket_carries_what_happens_and_goes_on_where_it_was_lost,
    a_browser_follows_from_its_own_pages_alone,
    what_is_no_request_to_follow_is_refused,
    an_account_has_so_many_sockets,
    a_server_that_stops_says_goodbye,
    a_socket_shows_that_it_lives_and_ends_when_its_owner_signs_out,
    messages_are_listed_and_read_by_their_owner,
    dead_letters_are_listed_and_repeated,
);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const FAR: Duration = Duration::from_secs(60);

/// Opens a socket, or gives the status that it is refused with.
async fn open(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Result<Socket, StatusCode> {
    let address = app.base.replace("http://", "ws://");
    let mut request = format!("{address}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        let name = header::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status()),
        Err(error) => panic!("{error}"),
    }
}

async fn follow(app: &TestApp, caller: &Caller, path: &str) -> Result<Socket, StatusCode> {
    let bearer = format!("Bearer {}", caller.token());
    open(app, path, &[("authorization", &bearer)]).await
}

/// The next message; a close with its code.
async fn next(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message = tokio::time::timeout(FAR, socket.next()).await.unwrap();
        match message.expect("it is closed by a frame").unwrap() {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => return Err(frame.map_or(0, |frame| frame.code.into())),
            _ => {}
        }
    }
}

/// The account's id.
async fn account(engine: &Engine, name: &str) -> Uuid {
    let id = match engine.database {
        storage::Database::Sqlite(_) => "hex(id)",
        storage::Database::Postgres(_) => "CAST(id AS TEXT)",
    };
    let sql = format!("SELECT {id} FROM account WHERE email = '{name}@example.org'");
    engine.raw(&sql).await[0].parse().unwrap()
}

/// Writes down that an order is ready, and gives the event's id.
async fn ready(app: &TestApp, account: Uuid, number: i64) -> Uuid {
    let campus = Localized {
        en: "Main".to_owned(),
        es: "Central".to_owned(),
    };
    let event = NewEvent {
        id: app.service.next_id(),
        aggregate: format!("order:{account}"),
        kind: OrderEvent::OrderReady,
        payload: EventPayload {
            order_id: Some(Uuid::from_u128(7)),
            number: Some(number),
            campus: Some(campus),
            slot_at: Some(1_800_000_000_000_000),
            ..EventPayload::default()
        },
        account_id: Some(account),
        campus_id: None,
        request_id: "test".to_owned(),
        at: app.service.now(),
    };
    let db = &app.service.institution(None).unwrap().db;
    let mut tx = db.write().await.unwrap();
    storage::outbox::append(&mut tx, std::slice::from_ref(&event))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    event.id
}

/// Signs a browser up, and gives its cookie.
async fn browser(app: &TestApp, name: &str) -> String {
    let email = format!("{name}@example.org");
    let form = [
        ("_action", "/api/sign-up"),
        ("name", name),
        ("email", &email),
        ("password", PASSWORD),
    ];
    let request = app
        .client
        .post(format!("{}/sign-up", app.base))
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html");
    let answer = Answer::of(request.form(&form)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let cookie = answer.header("set-cookie").split(';').next().unwrap();
    assert!(cookie.starts_with("nutriflow_session="));
    cookie.to_owned()
}

async fn a_socket_carries_what_happens_and_goes_on_where_it_was_lost(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    app.member("ben").await;
    let (hers, his) = (account(engine, "ana").await, account(engine, "ben").await);
    let mut socket = follow(&app, &ana, "/v1/events").await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert_eq!(
        (&first["kind"], &first["id"]),
        (&json!("CONNECTED"), &json!(0))
    );
    ready(&app, his, 1).await;
    ready(&app, hers, 2).await;
    let event = next(&mut socket).await.unwrap();
    let expected = json!({
        "id": 2,
        "kind": "ORDER_READY",
        "at": event["at"],
        "own": true,
        "orderId": Uuid::from_u128(7).to_string(),
        "number": 2,
        "campus": { "en": "Main", "es": "Central" },
        "slotAt": "2027-01-15T08:00:00Z",
    });
    assert_eq!(event, expected);
    assert!(event["at"].as_str().unwrap().ends_with('Z'));
    // The connection is lost, and meanwhile more happens.
    drop(socket);
    ready(&app, hers, 3).await;
    ready(&app, his, 4).await;
    ready(&app, hers, 5).await;
    let mut socket = follow(&app, &ana, "/v1/events?after=2").await.unwrap();
    let first = next(&mut socket).await.unwrap();
    assert_eq!(
        (&first["kind"], &first["id"]),
        (&json!("CONNECTED"), &json!(2))
    );
    for (id, number) in [(3, 3), (5, 5)] {
        let event = next(&mut socket).await.unwrap();
        assert_eq!(
            (&event["id"], &event["number"]),
            (&json!(id), &json!(number))
        );
    }
    // Those who work there see everybody's.
    let staff = app.with_role("sara", Role::Staff).await;
    let mut all = follow(&app, &staff, "/v1/events?after=0").await.unwrap();
    next(&mut all).await.unwrap();
    for id in 1..=5 {
        let event = next(&mut all).await.unwrap();
        assert_eq!((&event["id"], &event["own"]), (&json!(id), &json!(false)));
    }
    // What is not known any more has to be read anew.
    let mut anew = follow(&app, &ana, "/v1/events?after=99").await.unwrap();
    let first = next(&mut anew).await.unwrap();
    assert_eq!((&first["kind"], &first["id"]), (&json!("RESET"), &json!(5)));
    app.stop().await;
}

async fn a_browser_follows_from_its_own_pages_alone(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let cookie = browser(&app, "ana").await;
    let own = app.base.clone();
    let path = "/v1/events";
    let cookie = ("cookie", cookie.as_str());
    let mut socket = open(&app, path, &[cookie, ("origin", &own)]).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["kind"], "CONNECTED");
    for foreign in ["http://evil.example", "null"] {
        let refused = open(&app, path, &[cookie, ("origin", foreign)]).await;
        assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN), "{foreign}");
    }
    let site = ("sec-fetch-site", "cross-site");
    let refused = open(&app, path, &[cookie, ("origin", &own), site]).await;
    assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN));
    // Without a cookie there is nothing that somebody else could use.
    let nobody = open(&app, path, &[("origin", &own)]).await;
    assert_eq!(nobody.err(), Some(StatusCode::UNAUTHORIZED));
    let ben = app.member("ben").await;
    let bearer = format!("Bearer {}", ben.token());
    let by_token = [
        ("authorization", bearer.as_str()),
        ("origin", "http://elsewhere.example"),
    ];
    open(&app, path, &by_token).await.unwrap();
    app.stop().await;
}

async fn what_is_no_request_to_follow_is_refused(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    app.anonymous()
        .get("/v1/events")
        .await
        .problem(401, "UNAUTHENTICATED");
    let plain = ana.get("/v1/events").await;
    assert!(plain.status.is_client_error(), "{plain:?}");
    assert_eq!(plain.json()["code"], "MALFORMED");
    for path in [
        "/v1/events?after=-1",
        "/v1/events?after=x",
        "/v1/events?x=1",
    ] {
        let refused = follow(&app, &ana, path).await;
        assert_eq!(
            refused.err(),
            Some(StatusCode::UNPROCESSABLE_ENTITY),
            "{path}"
        );
    }
    // A client has nothing to say.
    let mut socket = follow(&app, &ana, "/v1/events").await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["kind"], "CONNECTED");
    futures::SinkExt::send(&mut socket, Message::text("hello"))
        .await
        .unwrap();
    assert_eq!(next(&mut socket).await, Err(1008));
    app.stop().await;
}

async fn an_account_has_so_many_sockets(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    let mut sockets = Vec::new();
    for _ in 0..service::live::FOLLOWING_MOST {
        sockets.push(follow(&app, &ana, "/v1/events").await.unwrap());
    }
    let refused = follow(&app, &ana, "/v1/events").await;
    assert_eq!(refused.err(), Some(StatusCode::TOO_MANY_REQUESTS));
    // Others have their own.
    let ben = app.member("ben").await;
    follow(&app, &ben, "/v1/events").await.unwrap();
    // A place is free again when one has gone.
    sockets.pop().unwrap().close(None).await.unwrap();
    eventually("there is room again", async || {
        follow(&app, &ana, "/v1/events").await.ok()
    })
    .await;
    app.stop().await;
}

async fn a_server_that_stops_says_goodbye(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    let mut socket = follow(&app, &ana, "/v1/events").await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["kind"], "CONNECTED");
    let reading = tokio::spawn(async move { next(&mut socket).await });
    app.stop().await;
    assert_eq!(reading.await.unwrap(), Err(1001));
}

async fn a_socket_shows_that_it_lives_and_ends_when_its_owner_signs_out(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    let cookie = browser(&app, "ben").await;
    let mut hers = follow(&app, &ana, "/v1/events").await.unwrap();
    let mut his = open(&app, "/v1/events", &[("cookie", &cookie)])
        .await
        .unwrap();
    for socket in [&mut hers, &mut his] {
        assert_eq!(next(socket).await.unwrap()["kind"], "CONNECTED");
    }
    let sign_out = app
        .client
        .post(format!("{}/sign-out", app.base))
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, &cookie);
    assert_eq!(Answer::of(sign_out).await.status, StatusCode::SEE_OTHER);
    let beat = next(&mut hers).await.unwrap();
    assert_eq!(beat["kind"], "HEARTBEAT");
    assert_eq!(beat.get("id"), None);
    assert_eq!(next(&mut his).await, Err(1008));
    app.stop().await;
}

async fn messages_are_listed_and_read_by_their_owner(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    let ben = app.member("ben").await;
    let hers = account(engine, "ana").await;
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(ready(&app, hers, number).await);
    }
    let page = eventually("messages come", async || {
        let page = ana.get("/v1/inbox?limit=2").await.expect(StatusCode::OK);
        (page["unread"] == 3).then_some(page)
    })
    .await;
    let numbers = |page: &Value| {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["number"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&page), [3, 2]);
    let message = &page["items"][0];
    assert_eq!(message["messageId"], ids[2].to_string());
    assert_eq!(message["kind"], "ORDER_READY");
    assert_eq!(message["readAt"], Value::Null);
    assert_eq!(message["slotAt"], "2027-01-15T08:00:00Z");
    let cursor = text(&page["nextCursor"]);
    let rest = ana.get(&format!("/v1/inbox?cursor={cursor}")).await;
    let rest = rest.expect(StatusCode::OK);
    assert_eq!(
        (numbers(&rest), &rest["nextCursor"]),
        (vec![1], &Value::Null)
    );
    let path = format!("/v1/inbox/{}/read", ids[2]);
    let read = ana.post(&path, &json!({})).await.expect(StatusCode::OK);
    assert!(read["readAt"].is_string());
    let again = ana.post(&path, &json!({})).await.expect(StatusCode::OK);
    assert_eq!(again, read);
    let page = ana.get("/v1/inbox").await.expect(StatusCode::OK);
    assert_eq!(page["unread"], 2);
    // To others it does not exist.
    ben.post(&path, &json!({})).await.problem(404, "NOT_FOUND");
    let page = ben.get("/v1/inbox").await.expect(StatusCode::OK);
    assert_eq!(page["items"], json!([]));
    ana.post("/v1/inbox/nonsense/read", &json!({}))
        .await
        .problem(404, "NOT_FOUND");
    ana.get("/v1/inbox?limit=0").await.problem(422, "INVALID");
    let nobody = app.anonymous();
    nobody
        .get("/v1/inbox")
        .await
        .problem(401, "UNAUTHENTICATED");
    app.stop().await;
}

async fn dead_letters_are_listed_and_repeated(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;
    let ada = app.with_role("ada", Role::Admin).await;
    let operator = app.with_role("oto", Role::Operator).await;
    let hers = account(engine, "ana").await;
    let event = ready(&app, hers, 1).await;
    eventually("it is delivered", async || {
        let page = ana.get("/v1/inbox").await.expect(StatusCode::OK);
        (page["unread"] == 1).then_some(())
    })
    .await;
    // As if it never had been.
    let failure = storage::outbox::Failure {
        event_id: event,
        attempts: 5,
        next_at: None,
        error: json!({ "type": "MALFORMED" }).to_string(),
    };
    let db = &app.service.institution(None).unwrap().db;
    let mut tx = db.write().await.unwrap();
    let consumer = storage::outbox::Consumer::Inbox;
    storage::outbox::fail(&mut tx, consumer, &[failure], app.service.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    engine.raw("DELETE FROM inbox_message").await;

    let list = "/v1/admin/dead-events";
    ana.get(list).await.problem(403, "FORBIDDEN");
    app.anonymous()
        .get(list)
        .await
        .problem(401, "UNAUTHENTICATED");
    let page = operator.get(list).await.expect(StatusCode::OK);
    assert_eq!(
        (&page["count"], &page["nextCursor"]),
        (&json!(1), &Value::Null)
    );
    let letter = &page["items"][0];
    assert_eq!(letter["eventId"], event.to_string());
    assert_eq!(letter["consumer"], "INBOX");
    assert_eq!(letter["code"], "MALFORMED");
    assert_eq!(letter["owner"], "ana@example.org");
    assert_eq!(letter["attempts"], 5);
    ada.get(&format!("{list}?cursor=nonsense"))
        .await
        .problem(422, "INVALID");
    let repeat = format!("{list}/{event}/repeat");
    let inbox = json!({ "consumer": "INBOX" });
    operator
        .post(&repeat, &inbox)
        .await
        .problem(403, "FORBIDDEN");
    ada.post(&repeat, &json!({ "consumer": "NOBODY" }))
        .await
        .problem(422, "INVALID");
    ada.post(&repeat, &json!({ "consumer": "LIVE" }))
        .await
        .problem(404, "NOT_FOUND");
    let repeated = ada.post(&repeat, &inbox).await;
    assert_eq!(repeated.status, StatusCode::ACCEPTED);
    eventually("it is delivered again", async || {
        let page = ana.get("/v1/inbox").await.expect(StatusCode::OK);
        (page["items"][0]["number"] == 1).then_some(())
    })
    .await;
    ada.post(&repeat, &inbox).await.problem(404, "NOT_FOUND");
    let page = ada.get(list).await.expect(StatusCode::OK);
    assert_eq!(page["items"], json!([]));
    app.stop().await;
}
