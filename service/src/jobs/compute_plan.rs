//! Computes the week of a member.

use super::{Job, JobError, Outcome, Queue, Run, Unique};
use crate::Error;
use domain::engine;
use domain::nutrient::Nutrient;
use domain::problem::Problem;
use domain::profile::Profile;
use domain::week::IsoWeek;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::job::Scope;
use storage::plan::{self, NewPlan};
use uuid::Uuid;

/// The input of a plan, as it was when it was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct ComputePlan {
    /// Who, and what they may eat.
    pub profile: Profile,
    /// The week.
    pub week: IsoWeek,
    /// Names the input.
    pub input_hash: String,
}

impl ComputePlan {
    /// The plan that a finished job's result names.
    #[must_use]
    pub fn plan_id(result: Value) -> Option<Uuid> {
        serde_json::from_value(result.get("planId")?.clone()).ok()
    }
}

impl Job for ComputePlan {
    const KIND: &'static str = "plan.compute";
    const QUEUE: Queue = Queue::DietPlans;

    fn unique(&self) -> Option<Unique> {
        Some(Unique {
            key: self.input_hash.clone(),
            scope: Scope::Kept,
            period: None,
        })
    }

    fn subject(&self) -> Option<String> {
        Some(format!("plan:{}", self.input_hash))
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move {
            let account = run.owner.ok_or(JobError::Final(Problem::NotFound))?;
            let ctx = run.ctx;
            let catalogue = Arc::clone(ctx.service.catalogue());
            let (profile, week) = (self.profile, self.week);
            let plan =
                tokio::task::spawn_blocking(move || engine::plan(&profile, week, &catalogue))
                    .await
                    .map_err(|error| JobError::Passing(Error::internal(error)))?
                    .map_err(|reason| JobError::Final(Problem::Infeasible { reason }))?;
            let document = serde_json::to_string(&plan)
                .map_err(|error| JobError::Passing(Error::internal(error)))?;
            let days = plan.days.len().max(1) as i64;
            let energy: i64 = plan
                .days
                .iter()
                .map(|day| day.totals[Nutrient::Energy].rounded())
                .sum();
            let written = Arc::new((ctx, plan, document));
            Ok(Outcome::Effect(Box::new(move |tx| {
                let written = Arc::clone(&written);
                async move {
                    let (ctx, plan, document) = &*written;
                    let new = NewPlan {
                        id: ctx.service.next_id(),
                        account_id: account,
                        week: &plan.week.to_string(),
                        input_hash: &plan.input_hash,
                        document,
                        energy: energy / days,
                        cost: plan.cost,
                        score: plan.score,
                        created_at: ctx.now(),
                    };
                    plan::insert(tx, &new).await?;
                    let id = plan::by_input(tx, account, &plan.input_hash).await?;
                    Ok(json!({ "planId": id }))
                }
                .boxed()
            })))
        }
        .boxed()
    }
}
