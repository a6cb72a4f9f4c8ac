//! An error of the core as the `AuthError` that JavaScript throws.

use crate::core::words::error::Error;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/bindings/auth_error.js")]
extern "C" {
    type AuthError;

    #[wasm_bindgen(constructor)]
    fn new(
        code: &str,
        action: &str,
        sentence: &str,
        subject: &str,
        oauth_error: Option<&str>,
        oauth_error_description: Option<&str>,
        status: Option<f64>,
    ) -> AuthError;
}

pub(super) fn auth_error(error: &Error) -> JsValue {
    let code = error.code();
    AuthError::new(
        code.as_str(),
        error.action().as_str(),
        code.message(),
        error.subject(),
        error.oauth_error(),
        error.oauth_error_description(),
        error.status().map(f64::from),
    )
    .into()
}
