//! Stripe's API over HTTP: requests are forms, answers JSON.
//!
//! Asked twice with the same `Idempotency-Key`, it answers the second time what it answered the first time,
//! errors of its own too: those are marked as replayed. What leaves here in logs are codes, never a key,
//! a card or a body.

use super::StripeSettings;
use crate::gateways::GatewayError;
use crate::{Error, Result};
use domain::payment::DeclineReason;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of the API that these types are of.
const VERSION: &str = "2024-06-20";
/// The largest answer that is read, in bytes: an intent is a few thousand.
const ANSWER_MOST: usize = 256 * 1024;
/// The longest key that is sent as it is, in bytes: Stripe takes 255.
const KEY_MOST: usize = 200;

/// A payment as Stripe knows it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Intent {
    /// What Stripe calls it.
    pub id: String,
    /// `requires_confirmation`, `succeeded` and others.
    pub status: String,
    /// Why the last attempt failed.
    #[serde(default)]
    pub last_payment_error: Option<Fault>,
    /// The charge that took the money: whole where that was asked for, else its name.
    #[serde(default)]
    pub latest_charge: Value,
}

/// A refund as Stripe knows it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Refund {
    /// What Stripe calls it.
    pub id: String,
    /// How much, in minor units.
    #[serde(default)]
    pub amount: i64,
    /// `succeeded`, `pending`, `failed` and others; a charge's own bank may take days.
    #[serde(default)]
    pub status: Option<String>,
    /// What was noted with it when it was asked for.
    #[serde(default)]
    pub metadata: Value,
}

impl Refund {
    /// Whether no money has gone back by it, or it has come again.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }
}

/// Some refunds.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Refunds {
    /// The newest first.
    pub data: Vec<Refund>,
}

/// Why Stripe did not do what it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(in crate::gateways) struct Fault {
    /// `card_error`, `invalid_request_error` and others.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// What is wrong.
    #[serde(default)]
    pub code: Option<String>,
    /// What the card's bank says.
    #[serde(default)]
    pub decline_code: Option<String>,
    /// What of the request is wrong.
    #[serde(default)]
    pub param: Option<String>,
}

/// What a card's refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateways) enum Refusal {
    /// No, for good.
    Declined(DeclineReason),
    /// Not now: the same card may do later.
    Passing,
}

impl Fault {
    fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether what was asked for does not go with how the intent stands.
    pub fn is_unexpected_state(&self) -> bool {
        self.is("payment_intent_unexpected_state")
    }

    /// Whether all of the money has gone back already.
    pub fn is_refunded_already(&self) -> bool {
        self.is("charge_already_refunded")
    }

    /// Whether less is left of a charge than is to go back.
    pub fn is_more_than_left(&self) -> bool {
        self.is_refunded_already() || self.param.as_deref() == Some("amount")
    }

    /// Of a card's refusal: what it means.
    pub fn refusal(&self) -> Refusal {
        let said = self.decline_code.as_deref().or(self.code.as_deref());
        match said.unwrap_or_default() {
            // The bank could not say.
            "processing_error"
            | "issuer_not_available"
            | "reenter_transaction"
            | "try_again_later"
            | "approve_with_id" => Refusal::Passing,
            "insufficient_funds" => Refusal::Declined(DeclineReason::InsufficientFunds),
            "card_velocity_exceeded"
            | "withdrawal_count_limit_exceeded"
            | "amount_too_large"
            | "amount_too_small" => Refusal::Declined(DeclineReason::LimitExceeded),
            "fraudulent" | "merchant_blacklist" | "security_violation" => {
                Refusal::Declined(DeclineReason::SuspectedFraud)
            }
            // Also cards that were lost or stolen: whoever tries them need not know that we do.
            _ => Refusal::Declined(DeclineReason::CardDeclined),
        }
    }

    /// Whether it is about the card or the amount, and so an answer to whoever pays.
    fn is_refusal(&self) -> bool {
        self.kind == "card_error"
            || self.is("amount_too_large")
            || self.is("amount_too_small")
            || self.param.as_deref() == Some("payment_method")
    }

    /// What it is to whoever asked the gateway.
    pub fn to_error(&self) -> GatewayError {
        if !self.is_refusal() {
            return GatewayError::Refused;
        }
        match self.refusal() {
            Refusal::Declined(reason) => GatewayError::Declined { reason },
            Refusal::Passing => GatewayError::Transient,
        }
    }
}

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallError {
    /// Stripe is not well, or can't be reached.
    Gateway(GatewayError),
    /// Stripe failed when this key was first used, and says so again each time.
    Spent,
    /// Stripe says no.
    Fault(Fault),
}

impl From<CallError> for GatewayError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Gateway(error) => error,
            CallError::Spent => Self::Transient,
            CallError::Fault(fault) => fault.to_error(),
        }
    }
}

/// What a call gives.
pub(super) type Call<T> = std::result::Result<T, CallError>;

/// The way to Stripe.
pub(super) struct Api {
    settings: StripeSettings,
    client: Client<HttpsConnector<HttpConnector>, String>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.settings.fmt(formatter)
    }
}

impl Api {
    pub fn new(settings: StripeSettings) -> Result<Self> {
        // Roots that come with the program: it runs where nobody has installed any.
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(Error::internal)?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            settings,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// Asks for what is there. `path` is what follows `/v1/`, with its query.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Call<T> {
        let (answer, _) = self.call(Method::GET, path, &[], None).await?;
        Ok(answer)
    }

    /// Asks for something to be done, once for a key.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
        key: &str,
    ) -> Call<T> {
        let (answer, _) = self.post_or_replay(path, form, key).await?;
        Ok(answer)
    }

    /// The same, and whether the answer is the one of an earlier time: what it says was true then.
    pub async fn post_or_replay<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
        key: &str,
    ) -> Call<(T, bool)> {
        self.call(Method::POST, path, form, Some(key)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
        key: Option<&str>,
    ) -> Call<(T, bool)> {
        let request = self.request(method, path, form, key)?;
        let asked = async {
            let response = self.client.request(request).await.map_err(|error| {
                tracing::warn!(%error, "a gateway could not be asked");
                if error.is_connect() {
                    GatewayError::Unavailable
                } else {
                    // It may have done what it was asked for.
                    GatewayError::TimedOut
                }
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_MOST).collect().await;
            let body = body.map_err(|error| {
                tracing::warn!(%error, "a gateway's answer could not be read");
                GatewayError::TimedOut
            })?;
            let replayed = head.headers.contains_key("idempotent-replayed");
            Ok::<_, GatewayError>((head.status.as_u16(), replayed, body.to_bytes()))
        };
        let answer = tokio::time::timeout(self.settings.timeout, asked).await;
        let (status, replayed, body) = answer
            .unwrap_or(Err(GatewayError::TimedOut))
            .map_err(CallError::Gateway)?;
        if !(200..300).contains(&status) {
            return Err(refused(status, replayed, &body));
        }
        let answer = serde_json::from_slice(&body).map_err(|error| {
            tracing::error!(
                line = error.line(),
                "a gateway's answer is of no known form"
            );
            CallError::Gateway(GatewayError::TimedOut)
        })?;
        Ok((answer, replayed))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
        key: Option<&str>,
    ) -> Call<Request<String>> {
        let base = self.settings.base.trim_end_matches('/');
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{base}/v1/{path}"))
            .header("authorization", format!("Bearer {}", self.settings.key))
            .header("stripe-version", VERSION)
            .header("accept", "application/json");
        let mut body = String::new();
        if let Some(key) = key {
            request = request
                .header("idempotency-key", sendable(key))
                .header("content-type", "application/x-www-form-urlencoded");
            body = form_urlencoded::Serializer::new(body)
                .extend_pairs(form)
                .finish();
        }
        request.body(body).map_err(|error| {
            tracing::error!(%error, "a gateway's settings make no request");
            CallError::Gateway(GatewayError::Unavailable)
        })
    }
}

/// A key as a header can carry it: members choose parts of some.
fn sendable(key: &str) -> String {
    if key.len() <= KEY_MOST && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return key.to_owned();
    }
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// What an answer that is none means.
fn refused(status: u16, replayed: bool, body: &[u8]) -> CallError {
    #[derive(Deserialize)]
    struct Body {
        error: Fault,
    }
    let fault = serde_json::from_slice(body).map_or_else(|_| Fault::default(), |it: Body| it.error);
    let Fault {
        kind,
        code,
        decline_code,
        ..
    } = &fault;
    tracing::info!(status, replayed, %kind, ?code, ?decline_code, "a gateway said no");
    match (status, kind.as_str()) {
        (401 | 403, _) => {
            tracing::error!(status, "the gateway does not take our key");
            CallError::Gateway(GatewayError::Unavailable)
        }
        (_, "idempotency_error") => {
            tracing::error!("the key of another request was used");
            CallError::Gateway(GatewayError::Refused)
        }
        // Another request of this key, or for the same intent, runs just now; or there were too many.
        (409 | 429, _) => CallError::Gateway(GatewayError::Transient),
        (400..500, "card_error" | "invalid_request_error") => CallError::Fault(fault),
        (500.., _) if replayed => CallError::Spent,
        _ => CallError::Gateway(GatewayError::Transient),
    }
}

/// Whether an address is one that secrets may be sent to: encrypted, or this very machine.
pub(super) fn is_safe(base: &str) -> bool {
    let Ok(uri) = base.parse::<Uri>() else {
        return false;
    };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) => !host.is_empty(),
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: &str, code: &str, decline_code: &str) -> String {
        serde_json::json!({ "error": {
            "type": kind, "code": code, "decline_code": decline_code, "message": "Of no interest.",
            "payment_intent": { "id": "pi_1", "status": "requires_payment_method" },
        } })
        .to_string()
    }

    fn said(status: u16, body: &str) -> GatewayError {
        refused(status, false, body.as_bytes()).into()
    }

    #[test]
    fn what_a_bank_says_is_a_reason_or_passes() {
        for (decline_code, reason) in [
            ("insufficient_funds", DeclineReason::InsufficientFunds),
            ("generic_decline", DeclineReason::CardDeclined),
            ("lost_card", DeclineReason::CardDeclined),
            ("expired_card", DeclineReason::CardDeclined),
            ("fraudulent", DeclineReason::SuspectedFraud),
            ("card_velocity_exceeded", DeclineReason::LimitExceeded),
            ("something_new", DeclineReason::CardDeclined),
        ] {
            let body = error("card_error", "card_declined", decline_code);
            assert_eq!(
                said(402, &body),
                GatewayError::Declined { reason },
                "{decline_code}"
            );
        }
        for decline_code in ["try_again_later", "issuer_not_available"] {
            let body = error("card_error", "card_declined", decline_code);
            assert_eq!(said(402, &body), GatewayError::Transient, "{decline_code}");
        }
        // Some say it in the code alone.
        let body = r#"{"error":{"type":"card_error","code":"processing_error"}}"#;
        assert_eq!(said(402, body), GatewayError::Transient);
        let body = r#"{"error":{"type":"card_error","code":"expired_card"}}"#;
        let declined = GatewayError::Declined {
            reason: DeclineReason::CardDeclined,
        };
        assert_eq!(said(402, body), declined);
    }

    #[test]
    fn a_card_that_does_not_exist_is_declined_and_what_else_is_wrong_is_our_fault() {
        let body = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"payment_method"}}"#;
        let declined = |reason| GatewayError::Declined { reason };
        assert_eq!(said(400, body), declined(DeclineReason::CardDeclined));
        let body = r#"{"error":{"type":"invalid_request_error","code":"amount_too_small"}}"#;
        assert_eq!(said(400, body), declined(DeclineReason::LimitExceeded));
        for body in [
            r#"{"error":{"type":"invalid_request_error","code":"parameter_unknown","param":"amont"}}"#,
            r#"{"error":{"type":"invalid_request_error"}}"#,
            r#"{"error":{"type":"idempotency_error"}}"#,
        ] {
            assert_eq!(said(400, body), GatewayError::Refused, "{body}");
        }
    }

    #[test]
    fn trouble_of_the_gateway_is_told_apart_from_its_answers() {
        for (status, expected) in [
            (401, GatewayError::Unavailable),
            (403, GatewayError::Unavailable),
            (409, GatewayError::Transient),
            (429, GatewayError::Transient),
            (500, GatewayError::Transient),
            (503, GatewayError::Transient),
        ] {
            for body in ["", "<html>", &error("api_error", "", "")] {
                assert_eq!(said(status, body), expected, "{status} {body}");
            }
        }
        let body = error("api_error", "", "");
        assert_eq!(refused(500, true, body.as_bytes()), CallError::Spent);
        let locked = error("invalid_request_error", "lock_timeout", "");
        assert_eq!(said(429, &locked), GatewayError::Transient);
    }

    #[test]
    fn keys_fit_into_a_header() {
        assert_eq!(sendable("order:1:pay:confirm:0"), "order:1:pay:confirm:0");
        for key in ["top-up:1:ñ", "top-up:1:a b", &"x".repeat(300)] {
            let sent = sendable(key);
            assert_eq!(sent.len(), 64, "{key}");
            assert_eq!(sent, sendable(key));
        }
        assert_ne!(sendable("a b"), sendable("a c"));
    }

    #[test]
    fn secrets_are_sent_encrypted_or_stay_here() {
        for safe in [
            "https://api.stripe.com",
            "http://127.0.0.1:4010",
            "http://localhost:1/",
            "http://[::1]:1",
        ] {
            assert!(is_safe(safe), "{safe}");
        }
        for bad in [
            "",
            "api.stripe.com",
            "http://api.stripe.com",
            "ftp://127.0.0.1",
            "https://",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
