//! Logs: one line an event, for people or as JSON. Traces, for whoever collects them.

use axum::http::{Method, StatusCode};
use clap::ValueEnum;
use opentelemetry::trace::{Status, TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::sync::Arc;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Names the collector of traces, for all signals or for traces alone.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Sends the traces that are left when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Begins to log to standard error, and to send traces where OpenTelemetry's variables name a
/// collector. `RUST_LOG` chooses what of both.
///
/// # Errors
/// Where the collector can't be used.
pub fn start(format: LogFormat) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx::query=warn"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        // It would tell of a log that can't be written (a full disk) by a print that panics.
        .log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    };
    let provider = exporter()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("nutriflow"))
            // Where in the code a span began tells operators nothing.
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
    });
    // It fails only where logging has begun already, as in tests.
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(traces)
        .try_init();
    Ok(Telemetry(provider))
}

/// Tells the trace of a request, where traces are sent, what a log line says by itself. The names
/// are those of OpenTelemetry's semantic conventions; a route is a template.
pub fn describe_request(method: &Method, route: &Arc<str>, status: StatusCode) {
    let span = tracing::Span::current();
    span.set_attribute("http.request.method", method.to_string());
    span.set_attribute("http.route", Arc::clone(route));
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    span.context()
        .span()
        .update_name(format!("{method} {route}"));
}

/// What sends spans to the collector, where one is named.
fn exporter() -> Result<Option<SdkTracerProvider>, String> {
    let endpoint = ENDPOINTS.iter().find_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some((name, value))
    });
    let Some((name, endpoint)) = endpoint else {
        return Ok(None);
    };
    // An address may hold a password, and errors repeat it: only the variable is named.
    if !endpoint.starts_with("http://") {
        return Err(format!(
            "{name} is no collector that traces can be sent to: it must begin with http://. Run one \
             on this machine or a trusted network, and let that one encrypt."
        ));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .build()
        .map_err(|_| format!("{name} or another of OpenTelemetry's variables can't be read"))?;
    let mut resource = Resource::builder();
    if std::env::var_os(SERVICE_NAME).is_none() {
        resource = resource.with_service_name("nutriflow");
    }
    Ok(Some(
        SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build(),
    ))
}
