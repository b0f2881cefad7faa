//! What administrators change of jobs: of one at once, of many by a job of its own.

use super::CHANGERS;
use super::list::{JobCount, JobFilter, JobItem, Selection};
use crate::ctx::Ctx;
use crate::jobs::change_jobs::ChangeJobs;
use crate::jobs::{self, Run};
use crate::{Error, Result};
use domain::invalid::InvalidCode;
use domain::job::{JobChange, JobState};
use domain::problem::Problem;
use serde_json::{Value, json};
use storage::{board, change as changes};
use uuid::Uuid;

/// How many jobs are changed in one transaction: nobody else writes to SQLite meanwhile.
const CHUNK: i64 = 1000;

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Its id, to take it back by.
    pub change: Uuid,
    /// Whether it can be taken back.
    pub undoable: bool,
}

/// What the audit log calls a change.
const fn verb(change: JobChange) -> &'static str {
    match change {
        JobChange::Retry => "retry",
        JobChange::Cancel => "cancel",
        JobChange::RunNow => "run_now",
        JobChange::SetPriority { .. } => "set_priority",
        JobChange::Delete => "delete",
    }
}

fn check(change: JobChange) -> Result<()> {
    let most = JobChange::PRIORITY_MOST;
    match change {
        JobChange::SetPriority { priority } if !(-most..=most).contains(&priority) => {
            Err(Error::invalid(
                "priority",
                InvalidCode::OutOfRange {
                    min: -most,
                    max: most,
                },
            ))
        }
        _ => Ok(()),
    }
}

/// Changes a job.
///
/// # Errors
/// [`Problem::NotFound`] where there is none, [`Problem::Conflict`] where the change does not apply to
/// it as it stands, [`InvalidCode::OutOfRange`] at `priority` beyond 10,000 either way; for others than
/// administrators as [`Ctx::allow`].
pub async fn change(ctx: &Ctx, id: Uuid, change: JobChange) -> Result<Changed> {
    ctx.allow(&CHANGERS)?;
    check(change)?;
    let change_id = ctx.service.next_id();
    let mut tx = ctx.write().await?;
    let row = board::listed(&mut tx, &[id]).await?.pop();
    let job = JobItem::try_from(row.ok_or(Error::Problem(Problem::NotFound))?)?;
    let at = changes::begin(&mut tx, change_id, ctx.now(), change).await?;
    let changed = changes::apply(&mut tx, change_id, at, change, &[id]).await?;
    if changed == 0 {
        return Err(Problem::Conflict.into());
    }
    let action = format!("job.{}", verb(change));
    let after = board::listed(&mut tx, &[id]).await?.pop();
    let after = after.map(JobItem::try_from).transpose()?;
    let after = after.as_ref().map_or_else(|| json!({}), standing);
    let subject = id.to_string();
    ctx.audit_change(&mut tx, (&action, &subject), &standing(&job), &after)
        .await?;
    tx.commit().await?;
    let told = change == JobChange::Cancel && job.state == JobState::Running;
    Ok(Changed {
        change: change_id,
        undoable: change.can_be_undone() && !told,
    })
}

/// What the audit log tells of a job that is changed.
fn standing(job: &JobItem) -> Value {
    json!({
        "state": job.state.key(),
        "priority": job.priority,
        "runAt": job.run_at,
        "attempts": job.attempts,
        "cancelling": job.cancelling,
    })
}

/// Changes all that match, by a job of its own; gives that job, whose id is the change's too. The filter
/// needs no state: those to which the change does not apply are left alone. Exactly the jobs enqueued
/// before now.
///
/// # Errors
/// As [`change`] where `priority` is out of range, as [`super::list`] where a text is too long; for
/// others than administrators as [`Ctx::allow`].
pub async fn change_all(ctx: &Ctx, filter: JobFilter, change: JobChange) -> Result<Uuid> {
    ctx.allow(&CHANGERS)?;
    check(change)?;
    filter.check()?;
    let action = format!("jobs.{}", verb(change));
    let line = filter.line();
    let job = ChangeJobs::Apply {
        filter,
        change,
        before: ctx.service.next_id(),
    };
    let mut tx = ctx.write().await?;
    let id = jobs::enqueue(ctx, &mut tx, None, &job).await?;
    let priority = match change {
        JobChange::SetPriority { priority } => Some(priority),
        _ => None,
    };
    let before = json!({ "job": null, "priority": null });
    let after = json!({ "job": id, "priority": priority });
    ctx.audit_change(&mut tx, (&action, &line), &before, &after)
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// How many of the jobs that match a change would touch, for the confirmation.
///
/// # Errors
/// As [`change_all`].
pub async fn touched(ctx: &Ctx, filter: &JobFilter, change: JobChange) -> Result<JobCount> {
    ctx.allow(&CHANGERS)?;
    check(change)?;
    let mut tx = ctx.read().await?;
    let selection = Selection::of(&mut tx, filter, |state| change.applies_to(state)).await?;
    selection.count(&mut tx, None).await
}

/// Takes a change back where the jobs still stand as it left them, and gives how many it took back. Of
/// more than a thousand it is done by a job, and this gives how many that one looks at.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such change (any more), [`Problem::Conflict`] while it is
/// still being made; for others than administrators as [`Ctx::allow`].
pub async fn undo(ctx: &Ctx, change: Uuid) -> Result<i64> {
    ctx.allow(&CHANGERS)?;
    let mut tx = ctx.write().await?;
    let before = changes::get(&mut tx, change).await?;
    let before = before.ok_or(Error::Problem(Problem::NotFound))?;
    // A change of many has the id of its job.
    if let Some(row) = board::listed(&mut tx, &[change]).await?.pop() {
        let maker = JobItem::try_from(row)?;
        if !maker.state.has_ended() {
            return Err(Problem::Conflict.into());
        }
    }
    let jobs = changes::changed(&mut tx, change, CHUNK + 1).await?;
    let undone = if jobs.len() as i64 <= CHUNK {
        let undone = changes::undo(&mut tx, change, &before, &jobs).await?;
        changes::drop_change(&mut tx, change).await?;
        undone
    } else {
        let job = ChangeJobs::Undo { change };
        jobs::enqueue(ctx, &mut tx, None, &job).await?;
        changes::count_changed(&mut tx, change).await?
    };
    let (was, is) = (json!({ "undone": null }), json!({ "undone": undone }));
    let subject = change.to_string();
    ctx.audit_change(&mut tx, ("jobs.undo", &subject), &was, &is)
        .await?;
    tx.commit().await?;
    Ok(undone)
}

/// Changes all jobs that match and were enqueued before an id, newest first. Where it was broken off it
/// may begin again: what it has changed it knows.
pub(crate) async fn apply_all(
    run: &Run,
    filter: &JobFilter,
    change: JobChange,
    before: Uuid,
) -> Result<Value> {
    let ctx = &run.ctx;
    let mut tx = ctx.write().await?;
    let at = changes::begin(&mut tx, run.id, ctx.now(), change).await?;
    tx.commit().await?;
    let mut tx = ctx.read().await?;
    let selection = Selection::of(&mut tx, filter, |state| change.applies_to(state)).await?;
    let most = selection.most(&mut tx).await?.max(1);
    drop(tx);
    let (mut looked, mut changed) = (0, 0);
    let mut cursor = Some(before);
    while cursor.is_some() {
        let mut tx = ctx.read().await?;
        let page = selection.page(&mut tx, cursor, CHUNK).await?;
        drop(tx);
        cursor = page.next;
        if !page.ids.is_empty() {
            let mut tx = ctx.write().await?;
            changed += changes::apply(&mut tx, run.id, at, change, &page.ids).await?;
            tx.commit().await?;
        }
        looked += page.looked;
        // It has not ended before it has ended.
        let percent = (looked * 100 / most).min(99);
        run.progress(percent, &format!("{changed} jobs"));
    }
    run.log(&format!("{} of {changed} jobs", verb(change)));
    Ok(json!({ "jobs": changed, "changeId": run.id }))
}

/// Takes a change of many back, newest jobs first.
pub(crate) async fn undo_all(run: &Run, change: Uuid) -> Result<Value> {
    let ctx = &run.ctx;
    let most = changes::count_changed(&mut ctx.read().await?, change).await?;
    let (mut looked, mut undone) = (0, 0);
    loop {
        let mut tx = ctx.write().await?;
        // Nothing is left to do where it was done before, or is too old by now.
        let Some(before) = changes::get(&mut tx, change).await? else {
            break;
        };
        let jobs = changes::changed(&mut tx, change, CHUNK).await?;
        if jobs.is_empty() {
            changes::drop_change(&mut tx, change).await?;
            tx.commit().await?;
            break;
        }
        undone += changes::undo(&mut tx, change, &before, &jobs).await?;
        tx.commit().await?;
        looked += jobs.len() as i64;
        let percent = (looked * 100 / most.max(1)).min(99);
        run.progress(percent, &format!("{undone} jobs"));
    }
    run.log(&format!("{undone} of {most} jobs are what they were"));
    Ok(json!({ "jobs": undone }))
}
