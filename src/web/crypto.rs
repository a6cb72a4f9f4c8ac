//! Signatures by the host's cryptography (crypto.js).

use super::json::JsJson;
use crate::core::{
    machines::io::{Op, Signature, Verdict},
    words::{
        cut::{next_text, parts},
        secret::Secret,
    },
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
pub fn verify(deliver: &JsValue, op: Op, signature: &Signature<JsJson>) {
    js_verify(
        deliver,
        op,
        signature.algorithm,
        &signature.key.0,
        signature.token.expose(),
        signature.access_token.as_ref().map(Secret::expose),
        signature.code.as_ref().map(Secret::expose),
    );
}

/// What crypto.js says: 1 for right, 0 for wrong, and the half hashes of access token and code, a line each.
#[must_use]
pub fn verdict(number: f64, hashes: Option<String>) -> Verdict {
    if number < 0.0 {
        return Verdict::Unable;
    }
    let Some(hashes) = hashes.filter(|_| number > 0.0) else {
        return Verdict::Bad;
    };
    let mut lines = parts(&hashes, b'\n');
    Verdict::Good { at_hash: next_text(&mut lines), c_hash: next_text(&mut lines) }
}
