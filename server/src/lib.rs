//! The binary: command line, configuration, telemetry, middleware, REST, pages.

pub mod cli;
pub mod http;
mod telemetry;
pub mod v1;

use axum::Router;
use http::connection::CountingListener;
use http::metrics::{self, Metrics};
use http::traffic::{Sampler, Traffic};
use service::Service;
use service::jobs::runner::Runner;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How long requests that have begun may take to end once the process stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How long those who follow what happens may take to go.
const GOODBYES: Duration = Duration::from_secs(2);

/// How to serve.
#[derive(Clone)]
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What to do.
    pub role: Role,
    /// Who knows it may read the metrics there.
    pub metrics_token: Option<String>,
    /// Where everybody who can reach it may read the metrics.
    pub metrics_listen: Option<SocketAddr>,
}

impl Options {
    /// To do everything somewhere, and to show metrics to nobody.
    #[must_use]
    pub const fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            role: Role::All,
            metrics_token: None,
            metrics_listen: None,
        }
    }
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Serves, and runs jobs.
    All,
    /// Serves; others run the jobs.
    Web,
    /// Runs jobs; over HTTP it only tells how it is.
    Worker,
}

/// A server that listens, with its workers.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    listener: CountingListener,
    router: Router,
    metrics: Option<(TcpListener, Router)>,
    /// Ends with the server.
    background: JoinSet<()>,
    sampler: Sampler,
    runner: Option<Runner>,
}

impl Server {
    /// Binds the addresses, makes the routes and starts the workers.
    ///
    /// # Errors
    /// Where an address is taken, or a database can't be reached.
    pub async fn bind(service: &Arc<Service>, options: Options) -> Result<Self, service::Error> {
        let listener = CountingListener {
            listener: listen(options.listen).await?,
            open: Arc::default(),
        };
        let mut background = JoinSet::new();
        let mut metrics_here = None;
        let mut metrics_there = None;
        if options.metrics_token.is_some() || options.metrics_listen.is_some() {
            let metrics = Metrics::start(service, &listener.open)
                .map_err(|error| service::Error::Internal(error.to_string()))?;
            background.spawn(metrics.clone().keep_up());
            if let Some(address) = options.metrics_listen {
                let router = metrics::open_router(metrics.clone());
                metrics_there = Some((listen(address).await?, router));
            }
            metrics_here = options
                .metrics_token
                .map(|token| metrics::protected_router(metrics, token));
        }
        let traffic = Arc::<Traffic>::default();
        let router = match options.role {
            Role::All | Role::Web => http::router(service, &traffic, metrics_here),
            Role::Worker => http::health_router(service, &traffic, metrics_here),
        };
        let sampler = Sampler::new(service, &traffic, &listener.open);
        background.spawn(sampler.clone().keep_up());
        let runner = match options.role {
            Role::All => Some(Runner::start(service, "all").await?),
            Role::Worker => Some(Runner::start(service, "worker").await?),
            Role::Web => None,
        };
        Ok(Self {
            service: Arc::clone(service),
            listener,
            router,
            metrics: metrics_there,
            background,
            sampler,
            runner,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.listener.local_addr()
    }

    /// Where the metrics have an address of their own.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn metrics_address(&self) -> std::io::Result<Option<SocketAddr>> {
        self.metrics
            .as_ref()
            .map(|(listener, _)| listener.local_addr())
            .transpose()
    }

    /// Serves until `stop` ends, and for as long as it tells after that, so that a load balancer
    /// sees that this process is not ready any more; then requests and jobs that have begun are
    /// finished.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(
        mut self,
        stop: impl Future<Output = Duration> + Send + 'static,
    ) -> std::io::Result<()> {
        if let Some((listener, router)) = self.metrics {
            self.background.spawn(async move {
                if let Err(error) = axum::serve(listener, router).await {
                    tracing::error!(%error, "the metrics are served no more");
                }
            });
        }
        let (stop_listening, listening_ends) = oneshot::channel::<()>();
        let serving = axum::serve(self.listener, self.router).with_graceful_shutdown(async {
            let _ = listening_ends.await;
        });
        let service = self.service;
        let stopping = async {
            let grace = stop.await;
            service.begin_to_stop();
            tracing::info!(?grace, "stopping");
            tokio::time::sleep(grace).await;
            let _ = stop_listening.send(());
            tokio::time::sleep(DRAIN).await;
        };
        let served = tokio::select! {
            served = serving.into_future() => served,
            () = stopping => {
                tracing::warn!("some requests did not end in time");
                Ok(())
            }
        };
        // Those who follow were told so when it began to stop; they answer with their goodbyes.
        let _ = tokio::time::timeout(GOODBYES, service.followers_left()).await;
        if let Some(runner) = self.runner {
            runner.stop().await;
        }
        self.sampler.finish().await;
        served
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, service::Error> {
    TcpListener::bind(address)
        .await
        .map_err(|error| service::Error::Internal(format!("{address}: {error}")))
}
