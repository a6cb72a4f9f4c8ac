//! The platform's randomness (entropy.js): `crypto.getRandomValues`, which insecure contexts have, too.

use crate::core::words::{
    error::{Error, ErrorCode},
    random::{Entropy, LOGIN_ENTROPY},
};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/web/entropy.js")]
extern "C" {
    /// Fills with randomness; false where the host has none.
    fn fill(bytes: &mut [u8]) -> bool;
}

/// Bytes for one login or logout.
///
/// # Errors
/// `insecure_context` where the host has no `crypto.getRandomValues`: nothing else is good enough.
pub fn entropy() -> Result<Entropy, Error> {
    let mut bytes = [0; LOGIN_ENTROPY];
    if fill(&mut bytes) {
        return Ok(bytes);
    }
    Err(Error::about(ErrorCode::InsecureContext, "crypto.getRandomValues"))
}

/// A seed for what only spreads load.
#[must_use]
pub fn seed() -> u32 {
    let mut bytes = [0; 4];
    if fill(&mut bytes) { u32::from_le_bytes(bytes) } else { super::clock::now().0 as u32 }
}
