//! Profiles and plans.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::queue::set;
use crate::workers::{column, literal, number, ping};
use crate::{Product, draft, refused, week};
use domain::invalid::{InvalidCode, InvalidField};
use domain::job::JobStatus;
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use service::jobs::regenerate_plans::RegeneratePlans;
use service::jobs::runner::Runner;
use service::plan::{self, PlanJob};
use service::{Actor, Ctx, jobs};
use std::time::Duration;
use uuid::Uuid;

on_both_engines!(
    a_profile_names_every_refused_field,
    a_week_is_planned_once_for_each_input,
    constraints_that_conflict_fail_the_job_at_once,
    regenerating_plans_ends_when_all_are_there,
    regenerating_plans_waits_for_those_that_are_not_there_yet,
    regenerating_plans_of_nobody_ends_at_once,
);

/// Waits until a job has ended.
pub async fn ended(ctx: &Ctx, id: Uuid) -> PlanJob {
    eventually("the job ends", async || {
        let job = plan::job(ctx, id).await.unwrap();
        matches!(job.status, JobStatus::Ready | JobStatus::Failed).then_some(job)
    })
    .await
}

async fn a_profile_names_every_refused_field(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    assert_eq!(
        refused(service::profile::get(&ana).await),
        Problem::NotFound
    );
    assert_eq!(
        refused(service::profile::put(&product.anonymous(), &draft()).await),
        Problem::Unauthenticated
    );

    let bad = ProfileDraft {
        age: Some(300.0),
        height_cm: Some(0.0),
        disliked_dishes: vec!["no-such-dish".to_owned()],
        ..draft()
    };
    let Problem::Invalid { fields } = refused(service::profile::put(&ana, &bad).await) else {
        panic!()
    };
    let named: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(named, ["age", "heightCm", "dislikedDishes[0]"]);

    let unknown = ProfileDraft {
        disliked_foods: vec!["11124".to_owned(), "99999".to_owned()],
        ..draft()
    };
    let field = InvalidField::new("dislikedFoods[1]", InvalidCode::NotInCatalogue);
    assert_eq!(
        refused(service::profile::put(&ana, &unknown).await),
        Problem::Invalid {
            fields: vec![field]
        }
    );
    assert_eq!(
        refused(service::profile::get(&ana).await),
        Problem::NotFound
    );

    let stored = service::profile::put(&ana, &draft()).await.unwrap();
    assert_eq!(service::profile::get(&ana).await.unwrap(), stored);
}

async fn a_week_is_planned_once_for_each_input(engine: &Engine) {
    let product = Product::start(engine).await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let newcomer = product.member("newcomer").await;
    assert_eq!(
        refused(plan::request(&newcomer, week(1)).await),
        Problem::ProfileMissing
    );
    assert_eq!(
        refused(plan::request(&product.anonymous(), week(1)).await),
        Problem::Unauthenticated
    );

    let (ana, ben) = (product.eater("ana").await, product.eater("ben").await);
    let asked = plan::request(&ana, week(1)).await.unwrap();
    let done = ended(&ana, asked.id).await;
    assert_eq!((done.status, done.problem), (JobStatus::Ready, None));
    let first = done.plan_id.unwrap();
    let found = plan::get(&ana, first).await.unwrap();
    assert_eq!((found.plan.week, found.plan.days.len()), (week(1), 7));

    // The same input: the same job, which is ready at once.
    let again = plan::request(&ana, week(1)).await.unwrap();
    assert_eq!(
        (again.id, again.status, again.plan_id),
        (asked.id, JobStatus::Ready, Some(first))
    );
    // Another member with the same profile has a plan of their own.
    let other = plan::request(&ben, week(1)).await.unwrap();
    let others = ended(&ben, other.id).await.plan_id.unwrap();
    assert!(other.id != asked.id && others != first);
    for foreign in [
        plan::job(&ben, asked.id).await.map(drop),
        plan::job(&product.anonymous(), asked.id).await.map(drop),
    ] {
        assert!(matches!(
            refused(foreign),
            Problem::NotFound | Problem::Unauthenticated
        ));
    }
    assert_eq!(refused(plan::get(&ben, first).await), Problem::NotFound);
    assert_eq!(
        refused(plan::document(&ben, first).await),
        Problem::NotFound
    );

    // Another week and another profile are other inputs.
    let next = plan::request(&ana, week(2)).await.unwrap();
    service::profile::put(
        &ana,
        &ProfileDraft {
            age: Some(22.0),
            ..draft()
        },
    )
    .await
    .unwrap();
    let older = plan::request(&ana, week(1)).await.unwrap();
    let second = ended(&ana, next.id).await.plan_id.unwrap();
    let third = ended(&ana, older.id).await.plan_id.unwrap();

    // All of Ana's and nothing else, newest first, a page at a time.
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = plan::list(&ana, after, 2).await.unwrap();
        seen.extend(page.items.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.is_sorted_by(|newer, older| newer > older));
    assert!([first, second, third].iter().all(|id| seen.contains(id)));
    for limit in [0, -1, 101, i64::MAX] {
        let Problem::Invalid { fields } = refused(plan::list(&ana, None, limit).await) else {
            panic!()
        };
        assert_eq!(fields[0].field, "limit");
    }
    runner.stop().await;
}

async fn constraints_that_conflict_fail_the_job_at_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let ana = product.member("ana").await;
    service::profile::put(&ana, &poor()).await.unwrap();
    let asked = plan::request(&ana, week(1)).await.unwrap();
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let failed = ended(&ana, asked.id).await;
    assert_eq!((failed.status, failed.plan_id), (JobStatus::Failed, None));
    let Some(Problem::Infeasible { reason }) = failed.problem else {
        panic!("{:?}", failed.problem)
    };
    assert!(!reason.conflicts.is_empty());
    assert_eq!(
        engine.raw("SELECT attempts FROM job").await,
        ["1"],
        "trying again would not help"
    );
    // Asking again tries again: the profile's dishes may be other ones by then.
    let again = plan::request(&ana, week(1)).await.unwrap();
    assert_ne!(again.id, asked.id);
    runner.stop().await;
}

/// Whom no plan fits.
fn poor() -> ProfileDraft {
    ProfileDraft {
        weekly_budget: Some(1000.0),
        weight_kg: Some(120.0),
        activity: Some("VERY_ACTIVE".to_owned()),
        ..draft()
    }
}

async fn regenerate(system: &Ctx, number: i64) -> Uuid {
    let job = RegeneratePlans {
        week: Some(week(number)),
    };
    jobs::submit(system, None, &job, Duration::ZERO)
        .await
        .unwrap()
}

/// The state of a job and how many plans there are, at one moment; once it has one of these states.
async fn at_the_end(engine: &Engine, id: Uuid, states: &[&str]) -> String {
    let key = literal(engine, id);
    let both =
        format!("SELECT state || ' ' || (SELECT COUNT(*) FROM plan) FROM job WHERE id = {key}");
    eventually("the plans are regenerated", async || {
        let both = engine.raw(&both).await.remove(0);
        let state = both.split(' ').next().unwrap();
        states.contains(&state).then_some(both)
    })
    .await
}

/// How many members there were, and how many plans were to be made.
async fn result_of(engine: &Engine, id: Uuid) -> (i64, i64) {
    let result = column(engine, "result", id).await;
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    let number = |name: &str| result[name].as_i64().unwrap();
    (number("members"), number("plans"))
}

const ENDED: [&str; 3] = ["succeeded", "dead", "retrying"];

async fn regenerating_plans_ends_when_all_are_there(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    for name in ["ana", "ben", "eva", "leo"] {
        product.eater(name).await;
    }
    product.member("profileless").await;
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let id = regenerate(&system, 3).await;
    assert_eq!(at_the_end(engine, id, &ENDED).await, "succeeded 4");
    assert_eq!(column(engine, "progress", id).await, "100");
    assert_eq!(result_of(engine, id).await, (4, 4));
    let owners = "SELECT COUNT(DISTINCT account_id) FROM plan WHERE week = '2027-W03'";
    assert_eq!(number(engine, owners).await, 4);
    // Once more there is nothing to be made, and nothing to wait for.
    let again = regenerate(&system, 3).await;
    assert_ne!(again, id);
    assert_eq!(at_the_end(engine, again, &ENDED).await, "succeeded 4");
    assert_eq!(result_of(engine, again).await, (4, 0));
    runner.stop().await;
}

async fn regenerating_plans_waits_for_those_that_are_not_there_yet(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let ana = product.eater("ana").await;
    let (ben, eva) = (product.eater("ben").await, product.eater("eva").await);
    service::profile::put(&eva, &poor()).await.unwrap();
    let anas = plan::request(&ana, week(3)).await.unwrap();
    assert_eq!(ended(&ana, anas.id).await.status, JobStatus::Ready);
    runner.stop().await;

    set!(&ana, set_paused, true);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let id = regenerate(&system, 3).await;
    eventually("its handler is done", async || {
        (column(engine, "children_left", id).await == "2").then_some(())
    })
    .await;
    ping(engine, &system).await;
    assert_eq!(at_the_end(engine, id, &["running"]).await, "running 1");
    let key = literal(engine, id);
    let children =
        format!("SELECT COUNT(*) FROM job WHERE parent_id = {key} AND awaited AND state = 'ready'");
    assert_eq!(number(engine, &children).await, 2);
    // While it waits it is the one for its week.
    assert_eq!(regenerate(&system, 3).await, id);
    // Whoever asks for the same plan meanwhile is told of the job that there is.
    let bens = plan::request(&ben, week(3)).await.unwrap();
    assert_eq!(
        number(
            engine,
            "SELECT COUNT(*) FROM job WHERE kind = 'plan.compute'"
        )
        .await,
        3
    );
    set!(&ana, set_paused, false);
    // Eva's cannot be made, which keeps nobody waiting.
    assert_eq!(at_the_end(engine, id, &ENDED).await, "succeeded 2");
    assert_eq!(ended(&ben, bens.id).await.status, JobStatus::Ready);
    let dead = format!("SELECT COUNT(*) FROM job WHERE parent_id = {key} AND state = 'dead'");
    assert_eq!(number(engine, &dead).await, 1);
    assert_ne!(regenerate(&system, 3).await, id, "it has ended");
    runner.stop().await;
}

async fn regenerating_plans_of_nobody_ends_at_once(engine: &Engine) {
    let product = Product::start(engine).await;
    let system = product.ctx(Actor::System);
    let runner = Runner::start(&product.service, "all").await.unwrap();
    let id = regenerate(&system, 3).await;
    assert_eq!(at_the_end(engine, id, &ENDED).await, "succeeded 0");
    runner.stop().await;
}
