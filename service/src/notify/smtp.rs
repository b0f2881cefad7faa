//! E-mail: a server that speaks SMTP.
//!
//! A message has its text beside its HTML, and a `Message-ID` that follows from its delivery: a mailbox
//! that gets it twice can tell.

use super::settings::SmtpSettings;
use super::{Answer, Letter, Notifier, Recipient, SendError, shortened};
use crate::{Error, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::time::{Duration, UNIX_EPOCH};

/// How long the server may take for each of its answers.
const ANSWER_MOST: Duration = Duration::from_secs(5);
/// How long a connection waits for the next message.
const IDLE_MOST: Duration = Duration::from_secs(20);
/// How many connections wait for the next message.
const IDLE: u32 = 8;
/// Replies that say something of the server or of our account there, and nothing of the message: it is
/// busy, or does not let us in.
const OF_THE_SERVER: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// An e-mail server.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// What the server is called, for people.
    host: String,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Smtp({})", self.host)
    }
}

/// Says that a machine wrote it, so that no other machine answers (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Smtp {
    /// Makes ready to reach a server; it is not asked for anything yet.
    pub fn new(settings: &SmtpSettings) -> Result<Self> {
        let from: Mailbox = settings.from.parse().map_err(|_| {
            Error::Internal(
                "NUTRIFLOW_MAIL_FROM is no address: write it as `NutriFlow <meals@example.org>`"
                    .to_owned(),
            )
        })?;
        // What is said of a wrong address may repeat it, and it may hold a password.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.reveal())
            .map_err(|_| {
                Error::Internal(
                    "NUTRIFLOW_SMTP_URL is no address: write it as `smtps://mail.example.org`, or \
                     `smtp://mail.example.org:587?tls=required`"
                        .to_owned(),
                )
            })?;
        let pool = PoolConfig::new().max_size(IDLE).idle_timeout(IDLE_MOST);
        let mut builder = builder.timeout(Some(ANSWER_MOST)).pool_config(pool);
        if let Some(user) = &settings.user {
            let password = settings.password.reveal().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            host: host_of(settings.url.reveal()),
        })
    }

    fn message(&self, letter: &Letter) -> std::result::Result<Message, SendError> {
        let Recipient::Mailbox { address, name } = &letter.to else {
            return Err(SendError::refused("no e-mail address"));
        };
        let unusable = || SendError::refused("an address that can't be written");
        let address: Address = address.parse().map_err(|_| unusable())?;
        let content = &letter.content;
        let host = self.from.email.domain();
        let at = Duration::from_micros(u64::try_from(letter.at).unwrap_or_default());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name.clone()), address))
            .subject(content.subject.clone())
            .date(UNIX_EPOCH + at)
            .message_id(Some(format!("<{}@{host}>", letter.id.simple())))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                content.text.clone(),
                content.html.clone(),
            ))
            .map_err(|_| unusable())
    }
}

/// The host of an address that may hold a password.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..end];
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

/// What a failure means.
fn failure(error: &lettre::transport::smtp::Error) -> SendError {
    let said = shortened(&error.to_string());
    if error.is_timeout() {
        return SendError::TimedOut;
    }
    let of_the_server = error
        .status()
        .is_some_and(|status| OF_THE_SERVER.contains(&u16::from(status)));
    if of_the_server {
        SendError::Unavailable(said)
    } else if error.is_permanent() {
        SendError::Refused(said)
    } else if error.is_transient() {
        SendError::Postponed(said)
    } else {
        SendError::Unavailable(said)
    }
}

impl Notifier for Smtp {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Answer> {
        async move {
            let message = self.message(letter)?;
            // Only a server that can do it takes letters of all alphabets in an address.
            let answer = self.transport.send(message).await;
            let answer = answer.map_err(|error| failure(&error))?;
            let said: Vec<&str> = answer.message().collect();
            Ok(shortened(&said.join(" ")))
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, std::result::Result<String, SendError>> {
        async move {
            match self.transport.test_connection().await {
                Ok(true) => Ok(self.host.clone()),
                Ok(false) => Err(SendError::unavailable("the connection was closed")),
                Err(error) => Err(failure(&error)),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_its_password() {
        for (url, host) in [
            ("smtps://ana:p%40ss@mail.example.org", "mail.example.org"),
            (
                "smtp://mail.example.org:587?tls=required",
                "mail.example.org:587",
            ),
            ("smtp://127.0.0.1:25/client", "127.0.0.1:25"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
