//! What a job knows of its run, and tells of it.

use super::Job;
use crate::Result;
use crate::ctx::Ctx;
use domain::problem::Problem;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use storage::job::{self, LogLine, Report};
use uuid::Uuid;

/// The most lines of a run that are kept.
const LINES_MOST: u32 = 1000;
/// The longest line that is kept, in bytes.
const LINE_MOST: usize = 2000;

/// What running jobs have told since it was last written down.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub reports: HashMap<Uuid, Report>,
    pub lines: Vec<LogLine>,
}

/// One run of a job.
#[derive(Debug, Clone)]
pub struct Run {
    /// The context of the installation, with the request that caused the job.
    pub ctx: Ctx,
    /// The job.
    pub id: Uuid,
    /// Whom it is for.
    pub owner: Option<Uuid>,
    /// How often it has failed before.
    pub failures: i64,
    /// Whether it is given up if it fails now.
    pub last: bool,
    /// When this run began, in microseconds.
    pub started_at: i64,
    pub(super) fence: i64,
    pub(super) lines: Arc<std::sync::atomic::AtomicU32>,
    pub(super) told: Arc<Mutex<Told>>,
}

impl Run {
    fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Says how far it is, in percent, and what it does just now. It is shown within a second.
    pub fn progress(&self, percent: i64, message: &str) {
        let report = Report {
            id: self.id,
            fence: self.fence,
            progress: percent.clamp(0, 100),
            message: Some(shortened(message)),
        };
        self.tell(|told| drop(told.reports.insert(self.id, report)));
    }

    /// Writes a line of the job's own log. Never anything secret: operators read it.
    pub fn log(&self, message: &str) {
        let written = self
            .lines
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if written >= LINES_MOST {
            return;
        }
        let line = LogLine {
            id: self.ctx.service.next_id(),
            job_id: self.id,
            at: self.ctx.now(),
            message: shortened(message),
        };
        self.tell(|told| told.lines.push(line));
    }

    /// Enqueues jobs that this one waits for: it ends when the last of them has. A job that is there
    /// already, by its unique key, is not waited for: where this one runs a second time it waits for
    /// those that it enqueued the first time all the same.
    ///
    /// # Errors
    /// [`Problem::Conflict`] where this run no longer holds its job: nothing was enqueued. Where the
    /// database does.
    pub async fn enqueue_children<J: Job>(
        &self,
        children: &[(Option<Uuid>, J)],
        priority: i64,
    ) -> Result<i64> {
        let mut new = Vec::with_capacity(children.len());
        for (owner, child) in children {
            let mut child = super::new_job(&self.ctx, *owner, child, Some(self.id))?;
            child.awaited = true;
            child.priority = priority;
            new.push(child);
        }
        let mut tx = self.ctx.write().await?;
        let ids = job::enqueue(&mut tx, &new).await?;
        let fresh = ids.iter().zip(&new).filter(|(id, new)| **id == new.id);
        let fresh = fresh.count() as i64;
        if !job::await_children(&mut tx, self.id, self.fence, fresh).await? {
            return Err(Problem::Conflict.into());
        }
        tx.will_wake().await?;
        tx.commit().await?;
        Ok(fresh)
    }
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(LINE_MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
