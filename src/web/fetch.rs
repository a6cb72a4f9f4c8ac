//! Requests (fetch.js): each within a time limit, without credentials, and without following a redirect with a form.

use crate::core::words::{
    cut::{next_text, parts},
    http::{Response, Unanswered},
    secret::Secret,
};
use alloc::string::String;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/fetch.js")]
extern "C" {
    /// The requests of one client.
    pub type Requests;

    #[wasm_bindgen(constructor)]
    /// Requests by a `fetch` (undefined for the page's), each within so many milliseconds.
    pub fn new(fetch: &JsValue, limit: f64, deliver: &JsValue) -> Requests;

    /// Sends a request, a POST where there is a form, with headers `Authorization` and `DPoP` where they are given, and
    /// past all caches; the response is delivered, once, unless the request outlives the page.
    #[wasm_bindgen(method)]
    pub fn send(
        this: &Requests,
        op: u32,
        url: &str,
        form: Option<&str>,
        authorization: Option<&str>,
        proof: Option<&str>,
        is_fresh: bool,
        outlives_page: bool,
    );

    /// Gives up all that are on their way.
    #[wasm_bindgen(method)]
    pub fn close(this: &Requests);
}

/// What came of a request: fetch.js has -1 for a status where there was no connection, -2 where the limit ran out.
/// `headers` are `Retry-After`, `Date` and `DPoP-Nonce`, a line each.
///
/// # Errors
/// Why nothing came.
pub fn result(status: f64, body: Option<String>, headers: Option<String>) -> Result<Response, Unanswered> {
    if status < -1.0 {
        return Err(Unanswered::Timeout);
    }
    if status < 0.0 {
        return Err(Unanswered::Network);
    }
    let headers = headers.unwrap_or_default();
    let mut lines = parts(&headers, b'\n');
    Ok(Response {
        status: status as u16,
        body: Secret::new(body.unwrap_or_default()),
        retry_after: next_text(&mut lines),
        date: next_text(&mut lines),
        dpop_nonce: next_text(&mut lines),
    })
}
