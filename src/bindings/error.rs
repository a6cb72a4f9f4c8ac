//! An error of the core as the `AuthError` that JavaScript throws.

use crate::core::words::error::Error;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/bindings/error.js")]
extern "C" {
    #[wasm_bindgen(js_name = authError)]
    fn js_auth_error(
        code: &str,
        action: &str,
        message: &str,
        subject: &str,
        oauth_error: Option<&str>,
        oauth_error_description: Option<&str>,
        status: Option<f64>,
    ) -> JsValue;
}

pub(super) fn auth_error(error: &Error) -> JsValue {
    let code = error.code();
    // Put together there as `Error::message` does it here.
    js_auth_error(
        code.as_str(),
        code.action().as_str(),
        code.message(),
        error.subject(),
        error.oauth_error(),
        error.oauth_error_description(),
        error.status().map(f64::from),
    )
}
