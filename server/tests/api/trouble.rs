//! Trouble: a locked database, a full disk, power failures.

use crate::app::{Answer, Caller, TestApp, profile};
use crate::binary::Process;
use crate::engines::{Engine, eventually, on_both_engines};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

on_both_engines!(every_acknowledged_job_survives_a_crash);

/// Weeks that no test asks for otherwise.
fn week(number: usize) -> String {
    format!("{}-W{:02}", 2028 + number / 52, number % 52 + 1)
}

async fn every_acknowledged_job_survives_a_crash(engine: &Engine) {
    const ROUNDS: usize = 4;
    const WEEKS: usize = 6;
    let mut process = Process::start(engine).await;
    let ana = process.anonymous().register("ana").await;
    ana.put("/v1/profile", &profile())
        .await
        .expect(StatusCode::OK);
    let mut acknowledged = HashSet::new();
    for round in 0..ROUNDS {
        let here = ana.at(&process.base);
        let requests: Vec<_> = (0..WEEKS)
            .map(|number| {
                let here = here.clone();
                tokio::spawn(async move {
                    let body = json!({ "week": week(round * WEEKS + number) });
                    let request = here.request(Method::POST, "/v1/diet/plans").json(&body);
                    let answer = Answer::read(request.send().await.ok()?).await;
                    (answer.status == StatusCode::ACCEPTED)
                        .then(|| answer.json()["jobId"].as_str().unwrap().to_owned())
                })
            })
            .collect();
        // At a random moment, while some are asked for, some computed and some stored.
        let moment = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() % 250;
        tokio::time::sleep(Duration::from_millis(moment.into())).await;
        process.kill();
        for request in requests {
            // A request that the crash cut off may fail in any way.
            if let Ok(Some(job)) = request.await {
                acknowledged.insert(job);
            }
        }
        process = Process::start(engine).await;
        // A job that three workers died of is given up; those that two did end before the next one dies.
        eventually("what has died twice ends", async || {
            let open = engine
                .raw("SELECT COUNT(*) FROM job WHERE deaths >= 2 AND state <> 'succeeded'")
                .await;
            (open == ["0"]).then_some(())
        })
        .await;
    }
    let here = ana.at(&process.base);
    // At least what is asked for without a crash is acknowledged.
    acknowledged.insert(here.ask(&week(ROUNDS * WEEKS)).await);
    let mut plans = HashSet::new();
    for job in &acknowledged {
        let ended = here.ended(job).await;
        assert_eq!(ended["status"], "READY", "{ended}");
        assert!(
            plans.insert(ended["planId"].to_string()),
            "two jobs have one plan: {ended}"
        );
    }
    // Also what was stored but whose acknowledgement the crash cut off.
    eventually("every job ends", async || {
        let open = engine
            .raw("SELECT COUNT(*) FROM job WHERE state <> 'succeeded'")
            .await;
        (open == ["0"]).then_some(())
    })
    .await;
    let jobs = engine
        .raw("SELECT COUNT(*) FROM job WHERE kind = 'plan.compute'")
        .await;
    assert_eq!(engine.raw("SELECT COUNT(*) FROM plan").await, jobs);
    assert_eq!(
        engine.raw("SELECT COUNT(DISTINCT week) FROM plan").await,
        jobs
    );
    assert!(jobs[0].parse::<usize>().unwrap() >= acknowledged.len());
    // A crash is no failure of a job.
    assert_eq!(
        engine
            .raw("SELECT COUNT(*) FROM job WHERE attempts > 0")
            .await,
        ["0"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_a_503_for_writers_alone() {
    let engine = Engine::sqlite().await;
    let app = TestApp::start(&engine).await;
    let ana = app.eater("ana").await;
    let other = engine.open().await;
    let mut held = other.write().await.unwrap();
    storage::setting::put(&mut held, "held", "yes")
        .await
        .unwrap();
    let put = ana.put("/v1/profile", &profile()).await;
    put.problem(503, "UNAVAILABLE");
    ana.get("/v1/profile").await.expect(StatusCode::OK);
    assert_eq!(ana.get("/readyz").await.status, StatusCode::OK);
    drop(held);
    let job = ana.ask("2027-W01").await;
    assert_eq!(ana.ended(&job).await["status"], "READY");
    app.stop().await;
}

/// The most bytes that a process may write into a file.
fn limit_file_size(process: &Process, most: &str) {
    let limited = Command::new("prlimit")
        .args([format!("--pid={}", process.id()), format!("--fsize={most}")])
        .status()
        .unwrap();
    assert!(limited.success());
}

/// What a caller gets while nothing can be written.
async fn refused(ana: &Caller) {
    ana.put("/v1/profile", &profile())
        .await
        .problem(503, "UNAVAILABLE");
    let asked = ana
        .post("/v1/diet/plans", &json!({ "week": "2027-W02" }))
        .await;
    asked.problem(503, "UNAVAILABLE");
}

/// Needs `prlimit`, which every Linux has.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_503_and_nothing_is_lost() {
    let engine = Engine::sqlite().await;
    let mut process = Process::start(&engine).await;
    let ana = process.anonymous().register("ana").await;
    ana.put("/v1/profile", &profile())
        .await
        .expect(StatusCode::OK);
    let before = ana.ask("2027-W01").await;
    assert_eq!(ana.ended(&before).await["status"], "READY");

    limit_file_size(&process, "1024:unlimited");
    for _ in 0..3 {
        refused(&ana).await;
    }
    // What is there can be read.
    assert_eq!(ana.ended(&before).await["status"], "READY");
    assert_eq!(ana.get("/livez").await.status, StatusCode::OK);
    assert!(process.lives());

    limit_file_size(&process, "unlimited:unlimited");
    let after = ana.ask("2027-W02").await;
    assert_eq!(ana.ended(&after).await["status"], "READY");
    assert!(process.lives());
    assert_eq!(engine.raw("PRAGMA integrity_check").await, ["ok"]);
}

/// A small disk in the place of an engine's folder.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// Nothing where this user may not mount one.
    fn mount(engine: &Engine) -> Option<Self> {
        let folder = engine.file().parent().unwrap().to_owned();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"])
            .arg(&folder)
            .output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: this user may not mount a disk");
        }
        mounted.then_some(Self(folder))
    }

    fn filler(&self) -> std::path::PathBuf {
        self.0.join("filler")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where it is still in use it goes when it no longer is.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_run_while_the_disk_was_full_is_written_once_there_is_room() {
    let engine = Engine::sqlite().await;
    let Some(disk) = SmallDisk::mount(&engine) else {
        return;
    };
    let mut process = Process::start(&engine).await;
    let ana = process.anonymous().register("ana").await;
    ana.put("/v1/profile", &profile())
        .await
        .expect(StatusCode::OK);
    disk.fill();
    // The log of the database has some room of its own, which is used up first.
    let mut number = 0;
    let mut accepted = Vec::new();
    eventually("the disk is full", async || {
        let body = json!({ "week": week(number) });
        number += 1;
        let answer = ana.post("/v1/diet/plans", &body).await;
        if answer.status == StatusCode::ACCEPTED {
            accepted.push(answer.json()["jobId"].as_str().unwrap().to_owned());
            return None;
        }
        answer.problem(503, "UNAVAILABLE");
        Some(())
    })
    .await;
    assert_eq!(ana.get("/livez").await.status, StatusCode::OK);
    assert!(process.lives());

    disk.make_room();
    accepted.push(ana.ask(&week(number)).await);
    for job in &accepted {
        assert_eq!(ana.ended(job).await["status"], "READY");
    }
    let plans = engine.raw("SELECT COUNT(*) FROM plan").await;
    assert_eq!(plans, [accepted.len().to_string()]);
    let failures = engine
        .raw("SELECT COUNT(*) FROM job WHERE attempts > 0")
        .await;
    assert_eq!(failures, ["0"], "a full disk is no failure of a job");
    assert_eq!(engine.raw("PRAGMA integrity_check").await, ["ok"]);
    process.kill();
}
