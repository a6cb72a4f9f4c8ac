//! The key that tokens are bound to (dpop.js): in IndexedDB, and never out of the host.
//!
//! Marked `#[inline(never)]`, as few programs need it: the npm package has it in a module of its own.

use crate::core::{
    machines::io::{Op, ProofKey},
    protocol::dpop::PublicKey,
    words::{
        cut::cut,
        error::{Error, ErrorCode},
        secret::Secret,
    },
};
use alloc::string::String;
use core::cell::OnceCell;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/dpop.js")]
extern "C" {
    /// The key of one client.
    pub type Signer;

    #[wasm_bindgen(constructor)]
    fn new(deliver: &JsValue) -> Signer;

    #[wasm_bindgen(method, js_name = open)]
    fn js_open(this: &Signer, op: Op, name: &str, must_last: bool);

    #[wasm_bindgen(method, js_name = sign)]
    fn js_sign(this: &Signer, op: Op, input: &str);
}

/// Opens the key of this name, which is delivered.
#[inline(never)]
pub fn open(signer: &OnceCell<Signer>, deliver: &JsValue, op: Op, name: &str, must_last: bool) {
    signer.get_or_init(|| Signer::new(deliver)).js_open(op, name, must_last);
}

/// Signs what a JWT says; the JWT is delivered.
#[inline(never)]
pub fn sign(signer: &OnceCell<Signer>, op: Op, input: &Secret) {
    if let Some(signer) = signer.get() {
        signer.js_sign(op, input.expose());
    }
}

/// The key that dpop.js opened: 1 where it is kept, 0 where it is in memory alone, with its coordinates and random bytes, a
/// line each; -1 where there is none, with the name of what was thrown.
///
/// # Errors
/// `dpop_unavailable` with that name.
#[inline(never)]
pub fn key(number: f64, text: Option<String>, thrown: Option<String>) -> Result<ProofKey, Error> {
    let text = text.unwrap_or_default();
    if let Some((x, rest)) = cut(&text, b"\n")
        && let Some((y, entropy)) = cut(rest, b"\n")
        && let Some(public) = PublicKey::new(x, y)
    {
        return Ok(ProofKey { public, is_lasting: number > 0.0, entropy: Secret::new(entropy.into()) });
    }
    Err(Error::about(ErrorCode::DpopUnavailable, &thrown.unwrap_or_default()))
}

/// The JWT that it signed.
///
/// # Errors
/// `dpop_unavailable` where it could not.
#[inline(never)]
pub fn proof(jwt: Option<String>) -> Result<Secret, Error> {
    jwt.map(Secret::new).ok_or_else(|| ErrorCode::DpopUnavailable.into())
}
