//! Places to store (storage.js): memory, the page's storages, and the program's own.

use super::json::member;
use crate::core::words::error::{Error, ErrorCode};
use alloc::string::String;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

/// Told the operation, the name of what was thrown, if anything was, and the value, if there is one.
pub type Loaded = dyn Fn(u32, Option<String>, Option<String>);
/// Told the operation, and the name of what was thrown, if anything was.
pub type Stored = dyn Fn(u32, Option<String>);

#[wasm_bindgen(module = "/src/web/storage.js")]
extern "C" {
    /// The stores of one client.
    pub type Stores;

    #[wasm_bindgen(constructor, catch)]
    fn new(storage: &JsValue, loaded: JsValue, stored: JsValue) -> Result<Stores, JsValue>;

    /// Reads a value; `Loaded` is told.
    #[wasm_bindgen(method)]
    pub fn load(this: &Stores, op: u32, area: u32, key: &str);

    /// Writes a value, or removes it where there is none; `Stored` is told.
    #[wasm_bindgen(method)]
    pub fn store(this: &Stores, op: u32, area: u32, key: &str, value: Option<&str>);
}

impl Stores {
    /// Opens `storage` of the configuration (undefined for the standard one).
    ///
    /// # Errors
    /// `invalid_config` where it is no storage that there is, `storage_unavailable` where the page has none.
    pub fn open(storage: &JsValue, loaded: Closure<Loaded>, stored: Closure<Stored>) -> Result<Self, Error> {
        Self::new(storage, loaded.into_js_value(), stored.into_js_value()).map_err(|thrown| {
            let is_type_error = member(&thrown, "name").as_string().as_deref() == Some("TypeError");
            let code = if is_type_error { ErrorCode::InvalidConfig } else { ErrorCode::StorageUnavailable };
            Error::about(code, "storage")
        })
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
