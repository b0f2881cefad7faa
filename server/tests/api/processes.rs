//! Processes that end or sleep where it hurts most, alone and beside others on one database.

use crate::app::{Caller, profile};
use crate::binary::Process;
use crate::engines::{Engine, eventually, on_both_engines};
use crate::side::Side;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::process::Command;
use std::time::Duration;

on_both_engines!(a_crash_at_each_boundary_of_a_job_costs_nothing);

/// Weeks that no test asks for otherwise.
struct Weeks(usize);

impl Weeks {
    fn next(&mut self) -> String {
        let number = self.0;
        self.0 += 1;
        format!("{}-W{:02}", 2028 + number / 52, number % 52 + 1)
    }
}

async fn eater(process: &Process) -> Caller {
    let ana = process.anonymous().register("ana").await;
    ana.put("/v1/profile", &profile())
        .await
        .expect(StatusCode::OK);
    ana
}

/// Has the database itself note each time that a job succeeds: its effect is in the same transaction.
async fn note_successes(engine: &Engine) {
    let statements: &[&str] = match &engine.database {
        storage::Database::Sqlite(_) => &[
            "CREATE TABLE success (job_id BLOB NOT NULL)",
            "CREATE TRIGGER job_succeeded AFTER UPDATE OF state ON job
                WHEN NEW.state = 'succeeded' AND OLD.state <> 'succeeded'
                BEGIN INSERT INTO success VALUES (NEW.id); END",
        ],
        storage::Database::Postgres(_) => &[
            "CREATE TABLE success (job_id UUID NOT NULL)",
            "CREATE FUNCTION note_success() RETURNS TRIGGER LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO success VALUES (NEW.id); RETURN NULL; END $$",
            "CREATE TRIGGER job_succeeded AFTER UPDATE OF state ON job FOR EACH ROW
                WHEN (NEW.state = 'succeeded' AND OLD.state <> 'succeeded')
                EXECUTE FUNCTION note_success()",
        ],
    };
    for statement in statements {
        engine.raw(statement).await;
    }
}

/// Waits until every job has ended, and shows that each did what it is for once.
async fn every_job_once(engine: &Engine) {
    eventually("every job ends", async || {
        let open = "SELECT COUNT(*) FROM job WHERE kind = 'plan.compute' AND finished_at IS NULL";
        (engine.raw(open).await == ["0"]).then_some(())
    })
    .await;
    let jobs = engine
        .raw("SELECT COUNT(*) FROM job WHERE kind = 'plan.compute'")
        .await;
    for query in [
        "SELECT COUNT(*) FROM job WHERE kind = 'plan.compute' AND state = 'succeeded'",
        "SELECT COUNT(*) FROM success JOIN job ON job.id = job_id WHERE kind = 'plan.compute'",
        "SELECT COUNT(DISTINCT job_id) FROM success JOIN job ON job.id = job_id WHERE kind = 'plan.compute'",
        "SELECT COUNT(*) FROM plan",
    ] {
        assert_eq!(engine.raw(query).await, jobs, "{query}");
    }
    // What a process does is no failure of its jobs.
    let failures = "SELECT COUNT(*) FROM job WHERE attempts > 0";
    assert_eq!(engine.raw(failures).await, ["0"]);
}

/// Keeps everybody else from writing, until it is let go.
struct Lock(Side);

impl Lock {
    async fn take(engine: &Engine) -> Self {
        let mut side = Side::open(engine).await;
        match side {
            Side::Sqlite(_) => {
                side.rows("BEGIN IMMEDIATE").await;
            }
            Side::Postgres(_) => {
                side.rows("BEGIN").await;
                side.rows("LOCK TABLE job IN SHARE ROW EXCLUSIVE MODE")
                    .await;
            }
        }
        Self(side)
    }

    async fn release(mut self) {
        self.0.rows("ROLLBACK").await;
    }
}

async fn a_crash_at_each_boundary_of_a_job_costs_nothing(engine: &Engine) {
    let mut weeks = Weeks(0);
    let mut process = Process::start(engine).await;
    let ana = eater(&process).await;
    note_successes(engine).await;

    // Before a job is enqueued: nobody was told of it, and it is not there.
    let lock = Lock::take(engine).await;
    let body = json!({ "week": weeks.next() });
    let request = ana.request(Method::POST, "/v1/diet/plans").json(&body);
    let asked = tokio::spawn(async move { request.send().await });
    ana.get("/livez").await;
    process.kill();
    assert!(asked.await.unwrap().is_err());
    lock.release().await;
    assert_eq!(
        engine
            .raw("SELECT COUNT(*) FROM job WHERE kind = 'plan.compute'")
            .await,
        ["0"]
    );

    // Once it is enqueued, and while it runs.
    process = Process::start(engine).await;
    ana.at(&process.base).ask(&weeks.next()).await;
    process.kill();
    process = Process::start(engine).await;
    ana.at(&process.base).ask(&weeks.next()).await;
    eventually("it runs", async || {
        let running = "SELECT COUNT(*) FROM job WHERE state IN ('running', 'succeeded')";
        (engine.raw(running).await != ["0"]).then_some(())
    })
    .await;
    process.kill();

    // When it has run and is not acknowledged: it runs again, and has its effect once.
    process = Process::start(engine).await;
    loop {
        let job = ana.at(&process.base).ask(&weeks.next()).await;
        let running = "SELECT COUNT(*) FROM job WHERE kind = 'plan.compute' AND state = 'running'";
        eventually("it runs", async || {
            let begun = "SELECT COUNT(*) FROM job WHERE kind = 'plan.compute' AND state = 'ready'";
            (engine.raw(begun).await == ["0"]).then_some(())
        })
        .await;
        let lock = Lock::take(engine).await;
        if engine.raw(running).await != ["0"] {
            // Where the engine was writing when it was locked out, it hears of no end until it is let in.
            let ended = async {
                loop {
                    let log = process.log();
                    let ended = |line: &str| line.contains("job ended") && line.contains(&job);
                    if log.lines().any(ended) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            if tokio::time::timeout(Duration::from_secs(3), ended)
                .await
                .is_err()
            {
                lock.release().await;
                continue;
            }
            process.kill();
            lock.release().await;
            assert_ne!(engine.raw(running).await, ["0"], "it was acknowledged");
            break;
        }
        lock.release().await;
    }

    // After it is acknowledged.
    process = Process::start(engine).await;
    let job = ana.at(&process.base).ask(&weeks.next()).await;
    assert_eq!(ana.at(&process.base).ended(&job).await["status"], "READY");
    process.kill();
    process = Process::start(engine).await;
    assert_eq!(ana.at(&process.base).ended(&job).await["status"], "READY");
    every_job_once(engine).await;
    process.kill();
}

fn signal(process: &Process, name: &str) {
    let sent = Command::new("kill")
        .args([name, &process.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

async fn worker(engine: &Engine) -> Process {
    Process::start_with(engine, &[("NUTRIFLOW_ROLE", "worker")]).await
}

/// Makes a process stand still while it runs jobs.
async fn freeze_at_work(engine: &Engine, process: &Process, ana: &Caller, weeks: &mut Weeks) {
    eventually("a process stands still at work", async || {
        for _ in 0..8 {
            ana.ask(&weeks.next()).await;
        }
        signal(process, "-STOP");
        let running = format!(
            "SELECT COUNT(*) FROM job JOIN worker ON worker.id = worker_id
            WHERE state = 'running' AND process = {}",
            process.id()
        );
        if engine.raw(&running).await != ["0"] {
            return Some(());
        }
        signal(process, "-CONT");
        None
    })
    .await;
}

async fn workers_are(engine: &Engine, number: &str) {
    eventually("the dead are removed", async || {
        let workers = engine.raw("SELECT COUNT(*) FROM worker").await;
        (workers == [number]).then_some(())
    })
    .await;
}

/// One worker is killed, one sleeps for longer than others wait for it; `beside` go on.
async fn one_is_killed_and_one_sleeps(beside: usize) {
    let Some(engine) = Engine::postgres().await else {
        return;
    };
    let mut weeks = Weeks(0);
    let web = Process::start_with(&engine, &[("NUTRIFLOW_ROLE", "web")]).await;
    let ana = eater(&web).await;
    note_successes(&engine).await;
    let mut killed = worker(&engine).await;
    let sleeper = worker(&engine).await;
    let mut others = Vec::new();
    for _ in 0..beside {
        others.push(worker(&engine).await);
    }
    freeze_at_work(&engine, &killed, &ana, &mut weeks).await;
    freeze_at_work(&engine, &sleeper, &ana, &mut weeks).await;
    killed.kill();
    if beside == 0 {
        // Another one comes, and finds what both have left.
        others.push(worker(&engine).await);
    }
    workers_are(&engine, &others.len().to_string()).await;
    every_job_once(&engine).await;
    // What it wakes up with, others have done; it begins anew.
    signal(&sleeper, "-CONT");
    workers_are(&engine, &(others.len() + 1).to_string()).await;
    ana.ask(&weeks.next()).await;
    every_job_once(&engine).await;
    drop((web, sleeper, others));
    engine.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_workers_one_is_killed_and_one_sleeps() {
    one_is_killed_and_one_sleeps(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_workers_one_is_killed_and_one_sleeps() {
    one_is_killed_and_one_sleeps(1).await;
}
