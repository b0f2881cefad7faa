//! What happens to jobs when workers die, stall or fail.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::plans::ended;
use crate::{Product, SECOND, week};
use domain::job::JobStatus;
use domain::problem::Problem;
use serde_json::{Value, json};
use service::jobs::runner::Runner;
use service::{Actor, Ctx, plan};
use storage::job::{self, ClaimedJob, NewJob};
use storage::{Db, Dialect};
use uuid::Uuid;

on_both_engines!(
    the_job_of_a_dead_worker_is_taken_up_again,
    a_lost_lease_leaves_no_plan,
    a_job_that_cannot_be_run_is_retried_and_then_dead,
    a_stopped_runner_claims_nothing_more,
);

const QUEUE: &str = "diet-plans";
const LEASE: i64 = 4 * SECOND;

fn db(ctx: &Ctx) -> &Db {
    &ctx.institution.db
}

/// A worker that claims and is never heard of again.
async fn claim_and_die(ctx: &Ctx) -> ClaimedJob {
    let mut tx = db(ctx).write().await.unwrap();
    let mut claimed = job::claim(&mut tx, QUEUE, ctx.now(), ctx.now() + LEASE, 1)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claimed.remove(0)
}

async fn column(engine: &Engine, column: &str, id: Uuid) -> String {
    let hex = id.simple().to_string();
    let key = match engine.database {
        storage::Database::Sqlite(_) => format!("x'{hex}'"),
        storage::Database::Postgres(_) => format!("'{id}'::uuid"),
    };
    engine
        .raw(&format!("SELECT {column} FROM job WHERE id = {key}"))
        .await
        .remove(0)
}

async fn the_job_of_a_dead_worker_is_taken_up_again(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    assert_eq!(claim_and_die(&ana).await.id, asked.id);
    let status = async || plan::job(&ana, asked.id).await.unwrap().status;
    assert_eq!(status().await, JobStatus::Running);

    let runner = Runner::start(&product.service);
    if db(&ana).dialect() == Dialect::Postgres {
        // Another process may still live, so its lease is waited for. A later job is done meanwhile.
        let later = plan::request(&ana, week(2)).await.unwrap();
        ended(&ana, later.id).await;
        assert_eq!(status().await, JobStatus::Running);
        product.clock.advance(LEASE);
    }
    // On SQLite the process that has just started is the only one, and does not wait.
    let done = ended(&ana, asked.id).await;
    assert_eq!(done.status, JobStatus::Ready);
    assert_eq!(column(engine, "attempts", asked.id).await, "0");
    plan::get(&ana, done.plan_id.unwrap()).await.unwrap();
    runner.stop().await;
}

/// Takes a job from the worker that runs it, as another process would after a long stall; nothing
/// where the worker was faster.
async fn steal(ctx: &Ctx, id: Uuid) -> Option<ClaimedJob> {
    loop {
        let mut tx = db(ctx).write().await.unwrap();
        let account = ctx.account_id().unwrap();
        let row = job::of_owner(&mut tx, account, id).await.unwrap().unwrap();
        match row.state.as_str() {
            "running" => {
                job::reclaim(&mut tx, i64::MAX).await.unwrap();
                let until = ctx.now() + LEASE;
                let mut claimed = job::claim(&mut tx, QUEUE, ctx.now(), until, 1)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                return Some(claimed.remove(0));
            }
            "succeeded" => return None,
            _ => {}
        }
    }
}

async fn a_lost_lease_leaves_no_plan(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    let runner = Runner::start(&product.service);
    let mut stolen = None;
    let mut finished = 0;
    for number in 1..=50 {
        let asked = plan::request(&ana, week(number)).await.unwrap();
        stolen = steal(&ana, asked.id).await;
        if stolen.is_some() {
            break;
        }
        finished += 1;
    }
    let stolen = stolen.expect("a job is running while its plan is computed");
    // Stopping waits for what is being computed, and so for its late acknowledgement.
    runner.stop().await;
    let plans = engine.raw("SELECT COUNT(*) FROM plan").await;
    assert_eq!(plans, [finished.to_string()]);
    assert_eq!(column(engine, "state", stolen.id).await, "running");
    assert_eq!(
        column(engine, "fence", stolen.id).await,
        stolen.fence.to_string()
    );
    assert_eq!(column(engine, "attempts", stolen.id).await, "0");

    // The thief dies too; the next one makes the plan.
    product.clock.advance(LEASE);
    let runner = Runner::start(&product.service);
    assert_eq!(ended(&ana, stolen.id).await.status, JobStatus::Ready);
    runner.stop().await;
    assert_eq!(
        engine.raw("SELECT COUNT(*) FROM plan").await,
        [(finished + 1).to_string()]
    );
}

async fn enqueue(ctx: &Ctx, kind: &str, arguments: Value, max_attempts: i64) -> Uuid {
    let Actor::Account { id: owner, .. } = ctx.actor else {
        panic!()
    };
    let new = NewJob {
        id: ctx.service.next_id(),
        queue: QUEUE,
        kind,
        priority: 100,
        arguments,
        owner_id: Some(owner),
        unique_key: None,
        max_attempts,
        request_id: "test",
        now: ctx.now(),
    };
    let mut tx = db(ctx).write().await.unwrap();
    let id = job::enqueue(&mut tx, &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn a_job_that_cannot_be_run_is_retried_and_then_dead(engine: &Engine) {
    const ATTEMPTS: i64 = 4;
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let runner = Runner::start(&product.service);
    for (kind, arguments) in [
        ("plan.of_a_newer_version", json!({})),
        ("plan.compute", json!({ "unreadable": true })),
        ("plan.compute", Value::Null),
    ] {
        let id = enqueue(&ana, kind, arguments, ATTEMPTS).await;
        for failed in 1..ATTEMPTS {
            eventually("the attempt fails", async || {
                let counted = column(engine, "attempts", id).await;
                (counted == failed.to_string()).then_some(())
            })
            .await;
            assert_eq!(column(engine, "state", id).await, "retrying");
            let run_at: i64 = column(engine, "run_at", id).await.parse().unwrap();
            let delay = run_at - product.service.now();
            let base = SECOND << (failed - 1);
            assert!(
                (base..=base + base / 4).contains(&delay),
                "attempt {failed}: {delay}"
            );
            assert_eq!(
                plan::job(&ana, id).await.unwrap().status,
                JobStatus::Pending
            );
            product.clock.advance(delay);
        }
        let given_up = ended(&ana, id).await;
        assert_eq!(given_up.status, JobStatus::Failed);
        // What went wrong inside stays in the log.
        assert_eq!(given_up.problem, Some(Problem::Internal));
        assert_eq!(column(engine, "attempts", id).await, ATTEMPTS.to_string());
    }
    runner.stop().await;
}

async fn a_stopped_runner_claims_nothing_more(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    Runner::start(&product.service).stop().await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    assert_eq!(
        plan::job(&ana, asked.id).await.unwrap().status,
        JobStatus::Pending
    );
    assert_eq!(column(engine, "fence", asked.id).await, "0");
    let runner = Runner::start(&product.service);
    assert_eq!(ended(&ana, asked.id).await.status, JobStatus::Ready);
    runner.stop().await;
}
