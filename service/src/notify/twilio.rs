//! Short messages: a service that speaks as Twilio's API of 2010-04-01 does.

use super::settings::SmsSettings;
use super::{Answer, Letter, Notifier, Recipient, SendError, http, shortened};
use crate::Result;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::{Client, StatusCode};
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
            client: http::client()?,
        })
    }

    fn address(&self, rest: &str) -> String {
        let SmsSettings { base, account, .. } = &self.settings;
        let base = base.trim_end_matches('/');
        format!("{base}/2010-04-01/Accounts/{account}{rest}.json")
    }
}

/// What an answer that is none means.
async fn fault(response: reqwest::Response) -> SendError {
    let status = response.status();
    let said = match serde_json::from_str::<Fault>(&http::text(response).await) {
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
        _ => SendError::Unavailable(said),
    }
}

impl Notifier for Twilio {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Answer> {
        async move {
            let Recipient::Phone(phone) = &letter.to else {
                return Err(SendError::refused("no phone number"));
            };
            let SmsSettings {
                account,
                token,
                from,
                ..
            } = &self.settings;
            let sender = if from.starts_with("MG") {
                "MessagingServiceSid"
            } else {
                "From"
            };
            let form = [
                ("To", phone.as_str()),
                (sender, from.as_str()),
                ("Body", letter.content.short.as_str()),
            ];
            let response = self
                .client
                .post(self.address("/Messages"))
                .basic_auth(account, Some(token.reveal()))
                .form(&form)
                .send()
                .await
                .map_err(http::failed)?;
            if !response.status().is_success() {
                return Err(fault(response).await);
            }
            let taken = serde_json::from_str::<Taken>(&http::text(response).await);
            // It was taken all the same.
            Ok(taken.map_or_else(|_| String::new(), |taken| shortened(&taken.sid)))
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, std::result::Result<String, SendError>> {
        async move {
            let response = self
                .client
                .get(self.address(""))
                .basic_auth(&self.settings.account, Some(self.settings.token.reveal()))
                .send()
                .await
                .map_err(http::failed)?;
            if response.status().is_success() {
                Ok(self.settings.base.clone())
            } else {
                Err(fault(response).await)
            }
        }
        .boxed()
    }
}
