//! E-mail: a server that speaks SMTP.
//!
//! A message has its text beside its HTML, and a `Message-ID` that follows from its delivery: a mailbox
//! that gets it twice can tell.
//!
//! What goes wrong before a message's content leaves is told apart from what does afterwards: in the one
//! case surely nothing was sent, in the other only the server knows. Lettre's own transport tells the same
//! of both, so its connections are led from here.

use super::settings::SmtpSettings;
use super::{Answer, Letter, Notifier, Recipient, SendError, shortened};
use crate::{Error, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::Uri;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{self, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use lettre::{Address, Message};
use percent_encoding::percent_decode_str;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long it may take until a server waits for a message's content.
const READY_MOST: Duration = Duration::from_secs(10);
/// How long it may take then to take it: together with the former shorter than a message may.
const TAKE_MOST: Duration = Duration::from_secs(7);
/// How long it may take one that waits to say that it still does.
const ALIVE_MOST: Duration = Duration::from_secs(1);
/// How long a connection waits for the next message.
const IDLE_MOST: Duration = Duration::from_secs(20);
/// How many connections wait for the next message.
const IDLE: usize = 8;
/// Replies that say something of the server or of our account there, and nothing of the message: it is
/// busy, or does not let us in.
const OF_THE_SERVER: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// An e-mail server.
pub(super) struct Smtp {
    server: Server,
    credentials: Option<Credentials>,
    from: Mailbox,
    /// What the server is called, for people.
    host: String,
    idle: Idle,
}

/// Where an e-mail server is, and how it is talked to.
struct Server {
    host: String,
    port: u16,
    tls: Tls,
    hello: ClientId,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Smtp({})", self.host)
    }
}

/// The connections that wait for the next message, and since when.
#[derive(Default)]
struct Idle(Mutex<Vec<(Instant, AsyncSmtpConnection)>>);

impl Idle {
    fn waiting(&self) -> MutexGuard<'_, Vec<(Instant, AsyncSmtpConnection)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last; those that have waited for too long are left.
    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut waiting = self.waiting();
        let young = |(since, _): &(Instant, _)| since.elapsed() < IDLE_MOST;
        let old = waiting.iter().position(young).unwrap_or(waiting.len());
        let old: Vec<_> = waiting.drain(..old).collect();
        let last = waiting.pop();
        drop(waiting);
        for (_, connection) in old {
            leave(connection);
        }
        last.map(|(_, connection)| connection)
    }

    /// Has a connection wait for the next message.
    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut waiting = self.waiting();
        if waiting.len() < IDLE {
            waiting.push((Instant::now(), connection));
        } else {
            drop(waiting);
            leave(connection);
        }
    }
}

/// Says goodbye, while nobody waits for it.
fn leave(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move {
        let _ = tokio::time::timeout(READY_MOST, connection.abort()).await;
    });
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
        let (server, credentials) = read(settings.url.reveal()).ok_or_else(|| {
            Error::Internal(
                "NUTRIFLOW_SMTP_URL is no address: write it as `smtps://mail.example.org`, or \
                 `smtp://mail.example.org:587?tls=required`"
                    .to_owned(),
            )
        })?;
        let own = settings.user.as_ref().map(|user| {
            let password = settings.password.reveal().to_owned();
            Credentials::new(user.clone(), password)
        });
        Ok(Self {
            server,
            credentials: own.or(credentials),
            from,
            host: host_of(settings.url.reveal()),
            idle: Idle::default(),
        })
    }

    /// A connection that lets us send: one that waits, where it still answers, or a new one.
    async fn connection(&self) -> std::result::Result<AsyncSmtpConnection, smtp::Error> {
        while let Some(mut known) = self.idle.take() {
            let alive = tokio::time::timeout(ALIVE_MOST, known.test_connected()).await;
            if alive.is_ok_and(|alive| alive) {
                return Ok(known);
            }
            leave(known);
        }
        let Server {
            host,
            port,
            tls,
            hello,
        } = &self.server;
        let from_the_start = match tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let at = (host.as_str(), *port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(at, None, hello, from_the_start, None).await?;
        match tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), hello).await?,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), hello).await?;
            }
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// A connection whose server waits for the content of a message. Nothing of it has left yet.
    async fn ready(
        &self,
        envelope: &Envelope,
        content: &[u8],
    ) -> std::result::Result<AsyncSmtpConnection, SendError> {
        let mut connection = self.connection().await.map_err(|error| failure(&error))?;
        match announce(&mut connection, envelope, content).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                leave(connection);
                Err(error)
            }
        }
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

/// Reads the address of a server; nothing where it is none.
fn read(url: &str) -> Option<(Server, Option<Credentials>)> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.to_owned();
    let asked = uri.query().and_then(|query| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(name, value)| (name == "tls").then(|| value.into_owned()))
    });
    let parameters = || TlsParameters::new(host.clone()).ok();
    let (port, tls) = match (uri.scheme_str()?, asked.as_deref()) {
        ("smtp", None) => (SMTP_PORT, Tls::None),
        ("smtp", Some("required")) => (SUBMISSION_PORT, Tls::Required(parameters()?)),
        ("smtp", Some("opportunistic")) => (SUBMISSION_PORT, Tls::Opportunistic(parameters()?)),
        ("smtps", _) => (SUBMISSIONS_PORT, Tls::Wrapper(parameters()?)),
        _ => return None,
    };
    let hello = match uri.path().trim_matches('/') {
        "" => ClientId::default(),
        name => ClientId::Domain(name.to_owned()),
    };
    let credentials = match uri.authority()?.as_str().rsplit_once('@') {
        Some((user, _)) => match user.split_once(':') {
            Some((user, password)) => Some(Credentials::new(decoded(user)?, decoded(password)?)),
            None => None,
        },
        None => None,
    };
    let server = Server {
        port: uri.port_u16().unwrap_or(port),
        host,
        tls,
        hello,
    };
    Some((server, credentials))
}

/// What stands in an address with its signs as `%40`.
fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Says whom a message is from and for, so that its content may follow.
async fn announce(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> std::result::Result<(), SendError> {
    let mut parameters = Vec::new();
    let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    // Only a server that can do it takes letters of all alphabets in an address.
    if !envelope.to().iter().chain(envelope.from()).all(plain) {
        if !connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            return Err(SendError::refused("no SMTPUTF8"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        if !connection
            .server_info()
            .supports_feature(Extension::EightBitMime)
        {
            return Err(SendError::refused("no 8BITMIME"));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let said = async {
        let from = envelope.from().cloned();
        connection.command(Mail::new(from, parameters)).await?;
        for address in envelope.to() {
            let recipient = Rcpt::new(address.clone(), Vec::new());
            connection.command(recipient).await?;
        }
        connection.command(Data).await
    };
    said.await
        .map(drop)
        .map_err(|error: smtp::Error| failure(&error))
}

/// What a failure means of a message of which nothing has left, or a refusal of one that has.
fn failure(error: &smtp::Error) -> SendError {
    let said = shortened(&error.to_string());
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
            let content = message.formatted();
            let ready = self.ready(message.envelope(), &content);
            let mut connection = match tokio::time::timeout(READY_MOST, ready).await {
                Ok(ready) => ready?,
                Err(_) => return Err(SendError::unavailable("not ready in time")),
            };
            match tokio::time::timeout(TAKE_MOST, connection.message(&content)).await {
                Ok(Ok(answer)) => {
                    self.idle.keep(connection);
                    let said: Vec<&str> = answer.message().collect();
                    Ok(shortened(&said.join(" ")))
                }
                Ok(Err(error)) => {
                    leave(connection);
                    // Only a reply of its own says that it has not taken it.
                    Err(if error.status().is_some() {
                        failure(&error)
                    } else {
                        SendError::Unanswered(shortened(&error.to_string()))
                    })
                }
                Err(_) => Err(SendError::TimedOut),
            }
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, std::result::Result<String, SendError>> {
        async move {
            match tokio::time::timeout(READY_MOST, self.connection()).await {
                Ok(Ok(connection)) => {
                    leave(connection);
                    Ok(self.host.clone())
                }
                Ok(Err(error)) => Err(failure(&error)),
                Err(_) => Err(SendError::unavailable("no answer in time")),
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

    #[test]
    fn an_address_says_where_a_server_is_and_how_it_is_talked_to() {
        let (server, credentials) = read("smtps://ana:p%40ss+@mail.example.org").unwrap();
        assert_eq!(
            (server.host.as_str(), server.port),
            ("mail.example.org", 465)
        );
        assert!(matches!(server.tls, Tls::Wrapper(_)));
        let expected = Credentials::new("ana".to_owned(), "p@ss+".to_owned());
        assert_eq!(credentials, Some(expected));
        let (server, credentials) = read("smtp://mail.example.org?tls=required").unwrap();
        assert_eq!(server.port, 587);
        assert!(matches!(server.tls, Tls::Required(_)));
        assert_eq!(credentials, None);
        let (server, _) = read("smtp://127.0.0.1:2525/meals.example.org").unwrap();
        assert_eq!((server.host.as_str(), server.port), ("127.0.0.1", 2525));
        assert!(matches!(server.tls, Tls::None));
        assert_eq!(
            server.hello,
            ClientId::Domain("meals.example.org".to_owned())
        );
        for wrong in [
            "mail.example.org",
            "http://mail.example.org",
            "smtp://mail.example.org?tls=perhaps",
            "smtp://",
            "",
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
