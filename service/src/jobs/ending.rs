//! What becomes of a job once a run of it has ended.

use super::beat::Measures;
use super::{Effect, JobError, Outcome, Queue, Share, WriteShares, micros, retry_of};
use crate::Error;
use domain::problem::Problem;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use storage::job::{ClaimedJob, EndState, Ended};

/// A run that has ended.
pub(super) struct RunEnd {
    pub job: ClaimedJob,
    pub outcome: std::result::Result<Outcome, RunError>,
}

/// Why a run came to nothing.
pub(super) enum RunError {
    /// It failed.
    Failed(JobError),
    /// It was to be stopped.
    Cancelled,
}

/// What a run has to write beside its acknowledgement.
pub(super) enum Write {
    /// By itself.
    Alone(Effect),
    /// With others of its kind.
    Together(WriteShares, Share),
}

/// An acknowledgement that is to be written.
pub(super) struct Ending {
    pub ended: Ended,
    pub effect: Option<Write>,
    pub job: ClaimedJob,
    /// Whether it stands for another one that the database refused.
    pub refused: bool,
}

impl Ending {
    /// Decides what becomes of a run that has ended.
    pub fn of(end: RunEnd, queue: Queue, measures: &Mutex<Measures>, now: i64) -> Self {
        let RunEnd { job, outcome } = end;
        let duration = now - job.started_at;
        let mut effect = None;
        let ended = match outcome {
            Ok(Outcome::Done) => end_of(&job, EndState::Succeeded, None, now),
            Ok(Outcome::Result(result)) => end_of(&job, EndState::Succeeded, Some(result), now),
            Ok(Outcome::Effect(of_job)) => {
                effect = Some(Write::Alone(of_job));
                end_of(&job, EndState::Succeeded, None, now)
            }
            Ok(Outcome::Shared(write, share)) => {
                effect = Some(Write::Together(write, share));
                end_of(&job, EndState::Succeeded, None, now)
            }
            Ok(Outcome::Failed(error, write, share)) => {
                effect = Some(Write::Together(write, share));
                failed(&job, JobError::Passing(error), now)
            }
            Err(RunError::Cancelled) => end_of(&job, EndState::Cancelled, None, now),
            Err(RunError::Failed(error)) => failed(&job, error, now),
        };
        {
            let mut measures = measures.lock().unwrap_or_else(PoisonError::into_inner);
            measures.took(queue, "run", duration, now);
            measures.ended(queue, ended.state, ended.failed > 0, now);
        }
        tracing::info!(
            request_id = %job.request_id,
            job_id = %job.id,
            r#type = %job.kind,
            status = ?ended.state,
            duration_ms = duration / 1000,
            "job ended"
        );
        Self {
            ended,
            effect,
            job,
            refused: false,
        }
    }

    /// The acknowledgement of a failure in place of one that the database refused for what the job
    /// wanted to write.
    pub fn refused(self, cause: Error) -> Self {
        let now = self.ended.now;
        Self {
            ended: failed(&self.job, JobError::from(cause), now),
            effect: None,
            job: self.job,
            refused: true,
        }
    }
}

fn end_of(job: &ClaimedJob, state: EndState, result: Option<Value>, now: i64) -> Ended {
    Ended {
        id: job.id,
        fence: job.fence,
        state,
        failed: 0,
        result,
        error: None,
        run_at: None,
        started_at: job.started_at,
        now,
    }
}

fn failed(job: &ClaimedJob, error: JobError, now: i64) -> Ended {
    let last = job.attempts + 1 >= job.max_attempts;
    let (problem, give_up) = match error {
        JobError::Later(at) => {
            return Ended {
                run_at: Some(at.max(now)),
                ..end_of(job, EndState::Retrying, None, now)
            };
        }
        JobError::Final(problem) => (problem, true),
        JobError::Passing(error) => {
            tracing::warn!(%error, job_id = %job.id, "a job failed");
            (Problem::from(error), last)
        }
    };
    let delay = retry_of(&job.kind).delay(job.attempts, rand::random());
    let state = if give_up {
        EndState::Dead
    } else {
        EndState::Retrying
    };
    Ended {
        failed: 1,
        error: Some(JobError::stored(&problem)),
        run_at: (!give_up).then(|| now + micros(delay)),
        ..end_of(job, state, None, now)
    }
}
