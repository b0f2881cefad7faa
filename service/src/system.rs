//! How the processes of the installation were over the last hours: requests, memory, connections.

use crate::ctx::{Ctx, Service};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use std::collections::BTreeMap;
use storage::process::{self, Measured};
use uuid::Uuid;

/// Who may see it.
const VIEWERS: [Role; 2] = [Role::Admin, Role::Operator];
/// How many hours are shown at most.
pub const HOURS_MOST: i64 = 24;
const MINUTE: i64 = 60_000_000;

/// How a process was in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Names the process for as long as it lives.
    pub process: Uuid,
    /// The minute that it tells of, since 1970 UTC.
    pub minute: i64,
    /// Requests that it has answered since it last told.
    pub requests: i64,
    /// How many of them it could not serve: answers of 500 and more.
    pub errors: i64,
    /// The 95th percentile of the time until an answer began, in microseconds; 0 where there was none.
    pub slowest: i64,
    /// Connections that are open.
    pub connections: i64,
}

/// How the installation was in a minute, all processes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MinuteOfSystem {
    /// Minutes since 1970 UTC.
    pub minute: i64,
    /// Requests that were answered.
    pub requests: i64,
    /// How many of them were answered with 500 or more.
    pub errors: i64,
    /// The 95th percentile of the time until an answer began, in microseconds, of the slowest process.
    pub slowest: i64,
    /// Memory that is not swapped out, in bytes.
    pub memory_bytes: i64,
    /// Open connections.
    pub connections: i64,
    /// Runs of jobs that ended.
    pub jobs: i64,
}

/// How the installation was, by the minute, the last `hours`, oldest first. The minute that has not
/// ended yet is not among them; one in which no process told anything is all zeros.
///
/// # Errors
/// [`InvalidCode::OutOfRange`] where `hours` is not 1 to 24; for others than administrators and
/// operators as [`Ctx::allow`].
pub async fn history(ctx: &Ctx, hours: i64) -> Result<Vec<MinuteOfSystem>> {
    ctx.allow(&VIEWERS)?;
    if !(1..=HOURS_MOST).contains(&hours) {
        return Err(Error::invalid(
            "hours",
            InvalidCode::OutOfRange {
                min: 1,
                max: HOURS_MOST,
            },
        ));
    }
    let end = ctx.now().div_euclid(MINUTE);
    let since = end - hours * 60;
    let empty = |minute| MinuteOfSystem {
        minute,
        ..MinuteOfSystem::default()
    };
    let mut minutes: BTreeMap<i64, MinuteOfSystem> =
        (since..end).map(|minute| (minute, empty(minute))).collect();
    let mut tx = ctx.read().await?;
    for total in process::measured(&mut tx, since).await? {
        if let Some(minute) = minutes.get_mut(&total.minute) {
            match total.measure.as_str() {
                "requests" => minute.requests = total.value,
                "errors" => minute.errors = total.value,
                "slowest" => minute.slowest = total.value,
                "memory" => minute.memory_bytes = total.value,
                _ => minute.connections = total.value,
            }
        }
    }
    for (minute, jobs) in process::jobs(&mut tx, since).await? {
        if let Some(minute) = minutes.get_mut(&minute) {
            minute.jobs = jobs;
        }
    }
    Ok(minutes.into_values().collect())
}

/// Writes down how a process was, in every institution: each shows the installation that it is part of.
/// Called by each process once a minute, and when it stops.
///
/// # Errors
/// Where a database does; the others have it all the same.
pub async fn record(service: &Service, sample: &Sample) -> Result<()> {
    let memory = crate::health::resident_bytes().unwrap_or_default();
    let measured = [
        ("requests", sample.requests),
        ("errors", sample.errors),
        ("slowest", sample.slowest),
        ("memory", i64::try_from(memory).unwrap_or(i64::MAX)),
        ("connections", sample.connections),
    ]
    .map(|(measure, value)| Measured {
        minute: sample.minute,
        process_id: sample.process,
        measure,
        value,
    });
    let mut outcome = Ok(());
    for institution in service.institutions() {
        let written = async {
            let mut tx = institution.db.write().await?;
            process::measure(&mut tx, &measured).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            outcome = Err(error.into());
        }
    }
    outcome
}

/// The upper end of the power of two in which a percentile lies, of how many there are of each.
#[must_use]
pub fn percentile(powers: &BTreeMap<i64, i64>, percent: i64) -> Option<i64> {
    let all: i64 = powers.values().sum();
    // The smallest number of them that is the percentage or more.
    let mut left = (all * percent + 99) / 100;
    for (exponent, jobs) in powers {
        left -= jobs;
        if left <= 0 && all > 0 {
            return Some(1 << (exponent + 1).clamp(0, 62));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_upper_end_of_its_power_of_two() {
        let powers = |counts: &[(i64, i64)]| counts.iter().copied().collect();
        assert_eq!(percentile(&powers(&[]), 50), None);
        assert_eq!(percentile(&powers(&[(0, 1)]), 50), Some(2));
        let mixed = powers(&[(3, 50), (10, 44), (20, 6)]);
        assert_eq!(percentile(&mixed, 50), Some(16));
        assert_eq!(percentile(&mixed, 51), Some(2048));
        assert_eq!(percentile(&mixed, 94), Some(2048));
        assert_eq!(percentile(&mixed, 95), Some(1 << 21));
        assert_eq!(percentile(&powers(&[(62, 1)]), 95), Some(1 << 62));
    }
}
