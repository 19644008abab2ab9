//! Secret tokens and the JWT: 256 random bits for cookies and links, HS256 for API clients.
//!
//! The JWT names a session and is worth nothing once that session ends: every request looks it up.
//! Signing and checking is ring's; the JWT format is the library's; only the shim between them is
//! ours. Source: RFC 7515, RFC 7519, RFC 8725 section 3.1 (the algorithm is fixed here).

use std::sync::OnceLock;

use appliance_core::{SessionId, TokenHash, UserId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result as JwtResult, new_error},
    signature::{Error as SignatureError, Signer, Verifier},
};
use ring::{digest, hmac, rand::SecureRandom as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use web_dto::Code;

use crate::error::ApiError;

/// How a program's token begins, which no JWT does; secret scanners know it by that.
pub(super) const PREFIX: &str = "aiinfra_";

/// A secret of 256 random bits, as its holder gets it; only its hash is stored.
#[derive(Debug)]
pub(crate) struct SecretToken(SecretString);

impl SecretToken {
    /// Draws a new one.
    pub(crate) fn mint() -> Result<Self, ring::error::Unspecified> {
        let mut bytes = [0; 32];
        ring::rand::SystemRandom::new().fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// Draws one for a program, which tells what it is by how it begins.
    pub(crate) fn for_programs() -> Result<Self, ring::error::Unspecified> {
        Ok(Self(format!("{}{}", PREFIX, Self::mint()?.expose()).into()))
    }

    /// Returns the text, to be handed to its holder and nobody else.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns what is stored of it.
    pub(crate) fn hash(&self) -> TokenHash {
        Self::hash_of(self.expose())
    }

    /// Returns what would be stored of a token somebody presents.
    pub(crate) fn hash_of(token: &str) -> TokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        TokenHash(hash)
    }
}

/// What a JWT says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sid: String,
    sub: String,
    iat: i64,
    exp: i64,
}

/// Signs and reads the tokens of API clients.
pub(crate) struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    /// Starts with the server's key.
    pub(crate) fn new(key: &SecretBox<[u8; 32]>) -> Self {
        static INSTALLED: OnceLock<()> = OnceLock::new();
        // Err means that another router of this process was first, with this same provider.
        INSTALLED.get_or_init(|| {
            let _ = RING_HS256.install_default();
        });
        let key = key.expose_secret();
        Self { sign: EncodingKey::from_secret(key), check: DecodingKey::from_secret(key) }
    }

    /// Returns a token for `session` that says when it was made and when it ends, unix seconds.
    pub(crate) fn issue(
        &self,
        session: SessionId,
        user: UserId,
        (iat, exp): (i64, i64),
    ) -> Result<String, ApiError> {
        let claims = Claims { sid: session.to_string(), sub: user.to_string(), iat, exp };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
            .map_err(|cause| ApiError::new(Code::Internal, "no token was made").because(cause))
    }

    /// Returns the session a token names, if we signed it and `now` (unix seconds) is before its end.
    pub(crate) fn session(&self, token: &str, now: i64) -> Option<SessionId> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Against our own clock, below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.check, &validation).ok()?.claims;
        (now < claims.exp).then(|| claims.sid.parse().ok())?
    }
}

static RING_HS256: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        only_hs256(*algorithm, key.family())?;
        Ok(Box::new(RingKey(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))))
    },
    verifier_factory: |algorithm, key| {
        only_hs256(*algorithm, key.family())?;
        Ok(Box::new(RingKey(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn only_hs256(algorithm: Algorithm, family: AlgorithmFamily) -> JwtResult<()> {
    let ours = algorithm == Algorithm::HS256 && family == AlgorithmFamily::Hmac;
    ours.then_some(()).ok_or_else(|| new_error(ErrorKind::InvalidAlgorithm))
}

/// ring's HMAC in the library's clothes.
struct RingKey(hmac::Key);

impl Signer<Vec<u8>> for RingKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for RingKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for RingKey {
    /// Compares in constant time.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        hmac::verify(&self.0, message, signature).map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for RingKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(key: u8) -> Tokens {
        Tokens::new(&SecretBox::new(Box::new([key; 32])))
    }

    #[test]
    fn a_token_names_its_session_until_it_ends() {
        let session = SessionId::from_bytes([7; 16]);
        let token = tokens(1).issue(session, UserId::from_bytes([8; 16]), (100, 200)).unwrap();
        assert_eq!(tokens(1).session(&token, 199), Some(session));
        assert_eq!(tokens(1).session(&token, 200), None, "ended");
        assert_eq!(tokens(2).session(&token, 150), None, "signed by somebody else");
    }

    #[test]
    fn a_token_without_a_signature_or_with_another_algorithm_is_refused() {
        let claims =
            format!(r#"{{"sid":"{}","sub":"x","iat":1,"exp":9}}"#, SessionId::from_bytes([7; 16]));
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for header in [r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS512","typ":"JWT"}"#] {
            let token = format!("{}.{}.", part(header), part(&claims));
            assert_eq!(tokens(1).session(&token, 2), None, "{header}");
        }
        let whole =
            tokens(1).issue(SessionId::from_bytes([7; 16]), UserId::from_bytes([0; 16]), (1, 9));
        let mut forged = whole.unwrap();
        forged.pop();
        assert_eq!(tokens(1).session(&forged, 2), None, "cut signature");
    }

    #[test]
    fn secret_tokens_have_256_bits_and_differ() {
        let (one, two) = (SecretToken::mint().unwrap(), SecretToken::mint().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.hash(), SecretToken::hash_of(one.expose()));
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
