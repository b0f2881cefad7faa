//! The queue: what makes a job run, run once at a time, and never get lost.

use crate::engines::{Engine, on_both_engines};
use crate::work::{
    QUEUE, claim, claim_one, column, columns, end, ended, enqueue, enqueue_all, everything, finish,
    in_tx, new_job, reclaim, two_handles, worker_id,
};
use crate::{NOW, SECOND, id, member};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use storage::Db;
use storage::job::{self, ClaimedJob, EndState, Ended, LogLine, NewJob, Report};
use uuid::Uuid;

on_both_engines!(
    a_claimed_job_is_what_was_enqueued,
    many_jobs_are_enqueued_at_once,
    no_jobs_at_all_can_be_enqueued,
    a_job_may_have_no_arguments,
    what_was_rolled_back_was_not_enqueued,
    jobs_are_claimed_by_priority_then_time_then_id,
    a_queue_is_claimed_apart_from_others,
    each_job_is_claimed_once_by_concurrent_workers,
    a_running_job_is_not_claimed,
    a_scheduled_job_is_ready_at_its_time_only,
    a_retry_is_ready_at_its_time_only,
    the_next_time_that_something_falls_due_is_known,
    a_run_ends_in_each_way,
    runs_are_ended_many_at_once,
    an_acknowledgement_after_a_reclaim_changes_nothing,
    an_acknowledgement_after_the_end_changes_nothing,
    a_late_failure_writes_no_attempt_beside_a_current_success,
    only_runs_that_hold_their_jobs_are_held,
    failures_are_written_down,
    a_dead_job_stays_dead,
    a_job_tells_how_far_it_is,
    a_late_report_changes_nothing,
    a_job_writes_a_log,
    ended_jobs_are_swept,
    a_job_is_shown_to_its_owner_only,
    a_worker_is_woken_on_commit_only,
    what_follows_a_commit_follows_no_other_end,
);

async fn a_claimed_job_is_what_was_enqueued(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let new = NewJob {
        owner_id: Some(ana),
        subject: Some("plan:7".to_owned()),
        ..new_job(10)
    };
    enqueue(&db, new).await;
    let job = claim_one(&db, NOW + 3).await;
    assert_eq!(
        (job.id, job.kind.as_str(), job.owner_id),
        (id(10), "plan.compute", Some(ana))
    );
    assert_eq!(job.arguments.0, json!({ "number": 10 }));
    assert_eq!(
        (job.attempts, job.max_attempts, job.deaths, job.fence),
        (0, 5, 0, 1)
    );
    assert_eq!((job.run_at, job.started_at), (NOW, NOW + 3));
    assert_eq!(job.request_id, "request");
    assert_eq!(column(engine, "subject", id(10)).await, "plan:7");
}

async fn many_jobs_are_enqueued_at_once(engine: &Engine) {
    const JOBS: u128 = 1000;
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let jobs: Vec<NewJob> = (1..=JOBS)
        .map(|number| NewJob {
            queue: if number % 2 == 0 { QUEUE } else { "other" },
            owner_id: (number % 3 == 0).then_some(ana),
            run_at: NOW + i64::from(number % 5 == 0),
            ..new_job(number)
        })
        .collect();
    let ids = enqueue_all(&db, &jobs).await;
    assert_eq!(ids, (1..=JOBS).map(id).collect::<Vec<_>>(), "in order");
    let of_state = async |state: &str| {
        let count = format!("SELECT COUNT(*) FROM job WHERE state = '{state}'");
        engine.raw(&count).await.remove(0)
    };
    assert_eq!(of_state("scheduled").await, "200");
    assert_eq!(of_state("ready").await, "800");
    let claimed = claim(&db, NOW, JOBS as i64).await;
    assert_eq!(claimed.len(), 400);
    for job in claimed {
        let number = job.id.as_u128();
        assert_eq!(job.arguments.0, json!({ "number": number as u64 }));
        assert_eq!(job.owner_id, (number % 3 == 0).then_some(ana));
    }
}

async fn no_jobs_at_all_can_be_enqueued(engine: &Engine) {
    let db = engine.open().await;
    assert!(enqueue_all(&db, &[]).await.is_empty());
    assert_eq!(finish(&db, &[]).await, 0);
    assert!(everything(engine).await.is_empty());
}

async fn a_job_may_have_no_arguments(engine: &Engine) {
    let db = engine.open().await;
    // What a struct without fields is in JSON.
    let new = NewJob {
        arguments: Value::Null,
        ..new_job(10)
    };
    enqueue(&db, new).await;
    assert_eq!(claim_one(&db, NOW).await.arguments.0, Value::Null);
}

async fn what_was_rolled_back_was_not_enqueued(engine: &Engine) {
    let db = engine.open().await;
    let mut tx = db.write().await.unwrap();
    job::enqueue(&mut tx, &[new_job(10), new_job(11)])
        .await
        .unwrap();
    drop(tx);
    enqueue(&db, new_job(12)).await;
    let claimed = claim(&db, NOW, 10).await;
    assert_eq!(
        claimed.iter().map(|job| job.id).collect::<Vec<_>>(),
        [id(12)]
    );
}

async fn jobs_are_claimed_by_priority_then_time_then_id(engine: &Engine) {
    let db = engine.open().await;
    let job = |number, priority, run_at| NewJob {
        priority,
        run_at,
        // All are due: what waits for its time is not claimed whatever its priority.
        now: NOW + 9,
        ..new_job(number)
    };
    let jobs = [
        job(10, 100, NOW + 2),
        job(13, 100, NOW + 1),
        job(12, 100, NOW + 1),
        job(11, 1, NOW + 3),
        job(14, -5, NOW + 9),
    ];
    enqueue_all(&db, &jobs).await;
    let order = async |limit| -> Vec<Uuid> {
        let claimed = claim(&db, NOW + 9, limit).await;
        claimed.iter().map(|job| job.id).collect()
    };
    assert_eq!(order(3).await, [14, 11, 12].map(id));
    assert_eq!(order(1).await, [13].map(id));
    assert_eq!(order(10).await, [10].map(id));
}

async fn a_queue_is_claimed_apart_from_others(engine: &Engine) {
    let db = engine.open().await;
    let new = NewJob {
        queue: "mail",
        ..new_job(10)
    };
    enqueue(&db, new).await;
    assert!(claim(&db, NOW, 10).await.is_empty());
    let claimed = in_tx!(db, job::claim, &[("mail", 10)], worker_id(1), NOW);
    assert_eq!(claimed.len(), 1);
}

async fn each_job_is_claimed_once_by_concurrent_workers(engine: &Engine) {
    const JOBS: usize = 200;
    let handles = two_handles(engine).await;
    let jobs: Vec<NewJob> = (0..JOBS)
        .map(|number| new_job(number as u128 + 1))
        .collect();
    enqueue_all(&handles[0], &jobs).await;
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let db = handles[worker % 2].clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let worker = worker_id(worker as u128);
                    let claimed = in_tx!(db, job::claim, &[(QUEUE, 3)], worker, NOW);
                    assert!(claimed.len() <= 3);
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.into_iter().map(|job| (job.id, job.fence)));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), JOBS);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), JOBS);
    assert!(all.iter().all(|(_, fence)| *fence == 1));
}

async fn a_running_job_is_not_claimed(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    claim_one(&db, NOW).await;
    assert!(claim(&db, NOW, 10).await.is_empty());
    in_tx!(db, job::promote, i64::MAX);
    // However late it is: it must be reclaimed first, which moves the fence.
    assert!(claim(&db, i64::MAX, 10).await.is_empty());
}

async fn a_scheduled_job_is_ready_at_its_time_only(engine: &Engine) {
    let db = engine.open().await;
    let new = NewJob {
        run_at: NOW + SECOND,
        ..new_job(10)
    };
    enqueue(&db, new).await;
    assert_eq!(column(engine, "state", id(10)).await, "scheduled");
    assert!(claim(&db, NOW + 2 * SECOND, 10).await.is_empty());
    assert_eq!(in_tx!(db, job::promote, NOW + SECOND - 1), 0);
    assert!(claim(&db, NOW + 2 * SECOND, 10).await.is_empty());
    assert_eq!(in_tx!(db, job::promote, NOW + SECOND), 1);
    assert_eq!(in_tx!(db, job::promote, NOW + SECOND), 0);
    let claimed = claim_one(&db, NOW + SECOND).await;
    assert_eq!((claimed.id, claimed.run_at), (id(10), NOW + SECOND));
}

async fn a_retry_is_ready_at_its_time_only(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Retrying).await;
    assert_eq!(in_tx!(db, job::promote, NOW + 999), 0);
    assert!(claim(&db, NOW + SECOND, 10).await.is_empty());
    assert_eq!(in_tx!(db, job::promote, NOW + 1000), 1);
    let again = claim_one(&db, NOW + 1000).await;
    assert_eq!((again.id, again.attempts, again.fence), (job.id, 1, 2));
    assert_eq!((again.run_at, again.started_at), (NOW + 1000, NOW + 1000));
}

async fn the_next_time_that_something_falls_due_is_known(engine: &Engine) {
    let db = engine.open().await;
    assert_eq!(in_tx!(db, job::next_due), None);
    enqueue(&db, new_job(10)).await;
    assert_eq!(
        in_tx!(db, job::next_due),
        None,
        "a ready job waits for nothing"
    );
    let at = |number, run_at| NewJob {
        run_at,
        ..new_job(number)
    };
    enqueue_all(&db, &[at(11, NOW + 7000), at(12, NOW + 3000)]).await;
    assert_eq!(in_tx!(db, job::next_due), Some(NOW + 3000));
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Retrying).await;
    assert_eq!(in_tx!(db, job::next_due), Some(NOW + 1000), "the retry");
    in_tx!(db, job::promote, NOW + 3000);
    assert_eq!(in_tx!(db, job::next_due), Some(NOW + 7000));
}

async fn a_run_ends_in_each_way(engine: &Engine) {
    let db = engine.open().await;
    let names = [
        "state",
        "attempts",
        "fence",
        "progress",
        "result",
        "error",
        "run_at",
        "finished_at",
        "worker_id",
    ];
    let (now, end_of, later) = (
        NOW.to_string(),
        (NOW + 5).to_string(),
        (NOW + 1000).to_string(),
    );
    let (done, broken) = ("\"done\"", "\"broken\"");
    let cases = [
        (
            EndState::Succeeded,
            ["succeeded", "0", "1", "100", done, "-", &now, &end_of, "-"],
        ),
        (
            EndState::Retrying,
            ["retrying", "1", "1", "0", "-", broken, &later, "-", "-"],
        ),
        (
            EndState::Dead,
            ["dead", "1", "1", "0", "-", broken, &now, &end_of, "-"],
        ),
        (
            EndState::Cancelled,
            ["cancelled", "0", "1", "0", "-", "-", &now, &end_of, "-"],
        ),
        (
            EndState::Ready,
            ["ready", "0", "1", "0", "-", "-", &now, "-", "-"],
        ),
    ];
    // The one that becomes ready again is the last: the others' turn comes first.
    for (number, (state, expected)) in (10..).zip(cases) {
        enqueue(&db, new_job(number)).await;
        let job = claim_one(&db, NOW).await;
        assert_eq!(job.id, id(number));
        end(&db, &job, state).await;
        assert_eq!(columns(engine, names, job.id).await, expected, "{state:?}");
    }
    // What was handed back runs again as if it had not run.
    let again = claim_one(&db, NOW).await;
    assert_eq!((again.id, again.fence, again.attempts), (id(14), 2, 0));
}

async fn runs_are_ended_many_at_once(engine: &Engine) {
    let db = engine.open().await;
    let jobs: Vec<NewJob> = (1..=300).map(new_job).collect();
    enqueue_all(&db, &jobs).await;
    let claimed = claim(&db, NOW, 300).await;
    let states = [
        EndState::Succeeded,
        EndState::Retrying,
        EndState::Dead,
        EndState::Cancelled,
        EndState::Ready,
        EndState::Succeeded,
    ];
    let endings: Vec<Ended> = claimed
        .iter()
        .zip(states.iter().cycle())
        .enumerate()
        .map(|(index, (job, state))| Ended {
            // The last of each six is late.
            fence: job.fence - i64::from(index % 6 == 5),
            ..ended(job, *state)
        })
        .collect();
    assert_eq!(finish(&db, &endings).await, 250);
    let by_state = engine
        .raw("SELECT state || ' ' || COUNT(*) FROM job GROUP BY state ORDER BY state")
        .await;
    assert_eq!(
        by_state,
        [
            "cancelled 50",
            "dead 50",
            "ready 50",
            "retrying 50",
            "running 50",
            "succeeded 50"
        ]
    );
    assert_eq!(
        engine.raw("SELECT COUNT(*) FROM job_attempt").await,
        ["100"]
    );
}

/// Every way to acknowledge, none of which may be taken.
async fn nothing_is_acknowledged(engine: &Engine, db: &Db, job: &ClaimedJob) {
    let before = everything(engine).await;
    for state in [
        EndState::Succeeded,
        EndState::Retrying,
        EndState::Dead,
        EndState::Cancelled,
        EndState::Ready,
    ] {
        assert_eq!(finish(db, &[ended(job, state)]).await, 0, "{state:?}");
        assert_eq!(everything(engine).await, before, "{state:?}");
    }
    assert!(in_tx!(db, job::held, &[(job.id, job.fence)]).is_empty());
}

async fn an_acknowledgement_after_a_reclaim_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let late = claim_one(&db, NOW).await;
    assert_eq!(reclaim(&db, worker_id(1), NOW).await, 1);
    nothing_is_acknowledged(engine, &db, &late).await;
    let current = claim_one(&db, NOW).await;
    assert!(current.fence > late.fence);
    nothing_is_acknowledged(engine, &db, &late).await;
    // A token of the future is as wrong as one of the past.
    let mut early = current.clone();
    early.fence += 1;
    nothing_is_acknowledged(engine, &db, &early).await;
    end(&db, &current, EndState::Succeeded).await;
    nothing_is_acknowledged(engine, &db, &late).await;
}

async fn an_acknowledgement_after_the_end_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    for (number, state) in [
        (10, EndState::Succeeded),
        (11, EndState::Dead),
        (12, EndState::Cancelled),
        (13, EndState::Retrying),
        (14, EndState::Ready),
    ] {
        enqueue(&db, new_job(number)).await;
        let job = claim_one(&db, NOW).await;
        end(&db, &job, state).await;
        nothing_is_acknowledged(engine, &db, &job).await;
    }
}

async fn a_late_failure_writes_no_attempt_beside_a_current_success(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let late = claim_one(&db, NOW).await;
    in_tx!(db, job::hand_back, worker_id(1), &[], NOW);
    let current = claim_one(&db, NOW).await;
    let both = [
        ended(&late, EndState::Retrying),
        ended(&current, EndState::Succeeded),
    ];
    assert_eq!(finish(&db, &both).await, 1);
    assert_eq!(column(engine, "state", id(10)).await, "succeeded");
    assert_eq!(column(engine, "attempts", id(10)).await, "0");
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job_attempt").await, ["0"]);
}

async fn only_runs_that_hold_their_jobs_are_held(engine: &Engine) {
    let db = engine.open().await;
    let jobs: Vec<NewJob> = (10..16).map(new_job).collect();
    enqueue_all(&db, &jobs).await;
    let claimed = claim(&db, NOW, 5).await;
    end(&db, &claimed[0], EndState::Succeeded).await;
    let runs = [
        (claimed[0].id, 1),
        (claimed[1].id, 1),
        (claimed[2].id, 0),
        (claimed[3].id, 2),
        (claimed[4].id, 1),
        (id(15), 0),
        (id(99), 1),
    ];
    let mut held = in_tx!(db, job::held, &runs);
    held.sort();
    assert_eq!(held, [11, 14].map(id));
    assert!(in_tx!(db, job::held, &[]).is_empty());
}

async fn failures_are_written_down(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    for attempt in 0..3 {
        in_tx!(db, job::promote, i64::MAX);
        let now = NOW + attempt * 10;
        let job = claim_one(&db, now).await;
        let state = if attempt == 2 {
            EndState::Dead
        } else {
            EndState::Retrying
        };
        let ended = Ended {
            error: Some(json!(format!("error {attempt}"))),
            now: now + 1,
            ..ended(&job, state)
        };
        assert_eq!(finish(&db, &[ended]).await, 1);
    }
    let attempts = engine
        .raw(
            "SELECT fence || ' ' || outcome || ' ' || CAST(error AS TEXT) || ' ' || started_at || ' '
                || ended_at FROM job_attempt ORDER BY fence",
        )
        .await;
    let expected = [0, 1, 2].map(|attempt| {
        let at = NOW + attempt * 10;
        format!("{} failed \"error {attempt}\" {at} {}", attempt + 1, at + 1)
    });
    assert_eq!(attempts, expected);
    assert_eq!(column(engine, "attempts", id(10)).await, "3");
}

async fn a_dead_job_stays_dead(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let new = NewJob {
        owner_id: Some(ana),
        ..new_job(10)
    };
    enqueue(&db, new).await;
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Dead).await;
    let before = everything(engine).await;
    assert_eq!(in_tx!(db, job::promote, i64::MAX), 0);
    assert!(claim(&db, i64::MAX, 10).await.is_empty());
    assert_eq!(reclaim(&db, worker_id(1), i64::MAX).await, 0);
    assert_eq!(in_tx!(db, job::hand_back, worker_id(1), &[], NOW), 0);
    assert_eq!(everything(engine).await, before);
    let row = in_tx!(db, job::of_owner, ana, job.id).unwrap();
    assert_eq!(
        (row.state.as_str(), row.finished_at),
        ("dead", Some(NOW + 5))
    );
    assert_eq!(row.error.unwrap().0, json!("broken"));
}

fn report(job: &ClaimedJob, progress: i64, message: Option<&str>) -> Report {
    Report {
        id: job.id,
        fence: job.fence,
        progress,
        message: message.map(str::to_owned),
    }
}

async fn a_job_tells_how_far_it_is(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11)]).await;
    let jobs = claim(&db, NOW, 2).await;
    let told = [
        report(&jobs[0], 30, Some("reading")),
        report(&jobs[1], 60, None),
    ];
    in_tx!(db, job::report, &told);
    let names = ["progress", "message"];
    assert_eq!(columns(engine, names, id(10)).await, ["30", "reading"]);
    assert_eq!(columns(engine, names, id(11)).await, ["60", "-"]);
    in_tx!(db, job::report, &[report(&jobs[0], 40, None)]);
    assert_eq!(columns(engine, names, id(10)).await, ["40", "reading"]);
}

async fn a_late_report_changes_nothing(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11)]).await;
    let jobs = claim(&db, NOW, 2).await;
    in_tx!(db, job::hand_back, worker_id(1), &[], NOW);
    let again = claim_one(&db, NOW).await;
    assert_eq!(again.id, id(10));
    let before = everything(engine).await;
    let late = [
        report(&jobs[0], 90, Some("late")),
        report(&jobs[1], 90, Some("late")),
    ];
    in_tx!(db, job::report, &late);
    assert_eq!(everything(engine).await, before);
    end(&db, &again, EndState::Succeeded).await;
    in_tx!(db, job::report, &[report(&again, 50, Some("late"))]);
    assert_eq!(column(engine, "progress", id(10)).await, "100");
}

async fn a_job_writes_a_log(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11)]).await;
    let line = |number, of, message: &str| LogLine {
        id: id(number),
        job_id: id(of),
        at: NOW + number as i64,
        message: message.to_owned(),
    };
    // The job of the third is gone: that is no reason to lose the others.
    let lines = [
        line(1, 10, "one"),
        line(2, 11, "two"),
        line(3, 99, "nobody's"),
        line(4, 10, "naïve 'quoted'"),
    ];
    in_tx!(db, job::log, &lines);
    let written = engine
        .raw("SELECT at || ' ' || message FROM job_log ORDER BY id")
        .await;
    let at = |number: i64, message: &str| format!("{} {message}", NOW + number);
    assert_eq!(
        written,
        [at(1, "one"), at(2, "two"), at(4, "naïve 'quoted'")]
    );
}

async fn ended_jobs_are_swept(engine: &Engine) {
    let db = engine.open().await;
    let jobs: Vec<NewJob> = (1..=8)
        .map(|number| NewJob {
            kind: if number == 8 { "other" } else { "plan.compute" },
            ..new_job(number)
        })
        .collect();
    enqueue_all(&db, &jobs).await;
    let claimed = claim(&db, NOW, 8).await;
    for job in &claimed {
        let state = match job.id.as_u128() {
            1 => EndState::Dead,
            2 => EndState::Ready,
            3 => EndState::Cancelled,
            _ => EndState::Succeeded,
        };
        end(&db, job, state).await;
    }
    let line = LogLine {
        id: id(1),
        job_id: id(4),
        at: NOW,
        message: "line".to_owned(),
    };
    in_tx!(db, job::log, &[line]);
    let left = async || {
        let numbers: Vec<u128> = engine
            .raw(&crate::work::jobs_query(engine))
            .await
            .iter()
            .map(|row| u128::from_str_radix(&row[3..35], 16).unwrap())
            .collect();
        numbers
    };
    let succeeded = ("plan.compute", "succeeded");
    assert_eq!(
        in_tx!(db, job::sweep, succeeded.0, succeeded.1, id(7), 2),
        2
    );
    assert_eq!(left().await, [1, 2, 3, 6, 7, 8], "the oldest first");
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job_log").await, ["0"]);
    assert_eq!(
        in_tx!(db, job::sweep, succeeded.0, succeeded.1, id(7), 2),
        1
    );
    assert_eq!(
        in_tx!(db, job::sweep, succeeded.0, succeeded.1, id(7), 2),
        0
    );
    assert_eq!(left().await, [1, 2, 3, 7, 8], "7 is not old enough");
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job_attempt").await, ["1"]);
    assert_eq!(in_tx!(db, job::sweep, succeeded.0, "dead", id(9), 2), 1);
    assert_eq!(left().await, [2, 3, 7, 8]);
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job_attempt").await, ["0"]);
}

async fn a_job_is_shown_to_its_owner_only(engine: &Engine) {
    let db = engine.open().await;
    let (ana, ben) = (member(&db, 1).await, member(&db, 2).await);
    let anas = NewJob {
        owner_id: Some(ana),
        ..new_job(10)
    };
    enqueue_all(&db, &[anas, new_job(11)]).await;
    let row = in_tx!(db, job::of_owner, ana, id(10)).unwrap();
    assert_eq!((row.state.as_str(), row.created_at), ("ready", NOW));
    assert_eq!(row.arguments.0, json!({ "number": 10 }));
    assert!(in_tx!(db, job::of_owner, ben, id(10)).is_none());
    assert!(
        in_tx!(db, job::of_owner, ana, id(11)).is_none(),
        "the installation's own"
    );
}

async fn a_worker_is_woken_on_commit_only(engine: &Engine) {
    let db = engine.open().await;
    let mut tx = db.write().await.unwrap();
    tx.will_wake().await.unwrap();
    drop(tx);
    let mut tx = db.write().await.unwrap();
    tx.will_wake().await.unwrap();
    tx.commit().await.unwrap();
    let woken = tokio::time::timeout(Duration::from_secs(30), db.wakeup().woken());
    woken.await.expect("the commit wakes");
    // One commit, one wake-up: what was rolled back woke nobody.
    let again = tokio::time::timeout(Duration::from_millis(300), db.wakeup().woken());
    assert!(again.await.is_err());
}

async fn what_follows_a_commit_follows_no_other_end(engine: &Engine) {
    let db = engine.open().await;
    let done = Arc::new(AtomicU32::new(0));
    let begin = async || {
        let mut tx = db.write().await.unwrap();
        for _ in 0..2 {
            let done = Arc::clone(&done);
            tx.once_committed(move || {
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        tx
    };
    drop(begin().await);
    begin().await.rollback().await.unwrap();
    let tx = begin().await;
    assert_eq!(done.load(Ordering::SeqCst), 0);
    tx.commit().await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 2);
}
