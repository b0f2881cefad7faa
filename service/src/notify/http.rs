//! How channels call others over HTTP.

use super::SendError;
use crate::{Error, Result};
use http::request::Builder;
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::io::Cursor;
use std::time::Duration;

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

    /// Calls, and reads the answer. What went wrong is told without the address, which may name somebody.
    pub async fn call(
        &self,
        request: Builder,
        body: Vec<u8>,
    ) -> std::result::Result<Reply, SendError> {
        let request = request
            .body(Full::new(Cursor::new(body)))
            .map_err(|_| SendError::refused("an address that can't be"))?;
        let called = async {
            let answer = self.0.request(request).await.map_err(|error| {
                SendError::unavailable(if error.is_connect() {
                    "no connection"
                } else {
                    "no answer"
                })
            })?;
            let (head, body) = answer.into_parts();
            let read = Limited::new(body, ANSWER_MOST).collect().await;
            let bytes = read.map(|read| read.to_bytes().to_vec());
            let location = head.headers.get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            Ok::<_, SendError>(Reply {
                status: head.status,
                location: location.unwrap_or_default().to_owned(),
                text: String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
            })
        };
        match tokio::time::timeout(CALL_MOST, called).await {
            Ok(reply) => reply,
            Err(_) => Err(SendError::TimedOut),
        }
    }
}
