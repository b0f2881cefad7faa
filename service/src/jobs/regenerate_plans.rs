//! Computes the plans of a week for everybody who has a profile.

use super::compute_plan::ComputePlan;
use super::{Job, JobError, Outcome, Queue, Run, Unique};
use crate::Error;
use domain::engine;
use domain::profile::Profile;
use domain::week::IsoWeek;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::job::Scope;
use storage::profile;
use uuid::Uuid;

/// How many members are read, and how many jobs enqueued, at once.
const PAGE: i64 = 500;
/// After all that somebody waits for.
const CHILD_PRIORITY: i64 = 500;

/// Which week; the next one where none is named.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RegeneratePlans {
    /// The week.
    pub week: Option<IsoWeek>,
}

impl Job for RegeneratePlans {
    const KIND: &'static str = "plan.regenerate";
    const QUEUE: Queue = Queue::Maintenance;

    fn unique(&self) -> Option<Unique> {
        let week = self.week.map(|week| week.to_string());
        Some(Unique {
            key: week.unwrap_or_default(),
            scope: Scope::Living,
            period: None,
        })
    }

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        async move {
            let week = self
                .week
                .unwrap_or_else(|| IsoWeek::of_micros(run.ctx.now()).plus(1));
            let (mut members, mut plans) = (0, 0);
            let mut after = Uuid::nil();
            loop {
                let page = profile::page(&mut run.ctx.read().await?, after, PAGE)
                    .await
                    .map_err(Error::from)?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                members += page.len();
                let children = jobs(page, week, &run.ctx.service.catalogue.version);
                plans += run.enqueue_children(&children, CHILD_PRIORITY).await?;
                run.progress(
                    0,
                    &format!("{members} profiles read, {plans} plans to compute"),
                );
            }
            run.log(&format!(
                "{members} members have a profile; {plans} of their plans are to be computed"
            ));
            Ok(Outcome::Result(
                json!({ "members": members, "plans": plans }),
            ))
        }
        .boxed()
    }
}

/// The jobs of a page of members.
fn jobs(
    page: Vec<(Uuid, Profile)>,
    week: IsoWeek,
    version: &str,
) -> Vec<(Option<Uuid>, ComputePlan)> {
    page.into_iter()
        .map(|(account, profile)| {
            let plan = ComputePlan {
                input_hash: engine::input_hash(&profile, week, version),
                profile,
                week,
            };
            (Some(account), plan)
        })
        .collect()
}
