//! Randomness as an argument.

use super::encoding::base64url_character;
use alloc::string::String;

/// Characters in a `state` or `nonce`: 192 bits.
pub const TOKEN_LENGTH: usize = 32;
/// Random bytes that one login needs: a verifier of 43 characters, a state, a nonce.
pub const LOGIN_ENTROPY: usize = 43 + 2 * TOKEN_LENGTH;

/// Bytes from the platform's source of randomness, enough for one login or one logout.
pub type Entropy = [u8; LOGIN_ENTROPY];

/// A text of unguessable characters, six bits from each byte.
#[must_use]
pub fn token(entropy: &[u8]) -> String {
    // Whole from the start: a text that grows leaves its beginnings behind in memory.
    let mut token = String::with_capacity(entropy.len());
    for byte in entropy {
        token.push(char::from(base64url_character(*byte)));
    }
    token
}

/// Numbers that spread load. Never for secrets: the state is 32 bits of xorshift.
#[derive(Debug)]
pub struct Spread(u32);

impl Spread {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u32) -> Self {
        Self(seed | 1)
    }

    /// A number from 0 to `below` − 1; 0 where `below` is 0.
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (u64::from(self.0) * below.min(u64::from(u32::MAX))) >> 32
    }
}
