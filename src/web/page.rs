//! The page (page.js): what it tells, and leaving it.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    /// What the page tells: the network is there again, it came back from the cache, it was shown or hidden.
    pub type PageEvents;

    #[wasm_bindgen(constructor)]
    /// Listens.
    pub fn new(deliver: &JsValue) -> PageEvents;

    /// Hears no more.
    #[wasm_bindgen(method)]
    pub fn close(this: &PageEvents);

    /// Whether somebody may be looking.
    #[wasm_bindgen(js_name = isVisible)]
    pub fn is_visible() -> bool;

    /// Whether there is a page to leave.
    #[wasm_bindgen(js_name = hasPage)]
    pub fn has_page() -> bool;

    /// Leaves the page.
    pub fn navigate(url: &str);

    /// Whether this is a context in which signatures can be checked.
    #[wasm_bindgen(js_name = hasSubtleCrypto)]
    pub fn has_subtle_crypto() -> bool;
}
