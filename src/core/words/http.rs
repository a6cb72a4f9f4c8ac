//! Requests and responses as data: the core makes the one and reads the other, the shell carries them.

use super::{
    error::{Error, ErrorCode},
    form::Form,
    json::Json,
    secret::Secret,
};
use alloc::string::String;

/// A request to the authorization server.
///
/// Sent without credentials, with `Accept: application/json`, and within the time limit.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// The form to post; without one it is a GET.
    pub form: Option<Secret>,
    /// The header `Authorization`.
    pub authorization: Option<Secret>,
    /// The header `DPoP`, as the host has signed it
    /// ([RFC 9449 §4.2](https://www.rfc-editor.org/rfc/rfc9449#section-4.2)).
    pub proof: Option<Secret>,
    /// No cache may answer it.
    pub is_fresh: bool,
    /// It goes on when the page is left or the client is closed, and its answer is not waited for.
    pub outlives_page: bool,
}

impl Request {
    /// GET.
    #[must_use]
    pub const fn get(url: String) -> Self {
        Self { url, form: None, authorization: None, proof: None, is_fresh: false, outlives_page: false }
    }

    /// POST of a form. A redirect is not followed: it would carry the credentials in the form elsewhere.
    #[must_use]
    pub fn post(url: &str, form: Form) -> Self {
        Self { form: Some(Secret::new(form.finish())), ..Self::get(url.into()) }
    }
}

/// What came back.
#[derive(Debug, Default)]
pub struct Response {
    /// The status; 0 for a redirect that was not followed.
    pub status: u16,
    /// The body, decoded as UTF-8 without a byte order mark.
    pub body: Secret,
    /// The header `Retry-After`, where the server lets the page see it.
    pub retry_after: Option<String>,
    /// The header `Date`, where the server lets the page see it.
    pub date: Option<String>,
    /// The header `DPoP-Nonce`, where the server lets the page see it
    /// ([RFC 9449 §8](https://www.rfc-editor.org/rfc/rfc9449#section-8)).
    pub dpop_nonce: Option<String>,
}

impl Response {
    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The JSON object that the body is.
    #[must_use]
    pub fn object<J: Json>(&self) -> Option<J> {
        J::parse(self.body.expose())
    }
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// No connection, or one that broke, or a response that the browser withholds (CORS).
    Network,
    /// The time limit ran out.
    Timeout,
}

impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        Self::new(match unanswered {
            Unanswered::Network => ErrorCode::Network,
            Unanswered::Timeout => ErrorCode::Timeout,
        })
    }
}
