//! Places to store (storage.js): memory, the page's storages, and the program's own.

use super::json::member;
use crate::core::words::error::{Error, ErrorCode};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/storage.js")]
extern "C" {
    /// The stores of one client.
    pub type Stores;

    #[wasm_bindgen(constructor, catch)]
    fn new(storage: &JsValue, deliver: &JsValue) -> Result<Stores, JsValue>;

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
        Self::new(storage, deliver).map_err(|thrown| {
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
