//! The words: what everything else is said in. They import nothing but each other.

pub mod challenge_method;
pub mod encoding;
pub mod secret;
pub mod sha256;

#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) mod any_json;
#[cfg(feature = "client")]
pub mod class;
#[cfg(feature = "client")]
pub mod concat;
#[cfg(feature = "client")]
pub mod config;
#[cfg(feature = "client")]
pub mod cut;
#[cfg(feature = "client")]
pub mod decimal;
#[cfg(feature = "client")]
pub mod error;
#[cfg(feature = "client")]
pub mod form;
#[cfg(feature = "client")]
pub mod http;
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub mod http_date;
#[cfg(feature = "client")]
pub mod json;
#[cfg(feature = "client")]
pub mod random;
#[cfg(feature = "client")]
pub mod time;
#[cfg(feature = "client")]
pub mod url;
