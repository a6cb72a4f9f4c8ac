//! The platform's randomness: `crypto.getRandomValues`, which insecure contexts have, too.

#![allow(clippy::disallowed_methods)] // Here, and nowhere else, the platform is asked for randomness.

use crate::core::words::{
    error::{Error, ErrorCode},
    random::{Entropy, LOGIN_ENTROPY},
};

/// Bytes for one login or logout.
///
/// # Errors
/// `insecure_context` where the host has no `crypto.getRandomValues`: nothing else is good enough.
pub fn entropy() -> Result<Entropy, Error> {
    let mut bytes = [0; LOGIN_ENTROPY];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Error::about(ErrorCode::InsecureContext, "crypto.getRandomValues")),
    }
}

/// A seed for what only spreads load.
#[must_use]
pub fn seed() -> u32 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u32::from_le_bytes(bytes),
        Err(_) => super::clock::now().0 as u32,
    }
}
