//! The authorization response: [RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2),
//! [RFC 9207](https://www.rfc-editor.org/rfc/rfc9207).

use super::metadata::Metadata;
use crate::core::words::{
    error::{Error, ErrorCode},
    form,
    secret::{Secret, constant_time_eq},
};
use alloc::string::String;

/// What a redirect carries, not checked against anything yet.
#[derive(Debug)]
pub struct Callback {
    state: String,
    iss: Option<String>,
    code: Option<Secret>,
    error: Option<String>,
    description: Option<String>,
}

/// A code that may be exchanged: its state, issuer and error were checked.
///
/// [`exchange_request`](super::token::exchange_request) takes nothing else, so the checks cannot be forgotten.
#[derive(Debug)]
pub struct ValidatedCallback {
    code: Secret,
}

impl ValidatedCallback {
    /// The code, for the token request.
    #[must_use]
    pub const fn code(&self) -> &Secret {
        &self.code
    }
}

impl Callback {
    /// Reads the query of a redirect.
    ///
    /// # Errors
    /// `callback_invalid` where the URL is no authorization response, or names a parameter twice
    /// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)); `callback_state_unknown` where
    /// it is one without a state.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let query = form::query(url);
        for name in &["code", "error", "state", "iss"] {
            if form::repeats(query, name) {
                return Err(Error::about(ErrorCode::CallbackInvalid, name));
            }
        }
        let mut callback = Self {
            state: String::new(),
            iss: form::text(query, "iss"),
            code: form::text(query, "code").map(Secret::new),
            error: form::text(query, "error"),
            description: form::text(query, "error_description"),
        };
        if callback.code.is_none() && callback.error.is_none() {
            return Err(ErrorCode::CallbackInvalid.into());
        }
        match form::text(query, "state") {
            Some(state) => callback.state = state,
            None => return Err(ErrorCode::CallbackStateUnknown.into()),
        }
        Ok(callback)
    }

    /// Which login it claims to answer.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Checks the redirect against the server's metadata and the state of the login that was begun.
    ///
    /// # Errors
    /// `callback_state_unknown`, `callback_issuer_missing`, `callback_issuer_mismatch`, `authorization_failed`
    /// with the server's words, `callback_invalid`.
    pub fn validate(self, metadata: &Metadata, state: &str) -> Result<ValidatedCallback, Error> {
        if !constant_time_eq(self.state.as_bytes(), state.as_bytes()) {
            return Err(ErrorCode::CallbackStateUnknown.into());
        }
        // RFC 9207 §2.4: "clients that support this specification MUST extract the value of the iss parameter
        // […] and compare [it] to the issuer identifier". Servers in the field announce it and leave it out of
        // error responses, which carry nothing to spend: there it is compared where it is present.
        match &self.iss {
            Some(iss) if *iss != metadata.issuer => return Err(ErrorCode::CallbackIssuerMismatch.into()),
            None if metadata.announces_iss && self.error.is_none() => {
                return Err(ErrorCode::CallbackIssuerMissing.into());
            }
            _ => {}
        }
        match (self.error, self.code) {
            (error @ Some(_), _) => {
                Err(Error::new(ErrorCode::AuthorizationFailed).with_oauth(error, self.description, &[]))
            }
            (None, Some(code)) => Ok(ValidatedCallback { code }),
            (None, None) => Err(ErrorCode::CallbackInvalid.into()),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::config::Config;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn metadata(announces_iss: bool) -> Metadata {
        let config =
            json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb" });
        let found = json!({
            "authorization_endpoint": "https://as.example/a",
            "token_endpoint": "https://as.example/t",
            "authorization_response_iss_parameter_supported": announces_iss,
        });
        Metadata::read(&Config::read(&config).unwrap(), None, Some(&found)).unwrap()
    }

    fn outcome(query: &str, announces_iss: bool) -> Result<String, ErrorCode> {
        Callback::parse(&format!("https://app.example/cb?{query}"))
            .and_then(|callback| callback.validate(&metadata(announces_iss), "abc"))
            .map(|callback| callback.code().expose().into())
            .map_err(|error| error.code())
    }

    #[test]
    fn callback_with_code_and_its_state_is_valid() {
        assert_eq!(outcome("code=x%2By&state=abc", false), Ok("x+y".into()));
        assert_eq!(outcome("state=abc&code=x&iss=https%3A%2F%2Fas.example&session_state=1", true), Ok("x".into()));
    }

    #[test]
    fn callback_is_refused_for_the_right_reason() {
        for (query, announces_iss, code) in [
            ("", false, CallbackInvalid),
            ("state=abc", false, CallbackInvalid),
            ("code=&state=abc", false, CallbackInvalid),
            ("code=x", false, CallbackStateUnknown),
            ("code=x&state=", false, CallbackStateUnknown),
            ("code=x&state=abd", false, CallbackStateUnknown),
            ("code=x&state=abcd", false, CallbackStateUnknown),
            ("code=x&code=y&state=abc", false, CallbackInvalid),
            ("code=x&state=abc&state=abc", false, CallbackInvalid),
            ("code=x&state=abc&iss=https://evil.example", false, CallbackIssuerMismatch),
            ("code=x&state=abc&iss=https://as.example/", true, CallbackIssuerMismatch),
            ("code=x&state=abc", true, CallbackIssuerMissing),
            ("error=access_denied&state=abc&iss=https://evil.example", true, CallbackIssuerMismatch),
            ("error=access_denied&state=abc", true, AuthorizationFailed),
            ("error=access_denied&code=x&state=abc", false, AuthorizationFailed),
        ] {
            assert_eq!(outcome(query, announces_iss), Err(code), "{query}");
        }
    }

    #[test]
    fn callback_with_an_error_gives_the_servers_words() {
        let callback =
            Callback::parse("app:/cb?error=access_denied&error_description=the+user+said+no&state=abc").unwrap();
        assert_eq!(callback.state(), "abc");
        let error = callback.validate(&metadata(false), "abc").unwrap_err();
        assert_eq!(
            (error.oauth_error(), error.oauth_error_description()),
            (Some("access_denied"), Some("the user said no"))
        );
    }

    proptest! {
        #[test]
        fn callback_parse_of_any_url_does_not_panic(url: String) {
            let _ = Callback::parse(&url);
        }
    }
}
