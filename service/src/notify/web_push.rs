//! Web Push: messages for browsers, which only they can read (RFC 8030, RFC 8291), from somebody whom
//! their push services know (RFC 8292).

use super::http::{Client, is_passed_on};
use super::settings::{PushServices, PushSettings, Secret, origin};
use super::{Answer, Letter, Notifier, Recipient, SendError, shortened};
use crate::clock::Clock;
use crate::{Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, StatusCode, header};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// How long a token shows who we are, in seconds: services take a day at most.
const TOKEN_SECONDS: i64 = 12 * 3600;
/// The size of a record (RFC 8188). A message is one, and shorter.
const RECORD: u32 = 4096;
/// How much of a record is the message's: its end is marked, and it is sealed.
const MESSAGE_MOST: usize = 3000;
/// Bytes of a salt.
const SALT: usize = 16;
/// Bytes of an uncompressed point of P-256.
pub(super) const POINT: usize = 65;
/// Bytes of a browser's secret.
pub(super) const AUTH: usize = 16;
/// Bytes of a private key.
const PRIVATE: usize = 32;
/// Where ring's form of a key pair has the private key.
const PRIVATE_AT: usize = 36;

/// Sends to the push services of browsers.
pub(super) struct WebPush {
    keys: EcdsaKeyPair,
    public_key: String,
    contact: String,
    services: PushServices,
    client: Client,
    clock: Arc<dyn Clock>,
    random: SystemRandom,
}

impl std::fmt::Debug for WebPush {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WebPush({})", self.public_key)
    }
}

/// Makes a pair of keys: the private one and the public one, each in base64url.
///
/// # Errors
/// Where the system has no randomness.
pub fn make_keys() -> Result<(Secret, String)> {
    let failed = |_| Error::Internal("no keys can be made".to_owned());
    let random = SystemRandom::new();
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(failed)?;
    let document = document.as_ref();
    let private = document.get(PRIVATE_AT..PRIVATE_AT + PRIVATE);
    let public = document
        .len()
        .checked_sub(POINT)
        .and_then(|start| document.get(start..));
    let (Some(private), Some(public)) = (private, public) else {
        return Err(Error::Internal("no keys can be made".to_owned()));
    };
    let private = Secret::new(BASE64.encode(private));
    let public = BASE64.encode(public);
    pair(&private, &public)?;
    Ok((private, public))
}

/// The keys that belong together.
fn pair(private: &Secret, public: &str) -> Result<EcdsaKeyPair> {
    let wrong = || {
        Error::Internal(
            "NUTRIFLOW_VAPID_PRIVATE_KEY and NUTRIFLOW_VAPID_PUBLIC_KEY are no pair of keys: \
             `nutriflow push-keys` makes one"
                .to_owned(),
        )
    };
    let bytes = |text: &str| {
        BASE64
            .decode(text.trim_end_matches('='))
            .map_err(|_| wrong())
    };
    EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &bytes(private.reveal())?,
        &bytes(public)?,
        &SystemRandom::new(),
    )
    .map_err(|_| wrong())
}

/// So many bytes of a key.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(
    key: &Prk,
    info: &[&[u8]],
) -> std::result::Result<[u8; N], ring::error::Unspecified> {
    let mut bytes = [0; N];
    key.expand(info, Length(N))?.fill(&mut bytes)?;
    Ok(bytes)
}

/// The key of a message and its nonce (RFC 8291, 3.4), from the secret that both have agreed upon.
fn derive(
    agreed: &[u8],
    auth: &[u8],
    browser: &[u8],
    sender: &[u8],
    salt: &[u8],
) -> std::result::Result<([u8; 16], [u8; 12]), ring::error::Unspecified> {
    let shared = Salt::new(HKDF_SHA256, auth).extract(agreed);
    let input: [u8; 32] = expand(&shared, &[b"WebPush: info\0", browser, sender])?;
    let key = Salt::new(HKDF_SHA256, salt).extract(&input);
    Ok((
        expand(&key, &[b"Content-Encoding: aes128gcm\0"])?,
        expand(&key, &[b"Content-Encoding: nonce\0"])?,
    ))
}

/// The head of a sealed message (RFC 8188, 2.1), and what is in it, sealed.
fn seal(
    message: &[u8],
    (key, nonce): ([u8; 16], [u8; 12]),
    sender: &[u8],
    salt: &[u8],
) -> std::result::Result<Vec<u8>, ring::error::Unspecified> {
    let mut sealed = message.to_vec();
    // It is the last record, and has no padding.
    sealed.push(2);
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut sealed,
    )?;
    let mut body = Vec::with_capacity(salt.len() + 5 + sender.len() + sealed.len());
    body.extend_from_slice(salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(POINT as u8);
    body.extend_from_slice(sender);
    body.append(&mut sealed);
    Ok(body)
}

impl WebPush {
    pub fn new(
        settings: &PushSettings,
        services: PushServices,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let keys = pair(&settings.private_key, &settings.public_key)?;
        Ok(Self {
            public_key: BASE64.encode(keys.public_key().as_ref()),
            keys,
            contact: settings.contact.clone(),
            services,
            client: Client::new()?,
            clock,
            random: SystemRandom::new(),
        })
    }

    /// What browsers are told to know us by.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Shows a push service who we are (RFC 8292, 2 and 3).
    fn authorization(
        &self,
        audience: &str,
    ) -> std::result::Result<String, ring::error::Unspecified> {
        let head = json!({ "typ": "JWT", "alg": "ES256" });
        let expires = self.clock.now() / 1_000_000 + TOKEN_SECONDS;
        let claims = json!({ "aud": audience, "exp": expires, "sub": self.contact });
        let signed = format!(
            "{}.{}",
            BASE64.encode(head.to_string()),
            BASE64.encode(claims.to_string())
        );
        let signature = self.keys.sign(&self.random, signed.as_bytes())?;
        Ok(format!(
            "vapid t={signed}.{}, k={}",
            BASE64.encode(signature),
            self.public_key
        ))
    }

    /// A message that only one browser can read.
    fn encrypt(
        &self,
        message: &[u8],
        browser: &[u8],
        auth: &[u8],
    ) -> std::result::Result<Vec<u8>, ring::error::Unspecified> {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &self.random)?;
        let sender = own.compute_public_key()?;
        let mut salt = [0; SALT];
        self.random.fill(&mut salt)?;
        let theirs = UnparsedPublicKey::new(&ECDH_P256, browser);
        let keys = agree_ephemeral(own, &theirs, |agreed| {
            derive(agreed, auth, browser, sender.as_ref(), &salt)
        })??;
        seal(message, keys, sender.as_ref(), &salt)
    }
}

/// What a service worker shows. A message that comes twice takes its own place.
fn payload(letter: &Letter) -> Vec<u8> {
    let content = &letter.content;
    let mut body = content.push.clone();
    loop {
        let message = json!({
            "title": content.subject,
            "body": body,
            "url": content.url,
            "tag": letter.tag,
            "lang": letter.language.tag(),
        })
        .to_string();
        if message.len() <= MESSAGE_MOST || body.is_empty() {
            return message.into_bytes();
        }
        let mut half = body.len() / 2;
        while !body.is_char_boundary(half) {
            half -= 1;
        }
        body.truncate(half);
    }
}

/// What makes a message the same as one that waits at the push service (RFC 8030, 5.4): at most 32 signs
/// of base64url.
fn topic(letter: &Letter) -> String {
    let mut topic = BASE64.encode(Sha256::digest(letter.tag.as_bytes()));
    topic.truncate(32);
    topic
}

impl Notifier for WebPush {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Answer> {
        async move {
            let Recipient::Browser {
                endpoint,
                public_key,
                auth,
            } = &letter.to
            else {
                return Err(SendError::refused("no browser"));
            };
            // The list may be another one than when the browser was noted.
            let Some((scheme, host)) = origin(endpoint).filter(|_| self.services.allow(endpoint))
            else {
                return Err(SendError::refused("not a known push service"));
            };
            let unusable = |_| SendError::refused("a key that can't be used");
            let body = self
                .encrypt(&payload(letter), public_key, auth)
                .map_err(unusable)?;
            let authorization = self
                .authorization(&format!("{scheme}://{host}"))
                .map_err(unusable)?;
            let seconds = (letter.good_until - self.clock.now()).max(0) / 1_000_000;
            let request = Request::post(endpoint.as_str())
                .header(header::AUTHORIZATION, authorization)
                .header(header::CONTENT_ENCODING, "aes128gcm")
                .header(header::CONTENT_TYPE, "application/octet-stream")
                .header("TTL", seconds.to_string())
                .header("Urgency", "normal")
                .header("Topic", topic(letter));
            let reply = self.client.call(request, body).await?;
            let status = reply.status;
            if status.is_success() {
                return Ok(shortened(&reply.location));
            }
            let said = status.as_u16().to_string();
            Err(match status {
                StatusCode::NOT_FOUND | StatusCode::GONE => SendError::Gone,
                StatusCode::TOO_MANY_REQUESTS => SendError::Postponed(said),
                // Our own keys are not taken.
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SendError::Unavailable(said),
                status if status.is_client_error() => SendError::Refused(said),
                status if is_passed_on(status) => SendError::Unanswered(said),
                _ => SendError::Unavailable(said),
            })
        }
        .boxed()
    }

    /// There are as many push services as browsers want: none of them can be asked by itself.
    fn check(&self) -> BoxFuture<'_, std::result::Result<String, SendError>> {
        async move {
            match self.authorization("https://example.org") {
                Ok(_) => Ok(self.services.0.join(", ")),
                Err(_) => Err(SendError::refused("the keys do not sign")),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as VerifyingKey};

    fn bytes(text: &str) -> Vec<u8> {
        BASE64.decode(text).unwrap()
    }

    /// RFC 8291, appendix A.
    #[test]
    fn a_message_is_sealed_as_the_standard_seals_its_own() {
        let browser = bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        );
        let sender = bytes(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        let agreed = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let keys = derive(&agreed, &auth, &browser, &sender, &salt).unwrap();
        assert_eq!(BASE64.encode(keys.0), "oIhVW04MRdy2XN9CiKLxTg");
        assert_eq!(BASE64.encode(keys.1), "4h_95klXJ5E_qnoN");
        let message = b"When I grow up, I want to be a watermelon";
        let sealed = seal(message, keys, &sender, &salt).unwrap();
        assert_eq!(
            BASE64.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWA\
             mS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxs\
             j_Qulcy4a-fN"
        );
    }

    #[test]
    fn keys_that_were_made_belong_together_and_sign() {
        let (private_key, public_key) = make_keys().unwrap();
        let settings = PushSettings {
            private_key: private_key.clone(),
            public_key: public_key.clone(),
            contact: "mailto:meals@example.org".to_owned(),
        };
        let clock: Arc<dyn Clock> = Arc::new(crate::ManualClock::new(1_800_000_000_000_000));
        let push = WebPush::new(&settings, PushServices::default(), clock).unwrap();
        let shown = push.authorization("https://push.example.net").unwrap();
        let (token, key) = shown
            .strip_prefix("vapid t=")
            .unwrap()
            .split_once(", k=")
            .unwrap();
        assert_eq!(key, public_key);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        VerifyingKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key))
            .verify(signed.as_bytes(), &bytes(signature))
            .unwrap();
        let claims = bytes(signed.split_once('.').unwrap().1);
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://push.example.net");
        assert_eq!(claims["exp"], 1_800_000_000 + TOKEN_SECONDS);
        assert_eq!(claims["sub"], "mailto:meals@example.org");
        // Of two pairs one of each are no pair.
        let (_, other) = make_keys().unwrap();
        assert!(pair(&private_key, &other).is_err());
        assert!(pair(&Secret::new("short"), &public_key).is_err());
    }
}
