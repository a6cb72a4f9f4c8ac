//! What the page tells: it is visible again, it came back from the cache, the network is there again.

use super::host;
use wasm_bindgen::JsValue;

const EVENTS: [&str; 3] = ["online", "pageshow", "visibilitychange"];

/// Begins or stops listening. Where there is no page (Node) there is nothing to hear.
pub fn listen(on: bool, callback: &JsValue) {
    let method = if on { "addEventListener" } else { "removeEventListener" };
    for event in EVENTS {
        let _ = host::call(&js_sys::global(), method, &JsValue::from_str(event), callback);
    }
}

/// Leaves the page. That there is none is refused before the machine hears of it.
pub fn navigate(url: &str) {
    let _ = host::call(&host::global("location"), "assign", &JsValue::from_str(url), &JsValue::UNDEFINED);
}

/// The page's URL.
#[must_use]
pub fn location() -> JsValue {
    host::member(&host::global("location"), "href")
}

/// Whether this is a context in which signatures can be checked.
#[must_use]
pub fn has_subtle_crypto() -> bool {
    host::member(&host::global("crypto"), "subtle").is_object()
}
