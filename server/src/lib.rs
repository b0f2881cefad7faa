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

/// A server that listens, with its workers.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
    runner: Runner,
}

impl Server {
    /// Binds the address, makes the routes and starts the workers.
    ///
    /// # Errors
    /// Where the address is taken.
    pub async fn bind(service: &Arc<Service>, address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            listener,
            router: http::router(service),
            runner: Runner::start(service),
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
        self.runner.stop().await;
        served
    }
}
