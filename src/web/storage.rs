//! Places to store: memory, the page's storages (through gloo-storage's raw handles), and the program's own.

use super::host;
use crate::core::words::{
    error::{Error, ErrorCode},
    secret::Secret,
};
use alloc::{string::String, vec::Vec};
use core::cell::RefCell;
use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use wasm_bindgen::JsValue;

/// A place to store.
#[derive(Debug)]
pub enum Store {
    /// This module's memory; wiped when it goes.
    Memory(RefCell<Vec<(String, Secret)>>),
    /// `sessionStorage`: this tab.
    Session,
    /// `localStorage`: this origin.
    Local,
    /// A `TokenStore` of the program's, whose methods may be asynchronous.
    Program(JsValue),
}

/// What a store gives: at once, or a promise of it.
#[derive(Debug)]
pub enum Given<T> {
    /// At once.
    Now(Result<T, Error>),
    /// Something to wait for.
    Later(JsValue),
}

impl Store {
    /// Reads `storage` of the configuration.
    ///
    /// # Errors
    /// `invalid_config` where it is none that this release knows; `storage_unavailable` where the page has none.
    pub fn read(storage: &JsValue) -> Result<Self, Error> {
        if storage.is_object() {
            let whole = ["get", "set", "remove"].iter().all(|name| host::member(storage, name).is_function());
            return if whole {
                Ok(Self::Program(storage.clone()))
            } else {
                Err(Error::about(ErrorCode::InvalidConfig, "storage"))
            };
        }
        let store = match storage.as_string().as_deref() {
            Some("memory") => return Ok(Self::memory()),
            None if storage.is_undefined() => Self::Session,
            Some("session") => Self::Session,
            Some("local") => Self::Local,
            _ => return Err(Error::about(ErrorCode::InvalidConfig, "storage")),
        };
        store.page_storage().map(|_| store)
    }

    /// An empty memory.
    #[must_use]
    pub const fn memory() -> Self {
        Self::Memory(RefCell::new(Vec::new()))
    }

    /// Where a login under way is kept when the session is kept here: a memory would forget it on the way.
    #[must_use]
    pub fn for_logins(&self) -> Option<Self> {
        match self {
            Self::Memory(_) => Some(if Self::Session.page_storage().is_ok() { Self::Session } else { Self::memory() }),
            Self::Session | Self::Local | Self::Program(_) => None,
        }
    }

    /// The page's storage. It is looked at before gloo-storage's handle is taken, which panics where a page
    /// has no window or a browser's settings make the very access throw.
    fn page_storage(&self) -> Result<web_sys::Storage, Error> {
        let (name, raw): (_, fn() -> web_sys::Storage) = match self {
            Self::Local => ("localStorage", LocalStorage::raw),
            _ => ("sessionStorage", SessionStorage::raw),
        };
        if web_sys::window().is_some() && host::global(name).is_object() {
            Ok(raw())
        } else {
            Err(Error::about(ErrorCode::StorageUnavailable, name))
        }
    }

    /// Reads a value.
    #[must_use]
    pub fn get(&self, key: &str) -> Given<Option<Secret>> {
        match self {
            Self::Memory(values) => {
                let values = values.borrow();
                Given::Now(Ok(values.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())))
            }
            Self::Session | Self::Local => Given::Now(self.page_storage().and_then(|storage| {
                storage.get_item(key).map(|value| value.map(Secret::new)).map_err(|thrown| failure(&thrown))
            })),
            Self::Program(store) => Given::Later(call(store, "get", key, &JsValue::UNDEFINED)),
        }
    }

    /// Writes a value.
    #[must_use]
    pub fn set(&self, key: &str, value: &Secret) -> Given<()> {
        match self {
            Self::Memory(values) => {
                let mut values = values.borrow_mut();
                values.retain(|(name, _)| name != key);
                values.push((key.into(), value.clone()));
                Given::Now(Ok(()))
            }
            Self::Session | Self::Local => Given::Now(
                self.page_storage()
                    .and_then(|storage| storage.set_item(key, value.expose()).map_err(|thrown| failure(&thrown))),
            ),
            Self::Program(store) => Given::Later(call(store, "set", key, &JsValue::from_str(value.expose()))),
        }
    }

    /// Deletes a value.
    #[must_use]
    pub fn remove(&self, key: &str) -> Given<()> {
        match self {
            Self::Memory(values) => {
                values.borrow_mut().retain(|(name, _)| name != key);
                Given::Now(Ok(()))
            }
            Self::Session | Self::Local => Given::Now(
                self.page_storage().and_then(|storage| storage.remove_item(key).map_err(|thrown| failure(&thrown))),
            ),
            Self::Program(store) => Given::Later(call(store, "remove", key, &JsValue::UNDEFINED)),
        }
    }
}

/// Calls the program's store. What it throws is as good as a promise that is rejected.
fn call(store: &JsValue, method: &str, key: &str, value: &JsValue) -> JsValue {
    match host::call(store, method, &JsValue::from_str(key), value) {
        Ok(given) => given,
        Err(thrown) => host::reject(&thrown),
    }
}

/// The error for something that a storage threw.
#[must_use]
pub fn failure(thrown: &JsValue) -> Error {
    match host::name(thrown).as_str() {
        "QuotaExceededError" | "NS_ERROR_DOM_QUOTA_REACHED" => ErrorCode::StorageFull.into(),
        _ => ErrorCode::StorageUnavailable.into(),
    }
}
