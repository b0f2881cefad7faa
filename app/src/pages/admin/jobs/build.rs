//! The list of jobs in words.

use super::api::{ChangeAllView, JobsView};
use super::filter::Filter;
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::line::line;
use crate::pages::admin::say::{Say, whole};
use domain::job::{JobChange, JobState};
use domain::problem::Problem;
use locales::Key;
use service::Ctx;
use service::board::{self, JobCount};
use service::jobs::{KINDS, Queue};

/// What can be done to all jobs that match, in the order of the buttons.
const CHANGES: [JobChange; 5] = [
    JobChange::Retry,
    JobChange::Cancel,
    JobChange::RunNow,
    JobChange::SetPriority { priority: 0 },
    JobChange::Delete,
];

pub(super) async fn jobs(ctx: &Ctx, filter: &Filter) -> Result<JobsView, AppError> {
    let say = Say::new(ctx);
    let before = match filter.before.as_str() {
        "" => None,
        id => Some(service::plan::parse_id(id)?),
    };
    let command = filter.command(ctx)?;
    let state = command.state;
    let page = board::list(ctx, &command, before, filter.rows()).await?;
    let any = !matches!(
        page.count,
        JobCount::Exact(0) | JobCount::Among { found: 0, .. }
    );
    let changes = CHANGES
        .into_iter()
        .filter(|change| any && board::may_change(ctx) && applies(*change, state))
        .map(|change| change.key().to_owned())
        .collect();
    let count = match page.count {
        JobCount::Exact(0) => say.words.t(Key::JobsCountNone),
        JobCount::Exact(1) => say.words.t(Key::JobsCountOne),
        JobCount::Exact(jobs) => say.words.fill(Key::JobsCount, &[("count", &number(jobs))]),
        JobCount::Among { found, searched } => say.words.fill(
            Key::JobsCountAmong,
            &[("count", &number(found)), ("searched", &number(searched))],
        ),
    };
    let mut kinds: Vec<(String, String)> = KINDS
        .iter()
        .map(|(kind, _)| ((*kind).to_owned(), say.kind(kind)))
        .collect();
    kinds.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(JobsView {
        items: page.items.iter().map(|job| line(&say, job)).collect(),
        count,
        next: page.next.map(|id| id.to_string()),
        queues: Queue::ALL
            .map(|queue| (queue.name().to_owned(), say.queue(queue.name())))
            .into(),
        kinds,
        changes,
    })
}

fn applies(change: JobChange, state: Option<JobState>) -> bool {
    state.is_none_or(|state| change.applies_to(state))
}

/// What a change of all that match would do.
pub(super) async fn change_all(
    ctx: &Ctx,
    filter: &Filter,
    action: &str,
) -> Result<ChangeAllView, AppError> {
    let say = Say::new(ctx);
    let change = change(action, "0")?;
    let touched = board::touched(ctx, &filter.command(ctx)?, change).await?;
    let (count, among) = match touched {
        JobCount::Exact(count) => (count, None),
        JobCount::Among { found, searched } => {
            let searched = number(searched);
            let among = say
                .words
                .fill(Key::ChangePageAmong, &[("searched", &searched)]);
            (found, Some(among))
        }
    };
    let question = match count {
        0 if among.is_none() => None,
        1 => Some(say.words.name("change_one", change.key())),
        _ => Some(
            say.words
                .fill_name("change_all", change.key(), &[("count", &number(count))]),
        ),
    };
    let conditions = filter
        .conditions()
        .map(|(name, value)| {
            let value = match name {
                "queue" => say.queue(value),
                "kind" => say.kind(value),
                "state" => say.words.name("job_state", value),
                "since" | "until" => ctx
                    .service
                    .moment(value)
                    .map_or_else(|| value.to_owned(), |micros| say.moment(micros).full),
                _ => value.to_owned(),
            };
            (say.words.name("jobs", name), value)
        })
        .collect();
    Ok(ChangeAllView {
        action: change.key().to_owned(),
        question,
        effect: say.words.name("change_effect", change.key()),
        among,
        undoable: change.can_be_undone(),
        conditions,
    })
}

/// The change of a button.
///
/// # Errors
/// [`Problem::Malformed`] where there is no such change, [`Problem::Invalid`] where its priority is
/// no number.
pub(in crate::pages::admin) fn change(action: &str, priority: &str) -> Result<JobChange, AppError> {
    Ok(match action {
        "RETRY" => JobChange::Retry,
        "CANCEL" => JobChange::Cancel,
        "RUN_NOW" => JobChange::RunNow,
        "SET_PRIORITY" => JobChange::SetPriority {
            priority: whole("priority", priority)?,
        },
        "DELETE" => JobChange::Delete,
        _ => return Err(Problem::Malformed.into()),
    })
}
