//! The workers of a process.

use super::beat::Heart;
use super::engine::Command;
use crate::Result;
use crate::ctx::{Institution, Service};
use crate::outbox::Relay;
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// How long running jobs may take to finish once the process shall stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long it waits before it starts a relay again.
const AGAIN: Duration = Duration::from_secs(1);

/// The workers of this process, one for each institution, and beside each the relay that delivers what
/// has happened. They stop when told to.
#[derive(Debug)]
pub struct Runner {
    stop: watch::Sender<bool>,
    institutions: Vec<Arc<Institution>>,
    /// The workers' hearts and the relays, and what measures those.
    hearts: JoinSet<()>,
}

impl Runner {
    /// Starts a worker for each institution. `role` is what others call it: `all` or `worker`.
    ///
    /// # Errors
    /// Where a database does.
    pub async fn start(service: &Arc<Service>, role: &'static str) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut hearts = JoinSet::new();
        let mut institutions = Vec::new();
        for institution in service.institutions() {
            let heart = Heart::start(service, institution, role).await?;
            let working = Box::new(heart.working());
            institution.engine.tell(Command::Start(working)).await;
            hearts.spawn(heart.run(stopped.clone()));
            hearts.spawn(relay(
                Arc::clone(service),
                institution.clone(),
                stopped.clone(),
            ));
            hearts.spawn(crate::outbox::measure(
                Arc::clone(service),
                institution.clone(),
                stopped.clone(),
            ));
            institutions.push(institution.clone());
        }
        Ok(Self {
            stop,
            institutions,
            hearts,
        })
    }

    /// Claims nothing more, lets running jobs finish for a while, hands back the rest.
    pub async fn stop(mut self) {
        let mut stopped = Vec::new();
        for institution in &self.institutions {
            let (reply, answer) = oneshot::channel();
            institution.engine.tell(Command::Stop(DRAIN, reply)).await;
            stopped.push(answer);
        }
        for answer in stopped {
            // The engine answers, or is gone.
            let _ = answer.await;
        }
        self.stop.send_replace(true);
        while self.hearts.join_next().await.is_some() {}
    }
}

/// Has events delivered until told to stop: a relay that ends by itself is started again.
async fn relay(
    service: Arc<Service>,
    institution: Arc<Institution>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let run = Relay::new(&service, &institution).run(stopped.clone());
        // Each begins anew: nothing is left of one that broke.
        let ended = AssertUnwindSafe(run).catch_unwind().await;
        if *stopped.borrow() {
            return;
        }
        tracing::error!(
            institution = %institution.slug,
            panicked = ended.is_err(),
            "the relay ended by itself and is started again"
        );
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}
