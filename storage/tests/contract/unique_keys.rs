//! The same job is enqueued once: for how long, and whoever asks at once.

use crate::engines::{Engine, on_both_engines};
use crate::work::{
    claim, claim_one, column, end, enqueue, enqueue_all, finish, in_tx, keyed, new_job, reclaim,
    to_be_cancelled, two_handles, worker_id,
};
use crate::{NOW, SECOND, id};
use std::collections::HashSet;
use storage::job::{self, EndState, NewJob, Scope};

on_both_engines!(
    jobs_without_a_key_are_all_enqueued,
    a_key_belongs_to_a_kind,
    a_waiting_key_is_free_once_the_job_is_claimed,
    a_living_key_is_free_once_the_job_has_ended,
    a_kept_key_is_free_once_the_job_has_failed,
    a_kept_key_ends_with_its_period,
    a_key_outlives_a_period_while_its_job_has_not_ended,
    a_key_stays_with_a_job_that_is_tried_again,
    a_key_is_free_once_its_job_is_given_up_with_its_worker,
    the_same_key_twice_in_one_statement_is_one_job,
    of_many_only_those_with_a_taken_key_are_not_enqueued,
    the_same_key_at_once_is_one_job,
    the_same_keys_in_another_order_at_once_are_one_job_each,
    a_key_that_is_freed_meanwhile_is_taken_again,
);

async fn jobs_without_a_key_are_all_enqueued(engine: &Engine) {
    let db = engine.open().await;
    for number in 10..13 {
        assert_eq!(enqueue(&db, new_job(number)).await, id(number));
    }
    assert_eq!(claim(&db, NOW, 10).await.len(), 3);
}

async fn a_key_belongs_to_a_kind(engine: &Engine) {
    let db = engine.open().await;
    assert_eq!(enqueue(&db, keyed(10, "input", Scope::Kept)).await, id(10));
    let other = NewJob {
        kind: "plan.other",
        ..keyed(11, "input", Scope::Kept)
    };
    assert_eq!(enqueue(&db, other.clone()).await, id(11), "another kind");
    let again = NewJob {
        id: id(12),
        ..other
    };
    assert_eq!(enqueue(&db, again).await, id(11));
    assert_eq!(enqueue(&db, keyed(13, "other", Scope::Kept)).await, id(13));
}

async fn a_waiting_key_is_free_once_the_job_is_claimed(engine: &Engine) {
    let db = engine.open().await;
    let waiting = |number| keyed(number, "input", Scope::Waiting);
    assert_eq!(enqueue(&db, waiting(10)).await, id(10));
    assert_eq!(enqueue(&db, waiting(11)).await, id(10), "while it waits");
    let job = claim_one(&db, NOW).await;
    assert_eq!(enqueue(&db, waiting(12)).await, id(12), "while it runs");
    // What is tried again has no key to take from the one that waits meanwhile.
    end(&db, &job, EndState::Retrying).await;
    assert_eq!(in_tx!(db, job::promote, NOW + SECOND), 1);
    assert_eq!(enqueue(&db, waiting(13)).await, id(12));
    assert_eq!(claim(&db, NOW + SECOND, 10).await.len(), 2);
}

async fn a_living_key_is_free_once_the_job_has_ended(engine: &Engine) {
    let db = engine.open().await;
    let mut number = 10;
    for state in [EndState::Succeeded, EndState::Dead, EndState::Cancelled] {
        let mut living = || {
            number += 1;
            keyed(number, "input", Scope::Living)
        };
        let first = living();
        let holder = first.id;
        assert_eq!(enqueue(&db, first).await, holder, "before {state:?}");
        assert_eq!(enqueue(&db, living()).await, holder, "while it waits");
        let job = claim_one(&db, NOW).await;
        assert_eq!(enqueue(&db, living()).await, holder, "while it runs");
        end(&db, &job, state).await;
    }
}

async fn a_kept_key_is_free_once_the_job_has_failed(engine: &Engine) {
    let db = engine.open().await;
    let kept = |number| keyed(number, "input", Scope::Kept);
    assert_eq!(enqueue(&db, kept(10)).await, id(10));
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Dead).await;
    assert_eq!(enqueue(&db, kept(11)).await, id(11), "it was given up");
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Cancelled).await;
    assert_eq!(enqueue(&db, kept(12)).await, id(12), "it was cancelled");
    let job = claim_one(&db, NOW).await;
    assert_eq!(enqueue(&db, kept(13)).await, id(12), "while it runs");
    end(&db, &job, EndState::Succeeded).await;
    assert_eq!(enqueue(&db, kept(14)).await, id(12), "it has succeeded");
    assert!(claim(&db, NOW, 10).await.is_empty());
}

/// A job whose key is kept for a second.
fn kept_for_a_second(number: u128, now: i64) -> NewJob {
    NewJob {
        unique_until: Some(now + SECOND),
        run_at: now,
        now,
        ..keyed(number, "input", Scope::Kept)
    }
}

async fn a_kept_key_ends_with_its_period(engine: &Engine) {
    let db = engine.open().await;
    assert_eq!(enqueue(&db, kept_for_a_second(10, NOW)).await, id(10));
    let job = claim_one(&db, NOW).await;
    end(&db, &job, EndState::Succeeded).await;
    let early = kept_for_a_second(11, NOW + SECOND - 1);
    assert_eq!(enqueue(&db, early).await, id(10));
    let other_key = NewJob {
        unique_key: Some("other".to_owned()),
        ..kept_for_a_second(12, NOW + SECOND)
    };
    assert_eq!(enqueue(&db, other_key).await, id(12));
    assert_eq!(column(engine, "unique_key", id(10)).await, "input");
    let in_time = kept_for_a_second(13, NOW + SECOND);
    assert_eq!(enqueue(&db, in_time).await, id(13));
    assert_eq!(column(engine, "unique_key", id(10)).await, "-");
}

async fn a_key_outlives_a_period_while_its_job_has_not_ended(engine: &Engine) {
    let db = engine.open().await;
    let late = |number| kept_for_a_second(number, NOW + 2 * SECOND);
    assert_eq!(enqueue(&db, kept_for_a_second(10, NOW)).await, id(10));
    assert_eq!(enqueue(&db, late(11)).await, id(10), "while it waits");
    let job = claim_one(&db, NOW).await;
    assert_eq!(enqueue(&db, late(12)).await, id(10), "while it runs");
    end(&db, &job, EndState::Retrying).await;
    assert_eq!(enqueue(&db, late(13)).await, id(10), "until it is retried");
}

async fn a_key_stays_with_a_job_that_is_tried_again(engine: &Engine) {
    let db = engine.open().await;
    for (number, scope) in [(10, Scope::Living), (20, Scope::Kept)] {
        let key = format!("{number}");
        let same = |number| keyed(number, &key, scope);
        assert_eq!(enqueue(&db, same(number)).await, id(number));
        let job = claim_one(&db, NOW).await;
        end(&db, &job, EndState::Ready).await;
        assert_eq!(enqueue(&db, same(number + 1)).await, id(number));
        claim_one(&db, NOW).await;
        assert_eq!(reclaim(&db, worker_id(1), NOW).await, 1);
        assert_eq!(enqueue(&db, same(number + 2)).await, id(number));
        claim_one(&db, NOW).await;
        assert_eq!(in_tx!(db, job::hand_back, worker_id(1), &[], NOW), 1);
        assert_eq!(enqueue(&db, same(number + 3)).await, id(number));
        let job = claim_one(&db, NOW).await;
        end(&db, &job, EndState::Retrying).await;
        assert_eq!(enqueue(&db, same(number + 4)).await, id(number));
    }
}

async fn a_key_is_free_once_its_job_is_given_up_with_its_worker(engine: &Engine) {
    let db = engine.open().await;
    for (number, scope) in [(10, Scope::Living), (20, Scope::Kept)] {
        let same = |number| keyed(number, "input", scope);
        assert_eq!(enqueue(&db, same(number)).await, id(number));
        for _ in 0..3 {
            assert_eq!(enqueue(&db, same(number + 1)).await, id(number));
            claim_one(&db, NOW).await;
            reclaim(&db, worker_id(1), NOW).await;
        }
        assert_eq!(column(engine, "state", id(number)).await, "dead");
        assert_eq!(enqueue(&db, same(number + 2)).await, id(number + 2));
        claim_one(&db, NOW).await;
        to_be_cancelled(engine, id(number + 2)).await;
        reclaim(&db, worker_id(1), NOW).await;
        assert_eq!(enqueue(&db, same(number + 3)).await, id(number + 3));
        let job = claim_one(&db, NOW).await;
        end(&db, &job, EndState::Dead).await;
    }
}

async fn the_same_key_twice_in_one_statement_is_one_job(engine: &Engine) {
    let db = engine.open().await;
    let jobs = [
        keyed(10, "a", Scope::Kept),
        keyed(11, "b", Scope::Living),
        keyed(12, "a", Scope::Kept),
        keyed(13, "b", Scope::Living),
        new_job(14),
    ];
    let ids = enqueue_all(&db, &jobs).await;
    assert_eq!((ids[0], ids[1]), (ids[2], ids[3]));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 3);
    let mut there: Vec<_> = claim(&db, NOW, 10).await.iter().map(|job| job.id).collect();
    there.sort();
    let mut told: Vec<_> = [ids[0], ids[1], ids[4]].into();
    told.sort();
    assert_eq!(there, told);
}

async fn of_many_only_those_with_a_taken_key_are_not_enqueued(engine: &Engine) {
    let db = engine.open().await;
    enqueue(&db, keyed(10, "taken", Scope::Kept)).await;
    let jobs = [
        new_job(11),
        keyed(12, "taken", Scope::Kept),
        keyed(13, "free", Scope::Kept),
        new_job(14),
    ];
    assert_eq!(enqueue_all(&db, &jobs).await, [11, 10, 13, 14].map(id));
    assert_eq!(claim(&db, NOW, 10).await.len(), 4);
}

async fn the_same_key_at_once_is_one_job(engine: &Engine) {
    for scope in [Scope::Waiting, Scope::Living, Scope::Kept] {
        let handles = two_handles(engine).await;
        let key = format!("{scope:?}");
        let first = 1000 * (scope as u128 + 1);
        let tasks: Vec<_> = (first..first + 30)
            .map(|number| {
                let db = handles[number as usize % 2].clone();
                let new = keyed(number, &key, scope);
                tokio::spawn(async move { enqueue(&db, new).await })
            })
            .collect();
        let mut ids = HashSet::new();
        for task in tasks {
            ids.insert(task.await.unwrap());
        }
        assert_eq!(ids.len(), 1, "{ids:?}");
        let count = format!("SELECT COUNT(*) FROM job WHERE unique_key = '{key}'");
        assert_eq!(engine.raw(&count).await, ["1"]);
    }
}

async fn the_same_keys_in_another_order_at_once_are_one_job_each(engine: &Engine) {
    const KEYS: u128 = 500;
    let handles = two_handles(engine).await;
    for round in 0..10 {
        let tasks: Vec<_> = (0..4)
            .map(|caller| {
                let db = handles[caller as usize % 2].clone();
                let first = 1000 * (1 + caller + 4 * round);
                let mut jobs: Vec<NewJob> = (0..KEYS)
                    .map(|key| keyed(first + key, &format!("{round} {key}"), Scope::Kept))
                    .collect();
                if caller % 2 == 1 {
                    jobs.reverse();
                }
                tokio::spawn(async move {
                    let mut ids = enqueue_all(&db, &jobs).await;
                    if caller % 2 == 1 {
                        ids.reverse();
                    }
                    ids
                })
            })
            .collect();
        let mut told = HashSet::new();
        for task in tasks {
            told.insert(task.await.unwrap());
        }
        assert_eq!(told.len(), 1, "each caller is told the same jobs");
        assert_eq!(
            engine.raw("SELECT COUNT(*) FROM job").await,
            [(KEYS * (round + 1)).to_string()]
        );
    }
}

async fn a_key_that_is_freed_meanwhile_is_taken_again(engine: &Engine) {
    const CALLERS: u128 = 4;
    const EACH: u128 = 40;
    let handles = two_handles(engine).await;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let db = handles[caller as usize % 2].clone();
            tokio::spawn(async move {
                let mut told = Vec::new();
                for turn in 0..EACH {
                    let number = 1000 * (caller + 1) + turn;
                    told.push(enqueue(&db, keyed(number, "input", Scope::Living)).await);
                }
                told
            })
        })
        .collect();
    let db = handles[0].clone();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let worker = tokio::spawn(async move {
        let mut stopped = stopped;
        let mut ended = Vec::new();
        loop {
            // Whether all callers are done is asked first, so that nothing is left afterwards.
            let last = stopped.try_recv().is_ok();
            let claimed = claim(&db, NOW, 10).await;
            assert!(claimed.len() <= 1, "two jobs have the key");
            for job in claimed {
                let end = crate::work::ended(&job, EndState::Succeeded);
                assert_eq!(finish(&db, &[end]).await, 1);
                ended.push(job.id);
            }
            if last {
                return ended;
            }
        }
    });
    let mut told = HashSet::new();
    for caller in callers {
        told.extend(caller.await.unwrap());
    }
    stop.send(()).unwrap();
    let ended = worker.await.unwrap();
    assert!(told.len() > 1, "the key was freed at least once");
    assert_eq!(
        told,
        ended.into_iter().collect(),
        "who was told of a job has it"
    );
}
