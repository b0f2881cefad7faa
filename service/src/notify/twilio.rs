//! Short messages: a service that speaks as Twilio's API of 2010-04-01 does.

use super::http::{Client, Reply, is_passed_on};
use super::settings::SmsSettings;
use super::{Answer, Letter, Notifier, Recipient, SendError, shortened};
use crate::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::request::Builder;
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;

/// A short message service.
#[derive(Debug)]
pub(super) struct Twilio {
    settings: SmsSettings,
    client: Client,
}

/// A message that was taken.
#[derive(Deserialize)]
struct Taken {
    sid: String,
}

/// Why one was not.
#[derive(Deserialize)]
struct Fault {
    code: Option<i64>,
    #[serde(default)]
    message: String,
}

impl Twilio {
    pub fn new(settings: SmsSettings) -> Result<Self> {
        Ok(Self {
            settings,
            client: Client::new()?,
        })
    }

    /// A request of our account's: `rest` is what follows its id.
    fn request(&self, method: Method, rest: &str) -> Builder {
        let SmsSettings {
            base,
            account,
            token,
            ..
        } = &self.settings;
        let base = base.trim_end_matches('/');
        let credentials = BASE64_STANDARD.encode(format!("{account}:{}", token.reveal()));
        Request::builder()
            .method(method)
            .uri(format!("{base}/2010-04-01/Accounts/{account}{rest}.json"))
            .header(header::AUTHORIZATION, format!("Basic {credentials}"))
    }
}

/// What a refusal means.
fn fault(reply: &Reply) -> SendError {
    let status = reply.status;
    let said = match serde_json::from_str::<Fault>(&reply.text) {
        Ok(Fault {
            code: Some(code),
            message,
        }) => shortened(&format!("{code}: {message}")),
        _ => status.as_u16().to_string(),
    };
    match status {
        // It does not let us in, or has enough of us: no message is at fault.
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::TOO_MANY_REQUESTS => SendError::Unavailable(said),
        status if status.is_client_error() => SendError::Refused(said),
        status if is_passed_on(status) => SendError::Unanswered(said),
        _ => SendError::Unavailable(said),
    }
}

impl Notifier for Twilio {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Answer> {
        async move {
            let Recipient::Phone(phone) = &letter.to else {
                return Err(SendError::refused("no phone number"));
            };
            let from = self.settings.from.as_str();
            let sender = if from.starts_with("MG") {
                "MessagingServiceSid"
            } else {
                "From"
            };
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("To", phone)
                .append_pair(sender, from)
                .append_pair("Body", &letter.content.short)
                .finish();
            let request = self
                .request(Method::POST, "/Messages")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let reply = self.client.call(request, form.into_bytes()).await?;
            if !reply.status.is_success() {
                return Err(fault(&reply));
            }
            let taken = serde_json::from_str::<Taken>(&reply.text);
            // It was taken all the same.
            Ok(taken.map_or_else(|_| String::new(), |taken| shortened(&taken.sid)))
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, std::result::Result<String, SendError>> {
        async move {
            let reply = self.client.call(self.request(Method::GET, ""), Vec::new());
            let reply = reply.await?;
            if reply.status.is_success() {
                Ok(self.settings.base.clone())
            } else {
                Err(fault(&reply))
            }
        }
        .boxed()
    }
}
