//! What operators see: health, metrics, logs, traces, and what the doctor says.

use crate::app::{Answer, Caller, PASSWORD, SECRET, TestApp, client, profile, text};
use crate::binary::Process;
use crate::engines::{Engine, eventually, on_both_engines};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use domain::account::Role;
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};
use storage::Database;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

on_both_engines!(
    whether_it_lives_is_told_to_everybody,
    how_it_is_is_told_to_those_who_run_it,
    it_is_ready_only_while_its_database_answers,
    metrics_are_for_whoever_knows_the_token,
    metrics_may_have_an_address_of_their_own,
    what_has_begun_is_finished_when_it_is_told_to_stop,
    nothing_secret_is_logged,
    traces_are_sent_to_a_collector,
    the_doctor_finds_what_is_wrong,
);

async fn whether_it_lives_is_told_to_everybody(engine: &Engine) {
    let app = TestApp::start(engine).await;
    for path in ["/livez", "/health", "/api/health", "/api/health/"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, "alive"),
            "{path}"
        );
    }
    // Nobody has asked for metrics to be shown.
    for token in [None, Some(String::new()), Some("guessed".to_owned())] {
        let answer = Caller::new(&app.base, token).get("/metrics").await;
        assert!(!answer.body.contains("# TYPE"));
        assert!(
            [StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED].contains(&answer.status),
            "{answer:?}"
        );
    }
    let answer = app.anonymous().get("/metrics").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

async fn how_it_is_is_told_to_those_who_run_it(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let path = "/health/detailed";
    let nobody = app.anonymous().get(path).await;
    nobody.problem(401, "UNAUTHENTICATED");
    for (name, role) in [("ana", Role::Member), ("sam", Role::Staff)] {
        let caller = app.with_role(name, role).await;
        caller.get(path).await.problem(403, "FORBIDDEN");
    }
    for (name, role) in [("ada", Role::Admin), ("olga", Role::Operator)] {
        let answer = app.with_role(name, role).await.get(path).await;
        let health = answer.expect(StatusCode::OK);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(health["ok"], true, "{health}");
        assert_eq!(health["database"]["ok"], true);
        let (named, version) = match engine.database {
            Database::Sqlite(_) => ("SQLITE", "SQLite 3."),
            Database::Postgres(_) => ("POSTGRES", "PostgreSQL "),
        };
        assert_eq!(health["database"]["engine"], named);
        let ping = health["database"]["pingMilliseconds"].as_f64().unwrap();
        assert!(ping > 0.0 && ping < 2000.0, "{health}");
        let versions = &health["versions"];
        assert!(text(&versions["database"]).starts_with(version), "{health}");
        assert_eq!(versions["nutriflow"], env!("CARGO_PKG_VERSION"));
        assert_eq!(versions["catalogue"], app.service.catalogue().version);
        assert!(health["uptimeSeconds"].is_u64(), "{health}");
        let resident = health["memory"]["residentBytes"].as_u64().unwrap();
        assert!(resident > 1 << 20, "{health}");
        match engine.database {
            Database::Sqlite(_) => {
                let free = health["disk"]["freeBytes"].as_u64().unwrap();
                let total = health["disk"]["totalBytes"].as_u64().unwrap();
                assert!(0 < free && free <= total, "{health}");
            }
            Database::Postgres(_) => assert_eq!(health["disk"], Value::Null),
        }
    }
    app.stop().await;
}

/// Stands between the product and PostgreSQL, and can fall silent, as a broken network does.
struct Proxy {
    database: Database,
    passes: watch::Sender<bool>,
}

impl Proxy {
    async fn start(url: &str) -> Self {
        let mut url: Url = url.parse().unwrap();
        let upstream = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        url.set_host(Some(&address.ip().to_string())).unwrap();
        url.set_port(Some(address.port())).unwrap();
        let (passes, passing) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let (upstream, passing) = (upstream.clone(), passing.clone());
                tokio::spawn(async move {
                    let there = TcpStream::connect(upstream).await.unwrap();
                    let (from_here, to_here) = here.into_split();
                    let (from_there, to_there) = there.into_split();
                    tokio::join!(
                        Self::carry(from_here, to_there, passing.clone()),
                        Self::carry(from_there, to_here, passing),
                    );
                });
            }
        });
        Self {
            database: Database::Postgres(url.into()),
            passes,
        }
    }

    async fn carry(
        mut from: tokio::net::tcp::OwnedReadHalf,
        mut to: tokio::net::tcp::OwnedWriteHalf,
        mut passing: watch::Receiver<bool>,
    ) {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            let passes = passing.wait_for(|passes| *passes).await.is_ok();
            if !passes || to.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    }
}

/// What makes a database go away, and come back.
enum Fault {
    File(std::path::PathBuf),
    Network(Proxy),
}

impl Fault {
    fn aside(file: &std::path::Path) -> std::path::PathBuf {
        file.with_extension("aside")
    }

    fn begin(&self) {
        match self {
            Self::File(file) => std::fs::rename(file, Self::aside(file)).unwrap(),
            Self::Network(proxy) => drop(proxy.passes.send_replace(false)),
        }
    }

    fn end(&self) {
        match self {
            Self::File(file) => std::fs::rename(Self::aside(file), file).unwrap(),
            Self::Network(proxy) => drop(proxy.passes.send_replace(true)),
        }
    }
}

async fn it_is_ready_only_while_its_database_answers(engine: &Engine) {
    let (app, fault) = match &engine.database {
        Database::Sqlite(_) => (TestApp::start(engine).await, Fault::File(engine.file())),
        Database::Postgres(url) => {
            let proxy = Proxy::start(url).await;
            let app = TestApp::start_on(proxy.database.clone(), &engine.slug).await;
            (app, Fault::Network(proxy))
        }
    };
    let operator = app.with_role("olga", Role::Operator).await;
    let nobody = app.anonymous();
    assert_eq!(nobody.get("/readyz").await.status, StatusCode::OK);

    for _ in 0..2 {
        fault.begin();
        // However many ask, none waits for another.
        for _ in 0..3 {
            let begun = Instant::now();
            let answers = futures::future::join_all((0..30).map(|_| nobody.get("/readyz"))).await;
            let elapsed = begun.elapsed();
            assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
            for answer in answers {
                assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            }
        }
        assert_eq!(nobody.get("/livez").await.status, StatusCode::OK);
        let health = operator.get("/health/detailed").await;
        let health = health.expect(StatusCode::OK);
        assert_eq!(health["ok"], false, "{health}");
        assert_eq!(health["database"]["ok"], false, "{health}");
        if let Fault::Network(_) = fault {
            let begun = Instant::now();
            let answer = nobody.get("/v1/foods?q=apple").await;
            answer.problem(503, "UNAVAILABLE");
            let elapsed = begun.elapsed();
            assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        }
        fault.end();
        eventually("it is ready again", async || {
            let answer = nobody.get("/readyz").await;
            (answer.status == StatusCode::OK).then_some(())
        })
        .await;
    }

    if let Fault::File(file) = &fault {
        // What is written to a replaced file is lost, so nothing should be sent here.
        fault.begin();
        std::fs::copy(Fault::aside(file), file).unwrap();
        let answer = nobody.get("/readyz").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        fault.end();
    }
    app.stop().await;
}

/// The value of a measurement.
fn measured(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| {
        let (found, value) = line.rsplit_once(' ')?;
        (found == name).then(|| value.parse().unwrap())
    })
}

async fn metrics_are_for_whoever_knows_the_token(engine: &Engine) {
    const TOKEN: &str = "for the scraper alone";
    let process = Process::start_with(engine, &[("NUTRIFLOW_METRICS_TOKEN", TOKEN)]).await;
    let nobody = process.anonymous();
    let with = |authorization: &str| {
        let request = nobody.request(Method::GET, "/metrics");
        Answer::of(request.header("authorization", authorization))
    };
    let refused = nobody.get("/metrics").await;
    refused.problem(401, "UNAUTHENTICATED");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    for wrong in [
        TOKEN.to_owned(),
        "Bearer".to_owned(),
        "Bearer wrong".to_owned(),
        format!("Basic {TOKEN}"),
        format!("Bearer {}", &TOKEN[1..]),
        format!("Bearer {TOKEN}x"),
    ] {
        with(&wrong).await.problem(401, "UNAUTHENTICATED");
    }

    let ana = nobody.register("ana").await;
    let dishes = ana.get("/v1/dishes").await.expect(StatusCode::OK);
    let dish = text(&dishes["items"][0]["id"]);
    for _ in 0..3 {
        ana.get(&format!("/v1/dishes/{dish}"))
            .await
            .expect(StatusCode::OK);
    }
    for number in 0..5 {
        nobody.get(&format!("/v1/unknown-{number}")).await;
        nobody.get(&format!("/unknown-{number}")).await;
        let made_up = Method::from_bytes(format!("MADE{number}").as_bytes()).unwrap();
        Answer::of(nobody.request(made_up, "/livez")).await;
    }
    let answer = with(&format!("Bearer {TOKEN}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.header("content-type").starts_with("text/plain"));
    let metrics = answer.body;
    assert_eq!(
        measured(
            &metrics,
            "http_requests_total{method=\"GET\",route=\"/v1/dishes/{dishId}\",status=\"200\"}"
        ),
        Some(3.0),
        "{metrics}"
    );
    assert_eq!(
        measured(
            &metrics,
            "http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"}"
        ),
        Some(10.0),
        "{metrics}"
    );
    let series = "method=\"GET\",route=\"/v1/dishes/{dishId}\"";
    let bucket = |most: &str| {
        let name = format!("http_request_duration_seconds_bucket{{{series},le=\"{most}\"}}");
        measured(&metrics, &name)
    };
    assert_eq!(bucket("+Inf"), Some(3.0), "{metrics}");
    assert!(bucket("0.001") <= bucket("60"), "{metrics}");
    // Nothing that somebody can make up becomes a label, nor anything that names somebody.
    for absent in ["unknown-", "MADE", dish.as_str(), "ana", TOKEN] {
        assert!(!metrics.contains(absent), "{absent}: {metrics}");
    }

    let pools: &[&str] = match engine.database {
        Database::Sqlite(_) => &["reader", "writer"],
        Database::Postgres(_) => &["all"],
    };
    for pool in pools {
        let total: f64 = ["idle", "used"]
            .map(|state| {
                let slug = &engine.slug;
                let name = format!(
                    "database_pool_connections{{institution=\"{slug}\",pool=\"{pool}\",state=\"{state}\"}}"
                );
                measured(&metrics, &name).unwrap_or_else(|| panic!("{name}: {metrics}"))
            })
            .iter()
            .sum();
        assert!((1.0..=20.0).contains(&total), "{pool}: {total}");
    }
    for (name, least) in [
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 3.0),
        ("process_start_time_seconds", 1.7e9),
        ("process_cpu_seconds_total", 0.0),
        ("active_socket_connections", 1.0),
    ] {
        assert!(measured(&metrics, name) >= Some(least), "{name}: {metrics}");
    }
    let build = format!("build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(measured(&metrics, &build), Some(1.0), "{metrics}");
    for (name, kind) in [
        ("http_requests_total", "counter"),
        ("http_request_duration_seconds", "histogram"),
        ("active_socket_connections", "gauge"),
        ("database_pool_connections", "gauge"),
        ("active_followers", "gauge"),
        ("outbox_oldest_seconds", "gauge"),
        ("process_cpu_seconds_total", "counter"),
    ] {
        let declared = format!("# TYPE {name} {kind}\n");
        assert!(metrics.contains(&declared), "{declared}: {metrics}");
    }
}

async fn metrics_may_have_an_address_of_their_own(engine: &Engine) {
    let mut process =
        Process::start_with(engine, &[("NUTRIFLOW_METRICS_LISTEN", "127.0.0.1:0")]).await;
    let line = process.line();
    let address = line
        .strip_prefix("Its metrics are at ")
        .unwrap_or_else(|| panic!("it said {line:?}"));
    let scraper = client();
    let connections = async || {
        let answer = Answer::of(scraper.get(address)).await;
        assert_eq!(answer.status, StatusCode::OK);
        measured(&answer.body, "active_socket_connections").unwrap()
    };
    // The address where people come shows none, and this one nothing else.
    let answer = process.anonymous().get("/metrics").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let elsewhere = address.replace("/metrics", "/livez");
    assert_eq!(
        Answer::of(scraper.get(elsewhere)).await.status,
        StatusCode::NOT_FOUND
    );

    // Connections are counted while they are open.
    eventually("all are closed", async || {
        (connections().await == 0.0).then_some(())
    })
    .await;
    let host = process.base.strip_prefix("http://").unwrap();
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(TcpStream::connect(host).await.unwrap());
    }
    eventually("all are counted", async || {
        (connections().await == 5.0).then_some(())
    })
    .await;
    drop(open);
    eventually("all are closed", async || {
        (connections().await == 0.0).then_some(())
    })
    .await;
}

async fn what_has_begun_is_finished_when_it_is_told_to_stop(engine: &Engine) {
    let mut process = Process::start_with(engine, &[("NUTRIFLOW_STOP_GRACE", "2")]).await;
    let host = process.base.strip_prefix("http://").unwrap().to_owned();
    let nobody = process.anonymous();
    assert_eq!(nobody.get("/readyz").await.status, StatusCode::OK);

    // A request that is still being sent.
    let body = crate::app::registration("ana").to_string();
    let (first, rest) = body.split_at(body.len() / 2);
    let mut slow = TcpStream::connect(&host).await.unwrap();
    let head = format!(
        "POST /v1/auth/register HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // Once another is answered, this one has been accepted.
    nobody.get("/livez").await;

    // Before it is told, since it is told before this returns.
    let told = Instant::now();
    process.ask_to_stop();
    eventually("it is no longer ready", async || {
        let answer = nobody.get("/readyz").await;
        (answer.status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    // It still serves for a while.
    assert_eq!(nobody.get("/livez").await.status, StatusCode::OK);
    eventually("it listens no more", async || {
        TcpStream::connect(&host).await.err()
    })
    .await;
    assert!(told.elapsed() >= Duration::from_secs(2));
    assert!(process.lives(), "a request has not ended");

    slow.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(process.ended().await, "{}", process.log());
    let made = engine
        .raw("SELECT COUNT(*) FROM account WHERE name = 'ana'")
        .await;
    assert_eq!(made, ["1"]);
}

async fn nothing_secret_is_logged(engine: &Engine) {
    const OWN: &str = "info,server=trace,service=trace,storage=trace,app=trace,domain=trace,\
                       locales=trace,nutriflow=trace";
    let variables = [
        ("RUST_LOG", OWN),
        ("NUTRIFLOW_LOG", "json"),
        ("NUTRIFLOW_METRICS_TOKEN", "canary-metrics-token"),
        ("NUTRIFLOW_STRIPE_KEY", "sk_test_canary-key"),
        ("NUTRIFLOW_STRIPE_WEBHOOK_SECRET", "whsec_canary-secret"),
    ];
    let process = Process::start_with(engine, &variables).await;
    let nobody = process.anonymous();
    let mut secrets: Vec<String> = ["canary", PASSWORD, SECRET].map(str::to_owned).into();

    // Signing up, in and out, well and badly.
    let account = json!({
        "name": "canary-name", "email": "canary-address@example.org", "password": PASSWORD
    });
    let answer = nobody.post("/v1/auth/register", &account).await;
    let tokens = answer.expect(StatusCode::CREATED);
    let (access, refresh) = (text(&tokens["accessToken"]), text(&tokens["refreshToken"]));
    let wrong = json!({ "email": "canary-other@example.org", "password": "canary-password" });
    let answer = nobody.post("/v1/auth/token", &wrong).await;
    answer.problem(401, "WRONG_CREDENTIALS");
    let weak = json!({ "name": "x", "email": "canary-mail", "password": "canary" });
    let answer = nobody.post("/v1/auth/register", &weak).await;
    answer.problem(422, "INVALID");
    let twice = json!({ "refreshToken": refresh });
    let answer = nobody.post("/v1/auth/token", &twice).await;
    let next = answer.expect(StatusCode::OK);
    let answer = nobody.post("/v1/auth/token", &twice).await;
    answer.problem(401, "WRONG_CREDENTIALS");
    let browser = client();
    let form = [
        ("_action", "/api/sign-in"),
        ("email", "canary-address@example.org"),
        ("password", PASSWORD),
        ("next", "/account?canary-next"),
    ];
    let request = browser
        .post(format!("{}/sign-in", process.base))
        .form(&form);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let session = answer
        .header("set-cookie")
        .split([';', '='])
        .nth(1)
        .unwrap()
        .to_owned();
    Answer::of(browser.get(format!("{}/account", process.base))).await;

    // Bodies, addresses, headers and cookies, readable and not.
    let ana = Caller::new(&process.base, Some(access.clone()));
    let mut eats = profile();
    ana.put("/v1/profile", &eats).await.expect(StatusCode::OK);
    eats["sex"] = json!("canary-sex");
    let answer = ana.put("/v1/profile", &eats).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    ana.get("/v1/foods?q=canary-query").await;
    ana.get("/v1/canary-path").await;
    ana.get("/canary-page").await;
    let job = ana.ask("2027-W01").await;
    ana.ended(&job).await;
    let guessed = Caller::new(&process.base, Some("canary-bearer".to_owned()));
    guessed
        .get("/v1/profile")
        .await
        .problem(401, "UNAUTHENTICATED");
    guessed
        .get("/metrics")
        .await
        .problem(401, "UNAUTHENTICATED");
    let requests = [
        nobody
            .request(Method::POST, "/v1/auth/token")
            .header("content-type", "application/json")
            .body("{\"password\": \"canary-broken"),
        nobody
            .request(Method::GET, "/account")
            .header("cookie", "nutriflow_session=canary-cookie"),
        nobody
            .request(Method::POST, "/v1/webhooks/stripe")
            .header("stripe-signature", "t=1,v1=canary")
            .body("{\"id\": \"canary\"}"),
        nobody
            .request(Method::GET, "/")
            .header("x-request-id", "canary request")
            .header("user-agent", "canary-agent")
            .header("referer", "https://canary.example.org/"),
    ];
    for request in requests {
        Answer::of(request).await;
    }
    let last = nobody
        .request(Method::GET, "/livez")
        .header("x-request-id", "the-last-one");
    Answer::of(last).await;

    secrets.extend([access, refresh, session]);
    secrets.extend(["accessToken", "refreshToken"].map(|name| text(&next[name])));
    let log = eventually("everything is logged", async || {
        let log = process.log();
        log.contains("the-last-one").then_some(log)
    })
    .await;
    // It is a log, of a process that tells much.
    assert!(log.contains("request ended"), "{log}");
    assert!(log.contains("/v1/auth/token"), "{log}");
    for secret in secrets {
        assert!(secret.len() >= 6, "{secret:?} may stand in a log by chance");
        for line in log.lines() {
            assert!(!line.contains(&secret), "{secret}: {line}");
        }
    }
}

async fn traces_are_sent_to_a_collector(engine: &Engine) {
    let (send, mut sent) = mpsc::unbounded_channel::<Bytes>();
    let collector = Router::new().route(
        "/v1/traces",
        post(async move |body: Bytes| send.send(body).unwrap()),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, collector).await });

    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        // So that only the end of the process can send it.
        ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
    ];
    let mut process = Process::start_with(engine, &variables).await;
    let ana = process.anonymous().register("canary").await;
    let dishes = ana.get("/v1/dishes?canary").await.expect(StatusCode::OK);
    let dish = text(&dishes["items"][0]["id"]);
    ana.get(&format!("/v1/dishes/{dish}")).await;
    assert!(sent.try_recv().is_err());
    process.ask_to_stop();
    assert!(process.ended().await, "{}", process.log());
    let mut spans = Vec::new();
    while let Ok(body) = sent.try_recv() {
        spans.extend_from_slice(&body);
    }
    let spans = String::from_utf8_lossy(&spans);
    for expected in [
        "nutriflow",
        "GET /v1/dishes/{dishId}",
        "POST /v1/auth/register",
        "http.response.status_code",
    ] {
        assert!(spans.contains(expected), "{expected}: {spans}");
    }
    for secret in ["canary", PASSWORD, dish.as_str()] {
        assert!(!spans.contains(secret), "{secret}: {spans}");
    }
}

#[test]
fn a_collector_that_traces_would_not_reach_is_refused() {
    for endpoint in [
        "https://somebody:canary@collector.example.org:4318",
        "http://somebody:canary@not an address",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_nutriflow"))
            .arg("doctor")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let named = said.contains("OTEL_EXPORTER_OTLP_ENDPOINT");
        assert!(!output.status.success() && named, "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

/// What the doctor says of an installation, and whether it is content.
fn doctor(engine: &Engine, variables: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nutriflow"))
        .arg("doctor")
        .env("NUTRIFLOW_DATABASE", engine.address())
        .env("NUTRIFLOW_INSTITUTIONS", &engine.slug)
        .env("NUTRIFLOW_SECRET", SECRET)
        .env("NUTRIFLOW_PUBLIC_URL", "https://meals.example.org")
        .env("RUST_LOG", "off")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = said.lines().any(|line| line.starts_with("error "));
    assert_eq!(output.status.success(), !errors, "{said}");
    (!errors, said)
}

async fn the_doctor_finds_what_is_wrong(engine: &Engine) {
    engine.clear().await;
    // Before the first start it is content, and leaves everything as it is.
    let (content, said) = doctor(engine, &[]);
    assert!(content && said.contains("not made yet"), "{said}");
    match &engine.database {
        Database::Sqlite(folder) => {
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
            assert!(
                said.contains("can be written") && said.contains("MiB are free"),
                "{said}"
            );
        }
        Database::Postgres(_) => assert!(said.contains("the database's clock"), "{said}"),
    }
    let made = engine.open().await;
    let (content, said) = doctor(engine, &[]);
    assert!(content && said.contains("are applied"), "{said}");
    assert!(!said.contains("warning"), "{said}");

    for (name, value, subject) in [
        ("NUTRIFLOW_SECRET", "short", "error    secret"),
        ("NUTRIFLOW_SECRET", service::DEMO_SECRET, "error    secret"),
        ("NUTRIFLOW_PUBLIC_URL", "meals", "error    public url"),
        (
            "NUTRIFLOW_PUBLIC_URL",
            "http://m.org",
            "warning  public url",
        ),
        ("NUTRIFLOW_MODE", "demo", "warning  mode"),
        ("NUTRIFLOW_STRIPE_KEY", "sk_test_canary", "error    cards"),
        (
            "NUTRIFLOW_ALLOW_SIMULATED_CARDS",
            "true",
            "warning  simulation",
        ),
        ("NUTRIFLOW_INSTITUTIONS", "Not Sound", "error    database"),
        (
            "NUTRIFLOW_DATABASE",
            "mysql://canary@x",
            "error    settings",
        ),
        (
            "NUTRIFLOW_DATABASE",
            "postgres://somebody:canary@127.0.0.1:1/nothing",
            "error    database",
        ),
        (
            "NUTRIFLOW_DATABASE",
            "sqlite:/dev/null",
            "error    data folder",
        ),
        (
            "NUTRIFLOW_SMTP_URL",
            "smtp://ana:canary@127.0.0.1:1",
            "error    settings",
        ),
    ] {
        let (content, said) = doctor(engine, &[(name, value)]);
        assert!(
            said.lines().any(|line| line.starts_with(subject)),
            "{value}: {said}"
        );
        assert_eq!(content, subject.starts_with("warning"), "{value}: {said}");
        for secret in ["canary", SECRET] {
            assert!(!said.contains(secret), "{value}: {said}");
        }
    }

    // Whoever carries messages is asked whether they would, and not told anything.
    let carriers = [
        ("NUTRIFLOW_SMTP_URL", "smtp://ana:canary@127.0.0.1:1"),
        ("NUTRIFLOW_MAIL_FROM", "NutriFlow <meals@example.org>"),
        ("NUTRIFLOW_VAPID_PRIVATE_KEY", "canary"),
        ("NUTRIFLOW_VAPID_PUBLIC_KEY", "no key"),
        ("NUTRIFLOW_VAPID_CONTACT", "mailto:meals@example.org"),
    ];
    let (content, said) = doctor(engine, &carriers);
    for bad in ["error    e-mail", "error    push"] {
        assert!(said.lines().any(|line| line.starts_with(bad)), "{said}");
    }
    assert!(said.contains("ok       sms"), "{said}");
    assert!(!content && !said.contains("canary"), "{said}");

    engine
        .raw("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .await;
    let (content, said) = doctor(engine, &[]);
    assert!(!content && said.contains("not of this program"), "{said}");
    engine
        .raw("DELETE FROM _sqlx_migrations WHERE version = 9999")
        .await;
    let (content, said) = doctor(engine, &[]);
    assert!(content && said.contains("pending"), "{said}");
    made.close().await;
}
