//! Plans: asked for as jobs, read by their owners.

use crate::ctx::Ctx;
use crate::jobs::compute_plan::ComputePlan;
use crate::jobs::{self, JobError};
use crate::{Error, Result};
use domain::engine::{self, Infeasible};
use domain::invalid::InvalidCode;
use domain::job::JobStatus;
use domain::plan::Plan;
use domain::problem::Problem;
use domain::week::IsoWeek;
use std::time::{Duration, Instant};
use storage::plan::{PlanRow, StoredPlan};
use storage::{job, plan, profile};
use uuid::Uuid;

/// How many plans a page of a list may hold.
pub const PAGE_MOST: i64 = 100;
/// How long a page waits for a plan before it shows that one is being made. On an idle server a plan
/// takes a fraction of it.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How often it looks for what another process may have done; of this one it is told.
const GLANCE: Duration = Duration::from_millis(100);

/// A job that computes a plan, as its owner sees it.
#[derive(Debug, Clone)]
pub struct PlanJob {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub status: JobStatus,
    /// Percent done.
    pub progress: i64,
    /// The plan, once it is there.
    pub plan_id: Option<Uuid>,
    /// Why there is none, once that is known.
    pub problem: Option<Problem>,
    /// When it was asked for, in microseconds.
    pub created_at: i64,
    /// When it was begun.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// A plan with what the database knows of it.
#[derive(Debug, Clone)]
pub struct OwnedPlan {
    /// Its id.
    pub id: Uuid,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// The plan.
    pub plan: Plan,
}

/// What a member has for a week.
#[derive(Debug)]
pub struct WeekPlan {
    /// Whether they have a profile to plan for.
    pub profile: bool,
    /// The plan, where there is one.
    pub plan: Option<OwnedPlan>,
    /// Whether that plan is what their profile of today gives.
    pub current: bool,
}

/// A page of a member's plans, newest first.
#[derive(Debug)]
pub struct PlanPage {
    /// The plans.
    pub items: Vec<PlanRow>,
    /// Where the next page begins, where there is one.
    pub next: Option<Uuid>,
}

/// Reads a week as somebody wrote it.
///
/// # Errors
/// [`InvalidCode::NoSuchWeek`] at the field `week`.
pub fn parse_week(week: &str) -> Result<IsoWeek> {
    week.parse()
        .map_err(|_| Error::invalid("week", InvalidCode::NoSuchWeek))
}

/// Asks for the plan of a week. The same input again is the same job and the same plan; a hundred
/// requests at once compute it once.
///
/// # Errors
/// [`Problem::ProfileMissing`] where the member has no profile yet.
pub async fn request(ctx: &Ctx, week: IsoWeek) -> Result<PlanJob> {
    let account = ctx.account_id()?;
    let mut tx = ctx.write().await?;
    let profile = profile::get(&mut tx, account)
        .await?
        .ok_or(Error::Problem(Problem::ProfileMissing))?;
    let input_hash = engine::input_hash(&profile, week, &ctx.service.catalogue.version);
    let id = jobs::enqueue(
        ctx,
        &mut tx,
        Some(account),
        &ComputePlan {
            profile,
            week,
            input_hash,
        },
    )
    .await?;
    let row = job::of_owner(&mut tx, account, id)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    tx.commit().await?;
    view(row)
}

/// A job of the member's own.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's job.
pub async fn job(ctx: &Ctx, id: Uuid) -> Result<PlanJob> {
    let account = ctx.account_id()?;
    let row = job::of_owner(&mut ctx.read().await?, account, id).await?;
    view(row.ok_or(Error::Problem(Problem::NotFound))?)
}

/// The job once it has ended, or as it is after [`PATIENCE`]: for somebody who waits for it.
///
/// # Errors
/// As [`job`].
pub async fn settled(ctx: &Ctx, mut job: PlanJob) -> Result<PlanJob> {
    let patience = Instant::now() + PATIENCE;
    let mut ended = ctx.institution.engine.ended();
    loop {
        // After the receiver was made: nothing that ends from here on is missed.
        job = self::job(ctx, job.id).await?;
        let waiting = matches!(job.status, JobStatus::Pending | JobStatus::Running);
        if !waiting || Instant::now() >= patience {
            return Ok(job);
        }
        // Told, or not told for a while: either is a reason to look.
        let _ = tokio::time::timeout(GLANCE, ended.changed()).await;
    }
}

fn view(row: job::JobRow) -> Result<PlanJob> {
    let status = match row.state.as_str() {
        "running" => JobStatus::Running,
        "succeeded" => JobStatus::Ready,
        "dead" | "cancelled" => JobStatus::Failed,
        _ => JobStatus::Pending,
    };
    let problem = match (status, row.error) {
        (JobStatus::Failed, Some(error)) => Some(JobError::problem_of(error.0)),
        (JobStatus::Failed, None) => Some(Problem::Internal),
        _ => None,
    };
    let plan_id = match row.result {
        Some(result) => ComputePlan::plan_id(result.0),
        None => None,
    };
    Ok(PlanJob {
        id: row.id,
        status,
        progress: row.progress,
        plan_id,
        problem,
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    })
}

fn parse(stored: StoredPlan) -> Result<OwnedPlan> {
    let plan = serde_json::from_str(&stored.document).map_err(Error::internal)?;
    Ok(OwnedPlan {
        id: stored.id,
        created_at: stored.created_at,
        plan,
    })
}

/// A plan of the member's own.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's plan.
pub async fn get(ctx: &Ctx, id: Uuid) -> Result<OwnedPlan> {
    parse(document(ctx, id).await?)
}

/// A plan of the member's own as the bytes that were computed.
///
/// # Errors
/// [`Problem::NotFound`], also for another member's plan.
pub async fn document(ctx: &Ctx, id: Uuid) -> Result<StoredPlan> {
    let account = ctx.account_id()?;
    let stored = plan::by_id(&mut ctx.read().await?, account, id).await?;
    stored.ok_or(Error::Problem(Problem::NotFound))
}

/// The member's newest plan of a week, where there is one.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody has signed in.
pub async fn latest_of_week(ctx: &Ctx, week: IsoWeek) -> Result<Option<OwnedPlan>> {
    let account = ctx.account_id()?;
    let stored = plan::latest_of_week(&mut ctx.read().await?, account, &week.to_string()).await?;
    stored.map(parse).transpose()
}

/// What the member has for a week: the version that is asked for, else the plan that their profile of
/// today gives, else the newest.
///
/// # Errors
/// [`Problem::NotFound`] for a version that is not theirs, or of another week.
pub async fn of_week(ctx: &Ctx, week: IsoWeek, version: Option<&str>) -> Result<WeekPlan> {
    let account = ctx.account_id()?;
    let mut tx = ctx.read().await?;
    let profile = profile::get(&mut tx, account).await?;
    let input_hash = profile
        .as_ref()
        .map(|profile| engine::input_hash(profile, week, &ctx.service.catalogue.version));
    let of_today = match &input_hash {
        Some(input_hash) => plan::by_input(&mut tx, account, input_hash).await?,
        None => None,
    };
    let wanted = match version {
        Some(id) => Some(parse_id(id)?),
        None => of_today,
    };
    let stored = match wanted {
        Some(id) => Some(
            plan::by_id(&mut tx, account, id)
                .await?
                .ok_or(Error::Problem(Problem::NotFound))?,
        ),
        None => plan::latest_of_week(&mut tx, account, &week.to_string()).await?,
    };
    let plan = stored.map(parse).transpose()?;
    if plan.as_ref().is_some_and(|plan| plan.plan.week != week) {
        return Err(Problem::NotFound.into());
    }
    let current = plan
        .as_ref()
        .is_some_and(|plan| Some(&plan.plan.input_hash) == input_hash.as_ref());
    Ok(WeekPlan {
        profile: profile.is_some(),
        plan,
        current,
    })
}

/// Reads an id as it stands in an address.
///
/// # Errors
/// [`Problem::NotFound`] where it is none.
pub fn parse_id(id: &str) -> Result<Uuid> {
    id.parse().map_err(|_| Error::Problem(Problem::NotFound))
}

/// The member's plans, newest first, after the one where the last page ended.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `limit` is not 1 to 100.
pub async fn list(ctx: &Ctx, after: Option<Uuid>, limit: i64) -> Result<PlanPage> {
    let account = ctx.account_id()?;
    crate::error::check_limit(limit, PAGE_MOST)?;
    // One more than asked for tells whether there is a next page.
    let before = after.unwrap_or(Uuid::max());
    let mut items = plan::list(&mut ctx.read().await?, account, before, limit + 1).await?;
    let next = (items.len() as i64 > limit).then(|| {
        items.truncate(limit as usize);
        items.last().map(|row| row.id)
    });
    Ok(PlanPage {
        items,
        next: next.flatten(),
    })
}

impl From<Infeasible> for Error {
    fn from(reason: Infeasible) -> Self {
        Self::Problem(Problem::Infeasible { reason })
    }
}
