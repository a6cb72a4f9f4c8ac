//! The one table of errors. The TypeScript union and the documentation are held to it by tests.
//!
//! An error says what happened by its code and what to do about it by its action. It never carries a token,
//! a code, a verifier or the body of a response; what a server says about itself is kept only where it is
//! printable ASCII and does not repeat a secret.

use super::{
    class::{Class, is_all},
    cut::parts,
    secret::Secret,
};
use alloc::{boxed::Box, string::String};
use core::fmt;

/// What the program should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try again, later: it may go away by itself.
    Retry,
    /// Let the user sign in again.
    SignIn,
    /// Mend the configuration or the call.
    FixConfig,
    /// Tell whoever runs the server: it breaks a rule of the protocol.
    Report,
}

impl Action {
    /// The public string.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::SignIn => "sign_in",
            Self::FixConfig => "fix_config",
            Self::Report => "report",
        }
    }
}

/// A line of a text, by its number. One text for a column of the table, as an address and a length for each of its
/// strings would be more than the search for a line break.
#[inline(never)]
fn line(text: &'static str, number: ErrorCode) -> &'static str {
    let mut lines = parts(text, b'\n');
    // `nth` would be a function of its own.
    for _ in 0..number as u32 {
        lines.next();
    }
    lines.next().unwrap_or_default()
}

macro_rules! codes {
    (
        $($variant:ident $code:literal $action:ident $section:literal $message:literal;)*
        // The package's JavaScript says these by itself: its module has no text for them.
        @beside $($beside:ident $beside_code:literal $beside_action:ident $beside_section:literal $beside_message:literal;)*
    ) => {
        /// What happened. The strings are public and stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $code, "`: ", $message, ". Follows ", $section, ".")] $variant,)*
            $(#[doc = concat!("`", $beside_code, "`: ", $beside_message, ". Follows ", $beside_section, ".")] $beside,)*
        }

        impl ErrorCode {
            /// Every code, in the table's order.
            pub const ALL: &'static [Self] = if cfg!(feature = "npm") {
                &[$(Self::$variant,)*]
            } else {
                &[$(Self::$variant,)* $(Self::$beside,)*]
            };

            /// The public string.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                const CODES: &str = if cfg!(feature = "npm") {
                    concat!($($code, "\n",)*)
                } else {
                    concat!($($code, "\n",)* $($beside_code, "\n",)*)
                };
                line(CODES, self)
            }

            /// The code of a public string.
            #[must_use]
            pub fn read(code: &str) -> Option<Self> {
                let mut known = Self::InvalidConfig;
                while known.as_str() != code {
                    known = known.next()?;
                }
                Some(known)
            }

            /// The one after it in the table.
            #[allow(unsafe_code)]
            const fn next(self) -> Option<Self> {
                if self as usize + 1 >= Self::ALL.len() {
                    return None;
                }
                // SAFETY: the variants are numbered as they lie in `ALL`, without a gap.
                Some(unsafe { core::mem::transmute::<u8, Self>(self as u8 + 1) })
            }

            /// What to do about it.
            #[must_use]
            pub const fn action(self) -> Action {
                match self {
                    $(Self::$variant => Action::$action,)*
                    $(Self::$beside => Action::$beside_action,)*
                }
            }

            /// One sentence for people.
            #[must_use]
            pub fn message(self) -> &'static str {
                const SENTENCES: &str = if cfg!(feature = "npm") {
                    concat!($($message, "\n",)*)
                } else {
                    concat!($($message, "\n",)* $($beside_message, "\n",)*)
                };
                line(SENTENCES, self)
            }

            /// The section of the specification that it follows.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self {
                    $(Self::$variant => $section,)*
                    $(Self::$beside => $beside_section,)*
                }
            }
        }
    };
}

codes! {
    InvalidConfig "invalid_config" FixConfig "RFC 6749 §2" "an option is missing or wrong";
    InsecureContext "insecure_context" FixConfig "W3C Secure Contexts" "no secure context: use https, or allowInsecure";
    ClientClosed "client_closed" FixConfig "pixie-auth" "this AuthClient was closed";
    DiscoveryFailed "discovery_failed" Retry "OIDC Discovery §4" "the server's metadata cannot be read";
    IssuerMismatch "issuer_mismatch" FixConfig "OIDC Discovery §4.3, RFC 8414 §3.3" "the metadata names another issuer";
    MetadataInvalid "metadata_invalid" Report "RFC 8414 §2" "an endpoint is missing, wrong or not https";
    CallbackStateUnknown "callback_state_unknown" SignIn "RFC 6749 §10.12" "no login with this state";
    CallbackIssuerMismatch "callback_issuer_mismatch" Report "RFC 9207 §2.4" "the redirect came from another issuer";
    CallbackIssuerMissing "callback_issuer_missing" Report "RFC 9207 §2.4" "the redirect names no issuer";
    CallbackInvalid "callback_invalid" SignIn "RFC 6749 §4.1.2" "the URL is no authorization response";
    AuthorizationFailed "authorization_failed" SignIn "RFC 6749 §4.1.2.1" "the server refused the sign-in";
    Timeout "timeout" Retry "pixie-auth" "no answer in time";
    Aborted "aborted" Retry "DOM §3.1" "the caller's signal aborted it";
    TokenRequestFailed "token_request_failed" SignIn "RFC 6749 §5.2" "the server refused the request";
    TokenResponseInvalid "token_response_invalid" Report "RFC 6749 §5.1" "the token endpoint's answer is wrong";
    NoSession "no_session" SignIn "pixie-auth" "nobody is signed in";
    NoRefreshToken "no_refresh_token" SignIn "RFC 6749 §6" "the server gave no refresh token";
    SessionEnded "session_ended" SignIn "RFC 6749 §5.2" "the session has ended";
    IdTokenMalformed "id_token_malformed" Report "OIDC Core §2" "the ID token cannot be read or lacks a claim";
    IdTokenAlgorithm "id_token_algorithm" Report "OIDC Core §3.1.3.7 (7)" "the ID token's alg is not allowed";
    IdTokenSignature "id_token_signature" Report "OIDC Core §3.1.3.7 (6)" "the ID token's signature is wrong";
    IdTokenKeyNotFound "id_token_key_not_found" Report "OIDC Core §10.1" "no key fits the ID token";
    IdTokenIssuer "id_token_issuer" Report "OIDC Core §3.1.3.7 (2)" "the ID token is of another issuer";
    IdTokenAudience "id_token_audience" Report "OIDC Core §3.1.3.7 (3)" "the ID token is for another client";
    IdTokenAuthorizedParty "id_token_authorized_party" Report "OIDC Core §3.1.3.7 (4, 5)" "the ID token is for another party";
    IdTokenExpired "id_token_expired" Report "OIDC Core §3.1.3.7 (9)" "the ID token has expired (is the clock right?)";
    IdTokenIssuedAt "id_token_issued_at" Report "OIDC Core §3.1.3.7 (10)" "the ID token is from the future (is the clock right?)";
    IdTokenNonce "id_token_nonce" SignIn "OIDC Core §3.1.3.7 (11)" "the ID token has another nonce";
    IdTokenSubject "id_token_subject" SignIn "OIDC Core §12.2" "the ID token is of another user";
    IdTokenAuthTime "id_token_auth_time" SignIn "OIDC Core §3.1.3.7 (13), §12.2" "the sign-in is too old, or another";
    IdTokenHash "id_token_hash" Report "OIDC Core §3.1.3.8, §3.3.2.10" "the ID token is for another token or code";
    IdTokenMissing "id_token_missing" Report "OIDC Core §3.1.3.3" "no ID token came";
    UserinfoSubjectMismatch "userinfo_subject_mismatch" Report "OIDC Core §5.3.2" "the userinfo is another user's";
    Network "network" Retry "Fetch §5" "no connection, or CORS hides the answer";
    ServerUnavailable "server_unavailable" Retry "RFC 9110 §15.6" "the server has an error";
    RateLimited "rate_limited" Retry "RFC 6585 §4" "too many requests";
    StorageUnavailable "storage_unavailable" FixConfig "HTML §12.2" "the storage cannot be used here";
    StorageCorrupt "storage_corrupt" SignIn "pixie-auth" "the stored data cannot be read";
    StorageFull "storage_full" FixConfig "HTML §12.2" "the storage is full";
    DpopUnavailable "dpop_unavailable" SignIn "RFC 9449 §4" "no key for DPoP, or not the session's";
    OriginNotAllowed "origin_not_allowed" FixConfig "RFC 6750 §5.3" "no token is sent there: see allowedOrigins";
    BodyNotReplayable "body_not_replayable" FixConfig "Fetch §2.2.4" "the body is spent, and had to be sent again";
    LogoutStateMismatch "logout_state_mismatch" SignIn "OIDC RP-Initiated Logout §3" "this logout sent another state";
    @beside
    InvalidCodeVerifier "invalid_code_verifier" FixConfig "RFC 7636 §4.1" "no code_verifier";
    WasmLoadFailed "wasm_load_failed" Retry "WebAssembly Web API" "the module could not be loaded";
    PopupBlocked "popup_blocked" SignIn "HTML §7.2.2.1" "the browser did not open the window";
    PopupClosed "popup_closed" SignIn "HTML §7.2.2.1" "the window was closed";
}

impl ErrorCode {
    /// Whether the same call may succeed later without anyone doing anything.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self.action(), Action::Retry)
    }
}

/// What went wrong.
///
/// One word wide, so that a `Result` is no wider than its value: the module moves a great many of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Detail>);

#[derive(Clone, PartialEq, Eq)]
struct Detail {
    code: ErrorCode,
    subject: String,
    oauth_error: Option<String>,
    oauth_error_description: Option<String>,
    status: Option<u16>,
    retry_after: Option<String>,
}

impl Error {
    /// An error with nothing to add to its code.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self::about(code, "")
    }

    /// An error about a named thing: a configuration's member, a metadata field, an issuer. Never a secret.
    #[must_use]
    pub fn about(code: ErrorCode, subject: &str) -> Self {
        Self(Box::new(Detail {
            code,
            subject: subject.into(),
            oauth_error: None,
            oauth_error_description: None,
            status: None,
            retry_after: None,
        }))
    }

    /// The same with the response's status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// The same with what the server said about when to come back.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Option<String>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    /// The same with the server's own words, unless they repeat one of `secrets` or are not what
    /// [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) allows there.
    #[must_use]
    pub fn with_oauth(mut self, error: Option<String>, description: Option<String>, secrets: &[&Secret]) -> Self {
        let clean = |words: &String| {
            words.len() <= 500
                && is_all(words, Class::Words)
                && !secrets.iter().any(|secret| contains(words, secret.expose()))
        };
        self.0.oauth_error = error.filter(clean);
        self.0.oauth_error_description = description.filter(clean);
        self
    }

    /// What happened.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What the program should do about it. A token endpoint that refuses for another reason than a grant that is worth
    /// nothing any more (RFC 6749 §5.2) refuses the program, and no new sign-in mends that.
    #[must_use]
    pub fn action(&self) -> Action {
        match self.code() {
            ErrorCode::TokenRequestFailed if self.oauth_error() != Some("invalid_grant") => Action::FixConfig,
            code => code.action(),
        }
    }

    /// What it is about; empty where the code says it all.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// `error` of the server's answer.
    #[must_use]
    pub fn oauth_error(&self) -> Option<&str> {
        self.0.oauth_error.as_deref()
    }

    /// `error_description` of the server's answer.
    #[must_use]
    pub fn oauth_error_description(&self) -> Option<&str> {
        self.0.oauth_error_description.as_deref()
    }

    /// The status of the server's answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// `Retry-After` of the server's answer.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        self.0.retry_after.as_deref()
    }

    /// The sentence for people, with what it is about.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = String::from(self.code().message());
        for (mark, words) in
            [(": ", Some(self.subject())), (": ", self.oauth_error()), (": ", self.oauth_error_description())]
        {
            if let Some(words) = words.filter(|words| !words.is_empty()) {
                message.push_str(mark);
                message.push_str(words);
            }
        }
        message
    }
}

/// Plain search: the standard library's two-way search is 2 kB of module for the few times this runs.
fn contains(text: &str, part: &str) -> bool {
    !part.is_empty() && text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().as_str())?;
        f.write_str(": ")?;
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_words_of_the_public_alphabet() {
        for (index, code) in ErrorCode::ALL.iter().enumerate() {
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code:?}");
            assert!(ErrorCode::ALL.iter().skip(index + 1).all(|other| other.as_str() != code.as_str()), "{code:?}");
            assert!(!code.message().is_empty() && !code.message().ends_with('.'), "{code:?}");
            assert!(!code.section().is_empty(), "{code:?}");
        }
    }

    #[test]
    fn oauth_words_that_repeat_a_secret_are_dropped() {
        let code = Secret::new("SplxlOBeZQQYbYS6WxSbIA".into());
        let error = Error::new(ErrorCode::TokenRequestFailed).with_oauth(
            Some("invalid_grant".into()),
            Some("code SplxlOBeZQQYbYS6WxSbIA is spent".into()),
            &[&code],
        );
        assert_eq!(error.oauth_error(), Some("invalid_grant"));
        assert_eq!(error.oauth_error_description(), None);
        assert!(!alloc::format!("{error} {error:?}").contains(code.expose()));
    }

    #[test]
    fn oauth_words_outside_printable_ascii_are_dropped() {
        let error =
            Error::new(ErrorCode::TokenRequestFailed).with_oauth(Some("bad\u{7}".into()), Some("<html>\n".into()), &[]);
        assert_eq!((error.oauth_error(), error.oauth_error_description()), (None, None));
    }

    #[test]
    fn action_of_a_refusal_is_to_sign_in_only_where_the_grant_is_spent() {
        for (error, action) in [
            (Some("invalid_grant"), Action::SignIn),
            (Some("invalid_client"), Action::FixConfig),
            (Some("blocked_by_policy"), Action::FixConfig),
            (None, Action::FixConfig),
        ] {
            let refusal = Error::new(ErrorCode::TokenRequestFailed).with_oauth(error.map(Into::into), None, &[]);
            assert_eq!(refusal.action(), action, "{error:?}");
        }
        assert_eq!(Error::new(ErrorCode::Network).action(), Action::Retry);
    }

    #[test]
    fn message_names_the_subject_and_the_servers_words() {
        let error = Error::about(ErrorCode::InvalidConfig, "clientId");
        assert_eq!(error.to_string(), "invalid_config: an option is missing or wrong: clientId");
        let error = Error::new(ErrorCode::AuthorizationFailed).with_oauth(Some("access_denied".into()), None, &[]);
        assert_eq!(error.message(), "the server refused the sign-in: access_denied");
    }
}
