//! The job board: what operators see of the queue, and what administrators do about it.

mod changes;
mod detail;
mod list;
mod overview;
mod queues;
mod secrets;

pub use changes::{Changed, change, change_all, touched, undo};
pub(crate) use changes::{apply_all, undo_all};
pub use detail::{Attempt, JobDetail, LogLine, get};
pub use list::{JobCount, JobFilter, JobItem, JobList, PAGE_MOST, list};
pub use overview::{
    MinuteOfQueue, Overview, QueueOverview, ScheduleOverview, Timing, WorkerOverview, overview,
};
pub(crate) use overview::{PRIORITIES_MOST, with_new};
pub use queues::{QueueSettings, run_schedule, set, set_concurrency, set_paused, set_rate};

use crate::ctx::Ctx;
use domain::account::Role;

/// Who may look.
const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];
/// Who may change.
const CHANGERS: [Role; 1] = [Role::Admin];

/// Whether whoever asks may look, so that pages show the way only to them.
#[must_use]
pub fn may_see(ctx: &Ctx) -> bool {
    ctx.allow(&VIEWERS).is_ok()
}

/// The job of an id as a list shows it, where there is one.
///
/// # Errors
/// For others than administrators and operators as [`Ctx::allow`].
pub(crate) async fn listed(ctx: &Ctx, id: uuid::Uuid) -> crate::Result<Vec<JobItem>> {
    ctx.allow(&VIEWERS)?;
    storage::board::listed(&mut ctx.read().await?, &[id])
        .await?
        .into_iter()
        .map(JobItem::try_from)
        .collect()
}

/// Whether whoever asks may change something, so that pages show buttons only to them.
#[must_use]
pub fn may_change(ctx: &Ctx) -> bool {
    ctx.allow(&CHANGERS).is_ok()
}
