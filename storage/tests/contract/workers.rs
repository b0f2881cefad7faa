//! Workers: how it is known that one lives, and what becomes of its jobs when it does not.

use crate::engines::{Engine, on_both_engines};
use crate::work::{
    QUEUE, attempts_query, claim, claim_one, column, columns, end, enqueue, enqueue_all, enter,
    everything, in_tx, new_job, new_worker, reclaim, to_be_cancelled, two_handles, worker_died,
    worker_id,
};
use crate::{NOW, id};
use storage::job::{self, EndState, NewJob};
use storage::worker;

on_both_engines!(
    a_worker_is_listed_as_it_was_added,
    a_beat_grows_while_the_worker_is_there,
    a_worker_is_removed_only_while_its_beat_stands_still,
    of_two_that_remove_a_worker_one_does,
    a_worker_leaves,
    the_jobs_of_a_dead_worker_are_ready_again,
    a_reclaim_takes_nothing_from_other_workers,
    a_reclaim_counts_a_death_and_no_attempt,
    the_last_death_is_the_jobs_own,
    a_job_that_was_to_be_cancelled_dies_cancelled,
    a_worker_that_stops_hands_its_jobs_back,
    jobs_that_are_to_be_cancelled_are_told_to_their_worker,
);

async fn a_worker_is_listed_as_it_was_added(engine: &Engine) {
    let db = engine.open().await;
    assert!(in_tx!(db, worker::all).is_empty());
    enter(&db, 2).await;
    enter(&db, 1).await;
    let all = in_tx!(db, worker::all);
    assert_eq!(all.len(), 2);
    for (number, found) in (1..).zip(&all) {
        let added = new_worker(number);
        assert_eq!(
            (found.id, &found.host, found.process, &found.role),
            (added.id, &added.host, added.process, &added.role)
        );
        assert_eq!((found.beat, found.started_at, found.seen_at), (0, NOW, NOW));
    }
}

async fn a_beat_grows_while_the_worker_is_there(engine: &Engine) {
    let db = engine.open().await;
    let mine = enter(&db, 1).await;
    enter(&db, 2).await;
    assert!(in_tx!(db, worker::beat, mine, NOW + 1));
    // A clock that jumped back does not matter.
    assert!(in_tx!(db, worker::beat, mine, NOW - 7));
    let all = in_tx!(db, worker::all);
    assert_eq!((all[0].beat, all[0].seen_at), (2, NOW - 7));
    assert_eq!((all[1].beat, all[1].seen_at), (0, NOW));
    assert!(in_tx!(db, worker::remove, mine, 2));
    assert!(!in_tx!(db, worker::beat, mine, NOW + 2), "it was removed");
    assert_eq!(in_tx!(db, worker::all).len(), 1);
}

async fn a_worker_is_removed_only_while_its_beat_stands_still(engine: &Engine) {
    let db = engine.open().await;
    let mine = enter(&db, 1).await;
    assert!(in_tx!(db, worker::beat, mine, NOW));
    assert!(!in_tx!(db, worker::remove, mine, 0), "it has beaten since");
    assert!(
        !in_tx!(db, worker::remove, mine, 2),
        "it never had this one"
    );
    assert!(!in_tx!(db, worker::remove, worker_id(2), 1));
    assert_eq!(in_tx!(db, worker::all).len(), 1);
    assert!(in_tx!(db, worker::remove, mine, 1));
    assert!(!in_tx!(db, worker::remove, mine, 1), "once only");
    assert!(in_tx!(db, worker::all).is_empty());
}

async fn of_two_that_remove_a_worker_one_does(engine: &Engine) {
    let handles = two_handles(engine).await;
    for number in 1..=20 {
        let dead = enter(&handles[0], number).await;
        enqueue(&handles[0], new_job(number)).await;
        assert_eq!(
            in_tx!(handles[0], job::claim, &[(QUEUE, 1)], dead, NOW).len(),
            1
        );
        let removers: Vec<_> = handles
            .iter()
            .cycle()
            .take(4)
            .map(|db| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await.unwrap();
                    if !worker::remove(&mut tx, dead, 0).await.unwrap() {
                        return 0;
                    }
                    let error = worker_died();
                    let jobs = job::reclaim(&mut tx, dead, 3, NOW, &error);
                    let jobs = jobs.await.unwrap();
                    tx.commit().await.unwrap();
                    jobs
                })
            })
            .collect();
        let mut reclaimed = 0;
        for remover in removers {
            reclaimed += remover.await.unwrap();
        }
        assert_eq!(reclaimed, 1);
        let names = ["state", "deaths", "fence"];
        assert_eq!(
            columns(engine, names, id(number)).await,
            ["ready", "1", "2"]
        );
        let job = claim_one(&handles[0], NOW).await;
        end(&handles[0], &job, EndState::Succeeded).await;
    }
}

async fn a_worker_leaves(engine: &Engine) {
    let db = engine.open().await;
    let mine = enter(&db, 1).await;
    enter(&db, 2).await;
    in_tx!(db, worker::beat, mine, NOW);
    in_tx!(db, worker::leave, mine);
    let left = in_tx!(db, worker::all);
    assert_eq!(
        left.iter().map(|worker| worker.id).collect::<Vec<_>>(),
        [worker_id(2)]
    );
    in_tx!(db, worker::leave, mine);
}

async fn the_jobs_of_a_dead_worker_are_ready_again(engine: &Engine) {
    let db = engine.open().await;
    let jobs: Vec<NewJob> = (10..15).map(new_job).collect();
    enqueue_all(&db, &jobs).await;
    let claimed = claim(&db, NOW, 4).await;
    end(&db, &claimed[0], EndState::Succeeded).await;
    end(&db, &claimed[1], EndState::Retrying).await;
    assert_eq!(reclaim(&db, worker_id(1), NOW).await, 2);
    let again: Vec<_> = claim(&db, NOW, 10).await;
    assert_eq!(
        again.iter().map(|job| job.id).collect::<Vec<_>>(),
        [12, 13, 14].map(id)
    );
    // The reclaim and the new claim each take a token.
    assert_eq!(
        again.iter().map(|job| job.fence).collect::<Vec<_>>(),
        [3, 3, 1]
    );
}

async fn a_reclaim_takes_nothing_from_other_workers(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11)]).await;
    claim_one(&db, NOW).await;
    let others = in_tx!(db, job::claim, &[(QUEUE, 1)], worker_id(2), NOW);
    let before = everything(engine).await;
    assert_eq!(reclaim(&db, worker_id(3), NOW).await, 0);
    assert_eq!(everything(engine).await, before);
    assert_eq!(reclaim(&db, worker_id(1), NOW).await, 1);
    let names = ["state", "fence", "deaths"];
    assert_eq!(columns(engine, names, id(11)).await, ["running", "1", "0"]);
    end(&db, &others[0], EndState::Succeeded).await;
}

async fn a_reclaim_counts_a_death_and_no_attempt(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Retrying).await;
    in_tx!(db, job::promote, i64::MAX);
    for death in 1..=2 {
        let job = claim_one(&db, NOW + death).await;
        assert_eq!((job.attempts, job.deaths), (1, death - 1));
        assert_eq!(reclaim(&db, worker_id(1), NOW + 10 + death).await, 1);
        let names = ["state", "attempts", "deaths", "worker_id", "finished_at"];
        let deaths = death.to_string();
        assert_eq!(
            columns(engine, names, id(10)).await,
            ["ready", "1", deaths.as_str(), "-", "-"]
        );
    }
    let attempts = engine.raw(&attempts_query(engine)).await;
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    let died = engine
        .raw(
            "SELECT fence || ' ' || started_at || ' ' || ended_at || ' ' || COALESCE(CAST(error AS TEXT), '-')
            FROM job_attempt WHERE outcome = 'died' ORDER BY fence",
        )
        .await;
    let expected = [(2, 1), (4, 2)]
        .map(|(fence, death)| format!("{fence} {} {} -", NOW + death, NOW + 10 + death));
    assert_eq!(died, expected);
}

async fn the_last_death_is_the_jobs_own(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, new_job(10)).await;
    for _ in 0..3 {
        claim_one(&db, NOW).await;
        assert_eq!(reclaim(&db, worker_id(1), NOW + 9).await, 1);
    }
    let names = [
        "state",
        "attempts",
        "deaths",
        "fence",
        "error",
        "finished_at",
        "worker_id",
    ];
    let at = (NOW + 9).to_string();
    assert_eq!(
        columns(engine, names, id(10)).await,
        ["dead", "0", "3", "6", "\"worker died\"", &at, "-"]
    );
    assert!(claim(&db, NOW, 10).await.is_empty());
    let died = "SELECT COUNT(*) FROM job_attempt WHERE outcome = 'died'";
    assert_eq!(engine.raw(died).await, ["3"]);
}

async fn a_job_that_was_to_be_cancelled_dies_cancelled(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11)]).await;
    // One dies for the first time, the other would be given up.
    for _ in 0..2 {
        assert_eq!(claim_one(&db, NOW).await.id, id(10));
        assert_eq!(reclaim(&db, worker_id(1), NOW).await, 1);
    }
    assert_eq!(claim(&db, NOW, 2).await.len(), 2);
    to_be_cancelled(engine, id(10)).await;
    to_be_cancelled(engine, id(11)).await;
    assert_eq!(reclaim(&db, worker_id(1), NOW + 9).await, 2);
    let names = ["state", "finished_at", "error", "worker_id"];
    let at = (NOW + 9).to_string();
    for number in [10, 11] {
        let expected = ["cancelled", &at, "-", "-"];
        assert_eq!(columns(engine, names, id(number)).await, expected);
    }
    assert!(claim(&db, NOW, 10).await.is_empty());
}

async fn a_worker_that_stops_hands_its_jobs_back(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11), new_job(12)]).await;
    let claimed = claim(&db, NOW, 2).await;
    in_tx!(db, job::claim, &[(QUEUE, 1)], worker_id(2), NOW);
    end(&db, &claimed[0], EndState::Succeeded).await;
    assert_eq!(in_tx!(db, job::hand_back, worker_id(1), &[], NOW), 1);
    assert_eq!(in_tx!(db, job::hand_back, worker_id(1), &[], NOW), 0);
    let names = ["state", "attempts", "deaths", "fence", "worker_id"];
    assert_eq!(
        columns(engine, names, id(11)).await,
        ["ready", "0", "0", "2", "-"]
    );
    assert_eq!(column(engine, "state", id(12)).await, "running");
    assert!(engine.raw(&attempts_query(engine)).await.is_empty());
    let late = crate::work::ended(&claimed[1], EndState::Succeeded);
    assert_eq!(crate::work::finish(&db, &[late]).await, 0);
    assert_eq!(claim_one(&db, NOW).await.fence, 3);
}

async fn jobs_that_are_to_be_cancelled_are_told_to_their_worker(engine: &Engine) {
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(10), new_job(11), new_job(12), new_job(13)]).await;
    let claimed = claim(&db, NOW, 3).await;
    in_tx!(db, job::claim, &[(QUEUE, 1)], worker_id(2), NOW);
    assert!(in_tx!(db, job::cancelling, worker_id(1)).is_empty());
    for number in [10, 11, 13] {
        to_be_cancelled(engine, id(number)).await;
    }
    let mut told = in_tx!(db, job::cancelling, worker_id(1));
    told.sort();
    assert_eq!(told, [10, 11].map(id));
    assert_eq!(in_tx!(db, job::cancelling, worker_id(2)), [id(13)]);
    end(&db, &claimed[0], EndState::Cancelled).await;
    assert_eq!(in_tx!(db, job::cancelling, worker_id(1)), [id(11)]);
}
