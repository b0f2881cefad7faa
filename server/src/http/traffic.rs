//! What the process counts of its requests for its own memory of the last hours, whether metrics are
//! shown to anybody or not.

use axum::http::StatusCode;
use service::Service;
use service::system::{Sample, percentile, record};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Durations up to 2^40 µs, twelve days, are told apart.
const POWERS: usize = 41;
const MINUTE: i64 = 60_000_000;

/// The requests since they were last taken down.
#[derive(Debug)]
pub struct Traffic {
    requests: AtomicI64,
    errors: AtomicI64,
    /// By the power of two of their durations in microseconds.
    durations: [AtomicI64; POWERS],
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            requests: AtomicI64::default(),
            errors: AtomicI64::default(),
            durations: [const { AtomicI64::new(0) }; POWERS],
        }
    }
}

impl Traffic {
    /// Counts a request that was answered.
    pub fn count(&self, status: StatusCode, duration: Duration) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if status.is_server_error() {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        let power = duration.as_micros().max(1).ilog2() as usize;
        self.durations[power.min(POWERS - 1)].fetch_add(1, Ordering::Relaxed);
    }
}

/// Writes down every minute how the process is.
#[derive(Debug, Clone)]
pub struct Sampler {
    service: Arc<Service>,
    traffic: Arc<Traffic>,
    connections: Arc<AtomicUsize>,
    process: Uuid,
}

impl Sampler {
    /// For a process that has just begun.
    pub fn new(
        service: &Arc<Service>,
        traffic: &Arc<Traffic>,
        connections: &Arc<AtomicUsize>,
    ) -> Self {
        Self {
            service: Arc::clone(service),
            traffic: Arc::clone(traffic),
            connections: Arc::clone(connections),
            process: service.next_id(),
        }
    }

    /// Writes down each minute when it ends.
    pub async fn keep_up(self) {
        loop {
            let now = self.service.now();
            let left = MINUTE - now.rem_euclid(MINUTE);
            tokio::time::sleep(Duration::from_micros(left.unsigned_abs())).await;
            self.write_down(now.div_euclid(MINUTE)).await;
        }
    }

    /// Writes down what the minute that has not ended yet has brought.
    pub async fn finish(&self) {
        self.write_down(self.service.now().div_euclid(MINUTE)).await;
    }

    async fn write_down(&self, minute: i64) {
        let sample = self.take(minute);
        if let Err(error) = record(&self.service, &sample).await {
            tracing::warn!(%error, "could not write down how the process is");
        }
    }

    fn take(&self, minute: i64) -> Sample {
        let take = |number: &AtomicI64| number.swap(0, Ordering::Relaxed);
        let durations: BTreeMap<i64, i64> =
            (0..).zip(self.traffic.durations.iter().map(take)).collect();
        Sample {
            process: self.process,
            minute,
            requests: take(&self.traffic.requests),
            errors: take(&self.traffic.errors),
            slowest: percentile(&durations, 95).unwrap_or_default(),
            connections: self.connections.load(Ordering::Relaxed) as i64,
        }
    }
}
