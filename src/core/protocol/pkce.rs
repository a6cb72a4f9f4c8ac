//! Proof Key for Code Exchange, [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636).
//!
//! Nothing here allocates: the same source makes the small module behind `pixie-auth/pkce`
//! and is part of the full one.

use crate::core::words::{
    encoding::{base64url_character, base64url_into},
    secret::{constant_time_eq, wipe},
};
#[cfg(feature = "client")]
use alloc::string::String;
use sha2::block_api::compress256;

/// The fewest characters of a `code_verifier`, [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1).
pub const VERIFIER_MIN: usize = 43;
/// The most characters of a `code_verifier`, [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1).
pub const VERIFIER_MAX: usize = 128;
/// The characters of an S256 challenge: 32 bytes as base64url without padding.
pub const CHALLENGE_LENGTH: usize = 43;

/// `code_challenge_method`, [RFC 7636 §4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ChallengeMethod {
    /// The challenge is the SHA-256 of the verifier.
    #[default]
    S256,
    /// The challenge is the verifier itself: only for servers that have nothing better.
    Plain,
}

impl ChallengeMethod {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }
}

/// Turns random bytes into as many characters of the base64url alphabet, in place.
///
/// The alphabet has 64 characters, so six bits of each byte choose one without bias; every
/// position is uniform, the last one too (the base64url of 32 bytes has only 16 values there).
pub fn characters_from_entropy(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = base64url_character(*byte);
    }
}

/// Whether this is a `code_verifier`: 43 to 128 characters of `ALPHA / DIGIT / "-" / "." / "_" / "~"`.
#[must_use]
pub fn is_code_verifier(verifier: &[u8]) -> bool {
    (VERIFIER_MIN..=VERIFIER_MAX).contains(&verifier.len())
        && verifier
            .iter()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'))
}

/// `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))`, [RFC 7636 §4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2).
#[must_use]
pub fn s256(verifier: &[u8]) -> [u8; CHALLENGE_LENGTH] {
    let mut challenge = [0; CHALLENGE_LENGTH];
    s256_into(verifier, &mut challenge);
    challenge
}

/// [`s256`] into a buffer of the caller's.
pub fn s256_into(verifier: &[u8], challenge: &mut [u8]) {
    base64url_into(&sha256(verifier), challenge);
}

/// The initial hash value, [FIPS 180-4 §5.3.3](https://doi.org/10.6028/NIST.FIPS.180-4).
const SHA256_INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 of at most [`VERIFIER_MAX`] bytes (what is beyond them is left out).
///
/// The compression is sha2's; the padding stands here because sha2's general one, made for streams,
/// is as large as all the rest of the small module, and brings panics with it.
fn sha256(message: &[u8]) -> [u8; 32] {
    let message = message.get(..VERIFIER_MAX).unwrap_or(message);
    let mut blocks = [[0_u8; 64]; 3];
    let used = (message.len() + 8) / 64 + 1;
    let flat = blocks.as_flattened_mut();
    for (to, from) in flat.iter_mut().zip(message) {
        *to = *from;
    }
    if let Some(end) = flat.get_mut(message.len()) {
        *end = 0x80;
    }
    // The length in bits is at most 1024: two bytes hold it.
    if let Some([high, low]) = flat.get_mut(used * 64 - 2..used * 64) {
        *high = (message.len() >> 5) as u8;
        *low = (message.len() << 3) as u8;
    }
    let mut state = SHA256_INITIAL;
    compress256(&mut state, blocks.get(..used).unwrap_or_default());
    wipe(blocks.as_flattened_mut());
    let mut digest = [0; 32];
    for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    digest
}

/// What the server does with the pair, [RFC 7636 §4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.6), in constant time.
#[must_use]
pub fn verify(verifier: &[u8], challenge: &[u8], method: ChallengeMethod) -> bool {
    match method {
        ChallengeMethod::S256 => constant_time_eq(&s256(verifier), challenge),
        ChallengeMethod::Plain => constant_time_eq(verifier, challenge),
    }
}

/// A `code_verifier` that is not yet spent.
///
/// It cannot be cloned, does not print itself, and is wiped when it is dropped.
pub struct CodeVerifier {
    characters: [u8; VERIFIER_MAX],
    length: usize,
}

impl CodeVerifier {
    /// Makes a verifier of as many characters as there are random bytes.
    ///
    /// `None` where there are fewer than 43 or more than 128.
    ///
    /// ```
    /// use pixie_auth::{ChallengeMethod, CodeVerifier};
    /// let verifier = CodeVerifier::from_entropy(&[7; 43]).ok_or("43 bytes are enough")?;
    /// let challenge = verifier.challenge(ChallengeMethod::S256);
    /// assert_eq!(challenge.len(), 43);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn from_entropy(entropy: &[u8]) -> Option<Self> {
        let mut verifier = Self::copy(entropy)?;
        characters_from_entropy(verifier.characters.get_mut(..verifier.length)?);
        Some(verifier)
    }

    /// Takes a verifier that was made before (and stored). `None` where it breaks RFC 7636 §4.1.
    #[must_use]
    pub fn parse(verifier: &str) -> Option<Self> {
        if is_code_verifier(verifier.as_bytes()) { Self::copy(verifier.as_bytes()) } else { None }
    }

    fn copy(bytes: &[u8]) -> Option<Self> {
        let mut characters = [0; VERIFIER_MAX];
        let length = bytes.len();
        if length < VERIFIER_MIN {
            return None;
        }
        characters.get_mut(..length)?.copy_from_slice(bytes);
        Some(Self { characters, length })
    }

    /// The verifier itself, for the token request and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Both constructors let only ASCII through, so neither fallback is ever taken.
        let characters = self.characters.get(..self.length).unwrap_or_default();
        ::core::str::from_utf8(characters).unwrap_or_default()
    }

    /// The `code_challenge` for the authorization request.
    #[must_use]
    #[cfg(feature = "client")]
    pub fn challenge(&self, method: ChallengeMethod) -> String {
        match method {
            ChallengeMethod::S256 => s256(self.expose().as_bytes()).into_iter().map(char::from).collect(),
            ChallengeMethod::Plain => self.expose().into(),
        }
    }
}

impl ::core::fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        let Self { characters: _, length: _ } = self;
        f.write_str("CodeVerifier([redacted])")
    }
}

impl Drop for CodeVerifier {
    fn drop(&mut self) {
        wipe(&mut self.characters);
    }
}
