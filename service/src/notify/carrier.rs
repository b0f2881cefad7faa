//! Who carries the messages of a channel, and how many they carry at once.

use super::{Answer, Letter, Notifier, SendError};
use crate::guard::{self, Guard};
use domain::notification::Channel;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a message may take: longer than it ever does where all is well, and shorter than a breaker
/// waits for its probe.
const SEND_MOST: Duration = Duration::from_secs(18);
/// How many messages are on their way at once by one channel: as many connections as whoever carries
/// them takes without a word.
const AT_ONCE: usize = 8;

/// Who carries the messages of a channel, and the breaker before them.
#[derive(Debug)]
pub(super) struct Carrier {
    pub channel: Channel,
    notifier: Arc<dyn Notifier>,
    guard: Arc<Guard>,
    room: Arc<Semaphore>,
}

impl Carrier {
    pub fn new(channel: Channel, notifier: Arc<dyn Notifier>, guard: Arc<Guard>) -> Self {
        Self {
            channel,
            notifier,
            guard,
            room: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Lets a message through once there is room for it, or says when to come back.
    ///
    /// # Errors
    /// The moment before which nothing is let through.
    pub async fn admit(&self) -> Result<Admitted, i64> {
        // Nobody waits in a row before a closed door.
        self.guard.check().await?;
        // It fails only where somebody closes it, which nobody does.
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        Ok(Admitted {
            channel: self.channel,
            notifier: Arc::clone(&self.notifier),
            passage: self.guard.admit().await?,
            _room: room,
        })
    }
}

/// A message that was let through.
#[derive(Debug)]
pub(crate) struct Admitted {
    channel: Channel,
    notifier: Arc<dyn Notifier>,
    passage: guard::Admitted,
    /// Its place among those that are on their way.
    _room: Option<OwnedSemaphorePermit>,
}

impl Admitted {
    /// Hands a message over to whoever carries it, and learns from what comes of it.
    ///
    /// # Errors
    /// Why it was not taken, or is not known to have been.
    pub async fn send(self, letter: &Letter) -> Answer {
        let answer = match tokio::time::timeout(SEND_MOST, self.notifier.send(letter)).await {
            Ok(answer) => answer,
            Err(_) => Err(SendError::TimedOut),
        };
        let failed = answer.as_ref().is_err_and(SendError::is_failure);
        self.passage.end(failed).await;
        let outcome = match &answer {
            Ok(_) => "sent",
            Err(error) => error.code(),
        };
        metrics::counter!(
            "notifications_total",
            "channel" => self.channel.key(),
            "outcome" => outcome
        )
        .increment(1);
        answer
    }
}
