//! Does nothing, and says how long that took: shows that jobs are run.

use super::{Job, JobError, Outcome, Queue, Run};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A job without an effect.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// When it was sent, in microseconds.
    pub sent_at: i64,
}

impl Job for Ping {
    const KIND: &'static str = "installation.ping";
    const QUEUE: Queue = Queue::Maintenance;
    const PRIORITY: i64 = 50;

    fn run(self, run: Run) -> BoxFuture<'static, Result<Outcome, JobError>> {
        let waited = run.ctx.now() - self.sent_at;
        async move { Ok(Outcome::Result(json!({ "waitedMicros": waited }))) }.boxed()
    }
}
