//! The adapters in a page: one module for each of src/web, then a whole login told in a browser.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(unreachable_pub)] // A test binary exports nothing.

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

mod client;
mod inbox;
mod stand_in;

mod channel;
mod clock;
mod crypto;
mod dpop;
mod driver;
mod entropy;
mod fetch;
mod json;
mod jws;
mod lock;
mod page;
mod storage;
mod story;
mod timer;
mod vectors;
