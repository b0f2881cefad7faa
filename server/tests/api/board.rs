//! The queue and the installation over the API and at the command line.

use crate::app::{Caller, SECRET, TestApp, text};
use crate::binary::Process;
use crate::engines::{Engine, eventually, on_both_engines};
use domain::account::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service::Ctx;
use std::process::{Command, Output};
use storage::job::{self, NewJob};
use uuid::Uuid;

on_both_engines!(
    jobs_are_listed_page_by_page_and_shown,
    jobs_are_changed_and_changed_back,
    many_jobs_are_changed_by_a_job,
    queues_are_set,
    a_schedule_is_run,
    what_the_process_does_is_remembered,
    what_is_refused_names_the_field,
    only_those_who_run_it_get_in,
    the_command_line_works_beside_a_server,
);

const HOUR: i64 = 3_600_000_000;

/// The beginning of the hour before the last one.
fn begun(app: &TestApp) -> i64 {
    (app.service.now() / HOUR - 2) * HOUR
}

fn rfc3339(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap()
        .to_string()
}

fn new_job(at: i64, number: u128) -> NewJob {
    NewJob {
        id: Uuid::from_u128(((at as u128 / 1000) << 80) + number),
        queue: "diet-plans",
        kind: "plan.compute",
        priority: 100,
        arguments: json!({ "said": format!("word {number}."), "secretCode": "hidden" }),
        owner_id: None,
        subject: Some(format!("plan:{}", number % 3)),
        unique_key: None,
        unique_scope: None,
        unique_until: None,
        run_at: i64::MAX / 2,
        max_attempts: 5,
        worker_id: None,
        request_id: "request".to_owned(),
        parent_id: None,
        awaited: false,
        now: at,
    }
}

/// So many jobs that wait for a time that does not come; the first ones were given up.
async fn fill(app: &TestApp, engine: &Engine, jobs: u128, dead: u128) -> Vec<Uuid> {
    let at = begun(app);
    let new: Vec<NewJob> = (0..jobs).map(|number| new_job(at, number)).collect();
    let ctx = Ctx::system(&app.service, app.service.institution(None).unwrap(), "test");
    let mut tx = ctx.institution.db.write().await.unwrap();
    let ids = job::enqueue(&mut tx, &new).await.unwrap();
    tx.commit().await.unwrap();
    let first = "request_id = 'request' AND CAST(arguments AS TEXT) LIKE";
    for number in 0..dead {
        let set = "state = 'dead', finished_at = 7, error = '{\"type\":\"INTERNAL\"}'";
        engine
            .raw(&format!(
                "UPDATE job SET {set} WHERE {first} '%word {number}.%'"
            ))
            .await;
    }
    ids
}

fn id_of(job: &Value) -> Uuid {
    text(&job["jobId"]).parse().unwrap()
}

async fn jobs_are_listed_page_by_page_and_shown(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let olga = app.with_role("olga", Role::Operator).await;
    let ids = fill(&app, engine, 25, 4).await;
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/admin/jobs?kind=plan.compute&limit=10{cursor}");
        let page = olga.get(&path).await.expect(StatusCode::OK);
        assert_eq!(page["count"], json!({ "exact": 25 }));
        found.extend(page["items"].as_array().unwrap().iter().map(id_of));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest_first: Vec<Uuid> = ids.iter().rev().copied().collect();
    assert_eq!(found, newest_first);

    let in_zone = |micros: i64| {
        let shifted = rfc3339(micros - 6 * HOUR);
        shifted.replace('Z', "-06:00")
    };
    let at = begun(&app);
    let plans = |bound: &str, at: String| format!("kind=plan.compute&{bound}={at}");
    for (query, jobs) in [
        (plans("since", rfc3339(at + 7)), 25),
        (plans("since", rfc3339(at + HOUR)), 0),
        (plans("until", in_zone(at + HOUR - 1)), 0),
        (plans("until", in_zone(at + HOUR)), 25),
    ] {
        let page = olga.get(&format!("/v1/admin/jobs?{query}")).await;
        assert_eq!(
            page.expect(StatusCode::OK)["count"],
            json!({ "exact": jobs }),
            "{query}"
        );
    }
    for (query, jobs) in [
        ("state=DEAD", 4),
        ("queue=diet-plans&state=SCHEDULED", 21),
        ("queue=nowhere", 0),
        ("text=WORD%2012.", 1),
        ("text=hidden", 0),
        ("subject=plan:1", 8),
        ("subject=olga@example.org", 0),
    ] {
        let page = olga.get(&format!("/v1/admin/jobs?{query}")).await;
        let page = page.expect(StatusCode::OK);
        assert_eq!(page["items"].as_array().unwrap().len(), jobs, "{query}");
        assert_eq!(page["count"], json!({ "exact": jobs }), "{query}");
    }

    let shown = olga.get(&format!("/v1/admin/jobs/{}", ids[0])).await;
    let shown = shown.expect(StatusCode::OK);
    assert_eq!(shown["job"]["state"], "DEAD");
    assert_eq!(shown["job"]["createdAt"], rfc3339(at));
    assert_eq!(shown["arguments"]["secretCode"], "•••");
    assert_eq!(shown["error"]["code"], "INTERNAL");
    assert_eq!(shown["requestId"], "request");
    assert_eq!(shown["actions"], json!([]));
    app.stop().await;
}

async fn jobs_are_changed_and_changed_back(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let ids = fill(&app, engine, 3, 1).await;
    let path = |id: &Uuid| format!("/v1/admin/jobs/{id}");
    let shown = ada.get(&path(&ids[0])).await.expect(StatusCode::OK);
    assert_eq!(shown["actions"], json!(["RETRY", "DELETE"]));
    let change =
        async |id: &Uuid, body: Value| ada.post(&format!("{}/change", path(id)), &body).await;
    let state = async |id: &Uuid| {
        let shown = ada.get(&path(id)).await.expect(StatusCode::OK);
        (
            text(&shown["job"]["state"]),
            shown["job"]["priority"].as_i64().unwrap(),
        )
    };
    let cancelled = change(&ids[1], json!({ "action": "CANCEL" })).await;
    let cancelled = cancelled.expect(StatusCode::OK);
    assert_eq!(cancelled["undoable"], true);
    assert_eq!(state(&ids[1]).await.0, "CANCELLED");
    let undo = format!("/v1/admin/changes/{}/undo", text(&cancelled["changeId"]));
    let undone = ada.post(&undo, &json!({})).await.expect(StatusCode::OK);
    assert_eq!(undone, json!({ "jobs": 1 }));
    assert_eq!(state(&ids[1]).await.0, "SCHEDULED");
    ada.post(&undo, &json!({})).await.problem(404, "NOT_FOUND");
    let urgent = json!({ "action": "SET_PRIORITY", "priority": -10_000 });
    change(&ids[2], urgent).await.expect(StatusCode::OK);
    assert_eq!(state(&ids[2]).await.1, -10_000);
    change(&ids[2], json!({ "action": "RETRY" }))
        .await
        .problem(409, "CONFLICT");
    let deleted = change(&ids[0], json!({ "action": "DELETE" }))
        .await
        .expect(StatusCode::OK);
    assert_eq!(deleted["undoable"], false);
    ada.get(&path(&ids[0])).await.problem(404, "NOT_FOUND");
    app.stop().await;
}

/// Waits until a job has ended, and gives it.
async fn ended(caller: &Caller, id: &str) -> Value {
    eventually("the job ends", async || {
        let shown = caller.get(&format!("/v1/admin/jobs/{id}")).await;
        let shown = shown.expect(StatusCode::OK);
        shown["job"]["finishedAt"].is_string().then_some(shown)
    })
    .await
}

async fn many_jobs_are_changed_by_a_job(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    fill(&app, engine, 30, 0).await;
    let body = json!({ "filter": { "subject": "plan:2" }, "action": "CANCEL" });
    let answer = ada.post("/v1/admin/jobs/change", &body).await;
    let id = text(&answer.expect(StatusCode::ACCEPTED)["jobId"]);
    assert_eq!(answer.header("location"), format!("/v1/admin/jobs/{id}"));
    let shown = ended(&ada, &id).await;
    assert_eq!(shown["job"]["state"], "SUCCEEDED");
    assert_eq!(shown["job"]["kind"], "jobs.change");
    assert_eq!(shown["result"], json!({ "changeId": id, "jobs": 10 }));
    assert_eq!(shown["arguments"]["filter"]["subject"], "plan:2");
    app.stop().await;
}

async fn queues_are_set(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let set = async |name: &str, body: Value| {
        let request = ada.request(Method::PATCH, &format!("/v1/admin/queues/{name}"));
        crate::app::Answer::of(request.json(&body)).await
    };
    let queue = async || {
        let all = ada.get("/v1/admin/queues").await.expect(StatusCode::OK);
        assert_eq!(all["workers"].as_array().unwrap().len(), 1);
        assert_eq!(all["schedules"][0]["kind"], "installation.sweep");
        all["queues"][0].clone()
    };
    let before = queue().await;
    assert_eq!(
        (&before["name"], &before["paused"]),
        (&json!("diet-plans"), &json!(false))
    );
    assert_eq!(before["states"].as_object().unwrap().len(), 7);
    assert_eq!(before["minutes"].as_array().unwrap().len(), 60);
    let rate = json!({ "jobs": 100, "seconds": 60 });
    let body = json!({ "paused": true, "concurrency": 9, "rate": rate });
    assert_eq!(set("diet-plans", body).await.status, StatusCode::NO_CONTENT);
    let after = queue().await;
    assert_eq!(
        (&after["paused"], &after["concurrency"], &after["rate"]),
        (&json!(true), &json!(9), &rate)
    );
    // What is not given stays; null lifts the limit.
    assert_eq!(
        set("diet-plans", json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(queue().await, after);
    set("diet-plans", json!({ "rate": null, "paused": false })).await;
    let after = queue().await;
    assert_eq!(
        (&after["paused"], &after["concurrency"], &after["rate"]),
        (&json!(false), &json!(9), &Value::Null)
    );
    set("nowhere", json!({ "paused": true }))
        .await
        .problem(404, "NOT_FOUND");
    for (body, field) in [
        (json!({ "concurrency": 0 }), "concurrency"),
        (json!({ "concurrency": 1001 }), "concurrency"),
        (json!({ "rate": { "jobs": 0, "seconds": 1 } }), "rate.jobs"),
        (
            json!({ "rate": { "jobs": 1, "seconds": i64::MAX } }),
            "rate.seconds",
        ),
        (json!({ "paused": "yes" }), "paused"),
        (json!({ "speed": 3 }), "speed"),
    ] {
        let problem = set("diet-plans", body).await.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!(queue().await, after);
    app.stop().await;
}

async fn a_schedule_is_run(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let answer = ada
        .post("/v1/admin/schedules/installation.sweep/run", &json!({}))
        .await;
    let id = text(&answer.expect(StatusCode::ACCEPTED)["jobId"]);
    assert_eq!(ended(&ada, &id).await["job"]["state"], "SUCCEEDED");
    let unknown = ada
        .post("/v1/admin/schedules/plan.compute/run", &json!({}))
        .await;
    unknown.problem(404, "NOT_FOUND");
    app.stop().await;
}

async fn what_the_process_does_is_remembered(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let olga = app.with_role("olga", Role::Operator).await;
    for _ in 0..5 {
        olga.get("/v1/profile").await;
    }
    let minutes = olga.get("/v1/admin/system").await.expect(StatusCode::OK);
    assert_eq!(minutes["minutes"].as_array().unwrap().len(), 60);
    let day = olga
        .get("/v1/admin/system?hours=24")
        .await
        .expect(StatusCode::OK);
    assert_eq!(day["minutes"].as_array().unwrap().len(), 24 * 60);
    for hours in ["0", "25"] {
        let problem = olga.get(&format!("/v1/admin/system?hours={hours}")).await;
        let problem = problem.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], "hours");
    }
    // When it stops, what it has done since the last minute is written down too.
    app.stop().await;
    let told = engine
        .raw("SELECT measure || ' ' || CAST(SUM(value) AS BIGINT) FROM process_time GROUP BY measure ORDER BY 1")
        .await;
    let of = |measure: &str| -> i64 {
        let line = told.iter().find_map(|line| line.strip_prefix(measure));
        line.unwrap_or_else(|| panic!("{told:?}"))
            .trim()
            .parse()
            .unwrap()
    };
    assert!(of("requests") >= 10, "{told:?}");
    assert_eq!(of("errors"), 0, "{told:?}");
    assert!(of("slowest") > 100 && of("memory") > 1 << 20, "{told:?}");
}

async fn what_is_refused_names_the_field(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ada = app.with_role("ada", Role::Admin).await;
    let ids = fill(&app, engine, 1, 0).await;
    for (query, field) in [
        ("state=GONE", "state"),
        ("state=dead", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=7", "cursor"),
        ("since=yesterday", "since"),
        ("until=2027-01-15", "until"),
        ("colour=red", "colour"),
    ] {
        let problem = ada.get(&format!("/v1/admin/jobs?{query}")).await;
        let problem = problem.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
    let long = ada
        .get(&format!("/v1/admin/jobs?text={}", "x".repeat(201)))
        .await;
    assert_eq!(long.problem(422, "INVALID")["errors"][0]["field"], "text");
    for (body, field) in [
        (json!({}), "action"),
        (json!({ "action": "EXPLODE" }), "action"),
        (json!({ "action": "SET_PRIORITY" }), "priority"),
        (
            json!({ "action": "SET_PRIORITY", "priority": 10_001 }),
            "priority",
        ),
        (
            json!({ "action": "SET_PRIORITY", "priority": -10_001 }),
            "priority",
        ),
        (
            json!({ "action": "SET_PRIORITY", "priority": 0.5 }),
            "priority",
        ),
        (json!({ "action": "CANCEL", "priority": 1 }), "priority"),
        (json!({ "action": "CANCEL", "force": true }), "force"),
    ] {
        let problem = ada
            .post(&format!("/v1/admin/jobs/{}/change", ids[0]), &body)
            .await;
        let problem = problem.problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
        let mut all = body.clone();
        all["filter"] = json!({});
        let problem = ada
            .post("/v1/admin/jobs/change", &all)
            .await
            .problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{all}: {problem}");
    }
    for (filter, field) in [
        (json!({ "state": "GONE" }), "filter.state"),
        (json!({ "since": "noon" }), "since"),
        (json!({ "size": 3 }), "size"),
    ] {
        let body = json!({ "action": "CANCEL", "filter": filter });
        let problem = ada
            .post("/v1/admin/jobs/change", &body)
            .await
            .problem(422, "INVALID");
        assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
    }
    let unfiltered = ada
        .post("/v1/admin/jobs/change", &json!({ "action": "CANCEL" }))
        .await;
    assert_eq!(
        unfiltered.problem(422, "INVALID")["errors"][0]["field"],
        "filter"
    );
    for path in [
        "/v1/admin/jobs/7",
        "/v1/admin/jobs/00000000-0000-0000-0000-000000000001",
    ] {
        ada.get(path).await.problem(404, "NOT_FOUND");
        let change = ada
            .post(&format!("{path}/change"), &json!({ "action": "CANCEL" }))
            .await;
        change.problem(404, "NOT_FOUND");
    }
    app.stop().await;
}

async fn only_those_who_run_it_get_in(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let id = fill(&app, engine, 1, 0).await[0];
    let one = format!("/v1/admin/jobs/{id}");
    let change = format!("{one}/change");
    let undo = format!("/v1/admin/changes/{id}/undo");
    let cancel = json!({ "action": "CANCEL" });
    let all = json!({ "action": "CANCEL", "filter": {} });
    let pause = json!({ "paused": true });
    let looks: [(Method, &str, &Value); 4] = [
        (Method::GET, "/v1/admin/jobs", &Value::Null),
        (Method::GET, &one, &Value::Null),
        (Method::GET, "/v1/admin/queues", &Value::Null),
        (Method::GET, "/v1/admin/system", &Value::Null),
    ];
    let changes: [(Method, &str, &Value); 5] = [
        (Method::POST, &change, &cancel),
        (Method::POST, "/v1/admin/jobs/change", &all),
        (Method::POST, &undo, &Value::Null),
        (Method::PATCH, "/v1/admin/queues/maintenance", &pause),
        (
            Method::POST,
            "/v1/admin/schedules/installation.sweep/run",
            &Value::Null,
        ),
    ];
    let olga = app.with_role("olga", Role::Operator).await;
    let callers = [
        (app.anonymous(), 401, "UNAUTHENTICATED"),
        (app.member("ana").await, 403, "FORBIDDEN"),
        (app.with_role("sam", Role::Staff).await, 403, "FORBIDDEN"),
    ];
    for (caller, status, code) in &callers {
        for (method, path, body) in looks.iter().chain(&changes) {
            let answer =
                crate::app::Answer::of(caller.request(method.clone(), path).json(body)).await;
            answer.problem(*status, code);
        }
    }
    for (method, path, body) in &changes {
        let answer = crate::app::Answer::of(olga.request(method.clone(), path).json(body)).await;
        answer.problem(403, "FORBIDDEN");
    }
    for (_, path, _) in &looks {
        olga.get(path).await.expect(StatusCode::OK);
    }
    let description = app
        .anonymous()
        .get("/v1/openapi.json")
        .await
        .expect(StatusCode::OK);
    for path in [
        "/v1/admin/jobs",
        "/v1/admin/jobs/change",
        "/v1/admin/jobs/{jobId}",
        "/v1/admin/jobs/{jobId}/change",
        "/v1/admin/changes/{changeId}/undo",
        "/v1/admin/queues",
        "/v1/admin/queues/{name}",
        "/v1/admin/schedules/{kind}/run",
        "/v1/admin/system",
    ] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
    app.stop().await;
}

/// Runs the program beside a server on the same database.
fn nutriflow(engine: &Engine, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nutriflow"))
        .args(arguments)
        .env("NUTRIFLOW_DATABASE", engine.address())
        .env("NUTRIFLOW_INSTITUTIONS", &engine.slug)
        .env("NUTRIFLOW_SECRET", SECRET)
        .env("RUST_LOG", "off")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

async fn the_command_line_works_beside_a_server(engine: &Engine) {
    let server = Process::start(engine).await;
    let ana = server.anonymous().register("ana").await;
    ana.put("/v1/profile", &crate::app::profile())
        .await
        .expect(StatusCode::OK);
    let paused = said(&nutriflow(engine, &["queues", "pause", "diet-plans"]));
    assert_eq!(paused, "diet-plans paused\n");
    // The server looks at its queues every second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let job = ana.ask("2027-W01").await;
    let other = ana.ask("2027-W02").await;

    let listed = said(&nutriflow(
        engine,
        &["jobs", "list", "--kind", "plan.compute"],
    ));
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 4, "{listed}");
    assert!(
        lines[0].starts_with("id ") && lines[0].contains("state"),
        "{listed}"
    );
    assert!(
        lines[1].starts_with(&other) && lines[2].starts_with(&job),
        "{listed}"
    );
    assert!(lines[1].contains("ana@example.org"), "{listed}");
    assert_eq!(lines[3], "2 of 2");
    let json_lines = said(&nutriflow(
        engine,
        &[
            "jobs",
            "list",
            "--subject",
            "ana@example.org",
            "--state",
            "ready",
            "--limit",
            "1",
            "--json",
        ],
    ));
    let listed: Value = serde_json::from_str(&json_lines).unwrap();
    assert_eq!(listed["jobId"], other);

    let cancelled = said(&nutriflow(engine, &["jobs", "cancel", &job, &other]));
    assert_eq!(cancelled, format!("{job} cancelled\n{other} cancelled\n"));
    let shown = said(&nutriflow(engine, &["jobs", "show", &job]));
    assert!(
        shown
            .lines()
            .any(|line| line.starts_with("state") && line.ends_with("CANCELLED")),
        "{shown}"
    );
    let shown = said(&nutriflow(engine, &["jobs", "show", &job, "--json"]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["job"]["queue"], "diet-plans");

    // One that can't be changed keeps nobody from the others.
    let nobody = Uuid::from_u128(7).to_string();
    let retried = nutriflow(engine, &["jobs", "retry", &nobody, &job]);
    assert!(refused(&retried).contains(&format!("there is no job {nobody}")));
    assert_eq!(retried.stdout, format!("{job} ready\n").into_bytes());
    assert!(refused(&nutriflow(engine, &["jobs", "retry", &job])).contains("can't be done"));
    assert!(refused(&nutriflow(engine, &["jobs", "show", &nobody])).contains("there is no job"));
    assert!(
        refused(&nutriflow(engine, &["queues", "pause", "nowhere"]))
            .contains("there is no queue nowhere")
    );
    let elsewhere = nutriflow(engine, &["jobs", "list", "--institution", "elsewhere"]);
    assert!(refused(&elsewhere).contains("there is no institution elsewhere"));
    let many = nutriflow(engine, &["jobs", "list", "--limit", "101"]);
    assert!(refused(&many).contains("limit: "));
    let unknown = nutriflow(engine, &["jobs", "list", "--state", "gone"]);
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .contains("retrying")
    );

    let listed = said(&nutriflow(engine, &["queues", "list"]));
    let plans = listed
        .lines()
        .find(|line| line.starts_with("diet-plans"))
        .unwrap();
    assert!(plans.contains("paused"), "{listed}");
    assert_eq!(
        ana.get(&format!("/v1/diet/jobs/{job}"))
            .await
            .expect(StatusCode::OK)["status"],
        "PENDING"
    );
    assert_eq!(
        said(&nutriflow(engine, &["queues", "resume", "diet-plans"])),
        "diet-plans resumed\n"
    );
    // The server runs it, though another process has said so.
    assert_eq!(ana.ended(&job).await["status"], "READY");
}
