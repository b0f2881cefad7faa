//! What the process counts and measures, in Prometheus' text form.
//!
//! Every label has few values: routes by their templates, never addresses or ids.

use super::problem::ApiError;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::problem::Problem;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use service::Service;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";
const CONNECTIONS: &str = "active_socket_connections";
const POOLS: &str = "database_pool_connections";
const BUILD: &str = "build_info";
const OUTBOX: &str = "outbox_oldest_seconds";
const FOLLOWERS: &str = "active_followers";

/// Upper ends of the buckets of durations, in seconds: from a page out of memory to a job that waits.
const BUCKETS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// How often measurements move into their buckets when nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Everything that the metrics tell of.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
    process: metrics_process::Collector,
    service: Arc<Service>,
    connections: Arc<AtomicUsize>,
}

impl Metrics {
    /// Begins to count, once a process.
    pub fn start(service: &Arc<Service>, connections: &Arc<AtomicUsize>) -> std::io::Result<Self> {
        let recorder = recorder().map_err(std::io::Error::other)?;
        let process = metrics_process::Collector::default();
        process.describe();
        describe_counter!(REQUESTS, "Requests that were answered.");
        describe_histogram!(DURATION, Unit::Seconds, "Time until the answer began.");
        describe_gauge!(CONNECTIONS, "Open TCP connections of the listener.");
        describe_gauge!(POOLS, "Connections to the database by what they do.");
        describe_gauge!(BUILD, "Always 1; its labels tell what runs.");
        describe_gauge!(
            OUTBOX,
            Unit::Seconds,
            "For how long the oldest event has waited that nothing holds back."
        );
        describe_gauge!(FOLLOWERS, "Those who follow here what happens.");
        Ok(Self {
            recorder,
            process,
            service: Arc::clone(service),
            connections: Arc::clone(connections),
        })
    }

    /// Keeps the memory that measurements take bounded while nobody reads them.
    pub async fn keep_up(self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.recorder.run_upkeep();
        }
    }

    fn text(&self) -> String {
        self.process.collect();
        gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        gauge!(CONNECTIONS).set(self.connections.load(Ordering::Relaxed) as f64);
        for institution in self.service.institutions() {
            gauge!(FOLLOWERS, "institution" => institution.slug.to_string())
                .set(institution.live.following() as f64);
            for size in institution.db.pools() {
                for (state, number) in [("used", size.used), ("idle", size.idle)] {
                    let labels = [
                        ("institution", institution.slug.to_string()),
                        ("pool", size.pool.to_owned()),
                        ("state", state.to_owned()),
                    ];
                    gauge!(POOLS, &labels).set(number as f64);
                }
            }
        }
        self.recorder.render()
    }
}

/// What all macros of the process count into. There can be only one.
fn recorder() -> Result<PrometheusHandle, BuildError> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(recorder) = RECORDER.get() {
        return Ok(recorder.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .build_recorder();
    let handle = recorder.handle();
    Ok(RECORDER
        .get_or_init(|| {
            // It fails only where a program around this one has a recorder of its own.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone())
}

/// Counts a request that was answered. A route is a template, or one word for all that have none.
pub fn count(method: &Method, route: &Arc<str>, status: StatusCode, duration: Duration) {
    let method = name(method);
    counter!(
        REQUESTS,
        "method" => method,
        "route" => Arc::clone(route),
        "status" => status.as_u16().to_string(),
    )
    .increment(1);
    histogram!(DURATION, "method" => method, "route" => Arc::clone(route)).record(duration);
}

/// The name of a method; anybody can make methods up.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `/metrics` for whoever can reach it.
pub fn open_router(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(async move || answer(&metrics)))
}

/// `/metrics` for whoever knows the token.
pub fn protected_router(metrics: Metrics, token: String) -> Router {
    Router::new()
        .route("/metrics", get(protected))
        .with_state((metrics, token.into()))
}

async fn protected(
    State((metrics, token)): State<(Metrics, Arc<str>)>,
    headers: HeaderMap,
) -> Response {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    // How long it takes tells nothing of how much of it is right.
    if given.is_some_and(|given| given.ct_eq(token.as_bytes()).into()) {
        return answer(&metrics);
    }
    let mut refusal = ApiError(Problem::Unauthenticated).into_response();
    refusal
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    refusal
}

fn answer(metrics: &Metrics) -> Response {
    let form = [
        (
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (form, metrics.text()).into_response()
}
