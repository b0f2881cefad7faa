//! How channels call others over HTTP.

use super::SendError;
use crate::{Error, Result};
use http::request::Builder;
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::TokioExecutor;
use std::io::Cursor;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a call may take: shorter than a message may.
const CALL_MOST: Duration = Duration::from_secs(8);
/// How many bytes of an answer are read.
const ANSWER_MOST: usize = 16 * 1024;

/// Calls who is named, and follows nobody anywhere else.
#[derive(Debug)]
pub(super) struct Client(legacy::Client<HttpsConnector<HttpConnector>, Full<Cursor<Vec<u8>>>>);

/// What somebody answered.
#[derive(Debug)]
pub(super) struct Reply {
    /// How it went.
    pub status: StatusCode,
    /// Where what was made is to be found; may be empty.
    pub location: String,
    /// The body as text; empty where it is too long.
    pub text: String,
}

impl Client {
    pub fn new() -> Result<Self> {
        // Roots that come with the program: it runs where nobody has installed any.
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(Error::internal)?
            .https_or_http()
            .enable_http1()
            .build();
        let client = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self(client))
    }

    /// Calls, and reads the answer. What went wrong is told without the address, which may name somebody:
    /// [`SendError::Unavailable`] where nobody was reached, so that surely nothing was sent, and
    /// [`SendError::Unanswered`] or [`SendError::TimedOut`] where somebody may have got it.
    pub async fn call(
        &self,
        request: Builder,
        body: Vec<u8>,
    ) -> std::result::Result<Reply, SendError> {
        let until = Instant::now() + CALL_MOST;
        let mut request = request
            .body(Full::new(Cursor::new(body)))
            .map_err(|_| SendError::refused("an address that can't be"))?;
        // It is known from when on a connection has the request.
        let reached = capture_connection(&mut request);
        let was_reached = || reached.connection_metadata().is_some();
        let (head, body) = match timeout_at(until, self.0.request(request)).await {
            Ok(Ok(answer)) => answer.into_parts(),
            Ok(Err(error)) if error.is_connect() || !was_reached() => {
                return Err(SendError::unavailable("no connection"));
            }
            Ok(Err(_)) => return Err(SendError::Unanswered("no answer".to_owned())),
            Err(_) if was_reached() => return Err(SendError::TimedOut),
            Err(_) => return Err(SendError::unavailable("no connection in time")),
        };
        // How it went is known without what else is said.
        let read = timeout_at(until, Limited::new(body, ANSWER_MOST).collect()).await;
        let bytes = match read {
            Ok(Ok(read)) => read.to_bytes().to_vec(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        let location = head.headers.get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        Ok(Reply {
            status: head.status,
            location: location.unwrap_or_default().to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }
}

/// Whether an answer is of somebody in between, who has passed the call on and does not know how it went.
pub(super) fn is_passed_on(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
    )
}
