//! The main thing: from a profile to a week of meals.

use crate::app::{Answer, TestApp, profile, text};
use crate::engines::{Engine, on_both_engines};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;

on_both_engines!(
    a_member_gets_a_week_of_meals,
    a_hundred_requests_at_once_are_one_plan,
    plans_and_jobs_are_their_owners_only,
);

async fn a_member_gets_a_week_of_meals(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.member("ana").await;

    ana.get("/v1/profile").await.problem(404, "NOT_FOUND");
    let asked = ana
        .post("/v1/diet/plans", &json!({ "week": "2027-W01" }))
        .await;
    asked.problem(409, "PROFILE_MISSING");
    let stored = ana
        .put("/v1/profile", &profile())
        .await
        .expect(StatusCode::OK);
    assert_eq!(stored["heightCm"], 165);
    assert_eq!(ana.get("/v1/profile").await.expect(StatusCode::OK), stored);
    assert_eq!(
        ana.get("/v1/diet/plans").await.expect(StatusCode::OK),
        json!({ "items": [], "nextCursor": null })
    );

    let asked = ana
        .post("/v1/diet/plans", &json!({ "week": "2027-W01" }))
        .await;
    let accepted = asked.expect(StatusCode::ACCEPTED);
    assert_eq!(accepted["status"], "PENDING");
    let job_id = text(&accepted["jobId"]);
    assert_eq!(asked.header("location"), format!("/v1/diet/jobs/{job_id}"));

    let job = ana.ended(&job_id).await;
    assert_eq!(
        (&job["status"], &job["type"], &job["progress"]),
        (&json!("READY"), &json!("DIET_PLAN"), &json!(100)),
        "{job}"
    );
    assert_eq!(
        (&job["errorCode"], &job["errorMessage"]),
        (&Value::Null, &Value::Null)
    );
    for time in ["createdAt", "startedAt", "finishedAt"] {
        assert!(text(&job[time]).ends_with('Z'), "{job}");
    }

    let plan_id = text(&job["planId"]);
    let answer = ana
        .get(&format!("/v1/diet/plans/{plan_id}"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(answer["planId"], plan_id.as_str());
    let plan = &answer["plan"];
    assert_eq!(plan["week"], "2027-W01");
    let days = plan["days"].as_array().unwrap();
    assert_eq!(days.len(), 7);
    assert_eq!(
        (&days[0]["date"], &days[6]["date"]),
        (&json!("2027-01-04"), &json!("2027-01-10"))
    );
    for day in days {
        assert_eq!(day["meals"].as_array().unwrap().len(), 3, "{day}");
        for meal in day["meals"].as_array().unwrap() {
            let dish = app
                .anonymous()
                .get(&format!("/v1/dishes/{}", text(&meal["dishId"])))
                .await;
            assert_eq!(dish.expect(StatusCode::OK)["id"], meal["dishId"]);
        }
        assert!(day["totals"].is_object());
    }
    for part in [
        "targets",
        "adherence",
        "warnings",
        "score",
        "inputHash",
        "engineVersion",
        "catalogueVersion",
    ] {
        assert!(!plan[part].is_null(), "{part}");
    }

    // The same input again is the same job and the same plan.
    let again = ana
        .post("/v1/diet/plans", &json!({ "week": "2027-W01" }))
        .await;
    assert_eq!(
        again.expect(StatusCode::ACCEPTED),
        json!({ "jobId": job_id, "status": "READY" })
    );
    let list = ana.get("/v1/diet/plans").await.expect(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["planId"], plan_id.as_str());
    assert_eq!(list["items"][0]["week"], "2027-W01");

    // Pages are walked by their cursors.
    for week in ["2027-W02", "2027-W03"] {
        let job = ana.ask(week).await;
        ana.ended(&job).await;
    }
    let mut weeks = Vec::new();
    let mut path = "/v1/diet/plans?limit=2".to_owned();
    loop {
        let page = ana.get(&path).await.expect(StatusCode::OK);
        weeks.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| text(&item["week"])),
        );
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/v1/diet/plans?limit=2&cursor={cursor}");
    }
    weeks.sort();
    assert_eq!(weeks, ["2027-W01", "2027-W02", "2027-W03"]);
    app.stop().await;
}

async fn a_hundred_requests_at_once_are_one_plan(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let ana = app.eater("ana").await;
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let ana = ana.clone();
            tokio::spawn(async move { ana.ask("2027-W01").await })
        })
        .collect();
    let mut jobs = HashSet::new();
    for request in requests {
        jobs.insert(request.await.unwrap());
    }
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    for job in &jobs {
        assert_eq!(ana.ended(job).await["status"], "READY");
    }
    assert_eq!(engine.raw("SELECT COUNT(*) FROM plan").await, ["1"]);
    // One job, and computed once: claimed once. Others may have come by schedules.
    let claims = "SELECT fence FROM job WHERE kind = 'plan.compute'";
    assert_eq!(engine.raw(claims).await, ["1"]);
    app.stop().await;
}

async fn plans_and_jobs_are_their_owners_only(engine: &Engine) {
    let app = TestApp::start(engine).await;
    let (ana, ben, nobody) = (
        app.eater("ana").await,
        app.eater("ben").await,
        app.anonymous(),
    );
    let job = ana.ask("2027-W01").await;
    let plan = text(&ana.ended(&job).await["planId"]);
    for path in [
        format!("/v1/diet/jobs/{job}"),
        format!("/v1/diet/plans/{plan}"),
    ] {
        ana.get(&path).await.expect(StatusCode::OK);
        ben.get(&path).await.problem(404, "NOT_FOUND");
        nobody.get(&path).await.problem(401, "UNAUTHENTICATED");
    }
    // A cursor of another's is a place in one's own list, no more.
    let list = ben
        .get(&format!("/v1/diet/plans?cursor={plan}"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(list["items"], json!([]));
    for path in [
        "jobs/0",
        "plans/0",
        "plans/not-a-uuid",
        "jobs/00000000-0000-0000-0000-000000000000",
    ] {
        ana.get(&format!("/v1/diet/{path}"))
            .await
            .problem(404, "NOT_FOUND");
    }
    for (method, path) in [
        (Method::GET, "/v1/profile"),
        (Method::PUT, "/v1/profile"),
        (Method::GET, "/v1/diet/plans"),
        (Method::POST, "/v1/diet/plans"),
    ] {
        let body = if path == "/v1/profile" {
            profile()
        } else {
            json!({ "week": "2027-W01" })
        };
        let answer = Answer::of(nobody.request(method, path).json(&body)).await;
        answer.problem(401, "UNAUTHENTICATED");
    }
    app.stop().await;
}
