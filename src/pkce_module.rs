//! The module behind `pixie-auth/pkce`: [`core::protocol::pkce`](crate::core::protocol::pkce) with a C ABI.
//!
//! One fixed buffer is the whole interface, so that neither an allocator nor wasm-bindgen is needed:
//!
//! | bytes | hold |
//! |---|---|
//! | 0..256 | in: random bytes, or a verifier, or bytes to encode; out: the verifier, or the encoded bytes |
//! | 256..384 | out: the S256 challenge; in: a challenge to compare |
//!
//! JavaScript reads and writes it through the exported memory and clears it after each call.

use crate::core::{
    protocol::pkce::{self, CHALLENGE_LENGTH, ChallengeMethod},
    words::encoding::base64url_into,
};
use core::{cell::UnsafeCell, slice};

const FIRST: usize = 256;
const SECOND: usize = 128;

#[repr(C)]
struct Buffer(UnsafeCell<[u8; FIRST + SECOND]>);

// SAFETY: wasm32 without threads has one thread, and no function here keeps a reference after it returns.
#[allow(unsafe_code)]
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer(UnsafeCell::new([0; FIRST + SECOND]));

/// The two halves of the buffer, each cut to the length that the caller names (or to what there is).
fn halves(first: usize, second: usize) -> (&'static mut [u8], &'static mut [u8]) {
    let start: *mut u8 = BUFFER.0.get().cast();
    // SAFETY: both ranges lie in BUFFER and do not overlap; the exported functions below call this once each
    // and return before JavaScript can call again, so no two exclusive references live at a time.
    #[allow(unsafe_code)]
    unsafe {
        (
            slice::from_raw_parts_mut(start, first.min(FIRST)),
            slice::from_raw_parts_mut(start.add(FIRST), second.min(SECOND)),
        )
    }
}

/// Where the buffer begins in the exported memory.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn buffer() -> *mut u8 {
    BUFFER.0.get().cast()
}

/// Turns the first `length` bytes, which are random, into a verifier in place, and writes its challenge.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn generate(length: usize) {
    let (verifier, challenge) = halves(length, CHALLENGE_LENGTH);
    pkce::characters_from_entropy(verifier);
    pkce::s256_into(verifier, challenge);
}

/// Writes the challenge of the verifier in the first `length` bytes; 0 where that is no verifier.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn challenge(length: usize) -> bool {
    let (verifier, challenge) = halves(length, CHALLENGE_LENGTH);
    pkce::s256_into(verifier, challenge);
    pkce::is_code_verifier(verifier)
}

/// Compares the verifier in the first `length` bytes with the challenge in the second half.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn verify(length: usize, challenge_length: usize, plain: bool) -> bool {
    let (verifier, challenge) = halves(length, challenge_length);
    let method = if plain { ChallengeMethod::Plain } else { ChallengeMethod::S256 };
    pkce::verify(verifier, challenge, method)
}

/// Writes the base64url of the first `length` bytes (96 at most) over them; gives how many characters that is.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn encode(length: usize) -> usize {
    let (bytes, copy) = halves(FIRST, length.min(96));
    for (to, from) in copy.iter_mut().zip(bytes.iter()) {
        *to = *from;
    }
    let characters = base64url_into(copy, bytes);
    copy.fill(0);
    characters
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
