//! The tokens of a session, with an absolute expiry.

use crate::core::{
    protocol::token::TokenResponse,
    words::{secret::Secret, time::UnixMillis},
};
use alloc::string::String;

/// The tokens as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSet {
    /// The access token.
    pub access_token: Secret,
    /// When it ends, by this device's clock; `None` where the server does not say.
    pub expires_at: Option<UnixMillis>,
    /// When the request for it was sent.
    pub obtained_at: UnixMillis,
    /// Which login they descend from: when its code was sent.
    pub began: UnixMillis,
    /// How many refreshes came after that.
    pub renewals: u64,
    /// What was granted: words separated by spaces.
    pub scope: String,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The newest ID token.
    pub id_token: Option<Secret>,
    /// The thumbprint of the key that they are bound to ([RFC 9449 §6.1](https://www.rfc-editor.org/rfc/rfc9449#section-6.1)).
    pub jkt: Option<String>,
}

impl TokenSet {
    /// The tokens of an answer to a request sent at `sent_at`. The lifetime is counted from then, so that a slow
    /// answer makes the expiry early rather than late. Without `scope` it is what was asked for
    /// ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    #[must_use]
    pub fn new(response: TokenResponse, sent_at: UnixMillis, requested_scope: &str) -> Self {
        Self {
            expires_at: response.expires_in.map(|seconds| sent_at.plus(seconds.min(u64::MAX / 1000) * 1000)),
            obtained_at: sent_at,
            began: sent_at,
            renewals: 0,
            scope: response.scope.unwrap_or_else(|| requested_scope.into()),
            access_token: response.access_token,
            refresh_token: response.refresh_token,
            id_token: response.id_token,
            jkt: response.jkt,
        }
    }

    /// These are of a refresh: what its answer left out stays as it was before
    /// ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6), OIDC Core §12.2).
    pub fn succeed(&mut self, before: &Self) {
        if self.scope.is_empty() {
            self.scope = before.scope.clone();
        }
        if self.refresh_token.is_none() {
            self.refresh_token = before.refresh_token.clone();
        }
        if self.id_token.is_none() {
            self.id_token = before.id_token.clone();
        }
        self.began = before.began;
        self.renewals = before.renewals + 1;
    }

    /// Whether the access token is good for `millis` more. One without expiry is: only its use can tell.
    #[must_use]
    pub fn is_good_for(&self, millis: u64, now: UnixMillis) -> bool {
        self.expires_at.is_none_or(|end| now < end && now.plus(millis) <= end)
    }

    /// A number for this pair, which is another one after the next refresh. It is made of the refresh token and of how
    /// many refreshes there were (a server may give one for ever), and not of when it was obtained: a server that bears
    /// a repetition gives two tabs one pair at two times, and clocks are set back.
    #[must_use]
    pub fn generation(&self) -> u64 {
        // FNV-1a. It need not keep what is behind it: whoever reads it can read the token, too. 48 bits, as what is
        // stored has 15 digits at most.
        let token = self.refresh_token.as_ref().unwrap_or(&self.access_token);
        hash(token, 0xcbf2_9ce4_8422_2325 ^ self.renewals) >> 16
    }

    /// A number for all of these tokens: one pair may come with two access tokens, and one access token may stay while
    /// the refresh token is replaced.
    #[must_use]
    pub fn mark(&self) -> u64 {
        hash(&self.access_token, self.generation())
    }

    /// Whether these came before others of the same login. By number: a clock may be set back in between.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.began == other.began && self.renewals < other.renewals
    }

    /// How long the access token lives in all.
    #[must_use]
    pub fn lifetime(&self) -> Option<u64> {
        Some(self.expires_at?.since(self.obtained_at))
    }
}

fn hash(token: &Secret, start: u64) -> u64 {
    token.expose().bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn response(expires_in: Option<u64>) -> TokenResponse {
        TokenResponse {
            access_token: Secret::new("at".into()),
            expires_in,
            scope: None,
            refresh_token: None,
            id_token: None,
            jkt: None,
        }
    }

    #[test]
    fn token_set_without_granted_scope_has_the_requested_one() {
        let tokens = TokenSet::new(response(Some(60)), UnixMillis(1000), "openid a");
        assert_eq!(tokens.scope, "openid a");
        assert_eq!(tokens.expires_at, Some(UnixMillis(61_000)));
    }

    #[test]
    fn refreshed_tokens_keep_what_the_answer_leaves_out() {
        let mut first = TokenSet::new(response(Some(60)), UnixMillis(0), "openid a");
        first.refresh_token = Some(Secret::new("rt".into()));
        first.id_token = Some(Secret::new("it".into()));
        let refreshed = |response| {
            let mut tokens = TokenSet::new(response, UnixMillis(9), "");
            tokens.succeed(&first);
            tokens
        };
        let second = refreshed(TokenResponse {
            access_token: Secret::new("at2".into()),
            scope: Some("openid".into()),
            ..response(None)
        });
        assert_eq!(second.refresh_token, first.refresh_token);
        assert_eq!(second.id_token, first.id_token);
        assert_eq!((second.access_token.expose(), second.scope.as_str(), second.expires_at), ("at2", "openid", None));
        let third = refreshed(TokenResponse { refresh_token: Some(Secret::new("rt2".into())), ..response(None) });
        assert_eq!(third.refresh_token.unwrap().expose(), "rt2");
        assert_eq!(third.scope, "openid a");
    }

    #[test]
    fn token_set_is_good_until_its_expiry_less_the_validity_asked_for() {
        let tokens = TokenSet::new(response(Some(10)), UnixMillis(0), "");
        assert!(tokens.is_good_for(0, UnixMillis(9_999)));
        assert!(!tokens.is_good_for(0, UnixMillis(10_000)));
        assert!(tokens.is_good_for(4_000, UnixMillis(6_000)));
        assert!(!tokens.is_good_for(4_001, UnixMillis(6_000)));
        assert!(TokenSet::new(response(None), UnixMillis(0), "").is_good_for(1 << 40, UnixMillis(1 << 50)));
        let endless = TokenSet::new(response(Some(u64::MAX)), UnixMillis(5), "");
        assert!(endless.is_good_for(1000, UnixMillis(1 << 50)));
    }
}
