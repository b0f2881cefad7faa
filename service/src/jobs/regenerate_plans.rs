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
use std::sync::Arc;
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
            let mut members = Vec::new();
            let mut after = Uuid::nil();
            loop {
                let mut tx = run.ctx.read().await?;
                let page = profile::page(&mut tx, after, PAGE)
                    .await
                    .map_err(Error::from)?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                members.extend(page);
                run.progress(0, &format!("{} profiles read", members.len()));
            }
            run.log(&format!("{} members have a profile", members.len()));
            let jobs = move |members: &[(Uuid, Profile)], version: &str| -> Vec<_> {
                let job = |(account, profile): &(Uuid, Profile)| {
                    let plan = ComputePlan {
                        input_hash: engine::input_hash(profile, week, version),
                        profile: profile.clone(),
                        week,
                    };
                    (Some(*account), plan)
                };
                members.iter().map(job).collect()
            };
            let members = Arc::new(members);
            Ok(Outcome::Effect(Box::new(move |tx| {
                let (run, members) = (run.clone(), Arc::clone(&members));
                async move {
                    let mut children = 0;
                    for page in members.chunks(PAGE as usize) {
                        let page = jobs(page, &run.ctx.service.catalogue.version);
                        children += run.enqueue_children(tx, &page, CHILD_PRIORITY).await?;
                    }
                    Ok(json!({ "members": members.len(), "plans": children }))
                }
                .boxed()
            })))
        }
        .boxed()
    }
}
