//! Places to store (storage.js): memory, the page's storages, and the program's own.

use super::json::JsJson;
use crate::core::words::{
    error::{Error, ErrorCode},
    json::Json,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/storage.js")]
extern "C" {
    /// The stores of one client.
    pub type Stores;

    #[wasm_bindgen(constructor)]
    fn new(deliver: &JsValue) -> Stores;

    /// Opens them; the name of what was thrown where that cannot be.
    #[wasm_bindgen(method, js_name = open)]
    fn js_open(this: &Stores, storage: &JsValue) -> JsValue;

    /// Reads a value, which is delivered.
    #[wasm_bindgen(method)]
    pub fn load(this: &Stores, op: u32, area: u32, key: &str);

    /// Writes a value, or removes it where there is none; that it is done is delivered.
    #[wasm_bindgen(method)]
    pub fn store(this: &Stores, op: u32, area: u32, key: &str, value: Option<&str>);
}

impl Stores {
    /// Opens `storage` of the configuration (undefined for the standard one).
    ///
    /// # Errors
    /// `invalid_config` where it is no storage that there is, `storage_unavailable` where the page has none.
    pub fn open(storage: &JsValue, deliver: &JsValue) -> Result<Self, Error> {
        let stores = Self::new(deliver);
        let code = match JsJson(stores.js_open(storage)).as_text() {
            None => return Ok(stores),
            Some(thrown) if thrown == "TypeError" => ErrorCode::InvalidConfig,
            Some(_) => ErrorCode::StorageUnavailable,
        };
        Err(Error::about(code, "storage"))
    }
}

/// The error of a storage, by the name of what it threw.
#[must_use]
pub fn failure(name: &str) -> Error {
    match name {
        "QuotaExceededError" | "NS_ERROR_DOM_QUOTA_REACHED" => ErrorCode::StorageFull.into(),
        _ => ErrorCode::StorageUnavailable.into(),
    }
}
