//! What happens to jobs when workers die, stall or fail.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::plans::ended;
use crate::{Product, SECOND, week};
use domain::job::JobStatus;
use domain::problem::Problem;
use serde_json::{Value, json};
use service::jobs::ping::Ping;
use service::jobs::runner::Runner;
use service::{Actor, Ctx, jobs, plan};
use std::time::Duration;
use storage::job::{self, ClaimedJob, NewJob};
use storage::worker::{self, Worker};
use storage::{Db, Dialect};
use uuid::Uuid;

on_both_engines!(
    the_job_of_a_dead_worker_is_taken_up_again,
    a_job_that_outlived_too_many_workers_is_given_up,
    a_lost_claim_leaves_no_plan,
    a_job_that_cannot_be_run_is_retried_and_then_dead,
    a_handler_that_panics_fails_its_job_only,
    what_cannot_be_written_for_a_while_is_written_later,
    a_stopped_runner_claims_nothing_more,
);

const QUEUE: &str = "diet-plans";

pub fn db(ctx: &Ctx) -> &Db {
    &ctx.institution.db
}

/// A worker of another machine, of which nothing is heard.
async fn silent_worker(ctx: &Ctx, id: Uuid) {
    let worker = Worker {
        id,
        host: "elsewhere".to_owned(),
        process: 1,
        role: "worker".to_owned(),
        beat: 0,
        started_at: ctx.now(),
        seen_at: ctx.now(),
    };
    let mut tx = db(ctx).write().await.unwrap();
    worker::insert(&mut tx, &worker).await.unwrap();
    tx.commit().await.unwrap();
}

/// Claims a job for a worker.
async fn claim(ctx: &Ctx, worker: Uuid) -> ClaimedJob {
    let mut tx = db(ctx).write().await.unwrap();
    let mut claimed = job::claim(&mut tx, &[(QUEUE, 1)], worker, ctx.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claimed.remove(0)
}

/// A worker that claims and is never heard of again.
async fn claim_and_die(ctx: &Ctx) -> ClaimedJob {
    let worker = ctx.service.next_id();
    silent_worker(ctx, worker).await;
    claim(ctx, worker).await
}

/// A column of a job as text, `-` where it has no value.
pub async fn column(engine: &Engine, column: &str, id: Uuid) -> String {
    let key = literal(engine, id);
    engine
        .raw(&format!(
            "SELECT COALESCE(CAST({column} AS TEXT), '-') FROM job WHERE id = {key}"
        ))
        .await
        .remove(0)
}

/// An id as the engine's SQL writes it.
pub fn literal(engine: &Engine, id: Uuid) -> String {
    match engine.database {
        storage::Database::Sqlite(_) => format!("x'{}'", id.simple()),
        storage::Database::Postgres(_) => format!("'{id}'::uuid"),
    }
}

/// The one number that a query gives.
pub async fn number(engine: &Engine, query: &str) -> i64 {
    engine.raw(query).await.remove(0).parse().unwrap()
}

/// Has the engine run a job, and with it look at whatever else there is to do.
pub async fn ping(engine: &Engine, ctx: &Ctx) {
    let ping = Ping { sent_at: ctx.now() };
    let id = jobs::submit(ctx, None, &ping, Duration::ZERO)
        .await
        .unwrap();
    eventually("the ping is answered", async || {
        (column(engine, "state", id).await == "succeeded").then_some(())
    })
    .await;
}

async fn the_job_of_a_dead_worker_is_taken_up_again(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    assert_eq!(claim_and_die(&ana).await.id, asked.id);
    let status = async || plan::job(&ana, asked.id).await.unwrap().status;
    assert_eq!(status().await, JobStatus::Running);

    // Another process may still live, so on PostgreSQL its beat is waited for, whatever the clock
    // says; on SQLite the process that has just started is the only one.
    product.clock.advance(24 * 3600 * SECOND);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let later = plan::request(&ana, week(2)).await.unwrap();
    ended(&ana, later.id).await;
    if db(&ana).dialect() == Dialect::Postgres {
        assert_eq!(status().await, JobStatus::Running);
    }
    let done = ended(&ana, asked.id).await;
    assert_eq!(done.status, JobStatus::Ready);
    assert_eq!(column(engine, "attempts", asked.id).await, "0");
    assert_eq!(column(engine, "deaths", asked.id).await, "1");
    plan::get(&ana, done.plan_id.unwrap()).await.unwrap();
    let workers = number(engine, "SELECT COUNT(*) FROM worker").await;
    assert_eq!(workers, 1, "the dead one is forgotten");
    runner.stop().await;
    assert_eq!(number(engine, "SELECT COUNT(*) FROM worker").await, 0);
}

async fn a_job_that_outlived_too_many_workers_is_given_up(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    for _ in 0..2 {
        let worker = ana.service.next_id();
        claim(&ana, worker).await;
        let mut tx = db(&ana).write().await.unwrap();
        let reclaimed = job::reclaim(&mut tx, worker, 3, ana.now(), &json!({})).await;
        assert_eq!(reclaimed.unwrap(), 1);
        tx.commit().await.unwrap();
    }
    claim_and_die(&ana).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let given_up = ended(&ana, asked.id).await;
    assert_eq!(given_up.status, JobStatus::Failed);
    assert_eq!(given_up.problem, Some(Problem::WorkerDied));
    assert_eq!(column(engine, "deaths", asked.id).await, "3");
    // Asking again is another job, which need not share the fate.
    let again = plan::request(&ana, week(1)).await.unwrap();
    assert_ne!(again.id, asked.id);
    assert_eq!(ended(&ana, again.id).await.status, JobStatus::Ready);
    runner.stop().await;
}

/// Waits until a job runs, and gives the transaction that saw it, which nobody writes beside on
/// SQLite; nothing where the worker was faster.
async fn seen_running(ctx: &Ctx, id: Uuid) -> Option<storage::Tx> {
    loop {
        let mut tx = db(ctx).write().await.unwrap();
        let account = ctx.account_id().unwrap();
        let row = job::of_owner(&mut tx, account, id).await.unwrap().unwrap();
        match row.state.as_str() {
            "running" => return Some(tx),
            "succeeded" => return None,
            _ => {}
        }
    }
}

/// Takes a job from the worker that runs it, as another process would after a long stall; nothing
/// where the worker was faster.
async fn steal(ctx: &Ctx, thief: Uuid, id: Uuid) -> Option<ClaimedJob> {
    let mut tx = seen_running(ctx, id).await?;
    let workers = worker::all(&mut tx).await.unwrap();
    assert_eq!(workers.len(), 1);
    let reclaimed = job::reclaim(&mut tx, workers[0].id, 3, ctx.now(), &json!({})).await;
    if reclaimed.unwrap() == 0 {
        // On PostgreSQL it may have ended since it was seen.
        return None;
    }
    let mut claimed = job::claim(&mut tx, &[(QUEUE, 1)], thief, ctx.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    Some(claimed.remove(0))
}

async fn a_lost_claim_leaves_no_plan(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let thief = ana.service.next_id();
    let mut stolen = None;
    let mut finished = 0;
    for number in 1..=50 {
        let asked = plan::request(&ana, week(number)).await.unwrap();
        stolen = steal(&ana, thief, asked.id).await;
        if stolen.is_some() {
            break;
        }
        finished += 1;
    }
    let stolen = stolen.expect("a job is running while its plan is computed");
    // Stopping waits for what is being computed, and so for its late acknowledgement.
    runner.stop().await;
    let plans = "SELECT COUNT(*) FROM plan";
    assert_eq!(number(engine, plans).await, finished);
    assert_eq!(column(engine, "state", stolen.id).await, "running");
    assert_eq!(
        column(engine, "fence", stolen.id).await,
        stolen.fence.to_string()
    );
    assert_eq!(column(engine, "attempts", stolen.id).await, "0");

    // The thief dies too; the next one makes the plan.
    silent_worker(&ana, thief).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    assert_eq!(ended(&ana, stolen.id).await.status, JobStatus::Ready);
    runner.stop().await;
    assert_eq!(number(engine, plans).await, finished + 1);
}

async fn enqueue(ctx: &Ctx, kind: &'static str, arguments: Value, max_attempts: i64) -> Uuid {
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
        subject: None,
        unique_key: None,
        unique_scope: None,
        unique_until: None,
        run_at: ctx.now(),
        max_attempts,
        worker_id: None,
        request_id: "test".to_owned(),
        parent_id: None,
        awaited: false,
        now: ctx.now(),
    };
    let mut tx = db(ctx).write().await.unwrap();
    let ids = job::enqueue(&mut tx, &[new]).await.unwrap();
    tx.will_wake().await.unwrap();
    tx.commit().await.unwrap();
    ids[0]
}

async fn a_job_that_cannot_be_run_is_retried_and_then_dead(engine: &Engine) {
    const ATTEMPTS: i64 = 4;
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
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
        let key = literal(engine, id);
        let written = format!("SELECT COUNT(*) FROM job_attempt WHERE job_id = {key}");
        assert_eq!(number(engine, &written).await, ATTEMPTS);
    }
    runner.stop().await;
}

async fn a_handler_that_panics_fails_its_job_only(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    // How long ago that was is more than a number can say, which the test build does not let pass.
    let endless = Ping { sent_at: i64::MIN };
    let id = jobs::submit(&system, None, &endless, Duration::ZERO)
        .await
        .unwrap();
    for failed in 1..=5 {
        eventually("the panic is a failure", async || {
            let counted = column(engine, "attempts", id).await;
            (counted == failed.to_string()).then_some(())
        })
        .await;
        ping(engine, &system).await;
        product.clock.advance(60 * SECOND);
    }
    assert_eq!(column(engine, "state", id).await, "dead");
    assert!(column(engine, "error", id).await.contains("INTERNAL"));
    ping(engine, &system).await;
    assert_eq!(number(engine, "SELECT COUNT(*) FROM worker").await, 1);
    runner.stop().await;
}

async fn what_cannot_be_written_for_a_while_is_written_later(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    if db(&ana).dialect() == Dialect::Postgres {
        // Nobody can keep all others from writing there.
        return;
    }
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let mut found = None;
    for number in 1..=50 {
        let asked = plan::request(&ana, week(number)).await.unwrap();
        if let Some(tx) = seen_running(&ana, asked.id).await {
            found = Some((asked.id, tx));
            break;
        }
    }
    let (id, tx) = found.expect("a job is running while its plan is computed");
    // The plan is computed meanwhile. Whoever else wants something written is told that it cannot be;
    // by the third time, so was the plan's own acknowledgement.
    for _ in 0..3 {
        let ping = Ping { sent_at: ana.now() };
        let refused = jobs::submit(&ana, None, &ping, Duration::ZERO).await;
        assert_eq!(crate::refused(refused), Problem::Unavailable);
    }
    drop(tx);
    let state = eventually("it is written", async || {
        let state = column(engine, "state", id).await;
        (state != "running").then_some(state)
    })
    .await;
    assert_eq!(state, "succeeded");
    assert_eq!(column(engine, "attempts", id).await, "0");
    assert_eq!(column(engine, "fence", id).await, "1");
    runner.stop().await;
}

async fn a_stopped_runner_claims_nothing_more(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.eater("ana").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    runner.stop().await;
    let asked = plan::request(&ana, week(1)).await.unwrap();
    // What is submitted is accepted all the same, for whoever runs it one day.
    let ping = Ping { sent_at: ana.now() };
    let sent = jobs::submit(&ana, None, &ping, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(
        plan::job(&ana, asked.id).await.unwrap().status,
        JobStatus::Pending
    );
    assert_eq!(column(engine, "fence", asked.id).await, "0");
    assert_eq!(column(engine, "fence", sent).await, "0");
    let runner = Runner::start(&product.service, "all").await.unwrap();
    assert_eq!(ended(&ana, asked.id).await.status, JobStatus::Ready);
    runner.stop().await;
}
