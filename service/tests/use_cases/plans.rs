//! Profiles and plans.

use crate::engines::{Engine, eventually, on_both_engines};
use crate::{Product, draft, refused, week};
use domain::invalid::{InvalidCode, InvalidField};
use domain::job::JobStatus;
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use service::Ctx;
use service::jobs::runner::Runner;
use service::plan::{self, PlanJob};

on_both_engines!(
    a_profile_names_every_refused_field,
    a_week_is_planned_once_for_each_input,
    constraints_that_conflict_fail_the_job_at_once,
);

/// Waits until a job has ended.
pub async fn ended(ctx: &Ctx, id: uuid::Uuid) -> PlanJob {
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
    let runner = Runner::start(&product.service);
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
    let poor = ProfileDraft {
        weekly_budget: Some(1000.0),
        weight_kg: Some(120.0),
        activity: Some("VERY_ACTIVE".to_owned()),
        ..draft()
    };
    service::profile::put(&ana, &poor).await.unwrap();
    let asked = plan::request(&ana, week(1)).await.unwrap();
    let runner = Runner::start(&product.service);
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
