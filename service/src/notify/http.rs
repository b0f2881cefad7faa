//! How channels call others over HTTP.

use super::SendError;
use crate::{Error, Result};
use reqwest::{Client, Response, redirect};
use std::sync::Arc;
use std::time::Duration;

/// How long a call may take: shorter than a message may.
const CALL_MOST: Duration = Duration::from_secs(8);
/// How long it may take until somebody answers at all.
const CONNECT_MOST: Duration = Duration::from_secs(4);
/// How many bytes of an answer are read.
const ANSWER_MOST: usize = 16 * 1024;

/// A client that goes where it is sent, and nowhere else.
pub(super) fn client() -> Result<Client> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_MOST)
        .timeout(CALL_MOST)
        .build()
        .map_err(Error::internal)
}

/// Why a call came to nothing, without its address, which may name somebody.
pub(super) fn failed(error: reqwest::Error) -> SendError {
    if error.is_timeout() {
        return SendError::TimedOut;
    }
    let what = if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    };
    SendError::unavailable(what)
}

/// The beginning of an answer's body as text.
pub(super) async fn text(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= ANSWER_MOST {
            body.truncate(ANSWER_MOST);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}
