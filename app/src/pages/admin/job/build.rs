//! A job in words.

use super::api::{AttemptView, JobView, ProblemView, TimeView};
use crate::error::{self, AppError};
use crate::pages::admin::jobs;
use crate::pages::admin::line::line;
use crate::pages::admin::say::Say;
use crate::pages::plan::trouble::trouble;
use crate::words::duration;
use domain::job::{JobChange, JobState};
use domain::problem::Problem;
use locales::Key;
use serde::Serialize;
use service::Ctx;
use service::board::{self, Attempt, JobDetail};

pub(super) async fn job(ctx: &Ctx, id: &str) -> Result<JobView, AppError> {
    let say = Say::new(ctx);
    let detail = board::get(ctx, service::plan::parse_id(id)?).await?;
    let job = &detail.job;
    Ok(JobView {
        line: line(&say, job),
        queue: (job.queue.clone(), say.queue(&job.queue)),
        priority: job.priority,
        times: times(&say, &detail),
        facts: facts(&say, &detail),
        arguments: pretty(&detail.arguments),
        result: detail.result.as_ref().map(pretty),
        problem: detail.problem.as_ref().map(|found| problem(&say, found)),
        attempts: detail
            .attempts
            .iter()
            .map(|attempt| attempt_view(&say, attempt))
            .collect(),
        log: detail
            .log
            .iter()
            .map(|line| (precise_clock(&say, line.at), line.message.clone()))
            .collect(),
        causes: detail.causes.iter().map(|job| line(&say, job)).collect(),
        children: detail.children.iter().map(|job| line(&say, job)).collect(),
        children_left: detail.children_left,
        changes: detail
            .changes
            .iter()
            .map(|change| change.key().to_owned())
            .collect(),
        undo: detail.undoable.then(|| detail.job.id.to_string()),
    })
}

fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn times(say: &Say<'_>, detail: &JobDetail) -> Vec<TimeView> {
    let job = &detail.job;
    let label = |key| say.words.t(key);
    let moment = |key, at| TimeView::Moment(label(key), say.moment(at));
    let mut times = vec![moment(Key::JobEnqueued, job.created_at)];
    let waits = matches!(
        job.state,
        JobState::Scheduled | JobState::Ready | JobState::Retrying
    );
    if waits && job.run_at > job.created_at {
        times.push(moment(Key::JobDue, job.run_at));
    }
    if let Some(started) = job.started_at {
        // After a failure it waits from when it is due again, which is not kept.
        if job.attempts <= 1 && job.deaths == 0 {
            let waited = started - job.run_at.min(started).max(job.created_at);
            times.push(TimeView::Length(label(Key::JobWaited), duration(waited)));
        }
        times.push(moment(Key::JobBegan, started));
    }
    let running = job.state == JobState::Running;
    let ended = job.finished_at.or(running.then_some(say.now));
    if let (Some(started), Some(ended)) = (job.started_at, ended) {
        let ran = duration(ended - started);
        times.push(TimeView::Length(label(Key::JobRan), ran));
    }
    times.push(match job.finished_at {
        Some(ended) => moment(Key::JobEnded, ended),
        None => TimeView::Length(label(Key::JobEnded), label(Key::JobNotYet)),
    });
    times
}

fn facts(say: &Say<'_>, detail: &JobDetail) -> Vec<(String, String)> {
    let job = &detail.job;
    let line = line(say, job);
    let owner = job.owner.clone();
    let failures = if line.deaths.is_empty() {
        line.failures
    } else {
        format!("{}; {}", line.failures, line.deaths)
    };
    let facts = [
        (Key::JobOwner, owner.or(Some(say.words.t(Key::JobNoOwner)))),
        (Key::JobAbout, job.subject.clone()),
        (Key::JobQueue, Some(say.queue(&job.queue))),
        (Key::JobPriority, Some(job.priority.to_string())),
        (Key::JobFailures, Some(failures)),
        (Key::JobWorker, detail.worker.map(|id| id.to_string())),
        (Key::JobUnique, detail.unique_key.clone()),
        (Key::JobRequest, Some(detail.request_id.clone())),
        (Key::JobFence, Some(detail.fence.to_string())),
        (Key::JobId, Some(job.id.to_string())),
    ];
    facts
        .into_iter()
        .filter_map(|(key, value)| Some((say.words.t(key), value?)))
        .collect()
}

fn problem(say: &Say<'_>, problem: &Problem) -> ProblemView {
    let (title, help) = error::describe(problem);
    let details = match problem {
        Problem::Infeasible { .. } => trouble(say.words, problem).conflicts,
        Problem::Invalid { fields } => fields
            .iter()
            .map(|field| format!("{}: {}", field.field, error::explain(&field.code)))
            .collect(),
        _ => Vec::new(),
    };
    ProblemView {
        title,
        help,
        details,
    }
}

fn attempt_view(say: &Say<'_>, attempt: &Attempt) -> AttemptView {
    let why = match &attempt.problem {
        _ if attempt.died => say.words.t(Key::JobDied),
        Some(problem) => error::describe(problem).0,
        None => String::new(),
    };
    AttemptView {
        fence: attempt.fence,
        ended: say.moment(attempt.ended_at),
        ran: attempt
            .started_at
            .map(|started| duration(attempt.ended_at - started))
            .unwrap_or_default(),
        why,
    }
}

/// "14:05:09.120": lines of a log are often less than a second apart.
fn precise_clock(say: &Say<'_>, at: i64) -> String {
    let local = say.ctx.service.local_time(at);
    let millis = at.rem_euclid(1_000_000) / 1000;
    format!(
        "{:02}:{:02}:{:02}.{millis:03}",
        local.hour, local.minute, local.second
    )
}

/// Changes one job, and leads to where that is seen.
pub(super) async fn change(
    ctx: &Ctx,
    id: &str,
    action: &str,
    priority: &str,
) -> Result<(), AppError> {
    let id = service::plan::parse_id(id)?;
    let change = jobs::build::change(action, priority)?;
    let changed = board::change(ctx, id, change).await?;
    leptos_axum::redirect(&match change {
        JobChange::Delete => "/admin/jobs?deleted=1".to_owned(),
        _ if changed.undoable => format!(
            "/admin/jobs/{id}?changed={}&action={}",
            changed.change,
            change.key()
        ),
        // A job that runs is only told: what it does then is its own.
        JobChange::Cancel => format!("/admin/jobs/{id}?action=STOP"),
        _ => format!("/admin/jobs/{id}?action={}", change.key()),
    });
    Ok(())
}
