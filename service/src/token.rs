//! Tokens: random ones, of which only the hash is kept, and signed ones for the API.

use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::Role;
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
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens")
    }
}

impl Tokens {
    pub(crate) fn new(secret: &str) -> Self {
        Self {
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
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[institution]);
        // The library would read the wall clock; the product's own clock decides below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .ok()?
            .claims;
        (claims.exp > now / 1_000_000).then_some(claims)
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
