//! The job board's statements: what they read, and by which index.

use crate::engines::{Engine, on_both_engines};
use crate::payments::{campus, order};
use crate::statements::plan_of;
use crate::work::{column, columns, enqueue, enqueue_all, in_tx, literal, new_job};
use crate::{NOW, id, member};
use domain::job::{JobChange, JobState};
use serde_json::json;
use storage::board::{self, About, Among, Part, Range, Search};
use storage::job::NewJob;
use storage::{Db, Dialect, change, process, queue};
use uuid::Uuid;

on_both_engines!(
    a_full_board_is_read_by_its_indexes,
    the_newest_of_all_parts_are_found_in_their_order,
    what_is_about_something_or_for_somebody_is_found_once,
    a_search_tells_how_far_it_looked,
    counts_are_of_the_hours_that_are_asked_for,
    the_oldest_ready_job_is_found_behind_more_urgent_ones,
    a_schedule_knows_how_its_last_job_stands,
    a_change_is_applied_once_and_only_where_it_applies,
    a_change_never_changes_the_job_that_makes_it,
    only_what_a_change_has_left_is_changed_back,
    old_changes_are_forgotten_in_parts,
    what_processes_measured_adds_up,
    the_counts_of_hours_without_jobs_are_forgotten,
);

const EVERYTHING: Range = Range {
    before: Uuid::max(),
    since: Uuid::nil(),
};

fn part(kind: &str, state: JobState) -> Part {
    Part {
        kind: kind.to_owned(),
        state: state.column().to_owned(),
    }
}

async fn stand(engine: &Engine, which: &str, state: &str) {
    let ended = ["succeeded", "dead", "cancelled"].contains(&state);
    let finished = if ended { "created_at" } else { "NULL" };
    let set = format!("UPDATE job SET state = '{state}', finished_at = {finished} WHERE {which}");
    engine.raw(&set).await;
}

/// Twenty thousand jobs of four kinds, a thousand each of every state but `running`, of which there are
/// few, for ten members, about something or caused by one another.
async fn fill(engine: &Engine, dialect: Dialect) {
    let (numbers, ids): (_, fn(&str) -> String) = match dialect {
        Dialect::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)",
            |number| format!("unhex(printf('%032x', {number}))"),
        ),
        Dialect::Postgres => (
            "WITH numbers AS (SELECT n FROM generate_series(1, 20000) AS n)",
            |number| format!("CAST(lpad(to_hex({number}), 32, '0') AS UUID)"),
        ),
    };
    let insert = format!(
        "{numbers} INSERT INTO job (id, queue, kind, state, priority, arguments, run_at, max_attempts,
            request_id, created_at, worker_id, finished_at, owner_id, subject, parent_id)
        SELECT {id}, 'diet-plans', 'kind ' || n % 4, CASE n % 20 WHEN 0 THEN 'ready' WHEN 2 THEN 'scheduled'
                WHEN 3 THEN 'retrying' WHEN 4 THEN 'dead' WHEN 5 THEN 'cancelled'
                WHEN 6 THEN CASE WHEN n % 1000 = 6 THEN 'running' ELSE 'ready' END ELSE 'succeeded' END,
            n % 3, '{{\"said\":\"something\"}}', n, 5, 'r', n, CASE WHEN n % 1000 = 6 THEN {worker} END,
            CASE WHEN n % 20 IN (1, 4, 5) OR n % 20 > 6 THEN n END, {owner},
            CASE WHEN n % 2 = 0 THEN 'plan:' || n / 10 END, CASE WHEN n > 10 THEN {parent} END FROM numbers",
        id = ids("n"),
        worker = ids("1"),
        owner = ids("n % 10 + 1"),
        parent = ids("n / 10"),
    );
    engine.raw(&insert).await;
    let changed = format!(
        "{numbers} INSERT INTO changed_job (change_id, job_id, state, priority, run_at, attempts, deaths, fence,
            progress) SELECT {change}, {id}, 'ready', 1, 1, 0, 0, 0, 0 FROM numbers",
        change = ids("1"),
        id = ids("n"),
    );
    let change = ids("1");
    engine
        .raw(&format!(
            "INSERT INTO job_change (id, at, action) VALUES ({change}, 7, 'RETRY')"
        ))
        .await;
    engine.raw(&changed).await;
    for table in ["job", "changed_job", "account"] {
        engine.raw(&format!("ANALYZE {table}")).await;
    }
}

#[tokio::test]
async fn what_sqlite_knew_of_few_jobs_misleads_nobody() {
    let engine = Engine::sqlite().await;
    let db = engine.open().await;
    enqueue_all(&db, &[new_job(1)]).await;
    let plan = async || plan_of(&engine, Dialect::Sqlite, "storage::job::FINISH", &["'[]'"]).await;
    engine.raw("ANALYZE").await;
    assert!(plan().await.contains("SCAN job"), "it is misled");
    db.optimize().await.unwrap();
    assert!(plan().await.contains("SEARCH job"));
    // And by what is gathered at the end.
    db.close().await;
    assert!(plan().await.contains("SEARCH job"));
    engine.remove().await;
}

async fn a_full_board_is_read_by_its_indexes(engine: &Engine) {
    let db = engine.open().await;
    let dialect = db.dialect();
    for number in 1..=10 {
        member(&db, number).await;
    }
    fill(engine, dialect).await;
    let sqlite = dialect == Dialect::Sqlite;
    let json = |text: &str| {
        let cast = if sqlite { "" } else { "::jsonb" };
        format!("'{text}'{cast}")
    };
    let one = literal(engine, id(1));
    let half = literal(engine, id(10_000));
    let parts = json(r#"[{"kind":"kind 1","state":"dead"},{"kind":"kind 2","state":"ready"}]"#);
    let named: Vec<String> = (1..200).map(|n| format!("\"{:032x}\"", n * 100)).collect();
    let named = json(&format!("[{}]", named.join(",")));
    let dead = json(r#"["dead","cancelled"]"#);
    let (key, changed) = if sqlite {
        (
            "USING PRIMARY KEY (id=?)",
            "USING PRIMARY KEY (change_id=? AND job_id=?)",
        )
    } else {
        ("job_pkey", "changed_job_pkey")
    };
    let about = if sqlite {
        vec![
            "COVERING INDEX job_subject",
            "COVERING INDEX job_owner",
            "sqlite_autoindex_orders_2 (account_id=?)",
        ]
    } else {
        vec!["job_subject", "job_owner"]
    };
    let cases: Vec<(&str, Vec<&str>, Vec<&str>)> = vec![
        (
            "board::NEWEST",
            vec![&parts, &half, &one, "50"],
            vec!["job_state"],
        ),
        (
            "board::ABOUT",
            vec![&half, &one, "50", "'plan:7'", &one],
            about.clone(),
        ),
        (
            "board::COUNT_ABOUT",
            vec![&half, &one, "50", "'plan:7'", &one],
            about.clone(),
        ),
        (
            "board::SEARCH",
            vec!["'some'", "20", &half, &one, "50", &parts],
            vec!["job_state", key],
        ),
        (
            "board::SEARCH_ALL",
            vec!["'some'", "20", &half, &one, "50"],
            vec![key],
        ),
        (
            "board::SEARCH_ABOUT",
            vec!["'some'", "20", &half, &one, "50", &parts, "'plan:7'", &one],
            [about.as_slice(), &[key]].concat(),
        ),
        ("board::LISTED", vec![&named], vec![key]),
        ("board::CAUSES", vec![&half, "10"], vec![key]),
        ("board::CHILDREN", vec![&half, "100"], vec!["job_children"]),
        ("board::RUNNING", vec!["100"], vec!["job_state"]),
        ("board::OLDEST_READY", vec!["100"], vec!["job_claim"]),
        ("change::RECORD", vec![&one, &named, &dead], vec![key]),
        ("change::RETRY", vec![&named, "7"], vec![key]),
        ("change::CANCEL", vec![&named, "7"], vec![key]),
        ("change::RUN_NOW", vec![&named, "7"], vec![key]),
        ("change::SET_PRIORITY", vec![&named, "7"], vec![key]),
        ("change::DELETE", vec![&named, &one], vec![key]),
        (
            "change::UNDO_RETRY",
            vec![&one, &named, "7"],
            vec![key, changed],
        ),
        (
            "change::UNDO_CANCEL",
            vec![&one, &named, "7"],
            vec![key, changed],
        ),
        (
            "change::UNDO_RUN_NOW",
            vec![&one, &named, "7"],
            vec![key, changed],
        ),
        (
            "change::UNDO_SET_PRIORITY",
            vec![&one, &named, "7"],
            vec![key, changed],
        ),
        ("change::DROP_CHANGED", vec![&one, &named], vec![changed]),
    ];
    for (name, values, indexes) in cases {
        let plan = plan_of(engine, dialect, &format!("storage::{name}"), &values).await;
        for index in indexes {
            assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        }
        for line in plan.lines() {
            let whole = ["job", "changed", "changed_job", "account"]
                .iter()
                .any(|table| {
                    line.contains(&format!("SCAN {table}"))
                        || line.contains(&format!("Seq Scan on {table}"))
                });
            assert!(!whole, "{name} reads everything:\n{plan}");
        }
    }
    db.close().await;
}

/// Jobs 1 to `jobs`, every third of another kind.
async fn jobs(db: &Db, jobs: u128) {
    let new: Vec<NewJob> = (1..=jobs)
        .map(|number| NewJob {
            kind: if number % 3 == 0 {
                "other"
            } else {
                "plan.compute"
            },
            ..new_job(number)
        })
        .collect();
    enqueue_all(db, &new).await;
}

fn numbers(ids: &[Uuid]) -> Vec<u128> {
    ids.iter().map(Uuid::as_u128).collect()
}

async fn the_newest_of_all_parts_are_found_in_their_order(engine: &Engine) {
    let db = engine.open().await;
    jobs(&db, 30).await;
    stand(
        engine,
        &format!("id <= {}", literal(engine, id(10))),
        "dead",
    )
    .await;
    let newest = async |parts: &[Part], range: Range, limit| {
        numbers(&in_tx!(db, board::newest, parts, range, limit))
    };
    let every = [
        part("plan.compute", JobState::Ready),
        part("other", JobState::Ready),
        part("plan.compute", JobState::Dead),
        part("other", JobState::Dead),
    ];
    let all: Vec<u128> = (1..=30).rev().collect();
    assert_eq!(newest(&every, EVERYTHING, 100).await, all);
    assert_eq!(newest(&every, EVERYTHING, 7).await, all[..7]);
    let range = Range {
        before: id(20),
        since: id(8),
    };
    assert_eq!(newest(&every, range, 100).await, all[11..23]);
    assert_eq!(newest(&every[3..], EVERYTHING, 100).await, [9, 6, 3]);
    assert_eq!(newest(&every[1..3], range, 4).await, [18, 15, 12, 10]);
    assert!(newest(&[], EVERYTHING, 100).await.is_empty());
    let listed = in_tx!(db, board::listed, &[id(3), id(9), id(77)]);
    assert_eq!(
        listed
            .iter()
            .map(|row| row.id.as_u128())
            .collect::<Vec<_>>(),
        [9, 3]
    );
    db.close().await;
}

async fn what_is_about_something_or_for_somebody_is_found_once(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let new: Vec<NewJob> = (1..=12)
        .map(|number| NewJob {
            owner_id: (number % 2 == 0).then_some(ana),
            subject: (number % 3 == 0).then(|| "plan:7".to_owned()),
            ..new_job(number)
        })
        .collect();
    enqueue_all(&db, &new).await;
    // Of an order of hers; the last one is for nobody.
    campus(engine, 1, "MXN").await;
    let ordered = order(engine, 0x00ab_cdef).await;
    let of_order: Vec<NewJob> = [(13, Some(ana)), (14, Some(ana)), (15, None)]
        .into_iter()
        .map(|(number, owner_id)| NewJob {
            kind: "order.stock",
            owner_id,
            subject: Some(format!("order:{ordered}")),
            ..new_job(number)
        })
        .collect();
    enqueue_all(&db, &of_order).await;
    let about = |subject: Option<&str>, owner| About {
        subject: subject.map(str::to_owned),
        owner,
    };
    let cases = [
        (about(Some("plan:7"), None), vec![12, 9, 6, 3]),
        (about(None, Some(ana)), vec![14, 13, 12, 10, 8, 6, 4, 2]),
        (
            about(Some("plan:7"), Some(ana)),
            vec![14, 13, 12, 10, 9, 8, 6, 4, 3, 2],
        ),
        (about(None, None), vec![]),
    ];
    for (about, expected) in cases {
        let found = in_tx!(db, board::about, &about, EVERYTHING, 100);
        assert_eq!(numbers(&found), expected, "{about:?}");
        let counted = in_tx!(db, board::count_about, &about, EVERYTHING, 5);
        let most = (expected.len() as i64).min(5);
        assert_eq!(counted, most, "{about:?}");
        let range = Range {
            before: id(10),
            since: id(4),
        };
        let found = in_tx!(db, board::about, &about, range, 2);
        let within = expected.iter().filter(|number| (4..10).contains(*number));
        assert_eq!(numbers(&found), within.take(2).copied().collect::<Vec<_>>());
    }
    let owner = in_tx!(db, board::listed, &[id(2)])[0].owner.clone();
    assert_eq!(owner.as_deref(), Some("member1@example.org"));
    db.close().await;
}

async fn a_search_tells_how_far_it_looked(engine: &Engine) {
    let db = engine.open().await;
    let ana = member(&db, 1).await;
    let new: Vec<NewJob> = (1..=20)
        .map(|number| NewJob {
            arguments: json!({ "said": if number % 5 == 0 { "A Needle" } else { "hay" } }),
            owner_id: (number <= 10).then_some(ana),
            ..new_job(number)
        })
        .collect();
    enqueue_all(&db, &new).await;
    let parts = [part("plan.compute", JobState::Ready)];
    let mine = About {
        subject: None,
        owner: Some(ana),
    };
    let among = async |among: Among<'_>, window, text, limit| {
        let search = Search {
            among,
            range: EVERYTHING,
            window,
            text,
            limit,
        };
        let found = in_tx!(db, board::search, &search);
        let places = found.iter().map(|found| (found.id.as_u128(), found.place));
        places.collect::<Vec<_>>()
    };
    let hers = Among::About(&mine, &parts);
    let found = async |window, text, limit| {
        // All of them are of one part.
        let found = among(Among::All, window, text, limit).await;
        let of_part = among(Among::Parts(&parts), window, text, limit).await;
        assert_eq!(found, of_part, "{text:?}");
        found
    };
    // The last one that was looked at comes back too.
    assert_eq!(
        found(100, "needle", 100).await,
        [(20, 1), (15, 6), (10, 11), (5, 16), (1, 20)]
    );
    assert_eq!(found(7, "needle", 100).await, [(20, 1), (15, 6), (14, 7)]);
    assert_eq!(found(100, "needle", 2).await, [(20, 1), (15, 6)]);
    assert_eq!(found(100, "straw", 100).await, [(1, 20)]);
    assert_eq!(
        among(hers, 100, "needle", 100).await,
        [(10, 1), (5, 6), (1, 10)]
    );
    assert_eq!(among(hers, 4, "needle", 100).await, [(10, 1), (7, 4)]);
    for wildcard in ["%", "_eedle", "n_edle"] {
        assert_eq!(found(100, wildcard, 100).await, [(1, 20)], "{wildcard}");
    }
    // The candidates are all that are for her; what they are is looked up.
    stand(engine, &format!("id = {}", literal(engine, id(7))), "dead").await;
    stand(engine, &format!("id = {}", literal(engine, id(5))), "dead").await;
    assert_eq!(among(hers, 100, "needle", 100).await, [(10, 1), (1, 10)]);
    let ready = [10, 9, 8, 6, 4, 3, 2, 1].map(|number: u128| (number, 11 - number as i64));
    assert_eq!(among(hers, 100, "", 100).await, ready);
    db.close().await;
}

async fn counts_are_of_the_hours_that_are_asked_for(engine: &Engine) {
    const HOUR: i64 = 3_600_000_000;
    let db = engine.open().await;
    let first = NOW / HOUR;
    let new: Vec<NewJob> = (0..6)
        .map(|number| NewJob {
            now: (first + number / 2) * HOUR + 5,
            run_at: 0,
            ..new_job(number as u128 + 1)
        })
        .collect();
    enqueue_all(&db, &new).await;
    stand(engine, &format!("id = {}", literal(engine, id(3))), "dead").await;
    let counted = async |since, until| {
        let counted = in_tx!(db, board::counted, since, until);
        let counted = counted.into_iter().map(|count| (count.state, count.jobs));
        counted.collect::<Vec<_>>()
    };
    let of = |dead, ready| -> Vec<(String, i64)> {
        let both = [("dead".to_owned(), dead), ("ready".to_owned(), ready)];
        both.into_iter().filter(|(_, jobs)| *jobs > 0).collect()
    };
    // Folded or not.
    for _ in 0..2 {
        assert_eq!(counted(0, i64::MAX).await, of(1, 5));
        assert_eq!(counted(first, first + 1).await, of(0, 2));
        assert_eq!(counted(first + 1, first + 2).await, of(1, 1));
        assert_eq!(counted(first + 1, i64::MAX).await, of(1, 3));
        assert_eq!(counted(0, first).await, of(0, 0));
        in_tx!(db, queue::fold_counts);
    }
    db.close().await;
}

async fn the_oldest_ready_job_is_found_behind_more_urgent_ones(engine: &Engine) {
    let db = engine.open().await;
    for name in ["diet-plans", "maintenance"] {
        in_tx!(db, queue::ensure, name, 1);
    }
    let new: Vec<NewJob> = [(5, 40), (5, 30), (7, 20), (9, 10), (-3, 50)]
        .into_iter()
        .zip(1..)
        .map(|((priority, run_at), number)| NewJob {
            priority,
            run_at,
            ..new_job(number)
        })
        .collect();
    enqueue_all(&db, &new).await;
    let oldest = async |priorities| in_tx!(db, board::oldest_ready, priorities);
    let plans = |run_at| vec![("diet-plans".to_owned(), run_at)];
    assert_eq!(oldest(100).await, plans(10));
    assert_eq!(oldest(3).await, plans(20));
    assert_eq!(oldest(1).await, plans(50));
    stand(engine, "run_at = 10", "dead").await;
    assert_eq!(oldest(100).await, plans(20));
    stand(engine, "state = 'ready'", "dead").await;
    assert!(oldest(100).await.is_empty());
    db.close().await;
}

async fn a_schedule_knows_how_its_last_job_stands(engine: &Engine) {
    let db = engine.open().await;
    in_tx!(db, storage::schedule::ensure, "b", "0 4 * * *", "UTC", 7);
    in_tx!(db, storage::schedule::ensure, "a", "0 5 * * *", "UTC", 9);
    let ran = enqueue(&db, new_job(1)).await;
    in_tx!(db, storage::schedule::advance, "a", 9, 20, ran);
    let known = async || {
        let rows = in_tx!(db, board::schedules);
        let rows = rows
            .into_iter()
            .map(|row| (row.name, row.last_job_id, row.last_state));
        rows.collect::<Vec<_>>()
    };
    let of =
        |name: &str, job, state: Option<&str>| (name.to_owned(), job, state.map(str::to_owned));
    assert_eq!(
        known().await,
        [of("a", Some(ran), Some("ready")), of("b", None, None)]
    );
    engine
        .raw(&format!(
            "DELETE FROM job WHERE id = {}",
            literal(engine, ran)
        ))
        .await;
    assert_eq!(
        known().await,
        [of("a", Some(ran), None), of("b", None, None)]
    );
    db.close().await;
}

const CHANGE: Uuid = Uuid::from_u128(0xc0de);

/// Applies a change to all of the jobs 1 to 7 that it applies to.
async fn apply(db: &Db, id_of_change: Uuid, at: i64, change: JobChange) -> i64 {
    let all: Vec<Uuid> = (1..=7).map(id).collect();
    let mut tx = db.write().await.unwrap();
    let at = change::begin(&mut tx, id_of_change, at, change)
        .await
        .unwrap();
    let changed = change::apply(&mut tx, id_of_change, at, change, &all)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    changed
}

/// Jobs 1 to 7, one in each state in their order.
async fn one_of_each(engine: &Engine, db: &Db) {
    let new: Vec<NewJob> = (1..=7).map(new_job).collect();
    enqueue_all(db, &new).await;
    for (number, state) in (1..).zip(JobState::ALL) {
        let one = literal(engine, id(number));
        if state == JobState::Running {
            let worker = literal(engine, id(77));
            engine
                .raw(&format!(
                    "UPDATE job SET state = 'running', worker_id = {worker} WHERE id = {one}"
                ))
                .await;
        } else {
            stand(engine, &format!("id = {one}"), state.column()).await;
        }
    }
}

async fn a_change_is_applied_once_and_only_where_it_applies(engine: &Engine) {
    let db = engine.open().await;
    one_of_each(engine, &db).await;
    for (number, change) in [
        JobChange::SetPriority { priority: 3 },
        JobChange::RunNow,
        JobChange::Retry,
        JobChange::Cancel,
        JobChange::Delete,
    ]
    .into_iter()
    .enumerate()
    {
        let rows = engine.raw("SELECT state FROM job").await;
        let states = rows
            .iter()
            .map(|state| JobState::from_column(state).unwrap());
        let applies = states.filter(|state| change.applies_to(*state)).count() as i64;
        let id_of_change = id(0xc000 + number as u128);
        assert_eq!(
            apply(&db, id_of_change, NOW + 1, change).await,
            applies,
            "{change:?}"
        );
        if change.can_be_undone() {
            // Whatever has become of them since, and when.
            assert_eq!(
                apply(&db, id_of_change, NOW + 9, change).await,
                0,
                "{change:?}"
            );
        }
    }
    // What ran was told to stop; all others had ended by then.
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job").await, ["1"]);
    let [state, finished] = columns(engine, ["state", "finished_at"], id(3)).await;
    assert_eq!((state.as_str(), finished.as_str()), ("running", "-"));
    let counted = in_tx!(db, queue::counts);
    assert_eq!(counted.iter().map(|count| count.jobs).sum::<i64>(), 1);
    db.close().await;
}

async fn a_change_never_changes_the_job_that_makes_it(engine: &Engine) {
    let db = engine.open().await;
    one_of_each(engine, &db).await;
    assert_eq!(apply(&db, id(2), NOW, JobChange::Cancel).await, 3);
    assert_eq!(column(engine, "state", id(2)).await, "ready");
    stand(
        engine,
        &format!("id = {}", literal(engine, id(2))),
        "succeeded",
    )
    .await;
    apply(&db, id(2), NOW, JobChange::Delete).await;
    assert_eq!(column(engine, "state", id(2)).await, "succeeded");
    db.close().await;
}

async fn only_what_a_change_has_left_is_changed_back(engine: &Engine) {
    let db = engine.open().await;
    one_of_each(engine, &db).await;
    assert!(in_tx!(db, change::get, CHANGE).is_none());
    assert_eq!(apply(&db, CHANGE, NOW + 1, JobChange::Cancel).await, 4);
    assert_eq!(in_tx!(db, change::count_changed, CHANGE), 4);
    // One has been tried again, and is about to run.
    assert_eq!(apply(&db, id(0xc1), NOW + 2, JobChange::Retry).await, 5);
    stand(
        engine,
        &format!("id = {}", literal(engine, id(1))),
        "cancelled",
    )
    .await;
    let one = literal(engine, id(1));
    engine
        .raw(&format!(
            "UPDATE job SET finished_at = {} WHERE id = {one}",
            NOW + 1
        ))
        .await;
    let before = in_tx!(db, change::get, CHANGE).unwrap();
    assert_eq!(before.at, NOW + 1);
    let first = in_tx!(db, change::changed, CHANGE, 2);
    assert_eq!(numbers(&first), [4, 3]);
    assert_eq!(in_tx!(db, change::undo, CHANGE, &before, &first), 0);
    let rest = in_tx!(db, change::changed, CHANGE, 100);
    assert_eq!(numbers(&rest), [2, 1]);
    assert_eq!(in_tx!(db, change::undo, CHANGE, &before, &rest), 1);
    assert_eq!(column(engine, "state", id(1)).await, "scheduled");
    assert_eq!(column(engine, "state", id(2)).await, "ready");
    assert!(in_tx!(db, change::changed, CHANGE, 100).is_empty());
    in_tx!(db, change::drop_change, CHANGE);
    assert!(in_tx!(db, change::get, CHANGE).is_none());
    db.close().await;
}

async fn old_changes_are_forgotten_in_parts(engine: &Engine) {
    let db = engine.open().await;
    one_of_each(engine, &db).await;
    let urgent = JobChange::SetPriority { priority: 3 };
    apply(&db, id(0xc1), NOW, urgent).await;
    apply(&db, id(0xc2), NOW + 5, urgent).await;
    assert_eq!(in_tx!(db, change::forget, NOW, 2), 0);
    assert_eq!(in_tx!(db, change::forget, NOW + 5, 2), 2);
    assert!(
        in_tx!(db, change::get, id(0xc1)).is_some(),
        "one job of it is left"
    );
    assert_eq!(in_tx!(db, change::forget, NOW + 5, 2), 1);
    assert!(in_tx!(db, change::get, id(0xc1)).is_none());
    assert_eq!(in_tx!(db, change::count_changed, id(0xc2)), 3);
    db.close().await;
}

async fn what_processes_measured_adds_up(engine: &Engine) {
    let db = engine.open().await;
    let measured = |minute, process, measure, value| process::Measured {
        minute,
        process_id: id(process),
        measure,
        value,
    };
    for _ in 0..2 {
        let measures = [
            measured(7, 1, "requests", 10),
            measured(7, 2, "requests", 5),
            measured(7, 1, "slowest", 64),
            measured(7, 2, "slowest", 512),
            measured(7, 1, "memory", 100),
            measured(7, 2, "memory", 200),
            measured(6, 1, "memory", 1),
        ];
        in_tx!(db, process::measure, &measures);
    }
    let told = async |since| {
        let totals = in_tx!(db, process::measured, since);
        let totals = totals
            .into_iter()
            .map(|it| format!("{} {} {}", it.minute, it.measure, it.value));
        totals.collect::<Vec<_>>()
    };
    assert_eq!(
        told(7).await,
        ["7 memory 300", "7 requests 30", "7 slowest 512"]
    );
    assert_eq!(told(0).await[0], "6 memory 1");
    in_tx!(db, process::forget, 7);
    assert_eq!(told(0).await.len(), 3);
    db.close().await;
}

async fn the_counts_of_hours_without_jobs_are_forgotten(engine: &Engine) {
    let db = engine.open().await;
    one_of_each(engine, &db).await;
    in_tx!(db, queue::fold_counts);
    engine
        .raw(&format!(
            "DELETE FROM job WHERE id > {}",
            literal(engine, id(3))
        ))
        .await;
    in_tx!(db, queue::fold_counts);
    in_tx!(db, queue::forget_counts);
    // Three jobs are left; the one that runs is counted where it stands.
    assert_eq!(engine.raw("SELECT COUNT(*) FROM job_count").await, ["2"]);
    db.close().await;
}
