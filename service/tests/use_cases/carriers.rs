//! Those who carry messages: an e-mail server, a short message service and a push service, each of which
//! keeps what it takes, and can be told to refuse or to be away.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use mailparse::{MailHeaderMap as _, ParsedMail};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{aead, hkdf};
use serde_json::Value;
use service::notify::{NewBrowser, NotifySettings, Secret, SmtpSettings};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Whom messages come from.
pub const FROM: &str = "NutriFlow <meals@example.org>";

/// A message as the server took it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: Vec<u8>,
}

impl Mail {
    pub fn parsed(&self) -> ParsedMail<'_> {
        mailparse::parse_mail(&self.data).unwrap()
    }

    pub fn header(&self, name: &str) -> String {
        let parsed = self.parsed();
        parsed.headers.get_first_value(name).unwrap_or_default()
    }

    /// The part of a media type, decoded.
    pub fn part(&self, kind: &str) -> String {
        let parsed = self.parsed();
        let part = parsed
            .subparts
            .iter()
            .find(|part| part.ctype.mimetype == kind);
        part.unwrap_or_else(|| panic!("no {kind}"))
            .get_body()
            .unwrap()
    }
}

/// When a server hangs up without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// As soon as it is told that a message's content follows: it has none of it.
    BeforeContent,
    /// Once it has taken the message.
    AfterContent,
}

#[derive(Default)]
struct Shelf {
    mails: Mutex<Vec<Mail>>,
    /// What is said to each address, where it is not taken.
    refusal: Mutex<Option<String>>,
    /// When it hangs up.
    hang_up: Mutex<Option<HangUp>>,
    /// How often it was talked to.
    connections: Mutex<usize>,
}

/// A server that speaks SMTP (RFC 5321).
pub struct SmtpSink {
    address: SocketAddr,
    shelf: Arc<Shelf>,
    accepting: Option<JoinHandle<()>>,
}

impl SmtpSink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shelf = Arc::<Shelf>::default();
        Self {
            address,
            accepting: Some(tokio::spawn(accept(listener, Arc::clone(&shelf)))),
            shelf,
        }
    }

    pub fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            url: Secret::new(format!("smtp://{}", self.address)),
            user: None,
            password: Secret::default(),
            from: FROM.to_owned(),
        }
    }

    pub fn notify(&self) -> NotifySettings {
        NotifySettings {
            smtp: Some(self.settings()),
            ..NotifySettings::default()
        }
    }

    /// Says this to each address from now on, or takes it.
    pub fn refuse(&self, reply: Option<&str>) {
        *self.shelf.refusal.lock().unwrap() = reply.map(str::to_owned);
    }

    /// Hangs up on every message from now on, or on none.
    pub fn hang_up(&self, when: Option<HangUp>) {
        *self.shelf.hang_up.lock().unwrap() = when;
    }

    /// Nobody is there any more, and who was talked to is cut off.
    pub async fn die(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = accepting.await;
        }
    }

    pub async fn revive(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.accepting = Some(tokio::spawn(accept(listener, Arc::clone(&self.shelf))));
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.shelf.mails.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.shelf.connections.lock().unwrap()
    }

    /// Waits until so many messages were taken.
    pub async fn taken(&self, many: usize) -> Vec<Mail> {
        crate::engines::eventually("messages are taken", async || {
            let mails = self.mails();
            (mails.len() >= many).then_some(mails)
        })
        .await
    }
}

async fn accept(listener: TcpListener, shelf: Arc<Shelf>) {
    // They end with whoever accepts them.
    let mut open = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            *shelf.connections.lock().unwrap() += 1;
            let shelf = Arc::clone(&shelf);
            open.spawn(async move {
                // A client may go at any time.
                let _ = talk(stream, &shelf).await;
            });
        }
    }
}

async fn talk(stream: TcpStream, shelf: &Shelf) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink.test ESMTP\r\n").await?;
    let mut mail = Mail {
        from: String::new(),
        to: Vec::new(),
        data: Vec::new(),
    };
    while let Some(line) = lines.next_line().await? {
        let command = line.to_ascii_uppercase();
        let reply = if command.starts_with("EHLO") {
            "250-sink.test\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned()
        } else if let Some(rest) = command.strip_prefix("MAIL FROM:") {
            mail.from = address_of(rest);
            mail.to.clear();
            "250 2.1.0 fine".to_owned()
        } else if let Some(rest) = command.strip_prefix("RCPT TO:") {
            let refusal = shelf.refusal.lock().unwrap().clone();
            match refusal {
                Some(reply) => reply,
                None => {
                    mail.to.push(address_of(rest));
                    "250 2.1.5 fine".to_owned()
                }
            }
        } else if command == "DATA" {
            let hang_up = *shelf.hang_up.lock().unwrap();
            if hang_up == Some(HangUp::BeforeContent) {
                return Ok(());
            }
            writer.write_all(b"354 go on\r\n").await?;
            mail.data.clear();
            loop {
                let Some(line) = lines.next_line().await? else {
                    return Ok(());
                };
                if line == "." {
                    break;
                }
                // A point more at a line's beginning keeps it from being the end (RFC 5321, 4.5.2).
                let line = line.strip_prefix('.').unwrap_or(&line);
                mail.data.extend_from_slice(line.as_bytes());
                mail.data.extend_from_slice(b"\r\n");
            }
            let mut mails = shelf.mails.lock().unwrap();
            mails.push(mail.clone());
            if hang_up == Some(HangUp::AfterContent) {
                return Ok(());
            }
            format!("250 2.0.0 queued as {}", mails.len())
        } else if command == "QUIT" {
            writer.write_all(b"221 2.0.0 bye\r\n").await?;
            return Ok(());
        } else if command == "NOOP" || command == "RSET" {
            "250 2.0.0 fine".to_owned()
        } else {
            "502 5.5.1 not here".to_owned()
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// What stands between the angles, in lower case.
fn address_of(rest: &str) -> String {
    let inner = rest.split(['<', '>']).nth(1).unwrap_or_default();
    inner.to_ascii_lowercase()
}

/// A call as a service got it.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The fields of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

struct Desk {
    calls: Mutex<Vec<Call>>,
    answer: Mutex<(StatusCode, &'static str)>,
}

/// A service over HTTP that answers every call alike.
pub struct HttpStub {
    pub base: String,
    desk: Arc<Desk>,
    serving: JoinHandle<()>,
}

impl HttpStub {
    pub async fn start(status: StatusCode, body: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::new(Desk {
            calls: Mutex::default(),
            answer: Mutex::new((status, body)),
        });
        let router = Router::new()
            .route("/{*path}", post(take))
            .with_state(Arc::clone(&desk));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self {
            base,
            desk,
            serving,
        }
    }

    pub fn answer(&self, status: StatusCode, body: &'static str) {
        *self.desk.answer.lock().unwrap() = (status, body);
    }

    pub fn calls(&self) -> Vec<Call> {
        self.desk.calls.lock().unwrap().clone()
    }

    /// Waits until it was called so often.
    pub async fn called(&self, often: usize) -> Vec<Call> {
        crate::engines::eventually("it is called", async || {
            let calls = self.calls();
            (calls.len() >= often).then_some(calls)
        })
        .await
    }
}

impl Drop for HttpStub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    desk.calls.lock().unwrap().push(Call {
        path: format!("/{path}"),
        headers,
        body: body.to_vec(),
    });
    let (status, body) = *desk.answer.lock().unwrap();
    let place = [("location", "https://push.example.net/message/1")];
    (status, place, body).into_response()
}

/// A browser that can read one message.
pub struct Browser {
    private: EphemeralPrivateKey,
    public: Vec<u8>,
    auth: Vec<u8>,
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(salt: &[u8], secret: &[u8], info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let expanded = key.expand(info, Length(length)).unwrap();
    expanded.fill(&mut bytes).unwrap();
    bytes
}

impl Browser {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
        let public = private.compute_public_key().unwrap().as_ref().to_vec();
        let mut auth = vec![0; 16];
        random.fill(&mut auth).unwrap();
        Self {
            private,
            public,
            auth,
        }
    }

    /// How it names itself, with its messages to go to an address.
    pub fn named(&self, endpoint: &str) -> NewBrowser {
        NewBrowser {
            endpoint: endpoint.to_owned(),
            p256dh: BASE64.encode(&self.public),
            auth: BASE64.encode(&self.auth),
        }
    }

    /// Reads a message that was sealed for it (RFC 8188, RFC 8291).
    pub fn read(self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert!(u32::from_be_bytes(size.try_into().unwrap()) as usize > rest.len());
        let length = usize::from(rest[0]);
        let (sender, sealed) = rest[1..].split_at(length);
        let theirs = UnparsedPublicKey::new(&ECDH_P256, sender);
        let agreed = agree_ephemeral(self.private, &theirs, <[u8]>::to_vec).unwrap();
        let info: [&[u8]; 3] = [b"WebPush: info\0", &self.public, sender];
        let input = expand(&self.auth, &agreed, &info, 32);
        let key = expand(salt, &input, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = expand(salt, &input, &[b"Content-Encoding: nonce\0"], 12);
        let key = aead::UnboundKey::new(&aead::AES_128_GCM, &key).unwrap();
        let nonce = aead::Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let mut sealed = sealed.to_vec();
        let opened = aead::LessSafeKey::new(key)
            .open_in_place(nonce, aead::Aad::empty(), &mut sealed)
            .unwrap();
        // The last record ends with a two, and perhaps with padding.
        let end = opened.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(opened[end], 2);
        serde_json::from_slice(&opened[..end]).unwrap()
    }
}
