//! The binary: command line, configuration, telemetry, middleware, REST, pages.

pub mod cli;
pub mod http;
mod telemetry;
pub mod v1;

use axum::Router;
use service::Service;
use service::jobs::runner::Runner;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

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
    listener: TcpListener,
    router: Router,
    runner: Option<Runner>,
}

impl Server {
    /// Binds the address, makes the routes and starts the workers.
    ///
    /// # Errors
    /// Where the address is taken, or a database can't be reached.
    pub async fn bind(
        service: &Arc<Service>,
        address: SocketAddr,
        role: Role,
    ) -> Result<Self, service::Error> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| service::Error::Internal(format!("{address}: {error}")))?;
        let router = match role {
            Role::All | Role::Web => http::router(service),
            Role::Worker => http::health_router(service),
        };
        let runner = match role {
            Role::All => Some(Runner::start(service, "all").await?),
            Role::Worker => Some(Runner::start(service, "worker").await?),
            Role::Web => None,
        };
        Ok(Self {
            listener,
            router,
            runner,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` ends; then requests and jobs that have begun are finished.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let served = axum::serve(self.listener, self.router)
            .with_graceful_shutdown(stop)
            .await;
        if let Some(runner) = self.runner {
            runner.stop().await;
        }
        served
    }
}
