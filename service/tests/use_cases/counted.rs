//! What has ended is counted once that lasts, and never where a process stops before it does.

use crate::crashes::{BOUNDARIES_MOST, Boundary, World, begin, block_on, copy_of, live_in};
use crate::engines::Engine;
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was counted of orders.
#[derive(Debug, Default)]
struct Counts {
    completed: Arc<AtomicU64>,
    cancelled: Arc<AtomicU64>,
    timed: Arc<Timed>,
}

/// How many durations were told.
#[derive(Debug, Default)]
struct Timed(AtomicU64);

impl HistogramFn for Timed {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() != "orders_processed_total" {
            return Counter::noop();
        }
        let status = key.labels().next().map(|label| label.value().to_owned());
        Counter::from_arc(Arc::clone(match status.as_deref() {
            Some("completed") => &self.completed,
            Some("cancelled") => &self.cancelled,
            other => panic!("an order is never {other:?}"),
        }))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        if key.name() == "order_processing_duration_seconds" {
            Histogram::from_arc(Arc::clone(&self.timed))
        } else {
            Histogram::noop()
        }
    }
}

/// The one number that a query gives.
fn number(engine: &Engine, query: &str) -> u64 {
    block_on(engine.raw(query))[0].parse().unwrap()
}

/// A life until a boundary or until everything is done; which, is told.
fn counts_no_more_than_lasts(engine: &Engine, world: World, boundary: Boundary) -> bool {
    let counts = Counts::default();
    let done = metrics::with_local_recorder(&counts, || {
        // It is all done by this thread, which alone counts here.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        live_in(runtime, engine, world, 0, boundary)
    });
    let of = |count: &AtomicU64| count.load(Ordering::SeqCst);
    let (completed, cancelled) = (of(&counts.completed), of(&counts.cancelled));
    assert_eq!(of(&counts.timed.0), completed + cancelled, "{boundary:?}");
    // One that is cancelled after it was completed has ended twice.
    let lasting = (
        number(
            engine,
            "SELECT COUNT(*) FROM saga_step WHERE step = 'COMPLETE' AND direction = 'DO' AND state = 'DONE'",
        ),
        number(
            engine,
            "SELECT COUNT(*) FROM saga WHERE phase = 'CANCELLED'",
        ),
    );
    assert!(
        completed <= lasting.0 && cancelled <= lasting.1,
        "{boundary:?}: counted {completed} and {cancelled} of {lasting:?}"
    );
    if done {
        assert_eq!((completed, cancelled), lasting, "each of them once");
        assert_eq!(lasting, (3, 2));
    }
    done
}

#[test]
fn what_has_ended_is_counted_once_it_lasts() {
    let template = block_on(Engine::sqlite());
    let world = begin(&template);
    let folder = template.file();
    let folder = folder.parent().unwrap();
    // Every other boundary is before a commit; every third of those is enough to see what is counted too early.
    let stopped = (0..BOUNDARIES_MOST).step_by(6).take_while(|at| {
        let engine = copy_of(folder);
        !counts_no_more_than_lasts(&engine, world, Boundary::Own(*at))
    });
    let stopped = stopped.count() as i64;
    assert!((2..BOUNDARIES_MOST / 6).contains(&stopped), "{stopped}");
}

/// Every world is begun anew on PostgreSQL, so that only some of the boundaries are looked at.
#[test]
fn what_has_ended_on_postgres_is_counted_once_it_lasts() {
    for boundary in [
        Boundary::Own(10),
        Boundary::Own(16),
        Boundary::Own(22),
        Boundary::Own(28),
        Boundary::None,
    ] {
        let Some(engine) = block_on(Engine::postgres()) else {
            return;
        };
        let world = begin(&engine);
        counts_no_more_than_lasts(&engine, world, boundary);
        block_on(engine.remove());
    }
}
