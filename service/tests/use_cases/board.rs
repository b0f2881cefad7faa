//! The job board: who may look and change, what lists and counts say, what changes do and undo.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::workers::{column, db, literal, number, ping};
use crate::{NOW, Product, SECOND, refused, register};
use domain::account::Role;
use domain::invalid::{InvalidCode, InvalidField};
use domain::job::{JobChange, JobState};
use domain::problem::Problem;
use serde_json::json;
use service::board::{self, JobCount, JobFilter};
use service::jobs::runner::Runner;
use service::system::{self, Sample};
use service::{Actor, Ctx, health};
use storage::job::{self, NewJob};
use uuid::Uuid;

on_both_engines!(
    administrators_change_operators_look_and_nobody_else_does,
    lists_and_counts_are_what_a_look_at_every_job_gives,
    a_text_is_found_in_arguments_but_not_in_secrets,
    a_long_search_goes_on_where_it_ended,
    a_job_is_shown_with_what_it_has_to_do_with_others,
    a_job_is_changed_and_changed_back,
    what_does_not_apply_is_a_conflict_and_changes_nothing,
    what_has_gone_on_since_is_not_changed_back,
    a_running_job_is_told_to_stop,
    many_jobs_are_changed_and_changed_back,
    a_change_that_was_broken_off_changes_nothing_twice,
    a_change_does_not_change_what_comes_after_it,
    a_child_that_is_tried_again_leaves_its_parent_alone,
    queues_are_paused_and_limited,
    a_schedule_is_run_when_asked,
    the_overview_shows_how_fast_and_how_far_behind_queues_are,
    what_is_old_is_forgotten,
    the_last_hours_are_remembered,
);

const HOUR: i64 = 3600 * SECOND;

async fn with_role(product: &Product, name: &str, role: Role) -> Ctx {
    let system = product.ctx(Actor::System);
    let created = service::account::create_with_role(&system, register(name), role).await;
    let id = created.unwrap();
    product.ctx(Actor::Account { id, role })
}

async fn ada(product: &Product) -> Ctx {
    with_role(product, "ada", Role::Admin).await
}

/// A job's row; the id of a larger number is larger, a microsecond of the clock apart.
fn new_job(number: i64) -> NewJob {
    job_at(NOW, number)
}

fn job_at(at: i64, number: i64) -> NewJob {
    let id = ((at / 1000) as u128) << 80 | number as u128;
    NewJob {
        id: Uuid::from_u128(id),
        queue: "diet-plans",
        kind: "plan.compute",
        priority: 100,
        arguments: json!({ "number": number }),
        owner_id: None,
        subject: None,
        unique_key: None,
        unique_scope: None,
        unique_until: None,
        run_at: at,
        max_attempts: 5,
        worker_id: None,
        request_id: "request".to_owned(),
        parent_id: None,
        awaited: false,
        now: at,
    }
}

async fn enqueue(ctx: &Ctx, jobs: &[NewJob]) -> Vec<Uuid> {
    let mut tx = db(ctx).write().await.unwrap();
    let ids = job::enqueue(&mut tx, jobs).await.unwrap();
    tx.will_wake().await.unwrap();
    tx.commit().await.unwrap();
    ids
}

/// Lets jobs stand in a state, as if they had come there by themselves.
async fn stand(engine: &Engine, which: &str, state: JobState) {
    let state = state.column();
    let ended = ["succeeded", "dead", "cancelled"].contains(&state);
    let finished = if ended { "created_at + 7" } else { "NULL" };
    let worker = match state {
        "running" => literal(engine, Uuid::from_u128(77)),
        _ => "NULL".to_owned(),
    };
    let set = format!(
        "UPDATE job SET state = '{state}', finished_at = {finished}, worker_id = {worker}, attempts = 5,
            error = '{{\"type\":\"INTERNAL\"}}' WHERE {which}"
    );
    engine.raw(&set).await;
}

async fn one_that_stands(engine: &Engine, ctx: &Ctx, number: i64, state: JobState) -> Uuid {
    let id = enqueue(ctx, &[new_job(number)]).await[0];
    stand(engine, &format!("id = {}", literal(engine, id)), state).await;
    id
}

async fn all(ctx: &Ctx, filter: &JobFilter) -> (Vec<Uuid>, JobCount) {
    let mut ids = Vec::new();
    let mut next = None;
    let mut count = None;
    loop {
        let page = board::list(ctx, filter, next, 37).await.unwrap();
        count.get_or_insert(page.count);
        ids.extend(page.items.iter().map(|item| item.id));
        next = page.next;
        if next.is_none() {
            return (ids, count.unwrap());
        }
    }
}

async fn states(engine: &Engine) -> Vec<String> {
    engine
        .raw("SELECT state || ' ' || COUNT(*) FROM job WHERE kind = 'plan.compute' GROUP BY state ORDER BY 1")
        .await
}

async fn audited(engine: &Engine) -> Vec<String> {
    engine
        .raw("SELECT action || ' ' || subject FROM audit WHERE action NOT LIKE 'account.%' ORDER BY id")
        .await
}

fn invalid(field: &str, code: InvalidCode) -> Problem {
    Problem::Invalid {
        fields: vec![InvalidField::new(field, code)],
    }
}

async fn administrators_change_operators_look_and_nobody_else_does(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let id = one_that_stands(engine, &ada, 1, JobState::Dead).await;
    let filter = JobFilter::default();
    let callers = [
        (product.anonymous(), Some(Problem::Unauthenticated)),
        (product.member("ana").await, Some(Problem::Forbidden)),
        (
            with_role(&product, "sam", Role::Staff).await,
            Some(Problem::Forbidden),
        ),
        (with_role(&product, "olga", Role::Operator).await, None),
    ];
    for (ctx, refusal) in callers {
        let looks = [
            board::overview(&ctx).await.err(),
            board::list(&ctx, &filter, None, 20).await.err(),
            board::get(&ctx, id).await.err(),
            system::history(&ctx, 1).await.err(),
            health::detailed(&ctx).await.err(),
        ];
        for look in looks {
            assert_eq!(look.map(Problem::from), refusal);
        }
        let refusal = refusal.unwrap_or(Problem::Forbidden);
        let retry = JobChange::Retry;
        let changes = [
            board::change(&ctx, id, retry).await.err(),
            board::change_all(&ctx, filter.clone(), retry).await.err(),
            board::touched(&ctx, &filter, retry).await.err(),
            board::undo(&ctx, id).await.err(),
            board::set_paused(&ctx, "maintenance", true).await.err(),
            board::set_concurrency(&ctx, "maintenance", 0).await.err(),
            board::set_rate(&ctx, "nowhere", Some((0, 0))).await.err(),
            board::run_schedule(&ctx, "installation.sweep").await.err(),
        ];
        for change in changes {
            assert_eq!(change.map(Problem::from), Some(refusal.clone()));
        }
    }
    assert!(
        board::get(&with_role(&product, "oli", Role::Operator).await, id)
            .await
            .unwrap()
            .changes
            .is_empty()
    );
    assert_eq!(
        board::get(&ada, id).await.unwrap().changes,
        [JobChange::Retry, JobChange::Delete]
    );
    assert_eq!(column(engine, "state", id).await, "dead");
    assert!(audited(engine).await.is_empty());
}

/// SplitMix64: the same numbers for the same seed, for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn maybe<T>(&mut self, one_in: u64, of: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(one_in) == 0).then(|| of(self))
    }
}

async fn lists_and_counts_are_what_a_look_at_every_job_gives(engine: &Engine) {
    const KINDS: [(&str, &str); 3] = [
        ("plan.compute", "diet-plans"),
        ("installation.sweep", "maintenance"),
        // Of another version, which nothing knows any more.
        ("gone.away", "gone"),
    ];
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let members = [
        ("ana", product.member("ana").await.account_id().unwrap()),
        ("ben", product.member("ben").await.account_id().unwrap()),
    ];
    let mut random = Random(0x5eed);
    let mut jobs = Vec::new();
    for number in 0..1500 {
        let (kind, queue) = KINDS[random.below(3) as usize];
        let at = NOW + HOUR * random.below(5) as i64 + SECOND * random.below(3600) as i64;
        let state = JobState::ALL[random.below(7) as usize];
        let new = NewJob {
            kind,
            queue,
            owner_id: random.maybe(3, |random| members[random.below(2) as usize].1),
            subject: random.maybe(3, |random| match random.below(4) {
                0 => format!("account:{}", members[0].1),
                number => format!("plan:{number}"),
            }),
            arguments: json!({ "said": format!("Word {} Wide", random.below(20)) }),
            ..job_at(at, number)
        };
        jobs.push((new, state));
    }
    let new: Vec<NewJob> = jobs.iter().map(|(new, _)| new.clone()).collect();
    enqueue(&ada, &new).await;
    for state in JobState::ALL {
        let of_state = jobs.iter().filter(|(_, its)| *its == state);
        let ids: Vec<String> = of_state.map(|(new, _)| literal(engine, new.id)).collect();
        stand(engine, &format!("id IN ({})", ids.join(",")), state).await;
    }
    for turn in 0..60 {
        let filter = JobFilter {
            queue: random.maybe(4, |random| KINDS[random.below(3) as usize].1.to_owned()),
            kind: random.maybe(4, |random| KINDS[random.below(3) as usize].0.to_owned()),
            state: random.maybe(2, |random| JobState::ALL[random.below(7) as usize]),
            since: random.maybe(3, |random| NOW + random.below(5 * 3600) as i64 * SECOND),
            until: random.maybe(3, |random| NOW + random.below(5 * 3600) as i64 * SECOND),
            text: random.maybe(3, |random| format!("wORD {} ", random.below(20))),
            subject: random.maybe(3, |random| match random.below(4) {
                0 => "ana@example.org".to_owned(),
                1 => members[1].1.to_string(),
                2 => "nobody@example.org".to_owned(),
                _ => "plan:2".to_owned(),
            }),
        };
        let hour = |at: i64| at.div_euclid(HOUR);
        let mut expected: Vec<Uuid> = jobs
            .iter()
            .filter(|(job, state)| {
                let subject = job.subject.clone().unwrap_or_default();
                let of_member = |number: usize| {
                    let (_, id) = members[number];
                    job.owner_id == Some(id) || subject == format!("account:{id}")
                };
                let said = job.arguments["said"].as_str().unwrap().to_lowercase();
                filter.queue.as_ref().is_none_or(|queue| queue == job.queue)
                    && filter.kind.as_ref().is_none_or(|kind| kind == job.kind)
                    && filter.state.is_none_or(|wanted| wanted == *state)
                    && filter.since.is_none_or(|at| hour(job.now) >= hour(at))
                    && filter.until.is_none_or(|at| hour(job.now) < hour(at))
                    && filter
                        .text
                        .as_ref()
                        .is_none_or(|text| said.contains(text.trim().to_lowercase().as_str()))
                    && match filter.subject.as_deref() {
                        None => true,
                        Some("ana@example.org") => of_member(0),
                        Some("nobody@example.org") => false,
                        Some("plan:2") => subject == "plan:2",
                        Some(_) => of_member(1),
                    }
            })
            .map(|(job, _)| job.id)
            .collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        let (found, count) = all(&ada, &filter).await;
        assert_eq!(found, expected, "turn {turn}: {filter:?}");
        match count {
            JobCount::Exact(exact) => {
                assert_eq!(exact, expected.len() as i64, "turn {turn}: {filter:?}")
            }
            JobCount::Among { searched, .. } => {
                assert!(
                    filter.text.is_some() || filter.subject.is_some(),
                    "turn {turn}: {filter:?}"
                );
                assert!(searched >= 250, "turn {turn}: {filter:?}");
            }
        }
        if filter.text.is_none() {
            let cancel = JobChange::Cancel;
            let touched = board::touched(&ada, &filter, cancel).await.unwrap();
            let applies = |id: &&Uuid| {
                let (_, state) = jobs.iter().find(|(job, _)| job.id == **id).unwrap();
                cancel.applies_to(*state)
            };
            let applies = expected.iter().filter(applies).count() as i64;
            assert_eq!(touched, JobCount::Exact(applies), "turn {turn}: {filter:?}");
        }
    }
    for limit in [0, 101, -1] {
        let refusal = refused(board::list(&ada, &JobFilter::default(), None, limit).await);
        assert_eq!(
            refusal,
            invalid("limit", InvalidCode::OutOfRange { min: 1, max: 100 })
        );
    }
    let long = JobFilter {
        text: Some("x".repeat(201)),
        ..JobFilter::default()
    };
    assert_eq!(
        refused(board::list(&ada, &long, None, 20).await),
        invalid("text", InvalidCode::TooLong { max: 200 })
    );
}

async fn a_text_is_found_in_arguments_but_not_in_secrets(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let arguments = [
        json!({ "said": "She said \"50% off\" \\ in her_way", "number": 4711 }),
        json!({ "token": "marked", "deeper": { "apiKey": ["marked"] } }),
        json!({ "plain": "Ñandú", "flag": true }),
    ];
    let new: Vec<NewJob> = (0..)
        .zip(arguments)
        .map(|(number, arguments)| NewJob {
            arguments,
            ..new_job(number)
        })
        .collect();
    let ids = enqueue(&ada, &new).await;
    let found = async |text: &str| {
        let text = Some(text.to_owned());
        let filter = JobFilter {
            text,
            ..JobFilter::default()
        };
        let (found, count) = all(&ada, &filter).await;
        assert_eq!(count, JobCount::Exact(found.len() as i64));
        found
    };
    for text in ["\"50% OFF\"", "off\" \\ in", "her_WAY", "471"] {
        assert_eq!(found(text).await, [ids[0]], "{text}");
    }
    for text in [
        "5_% off", "said", "marked", "token", "apikey", "true", "%", "_",
    ] {
        let expected: &[Uuid] = match text {
            "%" | "_" => &ids[..1],
            "said" => &ids[..1],
            _ => &[],
        };
        assert_eq!(found(text).await, expected, "{text}");
    }
    assert_eq!(found("Ñand").await, [ids[2]]);
    let shown = board::get(&ada, ids[1]).await.unwrap();
    assert_eq!(
        shown.arguments,
        json!({ "token": "•••", "deeper": { "apiKey": "•••" } })
    );
}

async fn a_long_search_goes_on_where_it_ended(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    // More than come back for a closer look at a time: of each the name holds the text, of few a value.
    let new: Vec<NewJob> = (0..1300)
        .map(|number| NewJob {
            arguments: json!({ "needle": if number % 600 == 5 { "a Needle" } else { "hay" } }),
            ..new_job(number)
        })
        .collect();
    let ids = enqueue(&ada, &new).await;
    let filter = JobFilter {
        text: Some("needle".to_owned()),
        ..JobFilter::default()
    };
    let first = board::list(&ada, &filter, None, 20).await.unwrap();
    assert_eq!(
        first.count,
        JobCount::Among {
            found: 1,
            searched: 250
        }
    );
    assert_eq!(first.next, Some(ids[1050]));
    let (found, _) = all(&ada, &filter).await;
    assert_eq!(found, [ids[1205], ids[605], ids[5]]);
}

async fn a_job_is_shown_with_what_it_has_to_do_with_others(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let ana = product.member("ana").await.account_id().unwrap();
    let mut new: Vec<NewJob> = (0..15).map(new_job).collect();
    // A chain of thirteen, and two more children of the last but three.
    for number in 1..13 {
        new[number].parent_id = Some(new[number - 1].id);
    }
    new[13].parent_id = Some(new[9].id);
    new[14].parent_id = Some(new[9].id);
    new[9].owner_id = Some(ana);
    new[12].arguments = json!({ "password": "x", "week": 3 });
    let ids = enqueue(&ada, &new).await;
    let shown = board::get(&ada, ids[9]).await.unwrap();
    let numbers = |items: &[board::JobItem]| -> Vec<usize> {
        items
            .iter()
            .map(|item| ids.iter().position(|id| *id == item.id).unwrap())
            .collect()
    };
    assert_eq!(numbers(&shown.causes), (0..9).collect::<Vec<_>>());
    assert_eq!(numbers(&shown.children), [10, 13, 14]);
    assert_eq!(shown.job.owner.as_deref(), Some("ana@example.org"));
    let deep = board::get(&ada, ids[12]).await.unwrap();
    assert_eq!(numbers(&deep.causes), (2..12).collect::<Vec<_>>());
    assert_eq!(deep.arguments, json!({ "password": "•••", "week": 3 }));
    assert_eq!(deep.request_id, "request");
    let absent = board::get(&ada, Uuid::from_u128(5)).await;
    assert_eq!(refused(absent), Problem::NotFound);

    // What it tried and what it said.
    for (fence, outcome, error) in [
        (1, "failed", "'{\"type\":\"UNAVAILABLE\"}'"),
        (2, "died", "NULL"),
    ] {
        let id = literal(engine, ids[0]);
        engine
            .raw(&format!(
                "INSERT INTO job_attempt (job_id, fence, outcome, error, started_at, ended_at)
                VALUES ({id}, {fence}, '{outcome}', {error}, 5, 6)"
            ))
            .await;
    }
    let mut tx = db(&ada).write().await.unwrap();
    let lines: Vec<job::LogLine> = (1..4)
        .map(|number| job::LogLine {
            id: Uuid::from_u128(number),
            job_id: ids[0],
            at: NOW,
            message: format!("line {number}"),
        })
        .collect();
    job::log(&mut tx, &lines).await.unwrap();
    tx.commit().await.unwrap();
    let shown = board::get(&ada, ids[0]).await.unwrap();
    let attempts: Vec<_> = shown
        .attempts
        .iter()
        .map(|it| (it.fence, it.died, it.problem.clone()))
        .collect();
    assert_eq!(
        attempts,
        [(2, true, None), (1, false, Some(Problem::Unavailable))]
    );
    let lines: Vec<&str> = shown.log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["line 1", "line 2", "line 3"]);
}

/// Every column that a change may touch.
async fn row(engine: &Engine, id: Uuid) -> String {
    let columns = [
        "state",
        "priority",
        "run_at",
        "attempts",
        "deaths",
        "fence",
        "progress",
        "message",
        "finished_at",
        "cancelling",
        "unique_key",
    ];
    let mut row = String::new();
    for name in columns {
        row += &format!("{name}={} ", column(engine, name, id).await);
    }
    row + &column(engine, "error", id).await.replace(' ', "")
}

async fn a_job_is_changed_and_changed_back(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let priority = JobChange::SetPriority { priority: -7 };
    let cases = [
        (JobChange::Retry, JobState::Dead, "ready"),
        (JobChange::Retry, JobState::Cancelled, "ready"),
        (JobChange::Cancel, JobState::Ready, "cancelled"),
        (JobChange::Cancel, JobState::Scheduled, "cancelled"),
        (JobChange::Cancel, JobState::Retrying, "cancelled"),
        (JobChange::RunNow, JobState::Scheduled, "ready"),
        (JobChange::RunNow, JobState::Retrying, "ready"),
        (priority, JobState::Ready, "ready"),
        (priority, JobState::Scheduled, "scheduled"),
    ];
    let mut actions = Vec::new();
    for (number, (change, state, after)) in (0..).zip(cases) {
        let id = one_that_stands(engine, &ada, number, state).await;
        let before = row(engine, id).await;
        product.clock.advance(SECOND);
        let changed = board::change(&ada, id, change).await.unwrap();
        assert!(changed.undoable, "{change:?}");
        assert_eq!(column(engine, "state", id).await, after, "{change:?}");
        assert_ne!(row(engine, id).await, before, "{change:?}");
        match change {
            JobChange::Retry => {
                assert_eq!(column(engine, "attempts", id).await, "0");
                assert_eq!(column(engine, "error", id).await, "-");
                assert_eq!(column(engine, "run_at", id).await, ada.now().to_string());
            }
            JobChange::RunNow => {
                assert_eq!(column(engine, "run_at", id).await, ada.now().to_string())
            }
            JobChange::SetPriority { .. } => assert_eq!(column(engine, "priority", id).await, "-7"),
            _ => {}
        }
        product.clock.advance(SECOND);
        assert_eq!(
            board::undo(&ada, changed.change).await.unwrap(),
            1,
            "{change:?}"
        );
        assert_eq!(row(engine, id).await, before, "{change:?} of {state:?}");
        let again = refused(board::undo(&ada, changed.change).await);
        assert_eq!(again, Problem::NotFound);
        let verb = match change {
            JobChange::Retry => "retry",
            JobChange::Cancel => "cancel",
            JobChange::RunNow => "run_now",
            _ => "set_priority",
        };
        actions.push(format!("job.{verb} {id}"));
        actions.push(format!("jobs.undo {}", changed.change));
    }
    let id = one_that_stands(engine, &ada, 99, JobState::Succeeded).await;
    let deleted = board::change(&ada, id, JobChange::Delete).await.unwrap();
    assert!(!deleted.undoable);
    assert_eq!(refused(board::get(&ada, id).await), Problem::NotFound);
    assert_eq!(
        refused(board::undo(&ada, deleted.change).await),
        Problem::NotFound
    );
    actions.push(format!("job.delete {id}"));
    assert_eq!(audited(engine).await, actions);
    let by = "SELECT COUNT(*) FROM audit WHERE action LIKE 'job%' AND actor_id = ";
    let by = format!("{by}{}", literal(engine, ada.account_id().unwrap()));
    assert_eq!(number(engine, &by).await, actions.len() as i64);
}

async fn what_does_not_apply_is_a_conflict_and_changes_nothing(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let changes = [
        JobChange::Retry,
        JobChange::Cancel,
        JobChange::RunNow,
        JobChange::SetPriority { priority: 1 },
        JobChange::Delete,
    ];
    for (number, state) in (0..).zip(JobState::ALL) {
        let id = one_that_stands(engine, &ada, number, state).await;
        let before = row(engine, id).await;
        for change in changes.iter().filter(|change| !change.applies_to(state)) {
            let refusal = refused(board::change(&ada, id, *change).await);
            assert_eq!(refusal, Problem::Conflict, "{change:?} of {state:?}");
        }
        assert_eq!(row(engine, id).await, before, "{state:?}");
    }
    let absent = Uuid::from_u128(5);
    assert_eq!(
        refused(board::change(&ada, absent, JobChange::Retry).await),
        Problem::NotFound
    );
    assert_eq!(refused(board::undo(&ada, absent).await), Problem::NotFound);
    for priority in [-10_001, 10_001] {
        let change = JobChange::SetPriority { priority };
        let out = invalid(
            "priority",
            InvalidCode::OutOfRange {
                min: -10_000,
                max: 10_000,
            },
        );
        assert_eq!(refused(board::change(&ada, absent, change).await), out);
        let filter = JobFilter::default();
        assert_eq!(refused(board::change_all(&ada, filter, change).await), out);
    }
    assert!(audited(engine).await.is_empty());
    assert_eq!(number(engine, "SELECT COUNT(*) FROM job_change").await, 0);
}

async fn what_has_gone_on_since_is_not_changed_back(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let retried = one_that_stands(engine, &ada, 1, JobState::Dead).await;
    let urgent = one_that_stands(engine, &ada, 2, JobState::Ready).await;
    let stopped = one_that_stands(engine, &ada, 3, JobState::Ready).await;
    let retry = board::change(&ada, retried, JobChange::Retry)
        .await
        .unwrap();
    let set = |priority| board::change(&ada, urgent, JobChange::SetPriority { priority });
    let first = set(5).await.unwrap();
    set(6).await.unwrap();
    let cancel = board::change(&ada, stopped, JobChange::Cancel)
        .await
        .unwrap();
    // Somebody else tries it again and stops it again.
    board::change(&ada, stopped, JobChange::Retry)
        .await
        .unwrap();
    product.clock.advance(SECOND);
    board::change(&ada, stopped, JobChange::Cancel)
        .await
        .unwrap();
    // It was claimed and handed back: it may have done something.
    engine
        .raw(&format!(
            "UPDATE job SET fence = fence + 2 WHERE id = {}",
            literal(engine, retried)
        ))
        .await;
    for (change, id, stands) in [
        (retry, retried, "ready"),
        (first, urgent, "ready"),
        (cancel, stopped, "cancelled"),
    ] {
        assert_eq!(board::undo(&ada, change.change).await.unwrap(), 0);
        assert_eq!(column(engine, "state", id).await, stands);
    }
    assert_eq!(column(engine, "priority", urgent).await, "6");

    // A key that was given up stays so: another may have it by now.
    let keyed = NewJob {
        unique_key: Some("key".to_owned()),
        unique_scope: Some(job::Scope::Kept),
        ..new_job(10)
    };
    let id = enqueue(&ada, std::slice::from_ref(&keyed)).await[0];
    let cancel = board::change(&ada, id, JobChange::Cancel).await.unwrap();
    let other = NewJob {
        id: new_job(11).id,
        ..keyed
    };
    assert_eq!(
        enqueue(&ada, std::slice::from_ref(&other)).await,
        [other.id]
    );
    assert_eq!(board::undo(&ada, cancel.change).await.unwrap(), 1);
    assert_eq!(column(engine, "unique_key", id).await, "-");
    assert_eq!(column(engine, "state", id).await, "ready");
}

async fn a_running_job_is_told_to_stop(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let id = one_that_stands(engine, &ada, 1, JobState::Running).await;
    let changed = board::change(&ada, id, JobChange::Cancel).await.unwrap();
    assert!(!changed.undoable);
    let shown = board::get(&ada, id).await.unwrap();
    assert_eq!(
        (shown.job.state, shown.job.cancelling),
        (JobState::Running, true)
    );
    assert!(shown.changes.is_empty(), "{:?}", shown.changes);
    assert_eq!(board::undo(&ada, changed.change).await.unwrap(), 0);
    let shown = board::get(&ada, id).await.unwrap();
    assert!(shown.job.cancelling);
}

async fn many_jobs_are_changed_and_changed_back(engine: &Engine) {
    const DEAD: i64 = 2300;
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let new: Vec<NewJob> = (0..DEAD + 10).map(new_job).collect();
    let ids = enqueue(&ada, &new).await;
    stand(engine, "kind = 'plan.compute'", JobState::Dead).await;
    let last = literal(engine, ids[DEAD as usize]);
    stand(engine, &format!("id >= {last}"), JobState::Succeeded).await;
    // What becomes ready is to be looked at, not run.
    board::set_paused(&ada, "diet-plans", true).await.unwrap();
    let filter = JobFilter {
        queue: Some("diet-plans".to_owned()),
        text: None,
        ..JobFilter::default()
    };
    let touched = board::touched(&ada, &filter, JobChange::Retry)
        .await
        .unwrap();
    assert_eq!(touched, JobCount::Exact(DEAD));
    let change = board::change_all(&ada, filter, JobChange::Retry)
        .await
        .unwrap();
    assert_eq!(
        board::get(&ada, change).await.unwrap().job.queue,
        "operations"
    );
    assert_eq!(
        refused(board::undo(&ada, change).await),
        Problem::NotFound,
        "nothing has begun"
    );
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let ended = async |id: Uuid| {
        eventually("the change is made", async || {
            let shown = board::get(&ada, id).await.unwrap();
            shown.job.state.has_ended().then_some(shown)
        })
        .await
    };
    let shown = ended(change).await;
    assert_eq!(shown.job.state, JobState::Succeeded);
    assert_eq!(shown.result.unwrap()["jobs"], DEAD);
    assert_eq!(
        states(engine).await,
        [format!("ready {DEAD}"), "succeeded 10".to_owned()]
    );
    // What it told of itself is written down with the worker's next beat.
    eventually("its log is written", async || {
        let log = board::get(&ada, change).await.unwrap().log;
        (log.len() == 1 && log[0].message == "retry of 2300 jobs").then_some(())
    })
    .await;

    assert_eq!(board::undo(&ada, change).await.unwrap(), DEAD);
    let undo = engine
        .raw("SELECT COUNT(*) FROM job WHERE kind = 'jobs.change'")
        .await;
    assert_eq!(undo, ["2"]);
    eventually("it is taken back", async || {
        (states(engine).await == [format!("dead {DEAD}"), "succeeded 10".to_owned()]).then_some(())
    })
    .await;
    eventually("it is forgotten", async || {
        (number(engine, "SELECT COUNT(*) FROM job_change").await == 0).then_some(())
    })
    .await;
    assert_eq!(number(engine, "SELECT COUNT(*) FROM changed_job").await, 0);
    assert_eq!(column(engine, "attempts", ids[0]).await, "5");
    let lines = audited(engine).await;
    assert_eq!(lines[0], "queue.pause diet-plans");
    assert_eq!(lines[1], "jobs.retry queue=diet-plans");
    assert_eq!(lines[2], format!("jobs.undo {change}"));

    // Those with a text too, deleted for good.
    let nine = JobFilter {
        // An id in the arguments of the changes above may have it by chance.
        queue: Some("diet-plans".to_owned()),
        text: Some("99".to_owned()),
        ..JobFilter::default()
    };
    let with_nines = (0..DEAD + 10)
        .filter(|number| number.to_string().contains("99"))
        .count() as i64;
    let change = board::change_all(&ada, nine, JobChange::Delete)
        .await
        .unwrap();
    let shown = ended(change).await;
    assert_eq!(shown.result.unwrap()["jobs"], with_nines);
    let left = number(
        engine,
        "SELECT COUNT(*) FROM job WHERE kind = 'plan.compute'",
    )
    .await;
    assert_eq!(left, DEAD + 10 - with_nines);
    assert_eq!(refused(board::undo(&ada, change).await), Problem::NotFound);
    runner.stop().await;
}

async fn a_change_that_was_broken_off_changes_nothing_twice(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let new: Vec<NewJob> = (0..20).map(new_job).collect();
    let ids = enqueue(&ada, &new).await;
    stand(engine, "kind = 'plan.compute'", JobState::Dead).await;
    board::set_paused(&ada, "diet-plans", true).await.unwrap();
    let change = board::change_all(&ada, JobFilter::default(), JobChange::Retry)
        .await
        .unwrap();
    // A worker has changed the first of them, and died.
    let mut tx = db(&ada).write().await.unwrap();
    let at = storage::change::begin(&mut tx, change, NOW, JobChange::Retry)
        .await
        .unwrap();
    let done = storage::change::apply(&mut tx, change, at, JobChange::Retry, &ids[15..])
        .await
        .unwrap();
    assert_eq!(done, 5);
    tx.commit().await.unwrap();
    assert_eq!(
        refused(board::undo(&ada, change).await),
        Problem::Conflict,
        "it is being made"
    );
    // One of those has been run since, and given up again.
    let again = literal(engine, ids[19]);
    engine
        .raw(&format!(
            "UPDATE job SET fence = fence + 1 WHERE id = {again}"
        ))
        .await;
    stand(engine, &format!("id = {again}"), JobState::Dead).await;
    product.clock.advance(HOUR / 60);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    eventually("the change is made", async || {
        let state = column(engine, "state", change).await;
        (state == "succeeded").then_some(())
    })
    .await;
    assert_eq!(states(engine).await, ["dead 1", "ready 19"]);
    assert_eq!(column(engine, "state", ids[19]).await, "dead");
    // All of them at one moment, so that they can be told from what others did.
    let moments = number(
        engine,
        "SELECT COUNT(DISTINCT run_at) FROM job WHERE kind = 'plan.compute' AND state = 'ready'",
    )
    .await;
    assert_eq!(moments, 1);
    assert_eq!(board::undo(&ada, change).await.unwrap(), 19);
    assert_eq!(states(engine).await, ["dead 20"]);
    runner.stop().await;
}

async fn a_change_does_not_change_what_comes_after_it(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let before = enqueue(&ada, &[new_job(1)]).await[0];
    board::set_paused(&ada, "diet-plans", true).await.unwrap();
    product.clock.advance(SECOND);
    // Everything is to be cancelled: itself not, nor what is enqueued before it begins.
    let change = board::change_all(&ada, JobFilter::default(), JobChange::Cancel)
        .await
        .unwrap();
    product.clock.advance(SECOND);
    let after = enqueue(&ada, &[job_at(NOW + 2 * SECOND, 1)]).await[0];
    let runner = Runner::start(&product.service, "all").await.unwrap();
    eventually("the change is made", async || {
        (column(engine, "state", change).await == "succeeded").then_some(())
    })
    .await;
    assert_eq!(column(engine, "state", before).await, "cancelled");
    assert_eq!(column(engine, "state", after).await, "ready");
    runner.stop().await;
}

async fn a_child_that_is_tried_again_leaves_its_parent_alone(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let mut new: Vec<NewJob> = (0..3).map(new_job).collect();
    for child in 1..3 {
        new[child].parent_id = Some(new[0].id);
        new[child].awaited = true;
    }
    let ids = enqueue(&ada, &new).await;
    let parent = literal(engine, ids[0]);
    engine
        .raw(&format!(
            "UPDATE job SET state = 'running', children_left = 2 WHERE id = {parent}"
        ))
        .await;
    let end = async |id: Uuid| {
        let set = "state = 'dead', finished_at = 8, worker_id = NULL";
        engine
            .raw(&format!(
                "UPDATE job SET {set} WHERE id = {}",
                literal(engine, id)
            ))
            .await;
    };
    let left = async || column(engine, "children_left", ids[0]).await;
    end(ids[1]).await;
    assert_eq!(left().await, "1");
    // It ended once, and that was counted.
    let retry = board::change(&ada, ids[1], JobChange::Retry).await.unwrap();
    assert_eq!(board::undo(&ada, retry.change).await.unwrap(), 1);
    assert_eq!(left().await, "1");
    board::change(&ada, ids[1], JobChange::Retry).await.unwrap();
    let cancel = board::change(&ada, ids[1], JobChange::Cancel)
        .await
        .unwrap();
    assert_eq!(left().await, "1");
    assert_eq!(board::undo(&ada, cancel.change).await.unwrap(), 1);
    end(ids[1]).await;
    assert_eq!(
        (
            left().await.as_str(),
            column(engine, "state", ids[0]).await.as_str()
        ),
        ("1", "running")
    );
    // Stopping the other one is an end too, and taking that back does not begin anew.
    let cancel = board::change(&ada, ids[2], JobChange::Cancel)
        .await
        .unwrap();
    assert_eq!(left().await, "0");
    assert_eq!(column(engine, "state", ids[0]).await, "succeeded");
    assert_eq!(board::undo(&ada, cancel.change).await.unwrap(), 1);
    end(ids[2]).await;
    board::change(&ada, ids[2], JobChange::Delete)
        .await
        .unwrap();
    assert_eq!(left().await, "0");
    assert_eq!(column(engine, "state", ids[0]).await, "succeeded");
}

async fn queues_are_paused_and_limited(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let queue = async |name: &str| {
        let overview = board::overview(&ada).await.unwrap();
        overview
            .queues
            .into_iter()
            .find(|queue| queue.name == name)
            .unwrap()
    };
    assert!(!queue("diet-plans").await.paused);
    board::set_paused(&ada, "diet-plans", true).await.unwrap();
    board::set_concurrency(&ada, "diet-plans", 7).await.unwrap();
    board::set_rate(&ada, "diet-plans", Some((10, 60 * SECOND)))
        .await
        .unwrap();
    let set = queue("diet-plans").await;
    assert_eq!(
        (set.paused, set.concurrency, set.rate),
        (true, 7, Some((10, 60 * SECOND)))
    );
    board::set_paused(&ada, "diet-plans", false).await.unwrap();
    board::set_rate(&ada, "diet-plans", None).await.unwrap();
    let set = queue("diet-plans").await;
    assert_eq!((set.paused, set.concurrency, set.rate), (false, 7, None));
    for concurrency in [0, 1001] {
        let refusal = refused(board::set_concurrency(&ada, "diet-plans", concurrency).await);
        assert_eq!(
            refusal,
            invalid("concurrency", InvalidCode::OutOfRange { min: 1, max: 1000 })
        );
    }
    for (rate, field, max) in [
        ((0, SECOND), "rate.jobs", 1_000_000),
        ((1_000_001, SECOND), "rate.jobs", 1_000_000),
        ((1, 999_999), "rate.seconds", 86_400),
        ((1, 86_401 * SECOND), "rate.seconds", 86_400),
    ] {
        let refusal = refused(board::set_rate(&ada, "diet-plans", Some(rate)).await);
        assert_eq!(
            refusal,
            invalid(field, InvalidCode::OutOfRange { min: 1, max })
        );
    }
    assert_eq!(
        refused(board::set_paused(&ada, "nowhere", true).await),
        Problem::NotFound
    );
    assert_eq!(
        audited(engine).await,
        [
            "queue.pause diet-plans",
            "queue.set_concurrency diet-plans",
            "queue.set_rate diet-plans",
            "queue.resume diet-plans",
            "queue.set_rate diet-plans",
        ]
    );
}

async fn a_schedule_is_run_when_asked(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    assert_eq!(
        refused(board::run_schedule(&ada, "plan.compute").await),
        Problem::NotFound
    );
    let id = board::run_schedule(&ada, "installation.sweep")
        .await
        .unwrap();
    // While it waits it is the same.
    assert_eq!(
        board::run_schedule(&ada, "installation.sweep")
            .await
            .unwrap(),
        id
    );
    let runner = Runner::start(&product.service, "all").await.unwrap();
    eventually("it is run", async || {
        (column(engine, "state", id).await == "succeeded").then_some(())
    })
    .await;
    let schedules = board::overview(&ada).await.unwrap().schedules;
    let kinds: Vec<&str> = schedules.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "installation.sweep",
            "notification.tend",
            "order.tend",
            "plan.regenerate"
        ]
    );
    assert!(
        schedules
            .iter()
            .all(|it| it.next_at > NOW && it.last_job.is_none())
    );
    assert_eq!(
        audited(engine).await,
        ["schedule.run installation.sweep"; 2]
    );
    product.clock.advance(HOUR);
    eventually("it is due by itself", async || {
        let schedules = board::overview(&ada).await.unwrap().schedules;
        let (_, state) = schedules[0].last_job?;
        (state == Some(JobState::Succeeded)).then_some(())
    })
    .await;
    runner.stop().await;
}

async fn the_overview_shows_how_fast_and_how_far_behind_queues_are(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let mut new: Vec<NewJob> = (0..6).map(new_job).collect();
    // The most overdue is not the most urgent.
    new[0].priority = -5;
    new[3].run_at = NOW - 90 * SECOND;
    new[3].priority = 900;
    new[5].run_at = NOW - 600 * SECOND;
    new[5].queue = "gone";
    let ids = enqueue(&ada, &new).await;
    let worker = storage::worker::Worker {
        id: Uuid::from_u128(77),
        host: "elsewhere".to_owned(),
        process: 1,
        role: "worker".to_owned(),
        beat: 0,
        started_at: NOW,
        seen_at: NOW,
    };
    let minute = NOW / (60 * SECOND);
    let measured = |minute, measure: &str, exponent, jobs| storage::queue::Measured {
        minute,
        queue: "diet-plans".to_owned(),
        measure: measure.to_owned(),
        exponent,
        jobs,
    };
    let mut tx = db(&ada).write().await.unwrap();
    storage::worker::insert(&mut tx, &worker).await.unwrap();
    let measures = [
        measured(minute - 60, "run", 30, 500),
        measured(minute - 59, "run", 4, 90),
        measured(minute - 59, "succeeded", 0, 90),
        measured(minute, "run", 10, 10),
        measured(minute, "wait", 3, 10),
        measured(minute, "failed", 0, 8),
        measured(minute, "dead", 0, 2),
    ];
    storage::queue::measure(&mut tx, &measures).await.unwrap();
    tx.commit().await.unwrap();
    stand(
        engine,
        &format!("id = {}", literal(engine, ids[1])),
        JobState::Running,
    )
    .await;
    let overview = board::overview(&ada).await.unwrap();
    assert!(overview.may_change);
    let names: Vec<&str> = overview
        .queues
        .iter()
        .map(|queue| queue.name.as_str())
        .collect();
    let expected = service::jobs::Queue::ALL.map(|queue| queue.name());
    assert_eq!(names, expected);
    let plans = &overview.queues[0];
    let counts: Vec<i64> = plans.states.iter().map(|(_, jobs)| *jobs).collect();
    assert_eq!(counts, [0, 4, 1, 0, 0, 0, 0]);
    assert_eq!(plans.minutes.len(), 60);
    assert_eq!(
        (plans.minutes[0].minute, plans.minutes[59].minute),
        (minute - 59, minute)
    );
    assert_eq!(
        (
            plans.minutes[0].succeeded,
            plans.minutes[59].failed,
            plans.minutes[59].dead
        ),
        (90, 8, 2)
    );
    assert_eq!(plans.minutes[0].timing.run_p95, Some(32));
    assert_eq!(plans.minutes[30].timing, board::Timing::default());
    assert_eq!((plans.hour.jobs, plans.hour.failed), (100, 10));
    assert_eq!(
        (plans.hour.run_p50, plans.hour.run_p95),
        (Some(32), Some(2048))
    );
    assert_eq!(
        (plans.hour.wait_p50, plans.hour.wait_p95),
        (Some(16), Some(16))
    );
    assert_eq!(overview.queues[1].hour, board::Timing::default());
    assert_eq!(overview.workers[0].running[0].id, ids[1]);
    // A worker has begun once: the queues are known.
    board::set_paused(&ada, "maintenance", true).await.unwrap();
    let overview = board::overview(&ada).await.unwrap();
    assert_eq!(overview.queues[0].oldest_ready, Some(NOW - 90 * SECOND));
    assert_eq!(overview.queues[1].oldest_ready, None);
    let told = health::detailed(&ada).await.unwrap().queues;
    assert_eq!(
        (told[0].ready, told[0].oldest_ready_seconds, told[0].paused),
        (4, Some(90), false)
    );
    assert_eq!(
        (told[1].ready, told[1].oldest_ready_seconds, told[1].paused),
        (0, None, true)
    );
    // Those without a right to change are told so.
    let olga = with_role(&product, "olga", Role::Operator).await;
    assert!(!board::overview(&olga).await.unwrap().may_change);
}

async fn what_is_old_is_forgotten(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let id = one_that_stands(engine, &ada, 1, JobState::Dead).await;
    board::set_paused(&ada, "diet-plans", true).await.unwrap();
    let change = board::change(&ada, id, JobChange::Retry)
        .await
        .unwrap()
        .change;
    record(&ada, NOW / (60 * SECOND), 1).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let kept = async || {
        let query = |table: &str| format!("SELECT COUNT(*) FROM {table}");
        let mut kept = Vec::new();
        for table in ["job_change", "changed_job", "process_time"] {
            kept.push(number(engine, &query(table)).await);
        }
        kept
    };
    for (hours, left) in [
        (2, vec![1, 1, 5]),
        (23, vec![0, 0, 5]),
        (14 * 24, vec![0, 0, 0]),
    ] {
        product.clock.advance(hours * HOUR);
        eventually("it is swept", async || {
            let swept = "SELECT COUNT(*) FROM job WHERE kind = 'installation.sweep' AND state = 'succeeded' AND created_at > ";
            (number(engine, &format!("{swept}{}", product.service.now() - SECOND)).await > 0).then_some(())
        })
        .await;
        assert_eq!(kept().await, left, "after {hours}");
    }
    assert_eq!(refused(board::undo(&ada, change).await), Problem::NotFound);
    ping(engine, &ada).await;
    runner.stop().await;
}

async fn record(ctx: &Ctx, minute: i64, process: u128) {
    let sample = Sample {
        process: Uuid::from_u128(process),
        minute,
        requests: 10,
        errors: 2,
        slowest: 1 << (9 + process),
        connections: 3,
    };
    system::record(&ctx.service, &sample).await.unwrap();
}

async fn the_last_hours_are_remembered(engine: &Engine) {
    let product = Product::start(engine).await;
    let ada = ada(&product).await;
    let minute = NOW / (60 * SECOND);
    // Two processes; one tells twice, as when it stops just after it told.
    record(&ada, minute - 1, 1).await;
    record(&ada, minute - 1, 1).await;
    record(&ada, minute - 1, 2).await;
    record(&ada, minute - 60, 1).await;
    record(&ada, minute, 1).await;
    let mut tx = db(&ada).write().await.unwrap();
    let measured = storage::queue::Measured {
        minute: minute - 1,
        queue: "diet-plans".to_owned(),
        measure: "run".to_owned(),
        exponent: 3,
        jobs: 17,
    };
    storage::queue::measure(&mut tx, &[measured]).await.unwrap();
    tx.commit().await.unwrap();
    let history = system::history(&ada, 1).await.unwrap();
    assert_eq!(history.len(), 60);
    let last = history[59];
    assert_eq!(
        (last.minute, last.requests, last.errors),
        (minute - 1, 30, 6)
    );
    assert_eq!((last.slowest, last.connections, last.jobs), (2048, 6, 17));
    assert!(last.memory_bytes > 1 << 20);
    assert_eq!((history[0].minute, history[0].requests), (minute - 60, 10));
    assert_eq!(history[30].requests, 0);
    assert_eq!(system::history(&ada, 24).await.unwrap().len(), 24 * 60);
    for hours in [0, 25] {
        let refusal = refused(system::history(&ada, hours).await);
        assert_eq!(
            refusal,
            invalid("hours", InvalidCode::OutOfRange { min: 1, max: 24 })
        );
    }
}
