//! Signatures by the host's cryptography (crypto.js).

use super::json::JsJson;
use crate::core::{
    machines::io::{Op, Signature, Verdict},
    words::cut::{next_text, parts},
};
use alloc::string::String;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/crypto.js")]
extern "C" {
    #[wasm_bindgen(js_name = verify)]
    fn js_verify(
        deliver: &JsValue,
        op: Op,
        algorithm: &str,
        jwk: &JsValue,
        token: &str,
        access_token: Option<&str>,
        code: Option<&str>,
    );
}

/// Verifies a signature; the verdict is delivered, as a number and the hashes.
pub fn verify(deliver: &JsValue, op: Op, signature: &Signature<'_, JsJson>) {
    js_verify(
        deliver,
        op,
        signature.algorithm,
        &signature.key.0,
        signature.token,
        signature.access_token,
        signature.code,
    );
}

/// What crypto.js says: 1 for right, 0 for wrong, less where it cannot say, and the half hashes of access token and code, a
/// line each, where any was asked for.
#[must_use]
pub fn verdict(number: f64, hashes: Option<String>) -> Verdict {
    if number < 0.0 {
        return Verdict::Unable;
    }
    if number == 0.0 {
        return Verdict::Bad;
    }
    let hashes = hashes.unwrap_or_default();
    let mut lines = parts(&hashes, b'\n');
    Verdict::Good { at_hash: next_text(&mut lines), c_hash: next_text(&mut lines) }
}
