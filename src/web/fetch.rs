//! Requests (fetch.js): each within a time limit, without credentials, and without following a redirect with a form.

use crate::core::words::{
    http::{Response, Unanswered},
    secret::Secret,
};
use alloc::string::String;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

/// Told the operation, when it was sent, the status, the body and `Retry-After`; see [`result`].
pub type Responded = dyn Fn(u32, f64, f64, Option<String>, Option<String>);

#[wasm_bindgen(module = "/src/web/fetch.js")]
extern "C" {
    /// The requests of one client.
    pub type Requests;

    #[wasm_bindgen(constructor)]
    fn new(fetch: &JsValue, limit: f64, responded: JsValue) -> Requests;

    /// Sends a request, a POST where there is a form; `Responded` is told, once.
    #[wasm_bindgen(method)]
    pub fn send(this: &Requests, op: u32, url: &str, form: Option<&str>);

    /// Gives up all that are on their way.
    #[wasm_bindgen(method)]
    pub fn close(this: &Requests);
}

impl Requests {
    /// Requests by a `fetch` (undefined for the page's), each within so many milliseconds.
    #[must_use]
    pub fn open(fetch: &JsValue, limit: u64, responded: Closure<Responded>) -> Self {
        Self::new(fetch, limit as f64, responded.into_js_value())
    }
}

/// What came of a request: fetch.js has -1 for a status where there was no connection, -2 where the limit ran out.
///
/// # Errors
/// Why nothing came.
pub fn result(status: f64, body: Option<String>, retry_after: Option<String>) -> Result<Response, Unanswered> {
    if status < -1.0 {
        Err(Unanswered::Timeout)
    } else if status < 0.0 {
        Err(Unanswered::Network)
    } else {
        Ok(Response { status: status as u16, body: Secret::new(body.unwrap_or_default()), retry_after })
    }
}
