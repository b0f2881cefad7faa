//! Tokens: random ones, of which only the hash is kept, and signed ones for the API.

use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::Role;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long an access token is good, in seconds.
pub(crate) const ACCESS_SECONDS: i64 = 15 * 60;
const ISSUER: &str = "nutriflow";

/// 256 random bits, as text.
pub(crate) fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a random token.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    /// The account.
    pub(crate) sub: Uuid,
    /// The institution that it is good for.
    aud: String,
    pub(crate) role: Role,
    iat: i64,
    exp: i64,
}

pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens")
    }
}

impl Tokens {
    pub(crate) fn new(secret: &str) -> Self {
        // It fails where it has been installed already.
        let _ = HS256.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // That differs from one institution to another.
        validation.validate_aud = false;
        // The library would read the wall clock, not the product's own.
        validation.validate_exp = false;
        Self {
            validation,
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        }
    }

    /// An access token for an account of an institution, good for [`ACCESS_SECONDS`].
    pub(crate) fn sign(
        &self,
        account: Uuid,
        role: Role,
        institution: &str,
        now: i64,
    ) -> Result<String> {
        let iat = now / 1_000_000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: account,
            aud: institution.to_owned(),
            role,
            iat,
            exp: iat + ACCESS_SECONDS,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(Error::internal)
    }

    /// What a token says, where it is ours, for this institution, and still good.
    pub(crate) fn verify(&self, token: &str, institution: &str, now: i64) -> Option<Claims> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .ok()?
            .claims;
        (claims.aud == institution && claims.exp > now / 1_000_000).then_some(claims)
    }
}

/// HMAC with SHA-256, the one algorithm in use: the library's own providers bring those of every
/// kind of key.
static HS256: CryptoProvider = CryptoProvider {
    signer_factory: |_, key| Ok(Box::new(Hs256::new(key.as_bytes())?)),
    verifier_factory: |_, key| Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(secret: &[u8]) -> jsonwebtoken::errors::Result<Self> {
        Hmac::new_from_slice(secret)
            .map(Self)
            .map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self
            .0
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], code: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        // In constant time.
        let expected = self.0.clone().chain_update(message);
        expected
            .verify_slice(code)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_tokens_end_and_belong_to_one_institution() {
        let tokens = Tokens::new("a secret of the test");
        let now = 1_800_000_000_000_000;
        let account = Uuid::from_u128(7);
        let token = tokens.sign(account, Role::Member, "demo", now).unwrap();
        assert_eq!(tokens.verify(&token, "demo", now).unwrap().sub, account);
        assert!(tokens.verify(&token, "other", now).is_none());
        assert!(
            tokens
                .verify(&token, "demo", now + ACCESS_SECONDS * 1_000_000)
                .is_none()
        );
        assert!(
            Tokens::new("another secret")
                .verify(&token, "demo", now)
                .is_none()
        );
    }
}
