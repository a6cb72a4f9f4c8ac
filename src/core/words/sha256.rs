//! SHA-256, [FIPS 180-4](https://doi.org/10.6028/NIST.FIPS.180-4).
//!
//! The compression is sha2's; the padding stands here because sha2's general one, made for streams, is as large as all
//! the rest of the small module, and brings panics with it.

use super::secret::wipe;
use core::slice;
use sha2::block_api::compress256;

/// The initial hash value, [FIPS 180-4 §5.3.3](https://doi.org/10.6028/NIST.FIPS.180-4).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The digest of a message.
#[must_use]
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let mut state = INITIAL;
    let mut block = [0_u8; 64];
    let bits = (message.len() as u64) << 3;
    // The message, a one, zeros, and the length in bits, in whole blocks.
    let padded = (message.len() + 8) / 64 * 64 + 64;
    for at in 0..padded {
        let behind = padded - 1 - at;
        if let Some(to) = block.get_mut(at % 64) {
            *to = match message.get(at) {
                Some(byte) => *byte,
                None if at == message.len() => 0x80,
                None if behind < 8 => (bits >> (behind * 8)) as u8,
                None => 0,
            };
        }
        if at % 64 == 63 {
            compress256(&mut state, slice::from_ref(&block));
        }
    }
    wipe(&mut block);
    let mut digest = [0; 32];
    for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    digest
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};
    use proptest::prelude::*;
    use sha2::Digest;

    #[test]
    fn sha256_around_the_ends_of_blocks_is_what_sha2_gives() {
        for length in (0..=200).chain([1000, 4096, 10_000]) {
            let message = vec![b'a'; length];
            assert_eq!(sha256(&message)[..], sha2::Sha256::digest(&message)[..], "{length}");
        }
    }

    proptest! {
        #[test]
        fn sha256_of_any_message_is_what_sha2_gives(message: Vec<u8>) {
            prop_assert_eq!(&sha256(&message)[..], &sha2::Sha256::digest(&message)[..]);
        }
    }
}
