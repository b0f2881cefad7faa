//! How the installation is, in words.

use super::api::{FactView, HOURS, SystemView};
use crate::components::chart::{ChartData, Series, Shape, Unit};
use crate::error::AppError;
use crate::pages::admin::say::Say;
use crate::words::{bytes, coarse, duration};
use locales::Key;
use service::Ctx;
use service::health::{self, Health};
use service::system::{self, MinuteOfSystem};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// How many points a chart has: so many fit on a phone.
const POINTS: usize = 60;
/// A queue's oldest ready job that waits longer than this asks for care, in seconds.
const LAG_CARE: i64 = 60;
/// A disk with less free than a tenth asks for care.
const DISK_CARE: u64 = 10;

pub(super) async fn system(ctx: &Ctx, hours: i64) -> Result<SystemView, AppError> {
    let say = Say::new(ctx);
    let hours = if HOURS.contains(&hours) {
        hours
    } else {
        HOURS[0]
    };
    let health = health::detailed(ctx).await?;
    let minutes = system::history(ctx, hours).await?;
    let each = minutes.len().div_ceil(POINTS).max(1);
    let interval = match each {
        1 => say.words.t(Key::SystemIntervalOne),
        _ => {
            let length = coarse(each as i64 * MINUTE);
            say.words
                .fill(Key::SystemInterval, &[("duration", &length)])
        }
    };
    Ok(SystemView {
        well: health.ok,
        facts: facts(&say, &health),
        versions: versions(&say, &health),
        interval,
        charts: charts(&say, &minutes, each),
    })
}

fn facts(say: &Say<'_>, health: &Health) -> Vec<FactView> {
    let t = |key| say.words.t(key);
    let database = &health.database;
    let ping = duration((database.ping_milliseconds * 1000.0) as i64);
    let database = FactView {
        label: t(Key::SystemDatabase),
        value: match database.engine {
            "SQLITE" => "SQLite".to_owned(),
            _ => "PostgreSQL".to_owned(),
        },
        note: if database.ok {
            say.words
                .fill(Key::SystemDatabasePing, &[("duration", &ping)])
        } else {
            t(Key::SystemDatabaseDown)
        },
        care: !database.ok,
    };
    let slowest = health
        .queues
        .iter()
        .filter_map(|queue| Some((queue.oldest_ready_seconds?, &queue.name)))
        .max();
    let lag = match slowest {
        Some((seconds, queue)) => FactView {
            label: t(Key::SystemLag),
            value: coarse(seconds * SECOND),
            note: say
                .words
                .fill(Key::SystemLagNote, &[("queue", &say.queue(queue))]),
            care: seconds > LAG_CARE,
        },
        None => FactView {
            label: t(Key::SystemLag),
            value: coarse(0),
            note: t(Key::SystemLagNone),
            care: false,
        },
    };
    let disk = match health.disk {
        Some(disk) => FactView {
            label: t(Key::SystemDisk),
            value: size(disk.free_bytes),
            note: say
                .words
                .fill(Key::SystemDiskNote, &[("total", &size(disk.total_bytes))]),
            care: disk.free_bytes < disk.total_bytes / DISK_CARE,
        },
        None => FactView {
            label: t(Key::SystemDisk),
            value: "–".to_owned(),
            note: t(Key::SystemDiskUnknown),
            care: false,
        },
    };
    let memory = FactView {
        label: t(Key::SystemMemory),
        value: health
            .memory
            .resident_bytes
            .map_or_else(|| t(Key::SystemMemoryUnknown), size),
        note: t(Key::SystemMemoryNote),
        care: false,
    };
    let uptime = i64::try_from(health.uptime_seconds).unwrap_or(i64::MAX / SECOND);
    let uptime = FactView {
        label: t(Key::SystemUptime),
        value: duration(uptime.saturating_mul(SECOND)),
        note: t(Key::SystemUptimeNote),
        care: false,
    };
    vec![database, lag, disk, memory, uptime]
}

fn size(size: u64) -> String {
    bytes(i64::try_from(size).unwrap_or(i64::MAX))
}

fn versions(say: &Say<'_>, health: &Health) -> Vec<(String, String)> {
    let versions = &health.versions;
    let mut all = vec![
        ("NutriFlow".to_owned(), versions.nutriflow.to_owned()),
        (
            say.words.t(Key::SystemVersionCatalogue),
            versions.catalogue.clone(),
        ),
    ];
    if let Some(database) = &versions.database {
        all.push((say.words.t(Key::SystemVersionDatabase), database.clone()));
    }
    all
}

/// How so many minutes become one point.
#[derive(Clone, Copy)]
enum Fold {
    /// All of them together.
    Sum,
    /// The largest.
    Most,
}

/// A level that was measured: nothing takes no time, and no process has no memory.
fn some(level: i64) -> Option<i64> {
    Some(level).filter(|level| *level > 0)
}

fn charts(say: &Say<'_>, minutes: &[MinuteOfSystem], each: usize) -> Vec<ChartData> {
    let points: Vec<&[MinuteOfSystem]> = minutes.chunks(each).collect();
    let times: Vec<String> = points
        .iter()
        .filter_map(|point| Some(say.clock(point.first()?.minute * MINUTE)))
        .collect();
    let series =
        |label, tone: &str, fold: Fold, value: fn(&MinuteOfSystem) -> Option<i64>| Series {
            label: say.words.t(label),
            tone: tone.to_owned(),
            values: points
                .iter()
                .map(|point| {
                    let values = point.iter().filter_map(value);
                    match fold {
                        Fold::Sum => Some(values.sum()),
                        Fold::Most => values.max(),
                    }
                })
                .collect(),
        };
    let chart = |title, shape, unit, series| ChartData {
        title: say.words.t(title),
        shape,
        unit,
        times: times.clone(),
        series,
    };
    vec![
        chart(
            Key::SystemRequests,
            Shape::Bars,
            Unit::Count,
            vec![
                series(Key::SystemRequestsOk, "leaf", Fold::Sum, |minute| {
                    Some((minute.requests - minute.errors).max(0))
                }),
                series(Key::SystemRequestsErrors, "beet", Fold::Sum, |minute| {
                    Some(minute.errors)
                }),
            ],
        ),
        chart(
            Key::SystemSlowest,
            Shape::Lines,
            Unit::Micros,
            vec![series(
                Key::SystemSlowestSeries,
                "blue",
                Fold::Most,
                |minute| some(minute.slowest),
            )],
        ),
        chart(
            Key::SystemJobs,
            Shape::Bars,
            Unit::Count,
            vec![series(Key::SystemJobsSeries, "leaf", Fold::Sum, |minute| {
                Some(minute.jobs)
            })],
        ),
        chart(
            Key::SystemMemoryChart,
            Shape::Lines,
            Unit::Bytes,
            vec![series(
                Key::SystemMemorySeries,
                "accent",
                Fold::Most,
                |minute| some(minute.memory_bytes),
            )],
        ),
        chart(
            Key::SystemConnections,
            Shape::Lines,
            Unit::Count,
            vec![series(
                Key::SystemConnectionsSeries,
                "blue",
                Fold::Most,
                // Where no process told its memory, none told anything.
                |minute| some(minute.memory_bytes).map(|_| minute.connections),
            )],
        ),
    ]
}
